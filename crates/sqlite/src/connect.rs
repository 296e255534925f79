//! The server that SQLite does not have: the file system. It finds, makes, opens, locks and removes database files, and
//! says of each failure whether the file is absent, out of reach or refused.

pub(crate) mod descriptor;
pub mod filesystem;
pub(crate) mod header;
pub(crate) mod opening;
pub mod processes;
pub(crate) mod thread;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stead_engine::capability::LockRelease;
use stead_engine::{Access, Bulk, Capabilities, EngineError, Lock, LockRequest, Place, Server, Session};
use stead_schema::EngineKind;

pub use filesystem::FileSystemProbe;
pub use processes::ProcessProbe;

use crate::apply::SqliteSession;
use crate::bulk::SqliteBulk;
use crate::{admin, lock};

#[cfg(test)]
mod tests;

/// How long a session waits for a lock of SQLite by default. Longer than the few seconds for which another program's
/// checkpoint or backup holds a database.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What sessions and copies share.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) busy_timeout: Duration,
    pub(crate) file_system: Arc<dyn FileSystemProbe>,
    pub(crate) processes: Arc<dyn ProcessProbe>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            busy_timeout: BUSY_TIMEOUT,
            file_system: Arc::new(filesystem::SystemFiles),
            processes: Arc::new(processes::SystemProcesses),
        }
    }
}

/// Databases in files of this machine. A [`Place`] is the absolute path of one.
pub struct SqliteServer {
    settings: Settings,
    bulk: SqliteBulk,
}

impl SqliteServer {
    /// The server, with a busy timeout of [`BUSY_TIMEOUT`].
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// The same server with another busy timeout: how long a session waits when somebody else has locked the file.
    #[must_use]
    pub fn busy_timeout(self, busy_timeout: Duration) -> Self {
        Self::with(Settings { busy_timeout, ..self.settings })
    }

    /// The same server with another view of what its file systems do.
    #[must_use]
    pub fn file_system(self, file_system: Arc<dyn FileSystemProbe>) -> Self {
        Self::with(Settings { file_system, ..self.settings })
    }

    /// The same server with another view of who has files open.
    #[must_use]
    pub fn processes(self, processes: Arc<dyn ProcessProbe>) -> Self {
        Self::with(Settings { processes, ..self.settings })
    }

    fn with(settings: Settings) -> Self {
        Self { bulk: SqliteBulk::new(settings.clone()), settings }
    }
}

impl Default for SqliteServer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SqliteServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqliteServer")
            .field("busy_timeout", &self.settings.busy_timeout)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Server for SqliteServer {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: true,
            shared_views: false,
            view_spans_databases: false,
            lock_release: LockRelease::WithProcess,
            deferred_foreign_keys: true,
            atomic_swap: true,
            identifier_bytes: None,
        }
    }

    async fn version(&self) -> Result<String, EngineError> {
        Ok(rusqlite::version().to_owned())
    }

    async fn exists(&self, place: &Place) -> Result<bool, EngineError> {
        let place = place.clone();
        thread::aside(move || admin::exists(&place)).await
    }

    async fn create(&self, place: &Place) -> Result<(), EngineError> {
        let place = place.clone();
        thread::aside(move || admin::create(&place)).await
    }

    async fn remove(&self, place: &Place) -> Result<(), EngineError> {
        let place = place.clone();
        thread::aside(move || admin::remove(&place)).await
    }

    async fn open(&self, place: &Place, access: Access) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(SqliteSession::open(place, access, &self.settings).await?))
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(SqliteSession::scratch(&self.settings).await?))
    }

    async fn lock(&self, place: &Place, request: LockRequest<'_>) -> Result<Box<dyn Lock>, EngineError> {
        lock::acquire(place, request).await
    }

    async fn size(&self, place: &Place) -> Result<u64, EngineError> {
        let place = place.clone();
        thread::aside(move || admin::size(&place)).await
    }

    fn bulk(&self) -> &dyn Bulk {
        &self.bulk
    }
}
