//! What servers print, read without a server.

use stead_engine::ErrorClass;
use stead_schema::EngineKind;

use super::column::Context;
use super::reader::without_database;
use super::{printed, reader, table, view};

fn context(engine: EngineKind) -> Context<'static> {
    Context { engine, database: "shop" }
}

/// What is not known is an error that names the table and what was found, never a part that is left out.
#[test]
fn unknown_words_refuse_the_table() {
    let unknown = [
        "CREATE TABLE `t` (\n  `a` int MASKED DEFAULT NULL\n) ENGINE=InnoDB",
        "CREATE TABLE `t` (\n  `a` int DEFAULT NULL,\n  VECTOR KEY `v` (`a`)\n) ENGINE=InnoDB",
        "CREATE TABLE `t` (\n  `a` int DEFAULT NULL,\n  KEY `k` (`a`) LATER\n) ENGINE=InnoDB",
        "CREATE TABLE `t` (\n  `a` int DEFAULT NULL\n) ENGINE=InnoDB FUTURE=1",
        "CREATE TABLE `t` (\n  `a` int DEFAULT NULL",
        "CREATE TEMPORARY TABLE `t` (\n  `a` int DEFAULT NULL\n) ENGINE=InnoDB",
        "",
    ];
    for source in unknown {
        for engine in [EngineKind::Mysql, EngineKind::Mariadb] {
            let error = table::table("t", source, &context(engine)).unwrap_err();
            assert_eq!(error.class, ErrorClass::Unsupported, "{source}");
            assert!(error.message.contains("the table `t`"), "{error}");
        }
    }
}

#[test]
fn the_counter_is_content() {
    let source = "CREATE TABLE `t` (\n  `a` int NOT NULL AUTO_INCREMENT\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4";
    let table = table::table("t", source, &context(EngineKind::Mysql)).unwrap();
    assert_eq!(table.options.keys().collect::<Vec<_>>(), ["charset", "engine"]);
    assert_eq!(table.columns[0].identity.as_deref(), Some("auto_increment"));
}

#[test]
fn a_column_without_a_default_is_told_from_one_with_null() {
    let source = "CREATE TABLE `t` (\n  `a` int,\n  `b` int DEFAULT NULL,\n  `c` text\n) ENGINE=InnoDB";
    let lacking = |engine| {
        let table = table::table("t", source, &context(engine)).unwrap();
        let lacks = |column: &stead_schema::model::Column| column.options.contains_key("no default");
        table.columns.iter().map(lacks).collect::<Vec<_>>()
    };
    assert_eq!(lacking(EngineKind::Mysql), [true, false, false]);
    assert_eq!(lacking(EngineKind::Mariadb), [true, false, true]);
}

#[test]
fn bytes_are_carried_through_text() {
    let text = printed::text(b"DEFAULT '\xff\\0\xc3\xa9'''");
    assert_eq!(printed::bare_bytes(&text), 1);
    let literal = text.strip_prefix("DEFAULT ").unwrap();
    let bytes = printed::unescaped(literal).unwrap();
    assert_eq!(bytes, b"\xff\0\xc3\xa9'");
    assert_eq!(printed::literal(&bytes), "x'ff00c3a927'");
    assert_eq!(printed::literal(b"a'\\\n\0"), "'a''\\\\\\n\\0'");
}

#[test]
fn the_databases_own_name_is_left_out() {
    let cases = [
        ("nextval(`shop`.`numbers`)", "nextval(`numbers`)"),
        ("select `shop`.`f`(`shop`.`a`) AS `x`", "select `f`(`shop`.`a`) AS `x`"),
        ("`other`.`f`(1) + '`shop`.`f`('", "`other`.`f`(1) + '`shop`.`f`('"),
        ("`t`.`shop`.`f`(1)", "`t`.`shop`.`f`(1)"),
    ];
    for (text, expected) in cases {
        assert_eq!(without_database(text, "shop", EngineKind::Mariadb), expected);
    }
}

#[test]
fn columns_of_tables_without_the_database_lose_it_too() {
    let cases = [
        ("select `shop`.`t`.`a` AS `a` from `t`", "select `t`.`a` AS `a` from `t`"),
        ("select `shop`.`t`.`a` from `shop`.`t`", "select `t`.`a` from `t`"),
        (
            "select `shop`.`t`.`a` AS `shop`,`else`.`o`.`b` from (`shop`.`t` join `else`.`o`)",
            "select `t`.`a` AS `shop`,`else`.`o`.`b` from (`t` join `else`.`o`)",
        ),
        // The same table of both, or something else of that name: without it these would mean something else.
        (
            "select `shop`.`t`.`a`,`else`.`t`.`a` from (`shop`.`t` join `else`.`t`)",
            "select `shop`.`t`.`a`,`else`.`t`.`a` from (`shop`.`t` join `else`.`t`)",
        ),
        (
            "select `shop`.`a`,`x`.`b` from (`shop`.`t` `shop` join `else`.`o` `x`)",
            "select `shop`.`a`,`x`.`b` from (`shop`.`t` `shop` join `else`.`o` `x`)",
        ),
        ("select `shop`.`t`.`a` from `t` join `else`.`t`", "select `t`.`a` from `t` join `else`.`t`"),
        (
            "select `else`.`shop`.`a`, '`shop`.`t`.`a`' from `shop`",
            "select `else`.`shop`.`a`, '`shop`.`t`.`a`' from `shop`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(reader::compact(text, "shop", EngineKind::Mariadb), expected);
    }
}

#[test]
fn views_are_taken_apart() {
    let source = "CREATE ALGORITHM=MERGE DEFINER=`o``b`@`10.%` SQL SECURITY INVOKER VIEW `v` (`a`,`b`) AS select 1 AS `a`,\
                  'WITH CASCADED CHECK OPTION' AS `b` WITH LOCAL CHECK OPTION";
    let view = view::view("v", source, "shop", EngineKind::Mysql).unwrap();
    assert_eq!(view.query, "select 1 AS `a`,'WITH CASCADED CHECK OPTION' AS `b`");
    let options: Vec<_> = view.options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("algorithm", "merge"),
        ("check option", "local"),
        ("columns", "`a`,`b`"),
        ("definer", "`o``b`@`10.%`"),
        ("security", "invoker"),
    ];
    assert_eq!(options, expected);
}
