//! Triggers, routines, events and views whose text alone does not say what they mean, or is printed in another way than it was
//! written.

use stead_engine::{ErrorClass, Session};

use crate::judge::texts;
use crate::on_servers;
use crate::scene::{Scene, apply};

on_servers! {
    programs_keep_the_collation_of_their_database / kept_collation_mariadb / kept_collation_mysql;
    what_servers_print_with_escapes_comes_back / printed_escapes_mariadb / printed_escapes_mysql;
    texts_that_utf8_cannot_say_are_named / unsayable_texts_mariadb / unsayable_texts_mysql;
    strings_with_character_sets_come_back / introduced_strings_mariadb / introduced_strings_mysql;
    databases_are_told_by_capitals / told_by_capitals_mariadb / told_by_capitals_mysql;
}

/// A database that was of another character set when its programs were made.
async fn programs_keep_the_collation_of_their_database(scene: Scene) {
    let script = "ALTER DATABASE COLLATE latin1_german1_ci; CREATE TABLE t (a INT, b VARCHAR(40) CHARSET utf8mb4);
                  CREATE FUNCTION f(x VARCHAR(9)) RETURNS VARCHAR(40) DETERMINISTIC RETURN CONCAT(COLLATION(x), HEX(x));
                  CREATE PROCEDURE p(OUT x VARCHAR(9)) SET x = 'a';
                  CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE v VARCHAR(9); SET NEW.b = COLLATION(v); END;
                  CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SELECT 1;
                  ALTER DATABASE COLLATE utf8mb4_bin;
                  CREATE FUNCTION late(x VARCHAR(9)) RETURNS VARCHAR(40) DETERMINISTIC RETURN CONCAT(COLLATION(x), HEX(x))";
    let mut session = scene.made(script).await;
    session.execute("SET SESSION collation_database = latin1_bin", &[]).await.unwrap();
    let schema = session.inspect().await.unwrap();
    let marked = |options: &std::collections::BTreeMap<String, String>| options.contains_key("database_collation");
    let objects =
        schema.objects.iter().filter(|object| marked(&object.options)).map(|object| object.name.name.as_str());
    assert_eq!(objects.collect::<Vec<_>>(), ["e", "f", "p"]);
    assert!(marked(&schema.triggers[0].options), "{:?}", schema.triggers);
    let mut again = scene.scratch().await;
    again.execute("ALTER DATABASE COLLATE utf8mb4_bin", &[]).await.unwrap();
    for statement in stead_sql::write(&schema).unwrap() {
        again.execute(&statement.sql, &[]).await.unwrap();
    }
    assert_eq!(stead_schema::compare(&again.inspect().await.unwrap(), &schema), []);
    for database in [session.as_mut(), again.as_mut()] {
        let called = texts(database, "SELECT f('\u{e9}'), late('\u{e9}')").await;
        assert_eq!(called, [["latin1_german1_ciE9", "utf8mb4_binC3A9"]]);
        database.execute("INSERT INTO t (a) VALUES (1)", &[]).await.unwrap();
        assert_eq!(texts(database, "SELECT b FROM t").await, [["latin1_german1_ci"]]);
    }
    let now = "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()";
    assert_eq!(texts(again.as_mut(), now).await, [["utf8mb4_bin"]]);
    session.close().await.unwrap();
    again.close().await.unwrap();
}

/// Servers print comments and types with escapes, also for programs that take a backslash as it is.
async fn what_servers_print_with_escapes_comes_back(scene: Scene) {
    let mut session = scene.scratch().await;
    for statement in [
        "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
        r"CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01 00:00:00' DISABLE COMMENT 'a\b''c\d' DO SELECT 'x\y'",
        r"CREATE PROCEDURE p(a ENUM('\d', ')')) SQL SECURITY INVOKER COMMENT 'a\b''c\d' SELECT 'x\y COMMENT '",
        "CREATE FUNCTION f(a ENUM('x\\y', ')'), b INT) RETURNS ENUM('COMMENT ''', 'y\\z') CHARSET latin1 DETERMINISTIC NO SQL \
         COMMENT 'a\\b''c\nd' RETURN 'y\\z'",
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        r"CREATE FUNCTION quoted() RETURNS INT DETERMINISTIC COMMENT '\n' RETURN 1",
        "SET sql_mode = ''",
    ] {
        session.execute(statement, &[]).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    let schema = scene.comes_back(session.as_mut(), "escapes").await;
    let mut again = scene.written(&schema).await;
    let comments = "SELECT ROUTINE_NAME, ROUTINE_COMMENT FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() \
                    UNION SELECT EVENT_NAME, EVENT_COMMENT FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() \
                    ORDER BY 1";
    let expected = [["e", r"a\b'c\d"], ["f", "a\\b'c\nd"], ["p", r"a\b'c\d"], ["quoted", r"\n"]];
    assert_eq!(texts(again.as_mut(), comments).await, expected);
    session.close().await.unwrap();
    again.close().await.unwrap();
}

async fn refused(session: &mut dyn Session, name: &str) {
    let error = session.inspect().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported, "{error:?}");
    assert!(error.message.contains(&format!("`{name}`")), "{error:?}");
}

/// Our own session sends UTF-8; to the server it is what another client would have sent.
async fn texts_that_utf8_cannot_say_are_named(scene: Scene) {
    let latin = [
        "CREATE FUNCTION x() RETURNS VARCHAR(40) DETERMINISTIC RETURN HEX(_latin1'\u{e9}')",
        "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @x = _latin1'\u{e9}'",
        "CREATE EVENT x ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT _latin1 '\u{e9}'",
        "CREATE VIEW x AS SELECT HEX(_latin1'\u{e9}') AS a",
    ];
    for statement in latin {
        let script = format!("CREATE TABLE t (a INT); SET NAMES latin1; {statement}; SET NAMES utf8mb4");
        let mut session = scene.made(&script).await;
        refused(session.as_mut(), "x").await;
        session.close().await.unwrap();
    }
    let mut session = scene.scratch().await;
    let view = "SET @s = REPLACE(CAST('CREATE VIEW x AS SELECT HEX(''~'') AS a' AS BINARY), '~', x'e9')";
    let script = format!("SET NAMES binary; {view}; PREPARE s FROM @s; EXECUTE s; SET NAMES utf8mb4");
    apply(session.as_mut(), &script).await.unwrap();
    refused(session.as_mut(), "x").await;
    session.close().await.unwrap();
}

async fn strings_with_character_sets_come_back(scene: Scene) {
    let script = "CREATE TABLE t (a INT);
                  CREATE FUNCTION f() RETURNS VARCHAR(40) DETERMINISTIC RETURN HEX(_latin1'\u{e9}');
                  CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @x = HEX(_latin1'\u{e9}');
                  SET NAMES binary;
                  CREATE FUNCTION b() RETURNS VARCHAR(40) DETERMINISTIC RETURN HEX('\u{e9}');
                  SET NAMES latin1;
                  CREATE FUNCTION l() RETURNS VARCHAR(40) DETERMINISTIC RETURN HEX('\u{e9}');
                  CREATE FUNCTION a() RETURNS VARCHAR(40) DETERMINISTIC RETURN HEX(_utf8mb4'e');
                  SET NAMES utf8mb4";
    let mut session = scene.made(script).await;
    let schema = scene.comes_back(session.as_mut(), "strings").await;
    let mut again = scene.written(&schema).await;
    let called = "SELECT f(), b(), l(), a()";
    assert_eq!(texts(again.as_mut(), called).await, texts(session.as_mut(), called).await);
    session.close().await.unwrap();
    again.close().await.unwrap();
}

/// MariaDB's lists of programs take databases whose names differ in capitals for one.
async fn databases_are_told_by_capitals(scene: Scene) {
    let mut session = scene.made("CREATE TABLE t (a INT)").await;
    let name = texts(session.as_mut(), "SELECT DATABASE()").await.remove(0).remove(0);
    let capitals = format!("`{}`", name.to_uppercase());
    for statement in [
        "CREATE DATABASE $",
        "CREATE TABLE $.u (a INT)",
        "CREATE TRIGGER $.g BEFORE INSERT ON $.u FOR EACH ROW SET @a = 1",
        "CREATE VIEW $.v AS SELECT 1",
        "CREATE FUNCTION $.f() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE EVENT $.e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1",
    ] {
        session.execute(&statement.replace('$', &capitals), &[]).await.unwrap();
    }
    let schema = session.inspect().await;
    session.execute(&format!("DROP DATABASE {capitals}"), &[]).await.unwrap();
    let schema = schema.unwrap();
    assert_eq!((schema.tables.len(), schema.objects.len(), schema.triggers.len()), (1, 0, 0), "{schema:?}");
    session.close().await.unwrap();
}
