//! Traps of names: what a server keeps with the name of its database means another one's thing, or nothing, once a swap has moved
//! it. Each swaps for real, takes the swap back, and uses the databases after both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, ensure};
use stead_engine::{Place, TransactionKind, Value};
use stead_testkit::servers::TestServer;

use crate::ground::{Ground, in_a_session, on, on_each};
use crate::swaps::{STEPS, cut_off, unless_crowded};

fn number(value: i64) -> Vec<Vec<Value>> {
    vec![vec![Value::Integer(value)]]
}

/// Runs statements in which `{db}` stands for the database's name.
async fn run_named(ground: &Ground, place: &Place, statements: &[&str]) -> Result<()> {
    for statement in statements {
        ground.run(place, &[&statement.replace("{db}", &place.0)]).await?;
    }
    Ok(())
}

/// What has a name behind its database's name in the statement that made it.
const QUALIFIED: &[&str] = &[
    "CREATE TABLE {db}.t (id INT PRIMARY KEY, a INT DEFAULT 0, b INT DEFAULT 0)",
    "CREATE TRIGGER {db}.both BEFORE INSERT ON {db}.t FOR EACH ROW SET NEW.a = NEW.a + 1",
    "CREATE TRIGGER tabled BEFORE INSERT ON `{db}` . `t` FOR EACH ROW SET NEW.a = NEW.a * 10",
    "CREATE TRIGGER `{db}`.named BEFORE UPDATE ON t FOR EACH ROW SET NEW.b = 7",
    "CREATE FUNCTION {db}.twice(x INT) RETURNS INT DETERMINISTIC RETURN x * 2",
    "CREATE PROCEDURE {db}.fill() INSERT INTO t (id, b) VALUES (1, twice(2))",
    "CREATE EVENT {db}.rare ON SCHEDULE EVERY 1 YEAR DO SELECT 1",
    "CREATE VIEW {db}.doubled AS SELECT {db}.t.id, {db}.twice(a) AS a, b FROM {db}.t",
];

async fn qualified_work(ground: &Ground, place: &Place) -> Result<()> {
    ground.run(place, &["CALL fill()"]).await?;
    let rows = ground.rows(place, "SELECT a, b FROM doubled").await?;
    ensure!(rows == [[20, 4].map(Value::Integer).to_vec()], "{place}: {rows:?}");
    ground.run(place, &["UPDATE t SET b = 1"]).await?;
    ensure!(ground.rows(place, "SELECT b FROM t").await? == number(7), "{place} has not the trigger of updates");
    ground.run(place, &["DELETE FROM t"]).await
}

#[test]
fn trap_m13_objects_that_were_made_with_their_databases_name() -> Result<()> {
    on_each("m13q", async |ground| {
        let live = ground.empty("live").await?;
        run_named(ground, &live, QUALIFIED).await?;
        let built = ground.moved(&live).await?;
        // The live database alone has one more.
        run_named(
            ground,
            &live,
            &["CREATE TRIGGER {db}.extra BEFORE DELETE ON {db}.t FOR EACH ROW SET @gone = OLD.id"],
        )
        .await?;
        let triggers = "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()";
        let swap = ground.swap(&live, &built);
        ground.server.bulk().swap(&swap).await?;
        let kept = swap.kept.context("kept")?;
        for (place, count) in [(&live, 3), (&kept, 4)] {
            ensure!(ground.rows(place, triggers).await? == number(count), "`{place}` has not its triggers");
            qualified_work(ground, place).await?;
        }
        let undo = ground.swap_named(&live, &kept, "undone");
        ground.server.bulk().swap(&undo).await?;
        let replaced = undo.kept.context("kept")?;
        for (place, count) in [(&live, 4), (&replaced, 3)] {
            ensure!(ground.rows(place, triggers).await? == number(count), "`{place}` has not its triggers again");
            qualified_work(ground, place).await?;
        }
        Ok(())
    })
}

/// Tables and a view that take numbers from sequences, in every spelling.
const NUMBERED: &[&str] = &[
    "CREATE SEQUENCE s NOCACHE",
    "CREATE SEQUENCE `odd ``s` START WITH 1000 NOCACHE",
    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, n BIGINT NOT NULL DEFAULT NEXTVAL(s), \
     m INT DEFAULT (NEXT VALUE FOR `odd ``s` * 2), x VARCHAR(40) DEFAULT CONCAT('?é\u{1f600} nextval(`a`.`b`)', LASTVAL(s)), \
     at TIMESTAMP(3) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(3), KEY n (n)) PAGE_CHECKSUM = 1",
    "CREATE TABLE v (id INT PRIMARY KEY DEFAULT NEXTVAL(s), a INT) WITH SYSTEM VERSIONING",
    "INSERT INTO v (a) VALUES (1)",
    "UPDATE v SET a = 2",
    "CREATE VIEW following AS SELECT NEXTVAL(s) AS n",
];

/// A database with the sequences started at a number, so that it can be told whose number a row has.
async fn started(ground: &Ground, place: &Place, first: i64) -> Result<()> {
    ground.run(place, &[&format!("DO SETVAL(s, {first}, 0)")]).await
}

async fn numbers(ground: &Ground, place: &Place, first: i64) -> Result<()> {
    ground.run(place, &["DELETE FROM t", "INSERT INTO t () VALUES ()", "INSERT INTO v () VALUES ()"]).await?;
    // To ask whether a view works may have taken numbers before; nobody minds gaps.
    let sql = "SELECT (SELECT n FROM t) AS n, (SELECT MAX(id) FROM v) - (SELECT n FROM t), (SELECT n FROM following) - (SELECT n FROM t)";
    // A sequence is written to.
    let mut session = ground.write(place).await?;
    let rows = session.query(sql, &[]).await?;
    session.close().await?;
    let [Value::Integer(taken), Value::Integer(1), Value::Integer(2)] = rows[0][..] else {
        anyhow::bail!("not numbers of one sequence in `{place}`: {rows:?}");
    };
    ensure!((first..first + 100).contains(&taken), "`{place}` takes {taken} from another database's sequence");
    let text = ground.rows(place, "SELECT x = CONCAT('?é\u{1f600} nextval(`a`.`b`)', n) FROM t").await?;
    ensure!(text == number(1), "another default in `{place}`");
    let foreign = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
                   AND COLUMN_DEFAULT LIKE '%stead\\_%' AND COLUMN_DEFAULT NOT LIKE CONCAT('%`', DATABASE(), '`.%')";
    ensure!(ground.rows(place, foreign).await? == number(0), "a default of `{place}` is another database's");
    started(ground, place, first).await
}

#[test]
fn trap_m29_defaults_take_numbers_from_the_sequences_beside_them() -> Result<()> {
    on(TestServer::Mariadb, "m29d", &async |ground| {
        for step in STEPS {
            let live = ground.database("live", NUMBERED).await?;
            started(ground, &live, 100).await?;
            let mut session = ground.write(&live).await?;
            let schema = session.inspect().await?;
            session.close().await?;
            let built = ground.moved(&live).await?;
            // One that the live database has not, which cannot be meant before the rename.
            let fresh = "CREATE TABLE w (f INT DEFAULT NEXTVAL(fresh), s INT DEFAULT LASTVAL(s))";
            ground.run(&built, &["CREATE SEQUENCE fresh", fresh]).await?;
            started(ground, &built, 500).await?;
            let swap = ground.swap(&live, &built);
            cut_off(ground, &swap, step).await?;
            ground.run(&live, &["INSERT INTO w () VALUES ()"]).await.with_context(|| step.to_owned())?;
            let kept = swap.kept.context("kept")?;
            numbers(ground, &live, 500).await.with_context(|| step.to_owned())?;
            numbers(ground, &kept, 100).await.with_context(|| step.to_owned())?;
            let undo = ground.swap_named(&live, &kept, "undone");
            ground.server.bulk().swap(&undo).await?;
            let replaced = undo.kept.context("kept")?;
            numbers(ground, &live, 100).await.with_context(|| format!("{step}, taken back"))?;
            numbers(ground, &replaced, 500).await.with_context(|| format!("{step}, taken back"))?;
            let mut session = ground.write(&live).await?;
            let differences = stead_schema::compare(&schema, &session.inspect().await?);
            ensure!(differences.is_empty(), "{step}: another schema: {differences:?}");
            session.close().await?;
            ground.server.remove(&replaced).await?;
        }
        Ok(())
    })
}

/// Takes numbers until it is told to stop; how many rows were written.
fn number_on(url: &str, live: &Place, stop: &AtomicBool) -> Result<i64> {
    in_a_session(url, live, async |session| {
        let mut written = 0;
        while !stop.load(Ordering::Relaxed) {
            if unless_crowded(session.execute("INSERT INTO t () VALUES ()", &[]).await).context("a row")?.is_some() {
                written += 1;
            }
        }
        Ok(written)
    })
}

#[test]
fn trap_m29_no_row_misses_its_number() -> Result<()> {
    on(TestServer::Mariadb, "m29w", &async |ground| {
        let live = ground.database("live", NUMBERED).await?;
        let mut built = ground.moved(&live).await?;
        started(ground, &built, 500_000).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let (url, place, stopped) = (ground.url.clone(), live.clone(), Arc::clone(&stop));
        let writer = std::thread::spawn(move || number_on(&url, &place, &stopped));
        let mut swapped = Ok(());
        for number in 0..8 {
            let swap = ground.swap_named(&live, &built, &format!("m29w{number}"));
            swapped = ground.server.bulk().swap(&swap).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            match (&swapped, swap.kept) {
                (Ok(()), Some(kept)) => built = kept,
                _ => break,
            }
        }
        stop.store(true, Ordering::Relaxed);
        let written = writer.join().expect("the writer does not panic")?;
        swapped?;
        ensure!(written > 50, "only {written} rows were written");
        let between = "SELECT COUNT(*) > 0 AND MAX(n) < 500000 FROM t";
        ensure!(ground.rows(&live, between).await? == number(1), "numbers of the other sequence");
        ensure!(
            ground.rows(&built, &between.replace("MAX(n) <", "MIN(n) >=")).await? == number(1),
            "numbers of the live sequence"
        );
        Ok(())
    })
}

#[test]
fn trap_m29_a_swap_that_is_given_up_leaves_the_sequences_alone() -> Result<()> {
    on(TestServer::Mariadb, "m29g", &async |ground| {
        let live = ground.database("live", NUMBERED).await?;
        started(ground, &live, 100).await?;
        let built = ground.moved(&live).await?;
        started(ground, &built, 500).await?;
        let mut holder = ground.write(&live).await?;
        holder.begin(TransactionKind::Write).await?;
        holder.execute("INSERT INTO v () VALUES ()", &[]).await?;
        let given_up = ground.server.bulk().swap(&ground.swap(&live, &built)).await;
        ensure!(given_up.is_err(), "an open transaction is swapped away");
        holder.rollback().await?;
        numbers(ground, &live, 100).await?;
        numbers(ground, &built, 500).await
    })
}

#[test]
fn trap_m29_a_database_that_is_new_has_its_own_sequences() -> Result<()> {
    on(TestServer::Mariadb, "m29n", &async |ground| {
        let live = ground.empty("live").await?;
        let built = ground.beside(&live, NUMBERED).await?;
        ground.server.remove(&live).await?;
        started(ground, &built, 9).await?;
        let mut swap = ground.swap(&live, &built);
        swap.kept = None;
        ground.server.bulk().swap(&swap).await?;
        numbers(ground, &live, 9).await
    })
}
