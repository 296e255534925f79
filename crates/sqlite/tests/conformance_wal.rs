//! SQLite in the conformance suite, with databases in WAL mode: the mode most servers use.
//! What both modes share is in `common`.

#[macro_use]
mod common;

every_case!("wal");
