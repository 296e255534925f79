//! Which files a snapshot holds, as a set to ask. It is what rows are held against: a row that names a file which was
//! deleted between the dump of the rows and the walk over the files must not go unnoticed.

use std::collections::HashSet;

use stead_engine::snapshot::Source;

use super::entry::{Kind, Lines};
use super::{INDEX, StorageError};

/// Missing names beyond this many are counted and not listed.
const LISTED: usize = 100;

/// The paths of files and links in a snapshot, 16 bytes of BLAKE3 each.
#[derive(Clone, Debug, Default)]
pub struct Names {
    hashes: HashSet<[u8; 16]>,
}

/// Names that rows mention and the snapshot does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// How many there are; the same name twice counts twice.
    pub count: u64,
    /// The first hundred of them.
    pub names: Vec<String>,
}

impl Names {
    /// Reads the names back from the storage of a snapshot.
    ///
    /// # Errors
    ///
    /// If the list of files is damaged.
    pub fn read(source: &dyn Source) -> Result<Self, StorageError> {
        let mut names = Self::default();
        for line in Lines::new(source.open(INDEX).map_err(StorageError::reading)?) {
            let (_number, entry) = line?;
            if entry.kind != Kind::Folder {
                names.insert(&entry.path);
            }
        }
        Ok(names)
    }

    /// True if the snapshot holds a file, or a link, of exactly this path relative to the storage.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.hashes.contains(&hash(path.as_bytes()))
    }

    /// Those of the paths that the snapshot does not hold.
    pub fn missing(&self, paths: impl IntoIterator<Item = String>) -> Missing {
        let mut missing = Missing::default();
        for path in paths.into_iter().filter(|path| !self.contains(path)) {
            missing.count += 1;
            if missing.names.len() < LISTED {
                missing.names.push(path);
            }
        }
        missing
    }

    pub(super) fn insert(&mut self, path: &[u8]) {
        self.hashes.insert(hash(path));
    }
}

/// A hash that nobody can aim at, short enough to hold a million of them.
pub(super) fn hash(bytes: &[u8]) -> [u8; 16] {
    let hash = blake3::hash(bytes);
    hash.as_bytes()[..16].try_into().expect("sixteen of 32 bytes were cut")
}
