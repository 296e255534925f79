//! Removal of big trees without making anybody wait: a tree loses its name at once and is deleted by a thread. What the
//! thread does not reach before the process ends lies in the trash folder until somebody empties it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use crate::durable::{remove_tree, rename_onto_nothing};

/// A folder in which things wait to be deleted. It should be on the file system of the things that are thrown away.
#[derive(Clone, Debug)]
pub struct Trash {
    folder: PathBuf,
}

/// A removal under way.
#[derive(Debug)]
#[must_use = "a removal that nobody waits for may be cut off by the end of the process"]
pub struct Removal {
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Trash {
    /// The trash in a folder, which is made when it is first needed.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Takes a file or a tree away from its place at once and deletes it in the background. Where the trash is on another
    /// file system it is deleted at its place, which takes longer. Nothing there is success.
    ///
    /// # Errors
    ///
    /// Whatever the system says about the rename; errors of the deletion come from [`Removal::wait`].
    pub fn remove(&self, path: &Path) -> io::Result<Removal> {
        if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(Removal { thread: None });
        }
        fs::create_dir_all(&self.folder)?;
        let doomed = match self.take(path) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => path.to_owned(),
            taken => taken?,
        };
        let thread = std::thread::Builder::new().name("stead-trash".to_owned()).spawn(move || remove_tree(&doomed))?;
        Ok(Removal { thread: Some(thread) })
    }

    /// Deletes everything in the trash, and the trash folder.
    ///
    /// # Errors
    ///
    /// Whatever the system says.
    pub fn empty(&self) -> io::Result<()> {
        remove_tree(&self.folder)
    }

    fn take(&self, path: &Path) -> io::Result<PathBuf> {
        for number in 0_u64.. {
            let doomed = self.folder.join(number.to_string());
            match rename_onto_nothing(path, &doomed) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|()| doomed),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Removal {
    /// Waits until everything is deleted.
    ///
    /// # Errors
    ///
    /// Whatever the system says.
    pub fn wait(mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_panic| Err(io::Error::other("the removal did not end well")))
    }
}
