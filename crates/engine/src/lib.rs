//! The ports: what stead asks of a SQL engine, of a search engine and of whoever watches its progress. The traits are
//! object-safe and async, errors carry a class to branch on, and what an engine can do is data; adapters live in
//! crates of their own and are named in one place only.

pub mod capability;
pub mod error;
pub mod failpoint;
pub mod file_lock;
pub mod lock;
pub mod report;
pub mod search;
pub mod server;
pub mod session;
pub mod snapshot;
pub mod value;

pub use capability::Capabilities;
pub use error::{EngineError, ErrorClass, certificate_hint, io_hints};
pub use failpoint::failpoint;
pub use lock::{Holder, Lock, LockRequest};
pub use report::{Event, Reporter, Silent};
pub use search::SearchEngine;
pub use server::{Access, Place, Server};
pub use session::{Session, TransactionKind};
pub use snapshot::Bulk;
pub use value::{Row, Value};
