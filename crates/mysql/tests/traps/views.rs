//! Traps of the moment: what changes while a dump runs, and tables that no transaction covers. Each has a second session that
//! does the harm in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use stead_engine::{Access, ErrorClass, Place, Value};
use stead_testkit::conformance::streams::{Memory, advance};

use crate::ground::{Ground, in_a_session, on_each};

/// Begins a view, lets somebody try a statement on it meanwhile, and counts what the dump has.
async fn meanwhile(ground: &Ground, statement: &str) -> Result<(bool, usize)> {
    let live = ground
        .database("live", &["CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1, 1), (2, 2)"])
        .await?;
    let memory = Arc::new(Memory::default());
    let mut view = ground.server.bulk().view(std::slice::from_ref(&live)).await?;
    let mut other = ground.server.open(&live, Access::Write).await?;
    other.execute("SET SESSION lock_wait_timeout = 1", &[]).await?;
    let harmed = tokio::time::timeout(Duration::from_secs(20), other.execute(statement, &[])).await?.is_ok();
    view.dump(&live, Arc::clone(&memory) as _, advance()).await?;
    view.close().await?;
    other.close().await?;
    let stream = memory.streams().remove("table/t").context("the table is not in the dump")?;
    Ok((harmed, String::from_utf8(stream)?.lines().count() - 2))
}

#[test]
fn trap_m11_a_truncated_table_is_not_dumped_empty() -> Result<()> {
    on_each("m11", async |ground| {
        for statement in ["TRUNCATE t", "ALTER TABLE t ADD COLUMN b INT", "DROP TABLE t", "RENAME TABLE t TO u"] {
            let (harmed, rows) = meanwhile(ground, statement).await?;
            ensure!(!harmed, "`{statement}` goes through in the middle of a dump");
            ensure!(rows == 2, "`{statement}`: {rows} rows");
        }
        let (_written, rows) = meanwhile(ground, "DELETE FROM t").await?;
        ensure!(rows == 2, "a delete that came later is in the dump");
        Ok(())
    })
}

/// A catalog shows what came after the view began. It must not come into the schema, for its rows are not in the dump.
#[test]
fn trap_m11_what_is_made_during_a_dump_is_told_apart() -> Result<()> {
    on_each("m11l", async |ground| {
        let statements = ["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"];
        let (first, second) =
            (ground.database("first", &statements).await?, ground.database("second", &statements).await?);
        let places = [first.clone(), second.clone()];
        let mut view = ground.server.bulk().view(&places).await?;
        let before = view.session(&second)?.inspect().await?;
        ground.run(&second, &["CREATE TABLE late (id INT PRIMARY KEY)", "INSERT INTO late VALUES (1)"]).await?;
        let session = view.session(&second)?;
        let seen = session.inspect().await.map(|schema| schema == before);
        let counted = session.count_rows().await.map(|counts| counts == [("t".to_owned(), 1)]);
        // MySQL's catalog is of the moment of the view, MariaDB's is not.
        for told in [seen, counted] {
            match told {
                Ok(same) => ensure!(same, "it is taken for a part of the dump"),
                Err(error) => {
                    ensure!(error.class == ErrorClass::Conflict && error.message.contains("changed"), "{error:?}");
                }
            }
        }
        ensure!(view.session(&first)?.inspect().await?.tables.len() == 1, "another database is in doubt");
        let memory = Arc::new(Memory::default());
        memory.remember(before);
        view.dump(&second, Arc::clone(&memory) as _, advance()).await?;
        view.close().await?;
        let built = ground.server.bulk().beside(&second, "m11l");
        ground.server.bulk().load(&built, memory, advance()).await?;
        ground.server.remove(&built).await?;
        Ok(())
    })
}

/// Somebody who makes and drops tables all the time: a dump goes through, or says what hinders it.
#[test]
fn trap_m11_a_schema_that_is_never_still() -> Result<()> {
    on_each("m11s", async |ground| {
        let live =
            ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let (url, place, stopped) = (ground.url.clone(), live.clone(), Arc::clone(&stop));
        let restless = std::thread::spawn(move || {
            in_a_session(&url, &place, async |session| {
                while !stopped.load(Ordering::Relaxed) {
                    for statement in ["CREATE TABLE IF NOT EXISTS u (id INT)", "DROP TABLE u"] {
                        session.execute(statement, &[]).await?;
                    }
                }
                Ok(())
            })
        });
        let mut tried = Vec::new();
        let copy = Place(format!("{live}_copy"));
        tried.push(ground.server.bulk().copy(&live, &copy).await.err());
        ground.server.remove(&copy).await?;
        tried.push(ground.dump(&live).await.err());
        stop.store(true, Ordering::Relaxed);
        // Sessions that were left are ended by this runtime, which must not stand still.
        tokio::task::spawn_blocking(|| restless.join().expect("nobody panics")).await??;
        for error in tried.into_iter().flatten() {
            let named = error.message.contains("changed") || error.message.contains("in use");
            ensure!(matches!(error.class, ErrorClass::Conflict | ErrorClass::LockTimeout) && named, "{error:?}");
        }
        Ok(())
    })
}

#[test]
fn trap_m12_tables_without_transactions_are_locked() -> Result<()> {
    on_each("m12", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE plain (id INT PRIMARY KEY, a INT) ENGINE = MyISAM",
                    "CREATE TABLE counted (n INT)",
                    "INSERT INTO plain VALUES (1, 1)",
                    "INSERT INTO counted VALUES (1)",
                ],
            )
            .await?;
        let memory = Arc::new(Memory::default());
        let mut view = ground.server.bulk().view(std::slice::from_ref(&live)).await?;
        let mut other = ground.write(&live).await?;
        other.execute("SET SESSION lock_wait_timeout = 1", &[]).await?;
        let added = other.execute("INSERT INTO plain VALUES (2, 2)", &[]).await;
        ensure!(added.is_err(), "a table without transactions is written while it is dumped");
        other.execute("UPDATE counted SET n = 2", &[]).await?;
        view.dump(&live, Arc::clone(&memory) as _, advance()).await?;
        view.close().await?;
        let streams = memory.streams();
        ensure!(streams["table/plain"].windows(4).any(|bytes| bytes == b"\n1\t1"), "the row is missing");
        ensure!(streams["table/counted"].windows(3).any(|bytes| bytes == b"\n1\n"), "a later value is in the dump");
        other.execute("INSERT INTO plain VALUES (2, 2)", &[]).await?;
        Ok(())
    })
}

/// Somebody who locks a table again and again waits whenever we have it, and everybody else waits behind that.
#[test]
fn trap_m12_tables_that_others_lock_again_and_again() -> Result<()> {
    on_each("m12l", async |ground| {
        let statements =
            ["CREATE TABLE plain (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE = MyISAM", "INSERT INTO plain VALUES (1)"];
        let live = ground.database("live", &statements).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let (url, place, stopped) = (ground.url.clone(), live.clone(), Arc::clone(&stop));
        let locking = std::thread::spawn(move || {
            in_a_session(&url, &place, async |session| {
                while !stopped.load(Ordering::Relaxed) {
                    session.execute("LOCK TABLES plain WRITE", &[]).await?;
                    session.execute("INSERT INTO plain VALUES ()", &[]).await?;
                    session.execute("UNLOCK TABLES", &[]).await?;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Ok(())
            })
        });
        let mut dumped = Ok(());
        for _dump in 0..5 {
            dumped = dumped.and(ground.dump(&live).await.map(|_memory| ()));
        }
        stop.store(true, Ordering::Relaxed);
        locking.join().expect("nobody panics")?;
        Ok(dumped?)
    })
}

#[test]
fn trap_m09_one_view_of_several_databases() -> Result<()> {
    on_each("m09", async |ground| {
        let mut places = Vec::new();
        for name in ["one", "two"] {
            places.push(ground.database(name, &["CREATE TABLE t (n INT)", "INSERT INTO t VALUES (0)"]).await?);
        }
        let mut view = ground.server.bulk().view(&places).await?;
        for place in &places {
            ground.run(place, &["UPDATE t SET n = n + 1"]).await?;
        }
        for place in &places {
            let rows = view.session(place)?.query("SELECT n, DATABASE() FROM t", &[]).await?;
            ensure!(rows == [vec![Value::Integer(0), Value::from(place.0.as_str())]], "{rows:?}");
        }
        view.close().await?;
        Ok(())
    })
}

/// What was cut off here must not go on there.
#[test]
fn a_statement_that_nobody_waits_for_is_killed() -> Result<()> {
    on_each("killed", async |ground| {
        let live = ground.empty("live").await?;
        let mut session = ground.write(&live).await?;
        let asleep = tokio::time::timeout(Duration::from_millis(300), session.query("SELECT SLEEP(600)", &[])).await;
        ensure!(asleep.is_err(), "the server does not sleep");
        drop(session);
        let sleeping = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(600)%'";
        for _attempt in 0..50 {
            if ground.rows(&live, sleeping).await? == [vec![Value::Integer(0)]] {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("the server still sleeps")
    })
}
