//! Uncompressed copies of streams, kept from an earlier load so that the next load of the same snapshot is a file copy.
//! A copy counts only while its record, its length, its time of change and its whole content
//! agree with the snapshot; anything else is removed and the stream is decompressed again.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use crate::durable::{copy_file, copy_open, fill, remove_tree, write_whole};
use crate::frame::{Frame, Stored, in_memory};
use crate::layout::Part;
use crate::pack::cores;
use crate::storage::FileSystem;
use crate::{Snapshot, SnapshotError};

/// A folder of kept copies.
pub struct Kept {
    folder: PathBuf,
    limit: u64,
    probe: Arc<dyn FileSystem>,
    copying: Mutex<Option<Copying>>,
    offered: AtomicBool,
}

/// A copy whose record agrees with a snapshot.
struct Copy {
    key: String,
    record: Record,
    stored: Stored,
    path: PathBuf,
}

/// A copy that is being made under a hidden name, on a thread of its own.
struct Copying {
    key: String,
    hidden: PathBuf,
    digest: String,
    stored: Stored,
    thread: JoinHandle<Result<(), SnapshotError>>,
}

/// What is remembered of a copy, in a file beside it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// The snapshot's digest and the stream's name, which the file's name is a hash of.
    digest: String,
    stream: String,
    /// The hash of the stream's frame list, which stands for its content.
    index_hash: String,
    size: u64,
    /// Seconds and nanoseconds of the last change.
    modified: (i64, i64),
    /// Larger for what was used later. A count and no time, so that a wrong clock does no harm.
    used: u64,
}

impl Kept {
    /// The kept copies in a folder, which is made when the first is added. `limit` is the sum of their sizes, in bytes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, limit: u64, probe: Arc<dyn FileSystem>) -> Self {
        Self { folder: folder.into(), limit, probe, copying: Mutex::default(), offered: AtomicBool::default() }
    }

    /// The copy of a stream, if there is one that can be trusted. One that cannot is removed.
    ///
    /// It is compared whole with the snapshot's hashes each time, which costs a small part of copying it: what is loaded
    /// from it is proved as if it came from the snapshot itself.
    #[must_use]
    pub fn find(&self, snapshot: &Snapshot, part: &Part, stream: &str) -> Option<PathBuf> {
        let copy = self.promising(snapshot, part, stream)?;
        if compare(&copy.stored, &copy.path).is_ok() {
            self.touch(&copy.key, copy.record);
            self.offered.store(true, Ordering::Relaxed);
            return Some(copy.path);
        }
        self.forget(&copy.key);
        None
    }

    /// Puts the copy of a stream at `to`, an empty file of the caller's; false if there is none that can be trusted.
    ///
    /// Where a rename reaches, the copy itself becomes that file, and a new one is made of it on a thread while it is
    /// compared: so what is loaded was written out long ago and need not be waited for. The new copy counts after
    /// [`settle`](Self::settle); until then nobody may write into the file. Elsewhere the bytes are copied. Call it under the
    /// environment's lock.
    ///
    /// # Errors
    ///
    /// Whatever stops the copying; `to` is rubbish then.
    pub fn put(&self, snapshot: &Snapshot, part: &Part, stream: &str, to: &Path) -> io::Result<bool> {
        let Some(copy) = self.promising(snapshot, part, stream) else { return Ok(false) };
        if can_become(&copy.path, to) {
            return self.hand_over(snapshot, copy, to);
        }
        let Some(path) = self.find(snapshot, part, stream) else { return Ok(false) };
        self.copy_out(&path, to).map(|()| true)
    }

    fn hand_over(&self, snapshot: &Snapshot, copy: Copy, to: &Path) -> io::Result<bool> {
        self.give_up();
        let hidden = self.hidden(&copy.key);
        let _left_over = fs::remove_file(&hidden);
        let (source, target, probe) = (File::open(&copy.path)?, hidden.clone(), self.probe.clone());
        let thread = std::thread::Builder::new().name("stead-keep".to_owned());
        let thread = thread
            .spawn(move || copy_open(source, &target, probe.as_ref()).map_err(SnapshotError::io("copy to", &target)))?;
        let Copy { key, record: _, stored, path } = copy;
        let digest = snapshot.manifest().digest.clone();
        let good = compare(&stored, &path).is_ok();
        *self.copying() = Some(Copying { key: key.clone(), hidden, digest, stored, thread });
        if !good {
            self.give_up();
            self.forget(&key);
            return Ok(false);
        }
        fs::set_permissions(&path, fs::metadata(to)?.permissions())?;
        if fs::rename(&path, to).is_ok() {
            let _gone = fs::remove_file(self.folder.join(format!("{key}.json")));
        } else {
            // Two mounts of one file system look like one until a rename is tried.
            self.give_up();
            self.copy_out(&path, to)?;
        }
        self.offered.store(true, Ordering::Relaxed);
        Ok(true)
    }

    fn copy_out(&self, path: &Path, to: &Path) -> io::Result<()> {
        let folder = to.parent().unwrap_or(Path::new("."));
        fill(OpenOptions::new().write(true).open(to)?, File::open(path)?, folder, self.probe.as_ref())
    }

    /// The copy of a stream, if its record agrees with the snapshot and with what the system says of the file. One that
    /// does not is removed.
    fn promising(&self, snapshot: &Snapshot, part: &Part, stream: &str) -> Option<Copy> {
        let stored = snapshot.stream(part, stream)?;
        let key = key(snapshot, &stored);
        let record = self.record(&key)?;
        let path = self.copy(&key);
        if agrees(&record, snapshot, &stored, &path) {
            return Some(Copy { key, record, stored, path });
        }
        self.forget(&key);
        None
    }

    /// Adds a copy of a stream, taken from a file that holds exactly its bytes, for example a database that was just
    /// loaded and not opened yet. The copy is compared whole with the snapshot before it counts. Others are removed, the
    /// least recently used first, until the limit is kept; a stream larger than the limit is not kept at all. Call it
    /// under the environment's lock.
    ///
    /// # Errors
    ///
    /// `snapshot-frame` if the file does not hold the stream; whatever the file system says.
    pub fn keep(&self, snapshot: &Snapshot, part: &Part, stream: &str, from: &Path) -> Result<(), SnapshotError> {
        self.begin(snapshot, part, stream, from)?;
        self.settle()
    }

    /// Begins what [`keep`](Self::keep) does, on a thread of its own, while the caller goes on reading the file. The copy
    /// counts only after [`settle`](Self::settle); without that it is removed.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn begin(&self, snapshot: &Snapshot, part: &Part, stream: &str, from: &Path) -> Result<(), SnapshotError> {
        let Some(stored) = snapshot.stream(part, stream) else { return Ok(()) };
        let (key, size) = (key(snapshot, &stored), stored.record.raw_bytes);
        if size > self.limit {
            return Ok(());
        }
        self.give_up();
        fs::create_dir_all(&self.folder).map_err(SnapshotError::io("create", &self.folder))?;
        self.forget(&key);
        self.make_room(size).map_err(SnapshotError::io("tidy", &self.folder))?;
        let hidden = self.hidden(&key);
        let digest = snapshot.manifest().digest.clone();
        let (of, from, to, probe) = (stored.clone(), from.to_owned(), hidden.clone(), self.probe.clone());
        let thread = std::thread::Builder::new().name("stead-keep".to_owned());
        let thread = thread.spawn(move || {
            copy_file(&from, &to, probe.as_ref()).map_err(SnapshotError::io("copy", &from))?;
            compare(&of, &to)
        });
        let thread = thread.map_err(SnapshotError::io("copy to", &hidden))?;
        *self.copying() = Some(Copying { key, hidden, digest, stored, thread });
        Ok(())
    }

    /// Waits for the copy that was begun and makes it count; nothing happens if none was.
    ///
    /// # Errors
    ///
    /// `snapshot-frame` if the file did not hold the stream; whatever the file system says.
    pub fn settle(&self) -> Result<(), SnapshotError> {
        let begun = self.copying().take();
        let Some(Copying { key, hidden, digest, stored, thread }) = begun else { return Ok(()) };
        let copied = thread.join().expect("copying does not panic");
        let added = copied.and_then(|()| self.add(digest, &stored, &key, &hidden));
        if added.is_err() {
            let _gone = fs::remove_file(&hidden);
        }
        added
    }

    /// Ends a copy that nobody settled.
    fn give_up(&self) {
        if let Some(copying) = self.copying().take() {
            let _unused = copying.thread.join();
            let _gone = fs::remove_file(&copying.hidden);
        }
    }

    fn copying(&self) -> std::sync::MutexGuard<'_, Option<Copying>> {
        self.copying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if [`find`](Self::find) gave a copy: what was loaded from it was proved when it was settled.
    #[must_use]
    pub fn offered(&self) -> bool {
        self.offered.load(Ordering::Relaxed)
    }

    /// Removes all copies.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn clear(&self) -> io::Result<()> {
        remove_tree(&self.folder)
    }

    /// Removes what an addition that was cut off left behind. Call it under the environment's lock.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn tidy(&self) -> io::Result<()> {
        if self.folder.is_dir() { self.sweep(&self.records()) } else { Ok(()) }
    }

    fn add(&self, digest: String, stored: &Stored, key: &str, hidden: &Path) -> Result<(), SnapshotError> {
        let path = self.copy(key);
        fs::rename(hidden, &path).map_err(SnapshotError::io("rename", hidden))?;
        let about = fs::metadata(&path).map_err(SnapshotError::io("read", &path))?;
        let record = Record {
            digest,
            stream: stored.key.to_string(),
            index_hash: stored.record.index_hash.clone(),
            size: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            used: self.latest() + 1,
        };
        self.write(key, &record).map_err(SnapshotError::io("write", &self.folder))
    }

    /// Makes this the most recently used copy. Where that cannot be written, the copy is as good.
    fn touch(&self, key: &str, mut record: Record) {
        let latest = self.latest();
        if record.used < latest {
            record.used = latest + 1;
            let _unwritten = self.write(key, &record);
        }
    }

    fn latest(&self) -> u64 {
        self.records().iter().map(|(_, record)| record.used).max().unwrap_or(0)
    }

    /// Removes what is unusable, and copies until there is room for another one.
    fn make_room(&self, size: u64) -> io::Result<()> {
        let mut records = self.records();
        records.sort_by_key(|(_, record)| record.used);
        self.sweep(&records)?;
        let mut held: u64 = records.iter().map(|(_, record)| record.size).sum();
        for (key, record) in records {
            if held + size <= self.limit {
                break;
            }
            self.forget(&key);
            held -= record.size;
        }
        Ok(())
    }

    /// Removes every file that belongs to no copy.
    fn sweep(&self, records: &[(String, Record)]) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let known = records.iter().any(|(key, _)| name == format!("{key}.json") || name == format!("{key}.copy"));
            if !known {
                remove_tree(&self.folder.join(name))?;
            }
        }
        Ok(())
    }

    fn forget(&self, key: &str) {
        // Without its record a copy does not count, and the next sweep finds it.
        let _gone = fs::remove_file(self.folder.join(format!("{key}.json")));
        let _gone = fs::remove_file(self.copy(key));
    }

    fn records(&self) -> Vec<(String, Record)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let keys = entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned));
        keys.filter_map(|key| Some((key.clone(), self.record(&key)?))).collect()
    }

    fn record(&self, key: &str) -> Option<Record> {
        let bytes = fs::read(self.folder.join(format!("{key}.json"))).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn write(&self, key: &str, record: &Record) -> io::Result<()> {
        let bytes = serde_json::to_vec(record).expect("a record holds only strings and numbers");
        write_whole(&self.folder.join(format!("{key}.json")), &bytes, || Ok(()))
    }

    fn copy(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.copy"))
    }

    fn hidden(&self, key: &str) -> PathBuf {
        self.folder.join(format!(".{key}.copying"))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Whether the record is of this stream and of the file at the path.
fn agrees(record: &Record, snapshot: &Snapshot, stored: &Stored, path: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(path) else { return false };
    about.is_file()
        && record.digest == snapshot.manifest().digest
        && record.stream == stored.key.to_string()
        && record.index_hash == stored.record.index_hash
        && (about.len(), about.len()) == (record.size, stored.record.raw_bytes)
        && (about.mtime(), about.mtime_nsec()) == record.modified
}

/// Whether a rename can make the first file the second one: one file system, one owner, no other name for the first.
fn can_become(copy: &Path, to: &Path) -> bool {
    let (Ok(copy), Ok(to)) = (fs::symlink_metadata(copy), fs::symlink_metadata(to)) else { return false };
    copy.dev() == to.dev() && (copy.uid(), copy.gid()) == (to.uid(), to.gid()) && copy.nlink() == 1 && to.is_file()
}

/// The name of a copy's files.
fn key(snapshot: &Snapshot, stored: &Stored) -> String {
    let text = format!("{}\0{}", snapshot.manifest().digest, stored.key);
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// Compares an uncompressed file with the hashes of its frames, on all cores.
fn compare(stored: &Stored, path: &Path) -> Result<(), SnapshotError> {
    let file = File::open(path).map_err(SnapshotError::io("open", path))?;
    let length = file.metadata().map_err(SnapshotError::io("read", path))?.len();
    if length != stored.record.raw_bytes {
        let (snapshot, file) = (stored.snapshot.clone(), path.display().to_string());
        return Err(SnapshotError::Size { snapshot, file, expected: stored.record.raw_bytes, found: length });
    }
    let frames = frames(stored)?;
    let share = frames.len().div_ceil(cores()).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            frames.chunks(share).map(|part| scope.spawn(|| compare_frames(stored, &file, part))).collect();
        parts.into_iter().try_for_each(|part| part.join().expect("comparing does not panic"))
    })
}

fn compare_frames(stored: &Stored, file: &File, frames: &[(u64, u64, Frame)]) -> Result<(), SnapshotError> {
    let mut buffer = Vec::new();
    for (number, position, frame) in frames {
        buffer.resize(in_memory(frame.raw), 0);
        let damage = |reason: &str| SnapshotError::Frame {
            snapshot: stored.snapshot.clone(),
            stream: stored.key.to_string(),
            frame: *number,
            file: "the copy".to_owned(),
            offset: *position,
            reason: reason.to_owned(),
        };
        file.read_exact_at(&mut buffer, *position).map_err(|error| damage(&error.to_string()))?;
        if blake3::hash(&buffer).as_bytes() != &frame.hash {
            return Err(damage("its bytes are not those of the snapshot"));
        }
    }
    Ok(())
}

/// The frames with their numbers and their positions in the uncompressed stream.
fn frames(stored: &Stored) -> Result<Vec<(u64, u64, Frame)>, SnapshotError> {
    let (mut position, mut frames) = (0, Vec::new());
    for item in stored.walk()? {
        let (number, frame) = item?;
        frames.push((number, position, frame));
        position += u64::from(frame.raw);
    }
    Ok(frames)
}
