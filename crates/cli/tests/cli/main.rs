//! The command as people run it: every test starts the real binary in a folder of its own. One file for each part of the
//! interface; the acceptance rows are named in the tests.

mod index;
mod init;
mod output;
mod revisions;
mod safety;
mod snapshots;
mod together;

use stead_testkit::fixture::Fixture;

const STEAD: &str = env!("CARGO_BIN_EXE_stead");

/// The small project, nothing initialised yet.
fn project() -> Fixture {
    Fixture::new(STEAD)
}

/// The small project after `init`.
fn ready() -> Fixture {
    Fixture::ready(STEAD)
}

/// An empty folder.
fn empty() -> Fixture {
    Fixture::empty(STEAD)
}
