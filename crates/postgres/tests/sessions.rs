//! What sessions do beyond the common suite: values of every kind, notices, cancellation, ways to connect, and that a password
//! is in no message. Each test runs on every version that is there.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use stead_engine::{Access, ErrorClass, Place, Server as _, TransactionKind, Value};
use stead_postgres::PostgresServer;
use stead_schema::model::Name;
use stead_testkit::servers::TestServer;

fn on_each<F: AsyncFn(&PostgresServer, &str) -> Result<()>>(test: F) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for which in [TestServer::Postgres15, TestServer::Postgres18] {
        if let Some(url) = which.url() {
            let server = PostgresServer::connect_lazily(&url)?;
            runtime.block_on(test(&server, &url)).with_context(|| which.key())?;
        }
    }
    Ok(())
}

fn maintenance() -> Place {
    Place("postgres".to_owned())
}

#[test]
fn values_of_every_kind_come_as_the_server_spells_them() -> Result<()> {
    on_each(async |server, _url| {
        let mut session = server.scratch().await?;
        session.execute("CREATE TYPE mood AS ENUM ('sad', 'it''s ok')", &[]).await?;
        session.execute("CREATE DOMAIN small AS integer CHECK (VALUE < 100)", &[]).await?;
        let create = "CREATE TABLE t (a boolean, b numeric(8, 2), c timestamptz, d mood, e integer[], f jsonb, g small,
                      h int4range, i interval, j aclitem, k real, l uuid, m regclass)";
        session.execute(create, &[]).await?;
        let values: Vec<Value> = [
            Value::Integer(1),
            Value::from("1.50"),
            Value::from("2026-03-04 05:06:07+01"),
            Value::from("it's ok"),
            Value::from("{1,NULL,3}"),
            Value::from("{\"b\": 1, \"a\": [true]}"),
            Value::Integer(99),
            Value::from("[1,5)"),
            Value::from("1 day 02:00"),
            Value::from("postgres=r/postgres"),
            Value::Real(0.1),
            Value::from("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
            Value::from("pg_class"),
        ]
        .to_vec();
        let marks: Vec<String> = (1..=values.len()).map(|number| format!("${number}")).collect();
        session.execute(&format!("INSERT INTO t VALUES ({})", marks.join(", ")), &values).await?;
        let expected: Vec<Value> = [
            Value::Integer(1),
            Value::from("1.50"),
            Value::from("2026-03-04 04:06:07+00"),
            Value::from("it's ok"),
            Value::from("{1,NULL,3}"),
            Value::from("{\"a\": [true], \"b\": 1}"),
            Value::Integer(99),
            Value::from("[1,5)"),
            Value::from("1 day 02:00:00"),
            Value::from("postgres=r/postgres"),
            Value::Real(0.1),
            Value::from("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            Value::from("pg_class"),
        ]
        .to_vec();
        ensure!(session.query("SELECT * FROM t", &[]).await? == std::slice::from_ref(&expected));
        let parameters = [values[6].clone(), values[3].clone()];
        let found = session.query("SELECT * FROM t WHERE d = $2 AND g = $1 -- $3", &parameters);
        ensure!(found.await? == std::slice::from_ref(&expected), "a parameter was not taken");
        let mut stream = session.stream("SELECT * FROM t;", 10).await?;
        ensure!(stream.next().await? == [expected], "a stream spells otherwise");
        ensure!(stream.columns()[1].declared.as_deref() == Some("numeric(8,2)"), "{:?}", stream.columns());
        drop(stream);
        let error =
            session.execute("UPDATE t SET g = $1", &[Value::Integer(100)]).await.err().context("100 is small")?;
        ensure!(error.class == ErrorClass::Constraint, "{error:?}");
        let error = session.query("SELECT 1; SELECT 2", &[]).await.err().context("two statements run as one")?;
        ensure!(error.class == ErrorClass::Syntax, "{error:?}");
        session.close().await?;
        Ok(())
    })
}

#[test]
fn rows_go_into_tables_of_any_name() -> Result<()> {
    on_each(async |server, _url| {
        let mut session = server.scratch().await?;
        session.execute("CREATE SCHEMA \"In\"", &[]).await?;
        session.execute("CREATE TABLE \"In\".\"select\" (\"A b\" integer, c text)", &[]).await?;
        session.execute("CREATE TABLE \"with.dot\" (a bigint)", &[]).await?;
        let columns = ["A b".to_owned(), "c".to_owned()];
        let rows = (0..3000).map(|number| vec![Value::from(number.to_string()), Value::Null]).collect();
        ensure!(session.insert(&Name::within("In", "select"), &columns, rows).await? == 3000);
        ensure!(session.insert(&Name::flat("with.dot"), &["a".to_owned()], vec![vec![Value::from("7")]]).await? == 1);
        let counts = session.count_rows().await?;
        ensure!(counts == [("In.select".to_owned(), 3000), ("with.dot".to_owned(), 1)], "{counts:?}");
        let rows = vec![vec![Value::from("8")], vec![Value::from("no number")], vec![Value::from("9")]];
        let error =
            session.insert(&Name::flat("with.dot"), &["a".to_owned()], rows).await.err().context("text is a number")?;
        ensure!(error.message.contains("row 2 of 3"), "{error:?}");
        ensure!(session.count_rows().await?[1].1 == 1, "half of the rows are there");
        session.close().await?;
        Ok(())
    })
}

#[test]
fn notices_are_kept_until_somebody_asks() -> Result<()> {
    on_each(async |server, _url| {
        let mut session = server.scratch().await?;
        session.execute("DO $$ BEGIN RAISE NOTICE 'one %', 1; RAISE WARNING 'two'; END $$", &[]).await?;
        ensure!(session.notices() == ["notice: one 1", "warning: two"]);
        ensure!(session.notices().is_empty(), "they are told twice");
        session.close().await?;
        Ok(())
    })
}

#[test]
fn a_session_that_is_dropped_stops_the_server() -> Result<()> {
    on_each(async |server, _url| {
        let mut session = server.open(&maintenance(), Access::Write).await?;
        let mark = format!("SELECT 'stopped by {}', pg_sleep(60)", std::process::id());
        let cut = tokio::time::timeout(Duration::from_millis(300), session.query(&mark, &[])).await;
        ensure!(cut.is_err(), "it does not sleep");
        let began = Instant::now();
        ensure!(session.query("SELECT 1", &[]).await? == [[Value::Integer(1)]], "the session is of no use afterwards");
        ensure!(began.elapsed() < Duration::from_secs(30), "it waited for the sleeper");
        let cut = tokio::time::timeout(Duration::from_millis(300), session.query(&mark, &[])).await;
        ensure!(cut.is_err(), "it does not sleep");
        drop(session);
        let mut other = server.open(&maintenance(), Access::Read).await?;
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '{}'",
            mark.replace('\'', "''")
        );
        let began = Instant::now();
        while other.query(&sql, &[]).await? != [[Value::Integer(0)]] {
            ensure!(began.elapsed() < Duration::from_secs(20), "the server goes on without us");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    })
}

#[test]
fn a_transaction_that_failed_is_not_kept() -> Result<()> {
    on_each(async |server, _url| {
        let mut session = server.scratch().await?;
        session.execute("CREATE TABLE t (a integer)", &[]).await?;
        session.begin(TransactionKind::Write).await?;
        session.execute("INSERT INTO t VALUES (1)", &[]).await?;
        ensure!(session.execute("SELEKT", &[]).await.is_err());
        let error = session.commit().await.err().context("the server took everything back, and said it was done")?;
        ensure!(error.class == ErrorClass::Refused, "{error:?}");
        session.begin(TransactionKind::Write).await?;
        session.execute("SAVEPOINT here", &[]).await?;
        ensure!(session.execute("SELEKT", &[]).await.is_err());
        session.execute("ROLLBACK TO here", &[]).await?;
        session.execute("INSERT INTO t VALUES (2)", &[]).await?;
        session.commit().await?;
        ensure!(session.query("SELECT a FROM t", &[]).await? == [[Value::Integer(2)]]);
        session.close().await?;
        Ok(())
    })
}

#[test]
fn deferred_constraints_fail_at_the_commit() -> Result<()> {
    on_each(async |server, _url| {
        let mut session = server.scratch().await?;
        session.execute("CREATE TABLE t (a integer PRIMARY KEY, b integer REFERENCES t DEFERRABLE)", &[]).await?;
        session.begin(TransactionKind::Schema).await?;
        session.execute("INSERT INTO t VALUES (1, 2)", &[]).await?;
        session.execute("INSERT INTO t VALUES (2, 1)", &[]).await?;
        session.commit().await?;
        session.begin(TransactionKind::Schema).await?;
        session.execute("INSERT INTO t VALUES (3, 77)", &[]).await?;
        let error = session.commit().await.err().context("an orphan is kept")?;
        ensure!(error.class == ErrorClass::Constraint, "{error:?}");
        ensure!(session.query("SELECT count(*) FROM t", &[]).await? == [[Value::Integer(2)]]);
        session.close().await?;
        Ok(())
    })
}

#[test]
fn a_wrong_password_is_refused_and_nowhere_repeated() -> Result<()> {
    on_each(async |_server, url| {
        let (_login, address) = url.rsplit_once('@').context("the URL of a test server has a login")?;
        for (login, class) in
            [("postgres:canary", ErrorClass::Refused), ("nobody_of_that_name:canary", ErrorClass::Refused)]
        {
            let server = PostgresServer::connect_lazily(&format!("postgres://{login}@{address}"))?;
            let place = maintenance();
            let error = server.open(&place, Access::Read).await.err().context("anybody may come in")?;
            ensure!(error.class == class, "{error:?}");
            ensure!(server.exists(&place).await.is_err(), "who may not ask is answered");
            ensure!(!format!("{error:?}{error}{server:?}").contains("canary"), "{error:?}");
        }
        Ok(())
    })
}

#[test]
fn time_limits_of_the_url_hold() -> Result<()> {
    on_each(async |_server, url| {
        let server =
            PostgresServer::connect_lazily(&format!("{url}/postgres?statement_timeout=100&application_name=mine"))?;
        ensure!(server.database() == Some(maintenance()));
        let mut session = server.open(&maintenance(), Access::Read).await?;
        let error = session.query("SELECT pg_sleep(30)", &[]).await.err().context("it sleeps on")?;
        ensure!(error.class == ErrorClass::Interrupted, "{error:?}");
        ensure!(session.query("SHOW application_name", &[]).await? == [[Value::from("mine")]]);
        // Somebody who listens and never speaks.
        let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
        let url = format!("postgres://x@{}/?connect_timeout=1", silent.local_addr()?);
        let began = Instant::now();
        let error = PostgresServer::connect_lazily(&url)?.version().await.err().context("nobody answers")?;
        ensure!(error.class == ErrorClass::Unreachable, "{error:?}");
        ensure!(began.elapsed() < Duration::from_secs(20), "it waited for {:?}", began.elapsed());
        Ok(())
    })
}

#[test]
fn scratch_databases_of_the_dead_are_removed() -> Result<()> {
    on_each(async |server, _url| {
        let dead = Place("stead_scratch_60000000_dead".to_owned());
        server.remove(&dead).await?;
        server.create(&dead).await?;
        let session = server.scratch().await?;
        ensure!(!server.exists(&dead).await?, "it stays for ever");
        session.close().await?;
        Ok(())
    })
}

#[test]
fn tls_is_used_as_far_as_the_url_asks_for_it() -> Result<()> {
    on_each(async |server, url| {
        let mut session = server.open(&maintenance(), Access::Read).await?;
        let offered = session.query("SHOW ssl", &[]).await? == [[Value::from("on")]];
        session.close().await?;
        for (mode, encrypted) in
            [("disable", Some(false)), ("prefer", Some(offered)), ("require", offered.then_some(true))]
        {
            let server = PostgresServer::connect_lazily(&format!("{url}/?sslmode={mode}"))?;
            match (server.open(&maintenance(), Access::Read).await, encrypted) {
                (Ok(mut session), Some(encrypted)) => {
                    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
                    let found = session.query(sql, &[]).await?;
                    ensure!(found == [[Value::Integer(i64::from(encrypted))]], "{mode}: {found:?}");
                }
                (Err(error), None) => ensure!(error.class == ErrorClass::Refused, "{mode}: {error:?}"),
                (opened, _) => anyhow::bail!("{mode}: {:?}", opened.err()),
            }
        }
        // No server of a test has a certificate that browsers trust.
        for mode in ["verify-ca", "verify-full"] {
            let server = PostgresServer::connect_lazily(&format!("{url}/?sslmode={mode}"))?;
            let error =
                server.open(&maintenance(), Access::Read).await.err().context("anybody's certificate is taken")?;
            ensure!(error.class == ErrorClass::Refused, "{mode}: {error:?}");
        }
        let Ok(root) = std::env::var("STEAD_TEST_POSTGRES_ROOT") else { return Ok(()) };
        for mode in ["verify-ca", "verify-full"] {
            let server = PostgresServer::connect_lazily(&format!("{url}/?sslmode={mode}&sslrootcert={root}"))?;
            server.version().await.with_context(|| mode.to_owned())?;
        }
        Ok(())
    })
}
