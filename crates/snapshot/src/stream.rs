//! A snapshot as one stream of bytes, for pipes: a tar archive that common tools unpack into the snapshot's folder, the
//! manifest after everything else, and last of all an entry with the BLAKE3 of every byte before it. A stream that was
//! cut off anywhere lacks that end, so a broken pipe is never taken for a snapshot.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::rc::Rc;

use stead_engine::failpoint;
use tar::{Archive, Builder, EntryType, Header};

use crate::frame::LARGEST_FILE;
use crate::layout::MANIFEST;
use crate::manifest::LARGEST_MANIFEST;
use crate::{Draft, Snapshot, SnapshotError, SnapshotName};

/// The name of the last entry.
const SEAL: &str = "stream.blake3";
/// Bytes of the last entry: 64 digits and the end of the line.
const SEAL_LENGTH: u64 = 65;
/// Everything in a tar archive begins at a multiple of this.
const BLOCK: usize = 512;
const LONGEST_PATH: u64 = 4096;
const MOST_ENTRIES: u64 = 1 << 22;

/// Writes a snapshot, complete but not verified: whoever reads it verifies it.
///
/// # Errors
///
/// Whatever the reader of the pipe or the file system says.
pub fn write(snapshot: &Snapshot, out: impl Write) -> Result<(), SnapshotError> {
    let mut builder = Builder::new(HashingWriter { out, hasher: blake3::Hasher::new() });
    let name = &snapshot.manifest().name;
    for path in snapshot.files() {
        let on_disk = snapshot.folder().join(&path);
        failpoint("stream.entry").map_err(SnapshotError::io("send", &on_disk))?;
        let file = File::open(&on_disk).map_err(SnapshotError::io("open", &on_disk))?;
        let length = file.metadata().map_err(SnapshotError::io("read", &on_disk))?.len();
        let appended = append(&mut builder, &format!("{name}/{path}"), length, file);
        appended.map_err(SnapshotError::io("send", &on_disk))?;
    }
    seal(builder).map_err(SnapshotError::io("send", snapshot.folder()))
}

/// Reads a snapshot into a draft, which can be published afterwards. The stream must be whole and end where it ends; its
/// frames are not looked into, since the digest covers them: [`Snapshot::verify`] does that.
///
/// # Errors
///
/// `snapshot-stream-cut` if it ended early, `snapshot-stream-refused` if it is no such stream or was changed; then as
/// [`Snapshot::open`] and [`Snapshot::survey`].
pub fn read(input: impl Read, draft: &mut Draft) -> Result<(), SnapshotError> {
    let tail = Rc::new(RefCell::new(Tail::default()));
    let mut archive = Archive::new(HashingReader { input, tail: tail.clone() });
    let unpacked = unpack(&mut archive, &tail, draft.folder());
    unpacked.map_err(|stop| stop.explain(tail.borrow().ended))?;
    read_end(archive.into_inner().input)?;
    draft.adopt()
}

fn append(builder: &mut Builder<impl Write>, path: &str, length: u64, content: impl Read) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(length);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    let mut content = content.take(length);
    builder.append_data(&mut header, path, &mut content)?;
    match content.limit() {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter")),
    }
}

fn seal(mut builder: Builder<HashingWriter<impl Write>>) -> io::Result<()> {
    let digest = format!("{}\n", builder.get_ref().hasher.finalize().to_hex());
    append(&mut builder, SEAL, SEAL_LENGTH, digest.as_bytes())?;
    builder.into_inner()?.flush()
}

/// Why unpacking stopped.
enum Stop {
    Error(SnapshotError),
    /// The archive could not be read on: it ended, or it is none.
    Unreadable(io::Error),
}

impl Stop {
    fn explain(self, ended: bool) -> SnapshotError {
        match self {
            Self::Error(error) => error,
            Self::Unreadable(error) if ended => SnapshotError::StreamCut(error.to_string()),
            Self::Unreadable(error) => refuse(&format!("it cannot be read as an archive: {error}")),
        }
    }
}

impl From<SnapshotError> for Stop {
    fn from(error: SnapshotError) -> Self {
        Self::Error(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Unpacks until the last entry, and holds what it states against the bytes that came before it.
fn unpack<R: Read>(archive: &mut Archive<HashingReader<R>>, tail: &RefCell<Tail>, folder: &Path) -> Result<(), Stop> {
    let mut unpacking = Unpacking { folder, root: None, long_path: None, manifest: false, entries: 0 };
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        // The header of this entry was the last thing that was read, so the tail leaves out exactly that.
        let found = tail.borrow().hash_without_last_block();
        let plain = unpacking.long_path.is_none();
        if plain && *entry.path_bytes() == *SEAL.as_bytes() {
            return unpacking.check_seal(&mut entry, &found);
        }
        unpacking.entry(&mut entry)?;
    }
    Err(Stop::Unreadable(io::Error::other("its last entry, the digest, is missing")))
}

/// What lies behind the last entry: blocks of zeros, at least the two that end an archive, and then nothing.
fn read_end(input: impl Read) -> Result<(), SnapshotError> {
    const MOST_PADDING: u64 = 1 << 20;
    let mut rest = Vec::new();
    let read = input.take(MOST_PADDING).read_to_end(&mut rest);
    read.map_err(|error| SnapshotError::StreamCut(error.to_string()))?;
    let padding = usize::try_from(SEAL_LENGTH).map_or(0, |length| length.next_multiple_of(BLOCK) - length);
    if rest.iter().any(|byte| *byte != 0) || rest.len() as u64 == MOST_PADDING {
        return Err(SnapshotError::StreamRefused("something follows its end".to_owned()));
    }
    if rest.len() < padding + 2 * BLOCK {
        return Err(SnapshotError::StreamCut("the zeros that end it are missing".to_owned()));
    }
    Ok(())
}

struct Unpacking<'a> {
    folder: &'a Path,
    /// The folder that all entries are in: the snapshot's name.
    root: Option<String>,
    /// The path of the next entry, where a header has no room for it.
    long_path: Option<String>,
    manifest: bool,
    entries: u64,
}

impl Unpacking<'_> {
    fn entry(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<(), Stop> {
        self.entries += 1;
        if self.entries > MOST_ENTRIES {
            return Err(refuse("it has more than four million entries").into());
        }
        match entry.header().entry_type() {
            EntryType::GNULongName if self.long_path.is_none() => self.read_long_path(entry),
            EntryType::Regular => self.file(entry),
            _ => Err(refuse("it holds something else than plain files").into()),
        }
    }

    fn read_long_path(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<(), Stop> {
        let mut path = String::new();
        if entry.size() > LONGEST_PATH {
            return Err(refuse("the path of an entry is longer than 4096 bytes").into());
        }
        entry.read_to_string(&mut path)?;
        self.long_path = Some(path.trim_end_matches('\0').to_owned());
        Ok(())
    }

    fn file(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<(), Stop> {
        let path = match self.long_path.take() {
            Some(path) => path,
            None => String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
        };
        let inside =
            self.inside(&path).ok_or_else(|| refuse(&format!("`{}` is no file of a snapshot", path.escape_debug())))?;
        let most = if inside == MANIFEST { LARGEST_MANIFEST } else { LARGEST_FILE };
        if self.manifest || entry.size() > most {
            return Err(refuse(&format!("`{path}` follows the manifest, or is larger than such a file may be")).into());
        }
        self.manifest = inside == MANIFEST;
        write_file(entry, &self.folder.join(inside))
    }

    /// The path inside the snapshot, if the entry is one that a snapshot has: no name that could lead out, hide, or be
    /// one with another.
    fn inside<'p>(&mut self, path: &'p str) -> Option<&'p str> {
        let (root, inside) = path.split_once('/')?;
        SnapshotName::parse(root).ok()?;
        if *self.root.get_or_insert_with(|| root.to_owned()) != root {
            return None;
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~');
        let harmless =
            |part: &str| !part.is_empty() && part.len() <= 255 && !part.starts_with('.') && part.bytes().all(plain);
        let of_stream = inside.starts_with("databases/") || inside.starts_with("storage/");
        let known = inside == MANIFEST || of_stream && (inside.ends_with(".zst") || inside.ends_with(".frames"));
        (known && inside.split('/').all(harmless)).then_some(inside)
    }

    fn check_seal(&self, entry: &mut tar::Entry<'_, impl Read>, found: &str) -> Result<(), Stop> {
        if !self.manifest {
            return Err(refuse("it has no manifest").into());
        }
        let mut stated = String::new();
        if entry.size() != SEAL_LENGTH || entry.header().entry_type() != EntryType::Regular {
            return Err(refuse("its last entry is no digest").into());
        }
        entry.read_to_string(&mut stated)?;
        if (stated.len() as u64) < SEAL_LENGTH {
            return Err(io::Error::other("its digest is not whole").into());
        }
        match stated.strip_suffix('\n') == Some(found) {
            true => Ok(()),
            false => Err(refuse("its bytes do not have the digest that ends it").into()),
        }
    }
}

fn write_file(entry: &mut tar::Entry<'_, impl Read>, path: &Path) -> Result<(), Stop> {
    let folder = path.parent().expect("the path is inside the draft");
    fs::create_dir_all(folder).map_err(SnapshotError::io("create", folder))?;
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(SnapshotError::io("create", path))?;
    let size = entry.size();
    let mut left = size;
    let mut chunk = vec![0; 1 << 18];
    while left > 0 {
        let read = entry.read(&mut chunk)?;
        if read == 0 {
            return Err(io::Error::other(format!("`{}` is not whole", path.display())).into());
        }
        file.write_all(&chunk[..read]).map_err(SnapshotError::io("write", path))?;
        left -= read as u64;
    }
    Ok(file.sync_all().map_err(SnapshotError::io("synchronise", path))?)
}

fn refuse(reason: &str) -> SnapshotError {
    SnapshotError::StreamRefused(reason.to_owned())
}

struct HashingWriter<W> {
    out: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct HashingReader<R> {
    input: R,
    tail: Rc<RefCell<Tail>>,
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(target)?;
        let mut tail = self.tail.borrow_mut();
        tail.ended |= read == 0 && !target.is_empty();
        tail.push(&target[..read]);
        Ok(read)
    }
}

/// Hashes all bytes but the last block of those that it was given.
#[derive(Default)]
struct Tail {
    hasher: blake3::Hasher,
    last: Vec<u8>,
    /// True once the input gave nothing more.
    ended: bool,
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        let surplus = (self.last.len() + bytes.len()).saturating_sub(BLOCK);
        let from_last = surplus.min(self.last.len());
        self.hasher.update(&self.last[..from_last]);
        self.last.drain(..from_last);
        let from_bytes = surplus - from_last;
        self.hasher.update(&bytes[..from_bytes]);
        self.last.extend_from_slice(&bytes[from_bytes..]);
    }

    fn hash_without_last_block(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}
