//! The application's stored files: collected into two streams of a snapshot, restored into a folder beside the live one,
//! and held against the names that rows mention. Files are walked and written one at a time; only the names inside one
//! folder, and 16 bytes for each path, are held in memory.

mod attributes;
mod collect;
mod entry;
mod filesystem;
mod names;
mod restore;

use std::io;
use std::path::{Path, PathBuf};

pub use collect::{Collected, Collection, collect};
pub use filesystem::{FileSystem, RealFileSystem};
pub use names::{Missing, Names};
pub use restore::{Restoration, restore};

use crate::error::io_hints;

/// The stream with a line of JSON for each file, folder and link.
pub(crate) const INDEX: &str = "index";
/// The stream with the files' bytes.
pub(crate) const CONTENTS: &str = "contents";
/// The most folders inside each other.
const DEEPEST: usize = 128;
/// Blocks of zeros of this size become holes.
const BLOCK: usize = 4096;

/// An error of collecting or restoring stored files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A managed folder's path cannot be one.
    #[error("`{leaf}` cannot be a leaf of the storage: {reason}")]
    Leaf {
        /// The path as the project states it.
        leaf: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file was changed each time it was read.
    #[error("file `{path}` changed while it was copied, three times")]
    Changing {
        /// The file, relative to the storage.
        path: String,
    },
    /// Something cannot be kept in a snapshot.
    #[error("`{path}` in the storage cannot be kept: {reason}")]
    Refused {
        /// What it is, relative to the storage.
        path: String,
        /// Why not.
        reason: String,
    },
    /// Two names would be one on the file system they are restored to.
    #[error("`{first}` and `{second}` would be one file in `{}`, which does not tell capitals from small letters", .folder.display())]
    Collision {
        /// One of the two.
        first: String,
        /// The other.
        second: String,
        /// Where they were to be restored.
        folder: PathBuf,
    },
    /// The files do not fit.
    #[error("the stored files need {needed} bytes and `{}` has {free} free", .folder.display())]
    Space {
        /// Bytes that must be written.
        needed: u64,
        /// Bytes that are free.
        free: u64,
        /// Where they were to be restored.
        folder: PathBuf,
    },
    /// The folder for the restored files holds something already.
    #[error("`{}` is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The list of files in the snapshot is not one that stead wrote.
    #[error("line {line} of the snapshot's list of stored files is refused: {reason}")]
    Line {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A file's bytes are not those that were collected.
    #[error("the content of the stored file `{path}` is damaged: {reason}")]
    Content {
        /// The file, relative to the storage.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The list and the manifest disagree.
    #[error("the snapshot's list of stored files does not agree with its manifest: {0}")]
    Totals(String),
    /// A stream of the snapshot could not be written or read.
    #[error("cannot {what} the stored files in the snapshot: {source}")]
    Stream {
        /// `read` or `write`.
        what: &'static str,
        /// What was said.
        source: io::Error,
    },
    /// The file system said no.
    #[error("cannot {what} `{}`: {source}", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StorageError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Leaf { .. } => "storage-leaf",
            Self::Changing { .. } => "storage-changing",
            Self::Refused { .. } => "storage-refused",
            Self::Collision { .. } => "storage-collision",
            Self::Space { .. } => "storage-space",
            Self::NotEmpty(_) => "storage-not-empty",
            Self::Line { .. } | Self::Content { .. } | Self::Totals(_) => "storage-damaged",
            Self::Stream { .. } | Self::Io { .. } => "storage-io",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Leaf { .. } => "leaves are relative paths such as `icons`, none inside another".to_owned(),
            Self::Changing { path } => format!("stop what writes to `{path}`, or keep it outside the leaves"),
            Self::Refused { .. } => "move it out of the leaves, or replace it by a plain file".to_owned(),
            Self::Collision { .. } => "rename one of them where the snapshot was made, and dump again".to_owned(),
            Self::Space { .. } => "free some space, then run the command again".to_owned(),
            Self::NotEmpty(folder) => format!("empty `{}` first", folder.display()),
            Self::Line { .. } | Self::Content { .. } | Self::Totals(_) => {
                "nothing was changed; load another snapshot, or copy this one again".to_owned()
            }
            Self::Stream { source, .. } | Self::Io { source, .. } => return io_hints(source),
        };
        vec![hint]
    }

    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }

    fn writing(source: io::Error) -> Self {
        Self::Stream { what: "write", source }
    }

    fn reading(source: io::Error) -> Self {
        Self::Stream { what: "read", source }
    }
}

/// Checks the leaves and gives them sorted: relative, plain, none twice and none inside another.
///
/// # Errors
///
/// `storage-leaf`, naming the one that cannot be.
pub fn check_leaves(leaves: &[String]) -> Result<Vec<String>, StorageError> {
    let mut sorted = leaves.to_vec();
    sorted.sort_unstable_by(|left, right| left.split('/').cmp(right.split('/')));
    let refuse = |leaf: &String, reason| Err(StorageError::Leaf { leaf: leaf.clone(), reason });
    for leaf in &sorted {
        if leaf.contains('\0') || leaf.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse(leaf, "it is not a plain relative path");
        }
        if leaf.split('/').count() > DEEPEST {
            return refuse(leaf, "it is too deep");
        }
    }
    for pair in sorted.windows(2) {
        if pair[0] == pair[1] || pair[1].starts_with(&format!("{}/", pair[0])) {
            return refuse(&pair[1], "it is listed twice, or inside another leaf");
        }
    }
    Ok(sorted)
}

/// Why a link cannot be kept, if it cannot. Links are kept that stay inside the storage whatever other links lie on the
/// way: relative, with `..` only at the beginning and no more of them than there are folders above the link.
fn link_objection(path: &[u8], target: &[u8]) -> Option<&'static str> {
    let depth = path.split(|byte| *byte == b'/').count() - 1;
    let parts: Vec<&[u8]> = target.split(|byte| *byte == b'/').collect();
    let up = parts.iter().take_while(|part| **part == b"..").count();
    match target {
        b"" => Some("it is a link to nothing"),
        [b'/', ..] => Some("it is a link with an absolute target"),
        _ if target.contains(&0) => Some("it is a link with a NUL in its target"),
        _ if up > depth => Some("it is a link that leads out of the storage"),
        _ if parts[up..].contains(&&b".."[..]) => Some("it is a link whose target goes up after going down"),
        _ => None,
    }
}

/// Bytes in blocks that do not hold only zeros, where `bytes` begins at a multiple of the block size.
fn solid(bytes: &[u8]) -> u64 {
    bytes.chunks(BLOCK).filter(|block| !is_zero(block)).map(|block| block.len() as u64).sum()
}

fn is_zero(block: &[u8]) -> bool {
    static ZEROS: [u8; BLOCK] = [0; BLOCK];
    block == &ZEROS[..block.len()]
}
