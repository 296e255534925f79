//! A server that is not up, in the place of one: for commands that look at what lies here and ask the server for little or nothing.
//! It knows its engine, and says of everything else that `stead up` starts it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use stead_engine::capability::LockRelease;
use stead_engine::snapshot::{Advance, Source, Swap, View};
use stead_engine::{Access, Bulk, Capabilities, EngineError, ErrorClass, Lock, LockRequest, Place, Server, Session};
use stead_schema::EngineKind;

use crate::error::Error;

/// One of the project's own servers that is not up.
pub(crate) struct Stopped {
    engine: EngineKind,
    message: String,
    hints: Vec<String>,
}

impl Stopped {
    /// A server of that engine, and what is to be said of it.
    pub(crate) fn new(engine: EngineKind, error: Error) -> Self {
        Self { engine, message: error.message, hints: error.hints }
    }

    fn down<T>(&self) -> Result<T, EngineError> {
        let mut error = EngineError::new(ErrorClass::Unreachable, self.message.clone());
        error.hints.clone_from(&self.hints);
        Err(error)
    }
}

#[async_trait]
impl Server for Stopped {
    fn kind(&self) -> EngineKind {
        self.engine
    }

    /// Nothing can be done with it, so nothing is promised.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: false,
            shared_views: false,
            view_spans_databases: false,
            lock_release: LockRelease::WithConnection,
            deferred_foreign_keys: false,
            atomic_swap: false,
            identifier_bytes: None,
        }
    }

    async fn version(&self) -> Result<String, EngineError> {
        self.down()
    }

    async fn exists(&self, _place: &Place) -> Result<bool, EngineError> {
        self.down()
    }

    async fn create(&self, _place: &Place) -> Result<(), EngineError> {
        self.down()
    }

    async fn remove(&self, _place: &Place) -> Result<(), EngineError> {
        self.down()
    }

    async fn open(&self, _place: &Place, _access: Access) -> Result<Box<dyn Session>, EngineError> {
        self.down()
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        self.down()
    }

    async fn lock(&self, _place: &Place, _request: LockRequest<'_>) -> Result<Box<dyn Lock>, EngineError> {
        self.down()
    }

    async fn size(&self, _place: &Place) -> Result<u64, EngineError> {
        self.down()
    }

    fn bulk(&self) -> &dyn Bulk {
        self
    }
}

#[async_trait]
impl Bulk for Stopped {
    fn beside(&self, live: &Place, _token: &str) -> Place {
        live.clone()
    }

    fn keeping(&self, live: &Place, _folder: &Path, _token: &str) -> Place {
        live.clone()
    }

    async fn leftovers(&self, _live: &Place) -> Result<Vec<Place>, EngineError> {
        self.down()
    }

    async fn view(&self, _places: &[Place]) -> Result<Box<dyn View>, EngineError> {
        self.down()
    }

    async fn load(&self, _place: &Place, _source: Arc<dyn Source>, _advance: Advance) -> Result<(), EngineError> {
        self.down()
    }

    async fn copy(&self, _from: &Place, _to: &Place) -> Result<(), EngineError> {
        self.down()
    }

    async fn ready(&self, _swap: &Swap) -> Result<(), EngineError> {
        self.down()
    }

    async fn swap(&self, _swap: &Swap) -> Result<(), EngineError> {
        self.down()
    }
}
