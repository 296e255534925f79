//! The snapshot archive: a folder of compressed, hashed streams under a manifest that is written last, the shelf such
//! folders stand on, and the application's stored files beside the rows. Nothing here knows an engine, prints, or reads
//! a clock; it is synchronous, and callers run it on threads of their own. The format is written down in
//! `docs/format/snapshot.md`.

mod draft;
mod durable;
mod error;
mod frame;
mod kept;
mod layout;
mod manifest;
mod name;
mod pack;
mod read;
mod shelf;
mod snapshot;
pub mod storage;
pub mod stream;
mod trash;
mod verify;

pub use draft::Draft;
pub use durable::{copy_file, remove_tree};
pub use error::SnapshotError;
pub use kept::Kept;
pub use layout::Part;
pub use manifest::{AppHeads, DatabaseRecord, FORMAT, Manifest, StorageRecord, StreamRecord, TableRecord};
pub use name::{BadName, SnapshotName, default_name};
pub use shelf::{Entry, Shelf, State};
pub use snapshot::Snapshot;
pub use trash::{Removal, Trash};
