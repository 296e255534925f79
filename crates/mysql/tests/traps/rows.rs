//! Traps in rows: values that change on their way through a dump and a load, and errors that nobody hears. Each compares
//! what a query says before and after.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Source;
use stead_engine::{ErrorClass, Place, Value};
use stead_schema::EngineKind;
use stead_schema::model::Name;
use stead_testkit::conformance::streams::{Memory, advance};
use stead_testkit::servers::TestServer;

use crate::ground::{alone_on, alone_on_each, on, on_each};

/// A dump with one table's rows replaced and the last line made right again, as a faulty tool would write them.
pub(crate) fn forged(memory: &Memory, table: &str, from: &str, to: &str) -> Result<Arc<Memory>> {
    let mut streams = memory.streams();
    let bytes = streams.get(&format!("table/{table}")).context("no such stream")?;
    let text = String::from_utf8(bytes.clone())?;
    let (head, rest) = text.split_once('\n').context("no first line")?;
    let end = rest.rfind("\\.").context("no last line")?;
    let rows = rest[..end].replace(from, to);
    ensure!(rows != rest[..end], "nothing to forge in {rows:?}");
    let tail =
        serde_json::json!({"rows": rows.lines().count(), "blake3": blake3::hash(rows.as_bytes()).to_hex().as_str()});
    streams.insert(format!("table/{table}"), format!("{head}\n{rows}\\.{tail}\n").into_bytes());
    let schema = Source::schema(memory).context("the dump has a schema")?.clone();
    let forged = Memory::of(streams);
    forged.remember(schema);
    Ok(Arc::new(forged))
}

#[test]
fn trap_m01_load_data_turns_errors_into_warnings() -> Result<()> {
    on_each("m01", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE t (id INT PRIMARY KEY, short VARCHAR(5) NOT NULL, UNIQUE KEY (short))",
                    "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')",
                ],
            )
            .await?;
        for (number, (from, to)) in
            [("2\ttwo", "x\ttwo"), ("three", "threefold"), ("2\ttwo", "2\tone"), ("2\ttwo", "1\ttwo"), ("2\ttwo", "2")]
                .into_iter()
                .enumerate()
        {
            let whole = ground.dump(&live).await?;
            let forged = forged(&whole, "t", from, to)?;
            let built = ground.server.bulk().beside(&live, &format!("m01{number}"));
            let error = ground.server.bulk().load(&built, forged, advance()).await.err();
            let error = error.with_context(|| format!("`{to}` is loaded"))?;
            ensure!(error.class == ErrorClass::Refused || error.class == ErrorClass::Constraint, "{to}: {error:?}");
            ensure!(error.message.contains("`t`"), "the table is not named: {error}");
            ensure!(!ground.server.exists(&built).await?, "`{to}` leaves a database");
        }
        Ok(())
    })
}

#[test]
fn trap_m02_servers_that_take_no_local_files() -> Result<()> {
    alone_on_each("m02", async |ground| {
        let live = ground.database("live", KINDS).await?;
        ground.run(&live, &["SET GLOBAL local_infile = OFF"]).await?;
        let same = ground.same(&live, LOOK).await;
        ground.run(&live, &["SET GLOBAL local_infile = ON"]).await?;
        ensure!(same?.len() == 4, "rows are missing");
        Ok(())
    })
}

/// Every type that text is known to change, with values at its ends.
const KINDS: &[&str] = &[
    "CREATE TABLE kinds (id INT PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(65,30), u BIGINT UNSIGNED, b BIT(64), \
     e ENUM('a', 'Grüße', '1'), s SET('x', 'y', 'z'), y YEAR, t TIME(3), m DATETIME(6), j JSON, g POINT, h GEOMETRY, \
     c CHAR(5), v VARCHAR(50), l VARCHAR(50) CHARACTER SET latin1, w VARCHAR(50) CHARACTER SET utf16, x VARBINARY(300), \
     k BINARY(4), o LONGBLOB, p LONGTEXT)",
    "INSERT INTO kinds VALUES (1, 16777217, 5e-324, '0.000000000000000000000000000001', 18446744073709551615, \
     b'1111111111111111111111111111111111111111111111111111111111111111', 'Grüße', 'x,z', 0, '-838:59:59', \
     '9999-12-31 23:59:59.999999', '{\"a\": [1, 2.5, \"\\\\u00fc\\\\n\\\\\\\\\"]}', POINT(1, 2), \
     ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'), 'ab', 'a\\tb\\nc\\\\N\\0d', 'Grüße', 'Grüße 🦀', \
     x'00090a0d1a5c4e27225c2e', x'00ff5c00', REPEAT(x'00', 1000), REPEAT('\\\\', 1000))",
    "INSERT INTO kinds VALUES (2, -3.4e38, 1.7976931348623157e308, -9.5, 0, b'0', 1, '', 2155, '838:59:59', \
     '0001-01-01 00:00:00.000001', 'null', NULL, NULL, '', '', '', '', '', '', '', '')",
    "INSERT INTO kinds (id) VALUES (3)",
    "INSERT INTO kinds VALUES (4, 0.1, 0.1, 0.1, 1, 1, '1', 'y', 1970, '00:00:00.001', '2026-03-29 02:30:00', '\"\\\\\\\\N\"', \
     NULL, NULL, '\\\\N', '\\\\N', '\\\\N', '\\\\N', '\\\\N', '\\\\.', '\\\\.', '\\\\.')",
];

/// Everything in `kinds` as bytes, so that no client has a say in it.
const LOOK: &str = "SELECT id, f + 0e0, d, n, u, HEX(b), e + 0, HEX(e), s + 0, y + 0, t, m, HEX(CAST(j AS CHAR)), HEX(g), \
     HEX(h), HEX(c), HEX(v), HEX(l), HEX(w), HEX(x), HEX(k), HEX(o), HEX(p) FROM kinds ORDER BY id";

#[test]
fn trap_m03_character_sets_of_load_data() -> Result<()> {
    on_each("m03", async |ground| {
        let live = ground.database("live", KINDS).await?;
        ensure!(ground.same(&live, LOOK).await?.len() == 4, "rows are missing");
        Ok(())
    })
}

#[test]
fn trap_m04_floats_as_text_lose_digits() -> Result<()> {
    on_each("m04", async |ground| {
        let live = ground.database("live", &["CREATE TABLE f (id INT PRIMARY KEY, f FLOAT, d DOUBLE)"]).await?;
        let mut bits: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut rows = Vec::new();
        for id in 0..400 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            #[expect(clippy::cast_possible_truncation, reason = "half of the random bits are wanted")]
            let (single, double) = (f32::from_bits((bits >> 16) as u32), f64::from_bits(bits));
            if single.is_finite() && double.is_finite() {
                rows.push(vec![Value::Integer(id), Value::Real(f64::from(single)), Value::Real(double)]);
            }
        }
        let mut session = ground.write(&live).await?;
        session.insert(&Name::flat("f"), &["id", "f", "d"].map(str::to_owned), rows.clone()).await?;
        session.close().await?;
        let found = ground.same(&live, "SELECT id, f, d FROM f ORDER BY id").await?;
        ensure!(found == rows, "what was stored is not what was sent");
        Ok(())
    })
}

/// Documents with values of every type that MySQL keeps inside JSON, and what the server says of each of them.
const DOCUMENTS: &[&str] = &[
    "CREATE TABLE kinds (dc DECIMAL(10,2), d0 DECIMAL(10,0), da DATE, tm TIME(3), dt DATETIME(3), ts TIMESTAMP(2) NULL, y YEAR, \
     bl BLOB, tb TINYBLOB, mb MEDIUMBLOB, lb LONGBLOB, vb VARBINARY(200), bi BINARY(4), bt BIT(9), bt64 BIT(64), e ENUM('a'), \
     u BIGINT UNSIGNED, f FLOAT, db DOUBLE, g POINT)",
    "INSERT INTO kinds VALUES (12345.67, 5, '2026-01-02', '-12:00:01.5', '2026-01-02 03:04:05.678', '2026-01-02 03:04:05.67', \
     2020, x'00ff', 'a', '', 'c', REPEAT(x'00ff01', 60), x'01', b'101', b'1111', 'a', 18446744073709551615, 1.5, 2.5, POINT(1, 2))",
    "CREATE TABLE t (id INT, doc JSON, plain JSON, e ENUM('a'), half INT AS (id / 2) STORED, \
     at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP)",
    "INSERT INTO t (id, doc, plain, e) SELECT 1, JSON_OBJECT('dc', dc, 'd0', d0, 'da', da, 'tm', tm, 'dt', dt, 'ts', ts, 'y', y, \
     'bl', bl, 'tb', tb, 'mb', mb, 'lb', lb, 'vb', vb, 'bi', bi, 'bt', bt, 'bt64', bt64, 'e', e, 'u', u, 'f', f, 'db', db, 'g', g, \
     'now', NOW(6), 'binary', CAST('x' AS BINARY), '', 1.50, 'ключ \"\\'\\\\', JSON_ARRAY(dc, JSON_OBJECT('$.a', dt, 'a.b[1]', -dc))), \
     '[1, 2.5]', 'a' FROM kinds",
    "INSERT INTO t (id, doc, plain) VALUES (2, CAST(9.90 AS JSON), NULL), (3, NULL, '\"2026-01-02\"'), \
     (4, '{\"a\": 9.9, \"b\": [1, 2.0, 1e20, -0.0, {\"c\": {}}], \"d\": \"a 1.2 2026-01-02 base64:type15:eA==\"}', '{}'), \
     (5, JSON_SET('{\"a\": [1, {\"b\": 2}]}', '$.a[1].b', NOW()), 'null'), (6, JSON_ARRAY(CAST(-5 AS DECIMAL(3,0)), 0.1), '0.5')",
    "CREATE TABLE prices (id INT PRIMARY KEY, doc JSON)",
    "INSERT INTO prices VALUES (1, JSON_OBJECT('price', 9.90)), (2, '{\"price\": 9.9}')",
];

#[test]
fn trap_m05_values_inside_json_keep_their_types() -> Result<()> {
    on(TestServer::Mysql, "m05", &async |ground| {
        let live = ground.database("live", DOCUMENTS).await?;
        let all = |path: &str| {
            format!(
                "(SELECT JSON_ARRAYAGG(JSON_ARRAY(JSON_TYPE(v), CAST(v AS CHAR))) \
                 FROM JSON_TABLE(doc, '{path}' COLUMNS (v JSON PATH '$')) AS x)"
            )
        };
        let look = format!(
            "SELECT id, CAST(doc AS CHAR), JSON_TYPE(doc), CAST({} AS CHAR), CAST({} AS CHAR), CAST(plain AS CHAR), half, at \
             FROM t UNION ALL SELECT 10 + id, CAST(doc AS CHAR), JSON_TYPE(doc->'$.price'), '', '', '', '', '' FROM prices \
             ORDER BY id",
            all("$**.*"),
            all("$**[*]")
        );
        let rows = ground.same(&live, &look).await?;
        ensure!(rows.len() == 8 && rows[1][2] == Value::from("DECIMAL"), "{rows:?}");
        ensure!(rows[6][2] == Value::from("DECIMAL") && rows[7][2] == Value::from("DOUBLE"), "{rows:?}");
        // Columns without such values travel as ever, and what is put back is held against what was read.
        let whole = ground.dump(&live).await?;
        let head = String::from_utf8_lossy(&whole.streams()["table/t"]).lines().next().map(str::to_owned);
        ensure!(head.is_some_and(|head| head.matches("\"typed\"").count() == 1), "the plain column is marked as well");
        let forged = forged(&whole, "prices", "\"DECIMAL\",\"9.90\"", "\"DECIMAL\",\"9.80\"")?;
        let built = ground.server.bulk().beside(&live, "m05");
        let error = ground.server.bulk().load(&built, forged, advance()).await.err().context("another price")?;
        ensure!(error.class == ErrorClass::Refused && error.message.contains("`prices`"), "{error:?}");
        Ok(())
    })
}

#[test]
fn trap_m06_zero_dates() -> Result<()> {
    on_each("m06", async |ground| {
        let live = ground.empty("live").await?;
        let mut session = ground.write(&live).await?;
        for statement in [
            "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
            "CREATE TABLE t (id INT PRIMARY KEY, d DATE NOT NULL DEFAULT '0000-00-00', m DATETIME, s TIMESTAMP NULL)",
            "INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00'), \
             (2, '2026-02-00', '2026-02-30 01:02:03', NULL)",
        ] {
            session.execute(statement, &[]).await.with_context(|| statement.to_owned())?;
        }
        session.close().await?;
        ground.same(&live, "SELECT id, CAST(d AS CHAR), CAST(m AS CHAR), CAST(s AS CHAR) FROM t ORDER BY id").await?;
        Ok(())
    })
}

#[test]
fn trap_m07_the_number_zero_and_the_counter() -> Result<()> {
    on_each("m07", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT)",
                    "CREATE TABLE n (id INT PRIMARY KEY AUTO_INCREMENT, e ENUM('a', 'b'), s SET('x', 'y'), b BIT(9))",
                    "CREATE TABLE d (a INT, id DOUBLE AUTO_INCREMENT, e ENUM('a', 'b'), KEY (id))",
                    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
                ],
            )
            .await?;
        let mut session = ground.write(&live).await?;
        session.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", &[]).await?;
        session.execute("INSERT INTO t VALUES (0, 1), (1, 2), (700, 3)", &[]).await?;
        session.execute("DELETE FROM t WHERE id = 700", &[]).await?;
        session
            .execute("INSERT INTO n VALUES (0, 'a', 'y', b'1'), (5, 'b', '', NULL), (-1, NULL, NULL, NULL)", &[])
            .await?;
        session.execute("INSERT INTO d VALUES (1, 0, 'a'), (2, 1e5, 'b'), (3, 1.5, NULL)", &[]).await?;
        session.close().await?;
        let built = ground.moved(&live).await?;
        let looks =
            ["id, a FROM t ORDER BY id", "id, e, s + 0, b + 0 FROM n ORDER BY id", "a, id, e FROM d ORDER BY a"];
        for look in looks.map(|look| format!("SELECT {look}")) {
            let rows = ground.rows(&built, &look).await?;
            ensure!(rows == ground.rows(&live, &look).await?, "{rows:?}");
        }
        ground.run(&built, &["INSERT INTO t (a) VALUES (9)"]).await?;
        let next = ground.rows(&built, "SELECT MAX(id) FROM t").await?;
        ensure!(next == [vec![Value::Integer(701)]], "a deleted row's number is given again: {next:?}");
        Ok(())
    })
}

#[test]
fn trap_m08_timestamps_and_time_zones() -> Result<()> {
    alone_on_each("m08", async |ground| {
        let live = ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY, at TIMESTAMP(6) NULL)"]).await?;
        ground.run(&live, &["SET GLOBAL time_zone = '-07:00'"]).await?;
        let tried = async {
            ground
                .run(&live, &["INSERT INTO t VALUES (1, '2026-03-29 02:30:00.000001'), (2, '1970-01-02 00:00:00')"])
                .await?;
            let built = ground.moved(&live).await?;
            ground.run(&live, &["SET GLOBAL time_zone = '+05:30'"]).await?;
            let sql = "SELECT id, UNIX_TIMESTAMP(at) FROM t ORDER BY id";
            ensure!(ground.rows(&live, sql).await? == ground.rows(&built, sql).await?, "the moments differ");
            Ok(())
        }
        .await;
        ground.run(&live, &["SET GLOBAL time_zone = 'SYSTEM'"]).await?;
        tried
    })
}

#[test]
fn trap_m23_invisible_columns() -> Result<()> {
    on_each("m23", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE t (id INT PRIMARY KEY, hidden INT INVISIBLE, twice INT AS (id * 2) STORED)",
                    "INSERT INTO t (id, hidden) VALUES (1, 11), (2, NULL)",
                ],
            )
            .await?;
        let rows = ground.same(&live, "SELECT id, hidden, twice FROM t ORDER BY id").await?;
        ensure!(rows[0] == [Value::Integer(1), Value::Integer(11), Value::Integer(2)], "{rows:?}");
        Ok(())
    })
}

#[test]
fn trap_m24_no_key_is_made_up() -> Result<()> {
    alone_on(TestServer::Mysql, "m24", &async |ground| {
        let live =
            ground.database("live", &["CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (1), (NULL)"]).await?;
        ground.run(&live, &["SET GLOBAL sql_generate_invisible_primary_key = ON"]).await?;
        let built = ground.moved(&live).await;
        let own = ground.run(&live, &["CREATE TABLE other (a INT)"]).await;
        ground.run(&live, &["SET GLOBAL sql_generate_invisible_primary_key = OFF"]).await?;
        own?;
        for place in [&built?, &live] {
            let keys = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
                        AND COLUMN_NAME = 'my_row_id'";
            ensure!(ground.rows(place, keys).await? == [vec![Value::Integer(0)]], "a key was made up in `{place}`");
        }
        Ok(())
    })
}

#[test]
fn trap_m27_padded_characters() -> Result<()> {
    alone_on_each("m27", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE t (id INT PRIMARY KEY, c CHAR(9), v VARCHAR(9))",
                    "INSERT INTO t VALUES (1, 'a ', 'b  ')",
                ],
            )
            .await?;
        ground.run(&live, &["SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',PAD_CHAR_TO_FULL_LENGTH')"]).await?;
        let built = ground.moved(&live).await;
        ground.run(&live, &["SET GLOBAL sql_mode = REPLACE(@@GLOBAL.sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')"]).await?;
        let rows = ground.rows(&built?, "SELECT CONCAT('<', c, '>'), CONCAT('<', v, '>') FROM t").await?;
        ensure!(rows == [vec![Value::from("<a>"), Value::from("<b  >")]], "{rows:?}");
        Ok(())
    })
}

#[test]
fn trap_m29_sequences_and_versions() -> Result<()> {
    on(TestServer::Mariadb, "m29", &async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE t (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
                    "INSERT INTO t VALUES (1, 1)",
                    "UPDATE t SET a = 2",
                    "DELETE FROM t",
                    "INSERT INTO t VALUES (2, 1)",
                    "CREATE SEQUENCE s START WITH 5 NOCACHE",
                    "DO NEXTVAL(s)",
                    "CREATE TABLE n (i INET6, u UUID)",
                    "INSERT INTO n VALUES ('::1', '123e4567-e89b-12d3-a456-426614174000'), (NULL, NULL)",
                ],
            )
            .await?;
        let built = ground.moved(&live).await?;
        for sql in [
            "SELECT id, a, UNIX_TIMESTAMP(row_start), UNIX_TIMESTAMP(row_end) FROM t FOR SYSTEM_TIME ALL ORDER BY row_start",
            "SELECT CAST(i AS CHAR), CAST(u AS CHAR) FROM n ORDER BY i",
            "SELECT next_not_cached_value FROM s",
        ] {
            let (before, after) = (ground.rows(&live, sql).await?, ground.rows(&built, sql).await?);
            ensure!(before == after, "{sql}: {before:?}, then {after:?}");
        }
        Ok(())
    })
}

/// The bounds of a version may have names, and stand among the columns and in the key.
#[test]
fn trap_m29_bounds_of_versions_that_have_names() -> Result<()> {
    on(TestServer::Mariadb, "m29b", &async |ground| {
        let bounds = "TIMESTAMP(6) GENERATED ALWAYS AS ROW";
        let shown = format!(
            "CREATE TABLE shown (id INT PRIMARY KEY, a INT, row_start INT, vf {bounds} START, vt {bounds} END, \
             PERIOD FOR SYSTEM_TIME (vf, vt)) WITH SYSTEM VERSIONING"
        );
        let hidden = format!(
            "CREATE TABLE hidden (row_end {bounds} START INVISIBLE, a INT, row_start {bounds} END INVISIBLE, \
             PERIOD FOR SYSTEM_TIME (row_end, row_start)) WITH SYSTEM VERSIONING"
        );
        let live = ground
            .database(
                "live",
                &[
                    &shown,
                    "INSERT INTO shown (id, a, row_start) VALUES (1, 1, 11), (2, 1, 12)",
                    "UPDATE shown SET a = 2 WHERE id = 1",
                    "DELETE FROM shown WHERE id = 2",
                    &hidden,
                    "INSERT INTO hidden (a) VALUES (1)",
                    "UPDATE hidden SET a = 2",
                ],
            )
            .await?;
        let built = ground.moved(&live).await?;
        for (sql, count) in [
            (
                "SELECT id, a, row_start, UNIX_TIMESTAMP(vf), UNIX_TIMESTAMP(vt) FROM shown FOR SYSTEM_TIME ALL ORDER BY vt, id",
                3,
            ),
            (
                "SELECT a, UNIX_TIMESTAMP(row_end), UNIX_TIMESTAMP(row_start) FROM hidden FOR SYSTEM_TIME ALL ORDER BY a",
                2,
            ),
            ("SELECT id, a FROM shown", 1),
        ] {
            let (before, after) = (ground.rows(&live, sql).await?, ground.rows(&built, sql).await?);
            ensure!(before == after && after.len() == count, "{sql}: {before:?}, then {after:?}");
        }
        let bounds = "BIGINT UNSIGNED GENERATED ALWAYS AS ROW";
        let counted = format!(
            "CREATE TABLE counted (id INT PRIMARY KEY, vf {bounds} START, vt {bounds} END, PERIOD FOR SYSTEM_TIME (vf, vt)) \
             ENGINE = InnoDB WITH SYSTEM VERSIONING"
        );
        ground.run(&live, &[&counted]).await?;
        let error = ground.dump(&live).await.err().context("numbers of transactions are dumped")?;
        ensure!(error.class == ErrorClass::Unsupported && error.message.contains("`counted`"), "{error:?}");
        Ok(())
    })
}

/// A table of the engine MERGE shows the rows of others. As its own they would be there twice.
#[test]
fn rows_that_a_table_only_shows_are_not_its_own() -> Result<()> {
    on_each("merge", async |ground| {
        let columns = "(id INT NOT NULL, a INT, KEY (id), KEY a (a))";
        let merge = format!("CREATE TABLE a_view {columns} ENGINE = MERGE UNION = (one, other) INSERT_METHOD = LAST");
        let live = ground
            .database(
                "live",
                &[
                    &format!("CREATE TABLE one {columns} ENGINE = MyISAM"),
                    &format!("CREATE TABLE other {columns} ENGINE = MyISAM"),
                    &merge,
                    "INSERT INTO one VALUES (1, 1), (2, 2)",
                    "INSERT INTO a_view VALUES (3, 3)",
                ],
            )
            .await?;
        let look =
            "SELECT (SELECT COUNT(*) FROM one), (SELECT COUNT(*) FROM other), (SELECT GROUP_CONCAT(id) FROM a_view)";
        let built = ground.moved(&live).await?;
        let mut counts = Vec::new();
        for place in [&live, &built] {
            let mut session = ground.write(place).await?;
            counts.push(session.count_rows().await?);
            session.close().await?;
        }
        ensure!(counts[0] == counts[1], "{counts:?}");
        let swap = ground.swap(&live, &built);
        ground.server.bulk().swap(&swap).await?;
        ground.run(&live, &["INSERT INTO a_view VALUES (4, 4)"]).await?;
        for (place, other, all) in [(&live, 2, "1,2,3,4"), (swap.kept.as_ref().context("kept")?, 1, "1,2,3")] {
            let rows = ground.rows(place, look).await?;
            ensure!(rows == [vec![Value::Integer(2), Value::Integer(other), Value::from(all)]], "{place}: {rows:?}");
        }
        Ok(())
    })
}

/// MariaDB forgets this option of an InnoDB table with every change that does not name it.
#[test]
fn options_that_the_server_forgets_come_back() -> Result<()> {
    on(TestServer::Mariadb, "forgets", &async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, KEY (a)) PAGE_CHECKSUM = 1",
                    "CREATE TABLE off (id INT PRIMARY KEY, a INT, KEY (a)) PAGE_CHECKSUM = 0",
                    "CREATE TABLE pages (id INT PRIMARY KEY, a INT, KEY (a)) ENGINE = Aria",
                    "INSERT INTO t (a) VALUES (1), (2)",
                ],
            )
            .await?;
        let built = ground.moved(&live).await?;
        let mut schemas = Vec::new();
        for place in [&live, &built] {
            let mut session = ground.write(place).await?;
            schemas.push(session.inspect().await?);
            session.close().await?;
        }
        let differences = stead_schema::compare(&schemas[0], &schemas[1]);
        ensure!(differences.is_empty(), "another schema: {differences:?}");
        Ok(())
    })
}

#[test]
fn trap_m31_keys_to_other_tables_are_not_left_out() -> Result<()> {
    on_each("m31", async |ground| {
        let live = ground
            .database("live", &[
                "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, b INT)",
                "CREATE TABLE b (id INT PRIMARY KEY AUTO_INCREMENT, a INT, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE)",
                "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)",
                "INSERT INTO a VALUES (1, NULL)",
                "INSERT INTO b VALUES (1, 1)",
                "UPDATE a SET b = 1",
            ])
            .await?;
        let copy = Place(format!("{live}_copy"));
        ground.server.remove(&copy).await?;
        ground.server.bulk().copy(&live, &copy).await?;
        let broken = ground.run(&copy, &["INSERT INTO b VALUES (5, 99)"]).await;
        ground.server.remove(&copy).await?;
        ensure!(broken.is_err(), "a row without its parent is taken");
        Ok(())
    })
}

#[test]
fn trap_m33_large_rows() -> Result<()> {
    on_each("m33", async |ground| {
        let live = ground
            .database("live", &["CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB) ROW_FORMAT = COMPRESSED"])
            .await?;
        ground.run(&live, &["INSERT INTO t VALUES (1, REPEAT(x'5c', 8000000)), (2, NULL)"]).await?;
        let rows = ground.same(&live, "SELECT id, LENGTH(b), MD5(b) FROM t ORDER BY id").await?;
        ensure!(rows[0][1] == Value::Integer(8_000_000), "{rows:?}");
        Ok(())
    })
}

#[test]
fn trap_m37_values_that_are_wrong_through_text() -> Result<()> {
    on_each("m37", async |ground| {
        let live = ground
            .database("live", &[
                "CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a'), t TIME(3), v VARCHAR(9), `odd ``name` INT, `select` INT)",
                "INSERT INTO t VALUES (1, 'a', '-838:59:59.000', '\\\\N', 1, 2), (2, NULL, '00:00:00.999', NULL, 3, 4)",
            ])
            .await?;
        ground.same(&live, "SELECT id, e, t, v, `odd ``name`, `select` FROM t ORDER BY id").await?;
        let mut session = ground.write(&live).await?;
        session.execute("SET SESSION sql_mode = ''", &[]).await?;
        // The value that stands for a wrong one, beside a label that is empty.
        for statement in [
            "INSERT INTO t (id, e) VALUES (3, 'nothing')",
            "CREATE TABLE l (id INT, e ENUM('a', '', 'b') NOT NULL, f ENUM('x') DEFAULT 'x', KEY (e), UNIQUE (id, e))",
            "INSERT INTO l VALUES (1, 'none', NULL), (2, '', ''), (3, 'b', 'x')",
        ] {
            session.execute(statement, &[]).await?;
        }
        session.close().await?;
        let look =
            "SELECT 0, id, e + 0, HEX(e), 0 FROM t UNION ALL SELECT 1, id, e + 0, HEX(e), f + 0 FROM l ORDER BY 1, 2";
        let rows = ground.same(&live, look).await?;
        ensure!(rows[2][2] == Value::Integer(0) || rows[2][2] == Value::Real(0.0), "{rows:?}");
        // A value that is not what was written stays refused.
        let whole = ground.dump(&live).await?;
        let forged = forged(&whole, "t", "1\t1\t", "1\t7\t")?;
        let built = ground.server.bulk().beside(&live, "m37");
        let error = ground.server.bulk().load(&built, forged, advance()).await.err().context("a label that is none")?;
        ensure!(matches!(error.class, ErrorClass::Refused | ErrorClass::Constraint), "{error:?}");
        ensure!(error.message.contains("`t`"), "{error:?}");
        Ok(())
    })
}

/// A table without a value of its own has rows all the same.
#[test]
fn rows_of_which_everything_is_worked_out() -> Result<()> {
    alone_on_each("worked", async |ground| {
        let live = ground.empty("live").await?;
        let made = ground
            .run(
                &live,
                &[
                    "CREATE TABLE t (a INT AS (1 + 1) STORED, b INT AS (3) VIRTUAL)",
                    "INSERT INTO t () VALUES (), (), ()",
                ],
            )
            .await;
        if made.is_err() {
            return Ok(());
        }
        let look = "SELECT a, b FROM t";
        ensure!(ground.same(&live, look).await?.len() == 3, "rows are missing");
        ground.run(&live, &["SET GLOBAL local_infile = OFF"]).await?;
        let tried = ground.same(&live, look).await;
        ground.run(&live, &["SET GLOBAL local_infile = ON"]).await?;
        ensure!(tried?.len() == 3, "rows are missing without files");
        Ok(())
    })
}

#[test]
fn names_of_every_sort_travel() -> Result<()> {
    on_each("names", async |ground| {
        let long = "n".repeat(64);
        let tables = ["select", "Größe", "a b", "q`uote", "d.ot", "s/lash", "per%cent", "UPPER", long.as_str()];
        let live = ground.empty("live").await?;
        for table in tables {
            let name = table.replace('`', "``");
            let create = format!("CREATE TABLE `{name}` (`{name}` INT PRIMARY KEY)");
            ground.run(&live, &[&create, &format!("INSERT INTO `{name}` VALUES (7)")]).await?;
        }
        let built = ground.moved(&live).await?;
        let mut session = ground.write(&built).await?;
        let counts: BTreeMap<String, u64> = session.count_rows().await?.into_iter().collect();
        session.close().await?;
        ensure!(counts.len() == tables.len() && counts.values().all(|count| *count == 1), "{counts:?}");
        ensure!(ground.kind() != EngineKind::Sqlite, "the family has two kinds");
        Ok(())
    })
}

/// A table that shows what another server has. Its rows are that one's: they are neither kept nor written there once more.
#[test]
fn trap_m12_rows_of_another_server_stay_there() -> Result<()> {
    on(TestServer::Mysql, "m12r", &async |ground| {
        let far = ground
            .database("far", &["CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1, 1)"])
            .await?;
        let engines = "SELECT COUNT(*) FROM information_schema.ENGINES WHERE ENGINE = 'FEDERATED' AND SUPPORT = 'YES'";
        if ground.rows(&far, engines).await? != [vec![Value::Integer(1)]] {
            // A server has this storage engine only when it was started with it.
            return Ok(());
        }
        let url = ground.url.replace("localhost", "127.0.0.1");
        let linked = format!(
            "CREATE TABLE linked (id INT PRIMARY KEY, a INT) ENGINE = FEDERATED CONNECTION = '{}/{far}/t'",
            url.trim_end_matches('/')
        );
        let live = ground
            .database("live", &[&linked, "CREATE TABLE own (id INT PRIMARY KEY)", "INSERT INTO own VALUES (1)"])
            .await?;
        let whole = ground.dump(&live).await?;
        let kept = String::from_utf8(whole.streams()["table/linked"].clone())?;
        ensure!(kept.contains("{\"rows\":0,"), "another server's rows are kept: {kept}");
        ground.same(&live, "SELECT id FROM own").await?;
        let built = ground.moved(&live).await?;
        let swap = ground.swap(&live, &built);
        ground.server.bulk().ready(&swap).await?;
        ground.server.bulk().swap(&swap).await?;
        ensure!(ground.rows(&live, "SELECT * FROM linked").await?.len() == 1, "another number of rows");
        let mut session = ground.write(&live).await?;
        ensure!(session.count_rows().await? == [("linked".to_owned(), 0), ("own".to_owned(), 1)], "they are counted");
        session.close().await?;
        // Nor is the other server asked for anything.
        ground.server.remove(&far).await?;
        ground.same(&live, "SELECT id FROM own").await?;
        // A snapshot that holds such rows is refused.
        let streams = whole.streams().into_iter().map(|(name, bytes)| match name.as_str() {
            "table/linked" => (name, whole.streams()["table/own"].clone()),
            _ => (name, bytes),
        });
        let older = Memory::of(streams.collect());
        older.remember(Source::schema(whole.as_ref()).context("a schema")?.clone());
        let built = ground.server.bulk().beside(&live, "m12r");
        let error =
            ground.server.bulk().load(&built, Arc::new(older), advance()).await.err().context("they are loaded")?;
        ensure!(error.class == ErrorClass::Refused && error.message.contains("linked"), "{error:?}");
        Ok(())
    })
}

/// Files in a directory that a table names have no name of a database.
#[test]
fn a_directory_holds_one_table_of_a_name() -> Result<()> {
    on(TestServer::Mariadb, "files", &async |ground| {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("stead_trap_files_{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777))?;
        let place = format!("DATA DIRECTORY = '{}'", folder.display());
        let mut tried = Vec::new();
        for rest in [
            format!("ENGINE = MyISAM {place}"),
            format!("ENGINE = InnoDB {place}"),
            format!("ENGINE = InnoDB PARTITION BY HASH (id) (PARTITION a {place}, PARTITION b)"),
        ] {
            let live = ground.empty("live").await?;
            // A server on another machine has not this directory.
            let table = format!("CREATE TABLE aside (id INT) {rest}");
            if ground.run(&live, &[&table, "INSERT INTO aside VALUES (1)"]).await.is_ok() {
                tried.push(ground.moved(&live).await.err().map(|error| error.downcast()));
                if rest.contains("InnoDB") {
                    // Nor is it taken away from where it is, for its files would stay there.
                    let built = ground.beside(&live, &["CREATE TABLE aside (id INT)"]).await?;
                    let swap = ground.swap(&live, &built);
                    tried.push(ground.server.bulk().ready(&swap).await.err().map(Ok));
                }
            }
            ground.server.remove(&live).await?;
        }
        std::fs::remove_dir_all(&folder)?;
        for error in tried {
            let error: stead_engine::EngineError = error.context("it is moved")??;
            let named = error.message.contains("`aside`") && format!("{error:?}").contains("director");
            ensure!(error.class == ErrorClass::Unsupported && named, "{error:?}");
        }
        Ok(())
    })
}
