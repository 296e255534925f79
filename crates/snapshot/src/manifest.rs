//! `manifest.json`: what a snapshot holds, where it came from and which bytes prove it. It is written last, so a folder
//! without it is no snapshot, and it carries a digest of itself, so that a change anywhere in it is noticed before a
//! word of it is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use stead_engine::snapshot::Guarantee;
use stead_schema::{EngineKind, Schema};

use crate::frame::{LARGEST_FILE, LARGEST_FRAME};
use crate::layout::{MANIFEST, Part, StreamKey};
use crate::{SnapshotError, SnapshotName};

/// The format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Bounds that no honest snapshot reaches; beyond them a manifest is refused before anything is allocated by it.
pub(crate) const LARGEST_MANIFEST: u64 = 256 << 20;
const MOST_DATABASES: usize = 4096;
const MOST_STREAMS: usize = 1 << 20;
const MOST_FRAMES: u64 = 1 << 24;
const MOST_FILES: usize = 1 << 14;

/// What the manifest of a snapshot says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format, 1.
    pub format: u32,
    /// BLAKE3, as 64 hexadecimal digits, of the whole file with these 64 digits written as zeros.
    pub digest: String,
    /// The name that the snapshot was made under.
    pub name: SnapshotName,
    /// When the dump began: UTC, RFC 3339.
    pub created_at: String,
    /// The version of stead that made it.
    pub tool_version: String,
    /// The project it was made from.
    pub project: String,
    /// The environment it was made from.
    pub environment: String,
    /// What a person wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What holds between its databases.
    pub guarantee: Guarantee,
    /// Bytes of all streams before compression.
    pub raw_bytes: u64,
    /// Bytes of all streams in their files, frame lists not counted.
    pub packed_bytes: u64,
    /// For a snapshot of seeded databases: the hash over the seed steps and the files they name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed_hash: Option<String>,
    /// The databases by their names in the project.
    pub databases: BTreeMap<String, DatabaseRecord>,
    /// The stored files, if the project has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageRecord>,
}

/// What the manifest says about a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseRecord {
    /// The engine.
    pub engine: EngineKind,
    /// The version of the server or library that the bytes came from.
    pub engine_version: String,
    /// The streams by name. Left empty when a manifest is handed to [`crate::Draft::complete`].
    #[serde(default)]
    pub streams: BTreeMap<String, StreamRecord>,
    /// The tables by name, stead's own included.
    pub tables: BTreeMap<String, TableRecord>,
    /// The state of each app's revisions, from the ledger of this database.
    pub heads: BTreeMap<String, AppHeads>,
    /// What the database looked like.
    pub schema: Schema,
    /// The fingerprint of that schema.
    pub fingerprint: String,
    /// Facts that only the engine's adapter understands: page size, encoding, modes.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// What the manifest says about a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRecord {
    /// Rows in the dump.
    pub rows: u64,
}

/// Which revisions of an app a database had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppHeads {
    /// The ids of the revisions that no other applied one has as a parent.
    pub heads: Vec<String>,
    /// The ids of all applied revisions, so that a program that does not know one can name it.
    pub applied: Vec<String>,
}

/// What the manifest says about a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRecord {
    /// Bytes before compression.
    pub raw_bytes: u64,
    /// Bytes in the files.
    pub packed_bytes: u64,
    /// The number of frames.
    pub frames: u64,
    /// The length of each file, in bytes.
    pub files: Vec<u64>,
    /// BLAKE3 of the frame list, which holds the BLAKE3 of every frame, as 64 hexadecimal digits.
    pub index_hash: String,
}

/// What the manifest says about the stored files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageRecord {
    /// The managed folders, relative to the storage, sorted.
    pub leaves: Vec<String>,
    /// Regular files.
    pub files: u64,
    /// Folders, the leaves included.
    pub folders: u64,
    /// Symbolic links.
    pub links: u64,
    /// The sum of the files' lengths.
    pub bytes: u64,
    /// Bytes that a restore must write: the sum without blocks of 4 KiB that hold only zeros.
    pub solid_bytes: u64,
    /// True if every file that a row names was looked for and found.
    pub references_checked: bool,
    /// The streams `index` and `contents`. Left empty when a manifest is handed to [`crate::Draft::complete`].
    #[serde(default)]
    pub streams: BTreeMap<String, StreamRecord>,
}

impl Manifest {
    /// Every stream with its record.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (StreamKey, &StreamRecord)> {
        let databases = self.databases.iter().flat_map(|(database, record)| {
            let key = |name: &String| StreamKey::new(Part::Database(database.clone()), name.clone());
            record.streams.iter().map(move |(name, stream)| (key(name), stream))
        });
        let storage = self.storage.iter().flat_map(|record| &record.streams);
        databases.chain(storage.map(|(name, stream)| (StreamKey::new(Part::Storage, name.clone()), stream)))
    }

    /// The streams of one part; `None` if the snapshot does not have it.
    pub(crate) fn part(&self, part: &Part) -> Option<&BTreeMap<String, StreamRecord>> {
        match part {
            Part::Database(name) => self.databases.get(name).map(|record| &record.streams),
            Part::Storage => self.storage.as_ref().map(|record| &record.streams),
        }
    }

    /// Sets the digest and gives the bytes of the file.
    pub(crate) fn seal(&mut self) -> Vec<u8> {
        self.digest = "0".repeat(64);
        let mut bytes =
            serde_json::to_vec_pretty(self).expect("a manifest holds only strings, numbers, lists and maps");
        bytes.push(b'\n');
        self.digest = blake3::hash(&bytes).to_hex().to_string();
        let field = format!("\"digest\": \"{}", "0".repeat(64));
        let at = find(&bytes, field.as_bytes()).expect("the field was just written") + field.len() - 64;
        bytes[at..at + 64].copy_from_slice(self.digest.as_bytes());
        bytes
    }

    /// Reads the manifest in a folder and checks everything that can be checked without the other files.
    pub(crate) fn read(folder: &Path) -> Result<Self, SnapshotError> {
        let snapshot = folder_name(folder);
        let bytes = read_bounded(&folder.join(MANIFEST), &snapshot)?;
        Self::parse(&bytes, &snapshot)
    }

    pub(crate) fn parse(bytes: &[u8], snapshot: &str) -> Result<Self, SnapshotError> {
        let damaged = |reason: String| SnapshotError::Manifest { snapshot: snapshot.to_owned(), reason };
        let version: Version = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if version.format > u64::from(FORMAT) {
            let (snapshot, found) = (snapshot.to_owned(), version.format);
            return Err(SnapshotError::Newer { snapshot, found, supported: FORMAT });
        }
        if version.format != u64::from(FORMAT) {
            return Err(damaged(format!("there is no format {}", version.format)));
        }
        check_digest(bytes).map_err(|reason| damaged(reason.to_owned()))?;
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        manifest.check().map_err(damaged)?;
        Ok(manifest)
    }

    /// Checks counts, names and sums.
    fn check(&self) -> Result<(), String> {
        if self.databases.len() > MOST_DATABASES || self.streams().count() > MOST_STREAMS {
            return Err("it lists more databases or streams than any snapshot has".to_owned());
        }
        let (mut raw, mut packed, mut stems) = (0_u64, 0_u64, BTreeSet::new());
        for (key, record) in self.streams() {
            if let Some(reason) = key.objection() {
                return Err(format!("stream `{key}`: {reason}"));
            }
            record.check().map_err(|reason| format!("stream `{key}`: {reason}"))?;
            raw = raw.checked_add(record.raw_bytes).ok_or("its sizes overflow")?;
            packed = packed.checked_add(record.packed_bytes).ok_or("its sizes overflow")?;
            if !stems.insert(key.stem()) {
                return Err(format!("stream `{key}` is listed twice"));
            }
        }
        if (raw, packed) != (self.raw_bytes, self.packed_bytes) {
            return Err("the sizes of its streams do not add up".to_owned());
        }
        Ok(())
    }
}

impl StreamRecord {
    fn check(&self) -> Result<(), &'static str> {
        if self.frames > MOST_FRAMES || self.files.len() > MOST_FILES {
            return Err("it has more frames or files than a stream may have");
        }
        if self.files.iter().any(|length| *length == 0 || *length > LARGEST_FILE) {
            return Err("the length of a file cannot be");
        }
        if self.files.iter().sum::<u64>() != self.packed_bytes {
            return Err("the lengths of its files do not add up");
        }
        let empty = [self.frames == 0, self.files.is_empty(), self.raw_bytes == 0];
        if empty.contains(&true) && empty.contains(&false) || self.raw_bytes > self.frames * u64::from(LARGEST_FRAME) {
            return Err("its numbers contradict each other");
        }
        Ok(())
    }
}

/// The name of a snapshot's folder, for errors.
pub(crate) fn folder_name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What is read before anything else, since all other fields may change with it.
#[derive(Deserialize)]
struct Version {
    format: u64,
}

#[derive(Deserialize)]
struct Digest {
    digest: String,
}

fn check_digest(bytes: &[u8]) -> Result<(), &'static str> {
    let Digest { digest } = serde_json::from_slice(bytes).map_err(|_error| "it has no digest of itself")?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digest.len() != 64 || !digest.bytes().all(is_digit) {
        return Err("its digest is not one");
    }
    let at = find(bytes, digest.as_bytes()).ok_or("its digest is not written plainly")?;
    let (before, after) = (&bytes[..at], &bytes[at + 64..]);
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(&[b'0'; 64]).update(after);
    match hasher.finalize().to_hex().as_str() == digest {
        true => Ok(()),
        false => Err("it does not have the digest that it states"),
    }
}

fn read_bounded(path: &Path, snapshot: &str) -> Result<Vec<u8>, SnapshotError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SnapshotError::NoManifest { snapshot: snapshot.to_owned() },
        _ => SnapshotError::Io { what: "open", path: path.to_owned(), source },
    })?;
    let mut bytes = Vec::new();
    file.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(SnapshotError::io("read", path))?;
    if bytes.len() as u64 > LARGEST_MANIFEST {
        let reason = "it is larger than 256 MiB".to_owned();
        return Err(SnapshotError::Manifest { snapshot: snapshot.to_owned(), reason });
    }
    Ok(bytes)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests;
