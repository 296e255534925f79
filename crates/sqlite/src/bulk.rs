//! Copying whole databases. A dump is the pages of the file, byte for byte, because every other form loses something
//! (rowids, `user_version`, text behind a NUL); a load is a file built beside the live one; a swap puts it in its place.

mod load;
mod names;
mod pinned;
mod ready;
mod restore;
mod swap;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use stead_engine::snapshot::{Advance, Source, Swap, View};
use stead_engine::{Bulk, EngineError, Place};

use crate::connect::Settings;
use crate::connect::opening::find;
use crate::connect::thread::aside;

#[cfg(test)]
mod tests;

/// The one stream of a SQLite dump.
pub(crate) const STREAM: &str = "pages";

/// Dump, load and swap of database files.
pub(crate) struct SqliteBulk {
    settings: Settings,
}

impl SqliteBulk {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

#[async_trait]
impl Bulk for SqliteBulk {
    fn beside(&self, live: &Place, token: &str) -> Place {
        names::place(&names::beside(&resolved(live), token))
    }

    fn keeping(&self, live: &Place, folder: &Path, token: &str) -> Place {
        names::place(&names::keeping(&resolved(live), folder, token))
    }

    async fn leftovers(&self, live: &Place) -> Result<Vec<Place>, EngineError> {
        let live = live.clone();
        aside(move || names::leftovers(find(&live)?.path())).await
    }

    async fn view(&self, places: &[Place]) -> Result<Box<dyn View>, EngineError> {
        Ok(Box::new(view::SqliteView::open(places, &self.settings).await?))
    }

    async fn load(&self, place: &Place, source: Arc<dyn Source>, advance: Advance) -> Result<(), EngineError> {
        let (place, settings) = (place.clone(), self.settings.clone());
        aside(move || load::load(&place, source.as_ref(), &advance, &settings)).await
    }

    async fn copy(&self, from: &Place, to: &Place) -> Result<(), EngineError> {
        let (from, to, settings) = (from.clone(), to.clone(), self.settings.clone());
        aside(move || load::copy(&from, &to, &settings)).await
    }

    async fn ready(&self, swap: &Swap) -> Result<(), EngineError> {
        let (swap, settings) = (swap.clone(), self.settings.clone());
        aside(move || ready::ready(&swap, &settings)).await
    }

    async fn swap(&self, swap: &Swap) -> Result<(), EngineError> {
        let (swap, settings) = (swap.clone(), self.settings.clone());
        aside(move || swap::swap(&swap, &settings)).await
    }

    async fn untouched(&self, swap: &Swap) -> Result<bool, EngineError> {
        let (swap, settings) = (swap.clone(), self.settings.clone());
        aside(move || swap::untouched(&swap, &settings)).await
    }
}

/// The path behind links; the given one where that cannot be known, and whatever uses it will say so.
fn resolved(place: &Place) -> PathBuf {
    find(place).map_or_else(|_| PathBuf::from(&place.0), |found| found.path().to_owned())
}
