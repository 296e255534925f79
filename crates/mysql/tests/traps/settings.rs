//! Traps of what stands beside tables and rows: where a sequence stands, what a database says of tables to come, and settings of a
//! server under which a definition means something else than it says.

use anyhow::{Context as _, Result, ensure};
use stead_engine::{Place, Value};
use stead_schema::EngineKind;
use stead_testkit::servers::TestServer;

use crate::ground::{Ground, alone_on, alone_on_each, on};

/// Sequences behind their first value, at their end, and in another round.
const STANDING: &[&str] = &[
    "CREATE SEQUENCE back START WITH 50",
    "ALTER SEQUENCE back RESTART WITH 5",
    "CREATE SEQUENCE down START WITH -50 INCREMENT BY -2 CACHE 3",
    "ALTER SEQUENCE down RESTART WITH -3",
    "CREATE SEQUENCE ended MAXVALUE 2 NOCACHE",
    "DO NEXTVAL(ended), NEXTVAL(ended)",
    "CREATE SEQUENCE rounds START WITH 3 MINVALUE 1 MAXVALUE 4 CYCLE NOCACHE",
    "DO NEXTVAL(rounds), NEXTVAL(rounds), NEXTVAL(rounds)",
    "CREATE SEQUENCE last START WITH 9223372036854775806 NOCACHE",
    "DO NEXTVAL(last)",
    "CREATE SEQUENCE fresh START WITH 7",
];

#[test]
fn trap_m29_sequences_stand_where_they_stood() -> Result<()> {
    on(TestServer::Mariadb, "m29s", &async |ground| {
        let live = ground.database("live", STANDING).await?;
        for name in ["back", "down", "ended", "rounds", "last", "fresh"] {
            let look = format!("SELECT next_not_cached_value, cycle_count, start_value FROM {name}");
            ground.same(&live, &look).await.with_context(|| name.to_owned())?;
        }
        let built = ground.moved(&live).await?;
        let mut session = ground.write(&built).await?;
        let rows = session.query("SELECT NEXTVAL(back), NEXTVAL(down), NEXTVAL(rounds)", &[]).await?;
        session.close().await?;
        ensure!(rows == [[5, -3, 2].map(Value::Integer).to_vec()], "{rows:?}");
        Ok(())
    })
}

/// Runs a body while the server has other settings.
async fn with(
    ground: &Ground,
    place: &Place,
    settings: &[(&str, &str)],
    body: impl AsyncFn() -> Result<()>,
) -> Result<()> {
    let mut before = Vec::new();
    for (name, value) in settings {
        let rows = ground.rows(place, &format!("SELECT CAST(@@GLOBAL.{name} AS SIGNED)")).await?;
        let was = rows.into_iter().flatten().next().and_then(|value| value.as_integer()).context("a number")?;
        before.push(format!("SET GLOBAL {name} = {was}"));
        ground.run(place, &[&format!("SET GLOBAL {name} = {value}")]).await?;
    }
    let done = body().await;
    for statement in before {
        ground.run(place, &[&statement]).await?;
    }
    done
}

async fn unchanged(ground: &Ground, live: &Place) -> Result<()> {
    let built = ground.moved(live).await?;
    let (mut one, mut other) = (ground.write(live).await?, ground.write(&built).await?);
    let differences = stead_schema::compare(&one.inspect().await?, &other.inspect().await?);
    one.close().await?;
    other.close().await?;
    ground.server.remove(&built).await?;
    ensure!(differences.is_empty(), "{differences:?}");
    Ok(())
}

#[test]
fn trap_m24_a_key_that_is_hidden_and_tables_without_one() -> Result<()> {
    alone_on(TestServer::Mysql, "m24h", &async |ground| {
        let live = ground.database("live", &["CREATE TABLE bare (a INT)", "INSERT INTO bare VALUES (1)"]).await?;
        let mut session = ground.write(&live).await?;
        for statement in [
            "SET SESSION sql_generate_invisible_primary_key = ON",
            "CREATE TABLE keyed (a INT)",
            "INSERT INTO keyed VALUES (1), (2), (3)",
            "DELETE FROM keyed WHERE a = 2",
        ] {
            session.execute(statement, &[]).await?;
        }
        session.close().await?;
        let settings = [("show_gipk_in_create_table_and_information_schema", "OFF"), ("sql_require_primary_key", "ON")];
        with(ground, &live, &settings, async || {
            unchanged(ground, &live).await?;
            let rows = ground.same(&live, "SELECT my_row_id, a FROM keyed ORDER BY 1").await?;
            let expected = [[1, 1], [3, 3]].map(|row| row.map(Value::Integer).to_vec());
            ensure!(rows == expected, "the key has other numbers: {rows:?}");
            let mut session = ground.write(&live).await?;
            let schema = session.inspect().await?;
            session.close().await?;
            ensure!(schema.table("keyed").is_some_and(|table| table.primary_key.is_some()), "the key is not seen");
            Ok(())
        })
        .await
    })
}

#[test]
fn trap_m06_moments_without_a_default_get_none() -> Result<()> {
    alone_on_each("m06m", async |ground| {
        let table = "CREATE TABLE t (id INT PRIMARY KEY, a TIMESTAMP NOT NULL, b TIMESTAMP NULL, c TIMESTAMP NOT NULL)";
        let live = ground.database("live", &[table]).await?;
        with(ground, &live, &[("explicit_defaults_for_timestamp", "OFF")], async || unchanged(ground, &live).await)
            .await
    })
}

/// Limits that are meant for applications. A view waits for files that are copied, and a dump takes as long as it takes.
#[test]
fn sessions_are_not_ended_by_the_clock() -> Result<()> {
    alone_on_each("clock", async |ground| {
        let live = ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await?;
        let limits: &[&str] = match ground.kind() {
            EngineKind::Mariadb => &[
                "idle_transaction_timeout",
                "idle_write_transaction_timeout",
                "idle_readonly_transaction_timeout",
                "max_statement_time",
            ],
            _ => &["max_execution_time"],
        };
        let settings: Vec<_> = limits.iter().map(|name| (*name, "5")).collect();
        with(ground, &live, &settings, async || {
            let look = format!(
                "SELECT @@{} = 0, @@wait_timeout > 86400, @@net_write_timeout >= 3600, @@net_read_timeout >= 3600",
                limits.join(" = 0, @@")
            );
            let mut view = ground.server.bulk().view(std::slice::from_ref(&live)).await?;
            let rows = view.session(&live)?.query(&look, &[]).await?;
            view.close().await?;
            for rows in [rows, ground.rows(&live, &look).await?] {
                ensure!(rows.iter().flatten().all(|value| *value == Value::Integer(1)), "{rows:?}");
            }
            Ok(())
        })
        .await
    })
}

/// Whether tables that are made in a database are encrypted if nothing is said; those that are there say nothing.
#[test]
fn trap_m17_databases_whose_tables_are_to_be_encrypted() -> Result<()> {
    on(TestServer::Mysql, "m17e", &async |ground| {
        let statements =
            ["CREATE TABLE t (a INT)", "CREATE TABLE m (a INT) ENGINE = MyISAM", "INSERT INTO t VALUES (1)"];
        let live = ground.database("live", &statements).await?;
        ground.run(&live, &[&format!("ALTER DATABASE `{live}` DEFAULT ENCRYPTION 'Y'")]).await?;
        // What the server has counted of a column goes along.
        let mut session = ground.write(&live).await?;
        let said = session.query("ANALYZE TABLE t UPDATE HISTOGRAM ON a WITH 7 BUCKETS", &[]).await?;
        session.close().await?;
        ensure!(format!("{said:?}").contains("created"), "{said:?}");
        let memory = ground.dump(&live).await?;
        let schema = stead_engine::snapshot::Source::schema(memory.as_ref()).context("a schema")?.clone();
        let look = "SELECT DEFAULT_ENCRYPTION FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()";
        let built = ground.server.bulk().beside(&live, "m17e");
        ground.server.bulk().load(&built, memory, stead_testkit::conformance::streams::advance()).await?;
        let mut session = ground.write(&built).await?;
        let differences = stead_schema::compare(&session.inspect().await?, &schema);
        session.close().await?;
        ensure!(differences.is_empty(), "{differences:?}");
        ensure!(ground.rows(&built, look).await? == [[Value::from("YES")]], "the load has lost it");
        let counted = "SELECT TABLE_NAME, COLUMN_NAME, HISTOGRAM->>'$.\"number-of-buckets-specified\"' \
                       FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME = DATABASE()";
        ensure!(ground.rows(&built, counted).await? == [["t", "a", "7"].map(Value::from)], "the histogram is lost");
        ground.server.remove(&built).await?;
        Ok(())
    })
}
