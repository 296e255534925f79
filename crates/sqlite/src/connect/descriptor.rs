//! Descriptors of database files that are not SQLite's own. POSIX drops every lock that a process holds on a file as soon
//! as the process closes *any* descriptor of that file, SQLite's locks included, so a plain `File` on a database that a
//! session has open would silently unlock it. Here one descriptor per file is shared, and it is closed only once no
//! connection of this process has the file open. See <https://sqlite.org/howtocorrupt.html>, section 2.2.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(test)]
mod tests;

/// A file's identity: device and inode.
pub(crate) type Identity = (u64, u64);

#[derive(Default)]
struct Known {
    connections: usize,
    descriptors: usize,
    files: Vec<Arc<File>>,
}

static KNOWN: Mutex<BTreeMap<Identity, Known>> = Mutex::new(BTreeMap::new());

fn known() -> MutexGuard<'static, BTreeMap<Identity, Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The identity of a file.
pub(crate) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// How many connections of this process have the file open.
pub(crate) fn connections(identity: Identity) -> usize {
    known().get(&identity).map_or(0, |known| known.connections)
}

/// Says that a connection of this process has a file open, for as long as the value lives. Take it before the connection
/// is opened and let it go after the connection is closed.
pub(crate) struct Registration(Identity);

impl Registration {
    /// Registers a connection to the file.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let identity = identity(&std::fs::metadata(path)?);
        known().entry(identity).or_default().connections += 1;
        Ok(Self(identity))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut known = known();
        if let Some(entry) = known.get_mut(&self.0) {
            entry.connections -= 1;
        }
        release(&mut known, self.0);
    }
}

/// A descriptor for reading a database file. Use positioned reads: others may share it.
pub(crate) struct Descriptor {
    /// Empty only while the value is dropped.
    file: Option<Arc<File>>,
    identity: Identity,
}

impl Descriptor {
    /// Opens the file for reading, or shares the descriptor that is already open.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut known = known();
        let expected = identity(&std::fs::metadata(path)?);
        if let Some(entry) = known.get_mut(&expected)
            && let Some(file) = entry.files.first()
        {
            entry.descriptors += 1;
            return Ok(Self { file: Some(Arc::clone(file)), identity: expected });
        }
        let file = Arc::new(File::open(path)?);
        // The path may have been given to another file between the two calls; the open file's own identity counts.
        let identity = identity(&file.metadata()?);
        let entry = known.entry(identity).or_default();
        entry.files.push(Arc::clone(&file));
        entry.descriptors += 1;
        Ok(Self { file: Some(file), identity })
    }
}

impl Deref for Descriptor {
    type Target = File;

    fn deref(&self) -> &File {
        self.file.as_deref().expect("the file is taken only by drop")
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        let mut known = known();
        if let Some(entry) = known.get_mut(&self.identity) {
            entry.descriptors -= 1;
        }
        // Before the table is unlocked, so that no connection can be opened between here and the closing.
        drop(self.file.take());
        release(&mut known, self.identity);
    }
}

/// Forgets a file that nobody uses any more, which closes its descriptors.
fn release(known: &mut BTreeMap<Identity, Known>, identity: Identity) {
    if known.get(&identity).is_some_and(|entry| entry.connections == 0 && entry.descriptors == 0) {
        known.remove(&identity);
    }
}
