//! Traps of the swap: what does not move with the tables, who is in the way, and what must not happen to the copy that is
//! kept. Each swaps for real and looks at both databases afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Swap;
use stead_engine::{EngineError, ErrorClass, Place, TransactionKind, Value};
use stead_testkit::servers::TestServer;

use crate::ground::{Ground, alone_on_each, in_a_session, on, on_each};

/// A database with one of everything that does not move by itself.
const EVERYTHING: &[&str] = &[
    "CREATE TABLE t (id INT PRIMARY KEY, a INT, n INT NOT NULL DEFAULT 0)",
    "CREATE TABLE log (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(50))",
    "CREATE TRIGGER first BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n + 1",
    "CREATE TRIGGER second BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n * 10",
    "CREATE TRIGGER told AFTER INSERT ON t FOR EACH ROW INSERT INTO log (what) VALUES (CONCAT('row ', NEW.id))",
    "CREATE VIEW z AS SELECT id, n FROM t",
    "CREATE VIEW a_view AS SELECT id FROM z WHERE n > 0",
    "CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN x * 2",
    "CREATE PROCEDURE fill() BEGIN INSERT INTO t (id, a) VALUES (900, twice(2)); END",
    "CREATE EVENT tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO log (what) VALUES ('tick')",
];

async fn everything(ground: &Ground, name: &str, mark: i64) -> Result<Place> {
    let place = ground.database(name, EVERYTHING).await?;
    ground.run(&place, &[&format!("INSERT INTO t (id, a) VALUES ({mark}, 1)")]).await?;
    Ok(place)
}

/// What the database answers where triggers, views and routines have their part in it.
async fn works(ground: &Ground, place: &Place, mark: i64) -> Result<()> {
    ground.run(place, &["CALL fill()"]).await?;
    let rows = ground.rows(place, "SELECT a, n, (SELECT COUNT(*) FROM a_view) FROM t WHERE id = 900").await?;
    ensure!(rows == [[4, 10, 2].map(Value::Integer).to_vec()], "{place}: {rows:?}");
    let told = ground.rows(place, "SELECT COUNT(*) FROM log WHERE what = 'row 900'").await?;
    ensure!(told == [vec![Value::Integer(1)]], "{place}: {told:?}");
    let marked = ground.rows(place, &format!("SELECT COUNT(*) FROM t WHERE id = {mark}")).await?;
    ensure!(marked == [vec![Value::Integer(1)]], "{place} has not its own rows");
    ground.run(place, &["DELETE FROM t WHERE id = 900"]).await
}

#[test]
fn trap_m13_triggers_and_views_do_not_move() -> Result<()> {
    on_each("m13", async |ground| {
        let live = everything(ground, "live", 1).await?;
        let built = ground.beside(&live, EVERYTHING).await?;
        ground.run(&built, &["INSERT INTO t (id, a) VALUES (2, 1)"]).await?;
        let swap = ground.swap(&live, &built);
        ground.server.bulk().ready(&swap).await?;
        ground.server.bulk().swap(&swap).await?;
        works(ground, &live, 2).await?;
        works(ground, swap.kept.as_ref().context("kept")?, 1).await?;
        ensure!(!ground.server.exists(&built).await?, "the built database is still there");
        Ok(())
    })
}

/// Every place where a swap can be cut off.
pub(crate) const STEPS: [&str; 7] = ["prepared", "journaled", "cleared", "renamed", "kept", "restored", "committed"];

/// Swaps in another process; does nothing in an ordinary run.
#[test]
fn child_swap() -> Result<()> {
    let (Ok(swap), Ok(url)) = (std::env::var("STEAD_TRAP_SWAP"), std::env::var("STEAD_TRAP_URL")) else {
        return Ok(());
    };
    let server = stead_mysql::MysqlServer::connect_lazily(&url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(stead_engine::Server::bulk(&server).swap(&serde_json::from_str(&swap)?))?)
}

/// Swaps in a process that is killed at a step, and completes the swap.
pub(crate) async fn cut_off(ground: &Ground, swap: &Swap, step: &str) -> Result<()> {
    let mut child = std::process::Command::new(std::env::current_exe()?);
    child.args(["--exact", "swaps::child_swap", "--test-threads", "1"]);
    child.env("STEAD_TRAP_SWAP", serde_json::to_string(swap)?).env("STEAD_TRAP_URL", &ground.url);
    child.env("STEAD_FAILPOINT", format!("swap.{step}=kill")).stdout(std::process::Stdio::null());
    ensure!(!child.status()?.success(), "`{step}` is not passed");
    ground.server.bulk().swap(swap).await.with_context(|| format!("again after `{step}`"))
}

#[test]
fn trap_m13_a_swap_that_is_killed_loses_no_trigger_and_no_view() -> Result<()> {
    on_each("m13k", async |ground| {
        for step in STEPS {
            let live = everything(ground, "live", 1).await?;
            let built = ground.beside(&live, EVERYTHING).await?;
            ground.run(&built, &["INSERT INTO t (id, a) VALUES (2, 1)"]).await?;
            let swap = ground.swap(&live, &built);
            cut_off(ground, &swap, step).await?;
            works(ground, &live, 2).await.with_context(|| step.to_owned())?;
            let kept = swap.kept.as_ref().context("kept")?;
            works(ground, kept, 1).await.with_context(|| step.to_owned())?;
            ensure!(!ground.server.exists(&built).await?, "{step}: the built database is still there");
            ground.server.remove(kept).await?;
        }
        Ok(())
    })
}

/// Tables whose every row is written down by a trigger, one of them by way of another, and views of them.
const WATCHED: &[&str] = &[
    "CREATE TABLE a_plain (id INT PRIMARY KEY AUTO_INCREMENT, n INT)",
    "CREATE TABLE parents (id INT PRIMARY KEY)",
    "CREATE TABLE t (id INT PRIMARY KEY, seen INT NOT NULL DEFAULT 0, p INT NOT NULL, \
     CONSTRAINT up FOREIGN KEY (p) REFERENCES parents (id))",
    "CREATE TABLE z_log (what VARCHAR(9), id INT, seen INT NOT NULL DEFAULT 0)",
    "INSERT INTO parents VALUES (1)",
    "CREATE TRIGGER marked BEFORE INSERT ON t FOR EACH ROW SET NEW.seen = 1",
    "CREATE TRIGGER told AFTER INSERT ON t FOR EACH ROW INSERT INTO z_log (what, id) VALUES ('new', NEW.id)",
    "CREATE TRIGGER gone AFTER DELETE ON t FOR EACH ROW INSERT INTO z_log (what, id) VALUES ('gone', OLD.id)",
    "CREATE TRIGGER log_marked BEFORE INSERT ON z_log FOR EACH ROW SET NEW.seen = 1",
    "CREATE VIEW all_of_it AS SELECT t.id, t.seen FROM t",
    "CREATE FUNCTION first_parent() RETURNS INT DETERMINISTIC RETURN 1",
];

/// Fine, or the error by which a server that has too much to do asks for the statement once more: a deadlock, in which it prefers
/// to take back whoever changes no schema.
pub(crate) fn unless_crowded<T>(result: Result<T, EngineError>) -> Result<Option<T>, EngineError> {
    match result {
        Err(error) if error.class == ErrorClass::Conflict => Ok(None),
        other => other.map(Some),
    }
}

/// Writes rows until it is told to stop, and deletes every second one again; how many were written, and errors that are none
/// of a server that has too much to do.
fn write_on(url: &str, live: &Place, first: i64, stop: &AtomicBool) -> Result<i64> {
    in_a_session(url, live, async |session| {
        let mut written = 0;
        while !stop.load(Ordering::Relaxed) {
            let id = first + written;
            let transaction = written % 3 == 0;
            if transaction {
                session.begin(TransactionKind::Write).await?;
                if unless_crowded(session.execute("INSERT INTO a_plain (n) VALUES (1)", &[]).await)?.is_none() {
                    session.rollback().await?;
                    continue;
                }
            }
            let insert = format!("INSERT INTO t (id, p) SELECT {id}, first_parent()");
            match unless_crowded(session.execute(&insert, &[]).await).context("a row")? {
                Some(_) if transaction => session.commit().await?,
                Some(_) => {}
                None => session.rollback().await?,
            }
            if written % 2 == 1 && !transaction {
                unless_crowded(session.execute(&format!("DELETE FROM t WHERE id = {id}"), &[]).await)?;
            }
            let looked = session.query("SELECT COUNT(*) FROM all_of_it WHERE id < 0", &[]).await;
            unless_crowded(looked).context("the view")?;
            written += 1;
        }
        Ok(written)
    })
}

/// Refuses a database with a row that missed a trigger: rows without a mark, rows that were not written down, and rows that are
/// gone without a word. It is one statement, which sees one moment.
async fn none_missed(ground: &Ground, place: &Place) -> Result<()> {
    let missed = "SELECT (SELECT COUNT(*) FROM t WHERE seen = 0), (SELECT COUNT(*) FROM z_log WHERE seen = 0), \
         (SELECT COUNT(*) FROM t WHERE id NOT IN (SELECT id FROM z_log WHERE what = 'new')), \
         (SELECT COUNT(*) FROM z_log WHERE what = 'new' AND id NOT IN (SELECT id FROM t) \
          AND id NOT IN (SELECT g.id FROM z_log g WHERE g.what = 'gone'))";
    let missed = ground.rows(place, missed).await?;
    ensure!(missed == [vec![Value::Integer(0); 4]], "rows in `{place}` missed a trigger: {missed:?}");
    let triggers = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()";
    ensure!(ground.rows(place, triggers).await?.len() == 4, "`{place}` has not its triggers");
    Ok(())
}

/// Swaps two databases again and again, and looks at what is live each time. On MariaDB the tables that are kept may have rows
/// that waited for the swap, so they are emptied before they become live again.
async fn swap_on(ground: &Ground, live: &Place, mut built: Place) -> Result<()> {
    const SWAPS: usize = 8;
    for number in 0..SWAPS {
        let swap = ground.swap_named(live, &built, &format!("m13w{number}"));
        ground.server.bulk().swap(&swap).await.with_context(|| format!("swap {number}"))?;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        none_missed(ground, live).await.with_context(|| format!("after swap {number}"))?;
        built = swap.kept.context("kept")?;
        match ground.kind() {
            stead_schema::EngineKind::Mariadb => {
                ground.run(&built, &["TRUNCATE t", "TRUNCATE z_log", "TRUNCATE a_plain"]).await?;
            }
            _ => none_missed(ground, &built).await.with_context(|| format!("kept by swap {number}"))?,
        }
    }
    Ok(())
}

/// A swap takes triggers from tables and makes them again; a row that is written in between must not miss its trigger, a view
/// must be there all the time, and so must a function that both databases have.
#[test]
fn trap_m13_no_row_misses_its_trigger() -> Result<()> {
    on_each("m13w", async |ground| {
        let live = ground.database("live", WATCHED).await?;
        let built = ground.beside(&live, WATCHED).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut writers = Vec::new();
        for writer in 1..=3 {
            let (url, live, stop) = (ground.url.clone(), live.clone(), Arc::clone(&stop));
            writers.push(std::thread::spawn(move || write_on(&url, &live, writer * 1_000_000, &stop)));
        }
        let swapped = swap_on(ground, &live, built).await;
        let written = stopped(&stop, writers)?;
        swapped?;
        ensure!(written > 50, "only {written} rows were written");
        none_missed(ground, &live).await
    })
}

/// Has writers stop; how many rows they have written.
fn stopped(stop: &AtomicBool, writers: Vec<std::thread::JoinHandle<Result<i64>>>) -> Result<i64> {
    stop.store(true, Ordering::Relaxed);
    let written = writers.into_iter().map(|writer| writer.join().expect("a writer does not panic"));
    written.sum()
}

/// A table with so many triggers that they cannot each wait on a connection of their own; each goes on from what the one before made.
fn many_triggers() -> Vec<String> {
    let table = |name: &str| format!("CREATE TABLE {name} (id INT PRIMARY KEY, h CHAR(32) NOT NULL DEFAULT '')");
    let trigger = |name: &str, number: usize| {
        format!(
            "CREATE TRIGGER {name}{number:02} BEFORE INSERT ON {name} FOR EACH ROW SET NEW.h = MD5(CONCAT(NEW.h, '{number}')) -- so"
        )
    };
    let triggers = |name: &'static str| (0..33).map(move |number| trigger(name, number));
    [table("t"), table("u")].into_iter().chain(triggers("t")).chain(triggers("u")).collect()
}

#[test]
fn trap_m13_no_row_misses_one_of_many_triggers() -> Result<()> {
    on(TestServer::Mariadb, "m13m", &async |ground| {
        let statements = many_triggers();
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let live = ground.database("live", &statements).await?;
        let mut built = ground.beside(&live, &statements).await?;
        let expected = (0..33).fold(String::new(), |sum, number| {
            format!("MD5(CONCAT({sum}{}'{number}'))", if sum.is_empty() { "" } else { ", " })
        });
        let stop = Arc::new(AtomicBool::new(false));
        let mut writers = Vec::new();
        for (writer, table) in [(1, "t"), (2, "u"), (3, "t")] {
            let (url, live, stop) = (ground.url.clone(), live.clone(), Arc::clone(&stop));
            writers.push(std::thread::spawn(move || hash_on(&url, &live, table, writer * 1_000_000, &stop)));
        }
        let mut swapped = Ok(());
        for number in 0..4 {
            let swap = ground.swap_named(&live, &built, &format!("m13m{number}"));
            swapped = ground.server.bulk().swap(&swap).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let (Ok(()), Some(kept)) = (&swapped, swap.kept) else { break };
            let missed = format!(
                "SELECT (SELECT COUNT(*) FROM t WHERE h <> {expected}), (SELECT COUNT(*) FROM u WHERE h <> {expected})"
            );
            let missed = ground.rows(&live, &missed).await?;
            if missed != [vec![Value::Integer(0); 2]] {
                swapped = Err(EngineError::new(ErrorClass::Bug, format!("rows missed a trigger: {missed:?}")));
                break;
            }
            ground.run(&kept, &["TRUNCATE t", "TRUNCATE u"]).await?;
            built = kept;
        }
        let written = stopped(&stop, writers)?;
        swapped?;
        ensure!(written > 50, "only {written} rows were written");
        Ok(())
    })
}

/// Writes rows until it is told to stop; how many.
fn hash_on(url: &str, live: &Place, table: &str, first: i64, stop: &AtomicBool) -> Result<i64> {
    in_a_session(url, live, async |session| {
        let mut written = 0;
        while !stop.load(Ordering::Relaxed) {
            let insert = format!("INSERT INTO {table} (id) VALUES ({})", first + written);
            unless_crowded(session.execute(&insert, &[]).await).context("a row")?;
            written += 1;
        }
        Ok(written)
    })
}

/// More tables with triggers than a server has connections: they change places only while nobody is there.
#[test]
fn trap_m13_too_many_triggers_while_somebody_is_there() -> Result<()> {
    on(TestServer::Mariadb, "m13t", &async |ground| {
        let mut statements = Vec::new();
        for number in 0..101 {
            statements.push(format!("CREATE TABLE t{number} (id INT) ENGINE = MyISAM"));
            statements.push(format!("CREATE TRIGGER t{number} BEFORE INSERT ON t{number} FOR EACH ROW SET NEW.id = 7"));
        }
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let live = ground.database("live", &statements).await?;
        let built = ground.beside(&live, &statements).await?;
        let somebody = ground.write(&live).await?;
        let refused = ground.server.bulk().swap(&ground.swap(&live, &built)).await.err();
        let refused = refused.context("rows may miss their triggers")?;
        ensure!(refused.class == ErrorClass::Conflict && refused.message.contains("101 triggers"), "{refused:?}");
        somebody.close().await?;
        ground.server.bulk().swap(&ground.swap(&live, &built)).await?;
        ground.run(&live, &["INSERT INTO t100 VALUES (1)"]).await?;
        ensure!(ground.rows(&live, "SELECT id FROM t100").await? == [vec![Value::Integer(7)]], "the trigger is gone");
        Ok(())
    })
}

#[test]
fn trap_m14_foreign_keys_across_databases_are_refused() -> Result<()> {
    on_each("m14", async |ground| {
        let live = ground.database("live", &["CREATE TABLE parents (id INT PRIMARY KEY)"]).await?;
        let from = format!(
            "CREATE TABLE children (p INT, CONSTRAINT abroad FOREIGN KEY (p) REFERENCES `{live}`.parents (id))"
        );
        let other = ground.database("other", &[&from]).await?;
        let built = ground.beside(&live, &["CREATE TABLE parents (id INT PRIMARY KEY)"]).await?;
        let swap = ground.swap(&live, &built);
        for result in [ground.server.bulk().ready(&swap).await, ground.server.bulk().swap(&swap).await] {
            let error = result.err().context("a foreign key follows the old table")?;
            ensure!(error.class == ErrorClass::Unsupported && error.message.contains("abroad"), "{error:?}");
        }
        ground.server.remove(&other).await?;
        ground.server.bulk().swap(&swap).await?;
        let back = [
            "CREATE TABLE children (p INT, FOREIGN KEY (p) REFERENCES parents (id))",
            "INSERT INTO parents VALUES (1)",
            "INSERT INTO children VALUES (1)",
        ];
        ground.run(&live, &back).await?;
        Ok(())
    })
}

#[test]
fn trap_m15_a_swap_waits_for_transactions_and_names_them() -> Result<()> {
    on_each("m15", async |ground| {
        let live = ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await?;
        ground.run(&live, &["CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id + 1"]).await?;
        let built = ground.beside(&live, &["CREATE TABLE t (id INT PRIMARY KEY)"]).await?;
        let swap = ground.swap(&live, &built);
        let mut holder = ground.write(&live).await?;
        holder.begin(TransactionKind::Write).await?;
        holder.execute("INSERT INTO t VALUES (1)", &[]).await?;
        let error = ground.server.bulk().swap(&swap).await.err().context("an open transaction is swapped away")?;
        ensure!(matches!(error.class, ErrorClass::Conflict | ErrorClass::LockTimeout), "{error:?}");
        holder.commit().await?;
        ground.run(&live, &["INSERT INTO t VALUES (7)"]).await?;
        let rows = ground.rows(&live, "SELECT id FROM t ORDER BY id").await?;
        ensure!(rows == [vec![Value::Integer(2)], vec![Value::Integer(8)]], "the trigger is gone: {rows:?}");
        ground.server.bulk().swap(&swap).await?;
        ensure!(ground.rows(&live, "SELECT id FROM t").await?.is_empty(), "the new database is not in place");
        // A transaction that was prepared and left holds its locks without a session, until somebody ends it.
        let xid = format!("'it''s {}',X'00ff',7", ground.kind());
        let mut left = ground.write(&live).await?;
        left.execute(&format!("XA START {xid}"), &[]).await?;
        left.execute("INSERT INTO t VALUES (3)", &[]).await?;
        for statement in ["XA END", "XA PREPARE"] {
            left.execute(&format!("{statement} {xid}"), &[]).await?;
        }
        left.close().await?;
        let back = ground.swap_named(&live, swap.kept.as_ref().context("kept")?, "back");
        let mut refused = vec![ground.server.bulk().ready(&back).await.err()];
        if ground.kind() == stead_schema::EngineKind::Mariadb {
            // It has no lock on the table's definition there, as a session that is open has.
            refused.push(ground.server.bulk().swap(&back).await.err());
        }
        ground.dump(&live).await?;
        // The name as the refusal has it ends the transaction.
        let text = format!("{refused:?}");
        let end = text.split('`').find(|part| part.starts_with("XA ROLLBACK ")).map(|end| end.replace("\\'", "'"));
        let ended = ground.run(&live, &[&end.unwrap_or_default()]).await;
        if ended.is_err() {
            ground.run(&live, &[&format!("XA ROLLBACK {xid}")]).await?;
        }
        for error in refused {
            let error = error.context("a prepared transaction is swapped away")?;
            ensure!(error.class == ErrorClass::Conflict && error.message.contains("prepared XA"), "{error:?}");
        }
        ended?;
        ground.server.bulk().swap(&back).await?;
        Ok(())
    })
}

#[test]
fn trap_m17_the_databases_own_settings_move() -> Result<()> {
    on_each("m17", async |ground| {
        let live = ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))"]).await?;
        ground.run(&live, &[&format!("ALTER DATABASE `{live}` CHARACTER SET latin1 COLLATE latin1_bin")]).await?;
        let built = ground.moved(&live).await?;
        let sql = "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()";
        ensure!(ground.rows(&built, sql).await? == [vec![Value::from("latin1_bin")]], "the load has another default");
        ground.run(&built, &[&format!("ALTER DATABASE `{built}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")]).await?;
        let swap = ground.swap(&live, &built);
        ground.server.bulk().swap(&swap).await?;
        ensure!(ground.rows(&live, sql).await? == [vec![Value::from("utf8mb4_bin")]], "the new default stayed behind");
        let kept = swap.kept.as_ref().context("kept")?;
        ensure!(ground.rows(kept, sql).await? == [vec![Value::from("latin1_bin")]], "the old default stayed behind");
        Ok(())
    })
}

#[test]
fn trap_m18_grants_survive_a_swap() -> Result<()> {
    on_each("m18", async |ground| {
        let live = ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await?;
        let user = format!("trap_m18_{}", std::process::id());
        ground
            .run(
                &live,
                &[
                    &format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"),
                    &format!("GRANT SELECT (id) ON `{live}`.t TO '{user}'@'%'"),
                ],
            )
            .await?;
        let grants = format!("SHOW GRANTS FOR '{user}'@'%'");
        let before = ground.rows(&live, &grants).await?;
        let built = ground.moved(&live).await?;
        let swap = ground.swap(&live, &built);
        ground.server.bulk().swap(&swap).await?;
        let after = ground.rows(&live, &grants).await?;
        ground.run(&live, &[&format!("DROP USER '{user}'@'%'")]).await?;
        ensure!(before == after, "{before:?}, then {after:?}");
        Ok(())
    })
}

#[test]
fn trap_m19_m20_definers_and_settings_of_creation_are_kept() -> Result<()> {
    on_each("m20", async |ground| {
        let live = ground.empty("live").await?;
        let mut session = ground.write(&live).await?;
        for statement in [
            "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20))",
            "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
            "SET NAMES latin1",
            "CREATE DEFINER = `nobody`@`nowhere` TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'a' || \"a\"",
            "CREATE FUNCTION f() RETURNS VARCHAR(20) CHARACTER SET utf8mb4 DETERMINISTIC RETURN 'x' || 'ü'",
        ] {
            let made = session.execute(statement, &[]).await;
            if !statement.contains("TRIGGER") {
                made.with_context(|| statement.to_owned())?;
            }
        }
        session.close().await?;
        let sql = "SELECT ROUTINE_NAME, SQL_MODE, COLLATION_CONNECTION, DEFINER \
                   FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() \
                   UNION ALL SELECT TRIGGER_NAME, SQL_MODE, COLLATION_CONNECTION, DEFINER \
                   FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()";
        let before = ground.rows(&live, sql).await?;
        let answer = ground.rows(&live, "SELECT HEX(f())").await?;
        let built = ground.moved(&live).await?;
        ensure!(
            ground.rows(&built, sql).await? == before,
            "the load has changed them: {:?}",
            ground.rows(&built, sql).await?
        );
        let swap = ground.swap(&live, &built);
        ground.server.bulk().swap(&swap).await?;
        for place in [&live, swap.kept.as_ref().context("kept")?] {
            ensure!(ground.rows(place, sql).await? == before, "the swap has changed them in `{place}`");
            ensure!(ground.rows(place, "SELECT HEX(f())").await? == answer, "another meaning in `{place}`");
        }
        Ok(())
    })
}

#[test]
fn trap_m21_events_rest_where_nobody_expects_them() -> Result<()> {
    alone_on_each("m21", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE log (n INT)",
                    "CREATE EVENT tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO log VALUES (1)",
                    "CREATE EVENT off ON SCHEDULE EVERY 1 SECOND DISABLE DO INSERT INTO log VALUES (2)",
                ],
            )
            .await?;
        let scheduler = ground.rows(&live, "SELECT @@GLOBAL.event_scheduler").await?;
        ground.run(&live, &["SET GLOBAL event_scheduler = ON"]).await?;
        let tried = resting(ground, &live).await;
        if scheduler == [vec![Value::from("OFF")]] {
            ground.run(&live, &["SET GLOBAL event_scheduler = OFF"]).await?;
        }
        tried
    })
}

async fn resting(ground: &Ground, live: &Place) -> Result<()> {
    let sql = "SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1";
    let awake = ground.rows(live, sql).await?;
    let built = ground.moved(live).await?;
    let count = "SELECT COUNT(*) FROM log";
    let before = ground.rows(&built, count).await?;
    tokio::time::sleep(std::time::Duration::from_millis(2200)).await;
    ensure!(ground.rows(&built, count).await? == before, "an event fires in a database that is being built");
    let (mut one, mut other) = (ground.write(live).await?, ground.write(&built).await?);
    ensure!(one.inspect().await? == other.inspect().await?, "a resting event makes another schema");
    one.close().await?;
    other.close().await?;
    let swap = ground.swap(live, &built);
    ground.server.bulk().swap(&swap).await?;
    ensure!(ground.rows(live, sql).await? == awake, "the events are not what they were");
    let kept = swap.kept.as_ref().context("kept")?;
    let (before, running) = (ground.rows(kept, count).await?, ground.rows(live, count).await?);
    tokio::time::sleep(std::time::Duration::from_millis(2200)).await;
    ensure!(ground.rows(kept, count).await? == before, "an event fires in the copy that is kept");
    ensure!(ground.rows(live, count).await? != running, "the event does not fire in the live database");
    Ok(())
}

/// An event that its owner put to rest is in the very state of one that rests because its database is not at home.
#[test]
fn trap_m21_events_that_their_owner_put_to_rest() -> Result<()> {
    on_each("m21o", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE EVENT fires ON SCHEDULE EVERY 1 HOUR DO SELECT 1",
                    "CREATE EVENT off ON SCHEDULE EVERY 1 HOUR DISABLE DO SELECT 2",
                    "CREATE EVENT rests ON SCHEDULE EVERY 1 HOUR DISABLE ON SLAVE COMMENT 'ENABLE DO' DO SELECT 3",
                ],
            )
            .await?;
        let sql = "SELECT EVENT_NAME, STATUS, EVENT_DEFINITION, EVENT_COMMENT FROM information_schema.EVENTS \
                   WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1";
        let own = ground.rows(&live, sql).await?;
        let mut session = ground.write(&live).await?;
        let schema = session.inspect().await?;
        session.close().await?;
        let said = |name: &str| {
            let event = schema.objects.iter().find(|object| object.name.name == name);
            event.and_then(|event| event.definition.clone()).unwrap_or_default()
        };
        ensure!(said("rests").contains(" PRESERVE DISABLE ON "), "it fires, says the schema: {}", said("rests"));
        ensure!(said("fires").contains(" PRESERVE ENABLE "), "{}", said("fires"));
        for step in STEPS {
            let built = ground.moved(&live).await?;
            let mut session = ground.write(&built).await?;
            ensure!(session.inspect().await? == schema, "the built database has another schema");
            session.close().await?;
            let swap = ground.swap(&live, &built);
            cut_off(ground, &swap, step).await?;
            ensure!(ground.rows(&live, sql).await? == own, "{step}: the events are not what they were");
            let kept = swap.kept.context("kept")?;
            let awake = "SELECT EVENT_NAME FROM information_schema.EVENTS \
                         WHERE EVENT_SCHEMA = DATABASE() AND STATUS = 'ENABLED'";
            ensure!(ground.rows(&kept, awake).await?.is_empty(), "{step}: an event fires in the copy that is kept");
            let undo = ground.swap_named(&live, &kept, "undone");
            ground.server.bulk().swap(&undo).await?;
            ensure!(ground.rows(&live, sql).await? == own, "{step}: the events do not come back as they were");
            ground.server.remove(undo.kept.as_ref().context("kept")?).await?;
        }
        Ok(())
    })
}

#[test]
fn trap_m22_views_that_need_each_other_and_broken_ones() -> Result<()> {
    on_each("m22", async |ground| {
        let live = ground
            .database(
                "live",
                &[
                    "CREATE TABLE t (id INT PRIMARY KEY)",
                    "CREATE VIEW c AS SELECT id FROM t",
                    "CREATE VIEW b AS SELECT id FROM c",
                    "CREATE VIEW a AS SELECT b.id FROM b JOIN c ON b.id = c.id",
                    "CREATE TABLE gone (id INT)",
                    "CREATE VIEW broken AS SELECT id FROM gone",
                    "DROP TABLE gone",
                ],
            )
            .await?;
        let built = ground.beside(&live, &["CREATE TABLE t (id INT PRIMARY KEY)"]).await?;
        let swap = ground.swap(&live, &built);
        // What does not work hinders nobody who puts something else in its place; that it cannot be kept is said.
        ground.server.bulk().ready(&swap).await?;
        let lost = ground.server.bulk().lost(&swap).await?;
        ensure!(lost.len() == 1 && lost[0].contains("`broken`") && lost[0].contains("VIEW"), "{lost:?}");
        ground.server.bulk().swap(&swap).await?;
        ensure!(ground.server.bulk().lost(&ground.swap_named(&live, &built, "none")).await?.is_empty(), "still there");
        // As what comes it is refused.
        let made = ["CREATE TABLE gone (id INT)", "CREATE VIEW broken AS SELECT id FROM gone", "DROP TABLE gone"];
        let broken = ground.swap_named(&live, &ground.beside(&live, &made).await?, "broken");
        let error = ground.server.bulk().ready(&broken).await.err().context("a broken view is ready")?;
        ensure!(error.class == ErrorClass::Refused && error.message.contains("broken"), "{error:?}");
        let kept = swap.kept.as_ref().context("kept")?;
        ground.rows(kept, "SELECT * FROM a").await?;
        let text = ground
            .rows(kept, "SELECT VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()")
            .await?;
        ensure!(
            !format!("{text:?}").contains(&format!("`{live}`.")),
            "a view of the kept copy looks at the live tables: {text:?}"
        );
        Ok(())
    })
}

#[test]
fn a_user_without_rights_is_told_before_anything_happens() -> Result<()> {
    on(TestServer::Mariadb, "rights", &rights)?;
    on(TestServer::Mysql, "rights", &rights)
}

async fn rights(ground: &Ground) -> Result<()> {
    let live = ground.database("live", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await?;
    let built = ground.beside(&live, &["CREATE TABLE t (id INT PRIMARY KEY)"]).await?;
    let user = format!("trap_rights_{}", std::process::id());
    ground
        .run(
            &live,
            &[
                &format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"),
                &format!("GRANT ALL ON `{live}`.* TO '{user}'@'%'"),
            ],
        )
        .await?;
    let place = ground.url.rsplit_once('@').context("the URL names a user")?.1;
    let url = format!("{}://{user}:x@{place}", ground.kind().word());
    let limited = stead_mysql::MysqlServer::connect_lazily(&url)?;
    let swap = ground.swap(&live, &built);
    let result = stead_engine::Server::bulk(&limited).ready(&swap).await;
    ground.run(&live, &[&format!("DROP USER '{user}'@'%'")]).await?;
    let error = result.err().context("a user without rights is ready")?;
    ensure!(error.class == ErrorClass::Refused && error.message.contains("lacks"), "{error:?}");
    ensure!(!error.message.contains(":x@"), "the password is told: {error}");
    Ok(())
}
