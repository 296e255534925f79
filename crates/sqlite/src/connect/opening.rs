//! Finding and opening database files. Absence, outage and refusal are told apart here, before SQLite is asked, because
//! its one code for all of them (`SQLITE_CANTOPEN`) cannot.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};
use stead_engine::{Access, EngineError, ErrorClass, Place};

use super::Settings;
use super::descriptor::Registration;
use super::filesystem::{folder_of, with_suffix, writable_folder};
use super::header::{self, Content, unreadable};
use crate::error::classify;

/// What is at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Surely nothing; the path with its folder's links resolved.
    Absent(PathBuf),
    /// A regular file, its path with all links resolved.
    File(PathBuf),
}

impl Found {
    /// The resolved path.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Absent(path) | Self::File(path) => path,
        }
    }

    /// The resolved path of a file that must be there.
    pub(crate) fn existing(self) -> Result<PathBuf, EngineError> {
        match self {
            Self::File(path) => Ok(path),
            Self::Absent(path) => {
                Err(EngineError::new(ErrorClass::Unreachable, format!("`{}` does not exist", path.display()))
                    .hint("`stead init` makes the databases that are missing"))
            }
        }
    }

    /// The resolved path of a file that must not be there.
    pub(crate) fn absent(self) -> Result<PathBuf, EngineError> {
        match self {
            Self::Absent(path) => Ok(path),
            Self::File(path) => {
                Err(EngineError::new(ErrorClass::Conflict, format!("`{}` exists already", path.display())))
            }
        }
    }
}

/// Looks where a place leads, following links.
///
/// # Errors
///
/// `refused` for what cannot be a database file, `unreachable` where absence is not sure.
pub(crate) fn find(place: &Place) -> Result<Found, EngineError> {
    let path = Path::new(&place.0);
    if !path.is_absolute() || path.file_name().is_none() || place.0.contains('\0') || place.0.ends_with('/') {
        return Err(refused(format!("`{place}` is not the absolute path of a file")));
    }
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return not_there(path, &error),
    };
    let resolved = std::fs::canonicalize(path).map_err(|error| broken_link(path, &error))?;
    let metadata = if metadata.is_symlink() {
        std::fs::metadata(&resolved).map_err(|error| unreadable(path, &error))?
    } else {
        metadata
    };
    if metadata.is_dir() {
        return Err(refused(format!("`{place}` is a folder, not a database file")));
    }
    if !metadata.is_file() {
        return Err(refused(format!("`{place}` is a device, pipe or socket, not a database file")));
    }
    Ok(Found::File(resolved))
}

fn refused(message: String) -> EngineError {
    EngineError::new(ErrorClass::Refused, message)
}

fn not_there(path: &Path, error: &io::Error) -> Result<Found, EngineError> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(Found::Absent(resolve_folder(path)?)),
        io::ErrorKind::NotADirectory => {
            Err(refused(format!("`{}` lies below something that is not a folder", path.display())))
        }
        _ => Err(unreadable(path, error)),
    }
}

/// The path with the links of those of its folders that exist resolved.
fn resolve_folder(path: &Path) -> Result<PathBuf, EngineError> {
    let folder = folder_of(path);
    let resolved = match std::fs::canonicalize(folder) {
        Ok(resolved) => resolved,
        Err(error) if error.kind() == io::ErrorKind::NotFound => match std::fs::symlink_metadata(folder) {
            Ok(_) => return Err(broken_link(folder, &error)),
            Err(_) if folder == folder_of(folder) => folder.to_owned(),
            Err(_) => resolve_folder(folder)?,
        },
        Err(error) => return Err(unreadable(folder, &error)),
    };
    Ok(path.file_name().map_or_else(|| resolved.clone(), |name| resolved.join(name)))
}

/// A link that leads nowhere may lead to a disk that is not mounted, so nothing is known to be absent.
fn broken_link(path: &Path, error: &io::Error) -> EngineError {
    let target = std::fs::read_link(path).unwrap_or_default();
    if error.kind() != io::ErrorKind::NotFound {
        return unreadable(path, error);
    }
    let message = format!("`{}` is a symbolic link to `{}`, which does not exist", path.display(), target.display());
    EngineError::new(ErrorClass::Unreachable, message)
        .hint("mount what the link leads to, or remove the link to have a new database made in its place")
}

/// An open connection together with what must outlive it.
pub(crate) struct Handle {
    /// The connection. It is closed before the registration ends.
    pub(crate) connection: Connection,
    registration: Option<Registration>,
    /// The resolved path; `None` for a database in memory.
    pub(crate) path: Option<PathBuf>,
    /// What outside threads may set.
    pub(crate) signals: Arc<Signals>,
    /// True if SQLite was told that the file cannot change, because it has no other way to read it.
    pub(crate) immutable: bool,
    /// True if it was opened to read only.
    pub(crate) read_only: bool,
    /// How long the connection waits for locks, in milliseconds, where nothing else was said.
    patience: u64,
}

/// Flags shared with the connection's callbacks.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// The session is going away: stop waiting for locks.
    pub(crate) cancelled: AtomicBool,
    /// Statements that begin or end transactions are refused.
    pub(crate) transaction_guarded: AtomicBool,
    /// The file lies on a network file system: it must not get into WAL mode.
    pub(crate) wal_guarded: AtomicBool,
    /// How long to wait for a lock, in milliseconds.
    patience: AtomicU64,
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Handle {
    /// Classifies an error on this connection.
    pub(crate) fn classify(&self, error: &rusqlite::Error) -> EngineError {
        classify(error, self.path.as_deref())
    }

    /// Runs statements of ours that return nothing.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), EngineError> {
        self.connection.execute_batch(sql).map_err(|error| self.classify(&error))
    }

    /// The single value of a query of ours.
    pub(crate) fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<T, EngineError> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.classify(&error))
    }

    /// Waits no longer than this for locks, until [`Self::wait_as_configured`].
    pub(crate) fn wait_at_most(&self, timeout: Duration) {
        self.signals.patience.store(milliseconds(timeout), Ordering::Relaxed);
    }

    /// Waits for locks as the server was told.
    pub(crate) fn wait_as_configured(&self) {
        self.signals.patience.store(self.patience, Ordering::Relaxed);
    }

    /// Has the connection wait for locks in our way, whatever `PRAGMA busy_timeout` said meanwhile.
    pub(crate) fn wait_for_locks(&mut self) -> Result<(), EngineError> {
        let waiting = patience(Arc::clone(&self.signals));
        let handled = self.connection.busy_handler(Some(waiting));
        handled.map_err(|error| self.classify(&error))
    }

    /// Closes the connection and reports what stopped that.
    pub(crate) fn close(self) -> Result<(), EngineError> {
        let Self { connection, registration, path, .. } = self;
        let closed = connection.close().map_err(|(connection, error)| {
            drop(connection);
            classify(&error, path.as_deref())
        });
        drop(registration);
        closed
    }
}

/// Opens a database in memory.
pub(crate) fn memory(settings: &Settings) -> Result<Handle, EngineError> {
    let connection = Connection::open_in_memory().map_err(|error| classify(&error, None))?;
    let signals = Arc::default();
    let mut handle = Handle {
        connection,
        registration: None,
        path: None,
        signals,
        immutable: false,
        read_only: false,
        patience: milliseconds(settings.busy_timeout),
    };
    prepare(&mut handle)?;
    handle.batch("PRAGMA foreign_keys = ON")?;
    Ok(handle)
}

/// Opens the file at a resolved path, waiting for whoever holds it and recovering what a crash left.
pub(crate) fn open(path: &Path, access: Access, settings: &Settings) -> Result<Handle, EngineError> {
    let content = header::read(path)?;
    if content.wal() {
        refuse_network(path, settings)?;
    }
    let way = Way::choose(path, access, content)?;
    let registration = Registration::new(path).map_err(|error| unreadable(path, &error))?;
    let connection = way.connect(path).map_err(|error| classify(&error, Some(path)))?;
    let mut handle = Handle {
        connection,
        registration: Some(registration),
        path: Some(path.to_owned()),
        signals: Arc::default(),
        immutable: way == Way::Immutable,
        read_only: access == Access::Read,
        patience: milliseconds(settings.busy_timeout),
    };
    handle.signals.wal_guarded.store(settings.file_system.network(path).is_some(), Ordering::Relaxed);
    prepare(&mut handle)?;
    handle.batch("PRAGMA foreign_keys = ON")?;
    if access == Access::Read {
        handle.batch("PRAGMA query_only = ON")?;
    }
    // The first look at the file: it waits for a lock, rolls back a cut-off transaction and finds a file that is none.
    let _version: i64 = handle.value("PRAGMA schema_version")?;
    Ok(handle)
}

/// WAL needs shared memory between its users, which no network file system gives.
pub(crate) fn refuse_network(path: &Path, settings: &Settings) -> Result<(), EngineError> {
    let Some(network) = settings.file_system.network(path) else { return Ok(()) };
    Err(refused(format!("`{}` is in WAL mode on the network file system `{network}`", path.display()))
        .hint(WAL_HINT)
        .hint("or leave WAL while nobody uses it: `sqlite3 FILE 'PRAGMA journal_mode = DELETE'`"))
}

const WAL_HINT: &str = "WAL needs shared memory, so two machines would damage the file: put it on a local disk";

/// What is said when a statement was kept from changing to WAL mode.
pub(crate) fn wal_refused(path: Option<&Path>) -> EngineError {
    let path = path.unwrap_or(Path::new("")).display();
    refused(format!("`{path}` lies on a network file system, where WAL mode is not safe")).hint(WAL_HINT)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ReadWrite,
    ReadOnly,
    Immutable,
}

impl Way {
    /// A reader is opened to write too where it may, and then told not to: only such a connection can roll back what a
    /// crash left, and only such a one removes the files of WAL mode when it goes.
    fn choose(path: &Path, access: Access, content: Content) -> Result<Self, EngineError> {
        let file = writable_file(path);
        let folder = writable_folder(folder_of(path));
        match access {
            Access::Write => {
                file?;
                folder?;
                Ok(Self::ReadWrite)
            }
            Access::Read if file.is_ok() && folder.is_ok() => Ok(Self::ReadWrite),
            Access::Read if content.wal() && !has_log(path) => Ok(Self::Immutable),
            Access::Read => Ok(Self::ReadOnly),
        }
    }

    fn connect(self, path: &Path) -> rusqlite::Result<Connection> {
        let common = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match self {
            Self::ReadWrite => Connection::open_with_flags(path, common | OpenFlags::SQLITE_OPEN_READ_WRITE),
            Self::ReadOnly => Connection::open_with_flags(path, common | OpenFlags::SQLITE_OPEN_READ_ONLY),
            Self::Immutable => Connection::open_with_flags(
                immutable_address(path),
                common | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
            ),
        }
    }
}

fn writable_file(path: &Path) -> Result<(), EngineError> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).map_err(|error| {
        refused(format!("`{}` cannot be written: {}", path.display(), io::Error::from(error)))
            .hint("give the user the right to write the file and its folder")
    })
}

/// True if there is a write-ahead log with something in it.
fn has_log(path: &Path) -> bool {
    std::fs::metadata(with_suffix(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The URI that has SQLite read a file without locks and side files.
fn immutable_address(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => address.push(char::from(*byte)),
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address.push_str("?immutable=1");
    address
}

fn prepare(handle: &mut Handle) -> Result<(), EngineError> {
    handle.wait_as_configured();
    handle.wait_for_locks()?;
    let guard = guard(Arc::clone(&handle.signals));
    handle.connection.authorizer(Some(guard)).map_err(|error| handle.classify(&error))
}

/// Waits for a lock, until the time is up or the session goes away. SQLite's locks know no queue: beside a program that
/// writes without a break they are free for moments only, so the pauses stay short enough to meet one.
fn patience(signals: Arc<Signals>) -> impl FnMut(i32) -> bool + Send + 'static {
    let mut began = Instant::now();
    move |tries| {
        if tries == 0 {
            began = Instant::now();
        }
        let patience = Duration::from_millis(signals.patience.load(Ordering::Relaxed));
        if began.elapsed() >= patience || signals.cancelled.load(Ordering::Relaxed) {
            return false;
        }
        std::thread::sleep(Duration::from_micros(if tries < 10 { 250 } else { 1000 }));
        true
    }
}

/// Refuses `BEGIN`, `COMMIT`, `END` and `ROLLBACK` while a transaction is ours: a statement that ended it would leave the
/// rest of a revision without one, and nobody would notice. Refuses WAL mode where it would damage the file.
fn guard(signals: Arc<Signals>) -> impl for<'c> FnMut(AuthContext<'c>) -> Authorization + Send + 'static {
    move |context| {
        let denied = match context.action {
            AuthAction::Transaction { .. } => signals.transaction_guarded.load(Ordering::Relaxed),
            AuthAction::Pragma { pragma_name, pragma_value: Some(value) } => {
                pragma_name.eq_ignore_ascii_case("journal_mode")
                    && value.eq_ignore_ascii_case("wal")
                    && signals.wal_guarded.load(Ordering::Relaxed)
            }
            _ => false,
        };
        if denied { Authorization::Deny } else { Authorization::Allow }
    }
}
