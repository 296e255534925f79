//! Transactions: what is kept, what is taken back, and what a schema transaction promises about foreign keys. Claims
//! of the capabilities record are compared with what happens.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use stead_engine::{ErrorClass, Session, TransactionKind};

use super::child::Part;
use super::{ITEMS, Scene, count, fill};

const PARENTS: &str = "CREATE TABLE parents (id INTEGER PRIMARY KEY, name VARCHAR(50))";
const CHILDREN: &str = "CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, FOREIGN KEY (parent) REFERENCES parents (id))";

async fn all(session: &mut dyn Session, statements: &[&str]) -> Result<()> {
    for statement in statements {
        session.execute(statement, &[]).await.with_context(|| (*statement).to_owned())?;
    }
    Ok(())
}

pub(super) async fn rollback_takes_back(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("rolled_back", 3).await?;
    let mut session = scene.write(&place).await?;
    for kind in [TransactionKind::Write, TransactionKind::Schema] {
        session.rollback().await?;
        session.begin(kind).await?;
        session.execute("DELETE FROM items", &[]).await?;
        ensure!(count(session.as_mut(), "items").await? == 0, "the transaction does not see itself");
        session.rollback().await?;
        ensure!(count(session.as_mut(), "items").await? == 3, "the rows are gone");
        session.begin(kind).await?;
        session.execute("DELETE FROM items WHERE id = 99", &[]).await?;
        session.commit().await?;
    }
    let error = session.commit().await.err().context("no transaction is committed")?;
    ensure!(error.class == ErrorClass::Refused, "{error:?}");
    Ok(())
}

pub(super) async fn a_dropped_session_takes_back(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("dropped", 3).await?;
    let mut session = scene.write(&place).await?;
    session.begin(TransactionKind::Write).await?;
    session.execute("DELETE FROM items", &[]).await?;
    drop(session);
    ensure!(scene.count(&place).await? == 3, "a session that was dropped has committed");
    let mut session = scene.write(&place).await?;
    session.begin(TransactionKind::Write).await?;
    session.commit().await?;
    Ok(())
}

pub(super) async fn ddl_is_transactional_as_claimed(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("ddl", 3).await?;
    let mut session = scene.write(&place).await?;
    let before = session.inspect().await?;
    session.begin(TransactionKind::Schema).await?;
    all(session.as_mut(), &["CREATE TABLE more (id INTEGER)", "DROP TABLE items"]).await?;
    session.rollback().await?;
    let same = session.inspect().await? == before;
    let claimed = scene.server.capabilities().transactional_ddl;
    ensure!(same == claimed, "claimed transactional DDL = {claimed}, found {same}");
    Ok(())
}

pub(super) async fn a_table_can_be_rebuilt_under_its_references(scene: &Scene<'_>) -> Result<()> {
    if !scene.server.capabilities().deferred_foreign_keys {
        return Ok(());
    }
    let mut session = scene.server.scratch().await?;
    all(
        session.as_mut(),
        &[PARENTS, CHILDREN, "INSERT INTO parents VALUES (1, 'a')", "INSERT INTO children VALUES (1, 1)"],
    )
    .await?;
    session.begin(TransactionKind::Schema).await?;
    all(
        session.as_mut(),
        &[
            "CREATE TABLE parents_new (id INTEGER PRIMARY KEY, name VARCHAR(99))",
            "INSERT INTO parents_new SELECT id, name FROM parents",
            "DROP TABLE parents",
            "ALTER TABLE parents_new RENAME TO parents",
        ],
    )
    .await?;
    session.commit().await?;
    ensure!(count(session.as_mut(), "children").await? == 1, "rebuilding the parents deleted the children");
    let error = session.execute("INSERT INTO children VALUES (2, 77)", &[]).await.err();
    let error = error.context("foreign keys are not enforced any more after a schema transaction")?;
    ensure!(error.class == ErrorClass::Constraint, "{error:?}");
    Ok(())
}

pub(super) async fn schema_commit_refuses_new_orphans(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    all(
        session.as_mut(),
        &[PARENTS, CHILDREN, "INSERT INTO parents VALUES (1, 'a')", "INSERT INTO children VALUES (5, 1)"],
    )
    .await?;
    session.begin(TransactionKind::Schema).await?;
    let result = match session.execute("DELETE FROM parents", &[]).await {
        Ok(_) => session.commit().await,
        Err(error) => Err(error),
    };
    let error = result.err().context("orphans are committed")?;
    ensure!(error.class == ErrorClass::Constraint, "{error:?}");
    ensure!(error.message.contains("children"), "the table is not named: {error}");
    session.rollback().await?;
    ensure!(count(session.as_mut(), "parents").await? == 1, "the transaction was not taken back");
    Ok(())
}

pub(super) async fn schema_commit_tolerates_old_orphans(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    all(session.as_mut(), &["CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER)"]).await?;
    all(session.as_mut(), &["INSERT INTO children VALUES (1, 40)", PARENTS]).await?;
    session.begin(TransactionKind::Schema).await?;
    all(session.as_mut(), &["ALTER TABLE parents ADD COLUMN note TEXT"]).await?;
    session.commit().await?;
    Ok(())
}

pub(super) async fn statements_cannot_end_our_transaction(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("ended", 3).await?;
    let mut session = scene.write(&place).await?;
    for statement in ["COMMIT", "ROLLBACK"] {
        session.begin(TransactionKind::Schema).await?;
        session.execute("DELETE FROM items", &[]).await?;
        let error =
            session.execute(statement, &[]).await.err().with_context(|| format!("{statement} is let through"))?;
        ensure!(error.class == ErrorClass::Refused, "{error:?}");
        session.rollback().await?;
        ensure!(count(session.as_mut(), "items").await? == 3, "{statement} has kept something");
    }
    Ok(())
}

pub(super) async fn a_read_transaction_sees_one_moment(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("moment", 3).await?;
    let mut reader = scene.read(&place).await?;
    reader.begin(TransactionKind::Read).await?;
    ensure!(count(reader.as_mut(), "items").await? == 3, "three rows are expected");
    let mut writer = scene.write(&place).await?;
    // Whether the writer gets through at once or has to wait for the reader is the engine's affair.
    let filling = tokio::time::timeout(Duration::from_millis(300), fill(writer.as_mut(), 10, 5));
    let _through_or_waiting = filling.await;
    ensure!(count(reader.as_mut(), "items").await? == 3, "a read transaction sees what came later");
    reader.commit().await?;
    drop(writer);
    Ok(())
}

pub(super) async fn a_writer_waits_for_another(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("waiting", 3).await?;
    let mut first = scene.write(&place).await?;
    let mut second = scene.write(&place).await?;
    first.begin(TransactionKind::Write).await?;
    fill_open(first.as_mut(), 100).await?;
    let waiting = async {
        second.begin(TransactionKind::Write).await?;
        fill_open(second.as_mut(), 200).await?;
        second.commit().await
    };
    let finishing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.commit().await
    };
    let (waited, finished) = tokio::join!(waiting, finishing);
    waited?;
    finished?;
    ensure!(scene.count(&place).await? == 5, "one of two writers was lost");
    Ok(())
}

pub(super) async fn a_limited_wait_is_given_up(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("limited", 3).await?;
    let mut reader = scene.write(&place).await?;
    let mut session = scene.write(&place).await?;
    if !session.limit_lock_waits(Duration::from_millis(200)).await? {
        return Ok(());
    }
    ensure!(session.lock_holders().await? == Vec::<String>::new(), "somebody holds a lock that nobody took");
    reader.begin(TransactionKind::Write).await?;
    count(reader.as_mut(), "items").await?;
    session.begin(TransactionKind::Schema).await?;
    let error = session.execute("DROP TABLE items", &[]).await.err().context("a table in use is dropped")?;
    ensure!(error.class == ErrorClass::LockTimeout, "{error:?}");
    session.rollback().await?;
    let holders = session.lock_holders().await?;
    ensure!(holders.len() == 1 && holders[0].contains("holds `items`"), "{holders:?}");
    session.restore_settings().await?;
    let finishing = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        reader.commit().await
    };
    let (dropped, finished) = tokio::join!(session.execute("DROP TABLE items", &[]), finishing);
    finished?;
    dropped.context("settings that are restored limit nothing")?;
    Ok(())
}

async fn fill_open(session: &mut dyn Session, id: i64) -> Result<(), stead_engine::EngineError> {
    session.execute(&format!("INSERT INTO items (id, name) VALUES ({id}, 'x')"), &[]).await.map(|_count| ())
}

pub(super) async fn a_killed_writer_leaves_nothing(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("killed", 3).await?;
    scene.holding(&Part::Write(place.clone())).await?.kill()?;
    ensure!(scene.count(&place).await? == 3, "half of a transaction is there");
    let mut session = scene.write(&place).await?;
    session.verify().await?;
    session.execute("DROP TABLE items", &[]).await?;
    session.execute(ITEMS, &[]).await?;
    Ok(())
}
