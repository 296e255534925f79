//! Traps of triggers, routines and events: what they take from the database they are made in, which of them a server does not make
//! again by itself, and what people may do with them. Each loads or swaps for real and calls them afterwards.

use anyhow::{Context as _, Result, ensure};
use stead_engine::{ErrorClass, Place, TransactionKind, Value};
use stead_schema::EngineKind;
use stead_testkit::conformance::streams::advance;

use crate::ground::{Ground, alone_on_each, on_each};

/// Programs that say nothing of the character set of what they take.
const CHARACTERS: &[&str] = &[
    "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(40) CHARACTER SET utf8mb4)",
    "CREATE FUNCTION f(x VARCHAR(10)) RETURNS VARCHAR(40) DETERMINISTIC RETURN CHARSET(x)",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE x VARCHAR(10); SET NEW.a = CHARSET(x); END",
];

async fn characters(ground: &Ground, place: &Place, expected: &str) -> Result<()> {
    ground.run(place, &["DELETE FROM t", "INSERT INTO t VALUES (1, '')"]).await?;
    let rows = ground.rows(place, "SELECT f(''), a FROM t").await?;
    ensure!(rows == [vec![Value::from(expected), Value::from(expected)]], "{place}: {rows:?}");
    Ok(())
}

/// Parameters and variables take the collation of their database when they are made.
#[test]
fn trap_m17_programs_take_the_collation_of_their_own_database() -> Result<()> {
    on_each("m17p", async |ground| {
        let live = ground.empty("live").await?;
        let narrow = format!("ALTER DATABASE `{live}` CHARACTER SET latin1 COLLATE latin1_swedish_ci");
        ground.run(&live, &[&narrow]).await?;
        ground.run(&live, CHARACTERS).await?;
        let wide = ground.database("wide", CHARACTERS).await?;
        characters(ground, &wide, "utf8mb4").await?;
        let memory = ground.dump(&wide).await?;
        let built = ground.server.bulk().beside(&live, "m17p");
        ground.server.bulk().load(&built, memory, advance()).await?;
        let swap = ground.swap(&live, &built);
        ground.server.bulk().swap(&swap).await?;
        characters(ground, &live, "utf8mb4").await?;
        let kept = swap.kept.context("kept")?;
        characters(ground, &kept, "latin1").await?;
        let undo = ground.swap_named(&live, &kept, "undone");
        ground.server.bulk().swap(&undo).await?;
        characters(ground, &live, "latin1").await?;
        characters(ground, &undo.kept.context("kept")?, "utf8mb4").await
    })
}

/// Events whose time is over, of which a server makes none and says so in a note.
const OVER: &[&str] = &[
    "CREATE TABLE log (n INT)",
    "CREATE EVENT once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND DO INSERT INTO log VALUES (1)",
    "CREATE EVENT off ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND DISABLE DO INSERT INTO log VALUES (1)",
    "CREATE EVENT stays ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND ON COMPLETION PRESERVE \
     DO INSERT INTO log VALUES (1)",
    "CREATE EVENT ended ON SCHEDULE EVERY 1 DAY ENDS CURRENT_TIMESTAMP + INTERVAL 1 SECOND DISABLE \
     DO INSERT INTO log VALUES (1)",
];

#[test]
fn trap_m21_events_whose_time_is_over() -> Result<()> {
    alone_on_each("m21o", async |ground| {
        let live = ground.empty("live").await?;
        let scheduler = ground.rows(&live, "SELECT @@GLOBAL.event_scheduler").await?;
        ground.run(&live, &["SET GLOBAL event_scheduler = OFF"]).await?;
        let tried = over(ground, &live).await;
        if scheduler == [vec![Value::from("ON")]] {
            ground.run(&live, &["SET GLOBAL event_scheduler = ON"]).await?;
        }
        tried
    })
}

/// Where the scheduler runs, an event whose time is over would fire at the moment it is made.
#[test]
fn trap_m21_events_that_are_over_do_not_fire() -> Result<()> {
    alone_on_each("m21d", async |ground| {
        let live = ground.empty("live").await?;
        let scheduler = ground.rows(&live, "SELECT @@GLOBAL.event_scheduler").await?;
        ground.run(&live, &["SET GLOBAL event_scheduler = OFF"]).await?;
        let tried = not_fired(ground, &live).await;
        let before = if scheduler == [vec![Value::from("ON")]] { "ON" } else { "OFF" };
        ground.run(&live, &[&format!("SET GLOBAL event_scheduler = {before}")]).await?;
        tried
    })
}

async fn not_fired(ground: &Ground, live: &Place) -> Result<()> {
    ground.run(live, OVER).await?;
    let still = "CREATE EVENT still ON SCHEDULE EVERY 1 DAY ENDS CURRENT_TIMESTAMP + INTERVAL 1 SECOND ON COMPLETION PRESERVE \
                 DO INSERT INTO log VALUES (1)";
    ground.run(live, &[still]).await?;
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let memory = ground.dump(live).await?;
    let schema = stead_engine::snapshot::Source::schema(memory.as_ref()).context("a schema")?.clone();
    let built = ground.server.bulk().beside(live, "m21d");
    ground.server.bulk().load(&built, memory, stead_testkit::conformance::streams::advance()).await?;
    ground.run(live, &["SET GLOBAL event_scheduler = ON"]).await?;
    let swap = ground.swap(live, &built);
    ground.server.bulk().swap(&swap).await?;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let rows = ground.rows(live, "SELECT COUNT(*) FROM log").await?;
    ensure!(rows == [vec![Value::Integer(0)]], "an event has fired: {rows:?}");
    let mut session = ground.write(live).await?;
    let differences = stead_schema::compare(&session.inspect().await?, &schema);
    session.close().await?;
    ensure!(differences.is_empty(), "the events are others: {differences:?}");
    Ok(())
}

async fn over(ground: &Ground, live: &Place) -> Result<()> {
    ground.run(live, OVER).await?;
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let sql = "SELECT EVENT_NAME, STATUS, EXECUTE_AT, ENDS, ON_COMPLETION FROM information_schema.EVENTS \
               WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1";
    let before = ground.rows(live, sql).await?;
    ensure!(before.len() == 4, "{before:?}");
    let built = ground.moved(live).await?;
    let (mut one, mut other) = (ground.write(live).await?, ground.write(&built).await?);
    let differences = stead_schema::compare(&one.inspect().await?, &other.inspect().await?);
    ensure!(differences.is_empty(), "the load has other events: {differences:?}");
    one.close().await?;
    other.close().await?;
    let swap = ground.swap(live, &built);
    ground.server.bulk().swap(&swap).await?;
    let after = ground.rows(live, sql).await?;
    ensure!(after == before, "the swap has changed them: {after:?}");
    let kept = swap.kept.context("kept")?;
    ensure!(ground.rows(&kept, sql).await?.len() == 4, "an event is not kept");
    let undo = ground.swap_named(live, &kept, "undone");
    ground.server.bulk().swap(&undo).await?;
    ensure!(ground.rows(live, sql).await? == before, "taken back, the events are others");
    Ok(())
}

/// Triggers that name what is not there. Nobody can do what they watch, and yet the rest of the database works.
const DANGLING: &[&str] = &[
    "CREATE TABLE t (id INT PRIMARY KEY, a INT)",
    "CREATE TABLE u (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 0)",
    "INSERT INTO t VALUES (1, 1)",
    "CREATE TRIGGER told AFTER DELETE ON t FOR EACH ROW INSERT INTO audit_db_that_is_not_there.log VALUES (OLD.id)",
    "CREATE TRIGGER told_again AFTER DELETE ON t FOR EACH ROW INSERT INTO no_log VALUES (OLD.id)",
    "CREATE TRIGGER marked BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1",
    "CREATE TRIGGER other BEFORE INSERT ON u FOR EACH ROW SET NEW.a = NEW.id * 2",
];

async fn dangling(ground: &Ground, place: &Place) -> Result<()> {
    let triggers = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()";
    ensure!(ground.rows(place, triggers).await?.len() == 4, "`{place}` has not its triggers");
    ground.run(place, &["DELETE FROM u", "INSERT INTO u (id) VALUES (4)"]).await?;
    let rows = ground.rows(place, "SELECT a FROM u").await?;
    ensure!(rows == [vec![Value::Integer(8)]], "{rows:?}");
    ensure!(ground.run(place, &["DELETE FROM t"]).await.is_err(), "a row has gone without its trigger");
    Ok(())
}

#[test]
fn trap_m13_triggers_that_name_what_is_not_there() -> Result<()> {
    on_each("m13d", async |ground| {
        let live = ground.database("live", DANGLING).await?;
        let mut built = ground.moved(&live).await?;
        for token in ["once", "back"] {
            let swap = ground.swap_named(&live, &built, token);
            ground.server.bulk().ready(&swap).await?;
            ground.server.bulk().swap(&swap).await.context(token)?;
            built = swap.kept.context("kept")?;
            dangling(ground, &live).await?;
            dangling(ground, &built).await?;
        }
        // Somebody who works with such a table is still waited for.
        let mut holder = ground.write(&live).await?;
        holder.begin(TransactionKind::Write).await?;
        holder.execute("UPDATE t SET a = 5", &[]).await?;
        let swap = ground.swap_named(&live, &built, "held");
        for refused in [ground.server.bulk().ready(&swap).await, ground.server.bulk().swap(&swap).await] {
            ensure!(
                refused.err().context("an open transaction is swapped away")?.class == ErrorClass::Conflict,
                "class"
            );
        }
        holder.commit().await?;
        dangling(ground, &live).await
    })
}

/// Who may call one routine may call the one that takes its place.
#[test]
fn trap_m18_rights_to_a_routine_survive_another_body() -> Result<()> {
    on_each("m18r", async |ground| {
        let routines = |number: i64| {
            vec![
                format!("CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN {number}"),
                format!("CREATE PROCEDURE p() SELECT {number}"),
                "CREATE FUNCTION same() RETURNS INT DETERMINISTIC RETURN 5".to_owned(),
            ]
        };
        let live = ground.empty("live").await?;
        let built = ground.beside(&live, &routines(2).iter().map(String::as_str).collect::<Vec<_>>()).await?;
        ground.run(&live, &routines(1).iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let user = format!("trap_m18r_{}", std::process::id());
        let setup = [
            format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"),
            format!("GRANT EXECUTE ON FUNCTION `{live}`.f TO '{user}'@'%'"),
            format!("GRANT EXECUTE ON FUNCTION `{live}`.same TO '{user}'@'%'"),
            format!("GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `{live}`.p TO '{user}'@'%' WITH GRANT OPTION"),
        ];
        ground.run(&live, &setup.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let tried = async {
            rights_that_are_not_told(ground, &live, &built).await?;
            still_granted(ground, &live, &built, &user).await
        };
        let tried = tried.await;
        ground.run(&live, &[&format!("DROP USER '{user}'@'%'")]).await?;
        tried
    })
}

/// Whoever may not see the rights to a routine learns that they go with it. MariaDB keeps them.
async fn rights_that_are_not_told(ground: &Ground, live: &Place, built: &Place) -> Result<()> {
    let swap = ground.swap(live, built);
    ensure!(ground.server.bulk().lost(&swap).await?.is_empty(), "root is told all rights");
    if ground.kind() == EngineKind::Mariadb {
        return Ok(());
    }
    let user = format!("trap_m18n_{}", std::process::id());
    let setup = [
        format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"),
        format!("GRANT ALL ON `{live}`.* TO '{user}'@'%'"),
        format!("GRANT ALL ON `{built}`.* TO '{user}'@'%'"),
        format!("GRANT SHOW_ROUTINE ON *.* TO '{user}'@'%'"),
    ];
    ground.run(live, &setup.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let place = ground.url.rsplit_once('@').context("the URL names a user")?.1;
    let limited = stead_mysql::MysqlServer::connect_lazily(&format!("{}://{user}:x@{place}", ground.kind().word()))?;
    let lost = stead_engine::Server::bulk(&limited).lost(&swap).await;
    ground.run(live, &[&format!("DROP USER '{user}'@'%'")]).await?;
    let lost = lost?;
    ensure!(lost.len() == 1 && lost[0].contains("`f`, `p`:") && lost[0].contains("procs_priv"), "{lost:?}");
    Ok(())
}

async fn still_granted(ground: &Ground, live: &Place, built: &Place, user: &str) -> Result<()> {
    let grants = format!("SHOW GRANTS FOR '{user}'@'%'");
    let mut before = ground.rows(live, &grants).await?;
    before.sort_by_key(|row| format!("{row:?}"));
    let mut next = built.clone();
    for (token, number) in [("once", 2), ("back", 1)] {
        let swap = ground.swap_named(live, &next, token);
        // Cut off where the old routines have gone and the new ones have not come.
        crate::swaps::cut_off(ground, &swap, "kept").await?;
        next = swap.kept.context("kept")?;
        ensure!(ground.rows(live, "SELECT f()").await? == [vec![Value::Integer(number)]], "another function");
        let mut after = ground.rows(live, &grants).await?;
        after.sort_by_key(|row| format!("{row:?}"));
        ensure!(before == after, "{before:?}, then {after:?}");
    }
    Ok(())
}
