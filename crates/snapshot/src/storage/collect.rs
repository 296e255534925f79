//! Walking the leaves of a storage into the two streams of a snapshot. The walk holds folders open and never follows a
//! link, so a name that is exchanged meanwhile cannot lead it elsewhere; a file that changes while it is read is read
//! again, and refused by name when it never holds still.

use std::ffi::CString;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;
use stead_engine::snapshot::{Advance, Sink, SinkStream};

use super::attributes;
use super::entry::{Content, Entry, Kind, LONGEST_LINE, escape};
use super::names::Names;
use super::{CONTENTS, DEEPEST, FileSystem, INDEX, StorageError, check_leaves, link_objection, solid};
use crate::StorageRecord;

/// How often a file that changes is read before it is given up.
const TRIES: usize = 3;
/// Files up to this size are read whole before a byte of them is written.
const SMALL: u64 = 1 << 20;
/// Times of change are coarse: two changes within one tick of the kernel's clock have the same time. A file that was
/// changed later than this before the walk began is read twice.
const TICK: Duration = Duration::from_millis(20);
/// The same where another machine's clock makes the times.
const NETWORK_TICK: Duration = Duration::from_secs(3);
/// Permission bits that make a program run as somebody else.
const SET_IDS: u32 = 0o6000;

/// What to collect, and into what.
pub struct Collection<'a> {
    /// The storage's folder.
    pub root: &'a Path,
    /// The managed folders, relative to it. One that is not there is collected as an empty one.
    pub leaves: &'a [String],
    /// Takes the streams `index` and `contents`: the sink of [`crate::Part::Storage`].
    pub sink: &'a dyn Sink,
    /// Tells whether the times of files are another machine's.
    pub probe: &'a dyn FileSystem,
    /// The time at which the walk begins.
    pub now: SystemTime,
    /// Is told the bytes read so far.
    pub advance: &'a Advance,
}

/// What was collected.
#[derive(Debug)]
pub struct Collected {
    /// For the manifest. Its streams are filled in when the draft is completed.
    pub record: StorageRecord,
    /// To hold the rows against.
    pub names: Names,
}

/// Collects the leaves.
///
/// # Errors
///
/// `storage-changing` for a file that never holds still, `storage-refused` for what cannot be kept (devices, sockets,
/// links that lead out), each by name; whatever the file system says.
pub fn collect(collection: &Collection<'_>) -> Result<Collected, StorageError> {
    let mut walk = Walk::begin(collection)?;
    for leaf in walk.record.leaves.clone() {
        walk.leaf(&leaf)?;
    }
    walk.finish()
}

struct Walk<'a> {
    collection: &'a Collection<'a>,
    index: Box<dyn SinkStream>,
    contents: Box<dyn SinkStream>,
    /// Bytes written to the contents.
    position: u64,
    /// Files changed at this time (seconds, nanoseconds) or later are read twice.
    unsettled: (i64, i64),
    buffer: Vec<u8>,
    record: StorageRecord,
    names: Names,
}

/// A folder that the walk is in.
struct Level {
    folder: OwnedFd,
    names: std::vec::IntoIter<CString>,
    path: Vec<u8>,
}

/// What one reading of a file gave.
struct Reading {
    content: Content,
    solid: u64,
    about: Metadata,
    attributes: std::collections::BTreeMap<String, String>,
}

impl<'a> Walk<'a> {
    fn begin(collection: &'a Collection<'a>) -> Result<Self, StorageError> {
        let record = StorageRecord { leaves: check_leaves(collection.leaves)?, ..StorageRecord::default() };
        let network = collection.root.exists() && collection.probe.network(collection.root).unwrap_or(true);
        let since = collection.now - if network { NETWORK_TICK } else { TICK };
        let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            collection,
            index: collection.sink.stream(INDEX).map_err(StorageError::writing)?,
            contents: collection.sink.stream(CONTENTS).map_err(StorageError::writing)?,
            position: 0,
            unsettled: (seconds, i64::from(since.subsec_nanos())),
            buffer: Vec::new(),
            record,
            names: Names::default(),
        })
    }

    fn finish(self) -> Result<Collected, StorageError> {
        self.contents.finish().map_err(StorageError::writing)?;
        self.index.finish().map_err(StorageError::writing)?;
        Ok(Collected { record: self.record, names: self.names })
    }

    fn leaf(&mut self, leaf: &str) -> Result<(), StorageError> {
        let path = leaf.as_bytes().to_vec();
        let Some(folder) = self.open_leaf(leaf)? else { return Ok(()) };
        let mut stack = vec![self.enter(folder, path)?];
        while let Some(level) = stack.last_mut() {
            let Some(name) = level.names.next() else {
                stack.pop();
                continue;
            };
            let path = [&level.path, &b"/"[..], name.as_bytes()].concat();
            if let Some(below) = self.visit(&level.folder, &name, path)? {
                stack.push(below);
            }
        }
        Ok(())
    }

    /// Opens a leaf component by component, so that no link is followed; `None` if it is not there.
    fn open_leaf(&self, leaf: &str) -> Result<Option<OwnedFd>, StorageError> {
        let root = match File::open(self.collection.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            root => root.map_err(StorageError::io("open", self.collection.root))?,
        };
        let mut folder = OwnedFd::from(root);
        for part in leaf.split('/') {
            folder = match openat(&folder, part, folder_flags(), Mode::empty()) {
                Ok(below) => below,
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::NOTDIR | Errno::LOOP) => return Err(refused(leaf.as_bytes(), "the leaf is no folder")),
                Err(error) => return Err(self.io("open", leaf.as_bytes())(error.into())),
            };
        }
        Ok(Some(folder))
    }

    /// Writes a folder's line and reads its names, sorted by their bytes.
    fn enter(&mut self, folder: OwnedFd, path: Vec<u8>) -> Result<Level, StorageError> {
        let file = File::from(folder);
        let about = file.metadata().map_err(self.io("read", &path))?;
        let attributes = attributes::read(&file).map_err(self.io("read", &path))?;
        let entry = Entry { attributes, ..plain(path.clone(), Kind::Folder, &about) };
        self.record.folders += 1;
        self.write(&entry)?;
        let names = sorted_names(&file).map_err(self.io("read", &path))?;
        Ok(Level { folder: file.into(), names: names.into_iter(), path })
    }

    /// Takes what lies under a name; gives a folder to go down into.
    fn visit(&mut self, folder: &OwnedFd, name: &CString, path: Vec<u8>) -> Result<Option<Level>, StorageError> {
        let about = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            about => about.map_err(|error| self.io("read", &path)(error.into()))?,
        };
        match FileType::from_raw_mode(about.st_mode) {
            FileType::Directory => return self.descend(folder, name, path),
            FileType::RegularFile => self.file(folder, name, path)?,
            FileType::Symlink => {
                let nanoseconds = u32::try_from(about.st_mtime_nsec).unwrap_or(0);
                self.link(folder, name, path, (about.st_mtime, nanoseconds))?;
            }
            FileType::Fifo => return Err(refused(&path, "it is a named pipe")),
            FileType::Socket => return Err(refused(&path, "it is a socket")),
            FileType::CharacterDevice | FileType::BlockDevice => return Err(refused(&path, "it is a device")),
            FileType::Unknown => return Err(refused(&path, "it is of an unknown kind")),
        }
        Ok(None)
    }

    fn descend(&mut self, folder: &OwnedFd, name: &CString, path: Vec<u8>) -> Result<Option<Level>, StorageError> {
        if path.split(|byte| *byte == b'/').count() > DEEPEST {
            return Err(refused(&path, "it lies deeper than 128 folders"));
        }
        match openat(folder, name, folder_flags(), Mode::empty()) {
            Ok(below) => self.enter(below, path).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.io("open", &path)(error.into())),
        }
    }

    fn link(&mut self, folder: &OwnedFd, name: &CString, path: Vec<u8>, mtime: (i64, u32)) -> Result<(), StorageError> {
        let target = match readlinkat(folder, name, Vec::new()) {
            Err(Errno::NOENT) => return Ok(()),
            target => target.map_err(|error| self.io("read", &path)(error.into()))?.into_bytes(),
        };
        if let Some(reason) = link_objection(&path, &target) {
            return Err(refused(&path, &format!("{reason}: `{}`", escape(&target))));
        }
        let (content, attributes) = (None, std::collections::BTreeMap::new());
        let entry = Entry { path, kind: Kind::Link, mode: 0o777, mtime, content, target: Some(target), attributes };
        self.record.links += 1;
        self.names.insert(&entry.path);
        self.write(&entry)
    }

    fn file(&mut self, folder: &OwnedFd, name: &CString, path: Vec<u8>) -> Result<(), StorageError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        for _try in 0..TRIES {
            let file = match openat(folder, name, flags, Mode::empty()) {
                // It was deleted since its name was read. Whether a row misses it is asked later.
                Err(Errno::NOENT) => return Ok(()),
                file => File::from(file.map_err(|error| self.io("open", &path)(error.into()))?),
            };
            if let Some(reading) = self.read(&file, &path)? {
                return self.keep(path, reading);
            }
        }
        Err(StorageError::Changing { path: escape(&path) })
    }

    fn keep(&mut self, path: Vec<u8>, reading: Reading) -> Result<(), StorageError> {
        let Reading { content, solid, about, attributes } = reading;
        if about.permissions().mode() & SET_IDS != 0 {
            return Err(refused(&path, "it runs as its owner or group (set-user-id, set-group-id)"));
        }
        self.record.files += 1;
        self.record.bytes += content.size;
        self.record.solid_bytes += solid;
        self.names.insert(&path);
        let entry = Entry { content: Some(content), attributes, ..plain(path, Kind::File, &about) };
        self.write(&entry)?;
        (self.collection.advance)(self.record.bytes, None);
        Ok(())
    }

    /// Reads a file into the contents; `None` if it changed meanwhile. Bytes of a large file that changed stay in the
    /// contents as a gap that no line points to.
    fn read(&mut self, file: &File, path: &[u8]) -> Result<Option<Reading>, StorageError> {
        let about = file.metadata().map_err(self.io("read", path))?;
        if !about.is_file() {
            return Ok(None);
        }
        let attributes = attributes::read(file).map_err(self.io("read", path))?;
        let small = about.len() <= SMALL;
        let offset = self.position;
        let (hash, size, solid) =
            if small { self.read_small(file, path)? } else { self.read_large(file, path, about.len())? };
        let settled = self.unchanged(file, &about, size, &hash).map_err(self.io("read", path))?;
        if !settled {
            return Ok(None);
        }
        if small {
            let buffer = std::mem::take(&mut self.buffer);
            self.append(&buffer)?;
            self.buffer = buffer;
        }
        let content = Content { offset, size, blake3: hash.to_hex().to_string() };
        Ok(Some(Reading { content, solid, about, attributes }))
    }

    fn read_small(&mut self, file: &File, path: &[u8]) -> Result<(blake3::Hash, u64, u64), StorageError> {
        self.buffer.clear();
        file.take(SMALL + 1).read_to_end(&mut self.buffer).map_err(self.io("read", path))?;
        Ok((blake3::hash(&self.buffer), self.buffer.len() as u64, solid(&self.buffer)))
    }

    fn read_large(
        &mut self,
        file: &File,
        path: &[u8],
        expected: u64,
    ) -> Result<(blake3::Hash, u64, u64), StorageError> {
        let (mut hasher, mut size, mut solid_bytes) = (blake3::Hasher::new(), 0, 0);
        let mut chunk = std::mem::take(&mut self.buffer);
        while size <= expected {
            chunk.clear();
            file.take(SMALL).read_to_end(&mut chunk).map_err(self.io("read", path))?;
            if chunk.is_empty() {
                break;
            }
            hasher.update(&chunk);
            size += chunk.len() as u64;
            solid_bytes += solid(&chunk);
            self.append(&chunk)?;
            (self.collection.advance)(self.record.bytes + size, None);
        }
        self.buffer = chunk;
        Ok((hasher.finalize(), size, solid_bytes))
    }

    /// True if the file is now what it was before it was read.
    fn unchanged(&self, file: &File, before: &Metadata, size: u64, hash: &blake3::Hash) -> io::Result<bool> {
        let same = |now: &Metadata| stamp(now) == stamp(before) && now.len() == size;
        if !same(&file.metadata()?) {
            return Ok(false);
        }
        if (before.ctime(), before.ctime_nsec()) < self.unsettled {
            return Ok(true);
        }
        std::thread::sleep(TICK);
        Ok(hash_again(file)? == *hash && same(&file.metadata()?))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.contents.write_all(bytes).map_err(StorageError::writing)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn write(&mut self, entry: &Entry) -> Result<(), StorageError> {
        let mut line = serde_json::to_vec(entry).expect("an entry holds only strings and numbers");
        line.push(b'\n');
        if line.len() as u64 > LONGEST_LINE {
            return Err(refused(&entry.path, "its attributes are larger than 4 MiB"));
        }
        self.index.write_all(&line).map_err(StorageError::writing)
    }

    fn io(&self, what: &'static str, path: &[u8]) -> impl FnOnce(io::Error) -> StorageError + use<> {
        StorageError::io(what, &self.collection.root.join(escape(path)))
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn refused(path: &[u8], reason: &str) -> StorageError {
    StorageError::Refused { path: escape(path), reason: reason.to_owned() }
}

/// A line without what only some kinds have.
fn plain(path: Vec<u8>, kind: Kind, about: &Metadata) -> Entry {
    let nanoseconds = u32::try_from(about.mtime_nsec()).unwrap_or(0);
    let mode = about.permissions().mode() & 0o7777;
    let attributes = std::collections::BTreeMap::new();
    Entry { path, kind, mode, mtime: (about.mtime(), nanoseconds), content: None, target: None, attributes }
}

/// What changes whenever a file does.
fn stamp(about: &Metadata) -> [i64; 4] {
    [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()]
}

fn hash_again(file: &File) -> io::Result<blake3::Hash> {
    let (mut hasher, mut position, mut chunk) = (blake3::Hasher::new(), 0, vec![0; 1 << 16]);
    loop {
        match file.read_at(&mut chunk, position)? {
            0 => return Ok(hasher.finalize()),
            read => {
                hasher.update(&chunk[..read]);
                position += read as u64;
            }
        }
    }
}

fn sorted_names(folder: &File) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder.as_fd())? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.as_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
