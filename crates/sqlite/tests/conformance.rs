//! SQLite in the conformance suite, with rollback journals: the mode every new database has.
//! What both modes share is in `common`.

#[macro_use]
mod common;

every_case!("delete");
