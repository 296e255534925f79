//! Copying whole databases: rows travel as streams of `COPY`, one a table, and the database around them is built from the
//! schema; a load is a database built beside the live one, and a swap is two renames in one transaction.
//! The order of these steps is what keeps the old database whole until the new one is proved.

mod building;
mod catalog;
mod copy;
mod dump;
mod extensions;
mod facts;
mod format;
mod home;
mod load;
pub(crate) mod names;
mod properties;
mod ready;
mod rights;
mod roles;
mod session;
mod swap;
mod view;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use stead_engine::snapshot::{Advance, Source, Swap, View};
use stead_engine::{Bulk, EngineError, Place, failpoint};

use crate::admin;
use crate::connect::address::Address;

pub(crate) use home::create;
pub(crate) use ready::may_write;

/// Dump, load and swap of databases on one server.
pub(crate) struct PostgresBulk {
    address: Address,
}

impl PostgresBulk {
    pub(crate) fn new(address: Address) -> Self {
        Self { address }
    }
}

#[async_trait]
impl Bulk for PostgresBulk {
    fn beside(&self, live: &Place, token: &str) -> Place {
        names::beside(live, token)
    }

    fn keeping(&self, live: &Place, _folder: &Path, token: &str) -> Place {
        names::keeping(live, token)
    }

    async fn leftovers(&self, live: &Place) -> Result<Vec<Place>, EngineError> {
        let prefix = names::leftovers(live);
        let mut connection = admin::maintenance(&self.address).await?;
        let sql = "SELECT datname::text FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname::text, $1) \
                   ORDER BY datname::text COLLATE \"C\"";
        let rows = connection.rows(sql, &[&prefix]).await?;
        connection.close().await?;
        Ok(rows.iter().map(|row| Place(row.get(0))).collect())
    }

    async fn view(&self, places: &[Place]) -> Result<Box<dyn View>, EngineError> {
        Ok(Box::new(view::PostgresView::open(&self.address, places).await?))
    }

    async fn load(&self, place: &Place, source: Arc<dyn Source>, advance: Advance) -> Result<(), EngineError> {
        load::load(&self.address, place, source.as_ref(), &advance).await
    }

    async fn copy(&self, from: &Place, to: &Place) -> Result<(), EngineError> {
        copy::copy(&self.address, from, to).await
    }

    async fn ready(&self, swap: &Swap) -> Result<(), EngineError> {
        ready::ready(&self.address, swap).await
    }

    async fn swap(&self, swap: &Swap) -> Result<(), EngineError> {
        swap::swap(&self.address, swap).await
    }
}

/// Passes a place where a test may want something to happen.
fn passed(name: &str, doing: &str) -> Result<(), EngineError> {
    failpoint(name).map_err(|error| EngineError::io(format!("{doing} was stopped"), &error))
}
