//! Traps of rows that a server took under other rules than a load has: a lax `sql_mode`, checks and keys that were switched off, a
//! clock that went on. What people have must come back as it is.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Source;
use stead_engine::{Place, Value};
use stead_testkit::conformance::streams::advance;
use stead_testkit::servers::TestServer;

use crate::ground::{Ground, alone_on_each, on, on_each};

/// Runs statements in one session that minds little.
async fn carelessly(ground: &Ground, place: &Place, statements: &[&str]) -> Result<()> {
    let mut session = ground.write(place).await?;
    for statement in ["SET SESSION sql_mode = ''", "SET SESSION foreign_key_checks = OFF"].iter().chain(statements) {
        session.execute(statement, &[]).await.with_context(|| (*statement).to_owned())?;
    }
    session.close().await?;
    Ok(())
}

/// Values that are worked out of others in ways that a strict server does not go.
const WORKED_OUT: &[&str] = &[
    "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, c VARCHAR(20), at DATETIME, \
     share DECIMAL(10,2) AS (a / b) STORED, number INT AS (CAST(c AS SIGNED)) VIRTUAL, day DATE AS (at) STORED, \
     CONSTRAINT some CHECK (a / b < 100 OR b IS NOT NULL), KEY numbered (number))",
    "INSERT INTO t (id, a, b, c, at) VALUES (1, 7, 0, '12abc', '2026-03-29 01:30:00'), (2, 7, 2, '3', NULL), \
     (3, NULL, NULL, '', '2026-03-29 23:59:59')",
    "CREATE TABLE twice (id INT PRIMARY KEY, a INT, b INT, share DECIMAL(10,2) AS (a / b) STORED)",
    "INSERT INTO twice (id, a, b) VALUES (1, 1, 0), (2, 1, 4)",
];

const LOOK: &str = "SELECT t.*, (SELECT COUNT(*) FROM twice WHERE share IS NULL) FROM t ORDER BY id";

#[test]
fn trap_m33_what_a_lax_server_has_worked_out() -> Result<()> {
    on_each("m33w", async |ground| {
        let live = ground.empty("live").await?;
        carelessly(ground, &live, WORKED_OUT).await?;
        if ground.kind() == stead_schema::EngineKind::Mysql {
            let key = "ALTER TABLE t ADD KEY computed ((CAST(c AS SIGNED) * 2))";
            carelessly(ground, &live, &[key, "INSERT INTO t (id, c) VALUES (4, 'x')"]).await?;
        }
        let rows = ground.same(&live, LOOK).await?;
        ensure!(rows[0][5] == Value::Null && rows[0][6] == Value::Integer(12), "{rows:?}");
        // A value that is not what was written stays refused.
        let whole = ground.dump(&live).await?;
        for (from, to) in [("1\t7\t0\t12abc", "1\t7\t99999999999\t12abc"), ("12abc", "12abcdefghijklmnopqrstuvw")] {
            let forged = crate::rows::forged(&whole, "t", from, to)?;
            let built = ground.server.bulk().beside(&live, "m33w");
            let error = ground.server.bulk().load(&built, forged, advance()).await.err();
            let error = error.with_context(|| format!("`{to}` is mended without a word"))?;
            ensure!(error.message.contains("`t`"), "the table is not named: {error}");
            ensure!(!ground.server.exists(&built).await?, "a refused load leaves a database");
        }
        Ok(())
    })
}

/// The same where the server takes no files of the client, and rows come in by inserts.
#[test]
fn trap_m33_what_a_lax_server_has_worked_out_comes_by_inserts_too() -> Result<()> {
    alone_on_each("m33i", async |ground| {
        let live = ground.empty("live").await?;
        carelessly(ground, &live, WORKED_OUT).await?;
        ground.run(&live, &["SET GLOBAL local_infile = OFF"]).await?;
        let tried = ground.same(&live, LOOK).await;
        ground.run(&live, &["SET GLOBAL local_infile = ON"]).await?;
        tried.map(|_rows| ())
    })
}

/// A check that held when the row was written, or was not looked at.
#[test]
fn rows_that_break_a_check_come_back() -> Result<()> {
    on(TestServer::Mariadb, "check", &async |ground| {
        let live = ground.empty("live").await?;
        let statements = [
            "CREATE TABLE t (id INT PRIMARY KEY, a INT, until DATE, CONSTRAINT low CHECK (a < 10), \
             KEY named (a))",
            "SET SESSION check_constraint_checks = OFF",
            "INSERT INTO t VALUES (1, 11, '2020-01-01'), (2, 1, '2020-01-01')",
        ];
        carelessly(ground, &live, &statements).await?;
        ground.same(&live, "SELECT * FROM t ORDER BY id").await?;
        Ok(())
    })
}

/// Keys that refer to a table that has gone, or was never there.
#[test]
fn trap_m25_foreign_keys_to_nowhere() -> Result<()> {
    on_each("m25n", async |ground| {
        let live = ground.empty("live").await?;
        let statements = [
            "CREATE TABLE children (id INT PRIMARY KEY, p INT, CONSTRAINT up FOREIGN KEY (p) REFERENCES parents (id))",
            "CREATE TABLE parents (id INT PRIMARY KEY)",
            "INSERT INTO parents VALUES (1)",
            "INSERT INTO children VALUES (1, 1), (2, 7), (3, NULL)",
            "DROP TABLE parents",
        ];
        carelessly(ground, &live, &statements).await?;
        ground.same(&live, "SELECT * FROM children ORDER BY id").await?;
        let built = ground.moved(&live).await?;
        let swap = ground.swap(&live, &built);
        ground.server.bulk().ready(&swap).await?;
        ground.server.bulk().swap(&swap).await?;
        for place in [&live, swap.kept.as_ref().context("kept")?] {
            let rows = ground.rows(place, "SELECT COUNT(*) FROM children").await?;
            ensure!(rows == [vec![Value::Integer(3)]], "{rows:?}");
        }
        Ok(())
    })
}

/// Rows that are longer than what the server takes in one piece from a client.
#[test]
fn trap_m33_rows_longer_than_a_packet() -> Result<()> {
    alone_on_each("m33p", async |ground| {
        let live = ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY, a LONGBLOB, b LONGBLOB)"]).await?;
        let rows = [
            "SET SESSION innodb_lock_wait_timeout = 50",
            "INSERT INTO t VALUES (1, REPEAT('a', 1500000), NULL), (2, NULL, NULL)",
            "UPDATE t SET b = REVERSE(a)",
        ];
        ground.run(&live, &rows).await?;
        let packet = ground.rows(&live, "SELECT @@GLOBAL.max_allowed_packet").await?;
        let Value::Integer(packet) = packet[0][0] else { anyhow::bail!("no number") };
        ground.run(&live, &["SET GLOBAL max_allowed_packet = 2097152"]).await?;
        let tried = ground.same(&live, "SELECT id, MD5(a), MD5(b), LENGTH(b) FROM t ORDER BY id").await;
        ground.run(&live, &[&format!("SET GLOBAL max_allowed_packet = {packet}")]).await?;
        tried.map(|_rows| ())
    })
}

/// A view that calls a function that reads a view whose name comes later.
#[test]
fn trap_m22_views_that_need_later_ones_by_way_of_a_function() -> Result<()> {
    on_each("m22f", async |ground| {
        let statements = [
            "CREATE TABLE t (id INT PRIMARY KEY)",
            "INSERT INTO t VALUES (1), (2)",
            "CREATE VIEW z AS SELECT id FROM t",
            "CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT MAX(id) FROM z)",
            "CREATE VIEW a AS SELECT f() AS n, 'é' AS e",
        ];
        let live = ground.database("live", &statements).await?;
        ground.same(&live, "SELECT n, HEX(e) FROM a").await?;
        let whole = ground.dump(&live).await?;
        let schema = Source::schema(whole.as_ref()).context("a schema")?.clone();
        let built = ground.moved(&live).await?;
        let mut session = ground.write(&built).await?;
        let differences = stead_schema::compare(&schema, &session.inspect().await?);
        session.close().await?;
        ensure!(differences.is_empty(), "{differences:?}");
        Ok(())
    })
}

/// A view that looks into another database names its own as well.
#[test]
fn trap_m22_views_across_databases() -> Result<()> {
    on_each("m22x", async |ground| {
        let other = ground
            .database("other", &["CREATE TABLE o (id INT PRIMARY KEY, b INT)", "INSERT INTO o VALUES (1, 5)"])
            .await?;
        let live = ground
            .database("live", &["CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1, 3)"])
            .await?;
        let view = format!("CREATE VIEW v AS SELECT t.a, o.b FROM t JOIN `{other}`.o ON o.id = t.id");
        ground.run(&live, &[&view]).await?;
        let whole = ground.dump(&live).await?;
        ground.same(&live, "SELECT a, b FROM v").await?;
        let built = ground.moved(&live).await?;
        ground.run(&built, &["UPDATE t SET a = 4"]).await?;
        let swap = ground.swap(&live, &built);
        ground.server.bulk().swap(&swap).await?;
        let look = "SELECT a, b FROM v";
        ensure!(ground.rows(&live, look).await? == [[4, 5].map(Value::Integer).to_vec()], "another table's row");
        let kept = swap.kept.context("kept")?;
        ensure!(
            ground.rows(&kept, look).await? == [[3, 5].map(Value::Integer).to_vec()],
            "another table's row is kept"
        );
        ground.server.remove(&live).await?;
        ground.server.bulk().load(&live, Arc::clone(&whole) as _, advance()).await?;
        ensure!(
            ground.rows(&live, look).await? == [[3, 5].map(Value::Integer).to_vec()],
            "another table's row is loaded"
        );
        Ok(())
    })
}
