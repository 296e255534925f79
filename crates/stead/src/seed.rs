//! Seeding: new databases beside the live ones are upgraded and filled step by step, the result is kept as the snapshot
//! `_init`, and `_init` is loaded once to prove that it restores. What was loaded is what takes the place of the old
//! state, so a seed that ends well has a snapshot that is known to be good.

mod csv;
mod program;
mod running;
pub mod sql;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use stead_engine::{Access, Event};
use stead_snapshot::{Draft, SnapshotName};

pub(crate) use self::running::wait_until_over;
use crate::counted::counted;
use crate::dump::SEED_SNAPSHOT;
use crate::environment::{Database, Environment};
use crate::error::{Error, Result};
use crate::journal::passed;
use crate::load::{LoadOptions, Loaded};
use crate::marker::Marker;
use crate::project::{SeedAction, SeedStep};
use crate::replacement::{self, Replacement, refuse_without_undo_room};
use crate::upgrade::UpgradeOptions;
use crate::{clock, dump, engines, files, load, marker, upgrade};

/// What a seed made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seeded {
    /// Rows in all tables, stead's own left out.
    pub rows: u64,
    /// Stored files.
    pub files: u64,
    /// Steps that ran.
    pub steps: usize,
}

/// What a seed would do.
///
/// # Errors
///
/// A protected environment.
pub fn plan(environment: &Environment) -> Result<Vec<String>> {
    environment.refuse_seeding()?;
    let databases = environment.databases.iter().map(|database| format!("build database {} anew", database.name));
    let steps = steps(environment).into_iter().map(|(name, _)| format!("run {name}"));
    let last = [format!("keep the result as `{SEED_SNAPSHOT}`"), "load it once and put it in place".to_owned()];
    Ok(databases.chain(steps).chain(last).collect())
}

/// What to ask before a seed, where anything is to be asked.
///
/// # Errors
///
/// A protected environment, or whatever the engine says when rows are counted.
pub async fn question(environment: &Environment) -> Result<Option<String>> {
    environment.refuse_seeding()?;
    replacement::question(environment, "seed", &environment.names(), true).await
}

/// Seeds the environment anew.
///
/// # Errors
///
/// A protected environment; the first step that fails, by its name, which leaves the old state and the old `_init`.
pub async fn seed(environment: &Environment, skip_index: bool) -> Result<Seeded> {
    environment.refuse_seeding()?;
    let _held = environment.hold().await?;
    refuse_without_undo_room(environment).await?;
    let mut replacement = Replacement::new(environment, "seed");
    replacement.all_ready().await?;
    let built = build(environment, skip_index, &mut replacement).await;
    replacement.swap_if_built(built).await
}

/// Builds seeded databases and storage and hands them to the replacement. The caller holds the locks.
///
/// # Errors
///
/// The first step that fails, by its name.
pub(crate) async fn build(
    environment: &Environment,
    skip_index: bool,
    replacement: &mut Replacement<'_>,
) -> Result<Seeded> {
    let token = clock::token();
    let databases = fresh_databases(environment, &token).await?;
    let storage = fresh_storage(environment, &token)?;
    upgrade::upgrade_databases(environment, &databases, &UpgradeOptions::default()).await?;
    for database in &databases {
        let mut session = database.open(Access::Write).await?;
        marker::write(session.as_mut(), &Marker::now(true, "seed")).await?;
        session.close().await?;
    }
    let steps = steps(environment);
    for (name, step) in &steps {
        run_step(environment, name, step, &databases, storage.as_ref()).await?;
        passed("seed.step")?;
    }
    let name = SnapshotName::parse(SEED_SNAPSHOT)?;
    let mut draft = environment.shelf().begin(&name, &token)?;
    dump::write(environment, &databases, storage.as_deref(), &mut draft, Some(hash(environment)?)).await?;
    for database in &databases {
        database.server.remove(&database.place).await?;
    }
    let loaded = restore(environment, draft, skip_index, replacement).await?;
    Ok(Seeded { rows: loaded.rows, files: loaded.files, steps: steps.len() })
}

/// Loads the draft to prove it, then gives it its name; the old `_init` stays until this one is in its place.
async fn restore(
    environment: &Environment,
    draft: Draft,
    skip_index: bool,
    replacement: &mut Replacement<'_>,
) -> Result<Loaded> {
    passed("seed.dumped")?;
    let options = LoadOptions { name: SEED_SNAPSHOT.to_owned(), skip_index, ..LoadOptions::default() };
    let loaded = load::build(environment, &draft.snapshot()?, &options, replacement).await?;
    environment.shelf().publish(draft, true)?;
    passed("seed.published")?;
    Ok(loaded)
}

async fn fresh_databases(environment: &Environment, token: &str) -> Result<Vec<Database>> {
    let mut databases = Vec::new();
    for live in &environment.databases {
        let place = live.server.bulk().beside(&live.place, token);
        live.server.create(&place).await?;
        databases.push(Database { place, ..live.clone() });
    }
    Ok(databases)
}

fn fresh_storage(environment: &Environment, token: &str) -> Result<Option<PathBuf>> {
    let Some(storage) = &environment.project.storage else { return Ok(None) };
    let root = environment.storage_beside(token)?;
    for leaf in &storage.leaves {
        files::make_folder(&root.join(leaf))?;
        files::take_mode(&storage.leaf(leaf), &root.join(leaf))?;
    }
    Ok(Some(root))
}

/// The steps that are for the engines of their databases, with the names people see: `step 2, seed/licences.csv`.
fn steps(environment: &Environment) -> Vec<(String, &SeedStep)> {
    let applies = |step: &&SeedStep| {
        let database = environment.database(&step.database);
        database.is_ok_and(|database| step.is_for(database.server.kind()))
    };
    let steps = environment.project.seed.iter().filter(applies).enumerate();
    steps.map(|(position, step)| (format!("seed step {}, {}", position + 1, title(environment, step)), step)).collect()
}

fn title(environment: &Environment, step: &SeedStep) -> String {
    let shown = |file: &Path| file.strip_prefix(&environment.project.folder).unwrap_or(file).display().to_string();
    match &step.action {
        SeedAction::Sql { file } | SeedAction::Csv { file, .. } => shown(file),
        SeedAction::Run { command } => command.to_string(),
    }
}

async fn run_step(
    environment: &Environment,
    name: &str,
    step: &SeedStep,
    databases: &[Database],
    storage: Option<&PathBuf>,
) -> Result<()> {
    environment.report(Event::Started { step: name.to_owned() });
    let began = Instant::now();
    match perform(environment, name, step, databases, storage).await {
        Ok(outcome) => {
            environment.report(Event::Done { step: name.to_owned(), outcome, took: began.elapsed() });
            Ok(())
        }
        Err(error) => {
            environment.report(Event::Failed { step: name.to_owned() });
            Err(error.context(name))
        }
    }
}

async fn perform(
    environment: &Environment,
    name: &str,
    step: &SeedStep,
    databases: &[Database],
    storage: Option<&PathBuf>,
) -> Result<String> {
    let database = databases.iter().find(|database| database.name == step.database);
    let database = database.ok_or_else(|| Error::bug("a step for a database that is not there"))?;
    match &step.action {
        SeedAction::Sql { file } => {
            let mut session = database.open(Access::Write).await?;
            let ran = sql::run(session.as_mut(), file).await;
            for line in session.notices() {
                environment.report(Event::Output { step: name.to_owned(), line });
            }
            let count = ran?;
            session.close().await?;
            Ok(format!("{count} statements"))
        }
        SeedAction::Csv { file, table, null, delimiter } => {
            let mut session = database.open(Access::Write).await?;
            let step = csv::CsvStep { path: file, table, null, delimiter: *delimiter };
            let count = csv::run(session.as_mut(), &step).await?;
            session.close().await?;
            Ok(counted(count, "row"))
        }
        SeedAction::Run { command } => {
            let urls = urls(environment, databases);
            let variables = program::variables(environment, &urls, &step.database, storage);
            let folder = &environment.project.folder;
            program::run(environment, &program::ProgramStep { arguments: command.words(), folder, variables, name })
                .await?;
            Ok(String::new())
        }
    }
}

fn urls(environment: &Environment, databases: &[Database]) -> BTreeMap<String, String> {
    let url = |database: &Database| {
        (database.name.clone(), engines::url(&environment.project, &database.name, &database.place))
    };
    databases.iter().map(url).collect()
}

/// BLAKE3 over the seed steps and every file they name: what makes `_init` out of date when it changes.
///
/// # Errors
///
/// A file that cannot be read.
pub fn hash(environment: &Environment) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for (name, step) in steps(environment) {
        hasher.update(format!("{name}\0{}\0", step.database).as_bytes());
        match &step.action {
            SeedAction::Sql { file } => absorb(&mut hasher, file)?,
            SeedAction::Csv { file, table, null, delimiter } => {
                hasher.update(format!("{table}\0{null}\0{delimiter}\0").as_bytes());
                absorb(&mut hasher, file)?;
            }
            SeedAction::Run { command } => {
                for word in command.words() {
                    hasher.update(format!("{word}\0").as_bytes());
                    let path = environment.project.folder.join(word);
                    if path.is_file() {
                        absorb(&mut hasher, &path)?;
                    }
                }
            }
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn absorb(hasher: &mut blake3::Hasher, path: &Path) -> Result<()> {
    let file = std::fs::File::open(path).map_err(|error| Error::io("read", path, &error))?;
    hasher.update_reader(file).map_err(|error| Error::io("read", path, &error))?;
    Ok(())
}
