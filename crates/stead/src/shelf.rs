//! The snapshot archive as the use cases need it: where an environment's snapshots are, and its stored files on their
//! way in and out. The formats themselves are in `stead-snapshot`.

use std::path::Path;
use std::sync::Arc;

use stead_engine::snapshot::{Advance, Source};
use stead_schema::EngineKind;
use stead_snapshot::storage::{self, Collection, FileSystem, RealFileSystem, Restoration, StorageError};
use stead_snapshot::{BadName, Draft, Kept, Manifest, Part, Shelf, Snapshot, SnapshotError, StorageRecord, Trash};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::files;

/// Bytes of uncompressed copies that an environment keeps for fast second loads.
const KEPT_BYTES: u64 = 20 << 30;

impl Environment {
    /// The environment's snapshots.
    #[must_use]
    pub fn shelf(&self) -> Shelf {
        Shelf::new(self.project.backups())
    }
}

/// The snapshots of another environment of the same project.
///
/// # Errors
///
/// A name that cannot be an environment's.
pub fn of_environment(environment: &Environment, other: &str) -> Result<Shelf> {
    if !crate::project::is_environment_name(other) {
        let message = format!("`{other}` is not a name for an environment");
        return Err(Error::usage("invalid-name", message)
            .hint("a name is a lower-case letter, then letters, digits, `_` or `-`, at most 63 in all"));
    }
    let folder = environment.project.backups_of(other);
    if folder.is_dir() {
        return Ok(Shelf::new(folder));
    }
    let message = format!("environment `{other}` has no snapshots here: there is no folder `{}`", folder.display());
    Err(Error::failed("environment-without-snapshots", message)
        .hint(format!("make one there: `stead --env {other} dump`, or leave `--from` out")))
}

/// A shelf that nobody else sees, for a snapshot that is only passed on.
///
/// # Errors
///
/// Whatever the file system refuses.
pub(crate) fn private(build: &Path) -> Result<Shelf> {
    let folder = build.join("stream");
    files::make_folder(&folder)?;
    Ok(Shelf::new(folder))
}

/// What only waits to be deleted.
pub(crate) fn trash(folder: &Path) -> Trash {
    Trash::new(folder)
}

/// One database's streams, with the copies kept from an earlier load. A copy that is begun while the
/// streams are read counts when it is settled.
pub(crate) fn source(
    environment: &Environment,
    snapshot: &Snapshot,
    part: &Part,
) -> Result<(Arc<dyn Source>, Arc<Kept>)> {
    let kept = Arc::new(kept(environment));
    Ok((snapshot.source(part, Some(kept.clone()))?, kept))
}

fn kept(environment: &Environment) -> Kept {
    Kept::new(environment.state.kept(), KEPT_BYTES, Arc::new(RealFileSystem::default()))
}

/// Removes what was left of copies whose making was cut off.
pub(crate) fn tidy_kept(environment: &Environment) -> Result<()> {
    kept(environment).tidy().map_err(|error| Error::io("tidy", &environment.state.kept(), &error))
}

/// Refuses if what a snapshot holds cannot stand beside what is there: a load builds it before it touches anything.
///
/// # Errors
///
/// Exit 4, with the bytes that are needed and those that are free.
pub(crate) fn refuse_without_room(environment: &Environment, manifest: &Manifest) -> Result<()> {
    let folder = environment.state.folder();
    let free = RealFileSystem::default().free_bytes(folder).map_err(|error| Error::io("look at", folder, &error))?;
    // Stored files are counted without their holes, which take no room.
    let holes = manifest.storage.as_ref().map_or(0, |storage| storage.bytes.saturating_sub(storage.solid_bytes));
    // What a server keeps lies where the server says, often on another machine.
    let on_servers = manifest.databases.values().filter(|database| database.engine != EngineKind::Sqlite);
    let elsewhere: u64 = on_servers.flat_map(|database| database.streams.values()).map(|stream| stream.raw_bytes).sum();
    let needed = manifest.raw_bytes.saturating_sub(holes).saturating_sub(elsewhere);
    if needed <= free {
        return Ok(());
    }
    let message =
        format!("building `{}` takes {needed} bytes, {free} are free in `{}`", manifest.name, folder.display());
    Err(Error::refused("no-room", message)
        .hint("nothing was touched; make room, for example with `stead undo --prune`, and run the command again"))
}

/// Collects the leaves into the draft and holds them against the files that rows name.
pub(crate) fn collect(
    root: &Path,
    leaves: &[String],
    draft: &Draft,
    references: &[String],
    advance: Advance,
) -> Result<StorageRecord> {
    let sink = draft.sink(Part::Storage);
    let probe = RealFileSystem::default();
    let collected = storage::collect(&Collection {
        root,
        leaves,
        sink: sink.as_ref(),
        probe: &probe,
        now: std::time::SystemTime::now(),
        advance: &advance,
    })?;
    let missing = collected.names.missing(references.iter().cloned());
    if missing.count == 0 {
        return Ok(collected.record);
    }
    let first: Vec<String> = missing.names.iter().take(10).map(|name| format!("`{name}`")).collect();
    let files = if missing.count == 1 { "a file that a row names is" } else { "files that rows name are" };
    let count = if missing.count > 1 { format!("{} ", missing.count) } else { String::new() };
    let message = format!("{count}{files} not in the storage: {}", first.join(", "));
    Err(Error::failed("files-missing", message).hint("bring the files back or correct the rows; nothing was kept"))
}

/// Restores the stored files of a snapshot into an empty folder.
pub(crate) fn restore(snapshot: &Snapshot, root: &Path, advance: Advance) -> Result<()> {
    let Some(record) = &snapshot.manifest().storage else { return Ok(()) };
    files::make_folder(root)?;
    let source = snapshot.source(&Part::Storage, None)?;
    let probe = RealFileSystem::default();
    storage::restore(&Restoration { source: source.as_ref(), record, target: root, probe: &probe, advance: &advance })?;
    Ok(())
}

impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Self {
        let kind = match &error {
            SnapshotError::Name(_) => Kind::Usage,
            SnapshotError::Newer { .. } => Kind::Refused,
            _ => Kind::Failed,
        };
        Self::new(kind, error.code(), error.to_string()).with_hints(error.hints())
    }
}

impl From<BadName> for Error {
    fn from(error: BadName) -> Self {
        Self::usage(error.code(), error.to_string()).with_hints(error.hints())
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        Self::failed(error.code(), error.to_string()).with_hints(error.hints())
    }
}
