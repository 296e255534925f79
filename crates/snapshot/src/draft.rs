//! A snapshot being made: a hidden folder beside the place it will have, filled by sinks and sealed by its manifest. A
//! draft that is dropped before it is published removes itself, so a failed dump leaves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use stead_engine::failpoint;
use stead_engine::snapshot::{Sink, SinkStream};

use crate::layout::{MANIFEST, Part, StreamKey};
use crate::manifest::{Manifest, StreamRecord};
use crate::pack::{Settings, Workers};
use crate::{Snapshot, SnapshotError, SnapshotName, durable};

/// A snapshot that is not finished or not published yet.
pub struct Draft {
    name: SnapshotName,
    desk: Arc<Desk>,
    complete: bool,
    published: bool,
}

/// What the draft and its sinks share.
struct Desk {
    folder: PathBuf,
    settings: Settings,
    workers: OnceLock<Arc<Workers>>,
    streams: Mutex<BTreeMap<StreamKey, Option<StreamRecord>>>,
}

impl Draft {
    /// Makes the hidden folder, which must not be there yet.
    pub(crate) fn begin(name: SnapshotName, folder: PathBuf, settings: Settings) -> Result<Self, SnapshotError> {
        fs::create_dir(&folder).map_err(SnapshotError::io("create", &folder))?;
        let desk = Desk { folder, settings, workers: OnceLock::new(), streams: Mutex::default() };
        Ok(Self { name, desk: Arc::new(desk), complete: false, published: false })
    }

    /// The name that the snapshot will have.
    #[must_use]
    pub fn name(&self) -> &SnapshotName {
        &self.name
    }

    /// The hidden folder in which it is made.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.desk.folder
    }

    /// Takes the streams of a database or of the storage. Several sinks may be written to at once, from any thread.
    #[must_use]
    pub fn sink(&self, part: Part) -> Arc<dyn Sink> {
        Arc::new(PartSink { desk: self.desk.clone(), part })
    }

    /// Adds what was written to the manifest and writes it, after everything else is durable. The caller fills in
    /// everything but the streams, the sizes and the digest.
    ///
    /// # Errors
    ///
    /// `snapshot-unfinished` if a stream was opened and not finished, or belongs to a part that the manifest does not
    /// have; whatever the file system says.
    pub fn complete(&mut self, mut manifest: Manifest) -> Result<Manifest, SnapshotError> {
        manifest.name = self.name.clone();
        self.desk.stop();
        self.desk.enter_streams(&mut manifest).map_err(|reason| self.unfinished(reason))?;
        let bytes = manifest.seal();
        Manifest::parse(&bytes, self.name.as_str())?;
        let folder = self.folder();
        sync_folders(folder).map_err(SnapshotError::io("synchronise", folder))?;
        let path = folder.join(MANIFEST);
        let written = durable::write_whole(&path, &bytes, || failpoint("dump.manifest"));
        written.map_err(SnapshotError::io("write", &path))?;
        self.complete = true;
        Ok(manifest)
    }

    /// Says that the folder was filled by other means than sinks, and checks that it holds a whole snapshot.
    pub(crate) fn adopt(&mut self) -> Result<(), SnapshotError> {
        let folder = self.folder();
        Snapshot::open(folder)?.survey()?;
        sync_folders(folder).map_err(SnapshotError::io("synchronise", folder))?;
        self.complete = true;
        Ok(())
    }

    /// The snapshot as it lies in the hidden folder, once it is complete: for `dump --stdout`, and for looking at what
    /// was just written. It is gone when the draft is.
    ///
    /// # Errors
    ///
    /// `snapshot-incomplete` before [`Draft::complete`].
    pub fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        Snapshot::open(self.folder())
    }

    /// The error if the draft is not complete.
    pub(crate) fn check_complete(&self) -> Result<(), SnapshotError> {
        match self.complete {
            true => Ok(()),
            false => Err(self.unfinished("its manifest was not written".to_owned())),
        }
    }

    /// Says that the folder has got its name, so that nothing is removed when the draft is dropped.
    pub(crate) fn published(mut self) {
        self.published = true;
    }

    fn unfinished(&self, reason: String) -> SnapshotError {
        SnapshotError::Unfinished { snapshot: self.name.to_string(), reason }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.desk.stop();
        if !self.published {
            // What cannot be removed now is found by `Shelf::recover`.
            let _left = durable::remove_tree(&self.desk.folder);
        }
    }
}

impl Desk {
    fn workers(&self) -> io::Result<&Arc<Workers>> {
        if self.workers.get().is_none() {
            let _theirs = self.workers.set(Arc::new(Workers::start(self.settings)?));
        }
        Ok(self.workers.get().expect("they were just started"))
    }

    fn stop(&self) {
        if let Some(workers) = self.workers.get() {
            workers.stop();
        }
    }

    /// Notes that a stream is being written.
    fn enter(&self, key: &StreamKey) -> io::Result<()> {
        if let Some(reason) = key.objection() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("stream `{key}`: {reason}")));
        }
        let mut streams = self.streams.lock().expect("nobody panics holding this lock");
        if streams.insert(key.clone(), None).is_some() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("stream `{key}` was written before")));
        }
        Ok(())
    }

    fn enter_streams(&self, manifest: &mut Manifest) -> Result<(), String> {
        let streams = self.streams.lock().expect("nobody panics holding this lock");
        let clear = |streams: &mut BTreeMap<_, _>| streams.clear();
        manifest.databases.values_mut().for_each(|database| clear(&mut database.streams));
        manifest.storage.iter_mut().for_each(|storage| clear(&mut storage.streams));
        (manifest.raw_bytes, manifest.packed_bytes) = (0, 0);
        for (key, record) in &*streams {
            let record = record.as_ref().ok_or_else(|| format!("stream `{key}` was not finished"))?;
            let of_part = match &key.part {
                Part::Database(name) => manifest.databases.get_mut(name).map(|database| &mut database.streams),
                Part::Storage => manifest.storage.as_mut().map(|storage| &mut storage.streams),
            };
            let of_part = of_part.ok_or_else(|| format!("stream `{key}` belongs to nothing in the manifest"))?;
            of_part.insert(key.name.clone(), record.clone());
            manifest.raw_bytes += record.raw_bytes;
            manifest.packed_bytes += record.packed_bytes;
        }
        Ok(())
    }
}

/// The sink of one part.
struct PartSink {
    desk: Arc<Desk>,
    part: Part,
}

impl Sink for PartSink {
    fn stream(&self, name: &str) -> io::Result<Box<dyn SinkStream>> {
        let key = StreamKey::new(self.part.clone(), name);
        self.desk.enter(&key)?;
        let (desk, done_key) = (self.desk.clone(), key.clone());
        let done = move |record| {
            let mut streams = desk.streams.lock().expect("nobody panics holding this lock");
            streams.insert(done_key, Some(record));
        };
        let writer = self.desk.workers()?.stream(&self.desk.folder, &key, Box::new(done));
        let writer = writer.map_err(|error| io::Error::new(error.kind(), format!("stream `{key}`: {error}")))?;
        Ok(Box::new(writer))
    }
}

/// Makes the names in a folder and in those below it durable.
fn sync_folders(folder: &Path) -> io::Result<()> {
    let mut left = BTreeSet::from([folder.to_owned()]);
    while let Some(folder) = left.pop_first() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                left.insert(entry.path());
            }
        }
        durable::sync_folder(&folder)?;
    }
    Ok(())
}
