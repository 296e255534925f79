//! The first hundred bytes of a database file, read without SQLite, so that looking never creates, recovers or locks
//! anything. The layout is <https://sqlite.org/fileformat2.html#the_database_header>.

use std::os::unix::fs::FileExt as _;
use std::path::Path;

use stead_engine::{EngineError, ErrorClass};

use super::descriptor::Descriptor;
use super::filesystem::with_suffix;
use crate::error::not_a_database;

#[cfg(test)]
mod tests;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: an empty database.
    Empty,
    /// A database.
    Database(Header),
    /// A transaction was cut off before the first page was whole; SQLite will roll it back when it opens the file.
    Unfinished,
}

/// The parts of the header that decisions hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes in a page.
    pub(crate) page_size: u32,
    /// True if the file is in WAL mode.
    pub(crate) wal: bool,
    /// The text encoding: 1 UTF-8, 2 UTF-16le, 3 UTF-16be; 0 while nothing was stored.
    pub(crate) encoding: u32,
}

impl Content {
    /// The header, if there is one.
    pub(crate) fn header(self) -> Option<Header> {
        if let Self::Database(header) = self { Some(header) } else { None }
    }

    /// True if the file is in WAL mode.
    pub(crate) fn wal(self) -> bool {
        self.header().is_some_and(|header| header.wal)
    }
}

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const SAMPLE: usize = 512;

/// Looks at a file.
///
/// # Errors
///
/// `refused` for what is not a plain SQLite database, `refused` or `unreachable` for what cannot be read.
pub(crate) fn read(path: &Path) -> Result<Content, EngineError> {
    let sample = sample(path).map_err(|error| unreadable(path, &error))?;
    if sample.is_empty() {
        return Ok(Content::Empty);
    }
    match parse(&sample) {
        Some(header) => header.supported(path, &sample).map(Content::Database),
        None if has_content(&with_suffix(path, "-journal")) => Ok(Content::Unfinished),
        None if looks_encrypted(&sample) => Err(not_a_database(path)
            .hint("its bytes look encrypted: files of SQLCipher and SEE can be opened by those builds only")),
        None => Err(not_a_database(path)),
    }
}

fn sample(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = Descriptor::open(path)?;
    let mut sample = vec![0; SAMPLE];
    let mut filled = 0;
    while filled < SAMPLE {
        match file.read_at(&mut sample[filled..], filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    sample.truncate(filled);
    Ok(sample)
}

/// An error of reading a file that exists: an outage, or a missing right.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> EngineError {
    let class = match error.kind() {
        std::io::ErrorKind::PermissionDenied => ErrorClass::Refused,
        _ => ErrorClass::Unreachable,
    };
    EngineError::new(class, format!("`{}` cannot be read: {error}", path.display()))
}

fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
}

/// The header; `None` if it is none.
pub(crate) fn parse(bytes: &[u8]) -> Option<Header> {
    if bytes.len() < 100 || !bytes.starts_with(MAGIC) {
        return None;
    }
    let page_size = match u32::from(bytes[16]) << 8 | u32::from(bytes[17]) {
        1 => 65_536,
        size => size,
    };
    let valid = page_size.is_power_of_two() && (512..=65_536).contains(&page_size);
    valid.then(|| Header { page_size, wal: bytes[19] == 2, encoding: number(bytes, 56) })
}

/// The big-endian number at an offset.
pub(crate) fn number(bytes: &[u8], offset: usize) -> u32 {
    bytes[offset..offset + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

impl Header {
    /// Refuses by name what another build of SQLite wrote.
    fn supported(self, path: &Path, bytes: &[u8]) -> Result<Self, EngineError> {
        let shown = path.display();
        if bytes[18].max(bytes[19]) > 2 {
            let message =
                format!("`{shown}` has file format version {}, this build reads 1 and 2", bytes[18].max(bytes[19]));
            return Err(EngineError::new(ErrorClass::Refused, message).hint("it was made by a newer SQLite"));
        }
        if bytes[20] != 0 {
            let message = format!("`{shown}` reserves {} bytes on each page for an extension of SQLite", bytes[20]);
            return Err(EngineError::new(ErrorClass::Refused, message)
                .hint("encrypting and checksumming builds (SQLCipher, SEE, cksumvfs) do that; such files cannot be opened here")
                .hint("if it is not encrypted: `sqlite3 FILE '.filectrl reserve_bytes 0' VACUUM` makes it an ordinary database"));
        }
        Ok(self)
    }
}

/// Encrypted pages are noise: nearly every byte value occurs in the first 512 bytes, and the length is whole pages.
fn looks_encrypted(sample: &[u8]) -> bool {
    let mut seen = [false; 256];
    sample.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    sample.len() == SAMPLE && seen.iter().filter(|seen| **seen).count() > 180
}
