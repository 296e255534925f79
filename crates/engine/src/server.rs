//! Where databases live. A [`Server`] is opened for one address and can make, open, lock and drop the databases there;
//! for SQLite the server is the file system and a database is a file.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stead_schema::EngineKind;

use crate::{Bulk, Capabilities, EngineError, Lock, LockRequest, Session};

/// A database on its server, in the engine's own terms: a name on PostgreSQL and MySQL, an absolute path on SQLite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(pub String);

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only; nothing is created, not even a journal that was not there.
    Read,
    /// Read and write.
    Write,
}

/// A place for databases.
///
/// Every method MUST tell an outage from an absence: what cannot be reached is an error of class `unreachable`, and
/// only what is known to be absent is reported as absent.
#[async_trait]
pub trait Server: Send + Sync {
    /// The engine.
    fn kind(&self) -> EngineKind;

    /// What the engine can do.
    fn capabilities(&self) -> Capabilities;

    /// The server's version, for example `3.54.1`.
    async fn version(&self) -> Result<String, EngineError>;

    /// True if the database is there and is one; false if it is surely absent.
    async fn exists(&self, place: &Place) -> Result<bool, EngineError>;

    /// Makes an empty database. It MUST NOT exist.
    async fn create(&self, place: &Place) -> Result<(), EngineError>;

    /// Removes a database with everything that belongs to it; absent is fine.
    async fn remove(&self, place: &Place) -> Result<(), EngineError>;

    /// Opens a database that exists; a missing one is `unreachable` and is never created.
    async fn open(&self, place: &Place, access: Access) -> Result<Box<dyn Session>, EngineError>;

    /// Opens a throwaway database of the same engine and version. It is gone when the session is closed or dropped.
    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError>;

    /// Takes the database's lock, which exists even while the database does not.
    async fn lock(&self, place: &Place, request: LockRequest<'_>) -> Result<Box<dyn Lock>, EngineError>;

    /// Bytes that the database takes on disk; 0 if it is absent.
    async fn size(&self, place: &Place) -> Result<u64, EngineError>;

    /// Dump, load and swap.
    fn bulk(&self) -> &dyn Bulk;
}
