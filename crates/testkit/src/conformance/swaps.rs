//! Swaps: atomic as claimed, complete after any crash, harmless to whoever has the database open. The process that is
//! killed is always another one.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Swap;
use stead_engine::{ErrorClass, Place, Value};

use super::child::{Ending, Part};
use super::{Scene, count, fill};

const OLD: i64 = 30;
const NEW: i64 = 500;

/// A live database of [`OLD`] rows and one of [`NEW`] rows, with the mark, that shall replace it.
async fn prepare(scene: &Scene<'_>, name: &str) -> Result<Swap> {
    let live = scene.database(name, OLD).await?;
    let mut swap = built(scene, &live, name).await?;
    swap.kept = Some(scene.server.bulk().keeping(&live, &undo(scene, name), name));
    Ok(swap)
}

fn undo(scene: &Scene<'_>, name: &str) -> PathBuf {
    scene.folder().join(format!("undo-{name}"))
}

async fn built(scene: &Scene<'_>, live: &Place, token: &str) -> Result<Swap> {
    let built = scene.server.bulk().beside(live, token);
    scene.server.create(&built).await?;
    let mut session = scene.write(&built).await?;
    session.execute(super::ITEMS, &[]).await?;
    fill(session.as_mut(), 1, NEW).await?;
    for statement in stead_sql::ledger::create(session.kind()) {
        session.execute(statement, &[]).await?;
    }
    let marker = [Value::from("seeded"), Value::from("2026-01-01T00:00:00Z"), Value::Null, Value::from(token)];
    session.execute(stead_sql::ledger::write_marker(session.kind()), &marker).await?;
    session.close().await?;
    Ok(Swap { live: live.clone(), built: Some(built), kept: None, token: token.to_owned() })
}

/// The swap is through: new under the live name, old where it is kept, nothing in between.
async fn through(scene: &Scene<'_>, swap: &Swap, context: &str) -> Result<()> {
    ensure!(scene.count(&swap.live).await? == NEW, "{context}: the live database is not the new one");
    if let Some(kept) = &swap.kept {
        let found = scene.count(kept).await.with_context(|| format!("{context}: the kept one"))?;
        ensure!(found == OLD, "{context}: the kept database has {found} rows");
    }
    if let Some(built) = &swap.built {
        ensure!(!scene.server.exists(built).await?, "{context}: the built one is still there");
    }
    ensure!(scene.server.bulk().leftovers(&swap.live).await?.is_empty(), "{context}: something is left over");
    let mut session = scene.write(&swap.live).await?;
    session.verify().await?;
    session.execute("INSERT INTO items (id, name) VALUES (77777, 'x')", &[]).await?;
    session.execute("DELETE FROM items WHERE id = 77777", &[]).await?;
    session.close().await?;
    Ok(())
}

pub(super) async fn a_swap_replaces_and_keeps(scene: &Scene<'_>) -> Result<()> {
    let swap = prepare(scene, "replaced").await?;
    scene.server.bulk().ready(&swap).await?;
    scene.server.bulk().swap(&swap).await?;
    through(scene, &swap, "once").await
}

pub(super) async fn a_swap_can_be_repeated(scene: &Scene<'_>) -> Result<()> {
    let swap = prepare(scene, "repeated").await?;
    for context in ["once", "twice", "three times"] {
        scene.server.bulk().swap(&swap).await.context(context)?;
        through(scene, &swap, context).await?;
    }
    Ok(())
}

/// A database without anything in it is a database too.
pub(super) async fn an_empty_database_can_be_swapped(scene: &Scene<'_>) -> Result<()> {
    let live = scene.place("bare");
    scene.server.create(&live).await?;
    let mut swap = built(scene, &live, "bare").await?;
    let kept = scene.server.bulk().keeping(&live, &undo(scene, "bare"), "bare");
    swap.kept = Some(kept.clone());
    scene.server.bulk().swap(&swap).await?;
    ensure!(scene.count(&live).await? == NEW, "the live database is not the new one");
    ensure!(scene.read(&kept).await?.inspect().await?.is_empty(), "the kept database is not the bare one");
    let again = Swap {
        live: live.clone(),
        built: Some(kept),
        kept: Some(scene.server.bulk().keeping(&live, &undo(scene, "full"), "full")),
        token: "full".to_owned(),
    };
    for _again in 0..2 {
        scene.server.bulk().swap(&again).await?;
        ensure!(scene.read(&live).await?.inspect().await?.is_empty(), "the bare database is not back");
    }
    Ok(())
}

pub(super) async fn a_swap_can_be_taken_back(scene: &Scene<'_>) -> Result<()> {
    let there = prepare(scene, "undone").await?;
    scene.server.bulk().swap(&there).await?;
    let kept = there.kept.clone().context("prepared with a kept place")?;
    let folder = undo(scene, "undone again");
    let back = Swap {
        live: there.live.clone(),
        built: Some(kept.clone()),
        kept: Some(scene.server.bulk().keeping(&there.live, &folder, "back")),
        token: "back".to_owned(),
    };
    scene.server.bulk().swap(&back).await?;
    ensure!(scene.count(&there.live).await? == OLD, "the old database is not back");
    ensure!(!scene.server.exists(&kept).await?, "it is in two places");
    let again = back.kept.clone().context("given above")?;
    ensure!(scene.count(&again).await? == NEW, "what was replaced the second time is not kept");
    scene.server.bulk().swap(&back).await?;
    ensure!(scene.count(&there.live).await? == OLD, "repeating it changed something");
    Ok(())
}

pub(super) async fn the_first_database_is_put_in_place(scene: &Scene<'_>) -> Result<()> {
    let live = scene.place("first");
    let swap = built(scene, &live, "first").await?;
    scene.server.bulk().ready(&swap).await?;
    for context in ["once", "twice"] {
        scene.server.bulk().swap(&swap).await?;
        through(scene, &swap, context).await?;
    }
    let taken = scene.database("taken", OLD).await?;
    let swap = built(scene, &taken, "taken").await?;
    let error = scene.server.bulk().swap(&swap).await.err().context("a database that appeared is replaced")?;
    ensure!(error.class == ErrorClass::Conflict, "{error:?}");
    ensure!(scene.count(&taken).await? == OLD, "it was changed");
    Ok(())
}

pub(super) async fn a_database_can_be_taken_away(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("taken_away", OLD).await?;
    let kept = scene.server.bulk().keeping(&live, &undo(scene, "away"), "away");
    let swap = Swap { live: live.clone(), built: None, kept: Some(kept.clone()), token: "away".to_owned() };
    for _again in 0..2 {
        scene.server.bulk().swap(&swap).await?;
        ensure!(!scene.server.exists(&live).await?, "it is still there");
        ensure!(scene.count(&kept).await? == OLD, "it is not kept");
    }
    Ok(())
}

pub(super) async fn a_ready_swap_changes_nothing(scene: &Scene<'_>) -> Result<()> {
    let swap = prepare(scene, "ready").await?;
    scene.server.bulk().ready(&swap).await?;
    ensure!(scene.count(&swap.live).await? == OLD, "asking has swapped");
    ensure!(!scene.server.exists(swap.kept.as_ref().context("kept")?).await?, "asking has kept something");
    let child = scene.holding(&Part::Write(swap.live.clone())).await?;
    if scene.subject.swap_ends_sessions() {
        scene.server.bulk().ready(&swap).await?;
        ensure!(scene.count(&swap.live).await? == OLD, "asking has swapped");
        return child.kill();
    }
    let error = scene.server.bulk().ready(&swap).await.err().context("a writer is not in the way")?;
    ensure!(error.class == ErrorClass::Conflict, "{error:?}");
    ensure!(error.message.contains(&scene.subject.in_the_way(child.number())), "the writer is not named: {error}");
    child.kill()?;
    scene.server.bulk().ready(&swap).await?;
    Ok(())
}

/// After a kill the live name stands for the whole old or the whole new database, and doing it again finishes it.
async fn killed(scene: &Scene<'_>, swap: &Swap, failpoint: &str) -> Result<()> {
    let ending = scene.finished(&Part::Swap(swap.clone()), &format!("{failpoint}=kill")).await?;
    ensure!(matches!(ending, Ending::Killed), "{failpoint} is not passed: {ending:?}");
    if scene.server.exists(&swap.live).await? {
        let mut session = scene.read(&swap.live).await?;
        session.verify().await?;
        let found = count(session.as_mut(), "items").await?;
        ensure!(found == NEW || found == OLD, "{failpoint}: neither old nor new, {found} rows");
        session.close().await?;
    } else {
        ensure!(swap.kept.is_none(), "{failpoint}: there is no database at all");
    }
    scene.server.bulk().swap(swap).await.with_context(|| format!("again after {failpoint}"))?;
    through(scene, swap, failpoint).await
}

pub(super) async fn a_killed_swap_is_old_or_new(scene: &Scene<'_>) -> Result<()> {
    for (number, failpoint) in scene.subject.swap_failpoints().iter().enumerate() {
        let swap = prepare(scene, &format!("killed{number}")).await?;
        killed(scene, &swap, failpoint).await?;
    }
    Ok(())
}

pub(super) async fn a_killed_first_swap_is_old_or_new(scene: &Scene<'_>) -> Result<()> {
    for (number, failpoint) in scene.subject.swap_failpoints().iter().enumerate() {
        let live = scene.place(&format!("first{number}"));
        let swap = built(scene, &live, &format!("first{number}")).await?;
        let ending = scene.finished(&Part::Swap(swap.clone()), &format!("{failpoint}=kill")).await?;
        if matches!(ending, Ending::Killed) {
            scene.server.bulk().swap(&swap).await?;
        }
        through(scene, &swap, failpoint).await?;
    }
    Ok(())
}

pub(super) async fn a_swap_under_an_open_session_loses_nothing(scene: &Scene<'_>) -> Result<()> {
    let swap = prepare(scene, "occupied").await?;
    let mut reader = scene.read(&swap.live).await?;
    let child = scene.holding(&Part::Open(swap.live.clone())).await?;
    match scene.server.bulk().swap(&swap).await {
        Ok(()) => {
            match count(reader.as_mut(), "items").await {
                Ok(seen) => ensure!(seen == NEW, "an open session sees {seen} rows for ever"),
                Err(error) => {
                    let class = error.downcast_ref::<stead_engine::EngineError>().map(|error| error.class);
                    ensure!(scene.subject.swap_ends_sessions(), "an open session is of no use: {error:#}");
                    ensure!(class == Some(ErrorClass::Interrupted), "an ended session is told {error:?}");
                }
            }
            drop(reader);
            child.kill()?;
            through(scene, &swap, "occupied").await
        }
        Err(error) => {
            ensure!(error.class == ErrorClass::Conflict, "{error:?}");
            ensure!(error.message.contains(&scene.subject.in_the_way(child.number())), "nobody is named: {error}");
            drop(reader);
            ensure!(scene.count(&swap.live).await? == OLD, "a refused swap has changed something");
            child.kill()?;
            scene.server.bulk().swap(&swap).await?;
            through(scene, &swap, "afterwards").await
        }
    }
}

pub(super) async fn a_killed_swap_under_an_open_session_is_old_or_new(scene: &Scene<'_>) -> Result<()> {
    for (number, failpoint) in scene.subject.occupied_swap_failpoints().iter().enumerate() {
        for leaves in [false, true] {
            let swap = prepare(scene, &format!("held{number}{leaves}")).await?;
            let child = scene.holding(&Part::Open(swap.live.clone())).await?;
            let ending = scene.finished(&Part::Swap(swap.clone()), &format!("{failpoint}=kill")).await?;
            ensure!(matches!(ending, Ending::Killed), "{failpoint} is not passed: {ending:?}");
            let found = scene.count(&swap.live).await?;
            ensure!(found == NEW || found == OLD, "{failpoint}: neither old nor new, {found} rows");
            if leaves {
                child.kill()?;
                scene.server.bulk().swap(&swap).await.with_context(|| format!("again after {failpoint}"))?;
            } else {
                scene.server.bulk().swap(&swap).await.with_context(|| format!("again after {failpoint}"))?;
                child.kill()?;
            }
            through(scene, &swap, failpoint).await?;
        }
    }
    Ok(())
}

pub(super) async fn a_failing_swap_leaves_the_old_one(scene: &Scene<'_>) -> Result<()> {
    for (number, failpoint) in scene.subject.swap_failpoints().iter().enumerate() {
        let swap = prepare(scene, &format!("failing{number}")).await?;
        let ending = scene.finished(&Part::Swap(swap.clone()), &format!("{failpoint}=enospc")).await?;
        ensure!(matches!(&ending, Ending::Failed(class) if class == "interrupted"), "{failpoint}: {ending:?}");
        let found = scene.count(&swap.live).await?;
        ensure!(found == NEW || found == OLD, "{failpoint}: neither old nor new, {found} rows");
        scene.server.bulk().swap(&swap).await.with_context(|| format!("again after {failpoint}"))?;
        through(scene, &swap, failpoint).await?;
    }
    Ok(())
}
