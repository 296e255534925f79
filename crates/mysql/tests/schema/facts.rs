//! Everything that a table, a view and a program can be on these servers, there and back; and that reading them costs the same
//! number of queries whatever the number of things.

use stead_schema::EngineKind;
use stead_schema::model::TableKind;
use stead_sql::write::{Definer, WriteOptions, write_with};

use crate::judge::texts;
use crate::on_servers;
use crate::scene::{Scene, apply};

on_servers! {
    everything_comes_back / everything_comes_back_mariadb / everything_comes_back_mysql;
    a_schema_is_read_in_a_fixed_number_of_queries / fixed_number_of_queries_mariadb / fixed_number_of_queries_mysql;
    settings_of_the_session_change_nothing / trap_m06_settings_change_nothing_mariadb / trap_m06_settings_change_nothing_mysql;
    invisible_keys_are_seen / trap_m24_invisible_columns_and_keys_mariadb / trap_m24_invisible_columns_and_keys_mysql;
    programs_keep_their_settings / trap_m20_programs_keep_their_settings_mariadb / trap_m20_programs_keep_their_settings_mysql;
    definers_are_rewritten / trap_m19_definers_are_rewritten_mariadb / trap_m19_definers_are_rewritten_mysql;
    views_are_written_in_order / trap_m22_views_in_order_mariadb / trap_m22_views_in_order_mysql;
    the_catalog_lists_nothing_else / inventory_mariadb / inventory_mysql;
    keys_keep_their_order / keys_keep_their_order_mariadb / keys_keep_their_order_mysql;
    values_that_are_not_printed_come_back / unprinted_values_come_back_mariadb / unprinted_values_come_back_mysql;
    strings_in_expressions_come_back / strings_in_expressions_mariadb / strings_in_expressions_mysql;
    binary_defaults_come_back / binary_defaults_come_back_mariadb / binary_defaults_come_back_mysql;
    an_empty_database_is_empty / an_empty_database_is_empty_mariadb / an_empty_database_is_empty_mysql;
}

fn script(engine: EngineKind) -> String {
    let own = if engine == EngineKind::Mariadb { include_str!("mariadb.sql") } else { include_str!("mysql.sql") };
    format!("{own}\n{}", include_str!("both.sql"))
}

async fn everything_comes_back(scene: Scene) {
    let mut session = scene.made(&script(scene.engine)).await;
    let schema = scene.comes_back(session.as_mut(), "everything").await;
    let product = schema.table("product").unwrap();
    assert_eq!(product.comment.as_deref(), Some("tab'le \\"));
    assert_eq!(product.options["key_block_size"], "8");
    assert!(!product.options.contains_key("auto_increment"));
    let column = |name: &str| product.column(name).unwrap();
    assert_eq!(column("bytes").default.as_deref(), Some("'a\\0A'"));
    assert_eq!(column("emoji").default.as_deref(), Some("'x\u{1f600}?'"));
    assert_eq!(column("kind").options["charset"], "latin1");
    assert_eq!(column("id").identity.as_deref(), Some("auto_increment"));
    assert!(
        matches!(&schema.table("parted").unwrap().kind, TableKind::Partitioned(clause) if clause.contains("SUBPARTITION"))
    );
    let fulltext = product.indexes.iter().find(|index| index.method == "fulltext").unwrap();
    assert_eq!(fulltext.parts.len(), 2);
    session.close().await.unwrap();
}

/// The first unique key that a row breaks says which row an upsert changes; without a primary key the first says how rows lie.
async fn keys_keep_their_order(scene: Scene) {
    let script = "CREATE TABLE o (a INT NOT NULL, b INT NOT NULL, c VARCHAR(9), UNIQUE KEY z (a), UNIQUE KEY y (b)); \
                  CREATE TABLE p (id INT PRIMARY KEY, a INT, b INT, KEY q (b), UNIQUE KEY z (a), UNIQUE KEY y (b), KEY d (a)); \
                  CREATE TABLE n (id INT NOT NULL AUTO_INCREMENT, k INT PRIMARY KEY, a INT NOT NULL, UNIQUE KEY z (a), \
                  UNIQUE KEY y (id), KEY b (a))";
    let mut session = scene.made(script).await;
    let schema = scene.comes_back(session.as_mut(), "keys").await;
    let read = serde_json::from_str(&serde_json::to_string(&schema).unwrap()).unwrap();
    let mut again = scene.written(&read).await;
    for database in [session.as_mut(), again.as_mut()] {
        database.execute("INSERT INTO o VALUES (1, 10, ''), (2, 20, '')", &[]).await.unwrap();
        let upsert = "INSERT INTO o VALUES (1, 20, 'n') ON DUPLICATE KEY UPDATE c = 'HIT'";
        database.execute(upsert, &[]).await.unwrap();
        assert_eq!(texts(database, "SELECT a FROM o WHERE c = 'HIT'").await.len(), 1);
    }
    let hit = "SELECT a FROM o WHERE c = 'HIT'";
    assert_eq!(texts(again.as_mut(), hit).await, texts(session.as_mut(), hit).await);
    // Whoever adds a key later has it at the end: that is no difference.
    session.execute("ALTER TABLE o DROP KEY z", &[]).await.unwrap();
    session.execute("ALTER TABLE o ADD UNIQUE KEY z (a)", &[]).await.unwrap();
    let other = session.inspect().await.unwrap();
    assert_ne!(other.table("o").unwrap().indexes, schema.table("o").unwrap().indexes);
    assert_eq!(stead_schema::compare(&other, &schema), []);
    assert_eq!(stead_schema::fingerprint(&other), stead_schema::fingerprint(&schema));
    session.close().await.unwrap();
    again.close().await.unwrap();
}

/// Characters outside of Unicode's first plane, which no server prints in these places, in tables without and with rows.
async fn values_that_are_not_printed_come_back(scene: Scene) {
    let table = |name: &str| {
        format!(
            "CREATE TABLE `{name}` (id INT NOT NULL, a VARCHAR(9) NOT NULL DEFAULT 'who?', b VARCHAR(9) NOT NULL DEFAULT '\u{1f600}?',
             c ENUM('a', '?', '\u{1f600}', 'it''s \\\\?') NOT NULL DEFAULT '\u{1f600}', d SET('?', 'y') DEFAULT '?', e ENUM('?'),
             f SET('\u{1f600}', '\u{1f980}', '?x') NOT NULL, g VARBINARY(9) NOT NULL DEFAULT '?', h VARCHAR(9) DEFAULT '\u{1f980}',
             i ENUM('\u{1f600}') AS ('\u{1f600}'), j CHAR(3) CHARACTER SET utf16 NOT NULL DEFAULT '\u{1f600}?', CHECK (id > 3))
             CHARSET utf8mb4 COLLATE utf8mb4_bin"
        )
    };
    let script = format!(
        "{}; {}; INSERT INTO filled (id, f) VALUES (4, '?x')",
        table("emp`ty".replace('`', "``").as_str()),
        table("filled")
    );
    let mut session = scene.made(&script).await;
    let schema = scene.comes_back(session.as_mut(), "values that are not printed").await;
    for table in &schema.tables {
        let default = |name: &str| table.column(name).unwrap().default.as_deref().unwrap();
        let of_type = |name: &str| table.column(name).unwrap().data_type.as_str();
        let found = [default("a"), default("b"), default("c"), default("d"), default("h"), default("j")];
        assert_eq!(found, ["'who?'", "'\u{1f600}?'", "'\u{1f600}'", "'?'", "'\u{1f980}'", "'\u{1f600}?'"]);
        assert_eq!(of_type("c"), "enum('a','?','\u{1f600}','it''s \\\\?')");
        assert_eq!((of_type("d"), of_type("e"), of_type("i")), ("set('?','y')", "enum('?')", "enum('\u{1f600}')"));
        assert_eq!(of_type("f"), "set('\u{1f600}','\u{1f980}','?x')");
    }
    let mut again = scene.written(&schema).await;
    again.execute("INSERT INTO `emp``ty` (id, f) VALUES (4, '\u{1f980},?x')", &[]).await.unwrap();
    let row = "SELECT a, b, c, d, f, h, i, j, CAST(f AS UNSIGNED) FROM `emp``ty`";
    let expected =
        ["who?", "\u{1f600}?", "\u{1f600}", "?", "\u{1f980},?x", "\u{1f980}", "\u{1f600}", "\u{1f600}?", "Integer(6)"];
    assert_eq!(texts(again.as_mut(), row).await, [expected]);
    session.close().await.unwrap();
    again.close().await.unwrap();
}

/// Backslashes, quotes and characters outside of Unicode's first plane wherever a table may have a string.
async fn strings_in_expressions_come_back(scene: Scene) {
    let own = if scene.engine == EngineKind::Mysql { ", KEY z ((CONCAT(a, '\\\\')))" } else { "" };
    let script = format!(
        "SET sql_mode = '';
         CREATE TABLE plain (a VARCHAR(9), b VARCHAR(20) AS (CONCAT(a, '\\\\', '\\'', '\\n', '%\\_')),
           d VARCHAR(20) DEFAULT (CONCAT('a\\\\', '\\n')), CHECK (a <> '\\\\' AND a NOT LIKE 'x\\\\\\\\y'){own});
         CREATE TABLE wide (a VARCHAR(9), b VARCHAR(20) AS (CONCAT(a, '\u{1f600}?')), d VARCHAR(20) DEFAULT (CONCAT('\u{1f600}', '?')),
           CHECK (a <> '\u{1f600}')) CHARSET utf8mb4;
         CREATE TABLE parted (a VARCHAR(9) NOT NULL) CHARSET utf8mb4 PARTITION BY LIST COLUMNS (a)
           (PARTITION p0 VALUES IN ('\u{1f600}', '?', 'x\\\\y'), PARTITION p1 VALUES IN ('\u{e9}') COMMENT 'it''s \\\\');
         CREATE TABLE vacant (a ENUM('', 'x') NOT NULL, c SET(''), d SET('a', ''), e ENUM('') DEFAULT '');
         SET sql_mode = 'NO_BACKSLASH_ESCAPES';
         CREATE TABLE bare (a VARCHAR(9) DEFAULT 'a\\b', b VARCHAR(20) AS (CONCAT(a, '\\n')), CHECK (a <> '\\n'), e ENUM('\\d', 'b'))
           COMMENT 'x\\y';
         SET sql_mode = ''"
    );
    let mut session = scene.made(&script).await;
    let schema = scene.comes_back(session.as_mut(), "strings in expressions").await;
    let mut again = scene.written(&schema).await;
    again.execute("INSERT INTO wide (a) VALUES ('x')", &[]).await.unwrap();
    assert_eq!(texts(again.as_mut(), "SELECT b, d FROM wide").await, [["x\u{1f600}?", "\u{1f600}?"]]);
    again.execute("INSERT INTO parted VALUES ('\u{1f600}'), ('x\\\\y')", &[]).await.unwrap();
    session.close().await.unwrap();
    again.close().await.unwrap();
}

/// MariaDB prints them as bare bytes, MySQL as `?`; our judge can read neither.
async fn binary_defaults_come_back(scene: Scene) {
    let script = "CREATE TABLE t (a VARBINARY(9) DEFAULT 0xff00fe, b BINARY(3) NOT NULL DEFAULT 0xc3a9f0, c VARBINARY(9) DEFAULT '?')";
    let mut session = scene.made(script).await;
    let schema = session.inspect().await.unwrap();
    let defaults: Vec<_> = schema.tables[0].columns.iter().map(|column| column.default.as_deref().unwrap()).collect();
    assert_eq!(defaults, ["x'ff00fe'", "x'c3a9f0'", "'?'"]);
    let mut again = scene.written(&schema).await;
    assert_eq!(stead_schema::compare(&again.inspect().await.unwrap(), &schema), []);
    again.execute("INSERT INTO t () VALUES ()", &[]).await.unwrap();
    let asked = "SELECT HEX(a), HEX(b) FROM t";
    assert_eq!(texts(again.as_mut(), asked).await, [["FF00FE", "C3A9F0"]]);
    session.close().await.unwrap();
    again.close().await.unwrap();
}

async fn a_schema_is_read_in_a_fixed_number_of_queries(scene: Scene) {
    let mut counts = Vec::new();
    for tables in [3, 300] {
        let mut session = scene.scratch().await;
        for number in 0..tables {
            let create = format!("CREATE TABLE t{number} (a INT PRIMARY KEY, b VARCHAR(9) DEFAULT '?', KEY (b))");
            session.execute(&create, &[]).await.unwrap();
            if number % 10 == 0 {
                let view = format!("CREATE VIEW v{number} AS SELECT * FROM t{number}");
                session.execute(&view, &[]).await.unwrap();
                let trigger =
                    format!("CREATE TRIGGER g{number} BEFORE INSERT ON t{number} FOR EACH ROW SET NEW.b = '?'");
                session.execute(&trigger, &[]).await.unwrap();
                let function = format!("CREATE FUNCTION f{number}() RETURNS INT DETERMINISTIC RETURN 1");
                session.execute(&function, &[]).await.unwrap();
            }
        }
        let before = session.queries_sent();
        let schema = session.inspect().await.unwrap();
        assert_eq!(schema.tables.len(), tables);
        counts.push(session.queries_sent() - before);
        session.close().await.unwrap();
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0] < 20, "{counts:?}");
}

async fn settings_of_the_session_change_nothing(scene: Scene) {
    let mut session = scene.made(&script(scene.engine)).await;
    let plain = session.inspect().await.unwrap();
    let mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH";
    let odd = format!("SET sql_mode = '{mode}', time_zone = '+05:00', sql_quote_show_create = 0, autocommit = 0");
    session.execute(&odd, &[]).await.unwrap();
    let asked = "SELECT @@sql_mode, @@time_zone, @@sql_quote_show_create, @@character_set_results";
    let before = texts(session.as_mut(), asked).await;
    assert_eq!(stead_schema::compare(&session.inspect().await.unwrap(), &plain), []);
    assert_eq!(texts(session.as_mut(), asked).await, before, "the session is left as it was");
    session.close().await.unwrap();
}

async fn invisible_keys_are_seen(scene: Scene) {
    if scene.engine != EngineKind::Mysql {
        let mut session = scene.made("CREATE TABLE t (a INT, b INT INVISIBLE DEFAULT 3)").await;
        let schema = scene.comes_back(session.as_mut(), "an invisible column").await;
        assert_eq!(schema.tables[0].columns[1].options["invisible"], "true");
        return;
    }
    let script = "SET sql_generate_invisible_primary_key = 1; CREATE TABLE t (a INT)";
    let mut session = scene.made(script).await;
    let schema = scene.comes_back(session.as_mut(), "an invisible key").await;
    assert_eq!(schema.tables[0].columns[0].name, "my_row_id");
    session.close().await.unwrap();
}

async fn programs_keep_their_settings(scene: Scene) {
    let mut session = scene.made(&script(scene.engine)).await;
    let schema = scene.comes_back(session.as_mut(), "programs").await;
    let ansi = schema.triggers.iter().find(|trigger| trigger.name.name == "quoting").unwrap();
    assert!(ansi.options["sql_mode"].contains("ANSI_QUOTES"), "{ansi:?}");
    let orders: Vec<_> = schema
        .triggers
        .iter()
        .filter_map(|trigger| trigger.options.get("order").map(|order| (order.clone(), trigger.name.name.clone())))
        .collect();
    let mut sorted = orders.clone();
    sorted.sort();
    let names: Vec<&str> = sorted.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["first", "second", "third"]);
    let event = schema.objects.iter().find(|object| object.kind == "event" && object.name.name == "nightly").unwrap();
    assert_eq!(event.options["time_zone"], "+03:00");
    assert!(event.body.contains("disable"), "{event:?}");
    session.close().await.unwrap();
}

async fn definers_are_rewritten(scene: Scene) {
    let mut session = scene.made(&script(scene.engine)).await;
    let schema = session.inspect().await.unwrap();
    let current = texts(session.as_mut(), "SELECT CURRENT_USER()").await.remove(0).remove(0);
    let mut other = scene.scratch().await;
    for statement in write_with(&schema, &WriteOptions { definer: Definer::Current }).unwrap() {
        assert!(!statement.sql.contains("DEFINER="), "{}", statement.sql);
        other.execute(&statement.sql, &[]).await.unwrap();
    }
    let found =
        texts(other.as_mut(), "SELECT DISTINCT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()")
            .await;
    assert_eq!(found, [[current]]);
    let chosen = WriteOptions { definer: Definer::Of("`some``one`@`%`".to_owned()) };
    let written = write_with(&schema, &chosen).unwrap();
    assert!(written.iter().filter(|one| one.sql.contains("DEFINER=`some``one`@`%` ")).count() > 5);
    session.close().await.unwrap();
    other.close().await.unwrap();
}

async fn views_are_written_in_order(scene: Scene) {
    let script = "CREATE TABLE t (z INT, a INT); CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC RETURN x + 1; \
                  CREATE VIEW z AS SELECT a AS b, f(z) AS a FROM t; CREATE VIEW y AS SELECT z.a AS z FROM z JOIN t ON t.a = z.a; \
                  CREATE VIEW a AS SELECT y.z, (SELECT MAX(z.a) FROM z) AS y FROM y WHERE EXISTS (SELECT 1 FROM t)";
    let mut session = scene.made(script).await;
    let schema = scene.comes_back(session.as_mut(), "views on views").await;
    let needed = |view: &str| -> Vec<String> {
        let of_view = schema.dependencies.iter().filter(|one| one.of.name.name == view);
        of_view.map(|one| format!("{} {}", one.on.kind, one.on.name)).collect()
    };
    assert_eq!(needed("z"), ["function f", "table t"]);
    assert_eq!(needed("y"), ["table t", "view z"]);
    assert_eq!(needed("a"), ["table t", "view y", "view z"]);
    session.close().await.unwrap();
}

/// Whatever `information_schema` lists for the database is in the schema, part by part.
async fn the_catalog_lists_nothing_else(scene: Scene) {
    let mut session = scene.made(&script(scene.engine)).await;
    let schema = session.inspect().await.unwrap();
    let pairs = async |session: &mut dyn stead_engine::Session, query: &str| {
        let mut found: Vec<String> = texts(session, query).await.into_iter().map(|row| row.join(".")).collect();
        found.sort();
        found.dedup();
        found
    };
    let listed = pairs(session.as_mut(), "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS c WHERE TABLE_SCHEMA = DATABASE() AND EXISTS (SELECT 1 FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = c.TABLE_NAME AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED'))").await;
    let mut held: Vec<String> = schema
        .tables
        .iter()
        .flat_map(|table| table.columns.iter().map(|column| format!("{}.{}", table.name, column.name)))
        .collect();
    held.sort();
    assert_eq!(held, listed);
    let listed = pairs(
        session.as_mut(),
        "SELECT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
    )
    .await;
    let primary =
        schema.tables.iter().filter(|table| table.primary_key.is_some()).map(|table| format!("{}.PRIMARY", table.name));
    let others = schema
        .tables
        .iter()
        .flat_map(|table| table.indexes.iter().map(|index| format!("{}.{}", table.name, index.name)));
    let mut held: Vec<String> = primary.chain(others).collect();
    held.sort();
    assert_eq!(held, listed);
    let listed = pairs(session.as_mut(), "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_TYPE IN ('FOREIGN KEY', 'CHECK')").await;
    let keys = schema.tables.iter().flat_map(|table| {
        table.foreign_keys.iter().map(|key| format!("{}.{}", table.name, key.name.as_ref().unwrap()))
    });
    let checks = schema.tables.iter().flat_map(|table| {
        table
            .checks
            .iter()
            .map(|check| format!("{}.{}", table.name, check.name.as_ref().unwrap_or_else(|| &check.options["column"])))
    });
    // MariaDB lists a period of the application's as the check that it implies.
    let periods = schema.tables.iter().flat_map(|table| {
        let names = table.options.keys().filter_map(|option| option.strip_prefix("period "));
        names.filter(|name| *name != "SYSTEM_TIME").map(|name| format!("{}.{name}", table.name))
    });
    let mut held: Vec<String> = keys.chain(checks).chain(periods).collect();
    held.sort();
    assert_eq!(held, listed);
    let listed = pairs(
        session.as_mut(),
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    )
    .await;
    let mut held: Vec<String> = schema.triggers.iter().map(|trigger| trigger.name.to_string()).collect();
    held.sort();
    assert_eq!(held, listed);
    let listed = pairs(session.as_mut(), "SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() UNION ALL SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() UNION ALL SELECT 'sequence', TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SEQUENCE'").await;
    let mut held: Vec<String> =
        schema.objects.iter().map(|object| format!("{}.{}", object.kind, object.name)).collect();
    held.sort();
    assert_eq!(held, listed);
    session.close().await.unwrap();
}

async fn an_empty_database_is_empty(scene: Scene) {
    let mut session = scene.scratch().await;
    assert!(session.inspect().await.unwrap().is_empty());
    apply(session.as_mut(), "CREATE TABLE stead_ledger (a INT); CREATE TABLE stead_ledgers (a INT)").await.unwrap();
    let schema = session.inspect().await.unwrap();
    assert_eq!(schema.tables.len(), 1);
    assert_eq!(schema.tables[0].name.name, "stead_ledgers");
    session.close().await.unwrap();
}
