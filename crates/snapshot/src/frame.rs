//! Frames: the pieces of about 1 MiB that a stream is cut into, each compressed on its own, and the list of them in a
//! `.frames` file. The list is binary with records of one size, so a terabyte's million frames cost 52 MB on disk and
//! nothing in memory; every number in it is checked before anything is read or allocated by it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use zstd::bulk::Decompressor;
use zstd::zstd_safe;

use crate::SnapshotError;
use crate::layout::{StreamKey, frames_file, index_file};
use crate::manifest::StreamRecord;

/// Bytes of a stream that make a frame; the last one may be shorter.
pub(crate) const FRAME: usize = 1 << 20;
/// The most bytes that a frame of any writer may hold.
pub(crate) const LARGEST_FRAME: u32 = 8 << 20;
/// The most bytes of one `.zst` file.
pub(crate) const LARGEST_FILE: u64 = 1 << 30;
/// The first bytes of a frame list.
pub(crate) const MAGIC: &[u8; 16] = b"stead-frames-1\n\0";
/// Bytes of one record in a frame list.
pub(crate) const RECORD: usize = 52;

/// One frame: where it lies, how long it is, and what it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The number of the `.zst` file.
    pub(crate) file: u32,
    /// Where it begins in that file, in bytes.
    pub(crate) offset: u64,
    /// Bytes before compression.
    pub(crate) raw: u32,
    /// Bytes in the file.
    pub(crate) packed: u32,
    /// BLAKE3 of the bytes before compression.
    pub(crate) hash: [u8; 32],
}

impl Frame {
    pub(crate) fn encode(&self) -> [u8; RECORD] {
        let mut record = [0; RECORD];
        record[..4].copy_from_slice(&self.file.to_le_bytes());
        record[4..12].copy_from_slice(&self.offset.to_le_bytes());
        record[12..16].copy_from_slice(&self.raw.to_le_bytes());
        record[16..20].copy_from_slice(&self.packed.to_le_bytes());
        record[20..].copy_from_slice(&self.hash);
        record
    }

    fn decode(record: &[u8; RECORD]) -> Self {
        let number = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().expect("four bytes were cut"));
        Self {
            file: number(0),
            offset: u64::from_le_bytes(record[4..12].try_into().expect("eight bytes were cut")),
            raw: number(12),
            packed: number(16),
            hash: record[20..].try_into().expect("a record ends with 32 bytes"),
        }
    }
}

/// A stream of a snapshot on disk, with what the manifest says about it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The name of the snapshot's folder, for errors.
    pub(crate) snapshot: String,
    pub(crate) folder: PathBuf,
    pub(crate) key: StreamKey,
    pub(crate) record: StreamRecord,
}

impl Stored {
    /// Opens the frame list, after its hash was found to be the manifest's.
    pub(crate) fn walk(&self) -> Result<FrameWalk, SnapshotError> {
        let path = self.folder.join(index_file(&self.key.stem()));
        let mut file = File::open(&path).map_err(|error| self.unreadable(&index_file(&self.key.stem()), error))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut file).map_err(SnapshotError::io("read", &path))?;
        if hasher.finalize().to_hex().as_str() != self.record.index_hash {
            return Err(self.index_damage("it does not have the hash that the manifest records"));
        }
        let mut reader =
            BufReader::with_capacity(64 * RECORD, File::open(&path).map_err(SnapshotError::io("read", &path))?);
        let mut magic = [0; MAGIC.len()];
        reader.read_exact(&mut magic).map_err(SnapshotError::io("read", &path))?;
        if &magic != MAGIC {
            return Err(self.index_damage("it does not begin as a frame list does"));
        }
        Ok(FrameWalk { stored: self.clone(), reader, number: 0, file: 0, end: 0, raw: 0, failed: false })
    }

    /// Opens one of the stream's `.zst` files.
    pub(crate) fn open(&self, number: u32) -> Result<File, SnapshotError> {
        let name = self.frames_file(number);
        File::open(self.folder.join(&name)).map_err(|error| self.unreadable(&name, error))
    }

    /// The error for a frame, from what was found wrong with it.
    pub(crate) fn fault(&self, number: u64, frame: &Frame, fault: Fault) -> SnapshotError {
        let file = self.frames_file(frame.file);
        match fault {
            Fault::Io(source) => SnapshotError::Io { what: "read", path: self.folder.join(file), source },
            Fault::Damage(reason) => SnapshotError::Frame {
                snapshot: self.snapshot.clone(),
                stream: self.key.to_string(),
                frame: number,
                file,
                offset: frame.offset,
                reason,
            },
        }
    }

    fn frames_file(&self, number: u32) -> String {
        frames_file(&self.key.stem(), usize::try_from(number).expect("a file number fits"))
    }

    fn unreadable(&self, file: &str, error: io::Error) -> SnapshotError {
        match error.kind() {
            io::ErrorKind::NotFound => {
                SnapshotError::MissingFile { snapshot: self.snapshot.clone(), file: file.to_owned() }
            }
            _ => SnapshotError::Io { what: "open", path: self.folder.join(file), source: error },
        }
    }

    fn index_damage(&self, reason: impl Into<String>) -> SnapshotError {
        SnapshotError::Index {
            snapshot: self.snapshot.clone(),
            stream: self.key.to_string(),
            file: index_file(&self.key.stem()),
            reason: reason.into(),
        }
    }
}

/// Walks the frames of a stream in their order. It gives an error, and then nothing more, where the list contradicts
/// itself or the manifest.
pub(crate) struct FrameWalk {
    stored: Stored,
    reader: BufReader<File>,
    number: u64,
    file: u32,
    end: u64,
    raw: u64,
    failed: bool,
}

impl FrameWalk {
    fn read(&mut self) -> Result<(u64, Frame), SnapshotError> {
        let mut record = [0; RECORD];
        let read = self.reader.read_exact(&mut record);
        read.map_err(|error| self.stored.index_damage(format!("record {} cannot be read: {error}", self.number)))?;
        let frame = Frame::decode(&record);
        self.follow(&frame).map_err(|reason| self.stored.index_damage(format!("record {}: {reason}", self.number)))?;
        let number = self.number;
        self.number += 1;
        Ok((number, frame))
    }

    /// Checks that the frame begins where the one before it ends, and that its lengths can be.
    fn follow(&mut self, frame: &Frame) -> Result<(), &'static str> {
        let files = &self.stored.record.files;
        let length = |file: u32| files.get(usize::try_from(file).unwrap_or(usize::MAX)).copied();
        if frame.raw == 0 || frame.raw > LARGEST_FRAME || frame.packed == 0 || frame.packed > largest_packed(frame.raw)
        {
            return Err("its lengths cannot be");
        }
        if self.number > 0 && length(self.file) == Some(self.end) {
            self.file += 1;
            self.end = 0;
        }
        if (frame.file, frame.offset) != (self.file, self.end) {
            return Err("it does not begin where the one before it ends");
        }
        self.end += u64::from(frame.packed);
        self.raw += u64::from(frame.raw);
        if length(frame.file).is_none_or(|length| self.end > length) {
            return Err("it reaches beyond the end of its file");
        }
        Ok(())
    }

    /// The sums, at the end.
    fn conclude(&self) -> Result<(), SnapshotError> {
        let record = &self.stored.record;
        let last = record.files.last().copied().unwrap_or(0);
        let files = if record.frames == 0 { 0 } else { u64::from(self.file) + 1 };
        if self.raw != record.raw_bytes || self.end != last || files != record.files.len() as u64 {
            return Err(self.stored.index_damage("its frames do not add up to what the manifest records"));
        }
        Ok(())
    }
}

impl Iterator for FrameWalk {
    type Item = Result<(u64, Frame), SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item =
            if self.number < self.stored.record.frames { Some(self.read()) } else { self.conclude().err().map(Err) };
        self.failed = !matches!(item, Some(Ok(_)));
        item
    }
}

/// What was found wrong with a frame.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file could not be read.
    Io(io::Error),
    /// The bytes are not those that were written; the text is the end of a sentence.
    Damage(String),
}

impl Fault {
    /// The fault as an error of input.
    pub(crate) fn into_io(self) -> io::Error {
        match self {
            Self::Io(error) => error,
            Self::Damage(reason) => io::Error::new(io::ErrorKind::InvalidData, reason),
        }
    }
}

/// Reads frames from disk, decompresses them and compares their hashes. It keeps its buffers from frame to frame.
pub(crate) struct Unpacker {
    context: Decompressor<'static>,
    packed: Vec<u8>,
}

impl Unpacker {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { context: Decompressor::new()?, packed: Vec::new() })
    }

    /// Fills `raw` with the bytes of one frame.
    pub(crate) fn unpack(&mut self, file: &File, frame: &Frame, raw: &mut Vec<u8>) -> Result<(), Fault> {
        let (packed_length, raw_length) = (in_memory(frame.packed), in_memory(frame.raw));
        if self.packed.len() < packed_length {
            self.packed.resize(packed_length, 0);
        }
        let packed = &mut self.packed[..packed_length];
        file.read_exact_at(packed, frame.offset).map_err(cut_off)?;
        if zstd_safe::find_frame_compressed_size(packed).ok() != Some(packed_length) {
            return Err(Fault::Damage("it is not one whole zstd frame".to_owned()));
        }
        if zstd_safe::get_frame_content_size(packed).ok().flatten() != Some(u64::from(frame.raw)) {
            return Err(Fault::Damage("it states another length than the frame list".to_owned()));
        }
        raw.clear();
        raw.reserve_exact(raw_length);
        let decoded = self.context.decompress_to_buffer(packed, raw);
        decoded.map_err(|error| Fault::Damage(format!("zstd: {}", error.to_string().to_lowercase())))?;
        if raw.len() != raw_length || blake3::hash(raw) != blake3::Hash::from_bytes(frame.hash) {
            return Err(Fault::Damage("its bytes do not have the hash that was recorded".to_owned()));
        }
        Ok(())
    }
}

/// The most bytes that zstd can make of so many.
fn largest_packed(raw: u32) -> u32 {
    let bound = zstd_safe::compress_bound(in_memory(raw));
    u32::try_from(bound).expect("frames are far smaller than 4 GiB")
}

/// A length as an index into memory.
pub(crate) fn in_memory(length: u32) -> usize {
    usize::try_from(length).expect("pointers have at least 32 bits")
}

fn cut_off(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::Damage("the file ends inside it".to_owned()),
        _ => Fault::Io(error),
    }
}

#[cfg(test)]
mod tests;
