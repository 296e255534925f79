//! Copying whole databases. A dump is a stream of rows for each table, exact to the bit and checked by its own digest; a
//! load builds the schema from the snapshot and the rows by `LOAD DATA`; a swap renames all tables in one statement.

mod allowed;
mod collations;
mod copy;
mod documents;
mod dump;
mod files;
mod grants;
mod handover;
mod histograms;
mod infile;
mod journal;
mod load;
mod locks;
mod names;
mod objects;
mod orphans;
mod past;
mod plan;
mod ready;
mod sequences;
mod stream;
mod swap;
mod view;

pub(crate) use ready::writable;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stead_engine::snapshot::{Advance, Source, Swap, View};
use stead_engine::{Bulk, EngineError, ErrorClass, Place};

use crate::admin;
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};

/// Makes an empty database: with the character set and collation of the one that it will replace, if there is one.
pub(crate) async fn create(connection: &mut Connection, name: &str) -> Result<(), EngineError> {
    match names::replaced(connection, name).await? {
        Some(live) => {
            let attributes = objects::attributes(connection, &live).await?;
            connection.own(&format!("CREATE DATABASE {} {attributes}", quoted(name))).await.map(|_outcome| ())
        }
        None => admin::create(connection, name).await,
    }
}

/// Dump, load and swap of the databases of one server.
pub(crate) struct MysqlBulk {
    address: Arc<Address>,
}

impl MysqlBulk {
    pub(crate) fn new(address: Arc<Address>) -> Self {
        Self { address }
    }
}

#[async_trait]
impl Bulk for MysqlBulk {
    fn beside(&self, live: &Place, token: &str) -> Place {
        Place(names::beside(&live.0, token))
    }

    fn keeping(&self, live: &Place, _folder: &Path, token: &str) -> Place {
        Place(names::keeping(&live.0, token))
    }

    async fn leftovers(&self, live: &Place) -> Result<Vec<Place>, EngineError> {
        let mut connection = Connection::open(&self.address, None, Purpose::Own).await?;
        let found = names::leftovers(&mut connection, &live.0).await?;
        connection.close().await?;
        Ok(found.into_iter().map(Place).collect())
    }

    async fn view(&self, places: &[Place]) -> Result<Box<dyn View>, EngineError> {
        Ok(Box::new(view::MysqlView::open(&self.address, places).await?))
    }

    async fn load(&self, place: &Place, source: Arc<dyn Source>, advance: Advance) -> Result<(), EngineError> {
        load::load(&self.address, admin::name(place)?, source, advance).await
    }

    async fn copy(&self, from: &Place, to: &Place) -> Result<(), EngineError> {
        copy::copy(&self.address, from, admin::name(to)?).await
    }

    async fn ready(&self, swap: &Swap) -> Result<(), EngineError> {
        ready::ready(&self.address, swap).await
    }

    async fn lost(&self, swap: &Swap) -> Result<Vec<String>, EngineError> {
        ready::lost(&self.address, swap).await
    }

    async fn swap(&self, swap: &Swap) -> Result<(), EngineError> {
        swap::swap(&self.address, swap).await
    }
}

/// How long a session waits for tables that others hold, each time: whoever waits for a lock keeps others waiting behind it.
const PATIENCE: &str = "SET SESSION lock_wait_timeout = 2";

/// Tries a statement again and again while other sessions hold its tables, each time for a short while.
async fn patiently(connection: &mut Connection, sql: &str, attempts: u32, pause: Duration) -> Result<(), EngineError> {
    connection.own(PATIENCE).await?;
    for attempt in 1.. {
        match connection.own(sql).await {
            Err(error) if error.class == ErrorClass::LockTimeout && attempt < attempts => {
                tokio::time::sleep(pause).await;
            }
            other => return other.map(|_outcome| ()),
        }
    }
    Ok(())
}

/// An error of class `conflict`.
fn conflict(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorClass::Conflict, message)
}

/// A stream of the snapshot that is not what was written.
fn broken(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorClass::Refused, message)
        .hint("`stead snapshots verify` tells which part of a snapshot is broken")
}
