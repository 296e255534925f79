//! Fills a new index. A batch is checked as a whole before any of it is handed to tantivy, whose threads index it while
//! the next batch is being read; the one commit comes at the end. A commit for every batch would make a segment of every
//! batch, which costs three times as much as the indexing itself and leaves nothing that could be used: a build that
//! was not finished is thrown away.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use async_trait::async_trait;
use stead_engine::search::{Built, Document, IndexBuild};
use stead_engine::{EngineError, ErrorClass};
use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy, UserOperation};
use tantivy::{Index, IndexWriter, TantivyDocument, TantivyError};

use crate::backlog::{Backlog, Weighed};
use crate::convert::shortened;
use crate::error::building;
use crate::folder::{FORMAT, IndexFolder, Record};
use crate::layout::{Laid, Layout};
use crate::reader::Opened;
use crate::words;
use crate::worker::Worker;

/// Memory of all indexing threads together before they write segments, in bytes.
const MEMORY: usize = 256 << 20;

/// Memory of one indexing thread at most, in bytes: more makes nothing faster.
const THREAD_MEMORY: usize = 64 << 20;

/// Documents that are handed over together, at most: each time costs a look for a thread that has nothing to do.
const GROUP: usize = 64;

/// A group of documents ends when it has so many bytes: tantivy looks at its memory between groups only.
const GROUP_WEIGHT: usize = 256 << 10;

/// A finished index has at most so many segments; a search opens each of them.
const MOST_SEGMENTS: usize = 16;

/// Threads of builds that were dropped and may still be closing their files.
pub(crate) type Retired = Arc<Mutex<Vec<JoinHandle<()>>>>;

/// A build in the hands of a caller.
pub(crate) struct TantivyBuild {
    id: String,
    worker: Worker<Option<Building>>,
    retired: Retired,
}

impl TantivyBuild {
    pub(crate) fn new(building: Building, retired: Retired) -> Self {
        let id = building.id.clone();
        Self { worker: Worker::start("stead-index-build", Some(building)), id, retired }
    }
}

#[async_trait]
impl IndexBuild for TantivyBuild {
    fn id(&self) -> &str {
        &self.id
    }

    async fn add(&mut self, documents: Vec<Document>) -> Result<(), EngineError> {
        self.worker.run(move |state| add(state, &documents)).await
    }

    async fn finish(self: Box<Self>) -> Result<Built, EngineError> {
        self.worker.run(|state| state.take().ok_or_else(over)?.finish()).await
    }
}

impl Drop for TantivyBuild {
    fn drop(&mut self) {
        if let (Some(thread), Ok(mut retired)) = (self.worker.retire(), self.retired.lock()) {
            retired.retain(|thread| !thread.is_finished());
            retired.push(thread);
        }
    }
}

/// Adds a batch. A batch that is refused leaves the build as it was; a writer that failed ends it, because part of the
/// batch may be in it.
fn add(state: &mut Option<Building>, documents: &[Document]) -> Result<(), EngineError> {
    let mut building = state.take().ok_or_else(over)?;
    match building.check(documents) {
        Ok(batch) => building.feed(batch)?,
        Err(error) => {
            *state = Some(building);
            return Err(error);
        }
    }
    *state = Some(building);
    Ok(())
}

fn over() -> EngineError {
    EngineError::new(ErrorClass::Bug, "the build of the index is already over")
}

/// An index while it is being filled.
pub(crate) struct Building {
    id: String,
    folder: IndexFolder,
    layout: Layout,
    writer: IndexWriter<Weighed>,
    backlog: Arc<Backlog>,
    built_at: String,
    batches: u64,
}

impl Building {
    /// Begins an index in a folder of its own.
    pub(crate) fn begin(folder: IndexFolder, layout: Layout, built_at: &str) -> Result<Self, EngineError> {
        let id = folder.create_build(built_at)?;
        let writer = open_writer(&folder, &id, &layout).map_err(|error| building(&folder.name, error))?;
        let built_at = built_at.to_owned();
        Ok(Self { id, folder, layout, writer, backlog: Arc::default(), built_at, batches: 0 })
    }

    fn check(&self, documents: &[Document]) -> Result<Vec<Laid>, EngineError> {
        let mut bytes = Vec::new();
        let batch = documents.iter().map(|row| self.layout.lay(row, &mut bytes)).collect::<Result<Vec<_>, _>>()?;
        let mut keys = HashSet::with_capacity(batch.len());
        if let Some(twice) = batch.iter().find(|laid| !keys.insert(&laid.key)) {
            return Err(self.twice(&twice.key));
        }
        self.folder.pass("index.batch")?;
        Ok(batch)
    }

    fn feed(&mut self, batch: Vec<Laid>) -> Result<(), EngineError> {
        self.batches += u64::from(!batch.is_empty());
        let (mut group, mut weight) = (Vec::with_capacity(GROUP), 0);
        for laid in batch {
            group.push(laid.document);
            weight += laid.weight;
            if group.len() == GROUP || weight >= GROUP_WEIGHT {
                let full = std::mem::replace(&mut group, Vec::with_capacity(GROUP));
                self.send(full, std::mem::take(&mut weight))?;
            }
        }
        self.send(group, weight)
    }

    /// Hands a group of documents to the indexing threads.
    fn send(&mut self, group: Vec<TantivyDocument>, weight: usize) -> Result<(), EngineError> {
        let group = self.backlog.admit(group, weight);
        if let Err(error) = self.writer.run(group.into_iter().map(UserOperation::Add)) {
            // When an indexing thread dies, tantivy says only that; its own error comes out when it is joined.
            let cause = self.writer.prepare_commit().err();
            return Err(self.failed(cause.unwrap_or(error)));
        }
        Ok(())
    }

    /// Completes the index: commits, merges, looks for keys that came twice, counts, and writes the record. The writer
    /// holds its lock until then, which tells others that this is somebody's work and no rubbish.
    fn finish(mut self) -> Result<Built, EngineError> {
        self.commit().map_err(|error| self.failed(error))?;
        let opened = Opened::open(&self.folder, &self.id, self.layout.clone())?;
        if let Some(key) = opened.repeated_key().map_err(|error| self.failed(error))? {
            return Err(self.twice(&key));
        }
        let documents = opened.searcher.num_docs();
        let definition = self.layout.definition;
        let hash = definition.hash.clone();
        let built = Built { id: self.id, hash, documents, built_at: self.built_at, commits: self.batches };
        self.folder.write_record(&Record { format: FORMAT, definition, built: built.clone() })?;
        self.folder.pass("index.finished")?;
        drop(self.writer);
        Ok(built)
    }

    fn commit(&mut self) -> Result<(), TantivyError> {
        self.writer.commit()?;
        while self.merge()? {}
        self.writer.garbage_collect_files().wait().map(drop)
    }

    /// Merges neighbours in size until few segments are left, on all cores. Whether there was something to merge.
    fn merge(&mut self) -> Result<bool, TantivyError> {
        let mut segments = self.writer.index().searchable_segment_metas()?;
        if segments.len() <= MOST_SEGMENTS {
            return Ok(false);
        }
        segments.sort_by_key(SegmentMeta::num_docs);
        let ids: Vec<SegmentId> = segments.iter().map(SegmentMeta::id).collect();
        drop(segments);
        let groups: Vec<_> = ids.chunks(MOST_SEGMENTS).filter(|group| group.len() > 1).collect();
        for together in groups.chunks(threads()) {
            let merges: Vec<_> = together.iter().map(|group| self.writer.merge(group)).collect();
            merges.into_iter().try_for_each(|merge| merge.wait().map(drop))?;
        }
        Ok(true)
    }

    fn failed(&self, error: TantivyError) -> EngineError {
        building(&self.folder.name, error)
    }

    fn twice(&self, key: &str) -> EngineError {
        let text = format!("index `{}`: two documents have the key `{}`", self.folder.name, shortened(key));
        EngineError::new(ErrorClass::Constraint, text)
            .hint("the first column of the documents query must be different in every row")
    }
}

fn open_writer(folder: &IndexFolder, id: &str, layout: &Layout) -> Result<IndexWriter<Weighed>, TantivyError> {
    let index = Index::builder().schema(layout.schema.clone()).tokenizers(words::analyzers());
    let index = index.create_in_dir(folder.build(id))?;
    let memory = THREAD_MEMORY.min(MEMORY / threads());
    let options = IndexWriterOptions::builder().num_worker_threads(threads()).memory_budget_per_thread(memory).build();
    let writer = index.writer_with_options(options)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    Ok(writer)
}

/// Indexing threads: one a core, as many as tantivy makes use of.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(8)
}
