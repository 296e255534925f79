//! Copying whole databases: out of a consistent view into streams of bytes, back from such streams into a database built
//! beside the live one, and the swap of the two. The bytes are the engine's own format; what keeps them (a folder of
//! compressed chunks, a pipe) is behind [`Sink`] and [`Source`].

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stead_schema::Schema;

use crate::{EngineError, Place, Session};

/// What holds between the databases and tables of one dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guarantee {
    /// All databases are seen at one moment.
    OneView,
    /// Each database is seen at one moment of its own.
    OneViewEach,
}

/// The stream of an engine whose databases are single files: the file itself.
pub const PAGES: &str = "pages";

/// How far a copy has come: bytes done and, where it is known, bytes in all.
pub type Advance = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// Takes the streams of a dump. Streams are independent, so an engine may write several at once.
pub trait Sink: Send + Sync {
    /// Opens a stream, for example `pages` or `table/addons`. Names are unique within one database.
    ///
    /// # Errors
    ///
    /// Whatever stops the place that keeps the bytes, a full disk above all.
    fn stream(&self, name: &str) -> std::io::Result<Box<dyn SinkStream>>;
}

/// One stream of a dump. A stream that is dropped without [`SinkStream::finish`] makes the dump fail.
pub trait SinkStream: Write + Send {
    /// Says that all bytes were written.
    ///
    /// # Errors
    ///
    /// Whatever stops the place that keeps the bytes.
    fn finish(self: Box<Self>) -> std::io::Result<()>;
}

/// Gives the streams of a snapshot back.
pub trait Source: Send + Sync {
    /// The names of the streams with their lengths in bytes.
    fn streams(&self) -> Vec<(String, u64)>;

    /// Opens a stream. Reading fails with `InvalidData` where the bytes are not those that were written.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such stream.
    fn open(&self, name: &str) -> std::io::Result<Box<dyn Read + Send>>;

    /// What the database looked like when it was dumped. An engine whose streams hold rows alone builds it from this.
    fn schema(&self) -> Option<&Schema>;

    /// Puts the stream's bytes at `to`, an empty file of the caller's, out of a copy that was kept from an earlier load;
    /// false if there is none that can be trusted, and then the file is as it was. What lies at the path afterwards may be
    /// another file of the same owner and mode, and until the load is over it is read at most.
    ///
    /// # Errors
    ///
    /// Whatever stops the writing.
    fn put_kept(&self, name: &str, to: &Path) -> std::io::Result<bool>;

    /// Is told that a file holds exactly the bytes of the stream now, so that a copy of it can be begun. Until the load is
    /// over the file is read at most.
    fn filled(&self, name: &str, file: &Path) {
        let _nobody_copies = (name, file);
    }
}

/// A consistent view of databases, held open while they are dumped.
#[async_trait]
pub trait View: Send {
    /// What holds between the databases of the view.
    fn guarantee(&self) -> Guarantee;

    /// A session that reads inside the view.
    fn session(&mut self, place: &Place) -> Result<&mut dyn Session, EngineError>;

    /// Writes one database into the sink, its rows only as far as the engine's format separates them from the schema.
    async fn dump(&mut self, place: &Place, sink: Arc<dyn Sink>, advance: Advance) -> Result<(), EngineError>;

    /// Gives the view up.
    async fn close(self: Box<Self>) -> Result<(), EngineError>;
}

/// One database's part of a swap, complete enough to be carried on by another process after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The database everybody knows.
    pub live: Place,
    /// The complete and proved one that takes its name; `None` if afterwards there shall be no database.
    pub built: Option<Place>,
    /// Where the old one is kept; `None` if there was no database before.
    pub kept: Option<Place>,
    /// The mark that stands in the built database's marker row and nowhere else: it tells a later process whether
    /// the swap has happened, even if the built one is gone.
    pub token: String,
}

/// Dump, load and swap of whole databases.
#[async_trait]
pub trait Bulk: Send + Sync {
    /// The place where a replacement of the live database is built. Same file system, same server, name not in use by people.
    fn beside(&self, live: &Place, token: &str) -> Place;

    /// The place where the live database is kept when it is replaced: in `folder` where the engine's databases are files
    /// on the same file system, else under a name of the engine's choice.
    fn keeping(&self, live: &Place, folder: &Path, token: &str) -> Place;

    /// Places beside the live database that an interrupted run may have left; whoever holds the lock may remove them,
    /// except those that a journal or an undo point names.
    async fn leftovers(&self, live: &Place) -> Result<Vec<Place>, EngineError>;

    /// Opens one consistent view of the databases.
    async fn view(&self, places: &[Place]) -> Result<Box<dyn View>, EngineError>;

    /// Fills a database that does not exist yet from a snapshot. Nothing else may use the place meanwhile.
    async fn load(&self, place: &Place, source: Arc<dyn Source>, advance: Advance) -> Result<(), EngineError>;

    /// Copies the live database as it stands to a new place, by the fastest way that is safe.
    async fn copy(&self, from: &Place, to: &Place) -> Result<(), EngineError>;

    /// Whether the swap can go through now; `conflict`, naming who is in the way, if it cannot. Changes nothing.
    async fn ready(&self, swap: &Swap) -> Result<(), EngineError>;

    /// What of the live database goes with the swap, because nobody can make it again in the kept one: a sentence each, with what
    /// one needs to know to do it by hand. Changes nothing.
    async fn lost(&self, _swap: &Swap) -> Result<Vec<String>, EngineError> {
        Ok(Vec::new())
    }

    /// Puts the built database in place of the live one and keeps the old one. One atomic step for the live database;
    /// calling it again after a crash at any moment completes it, and once it is complete it does nothing.
    async fn swap(&self, swap: &Swap) -> Result<(), EngineError>;

    /// True if a swap that failed has left the live database exactly as it was, so that it can be given up instead of being
    /// completed. False where that is not known.
    async fn untouched(&self, _swap: &Swap) -> Result<bool, EngineError> {
        Ok(false)
    }
}
