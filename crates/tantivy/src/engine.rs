//! The search port over folders of tantivy. Everything but a running build happens on one thread per engine, which
//! keeps the indexes that were opened; every build has a thread of its own, so that a search never waits for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stead_engine::search::{Built, Definition, IndexBuild, SearchRequest, SearchResult};
use stead_engine::{EngineError, SearchEngine, Value};

use crate::build::{Building, Retired, TantivyBuild};
use crate::folder::FORMAT;
use crate::layout::Layout;
use crate::reader::Reader;
use crate::worker::Worker;

/// The embedded search engine of one environment.
pub struct TantivyEngine {
    worker: Worker<Reader>,
    retired: Retired,
}

impl TantivyEngine {
    /// The engine whose indexes lie in that folder. Neither the folder nor an index has to exist.
    #[must_use]
    pub fn new(indexes: impl Into<PathBuf>) -> Self {
        let worker = Worker::start("stead-index", Reader::new(indexes.into()));
        Self { worker, retired: Arc::new(Mutex::new(Vec::new())) }
    }

    /// Runs a closure where files may be read and written, with the index's name.
    async fn run<T, F>(&self, index: &str, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Reader, &str) -> Result<T, EngineError> + Send + 'static,
    {
        let index = index.to_owned();
        self.worker.run(move |reader| work(reader, &index)).await
    }

    /// The same, after the builds that were dropped have closed their files.
    async fn run_alone<T, F>(&self, index: &str, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Reader, &str) -> Result<T, EngineError> + Send + 'static,
    {
        let threads = self.retired.lock().map(|mut threads| std::mem::take(&mut *threads)).unwrap_or_default();
        self.run(index, move |reader, index| {
            // A thread that panicked has ended too, and its build is cleaned away like any other.
            threads.into_iter().for_each(|thread| drop(thread.join()));
            reader.close(index);
            work(reader, index)
        })
        .await
    }
}

#[async_trait]
impl SearchEngine for TantivyEngine {
    fn format(&self) -> u32 {
        FORMAT
    }

    async fn current(&self, index: &str) -> Result<Option<Built>, EngineError> {
        self.run(index, |reader, index| Ok(reader.folder(index)?.current()?.map(|record| record.built))).await
    }

    async fn begin(&self, definition: &Definition, built_at: &str) -> Result<Box<dyn IndexBuild>, EngineError> {
        let (wanted, built_at) = (definition.clone(), built_at.to_owned());
        let begin = move |reader: &mut Reader, index: &str| {
            Building::begin(reader.folder(index)?, Layout::of(&wanted)?, &built_at)
        };
        let building = self.run(&definition.name, begin).await?;
        Ok(Box::new(TantivyBuild::new(building, Arc::clone(&self.retired))))
    }

    async fn publish(&self, index: &str, id: &str) -> Result<Option<String>, EngineError> {
        let id = id.to_owned();
        self.run(index, move |reader, index| reader.folder(index)?.publish(&id)).await
    }

    async fn names(&self) -> Result<Vec<String>, EngineError> {
        self.worker.run(|reader| reader.names()).await
    }

    async fn list(&self, index: &str) -> Result<Vec<Built>, EngineError> {
        self.run(index, |reader, index| reader.folder(index)?.finished()).await
    }

    async fn clean(&self, index: &str, keep: &[String]) -> Result<u64, EngineError> {
        let keep = keep.to_vec();
        self.run_alone(index, move |reader, index| reader.folder(index)?.clean(&keep)).await
    }

    async fn drop_index(&self, index: &str) -> Result<(), EngineError> {
        self.run_alone(index, |reader, index| reader.folder(index)?.remove()).await
    }

    async fn withdraw(&self, index: &str) -> Result<Option<String>, EngineError> {
        self.run(index, |reader, index| reader.folder(index)?.withdraw()).await
    }

    async fn search(&self, index: &str, request: &SearchRequest) -> Result<SearchResult, EngineError> {
        let request = request.clone();
        self.run(index, move |reader, index| reader.search(index, &request)).await
    }

    async fn fetch(&self, index: &str, keys: &[String]) -> Result<Vec<BTreeMap<String, Value>>, EngineError> {
        let keys = keys.to_vec();
        self.run(index, move |reader, index| reader.fetch(index, &keys)).await
    }

    async fn fetch_built(
        &self,
        index: &str,
        id: &str,
        keys: &[String],
    ) -> Result<Vec<BTreeMap<String, Value>>, EngineError> {
        let (id, keys) = (id.to_owned(), keys.to_vec());
        self.run(index, move |reader, index| reader.fetch_built(index, &id, &keys)).await
    }

    async fn verify(&self, index: &str) -> Result<u64, EngineError> {
        self.run(index, |reader, index| reader.verify(index)).await
    }
}
