//! Errors: each class provoked for real, and absence told from outage. A class that an engine cannot produce is named
//! as such, not left out.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use stead_engine::{Access, EngineError, ErrorClass, TransactionKind};

use super::{ITEMS, Scene};

/// The classes that every engine can have.
const EVERYWHERE: [ErrorClass; 7] = [
    ErrorClass::Unreachable,
    ErrorClass::Refused,
    ErrorClass::Conflict,
    ErrorClass::LockTimeout,
    ErrorClass::Syntax,
    ErrorClass::Constraint,
    ErrorClass::Interrupted,
];

pub(super) async fn each_class_is_reported(scene: &Scene<'_>) -> Result<()> {
    for class in ErrorClass::ALL {
        let error = match common(scene, class).await? {
            Some(error) => Some(error),
            None => scene.subject.provoke(class, scene.folder()).await?,
        };
        match error {
            Some(error) => well_formed(class, &error)?,
            None => ensure!(!EVERYWHERE.contains(&class), "nothing provokes `{class}`"),
        }
    }
    Ok(())
}

fn well_formed(class: ErrorClass, error: &EngineError) -> Result<()> {
    ensure!(error.class == class, "expected `{class}`, got `{}`: {error}", error.class);
    ensure!(!error.message.is_empty() && !error.message.ends_with('.'), "the message is no fragment: {error}");
    ensure!(!error.message.contains('\n'), "the message has several lines: {error}");
    Ok(())
}

/// What can be provoked with SQL that every engine has.
async fn common(scene: &Scene<'_>, class: ErrorClass) -> Result<Option<EngineError>> {
    let statement = match class {
        ErrorClass::Unreachable => return Ok(scene.read(&scene.place("nowhere")).await.err()),
        ErrorClass::Syntax => "SELEKT 1",
        ErrorClass::Constraint => "INSERT INTO items (id, name) VALUES (1, 'again')",
        _ => return Ok(None),
    };
    let place = scene.database(&format!("common_{}", class.word().replace('-', "_")), 3).await?;
    let mut session = scene.write(&place).await?;
    Ok(session.execute(statement, &[]).await.err())
}

pub(super) async fn syntax_errors_say_where(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    let sql = "SELECT 1 FRUM items";
    let error = session.query(sql, &[]).await.err().context("nonsense runs")?;
    ensure!(error.class == ErrorClass::Syntax, "{error:?}");
    let offset = error.offset.context("no offset")?;
    ensure!(sql.get(offset..).is_some(), "offset {offset} is outside of the statement");
    let error =
        session.query("SELECT * FROM nothing_like_that", &[]).await.err().context("a missing table is found")?;
    ensure!(error.class == ErrorClass::Syntax && error.message.contains("nothing_like_that"), "{error:?}");
    // What is there already is not somebody else's doing: trying again never helps.
    session.execute("CREATE TABLE twice (a integer)", &[]).await?;
    session.execute("CREATE INDEX twice_by_a ON twice (a)", &[]).await?;
    session.execute("CREATE VIEW seen_twice AS SELECT a FROM twice", &[]).await?;
    for again in [
        "CREATE TABLE twice (a integer)",
        "CREATE INDEX twice_by_a ON twice (a)",
        "CREATE VIEW seen_twice AS SELECT a FROM twice",
        "ALTER TABLE twice ADD COLUMN a integer",
    ] {
        let error = session.execute(again, &[]).await.err().with_context(|| format!("a second time: {again}"))?;
        ensure!(error.class == ErrorClass::Syntax, "{again}: {error:?}");
    }
    Ok(())
}

pub(super) async fn an_outage_is_never_an_absence(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("broken", 1).await?;
    ensure!(scene.server.exists(&place).await?, "an existing database is said not to exist");
    ensure!(!scene.server.exists(&scene.place("absent")).await?, "an absent database is said to exist");
    let server = scene.subject.outage(&place).await?.unwrap_or_else(|| Arc::clone(&scene.server));
    for access in [Access::Read, Access::Write] {
        let error = server.open(&place, access).await.err().context("what is out of reach opens")?;
        let classes = [ErrorClass::Unreachable, ErrorClass::Refused];
        ensure!(classes.contains(&error.class), "{error:?}");
    }
    match server.exists(&place).await {
        Err(error) => ensure!([ErrorClass::Unreachable, ErrorClass::Refused].contains(&error.class), "{error:?}"),
        Ok(exists) => bail!("an outage is reported as exists = {exists}"),
    }
    Ok(())
}

pub(super) async fn a_missing_database_is_not_made(scene: &Scene<'_>) -> Result<()> {
    let place = scene.place("missing");
    for access in [Access::Read, Access::Write] {
        let error = scene.server.open(&place, access).await.err().context("a missing database opens")?;
        ensure!(error.class == ErrorClass::Unreachable, "{error:?}");
    }
    ensure!(!scene.server.exists(&place).await?, "opening made it");
    ensure!(scene.server.size(&place).await? == 0, "an absent database has a size");
    Ok(())
}

pub(super) async fn create_refuses_what_exists(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("there", 2).await?;
    let error = scene.server.create(&place).await.err().context("it is made twice")?;
    ensure!(error.class == ErrorClass::Conflict, "{error:?}");
    ensure!(scene.count(&place).await? == 2, "creating it again emptied it");
    ensure!(scene.server.size(&place).await? > 0, "a database with rows has no size");
    ensure!(!scene.server.version().await?.is_empty(), "no version");
    Ok(())
}

pub(super) async fn remove_is_repeatable(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("removed", 2).await?;
    let mut session = scene.write(&place).await?;
    session.begin(TransactionKind::Write).await?;
    session.execute("DELETE FROM items", &[]).await?;
    drop(session);
    scene.server.remove(&place).await?;
    ensure!(!scene.server.exists(&place).await?, "it is still there");
    scene.server.remove(&place).await?;
    scene.server.create(&place).await?;
    let mut session = scene.write(&place).await?;
    ensure!(session.inspect().await?.is_empty(), "what was removed is back");
    session.execute(ITEMS, &[]).await?;
    Ok(())
}
