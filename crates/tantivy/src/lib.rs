//! The embedded search engine: indexes of tantivy in folders of the environment, behind the port of `stead-engine`.
//! Every index is built under an id of its own beside the one that answers, and a pointer file that is replaced in one
//! step names the one that answers; `docs/format/index.md` describes the files.
//!
//! All work with tantivy and with files happens on threads that this crate owns, so an async runtime is never blocked.

mod backlog;
mod build;
mod convert;
mod engine;
mod error;
mod finished;
mod folder;
mod highlight;
mod layout;
mod query;
mod reader;
mod stored;
mod words;
mod worker;

pub use engine::TantivyEngine;
pub use folder::FORMAT;
