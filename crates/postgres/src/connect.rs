//! The server behind one URL: it opens connections, and answers for the databases on it. Nothing is sent before the first
//! call that needs an answer, so a project with a server that is down can still be looked at.

pub(crate) mod address;
pub(crate) mod connection;
pub(crate) mod driver;
mod pool;
pub(crate) mod settings;
pub(crate) mod tls;

use std::fmt;

use async_trait::async_trait;
use stead_engine::capability::LockRelease;
use stead_engine::{Access, Bulk, Capabilities, EngineError, ErrorClass, Lock, LockRequest, Place, Server, Session};
use stead_schema::EngineKind;

pub(crate) use connection::Connection;

use crate::admin::{self, NAME_BYTES, Scratch};
use crate::apply::PostgresSession;
use crate::bulk::{self, PostgresBulk};
use crate::lock;

use address::Address;

/// A PostgreSQL server under one login. A [`Place`] is the name of a database on it.
pub struct PostgresServer {
    address: Address,
    /// The same for sessions that run people's SQL.
    for_people: Address,
    bulk: PostgresBulk,
}

impl PostgresServer {
    /// The server behind a URL: `postgres://user:password@host:port/database?option=value`. Options are `application_name`,
    /// `channel_binding`, `connect_timeout` (seconds, 10), `dbname`, `host` (a folder means a socket in it), `maintenance` (the
    /// database that is asked about others, `postgres`), `options`, `password`, `port`, `sslmode`, `sslrootcert`, `sslcert`,
    /// `sslkey`, `statement_timeout` (milliseconds, for people's SQL, none) and `user`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `refused` if the URL cannot be read; no part of it is in the message.
    pub fn connect_lazily(url: &str) -> Result<Self, EngineError> {
        let for_people = Address::parse(url)?;
        let address = for_people.patient();
        let bulk = PostgresBulk::new(address.clone());
        Ok(Self { address, for_people, bulk })
    }

    /// The database that the URL names, if it names one.
    #[must_use]
    pub fn database(&self) -> Option<Place> {
        self.address.database.clone().map(Place)
    }
}

impl fmt::Debug for PostgresServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PostgresServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl PostgresServer {
    /// What a server that takes no changes says of the first statement that makes one names the statement. What it is about the
    /// server is said instead.
    async fn refused(&self, error: EngineError) -> EngineError {
        let Ok(mut connection) = admin::maintenance(&self.address).await else { return error };
        bulk::may_write(&mut connection).await.err().unwrap_or(error)
    }
}

#[async_trait]
impl Server for PostgresServer {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: true,
            shared_views: true,
            view_spans_databases: true,
            lock_release: LockRelease::WithConnection,
            deferred_foreign_keys: false,
            atomic_swap: true,
            identifier_bytes: u32::try_from(NAME_BYTES).ok(),
        }
    }

    async fn version(&self) -> Result<String, EngineError> {
        admin::version(&self.address).await
    }

    async fn exists(&self, place: &Place) -> Result<bool, EngineError> {
        admin::exists(&self.address, place).await
    }

    async fn create(&self, place: &Place) -> Result<(), EngineError> {
        bulk::create(&self.address, place).await
    }

    async fn remove(&self, place: &Place) -> Result<(), EngineError> {
        admin::remove(&self.address, place).await
    }

    async fn open(&self, place: &Place, access: Access) -> Result<Box<dyn Session>, EngineError> {
        let name = admin::name(place)?;
        let mut connection = Connection::open(&self.for_people, name, access == Access::Read).await?;
        if access == Access::Write {
            bulk::may_write(&mut connection).await?;
        }
        Ok(Box::new(PostgresSession::new(connection)))
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        let scratch = match Scratch::create(&self.address).await {
            Err(error) if error.class == ErrorClass::Refused => return Err(self.refused(error).await),
            scratch => scratch?,
        };
        let connection = Connection::open(&self.for_people, scratch.name(), false).await?;
        Ok(Box::new(PostgresSession::scratch(connection, scratch)))
    }

    async fn lock(&self, place: &Place, request: LockRequest<'_>) -> Result<Box<dyn Lock>, EngineError> {
        lock::acquire(&self.address, place, request).await
    }

    async fn size(&self, place: &Place) -> Result<u64, EngineError> {
        admin::size(&self.address, place).await
    }

    fn bulk(&self) -> &dyn Bulk {
        &self.bulk
    }
}
