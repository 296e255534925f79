//! What can go wrong with a snapshot. Every variant names the thing it is about, down to the file, the stream and the
//! frame, because "the backup is damaged" helps nobody.

use std::io;
use std::path::{Path, PathBuf};

use crate::{BadName, SnapshotName};

/// An error of writing, finding, checking or reading a snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] BadName),
    /// There is no snapshot of that name.
    #[error("there is no snapshot `{name}`")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are, the nearest first.
        known: Vec<String>,
    },
    /// A snapshot of that name exists and may not be replaced.
    #[error("snapshot `{0}` exists already")]
    Exists(SnapshotName),
    /// What has the name is no snapshot and may not be replaced by one.
    #[error("`{}` is not a snapshot and is not replaced by one", .0.display())]
    Foreign(PathBuf),
    /// The snapshot was written in a format that this program does not know.
    #[error("snapshot `{snapshot}` has format {found}, and this program reads formats up to {supported}")]
    Newer {
        /// The snapshot's folder.
        snapshot: String,
        /// The format it was written in.
        found: u64,
        /// The newest format that can be read.
        supported: u32,
    },
    /// There is a folder but no manifest in it: it never was finished.
    #[error("`{snapshot}` is not a snapshot: it has no `manifest.json`")]
    NoManifest {
        /// The snapshot's folder.
        snapshot: String,
    },
    /// The manifest cannot be read or is not what was written.
    #[error("the manifest of snapshot `{snapshot}` is damaged: {reason}")]
    Manifest {
        /// The snapshot's folder.
        snapshot: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file lies in the snapshot that its manifest does not list.
    #[error("snapshot `{snapshot}` holds `{file}`, which its manifest does not list")]
    UnexpectedFile {
        /// The snapshot's folder.
        snapshot: String,
        /// The file, relative to that folder.
        file: String,
    },
    /// A file that the manifest lists is not there.
    #[error("snapshot `{snapshot}` lacks the file `{file}`")]
    MissingFile {
        /// The snapshot's folder.
        snapshot: String,
        /// The file, relative to that folder.
        file: String,
    },
    /// A file has another length than the manifest says.
    #[error("file `{file}` of snapshot `{snapshot}` has {found} bytes instead of {expected}")]
    Size {
        /// The snapshot's folder.
        snapshot: String,
        /// The file, relative to that folder.
        file: String,
        /// Bytes that the manifest says.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The list of a stream's frames is not the one that was written.
    #[error("frame list `{file}` of stream `{stream}` in snapshot `{snapshot}` is damaged: {reason}")]
    Index {
        /// The snapshot's folder.
        snapshot: String,
        /// The stream, with its part: `databases/catalog/pages`.
        stream: String,
        /// The file, relative to the folder.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A frame does not hold the bytes that were written.
    #[error(
        "frame {frame} of stream `{stream}` in snapshot `{snapshot}` (`{file}` at byte {offset}) is damaged: {reason}"
    )]
    Frame {
        /// The snapshot's folder.
        snapshot: String,
        /// The stream, with its part.
        stream: String,
        /// The frame's number, counted from 0.
        frame: u64,
        /// The file, relative to the folder.
        file: String,
        /// Where the frame begins in the file, in bytes.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The snapshot has no such database, or no storage.
    #[error("snapshot `{snapshot}` has no {part}")]
    NoPart {
        /// The snapshot's folder.
        snapshot: String,
        /// What was asked for: ``database `catalog` `` or `storage`.
        part: String,
        /// The databases there are.
        known: Vec<String>,
    },
    /// A stream was opened and never finished, or the manifest and the streams that were written disagree.
    #[error("the dump `{snapshot}` is not complete: {reason}")]
    Unfinished {
        /// The snapshot being written.
        snapshot: String,
        /// What is missing.
        reason: String,
    },
    /// A snapshot that came as one stream ended before its end.
    #[error("the snapshot stream is cut off: {0}")]
    StreamCut(String),
    /// A snapshot that came as one stream is not what was sent, or never was one.
    #[error("the snapshot stream is refused: {0}")]
    StreamRefused(String),
    /// The file system said no.
    #[error("cannot {what} `{}`: {source}", .path.display())]
    Io {
        /// What was tried: `read`, `write`, `rename` …
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl SnapshotError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(error) => error.code(),
            Self::Unknown { .. } => "snapshot-unknown",
            Self::Exists(_) => "snapshot-exists",
            Self::Foreign(_) => "snapshot-foreign",
            Self::Newer { .. } => "snapshot-newer",
            Self::NoManifest { .. } => "snapshot-incomplete",
            Self::Manifest { .. } => "snapshot-manifest",
            Self::UnexpectedFile { .. } => "snapshot-unexpected-file",
            Self::MissingFile { .. } => "snapshot-missing-file",
            Self::Size { .. } => "snapshot-size",
            Self::Index { .. } => "snapshot-frame-list",
            Self::Frame { .. } => "snapshot-frame",
            Self::NoPart { .. } => "snapshot-part",
            Self::Unfinished { .. } => "snapshot-unfinished",
            Self::StreamCut(_) => "snapshot-stream-cut",
            Self::StreamRefused(_) => "snapshot-stream-refused",
            Self::Io { .. } => "snapshot-io",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Name(error) => error.hints(),
            Self::Unknown { name, known } => unknown_hints(name, known),
            Self::Exists(_) => vec!["choose another name, or replace it with `--force`".to_owned()],
            Self::Foreign(_) => vec!["move it away if you do not need it there, or choose another name".to_owned()],
            Self::Newer { .. } => vec!["use a stead at least as new as the one that made the snapshot".to_owned()],
            Self::NoPart { known, .. } if !known.is_empty() => vec![format!("it holds {}", list(known))],
            Self::UnexpectedFile { .. } => vec!["move the file elsewhere if it was put there by hand".to_owned()],
            Self::StreamCut(_) => vec!["the sending command failed or the connection broke: send it again".to_owned()],
            Self::Io { source, .. } => io_hints(source),
            error if error.is_damage() => {
                vec!["nothing was changed; load another snapshot, or copy this one again".to_owned()]
            }
            _ => Vec::new(),
        }
    }

    /// True if the snapshot itself is not what was once written, as opposed to a mistake in asking for it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::NoManifest { .. }
                | Self::Manifest { .. }
                | Self::UnexpectedFile { .. }
                | Self::MissingFile { .. }
                | Self::Size { .. }
                | Self::Index { .. }
                | Self::Frame { .. }
        )
    }

    /// Makes an error of the file system, to be used with `map_err`.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

impl From<SnapshotError> for io::Error {
    fn from(error: SnapshotError) -> Self {
        let kind = match &error {
            SnapshotError::Io { source, .. } => source.kind(),
            SnapshotError::Name(_) => io::ErrorKind::InvalidInput,
            SnapshotError::Unknown { .. } | SnapshotError::NoPart { .. } => io::ErrorKind::NotFound,
            SnapshotError::Exists(_) | SnapshotError::Foreign(_) => io::ErrorKind::AlreadyExists,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// What to do about an error of the file system.
pub(crate) fn io_hints(error: &io::Error) -> Vec<String> {
    stead_engine::io_hints(error.kind())
}

fn unknown_hints(name: &str, known: &[String]) -> Vec<String> {
    match known.first() {
        None => vec!["there is none yet: `stead dump` makes one".to_owned()],
        Some(near) if strsim::jaro_winkler(name, near) > 0.8 => {
            vec![format!("did you mean `{near}`?"), format!("there are {}", list(known))]
        }
        Some(_) => vec![format!("there are {}", list(known))],
    }
}

fn list(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
