//! Locks between processes: they exclude, they tell who holds them, and they die with their holder. The other side is
//! always a real process.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use stead_engine::capability::LockRelease;
use stead_engine::{ErrorClass, Holder, Lock, LockRequest, Place};

use super::Scene;
use super::child::{Part, holder};

async fn take(scene: &Scene<'_>, place: &Place, timeout: Duration) -> Result<Box<dyn Lock>, stead_engine::EngineError> {
    scene.server.lock(place, LockRequest { holder: holder("first"), timeout, on_wait: &mut |_| {} }).await
}

pub(super) async fn a_lock_names_its_holder(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("locked", 1).await?;
    let child = scene.holding(&Part::Lock(place.clone())).await?;
    let mut told: Vec<Option<Holder>> = Vec::new();
    let began = Instant::now();
    let request = LockRequest {
        holder: holder("second"),
        timeout: Duration::from_millis(1600),
        on_wait: &mut |holder| told.push(holder.cloned()),
    };
    let error = scene.server.lock(&place, request).await.err().context("two processes hold one lock")?;
    ensure!(error.class == ErrorClass::LockTimeout, "{error:?}");
    ensure!(error.message.contains("stead child"), "the holder is not named: {error}");
    ensure!(began.elapsed() >= Duration::from_millis(1600), "gave up too early");
    ensure!(told.len() == 1, "told {} times", told.len());
    let named = told.remove(0).context("the holder is not known while waiting")?;
    ensure!(named.process == child.number(), "the wrong process is named: {named}");
    ensure!(scene.count(&place).await? == 1, "reading needs no lock");
    Ok(())
}

pub(super) async fn a_waiting_run_gets_the_lock(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("handed_on", 1).await?;
    let first = take(scene, &place, Duration::from_secs(1)).await?;
    ensure!(first.left_behind().is_none(), "nobody was cut off");
    let waiting = take(scene, &place, Duration::from_secs(20));
    let releasing = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(first);
    };
    let (second, ()) = tokio::join!(waiting, releasing);
    ensure!(second?.left_behind().is_none(), "an orderly end is taken for a crash");
    Ok(())
}

pub(super) async fn a_killed_holder_frees_the_lock_as_claimed(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("abandoned", 1).await?;
    let child = scene.holding(&Part::Lock(place.clone())).await?;
    let number = child.number();
    child.kill()?;
    let began = Instant::now();
    let lock = take(scene, &place, Duration::from_secs(30)).await?;
    if scene.server.capabilities().lock_release == LockRelease::WithProcess {
        ensure!(began.elapsed() < Duration::from_secs(1), "the dead holder blocked for {:?}", began.elapsed());
    }
    let left = lock.left_behind().context("the run that was cut off is not known")?;
    ensure!(left.process == number, "the wrong process is named: {left}");
    drop(lock);
    ensure!(take(scene, &place, Duration::from_secs(1)).await?.left_behind().is_none(), "a crash is told twice");
    Ok(())
}

pub(super) async fn a_lock_needs_no_database(scene: &Scene<'_>) -> Result<()> {
    let place = scene.place("not_yet");
    let first = take(scene, &place, Duration::from_secs(1)).await?;
    let error = take(scene, &place, Duration::from_millis(50)).await.err().context("it is taken twice")?;
    ensure!(error.class == ErrorClass::LockTimeout, "{error:?}");
    ensure!(!scene.server.exists(&place).await?, "locking made the database");
    scene.server.create(&place).await?;
    let error = take(scene, &place, Duration::from_millis(50)).await.err();
    ensure!(error.is_some(), "making the database has freed its lock");
    scene.server.remove(&place).await?;
    let error = take(scene, &place, Duration::from_millis(50)).await.err();
    ensure!(error.is_some(), "removing the database has freed its lock");
    drop(first);
    take(scene, &place, Duration::from_secs(1)).await?;
    Ok(())
}
