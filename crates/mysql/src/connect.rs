//! A MySQL or MariaDB server: its address, the connections to it, and the databases there. Nothing touches the network
//! before it must, and every failure is told apart: the server is out of reach, it says no, or the thing is absent.

pub(crate) mod address;
pub(crate) mod connection;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use stead_engine::capability::LockRelease;
use stead_engine::{Access, Bulk, Capabilities, EngineError, ErrorClass, Lock, LockRequest, Place, Server, Session};
use stead_schema::EngineKind;

pub(crate) use connection::{Connection, Purpose, STRICT, quoted};

use self::address::Address;
use crate::apply::MysqlSession;
use crate::bulk::{self, MysqlBulk};
use crate::{admin, lock};

/// A MySQL or MariaDB server. A [`Place`] is the name of a database on it.
pub struct MysqlServer {
    address: Arc<Address>,
    bulk: MysqlBulk,
}

impl MysqlServer {
    /// The server at a URL: `mysql://user:password@host:port/database?option=value`, or `mariadb://`. A database in it is
    /// left out: places name them. Nothing is connected to yet.
    ///
    /// Options: `socket`, `ssl-mode` (`disabled`, `preferred`, `required`, `verify-ca`, `verify-identity`), `ssl-ca`, `ssl-cert`,
    /// `ssl-key`, `connect_timeout` in seconds, `statement_timeout` in milliseconds, `application_name`, and for the sessions
    /// that run people's SQL `sql_mode` and `time_zone`, which are the server's own otherwise. With `sql_log_bin=off` nothing is
    /// written to the server's binary log, which replicas and point-in-time recovery live on; the user needs the right for it.
    ///
    /// # Errors
    ///
    /// `refused` for a URL that cannot be read; the message never shows it.
    pub fn connect_lazily(url: &str) -> Result<Self, EngineError> {
        let address = Arc::new(Address::parse(url)?);
        Ok(Self { bulk: MysqlBulk::new(Arc::clone(&address)), address })
    }

    async fn own(&self) -> Result<Connection, EngineError> {
        Connection::open(&self.address, None, Purpose::Own).await
    }

    /// What a server that takes no changes says of the first statement that makes one names the statement. What it is about the
    /// server is said instead.
    async fn refused(&self, error: EngineError) -> EngineError {
        let Ok(mut connection) = Connection::open(&self.address, None, Purpose::People).await else { return error };
        bulk::writable(&mut connection).await.err().unwrap_or(error)
    }
}

impl fmt::Debug for MysqlServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MysqlServer").field("address", &self.address).finish_non_exhaustive()
    }
}

#[async_trait]
impl Server for MysqlServer {
    fn kind(&self) -> EngineKind {
        self.address.kind
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: false,
            shared_views: false,
            view_spans_databases: true,
            lock_release: LockRelease::WithConnection,
            deferred_foreign_keys: false,
            atomic_swap: true,
            identifier_bytes: Some(64),
        }
    }

    async fn version(&self) -> Result<String, EngineError> {
        let connection = self.own().await?;
        let version = connection.version_text().to_owned();
        connection.close().await?;
        Ok(version)
    }

    async fn exists(&self, place: &Place) -> Result<bool, EngineError> {
        let name = admin::name(place)?;
        let mut connection = self.own().await?;
        let exists = admin::exists(&mut connection, name).await?;
        connection.close().await?;
        Ok(exists)
    }

    async fn create(&self, place: &Place) -> Result<(), EngineError> {
        let name = admin::name(place)?;
        let mut connection = self.own().await?;
        bulk::create(&mut connection, name).await?;
        connection.close().await
    }

    async fn remove(&self, place: &Place) -> Result<(), EngineError> {
        let name = admin::name(place)?;
        let mut connection = self.own().await?;
        admin::remove(&mut connection, name).await?;
        connection.close().await
    }

    async fn open(&self, place: &Place, access: Access) -> Result<Box<dyn Session>, EngineError> {
        let mut connection = Connection::open(&self.address, Some(admin::name(place)?), Purpose::People).await?;
        if access == Access::Write {
            bulk::writable(&mut connection).await?;
        }
        Ok(Box::new(MysqlSession::new(connection, access).await?))
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        let scratch = match admin::scratch(&self.address).await {
            Err(error) if error.class == ErrorClass::Refused => return Err(self.refused(error).await),
            scratch => scratch?,
        };
        Ok(Box::new(MysqlSession::new(scratch, Access::Write).await?))
    }

    async fn lock(&self, place: &Place, request: LockRequest<'_>) -> Result<Box<dyn Lock>, EngineError> {
        lock::acquire(&self.address, admin::name(place)?, request).await
    }

    async fn size(&self, place: &Place) -> Result<u64, EngineError> {
        let name = admin::name(place)?;
        let mut connection = self.own().await?;
        let size = admin::size(&mut connection, name).await?;
        connection.close().await?;
        Ok(size)
    }

    fn bulk(&self) -> &dyn Bulk {
        &self.bulk
    }
}
