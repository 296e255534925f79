//! SQLite in the conformance suite, with databases in WAL mode: the mode most servers use.
//! What both modes share is in `common`.

mod common;

stead_testkit::conformance!(|| common::play("wal"), |name| common::case("wal", name));
