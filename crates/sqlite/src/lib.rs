//! SQLite behind the ports. The server is the file system, a database is a file, and each session owns a thread that
//! holds its connection; files are never replaced under a process that has them open, and never read through a
//! descriptor whose closing would drop a lock.

mod admin;
mod apply;
mod bulk;
pub mod connect;
mod error;
mod inspect;
mod lock;

pub use connect::{FileSystemProbe, ProcessProbe, SqliteServer};
