//! Dump, load and copy: the loaded database is the dumped one, a dump is one moment, and what fails leaves nothing.
//! Each case runs on a server of the adapter under test.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Guarantee;
use stead_engine::{EngineError, ErrorClass, Place, Session, Value};
use stead_schema::Schema;

use super::child::{Ending, Part};
use super::streams::{Broken, Memory, advance};
use super::{Scene, count};

/// Dumps one database into memory.
pub(super) async fn dump(scene: &Scene<'_>, place: &Place) -> Result<Arc<Memory>, EngineError> {
    let memory = Arc::new(Memory::default());
    let mut view = scene.server.bulk().view(std::slice::from_ref(place)).await?;
    memory.remember(view.session(place)?.inspect().await?);
    view.dump(place, Arc::clone(&memory) as _, advance()).await?;
    view.close().await?;
    Ok(memory)
}

/// Everything in a database that a user could see.
async fn content(scene: &Scene<'_>, place: &Place) -> Result<(Schema, Vec<(String, u64)>, Vec<Vec<Value>>)> {
    let mut session = scene.read(place).await?;
    let schema = session.inspect().await?;
    let counts = session.count_rows().await?;
    let rows = session.query("SELECT id, name FROM items ORDER BY id", &[]).await?;
    session.close().await?;
    Ok((schema, counts, rows))
}

pub(super) async fn a_loaded_dump_is_the_same_database(scene: &Scene<'_>) -> Result<()> {
    for rows in [0, 5000] {
        let live = scene.database(&format!("dumped_{rows}"), rows).await?;
        let memory = dump(scene, &live).await?;
        let loaded = scene.server.bulk().beside(&live, "token");
        scene.server.bulk().load(&loaded, Arc::clone(&memory) as _, advance()).await?;
        ensure!(content(scene, &live).await? == content(scene, &loaded).await?, "the loaded database differs");
        let again = dump(scene, &loaded).await?;
        ensure!(again.streams() == memory.streams(), "the dump of the loaded database differs");
        let mut session = scene.write(&loaded).await?;
        session.verify().await?;
        session.execute("INSERT INTO items (id, name) VALUES (999999, 'later')", &[]).await?;
        session.close().await?;
    }
    Ok(())
}

const ACCOUNTS: [&str; 5] = [
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, units INTEGER NOT NULL)",
    "CREATE TABLE moves (note VARCHAR(50))",
    "CREATE TABLE counted (moves INTEGER NOT NULL)",
    "INSERT INTO counted VALUES (0)",
    "INSERT INTO accounts VALUES (1,100),(2,100),(3,100),(4,100),(5,100),(6,100),(7,100),(8,100),(9,100),(10,100)",
];

async fn one_moment(session: &mut dyn Session) -> Result<i64> {
    let rows = session.query("SELECT (SELECT sum(units) FROM accounts), (SELECT moves FROM counted)", &[]).await?;
    let moves = count(session, "moves").await?;
    // A sum is a decimal on some engines, and comes as text.
    let number = |value: &Value| value.as_integer().or_else(|| value.as_text()?.parse().ok());
    let (sum, counted) = (number(&rows[0][0]), number(&rows[0][1]));
    ensure!(sum == Some(1000), "units were lost or made: {sum:?}");
    ensure!(counted == Some(moves), "the counter says {counted:?}, there are {moves} rows");
    Ok(moves)
}

pub(super) async fn a_dump_is_one_moment(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("busy", 2000).await?;
    let mut session = scene.write(&live).await?;
    for statement in ACCOUNTS {
        session.execute(statement, &[]).await?;
    }
    session.close().await?;
    let _first = scene.holding(&Part::Transfer(live.clone())).await?;
    let _second = scene.holding(&Part::Transfer(live.clone())).await?;
    let mut seen = Vec::new();
    for number in 0..5 {
        let memory = dump(scene, &live).await?;
        let loaded = scene.server.bulk().beside(&live, &format!("moment{number}"));
        scene.server.bulk().load(&loaded, memory, advance()).await?;
        let mut session = scene.read(&loaded).await?;
        session.verify().await?;
        seen.push(one_moment(session.as_mut()).await?);
        session.close().await?;
    }
    ensure!(seen.is_sorted() && seen.first() < seen.last(), "nothing was written meanwhile: {seen:?}");
    Ok(())
}

pub(super) async fn a_copy_is_the_same_database(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("original", 3000).await?;
    let copy = scene.place("copy");
    scene.server.bulk().copy(&live, &copy).await?;
    ensure!(content(scene, &live).await? == content(scene, &copy).await?, "the copy differs");
    let mut session = scene.write(&copy).await?;
    session.execute("DELETE FROM items", &[]).await?;
    session.close().await?;
    ensure!(scene.count(&live).await? == 3000, "original and copy are one");
    let error = scene.server.bulk().copy(&live, &copy).await.err().context("a copy replaces what exists")?;
    ensure!(error.class == ErrorClass::Conflict, "{error:?}");
    let view = scene.server.bulk().view(&[live, copy]).await?;
    let spans = scene.server.capabilities().view_spans_databases;
    ensure!((view.guarantee() == Guarantee::OneView) == spans, "the view of two databases says {:?}", view.guarantee());
    view.close().await?;
    Ok(())
}

pub(super) async fn a_load_refuses_what_exists(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("kept_as_it_is", 10).await?;
    let memory = dump(scene, &live).await?;
    let other = scene.database("other", 3).await?;
    let error =
        scene.server.bulk().load(&other, memory, advance()).await.err().context("a load replaces what exists")?;
    ensure!(error.class == ErrorClass::Conflict, "{error:?}");
    ensure!(scene.count(&other).await? == 3, "a refused load has changed something");
    Ok(())
}

pub(super) async fn a_broken_stream_leaves_nothing(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("source", 5000).await?;
    let streams = dump(scene, &live).await?.streams();
    let cut = streams.iter().map(|(name, bytes)| (name.clone(), bytes[..bytes.len() / 2].to_vec())).collect();
    let flipped = streams.iter().map(|(name, bytes)| (name.clone(), flip(bytes))).collect();
    let sources: [Arc<dyn stead_engine::snapshot::Source>; 4] = [
        Arc::new(Broken(Memory::of(streams))),
        Arc::new(Memory::of(cut)),
        Arc::new(Memory::of(flipped)),
        Arc::new(Memory::default()),
    ];
    for (number, source) in sources.into_iter().enumerate() {
        let place = scene.server.bulk().beside(&live, &format!("broken{number}"));
        let result = scene.server.bulk().load(&place, source, advance()).await;
        let error = result.err().with_context(|| format!("broken stream {number} is loaded"))?;
        ensure!(error.class == ErrorClass::Refused, "{number}: {error:?}");
        ensure!(!scene.server.exists(&place).await?, "broken stream {number} leaves a database");
    }
    ensure!(scene.server.bulk().leftovers(&live).await?.is_empty(), "something is left over");
    Ok(())
}

/// Damage in the middle that no header shows.
fn flip(bytes: &[u8]) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    let middle = flipped.len() / 2;
    flipped[middle..].iter_mut().take(6000).for_each(|byte| *byte = !*byte);
    flipped
}

pub(super) async fn a_full_disk_leaves_nothing(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("full", 9000).await?;
    let mut view = scene.server.bulk().view(std::slice::from_ref(&live)).await?;
    let error = view.dump(&live, Arc::new(Memory::full()), advance()).await.err().context("a full disk is no error")?;
    ensure!(error.class == ErrorClass::Interrupted, "{error:?}");
    view.close().await?;
    for failpoint in scene.subject.load_failpoints() {
        let place = scene.server.bulk().beside(&live, "full");
        let part = Part::Load(live.clone(), place.clone());
        let ending = scene.finished(&part, &format!("{failpoint}=enospc")).await?;
        ensure!(matches!(&ending, Ending::Failed(class) if class == "interrupted"), "{failpoint}: {ending:?}");
        ensure!(!scene.server.exists(&place).await?, "{failpoint}: a full disk leaves a database");
    }
    ensure!(scene.server.bulk().leftovers(&live).await?.is_empty(), "something is left over");
    ensure!(scene.count(&live).await? == 9000, "the live database suffered");
    Ok(())
}

pub(super) async fn a_killed_dump_harms_nothing(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("dumping", 4000).await?;
    for failpoint in scene.subject.dump_failpoints() {
        let ending = scene.finished(&Part::Dump(live.clone()), &format!("{failpoint}=kill")).await?;
        ensure!(matches!(ending, Ending::Killed), "{failpoint}: {ending:?}");
        let mut session = scene.write(&live).await?;
        session.verify().await?;
        ensure!(count(session.as_mut(), "items").await? == 4000, "{failpoint}: rows are gone");
        session.close().await?;
        for leftover in scene.server.bulk().leftovers(&live).await? {
            scene.server.remove(&leftover).await?;
        }
    }
    Ok(())
}

pub(super) async fn a_killed_load_leaves_a_leftover(scene: &Scene<'_>) -> Result<()> {
    let live = scene.database("loading", 4000).await?;
    for failpoint in scene.subject.load_failpoints() {
        let place = scene.server.bulk().beside(&live, "killed");
        let ending = scene.finished(&Part::Load(live.clone(), place.clone()), &format!("{failpoint}=kill")).await?;
        ensure!(matches!(ending, Ending::Killed), "{failpoint}: {ending:?}");
        let leftovers = scene.server.bulk().leftovers(&live).await?;
        ensure!(leftovers == [place.clone()], "{failpoint}: leftovers are {leftovers:?}");
        ensure!(scene.count(&live).await? == 4000, "{failpoint}: the live database suffered");
        scene.server.remove(&place).await?;
        ensure!(scene.server.bulk().leftovers(&live).await?.is_empty(), "{failpoint}: the leftover stays");
    }
    Ok(())
}
