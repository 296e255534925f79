//! Building stored files anew from a snapshot, in an empty folder beside the live one. The whole list is checked before
//! the first byte is written: paths, order, sums, space, and names that would be one on this file system; then each file
//! is written and held against its hash.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, Mode, OFlags, Timespec, Timestamps, fchmod, futimens, mkdirat, openat, symlinkat, utimensat,
};
use stead_engine::snapshot::{Advance, Source};

use super::entry::{Content, Entry, Kind, Lines, escape};
use super::names::hash;
use super::{
    BLOCK, CONTENTS, DEEPEST, FileSystem, INDEX, StorageError, attributes, check_leaves, is_zero, link_objection,
};
use crate::StorageRecord;

/// What to restore, and where.
pub struct Restoration<'a> {
    /// The storage of a snapshot.
    pub source: &'a dyn Source,
    /// What its manifest says about it.
    pub record: &'a StorageRecord,
    /// An empty folder, or one that is not there yet. It has all leaves afterwards; after an error it is for the caller
    /// to remove.
    pub target: &'a Path,
    /// Tells about the file system of the target.
    pub probe: &'a dyn FileSystem,
    /// Is told the bytes written and the bytes in all.
    pub advance: &'a Advance,
}

/// Restores the leaves.
///
/// # Errors
///
/// `storage-damaged` for a list or a content that is not what stead wrote, `storage-collision` for names that would be
/// one, `storage-space`, `storage-not-empty`: all but a damaged content before anything is written. Whatever the file
/// system says.
pub fn restore(restoration: &Restoration<'_>) -> Result<(), StorageError> {
    let Restoration { record, target, probe, .. } = restoration;
    fs::create_dir_all(target).map_err(StorageError::io("create", target))?;
    if fs::read_dir(target).map_err(StorageError::io("read", target))?.next().is_some() {
        return Err(StorageError::NotEmpty(target.to_path_buf()));
    }
    review(restoration)?;
    let free = probe.free_bytes(target).map_err(StorageError::io("look at", target))?;
    if record.solid_bytes > free {
        return Err(StorageError::Space { needed: record.solid_bytes, free, folder: target.to_path_buf() });
    }
    Build::begin(restoration)?.run()
}

/// Checks the whole list against the manifest and against the target.
fn review(restoration: &Restoration<'_>) -> Result<(), StorageError> {
    let Restoration { source, record, target, probe, .. } = restoration;
    let folding = probe.case_insensitive(target).map_err(StorageError::io("look at", target))?;
    let mut review = Review::begin(record)?;
    let mut folded = HashSet::new();
    for line in lines(*source)? {
        let (number, entry) = line?;
        review.check(&entry).map_err(|reason| StorageError::Line { line: number, reason })?;
        if folding && !folded.insert(fold(&entry.path)) {
            return Err(collision(restoration, &entry)?);
        }
    }
    let contents = source.streams().into_iter().find(|(name, _)| name == CONTENTS).map_or(0, |(_, length)| length);
    review.conclude(contents).map_err(StorageError::Totals)
}

/// Finds the name that another one collides with.
fn collision(restoration: &Restoration<'_>, second: &Entry) -> Result<StorageError, StorageError> {
    let wanted = fold(&second.path);
    for line in lines(restoration.source)? {
        let (_number, first) = line?;
        if fold(&first.path) == wanted {
            let (first, second, folder) = (first.shown(), second.shown(), restoration.target.to_path_buf());
            return Ok(StorageError::Collision { first, second, folder });
        }
    }
    Ok(StorageError::Totals("it changed while it was read".to_owned()))
}

fn lines(source: &dyn Source) -> Result<Lines, StorageError> {
    Ok(Lines::new(source.open(INDEX).map_err(StorageError::reading)?))
}

/// What a path is where capitals do not count.
fn fold(path: &[u8]) -> [u8; 16] {
    hash(escape(path).to_lowercase().as_bytes())
}

/// Holds each line against those before it.
struct Review<'a> {
    record: &'a StorageRecord,
    leaves: HashSet<&'a [u8]>,
    /// The folders that the previous line is in, the outermost first.
    open: Vec<Vec<u8>>,
    previous: Vec<u8>,
    /// Where the contents of the previous file end.
    end: u64,
    found: StorageRecord,
}

impl<'a> Review<'a> {
    fn begin(record: &'a StorageRecord) -> Result<Self, StorageError> {
        if check_leaves(&record.leaves)? != record.leaves {
            return Err(StorageError::Totals("the leaves are not sorted".to_owned()));
        }
        let leaves = record.leaves.iter().map(String::as_bytes).collect();
        let found = StorageRecord::default();
        Ok(Self { record, leaves, open: Vec::new(), previous: Vec::new(), end: 0, found })
    }

    fn check(&mut self, entry: &Entry) -> Result<(), String> {
        check_path(&entry.path)?;
        let parts = |path: &'_ [u8]| path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect::<Vec<_>>();
        if !self.previous.is_empty() && parts(&self.previous) >= parts(&entry.path) {
            return Err("it is not in order".to_owned());
        }
        self.previous.clone_from(&entry.path);
        self.place(entry)?;
        if entry.mode > 0o7777 || entry.mtime.1 >= 1_000_000_000 {
            return Err("its mode or time cannot be".to_owned());
        }
        attributes::check(&entry.attributes)?;
        self.count(entry)
    }

    /// A leaf begins a tree; everything else lies in a folder that was listed before it.
    fn place(&mut self, entry: &Entry) -> Result<(), String> {
        let is_folder = entry.kind == Kind::Folder;
        if self.leaves.contains(&*entry.path) {
            self.open.clear();
            if !is_folder {
                return Err("a leaf is no folder".to_owned());
            }
        } else {
            let parent = parent(&entry.path);
            while self.open.pop_if(|folder| folder != parent).is_some() {}
            if self.open.is_empty() {
                return Err("it does not lie in a folder that is listed".to_owned());
            }
        }
        if is_folder {
            self.open.push(entry.path.clone());
        }
        Ok(())
    }

    fn count(&mut self, entry: &Entry) -> Result<(), String> {
        match (entry.kind, &entry.content, &entry.target) {
            (Kind::Folder, None, None) => self.found.folders += 1,
            (Kind::File, Some(content), None) => return self.count_file(entry, content),
            (Kind::Link, None, Some(target)) => {
                if let Some(reason) = link_objection(&entry.path, target) {
                    return Err(reason.to_owned());
                }
                self.found.links += 1;
            }
            _ => return Err("it has what its kind does not have".to_owned()),
        }
        Ok(())
    }

    fn count_file(&mut self, entry: &Entry, content: &Content) -> Result<(), String> {
        if entry.mode & 0o6000 != 0 {
            return Err("it is a program that would run as somebody else".to_owned());
        }
        let end = content.offset.checked_add(content.size).filter(|end| i64::try_from(*end).is_ok());
        let end = end.filter(|_end| content.offset >= self.end);
        self.end = end.ok_or("its content does not lie behind that of the file before it")?;
        self.found.files += 1;
        self.found.bytes += content.size;
        Ok(())
    }

    /// Compares the sums; `contents` is the length of the contents.
    fn conclude(&self, contents: u64) -> Result<(), String> {
        let sums = |record: &StorageRecord| (record.files, record.folders, record.links, record.bytes);
        if sums(&self.found) != sums(self.record) {
            return Err("their counts differ".to_owned());
        }
        if self.end > contents || self.record.solid_bytes > self.record.bytes {
            return Err("the contents are shorter than the files".to_owned());
        }
        Ok(())
    }
}

fn check_path(path: &[u8]) -> Result<(), String> {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let reason = if path.contains(&0) {
        "its path holds a NUL"
    } else if parts.iter().any(|part| matches!(*part, b"" | b"." | b"..")) {
        "its path is not a plain relative one"
    } else if parts.len() > DEEPEST + 1 || parts.iter().any(|part| part.len() > 255) {
        "its path is too deep or too long"
    } else {
        return Ok(());
    };
    Err(format!("{reason}: `{}`", escape(path).escape_debug()))
}

fn parent(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    &path[..end]
}

fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// The writing.
struct Build<'a> {
    restoration: &'a Restoration<'a>,
    contents: BufReader<Box<dyn Read + Send>>,
    /// Bytes read from the contents.
    position: u64,
    written: u64,
    solid: u64,
    /// The folders being filled, the outermost first. Their modes and times are set when they are complete.
    open: Vec<(File, Entry)>,
    chunk: Vec<u8>,
}

impl<'a> Build<'a> {
    fn begin(restoration: &'a Restoration<'a>) -> Result<Self, StorageError> {
        let contents = BufReader::new(restoration.source.open(CONTENTS).map_err(StorageError::reading)?);
        Ok(Self { restoration, contents, position: 0, written: 0, solid: 0, open: Vec::new(), chunk: Vec::new() })
    }

    fn run(mut self) -> Result<(), StorageError> {
        let target = self.restoration.target;
        let mut review = Review::begin(self.restoration.record)?;
        for line in lines(self.restoration.source)? {
            let (number, entry) = line?;
            // The bytes were read anew, so they are judged anew.
            review.check(&entry).map_err(|reason| StorageError::Line { line: number, reason })?;
            self.entry(entry)?;
        }
        self.close_until(&[])?;
        for leaf in &self.restoration.record.leaves {
            let leaf = target.join(leaf);
            fs::create_dir_all(&leaf).map_err(StorageError::io("create", &leaf))?;
        }
        make_durable(target).map_err(StorageError::io("synchronise", target))
    }

    fn entry(&mut self, entry: Entry) -> Result<(), StorageError> {
        self.close_until(parent(&entry.path))?;
        let path = self.restoration.target.join(OsStr::from_bytes(&entry.path));
        let done = match entry.kind {
            Kind::Folder => return self.folder(entry).map_err(StorageError::io("create", &path)),
            Kind::File => return self.file(&entry, &path),
            Kind::Link => self.link(&entry),
        };
        done.map_err(StorageError::io("create", &path))
    }

    /// Completes the folders that the next entry is not in.
    fn close_until(&mut self, parent: &[u8]) -> Result<(), StorageError> {
        while let Some((folder, entry)) = self.open.pop_if(|(_, entry)| entry.path != parent) {
            let path = self.restoration.target.join(OsStr::from_bytes(&entry.path));
            dress(&folder, &entry).map_err(StorageError::io("complete", &path))?;
        }
        Ok(())
    }

    fn folder(&mut self, entry: Entry) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match self.open.last() {
            Some((above, _)) => {
                mkdirat(above, name(&entry.path), Mode::RWXU)?;
                openat(above, name(&entry.path), flags, Mode::empty())?
            }
            None => {
                let path = self.restoration.target.join(OsStr::from_bytes(&entry.path));
                fs::create_dir_all(&path)?;
                OwnedFd::from(File::open(path)?)
            }
        };
        self.open.push((File::from(folder), entry));
        Ok(())
    }

    fn link(&self, entry: &Entry) -> io::Result<()> {
        let (above, _) = self.open.last().expect("the review found the folder of every entry");
        let target = entry.target.as_deref().expect("the review found the target of every link");
        symlinkat(target, above, name(&entry.path))?;
        utimensat(above, name(&entry.path), &times(entry), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(())
    }

    fn file(&mut self, entry: &Entry, path: &Path) -> Result<(), StorageError> {
        let content = entry.content.as_ref().expect("the review found the content of every file");
        let (above, _) = self.open.last().expect("the review found the folder of every entry");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(above, name(&entry.path), flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(file.map_err(|error| StorageError::io("create", path)(error.into()))?);
        self.skip_to(content.offset)?;
        let hash = self.fill(&file, content.size, path)?;
        if hash.to_hex().as_str() != content.blake3 {
            let reason = "it does not have the hash that was recorded".to_owned();
            return Err(StorageError::Content { path: entry.shown(), reason });
        }
        dress(&file, entry).map_err(StorageError::io("complete", path))?;
        self.written += content.size;
        (self.restoration.advance)(self.written, Some(self.restoration.record.bytes));
        Ok(())
    }

    /// Passes over bytes that belong to no file.
    fn skip_to(&mut self, offset: u64) -> Result<(), StorageError> {
        let gap = offset - self.position;
        let skipped = io::copy(&mut (&mut self.contents).take(gap), &mut io::sink()).map_err(StorageError::reading)?;
        if skipped < gap {
            return Err(StorageError::reading(io::ErrorKind::UnexpectedEof.into()));
        }
        self.position = offset;
        Ok(())
    }

    /// Writes the next bytes of the contents into a file, leaving holes where blocks hold only zeros.
    fn fill(&mut self, file: &File, size: u64, path: &Path) -> Result<blake3::Hash, StorageError> {
        let mut hasher = blake3::Hasher::new();
        let mut done = 0;
        while done < size {
            let length = usize::try_from((size - done).min(1 << 20)).expect("a mebibyte fits");
            self.chunk.resize(length, 0);
            self.contents.read_exact(&mut self.chunk).map_err(StorageError::reading)?;
            hasher.update(&self.chunk);
            self.solid += write_solid(file, &self.chunk, done).map_err(StorageError::io("write", path))?;
            done += length as u64;
        }
        if self.solid > self.restoration.record.solid_bytes {
            return Err(StorageError::Totals("there is more to write than it says".to_owned()));
        }
        file.set_len(size).map_err(StorageError::io("write", path))?;
        self.position += size;
        Ok(hasher.finalize())
    }
}

/// Writes the blocks that do not hold only zeros, neighbours together; gives their bytes.
fn write_solid(file: &File, chunk: &[u8], position: u64) -> io::Result<u64> {
    let mut written = 0;
    let mut offset = position;
    for run in chunk.chunks(BLOCK).collect::<Vec<_>>().chunk_by(|left, right| is_zero(left) == is_zero(right)) {
        let length: usize = run.iter().map(|block| block.len()).sum();
        if !is_zero(run[0]) {
            let start = usize::try_from(offset - position).expect("it lies inside the chunk");
            file.write_all_at(&chunk[start..start + length], offset)?;
            written += length as u64;
        }
        offset += length as u64;
    }
    Ok(written)
}

/// Gives a file or folder its attributes, mode and times, in the order in which they can be given.
fn dress(file: &File, entry: &Entry) -> io::Result<()> {
    attributes::write(file, &entry.attributes)?;
    fchmod(file, Mode::from_raw_mode(entry.mode))?;
    futimens(file, &times(entry))?;
    Ok(())
}

fn times(entry: &Entry) -> Timestamps {
    let time = Timespec { tv_sec: entry.mtime.0, tv_nsec: entry.mtime.1.into() };
    Timestamps { last_access: time, last_modification: time }
}

/// One synchronisation of the file system instead of one for each file.
#[cfg(target_os = "linux")]
fn make_durable(target: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(target)?)?)
}

#[cfg(not(target_os = "linux"))]
fn make_durable(_target: &Path) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}
