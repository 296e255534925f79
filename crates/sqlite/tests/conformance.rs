//! SQLite in the conformance suite, with rollback journals: the mode every new database has.
//! What both modes share is in `common`.

mod common;

stead_testkit::conformance!(|| common::play("delete"), |name| common::case("delete", name));
