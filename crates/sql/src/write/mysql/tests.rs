//! Statements for MySQL and MariaDB, without a server.

use stead_schema::model::{Column, ForeignKey, Index, IndexPart, Key, Name, Table, Trigger, View};
use stead_schema::{EngineKind, Schema};

use crate::write::{Definer, Phase, WriteOptions, write, write_with};

fn column(name: &str, data_type: &str) -> Column {
    Column { name: name.to_owned(), data_type: data_type.to_owned(), nullable: true, ..Column::default() }
}

fn key(name: &str, unique: bool, column: &str) -> Index {
    let parts = vec![IndexPart { expression: column.to_owned(), ..IndexPart::default() }];
    Index { name: name.to_owned(), unique, parts, ..Index::default() }
}

fn table(name: &str, columns: Vec<Column>) -> Table {
    Table { name: Name::flat(name), columns, ..Table::default() }
}

fn schema(tables: Vec<Table>) -> Schema {
    Schema { tables, ..Schema::empty(EngineKind::Mysql) }
}

fn texts(schema: &Schema, phase: Phase) -> Vec<String> {
    let written = write(schema).unwrap().into_iter();
    written.filter(|one| one.phase == phase && one.kind != "setting").map(|one| one.sql).collect()
}

#[test]
fn the_key_that_numbers_rows_comes_with_the_table() {
    let mut counter = column("n", "int");
    (counter.identity, counter.nullable) = (Some("auto_increment".to_owned()), false);
    let mut numbered = table("t`", vec![counter, column("x", "int")]);
    numbered.primary_key = Some(Key { columns: vec!["x".to_owned()], ..Key::default() });
    numbered.indexes = vec![key("n", false, "n"), key("x", true, "x")];
    let schema = schema(vec![numbered]);
    let before = "CREATE TABLE `t``` (\n  `n` int NOT NULL AUTO_INCREMENT,\n  `x` int,\n  PRIMARY KEY (`x`),\n  KEY `n` (`n`)\n)";
    assert_eq!(texts(&schema, Phase::Before), [before]);
    assert_eq!(texts(&schema, Phase::After), ["ALTER TABLE `t```\n  ADD UNIQUE KEY `x` (`x`)"]);
}

#[test]
fn circles_of_foreign_keys_come_after_all_tables() {
    let refers = |to: &str| ForeignKey {
        name: Some(format!("to {to}")),
        columns: vec!["x".to_owned()],
        target: Name::flat(to),
        target_columns: vec!["x".to_owned()],
        on_delete: "SET NULL".to_owned(),
        on_update: "NO ACTION".to_owned(),
        ..ForeignKey::default()
    };
    let mut tables = vec![table("a", vec![column("x", "int")]), table("b", vec![column("x", "int")])];
    tables[0].foreign_keys = vec![refers("b")];
    tables[1].foreign_keys = vec![refers("a")];
    let after = texts(&schema(tables), Phase::After);
    assert_eq!(after.len(), 2);
    assert_eq!(
        after[0],
        "ALTER TABLE `a`\n  ADD CONSTRAINT `to b` FOREIGN KEY (`x`) REFERENCES `b` (`x`) ON DELETE SET NULL"
    );
}

#[test]
fn triggers_come_in_the_order_in_which_they_fire() {
    let trigger = |name: &str, order: &str, mode: &str| {
        let options = [("timing", "before"), ("event", "insert"), ("order", order), ("sql_mode", mode)];
        Trigger {
            name: Name::flat(name),
            table: Name::flat("t"),
            options: options.into_iter().map(|(word, value)| (word.to_owned(), value.to_owned())).collect(),
            definition: Some("SET @a = 1".to_owned()),
            ..Trigger::default()
        }
    };
    let mut schema = schema(Vec::new());
    schema.triggers = vec![trigger("a", "10", "ANSI"), trigger("b", "2", ""), trigger("c", "1", "")];
    let written: Vec<String> = write(&schema).unwrap().into_iter().map(|one| one.sql).collect();
    let made: Vec<&String> = written
        .iter()
        .filter(|sql| sql.starts_with("CREATE") || sql.contains("mode = ''") || sql.contains("ANSI"))
        .collect();
    assert_eq!(made.len(), 5, "{written:#?}");
    assert!(made[0].contains("sql_mode = ''") && made[1].contains("`c`") && made[2].contains("`b`"));
    assert!(made[3].contains("ANSI") && made[4].contains("`a` BEFORE INSERT ON `t` FOR EACH ROW SET @a = 1"));
    assert!(written.last().unwrap().contains("sql_mode = @stead_sql_mode"));
}

#[test]
fn a_program_is_made_in_the_collation_that_its_database_had() {
    let options = [("database_collation", "latin1_bin"), ("database_collation_now", "utf8mb4_bin"), ("sql_mode", "")];
    let mut function = stead_schema::model::Object {
        kind: "function".to_owned(),
        name: Name::flat("f"),
        options: options.into_iter().map(|(word, value)| (word.to_owned(), value.to_owned())).collect(),
        definition: Some("CREATE FUNCTION f() RETURNS INT RETURN 1".to_owned()),
        ..Default::default()
    };
    let mut schema = schema(Vec::new());
    schema.objects = vec![function.clone()];
    let written: Vec<String> = write(&schema).unwrap().into_iter().map(|one| one.sql).collect();
    let made = written.iter().position(|sql| sql.starts_with("CREATE FUNCTION")).unwrap();
    assert_eq!(written[made - 1], "ALTER DATABASE COLLATE latin1_bin");
    assert_eq!(written[made + 1], "ALTER DATABASE COLLATE utf8mb4_bin");
    function.options.insert("database_collation".to_owned(), "x; DROP".to_owned());
    schema.objects = vec![function];
    assert_eq!(write(&schema).unwrap_err().code(), "incomplete-schema");
}

#[test]
fn definers_are_kept_left_out_or_replaced() {
    let mut schema = schema(Vec::new());
    let mut view = View { name: Name::flat("v"), query: "select 1".to_owned(), ..View::default() };
    view.options.insert("definer".to_owned(), "`o`@`%`".to_owned());
    schema.views = vec![view];
    let made = |definer: Definer| {
        let written = write_with(&schema, &WriteOptions { definer }).unwrap();
        written.into_iter().find(|one| one.kind == "view").unwrap().sql
    };
    assert_eq!(made(Definer::Keep), "CREATE DEFINER=`o`@`%` VIEW `v` AS select 1");
    assert_eq!(made(Definer::Current), "CREATE VIEW `v` AS select 1");
    assert_eq!(made(Definer::Of("`me`@`::1`".to_owned())), "CREATE DEFINER=`me`@`::1` VIEW `v` AS select 1");
}

#[test]
fn a_program_is_delimited_by_what_does_not_stand_in_it() {
    let of = |kind: &str, sql: &str| {
        let statement = crate::write::Statement::after(kind, &Name::flat("x"), sql.to_owned());
        let script = statement.script(EngineKind::Mariadb);
        let cut = crate::split(&script, EngineKind::Mariadb).unwrap();
        assert_eq!(cut.into_iter().map(|one| one.text).collect::<Vec<_>>(), [sql]);
        script
    };
    assert_eq!(of("table", "CREATE TABLE x (a TEXT DEFAULT ';')"), "CREATE TABLE x (a TEXT DEFAULT ';');");
    assert_eq!(of("procedure", "CREATE PROCEDURE x() SELECT 1"), "CREATE PROCEDURE x() SELECT 1;");
    let oracle = "CREATE PROCEDURE x AS y INT := 5; BEGIN SELECT y; END";
    assert_eq!(of("procedure", oracle), format!("DELIMITER //\n{oracle}\n//\nDELIMITER ;"));
    let odd = "CREATE PROCEDURE x() BEGIN SELECT '//', '$$', '~~', '///'; END";
    assert_eq!(of("procedure", odd), format!("DELIMITER ////\n{odd}\n////\nDELIMITER ;"));
    let remark = crate::write::Statement::after("trigger", &Name::flat("x"), "SET @a = 1 -- so".to_owned());
    assert!(remark.script(EngineKind::Mysql).ends_with(" -- so\n//\nDELIMITER ;"));
    assert_eq!(remark.script(EngineKind::Postgres), "SET @a = 1 -- so;");
}

#[test]
fn what_is_written_apart_has_its_settings() {
    let mut one = table("a", vec![column("x", "int")]);
    one.indexes.push(key("z", false, "x"));
    let mut schema = schema(vec![one, table("b", vec![column("x", "int")])]);
    schema.views = vec![View { name: Name::flat("v"), query: "select 1".to_owned(), ..View::default() }];
    let apart = crate::write::write_apart(&schema).unwrap();
    assert_eq!(apart.iter().map(|(name, _)| name.name.as_str()).collect::<Vec<_>>(), ["a", "b", "v"]);
    for (name, statements) in &apart {
        assert!(statements[0].sql.starts_with("SET @stead_sql_mode = @@sql_mode"), "{name}: {statements:?}");
        assert!(statements.last().unwrap().sql.starts_with("SET sql_mode = @stead_sql_mode"), "{name}: {statements:?}");
    }
    let kinds: Vec<&str> = apart[0].1.iter().map(|statement| statement.kind.as_str()).collect();
    assert_eq!(kinds, ["setting", "setting", "setting", "table", "index", "setting"]);
}

#[test]
fn keys_keep_the_order_they_have() {
    let mut one = table("a", vec![column("x", "int"), column("id", "int"), column("w", "int")]);
    one.columns[1].identity = Some("auto_increment".to_owned());
    one.indexes = vec![key("z", true, "x"), key("y", true, "id"), key("b", true, "w"), key("a", false, "w")];
    let schema = schema(vec![one]);
    let made = &texts(&schema, Phase::Before)[0];
    assert!(made.contains("UNIQUE KEY `z` (`x`),\n  UNIQUE KEY `y` (`id`)\n)"), "{made}");
    let later = "ALTER TABLE `a`\n  ADD UNIQUE KEY `b` (`w`),\n  ADD KEY `a` (`w`)";
    assert_eq!(texts(&schema, Phase::After), [later]);
}
