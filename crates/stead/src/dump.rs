//! Dumping: rows and files of one moment each, written as a snapshot beside the others and given its name when it is
//! complete and proved. The order matters: the view of the rows is opened first and the files are read after it, so
//! that every file a row names is there to be read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use stead_engine::snapshot::{Advance, Guarantee, View};
use stead_engine::{ErrorClass, Event, Place, Server, Session, Value};
use stead_revision::Applied;
use stead_schema::Schema;
use stead_snapshot::{
    AppHeads, DatabaseRecord, Draft, Manifest, Part, SnapshotName, StorageRecord, TableRecord, default_name,
};

use crate::counted::counted;
use crate::environment::{Database, Environment};
use crate::error::{Error, Result};
use crate::project::StorageReference;
use crate::{clock, ledger, shelf};

/// The name of the snapshot that a seed leaves.
pub const SEED_SNAPSHOT: &str = "_init";

/// What to dump and under which name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DumpOptions {
    /// The snapshot's name; the time if absent.
    pub name: Option<String>,
    /// Replace a snapshot of that name.
    pub force: bool,
}

/// A snapshot that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dumped {
    /// Its name.
    pub name: String,
    /// Rows in all tables, stead's own left out.
    pub rows: u64,
    /// Stored files.
    pub files: u64,
    /// Bytes before compression.
    pub raw_bytes: u64,
    /// Bytes on disk.
    pub packed_bytes: u64,
}

impl Dumped {
    fn new(manifest: &Manifest) -> Self {
        Self {
            name: manifest.name.to_string(),
            rows: rows(manifest),
            files: manifest.storage.as_ref().map_or(0, |storage| storage.files),
            raw_bytes: manifest.raw_bytes,
            packed_bytes: manifest.packed_bytes,
        }
    }
}

/// Rows in all tables of a snapshot, stead's own left out.
#[must_use]
pub fn rows(manifest: &Manifest) -> u64 {
    manifest.databases.values().map(rows_of).sum()
}

/// Rows in the tables of one database of a snapshot, stead's own left out.
#[must_use]
pub fn rows_of(database: &DatabaseRecord) -> u64 {
    let tables = database.tables.iter().filter(|(name, _)| !stead_sql::ledger::is_own(name));
    tables.map(|(_, table)| table.rows).sum()
}

/// What a dump would do.
///
/// # Errors
///
/// A bad or taken name, or a database that is missing.
pub async fn plan(environment: &Environment, options: &DumpOptions) -> Result<Vec<String>> {
    let name = name(environment, options)?;
    for database in &environment.databases {
        require(database).await?;
    }
    let databases = environment.databases.iter().map(|database| format!("dump database {}", database.name));
    let storage = environment.project.storage.iter().flat_map(|storage| &storage.leaves);
    let leaves = storage.map(|leaf| format!("dump storage {leaf}"));
    Ok(databases.chain(leaves).chain([format!("keep them as `{name}`")]).collect())
}

/// Dumps into the environment's folder of snapshots.
///
/// # Errors
///
/// A taken name without `force`, before anything is touched; whatever stops the reading or writing, in which case
/// nothing of the new snapshot remains.
pub async fn dump(environment: &Environment, options: &DumpOptions) -> Result<Dumped> {
    name(environment, options)?;
    if options.force {
        environment.refuse_protected("dump --force")?;
    }
    let _held = environment.hold().await?;
    let name = name(environment, options)?;
    let shelf = environment.shelf();
    let mut draft = shelf.begin(&name, &clock::token())?;
    let manifest = write(environment, &environment.databases, environment.storage().ok(), &mut draft, None).await?;
    shelf.publish(draft, options.force)?;
    Ok(Dumped::new(&manifest))
}

/// Dumps as a tar stream; the snapshot is complete and proved before the first byte is written.
///
/// # Errors
///
/// As [`dump`]; also whatever stops the output.
pub async fn dump_stream(environment: &Environment, options: &DumpOptions, output: &mut dyn Write) -> Result<Dumped> {
    let chosen = options.name.clone().unwrap_or_else(clock::digits);
    let name = SnapshotName::parse(&chosen)?;
    let held = environment.hold().await?;
    let shelf = shelf::private(&environment.state.build())?;
    let mut draft = shelf.begin(&name, &clock::token())?;
    let manifest = write(environment, &environment.databases, environment.storage().ok(), &mut draft, None).await?;
    // The locks are held until the reader has taken everything: what is being sent must not be swept away meanwhile.
    let sent = stead_snapshot::stream::write(&draft.snapshot()?, output);
    drop(draft);
    crate::files::remove(&environment.state.build())?;
    drop(held);
    sent?;
    Ok(Dumped::new(&manifest))
}

/// The name to dump under, checked and not taken.
fn name(environment: &Environment, options: &DumpOptions) -> Result<SnapshotName> {
    let shelf = environment.shelf();
    let Some(chosen) = &options.name else {
        return Ok(default_name(&clock::digits(), |name| shelf.path(name).exists())?);
    };
    let name = SnapshotName::parse(chosen)?;
    shelf.check_replaceable(&name)?;
    if shelf.exists(&name) && !options.force {
        let message = format!("the snapshot `{name}` exists already");
        return Err(Error::failed("snapshot-exists", message)
            .hint("choose another name, or replace it: `--force` keeps the old one until the new one is in place"));
    }
    Ok(name)
}

async fn require(database: &Database) -> Result<()> {
    database.open(stead_engine::Access::Read).await?.close().await?;
    Ok(())
}

/// Writes databases and storage into a draft and completes it.
///
/// # Errors
///
/// A revision that was cut off, a file that a row names and that is not there, or whatever stops reading or writing.
pub(crate) async fn write(
    environment: &Environment,
    databases: &[Database],
    storage: Option<&Path>,
    draft: &mut Draft,
    seed_hash: Option<String>,
) -> Result<Manifest> {
    for database in databases {
        require(database).await?;
    }
    let created_at = clock::now();
    let (mut views, seen) = look(databases).await?;
    let guarantee = guarantee(&views);
    let mut records = BTreeMap::new();
    for (database, seen) in databases.iter().zip(seen) {
        let view = view_of(&mut views, database)?;
        let record = write_database(environment, database, seen, view, draft).await?;
        records.insert(database.name.clone(), record);
    }
    let storage = match storage {
        Some(root) => Some(write_storage(environment, databases, &mut views, root, draft).await?),
        None => None,
    };
    for (_, view) in views {
        view.close().await?;
    }
    let manifest = Manifest {
        format: stead_snapshot::FORMAT,
        digest: String::new(),
        name: draft.name().clone(),
        created_at,
        tool_version: crate::VERSION.to_owned(),
        project: environment.project.name.clone(),
        environment: environment.project.environment.clone(),
        comment: None,
        guarantee,
        raw_bytes: 0,
        packed_bytes: 0,
        seed_hash,
        databases: records,
        storage,
    };
    Ok(draft.complete(manifest)?)
}

/// Views with the server of each; databases of one server share one. Databases on two servers may have the same place.
type Views = Vec<(Arc<dyn Server>, Box<dyn View>)>;

/// A database as its view shows it, without its rows.
struct Seen {
    heads: BTreeMap<String, AppHeads>,
    schema: Schema,
    counts: Vec<(String, u64)>,
}

/// How often views are opened anew because something changes a schema in that moment, and the first pause before that.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// Opens the views and looks at every database before the first row is read: where views do not hold schemas still, what is made
/// while the rows of one database are read must not come into the schema of another.
async fn look(databases: &[Database]) -> Result<(Views, Vec<Seen>)> {
    for attempt in 1.. {
        match looked(databases).await {
            Err(error) if error.code == ErrorClass::Conflict.word() && attempt < ATTEMPTS => {
                tokio::time::sleep(PAUSE * attempt).await;
            }
            other => return other,
        }
    }
    Err(Error::bug("no attempt to look at the databases was the last"))
}

async fn looked(databases: &[Database]) -> Result<(Views, Vec<Seen>)> {
    let mut views = open_views(databases).await?;
    let mut seen = Vec::with_capacity(databases.len());
    for database in databases {
        match look_at(database, &mut views).await {
            Ok(found) => seen.push(found),
            Err(error) => {
                for (_, view) in views {
                    let _the_first_error_is_the_one_to_tell = view.close().await;
                }
                return Err(error);
            }
        }
    }
    Ok((views, seen))
}

async fn look_at(database: &Database, views: &mut Views) -> Result<Seen> {
    let session = view_of(views, database)?.session(&database.place)?;
    let heads = heads(session, &database.name).await?;
    let schema = session.inspect().await.map_err(|error| database.named(error))?;
    let counts = session.count_rows().await.map_err(|error| database.named(error))?;
    Ok(Seen { heads, schema, counts })
}

async fn open_views(databases: &[Database]) -> Result<Views> {
    let mut groups: Vec<(&Database, Vec<Place>)> = Vec::new();
    for database in databases {
        match groups.iter_mut().find(|(first, _)| Arc::ptr_eq(&first.server, &database.server)) {
            Some((_, places)) => places.push(database.place.clone()),
            None => groups.push((database, vec![database.place.clone()])),
        }
    }
    let mut views = Views::new();
    for (first, places) in groups {
        let view = first.server.bulk().view(&places).await?;
        views.push((Arc::clone(&first.server), view));
    }
    Ok(views)
}

fn guarantee(views: &Views) -> Guarantee {
    match views.as_slice() {
        [(_, view)] => view.guarantee(),
        _ => Guarantee::OneViewEach,
    }
}

fn view_of<'a>(views: &'a mut Views, database: &Database) -> Result<&'a mut dyn View> {
    match views.iter_mut().find(|(server, _)| Arc::ptr_eq(server, &database.server)) {
        Some((_, view)) => Ok(view.as_mut()),
        None => Err(Error::bug("a database without a view")),
    }
}

async fn write_database(
    environment: &Environment,
    database: &Database,
    seen: Seen,
    view: &mut dyn View,
    draft: &Draft,
) -> Result<DatabaseRecord> {
    let Seen { heads, schema, counts } = seen;
    let step = format!("dump {}", database.name);
    environment.report(Event::Started { step: step.clone() });
    let began = Instant::now();
    let rows: u64 = counts.iter().map(|(_, rows)| rows).sum();
    let tables = counts.into_iter().map(|(name, rows)| (name, TableRecord { rows })).collect();
    let sink = draft.sink(Part::Database(database.name.clone()));
    let advance = advance(environment, &step);
    view.dump(&database.place, sink, advance).await.map_err(|error| database.named(error))?;
    let outcome = format!("{}, stead's own included", counted(rows, "row"));
    environment.report(Event::Done { step, outcome, took: began.elapsed() });
    Ok(DatabaseRecord {
        engine: database.server.kind(),
        engine_version: database.server.version().await?,
        streams: BTreeMap::new(),
        tables,
        heads,
        fingerprint: stead_schema::fingerprint(&schema),
        schema,
        properties: BTreeMap::new(),
    })
}

/// Tells whoever watches how far a copy has come.
pub(crate) fn advance(environment: &Environment, step: &str) -> Advance {
    let (reporter, step) = (environment.caller.reporter.clone(), step.to_owned());
    Arc::new(move |done, total| {
        reporter.event(Event::Progress { step: step.clone(), done, total, unit: "bytes" });
    })
}

/// The heads of each app as this database's ledger has them; a revision under way refuses the dump.
async fn heads(session: &mut dyn Session, database: &str) -> Result<BTreeMap<String, AppHeads>> {
    let rows = ledger::read(session).await?;
    ledger::refuse_unfinished(&rows, database)?;
    let apps: BTreeSet<String> = rows.iter().map(|row| row.app.clone()).collect();
    let of_app = |app: String| {
        let applied = Applied::new(&app, rows.iter().cloned());
        let heads = applied.heads().into_iter().map(ToString::to_string).collect();
        let applied = applied.rows().into_iter().map(|row| row.revision.to_string()).collect();
        (app, AppHeads { heads, applied })
    };
    Ok(apps.into_iter().map(of_app).collect())
}

async fn write_storage(
    environment: &Environment,
    databases: &[Database],
    views: &mut Views,
    root: &Path,
    draft: &Draft,
) -> Result<StorageRecord> {
    let step = "dump storage".to_owned();
    environment.report(Event::Started { step: step.clone() });
    let began = Instant::now();
    let settings = environment.project.storage.as_ref().ok_or_else(|| Error::bug("storage that is not declared"))?;
    let mut references = Vec::new();
    for reference in &settings.references {
        references.extend(referenced(databases, views, reference).await?);
    }
    let record = shelf::collect(root, &settings.leaves, draft, &references, advance(environment, &step))?;
    let checked = !settings.references.is_empty();
    if !checked {
        environment.warn("storage has no `references`: rows and files were not held against each other");
    }
    let outcome = counted(record.files, "file");
    environment.report(Event::Done { step, outcome, took: began.elapsed() });
    Ok(StorageRecord { references_checked: checked, ..record })
}

/// The files that rows name, relative to the storage, as one query in the view says.
async fn referenced(databases: &[Database], views: &mut Views, reference: &StorageReference) -> Result<Vec<String>> {
    let Some(database) = databases.iter().find(|database| database.name == reference.database) else {
        return Ok(Vec::new());
    };
    let session = view_of(views, database)?.session(&database.place)?;
    let mut rows = session
        .stream(&reference.query, 10_000)
        .await
        .map_err(|error| error.context(format!("the query of `storage.references` at {}", reference.origin)))?;
    let mut paths = Vec::new();
    loop {
        let batch = rows.next().await?;
        if batch.is_empty() {
            return Ok(paths);
        }
        let texts =
            batch.into_iter().filter_map(|mut row| if row.is_empty() { None } else { Some(row.swap_remove(0)) });
        paths.extend(texts.filter(|value| *value != Value::Null).map(|value| crate::reindex::key_text(&value)));
    }
}
