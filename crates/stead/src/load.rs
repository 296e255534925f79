//! Loading: a snapshot is unpacked beside what is there, held against its manifest, brought up to today's revisions
//! and indexed; only then does it take the place of the live databases and files, all of them together. A failure at
//! any step before that leaves everything as it was.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use stead_engine::snapshot::Source;
use stead_engine::{Access, ErrorClass, Event};
use stead_schema::model::{Object, View};
use stead_schema::{EngineKind, Schema};
use stead_snapshot::{Manifest, Part, Snapshot, SnapshotName};
use stead_sql::quote::identifier;
use stead_sql::split::split;

use crate::counted::counted;
use crate::environment::{Database, Environment};
use crate::error::{Error, Kind, Result};
use crate::marker::Marker;
use crate::project::Roles;
use crate::replacement::{self, Replacement, refuse_without_undo_room};
use crate::revisions::Revisions;
use crate::upgrade::UpgradeOptions;
use crate::{dump, ledger, marker, reindex, shelf, upgrade};

/// What to load and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The snapshot's name.
    pub name: String,
    /// The environment whose folder it is in; this one's if absent.
    pub from: Option<String>,
    /// Only that database, and no files.
    pub database: Option<String>,
    /// Leave the schema as it is in the snapshot.
    pub no_migrate: bool,
    /// Leave the indexes as they are.
    pub skip_index: bool,
}

/// A snapshot that was loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// Rows that came back, stead's own left out.
    pub rows: u64,
    /// Files that came back.
    pub files: u64,
    /// Revisions applied afterwards.
    pub upgraded: usize,
}

/// What a load would do.
///
/// # Errors
///
/// As [`load`], as far as it can be known beforehand.
pub async fn plan(environment: &Environment, options: &LoadOptions) -> Result<Vec<String>> {
    let snapshot = open(environment, options)?;
    let manifest = snapshot.manifest();
    let mut steps: Vec<String> = names(environment, options)?
        .into_iter()
        .map(|name| format!("replace database {name} by the one of `{}` ({})", manifest.name, manifest.created_at))
        .collect();
    if options.database.is_none() && manifest.storage.is_some() {
        steps.extend(leaves(environment).into_iter().map(|leaf| format!("replace storage {leaf}")));
    }
    if !options.no_migrate {
        steps.push("upgrade to head".to_owned());
    }
    if !options.skip_index {
        steps.extend(environment.project.indexes.keys().map(|name| format!("build index {name}")));
    }
    Ok(steps)
}

/// What to ask before a load, where anything is to be asked.
///
/// # Errors
///
/// As [`load`], as far as it can be known beforehand.
pub async fn question(environment: &Environment, options: &LoadOptions) -> Result<Option<String>> {
    environment.refuse_protected("load")?;
    open(environment, options)?;
    let names = names(environment, options)?;
    replacement::question(environment, &format!("load {}", options.name), &names, options.database.is_none()).await
}

/// Loads a snapshot.
///
/// # Errors
///
/// An unknown, damaged or newer snapshot, or one of other databases, before anything is touched; a protected
/// environment; whatever stops the building, which leaves the old state.
pub async fn load(environment: &Environment, options: &LoadOptions) -> Result<Loaded> {
    environment.refuse_protected("load")?;
    let snapshot = open(environment, options)?;
    let _held = environment.hold().await?;
    refuse_without_undo_room(environment).await?;
    let mut replacement = Replacement::new(environment, format!("load {}", options.name));
    replacement.ready(&names(environment, options)?).await?;
    let built = build(environment, &snapshot, options, &mut replacement).await;
    replacement.swap_if_built(built).await
}

/// Finds the snapshot and refuses one that cannot be loaded here.
pub(crate) fn open(environment: &Environment, options: &LoadOptions) -> Result<Snapshot> {
    let name = SnapshotName::parse(&options.name)?;
    let shelf = match &options.from {
        None => environment.shelf(),
        Some(other) => shelf::of_environment(environment, other)?,
    };
    let snapshot = shelf.open(&name)?;
    fits(environment, snapshot.manifest())?;
    names(environment, options)?;
    Ok(snapshot)
}

/// A snapshot fits if it holds this project's databases, of the same engines, and no revision that is unknown here.
pub(crate) fn fits(environment: &Environment, manifest: &Manifest) -> Result<()> {
    let ours: Vec<&str> = environment.databases.iter().map(|database| database.name.as_str()).collect();
    let theirs: Vec<&str> = manifest.databases.keys().map(String::as_str).collect();
    if ours != theirs {
        let message = format!(
            "the snapshot `{}` holds the databases {}, this project has {}",
            manifest.name,
            quoted(&theirs),
            quoted(&ours)
        );
        return Err(Error::refused("snapshot-databases", message)
            .hint("load it where its project is, or bring `[databases]` in line with it"));
    }
    for database in &environment.databases {
        let record = &manifest.databases[&database.name];
        if record.engine != database.server.kind() {
            let message = format!(
                "the snapshot `{}` holds `{}` as {}, here it is {}",
                manifest.name,
                database.name,
                record.engine,
                database.server.kind()
            );
            return Err(Error::refused("snapshot-engine", message).hint(
                "a snapshot goes back into the engine it came from; `stead dump` makes one of this environment",
            ));
        }
    }
    known_revisions(environment, manifest)
}

fn known_revisions(environment: &Environment, manifest: &Manifest) -> Result<()> {
    let revisions = Revisions::read(&environment.project)?;
    let mut unknown = Vec::new();
    for (database, record) in &manifest.databases {
        for (app, heads) in &record.heads {
            let ids = heads.applied.iter().filter(|id| !revisions.knows(app, id));
            unknown.extend(ids.map(|id| format!("`{app}` {id} on `{database}`")));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let name = &manifest.name;
    let message =
        format!("the snapshot `{name}` is newer than the revision files here: {} is unknown", unknown.join(", "));
    Err(Error::refused("snapshot-newer-revisions", message)
        .hint("update the project to the version the snapshot was made with"))
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The databases to load: all, or the one that was named.
fn names(environment: &Environment, options: &LoadOptions) -> Result<Vec<String>> {
    match &options.database {
        Some(name) => Ok(vec![environment.database(name)?.name.clone()]),
        None => Ok(environment.databases.iter().map(|database| database.name.clone()).collect()),
    }
}

fn leaves(environment: &Environment) -> Vec<String> {
    environment.project.storage.as_ref().map(|storage| storage.leaves.clone()).unwrap_or_default()
}

/// Builds everything a load replaces and hands it to the replacement. The caller holds the locks.
///
/// # Errors
///
/// Bytes that are not those of the dump, rows or a schema that differ from the manifest, or a revision that fails.
pub(crate) async fn build(
    environment: &Environment,
    snapshot: &Snapshot,
    options: &LoadOptions,
    replacement: &mut Replacement<'_>,
) -> Result<Loaded> {
    snapshot.survey()?;
    let manifest = snapshot.manifest();
    shelf::refuse_without_room(environment, manifest)?;
    let mut built = Vec::new();
    for name in names(environment, options)? {
        built.push(build_database(environment, snapshot, &name, replacement).await?);
    }
    let mut files = 0;
    if options.database.is_none() {
        files = build_storage(environment, snapshot, replacement)?;
    }
    let upgraded = if options.no_migrate {
        0
    } else {
        upgrade::upgrade_databases(environment, &built, &UpgradeOptions::default()).await?.len()
    };
    if !options.skip_index {
        let indexed = reindex::build_for(environment, &built, replacement).await;
        indexed.map_err(|error| if options.no_migrate { of_an_old_schema(error) } else { error })?;
    }
    for database in &built {
        replacement.put_database(&database.name, Some(database.place.clone())).await?;
    }
    let rows = built.iter().map(|database| dump::rows_of(&manifest.databases[&database.name])).sum();
    Ok(Loaded { name: manifest.name.to_string(), rows, files, upgraded })
}

async fn build_database(
    environment: &Environment,
    snapshot: &Snapshot,
    name: &str,
    replacement: &Replacement<'_>,
) -> Result<Database> {
    let step = format!("load {name}");
    environment.report(Event::Started { step: step.clone() });
    let began = Instant::now();
    let live = environment.database(name)?;
    let database = Database { place: replacement.beside(name)?, ..live.clone() };
    let part = Part::Database(name.to_owned());
    let (source, kept) = shelf::source(environment, snapshot, &part)?;
    let source = match database.roles {
        Roles::Keep => source,
        Roles::Current => Arc::new(Unowned::new(source)),
    };
    let advance = dump::advance(environment, &step);
    let loaded = database.server.bulk().load(&database.place, source, advance).await;
    loaded.map_err(|error| {
        // What a snapshot holds is no server that refuses; a server gives its reason a code.
        let refused = error.class == ErrorClass::Refused && error.engine_code.is_none();
        let of_snapshot = refused || database.server.kind() == EngineKind::Sqlite;
        let error = Error::from(error.context(format!("snapshot `{}`, database `{name}`", snapshot.manifest().name)));
        if error.kind == Kind::Unreachable && of_snapshot { Error { kind: Kind::Failed, ..error } } else { error }
    })?;
    prove(&database, snapshot.manifest(), !kept.offered()).await?;
    // Only a shortcut for the next load: if there is no room for the copy, this one goes on without.
    let _not_kept = kept.settle();
    adopt(environment, &database, snapshot.manifest()).await?;
    left_out(&database.wanted(&snapshot.manifest().databases[name].schema))
        .into_iter()
        .for_each(|what| environment.warn(what));
    let rows: u64 = snapshot.manifest().databases[name].tables.values().map(|table| table.rows).sum();
    environment.report(Event::Done { step, outcome: counted(rows, "row"), took: began.elapsed() });
    Ok(database)
}

fn of_an_old_schema(error: Error) -> Error {
    error.hint("with `--no-migrate` the schema stays that of the snapshot, which indexes may not fit: `--skip-index` leaves them")
}

/// What a schema says it has without its secrets or its rows, one sentence an object: nothing works there until they are set
/// again.
fn left_out(schema: &Schema) -> Vec<String> {
    let said = |object: &Object| {
        let comments = object.definition.as_deref()?.lines().map_while(|line| line.strip_prefix("-- "));
        let comments: Vec<&str> = comments.collect();
        (!comments.is_empty()).then(|| format!("the {} `{}`: {}", object.kind, object.name, comments.join("; ")))
    };
    if schema.engine != EngineKind::Postgres {
        return Vec::new();
    }
    schema.objects.iter().filter_map(said).chain(schema.views.iter().filter_map(left_empty)).collect()
}

/// What to say of a view that stores rows from another server: nobody asks there during a load.
fn left_empty(view: &View) -> Option<String> {
    let identifier = |name: &String| identifier(name, EngineKind::Postgres);
    let name: Vec<String> = view.name.namespace.iter().chain([&view.name.name]).map(identifier).collect();
    let text = format!(
        "the view `{}` has no rows: it reads another server, or a view without rows; `REFRESH MATERIALIZED VIEW {}` fills it",
        view.name,
        name.join(".")
    );
    (view.options.get("populated").map(String::as_str) == Some("elsewhere")).then_some(text)
}

/// A snapshot's database without owners, grants and definers.
struct Unowned {
    source: Arc<dyn Source>,
    schema: Option<Schema>,
}

impl Unowned {
    fn new(source: Arc<dyn Source>) -> Self {
        let schema = source.schema().cloned().map(Schema::without_roles);
        Self { source, schema }
    }
}

impl Source for Unowned {
    fn streams(&self) -> Vec<(String, u64)> {
        self.source.streams()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        self.source.open(name)
    }

    fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    fn put_kept(&self, name: &str, to: &Path) -> io::Result<bool> {
        self.source.put_kept(name, to)
    }

    fn filled(&self, name: &str, file: &Path) {
        self.source.filled(name, file);
    }
}

/// Holds the loaded database against the manifest: the same schema, and the same tables with the same numbers of rows. The
/// rows of a kept copy were counted before it was kept; to count them again would take longer than the copying.
async fn prove(database: &Database, manifest: &Manifest, count: bool) -> Result<()> {
    let record = &manifest.databases[&database.name];
    let mut session = database.open(Access::Read).await?;
    let schema = session.inspect().await?;
    let counts = if count { Some(session.count_rows().await?) } else { None };
    session.close().await?;
    let differing = |what: String| {
        let message = format!(
            "database `{}` as loaded from `{}` differs from its manifest: {what}",
            database.name, manifest.name
        );
        Error::failed("load-differs", message)
            .hint("nothing was replaced; `stead snapshots verify` tells whether the snapshot is whole")
            .hint("if it is, this server keeps what is named in another way than the one it came from")
    };
    if stead_schema::fingerprint(&schema) != record.fingerprint
        && let Some(first) = database.differences(&schema, &record.schema).first()
        && (database.server.version().await? == record.engine_version
            || !database
                .differences(&schema, &as_printed_here(database, &database.wanted(&record.schema)).await?)
                .is_empty())
    {
        return Err(differing(first.to_string()));
    }
    let Some(counts) = counts else { return Ok(()) };
    for (table, rows) in &counts {
        let expected = record.tables.get(table).map(|table| table.rows);
        if expected != Some(*rows) {
            return Err(differing(format!(
                "`{table}` has {}, expected {}",
                counted(*rows, "row"),
                expected.unwrap_or_default()
            )));
        }
    }
    if counts.len() == record.tables.len() { Ok(()) } else { Err(differing("a table is missing".to_owned())) }
}

/// A schema as this server prints it. Versions of a server print views and expressions in other words, so what another version
/// has printed is made here once and looked at.
async fn as_printed_here(database: &Database, schema: &Schema) -> Result<Schema> {
    let unwritable = |error: &dyn std::fmt::Display| Error::failed("load-differs", error.to_string());
    let statements = stead_sql::write(schema).map_err(|error| unwritable(&error))?;
    let mut session = database.server.scratch().await?;
    if session.kind() == EngineKind::Postgres {
        session.execute("SET check_function_bodies = off", &[]).await?;
    }
    for statement in statements {
        let parts = split(&statement.sql, session.kind()).map_err(|error| unwritable(&error))?;
        for part in parts {
            session.execute(&part.text, &[]).await?;
        }
    }
    let printed = session.inspect().await?;
    session.close().await?;
    Ok(printed)
}

/// Makes the loaded database one of this environment. A schema that another version of the server has printed is stored as this
/// one prints it, or the next check would find a difference that is none.
async fn adopt(environment: &Environment, database: &Database, manifest: &Manifest) -> Result<()> {
    let mut session = database.open(Access::Write).await?;
    let record = &manifest.databases[&database.name];
    let stored = ledger::stored_schema(session.as_mut()).await?;
    if stored.is_some_and(|stored| stored.fingerprint == record.fingerprint)
        && database.server.version().await? != record.engine_version
    {
        ledger::store_schema(session.as_mut()).await?;
    }
    ledger::move_to(session.as_mut(), environment).await?;
    marker::write(session.as_mut(), &Marker::now(true, manifest.name.as_str())).await?;
    session.close().await?;
    Ok(())
}

/// Restores the leaves beside the live ones; the number of files.
fn build_storage(environment: &Environment, snapshot: &Snapshot, replacement: &mut Replacement<'_>) -> Result<u64> {
    let Some(record) = &snapshot.manifest().storage else { return Ok(0) };
    let ours = leaves(environment);
    if let Some(unknown) = record.leaves.iter().find(|leaf| !ours.contains(leaf)) {
        let message = format!(
            "the snapshot `{}` holds the storage leaf `{unknown}`, this project does not",
            snapshot.manifest().name
        );
        return Err(Error::new(Kind::Refused, "snapshot-leaves", message).hint("add it to `storage.leaves`"));
    }
    let step = "load storage".to_owned();
    environment.report(Event::Started { step: step.clone() });
    let began = Instant::now();
    let root: PathBuf = environment.storage_beside(replacement.token())?;
    shelf::restore(snapshot, &root, dump::advance(environment, &step))?;
    for leaf in ours {
        // A leaf that was declared after the snapshot was made comes back empty.
        // What the seed made has the mode that the leaf had then, which may have been none yet.
        let kept = record.leaves.contains(&leaf) && snapshot.manifest().name.as_str() != dump::SEED_SNAPSHOT;
        let built = if kept { replacement.leaf_beside(&leaf)? } else { replacement.leaf_like_live(&leaf)? };
        replacement.put_built_leaf(&leaf, built)?;
    }
    environment.report(Event::Done { step, outcome: counted(record.files, "file"), took: began.elapsed() });
    Ok(record.files)
}
