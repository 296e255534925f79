//! A finished snapshot: its manifest, the exact set of its files, and its streams for reading. Opening one costs the
//! manifest alone; how much of the rest is checked, and when, is the caller's choice between [`Snapshot::survey`] and
//! [`Snapshot::verify`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stead_engine::snapshot::{Advance, Source};
use stead_schema::Schema;

use crate::frame::{MAGIC, RECORD, Stored};
use crate::kept::Kept;
use crate::layout::{MANIFEST, Part, StreamKey, frames_file, index_file};
use crate::manifest::{Manifest, StreamRecord, folder_name};
use crate::{SnapshotError, read, verify};

/// A snapshot on disk whose manifest was read and found to be what was written.
#[derive(Clone, Debug)]
pub struct Snapshot {
    folder: PathBuf,
    manifest: Arc<Manifest>,
}

impl Snapshot {
    /// Opens a snapshot by its folder. Only the manifest is read.
    ///
    /// # Errors
    ///
    /// `snapshot-incomplete` without a manifest, `snapshot-newer` if it was made by a newer format, `snapshot-manifest`
    /// if the manifest is damaged.
    pub fn open(folder: &Path) -> Result<Self, SnapshotError> {
        let manifest = Arc::new(Manifest::read(folder)?);
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// What the snapshot says about itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks that exactly the files the manifest lists are there, with the lengths it lists. Reads none of them.
    ///
    /// # Errors
    ///
    /// `snapshot-missing-file`, `snapshot-unexpected-file` or `snapshot-size`, naming the file.
    pub fn survey(&self) -> Result<(), SnapshotError> {
        let expected = self.expected();
        let mut found = BTreeSet::new();
        self.visit(&mut |file, length| {
            let snapshot = self.label();
            match expected.get(&file) {
                None => return Err(SnapshotError::UnexpectedFile { snapshot, file }),
                Some(None) => {}
                Some(Some(expected)) if *expected == length => {}
                Some(Some(expected)) => {
                    return Err(SnapshotError::Size { snapshot, file, expected: *expected, found: length });
                }
            }
            found.insert(file);
            Ok(())
        })?;
        match expected.into_keys().find(|file| !found.contains(file)) {
            Some(file) => Err(SnapshotError::MissingFile { snapshot: self.label(), file }),
            None => Ok(()),
        }
    }

    /// Checks everything: the set of files, their lengths, every frame list and every frame, on all cores. `advance` is
    /// told bytes before compression.
    ///
    /// # Errors
    ///
    /// The first damage that is found, by file, stream and frame.
    pub fn verify(&self, advance: &Advance) -> Result<(), SnapshotError> {
        self.survey()?;
        verify::frames(self.stored().collect(), self.manifest.raw_bytes, advance)
    }

    /// The streams of a database or of the storage. With `kept`, copies kept from an earlier load are offered.
    ///
    /// # Errors
    ///
    /// `snapshot-part` if the snapshot does not have it, naming the databases it has.
    pub fn source(&self, part: &Part, kept: Option<Arc<Kept>>) -> Result<Arc<dyn Source>, SnapshotError> {
        if self.manifest.part(part).is_none() {
            let wanted = match part {
                Part::Database(name) => format!("database `{name}`"),
                Part::Storage => "storage".to_owned(),
            };
            let known = self.manifest.databases.keys().cloned().collect();
            return Err(SnapshotError::NoPart { snapshot: self.label(), part: wanted, known });
        }
        Ok(Arc::new(PartSource { snapshot: self.clone(), part: part.clone(), kept }))
    }

    /// One stream on disk, if there is one of that name.
    pub(crate) fn stream(&self, part: &Part, name: &str) -> Option<Stored> {
        let record = self.manifest.part(part)?.get(name)?;
        Some(self.store(StreamKey::new(part.clone(), name), record))
    }

    /// The files in the order in which they are sent: the manifest last.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files: Vec<String> = self.expected().into_keys().filter(|file| file != MANIFEST).collect();
        files.push(MANIFEST.to_owned());
        files
    }

    pub(crate) fn label(&self) -> String {
        folder_name(&self.folder)
    }

    fn stored(&self) -> impl Iterator<Item = Stored> {
        self.manifest.streams().map(|(key, record)| self.store(key, record))
    }

    fn store(&self, key: StreamKey, record: &StreamRecord) -> Stored {
        Stored { snapshot: self.label(), folder: self.folder.clone(), key, record: record.clone() }
    }

    /// Every file with its length. The manifest's own is not known from the manifest.
    fn expected(&self) -> BTreeMap<String, Option<u64>> {
        let mut expected = BTreeMap::from([(MANIFEST.to_owned(), None)]);
        for (key, record) in self.manifest.streams() {
            let stem = key.stem();
            let list = MAGIC.len() as u64 + record.frames * RECORD as u64;
            expected.insert(index_file(&stem), Some(list));
            let files = record.files.iter().enumerate();
            expected.extend(files.map(|(number, length)| (frames_file(&stem, number), Some(*length))));
        }
        expected
    }

    /// Calls `see` for every file below the folder, with its relative path and length. What is neither a file nor a
    /// folder, and a folder without files, is unexpected.
    fn visit(&self, see: &mut dyn FnMut(String, u64) -> Result<(), SnapshotError>) -> Result<(), SnapshotError> {
        let mut folders = vec![String::new()];
        while let Some(relative) = folders.pop() {
            let folder = self.folder.join(&relative);
            let mut empty = true;
            for entry in fs::read_dir(&folder).map_err(SnapshotError::io("read", &folder))? {
                let entry = entry.map_err(SnapshotError::io("read", &folder))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if relative.is_empty() { name } else { format!("{relative}/{name}") };
                let about = entry.metadata().map_err(SnapshotError::io("read", &entry.path()))?;
                empty = false;
                match about.file_type() {
                    kind if kind.is_dir() => folders.push(path),
                    kind if kind.is_file() => see(path, about.len())?,
                    _ => return Err(SnapshotError::UnexpectedFile { snapshot: self.label(), file: path }),
                }
            }
            if empty {
                return Err(SnapshotError::UnexpectedFile { snapshot: self.label(), file: relative });
            }
        }
        Ok(())
    }
}

/// The streams of one part of a snapshot.
struct PartSource {
    snapshot: Snapshot,
    part: Part,
    kept: Option<Arc<Kept>>,
}

impl Source for PartSource {
    fn streams(&self) -> Vec<(String, u64)> {
        let streams = self.snapshot.manifest.part(&self.part).into_iter().flatten();
        streams.map(|(name, record)| (name.clone(), record.raw_bytes)).collect()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let stored = self.snapshot.stream(&self.part, name).ok_or_else(|| {
            let text = format!("snapshot `{}` has no stream `{}/{name}`", self.snapshot.label(), self.part);
            io::Error::new(io::ErrorKind::NotFound, text)
        })?;
        Ok(read::open(stored)?)
    }

    fn schema(&self) -> Option<&Schema> {
        let Part::Database(name) = &self.part else { return None };
        self.snapshot.manifest.databases.get(name).map(|record| &record.schema)
    }

    fn put_kept(&self, name: &str, to: &Path) -> io::Result<bool> {
        let Some(kept) = &self.kept else { return Ok(false) };
        kept.put(&self.snapshot, &self.part, name, to)
    }

    fn filled(&self, name: &str, file: &Path) {
        if let Some(kept) = &self.kept {
            // Only a shortcut for the next load: this one goes on without.
            let _not_kept = kept.begin(&self.snapshot, &self.part, name, file);
        }
    }
}
