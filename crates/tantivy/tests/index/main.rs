//! The embedded search engine as its users see it, on real folders. One program, so that it is linked once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod building;
mod common;
mod damage;
mod searching;
