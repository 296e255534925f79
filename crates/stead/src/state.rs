//! Where an environment keeps what is not the application's: `.stead/<env>/`. Every path below it is named here and
//! nowhere else.

use std::path::{Path, PathBuf};

/// The folder `.stead/<env>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    folder: PathBuf,
}

impl State {
    /// The state kept in that folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The environment's lock file.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// The journal of a swap that is under way; absent at all other times.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal.json")
    }

    /// Undo points, a folder each.
    #[must_use]
    pub fn undo(&self) -> PathBuf {
        self.folder.join("undo")
    }

    /// Things under construction, a folder for each run. Whoever holds the lock may remove them.
    #[must_use]
    pub fn build(&self) -> PathBuf {
        self.folder.join("build")
    }

    /// Present while a seed program runs.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.folder.join("program")
    }

    /// Search indexes of the embedded engine.
    #[must_use]
    pub fn indexes(&self) -> PathBuf {
        self.folder.join("indexes")
    }

    /// Uncompressed copies of snapshots, so that a second load is a file copy.
    #[must_use]
    pub fn kept(&self) -> PathBuf {
        self.folder.join("kept")
    }

    /// What only waits to be deleted.
    #[must_use]
    pub fn trash(&self) -> PathBuf {
        self.folder.join("trash")
    }
}
