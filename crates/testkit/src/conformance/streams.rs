//! Snapshots in memory: a sink that keeps what was finished, and a source that gives it back, whole or broken as a
//! case needs it. Cases use it instead of an archive, which they must not depend on.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result};
use stead_engine::snapshot::{Advance, Sink, SinkStream, Source};
use stead_schema::Schema;

/// Finished streams by name.
pub type Streams = BTreeMap<String, Vec<u8>>;

/// A snapshot in memory.
#[derive(Debug, Default)]
pub struct Memory {
    streams: Arc<Mutex<Streams>>,
    schema: OnceLock<Schema>,
    kept: Option<PathBuf>,
    full: bool,
}

impl Memory {
    /// A snapshot of these streams.
    #[must_use]
    pub fn of(streams: Streams) -> Self {
        Self { streams: Arc::new(Mutex::new(streams)), ..Self::default() }
    }

    /// A sink on a disk that is full after the first bytes.
    #[must_use]
    pub fn full() -> Self {
        Self { full: true, ..Self::default() }
    }

    /// The same snapshot, with an uncompressed copy of every stream at a path.
    #[must_use]
    pub fn kept_at(self, path: PathBuf) -> Self {
        Self { kept: Some(path), ..self }
    }

    /// Remembers what the dumped database looked like, as a manifest does.
    pub fn remember(&self, schema: Schema) {
        let _there_already = self.schema.set(schema);
    }

    /// The finished streams.
    #[must_use]
    pub fn streams(&self) -> Streams {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The file of a written snapshot that holds what the dumped database looked like.
const SCHEMA: &str = "schema.json";

impl Memory {
    /// Writes the snapshot as files that can be kept: each stream, a slash in its name as two underscores, and the schema.
    ///
    /// # Errors
    ///
    /// There is no schema, or whatever stops the writing.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let schema = self.schema().context("the dump has a schema")?;
        std::fs::write(folder.join(SCHEMA), serde_json::to_vec_pretty(schema)?)?;
        for (name, bytes) in self.streams() {
            std::fs::write(folder.join(name.replace('/', "__")), bytes)?;
        }
        Ok(())
    }

    /// Reads what [`Memory::write`] wrote.
    ///
    /// # Errors
    ///
    /// Files that are missing or that are not what was written.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut streams = Streams::new();
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            streams.insert(entry.file_name().to_string_lossy().replace("__", "/"), std::fs::read(entry.path())?);
        }
        let schema = streams.remove(SCHEMA).context("no schema among the files")?;
        let memory = Self::of(streams);
        memory.remember(serde_json::from_slice(&schema)?);
        Ok(memory)
    }
}

struct Stream {
    name: String,
    bytes: Vec<u8>,
    streams: Arc<Mutex<Streams>>,
    full: bool,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.full && !self.bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SinkStream for Stream {
    fn finish(self: Box<Self>) -> io::Result<()> {
        if self.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name, self.bytes);
        Ok(())
    }
}

impl Sink for Memory {
    fn stream(&self, name: &str) -> io::Result<Box<dyn SinkStream>> {
        let streams = Arc::clone(&self.streams);
        Ok(Box::new(Stream { name: name.to_owned(), bytes: Vec::new(), streams, full: self.full }))
    }
}

impl Source for Memory {
    fn streams(&self) -> Vec<(String, u64)> {
        Self::streams(self).into_iter().map(|(name, bytes)| (name, bytes.len() as u64)).collect()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let bytes = Self::streams(self).remove(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn schema(&self) -> Option<&Schema> {
        self.schema.get()
    }

    fn put_kept(&self, _name: &str, to: &Path) -> io::Result<bool> {
        self.kept.as_ref().map_or(Ok(false), |kept| std::fs::copy(kept, to).map(|_bytes| true))
    }
}

/// A snapshot whose streams break off half-way, as corrupt chunks do.
#[derive(Debug)]
pub struct Broken(pub Memory);

impl Source for Broken {
    fn streams(&self) -> Vec<(String, u64)> {
        Source::streams(&self.0)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.0.streams().remove(name).ok_or(io::ErrorKind::NotFound)?;
        let half = bytes.len() / 2;
        Ok(Box::new(Cursor::new(bytes[..half].to_vec()).chain(Failing)))
    }

    fn schema(&self) -> Option<&Schema> {
        Source::schema(&self.0)
    }

    fn put_kept(&self, _name: &str, _to: &Path) -> io::Result<bool> {
        Ok(false)
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::InvalidData, "the digest of a chunk is wrong"))
    }
}

/// Takes note of no progress.
#[must_use]
pub fn advance() -> Advance {
    Arc::new(|_done, _total| {})
}
