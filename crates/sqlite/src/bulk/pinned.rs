//! A read transaction that the file itself stands for. While SQLite's own locks keep everybody from changing the main
//! file, its bytes are the view, and reading them plainly is as fast as copying a file:
//!
//! - In rollback mode the transaction's SHARED lock keeps writers from touching the file. What a crash left was rolled
//!   back by the first read.
//! - In WAL mode a checkpoint may write the main file under a reader, unless the reader began when everything in the log
//!   was in the main file already: then it holds the lock that checkpoints need (`WAL_READ_LOCK(0)` in `wal.c`). That is
//!   known from the log: it cannot be emptied while a transaction reads from it, so if it is empty *after* the transaction
//!   began, the transaction reads from the main file alone.
//!
//! In a log that others keep filling, no such moment may be found; then SQLite's backup API makes a copy in one step.

use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, FileControl};
use stead_engine::{EngineError, ErrorClass, TransactionKind};

use super::names;
use crate::apply::Worker;
use crate::connect::descriptor::{self, Descriptor};
use crate::connect::filesystem::remove_with_side_files;
use crate::connect::opening::Handle;
use crate::error::classify;

/// How often a moment with an empty log is looked for.
const TRIES: usize = 5;
/// How long one such try may wait for others.
const PATIENCE: Duration = Duration::from_millis(200);

/// How the view of a read transaction can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pinned {
    /// The main file is the view.
    Direct,
    /// Only SQLite can read it.
    ThroughSqlite,
}

/// Begins a read transaction on the worker's connection.
pub(super) fn pin(worker: &mut Worker) -> Result<Pinned, EngineError> {
    for last in (0..TRIES).map(|attempt| attempt + 1 == TRIES) {
        empty_log(worker)?;
        worker.begin(TransactionKind::Read)?;
        let _objects: i64 = worker.value("SELECT count(*) FROM main.sqlite_schema")?;
        if !in_wal_mode(worker)? || log_is_empty(worker) {
            return Ok(Pinned::Direct);
        }
        if !last {
            worker.rollback()?;
        }
    }
    Ok(Pinned::ThroughSqlite)
}

/// Has SQLite write the log back into the main file, if it can do so quickly.
fn empty_log(worker: &Worker) -> Result<(), EngineError> {
    if !in_wal_mode(worker)? || log_is_empty(worker) {
        return Ok(());
    }
    let handle = worker.handle()?;
    handle.wait_at_most(PATIENCE);
    // Whether it worked is seen from the log; a connection that may not write cannot do it at all.
    let _not_emptied = worker.rows("PRAGMA main.wal_checkpoint(TRUNCATE)", |_| Ok(()));
    handle.wait_as_configured();
    Ok(())
}

fn in_wal_mode(worker: &Worker) -> Result<bool, EngineError> {
    Ok(worker.value::<String>("PRAGMA main.journal_mode")?.eq_ignore_ascii_case("wal"))
}

fn log_is_empty(worker: &Worker) -> bool {
    let log = worker.path().map(names::log);
    log.is_some_and(|log| std::fs::metadata(log).map_or(true, |metadata| metadata.len() == 0))
}

/// The bytes of a pinned view.
pub(super) struct Pages {
    /// How many there are.
    pub(super) length: u64,
    bytes: Bytes,
}

enum Bytes {
    /// Nothing was ever stored.
    None,
    /// The database itself.
    Live { descriptor: Descriptor, immutable: Option<(PathBuf, Metadata)> },
    /// A copy of our own, with what the copy changed put right while it is read.
    Copy { file: File, header: [u8; HEADER], _temporary: Temporary },
}

/// The part of the first page that a backup rewrites lies in the header.
const HEADER: usize = 100;

impl Pages {
    /// Opens the pages of a view that [`pin`] has begun.
    pub(super) fn open(worker: &Worker, pinned: Pinned) -> Result<Self, EngineError> {
        let count: i64 = worker.value("PRAGMA main.page_count")?;
        let size: i64 = worker.value("PRAGMA main.page_size")?;
        let length = u64::try_from(count * size).unwrap_or_default();
        let bytes = match pinned {
            _ if length == 0 => Bytes::None,
            Pinned::Direct => live(worker.handle()?, path(worker)?)?,
            Pinned::ThroughSqlite => copy(worker)?,
        };
        Ok(Self { length, bytes })
    }

    /// Fills the buffer with the bytes at an offset.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        match &self.bytes {
            Bytes::None => Ok(()),
            Bytes::Live { descriptor, .. } => descriptor.read_exact_at(buffer, offset),
            Bytes::Copy { file, header, .. } => {
                file.read_exact_at(buffer, offset)?;
                if offset == 0 {
                    let known = buffer.len().min(HEADER);
                    buffer[..known].copy_from_slice(&header[..known]);
                }
                Ok(())
            }
        }
    }

    /// The live file, where it is the view.
    pub(super) fn live_file(&self) -> Option<&File> {
        if let Bytes::Live { descriptor, .. } = &self.bytes { Some(descriptor) } else { None }
    }

    /// Says whether what was read can be trusted. Where SQLite could take no lock, a change that came in between shows in
    /// the file's own times.
    pub(super) fn unchanged(&self) -> Result<(), EngineError> {
        use std::os::unix::fs::MetadataExt as _;
        let Bytes::Live { immutable: Some((path, before)), .. } = &self.bytes else { return Ok(()) };
        let after = std::fs::metadata(path).map_err(|error| crate::connect::header::unreadable(path, &error))?;
        let moment = |file: &Metadata| (descriptor::identity(file), file.len(), file.mtime(), file.mtime_nsec());
        if moment(before) == moment(&after) && !names::log(path).exists() {
            return Ok(());
        }
        let message = format!("`{}` was changed while it was read without a lock", path.display());
        Err(EngineError::new(ErrorClass::Conflict, message)
            .hint("let the user write the folder, so that SQLite can lock the database, or try again later"))
    }
}

fn path(worker: &Worker) -> Result<&Path, EngineError> {
    worker.path().ok_or_else(|| EngineError::new(ErrorClass::Unsupported, "a database in memory has no pages to copy"))
}

fn live(handle: &Handle, path: &Path) -> Result<Bytes, EngineError> {
    let unreadable = |error: &std::io::Error| crate::connect::header::unreadable(path, error);
    let descriptor = Descriptor::open(path).map_err(|error| unreadable(&error))?;
    if has_moved(handle)? {
        let message = format!("`{}` was replaced while it was open", path.display());
        return Err(EngineError::new(ErrorClass::Conflict, message).hint("run the command again"));
    }
    let metadata = descriptor.metadata().map_err(|error| unreadable(&error))?;
    Ok(Bytes::Live { descriptor, immutable: handle.immutable.then(|| (path.to_owned(), metadata)) })
}

fn has_moved(handle: &Handle) -> Result<bool, EngineError> {
    let mut moved = 0;
    handle
        .connection
        .file_control(Some("main"), FileControl::HasMoved(&mut moved))
        .map_err(|error| handle.classify(&error))?;
    Ok(moved != 0)
}

/// A file that is removed when it is not needed any more.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _left_over = remove_with_side_files(&self.0);
    }
}

fn copy(worker: &Worker) -> Result<Bytes, EngineError> {
    let handle = worker.handle()?;
    let temporary = Temporary(names::dump(path(worker)?));
    backup(handle, &temporary.0)?;
    let failed = |error| EngineError::io(format!("cannot read `{}`", temporary.0.display()), &error);
    let file = File::open(&temporary.0).map_err(failed)?;
    let mut header = [0; HEADER];
    file.read_exact_at(&mut header, 0).map_err(failed)?;
    // A backup counts as a change of the schema and forgets WAL mode.
    let version: i64 = worker.value("PRAGMA main.schema_version")?;
    header[40..44].copy_from_slice(&u32::try_from(version & 0xffff_ffff).unwrap_or_default().to_be_bytes());
    if in_wal_mode(worker)? {
        header[18..20].copy_from_slice(&[2, 2]);
    }
    Ok(Bytes::Copy { file, header, _temporary: temporary })
}

/// Copies what a connection sees into a new file, in one step: a backup in several steps starts again after every write of
/// another process and may never end.
pub(super) fn backup(from: &Handle, to: &Path) -> Result<(), EngineError> {
    let failed = |error: &rusqlite::Error| classify(error, Some(to));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| EngineError::io(format!("cannot make `{}`", to.display()), &error))?;
    let mut target = Connection::open(to).map_err(|error| failed(&error))?;
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(|error| failed(&error))?;
    let backup = Backup::new(&from.connection, &mut target).map_err(|error| failed(&error))?;
    let step = backup.step(-1).map_err(|error| failed(&error))?;
    drop(backup);
    target.close().map_err(|(_, error)| failed(&error))?;
    match step {
        StepResult::Done => Ok(()),
        _ => Err(from.classify(&busy())),
    }
}

/// What the backup API reports as a step's result and not as an error.
pub(super) fn busy() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)
}
