//! The crash test: every command that changes something is killed at every failpoint it passes and at random moments, and
//! each time the world must be old or new at once, whole after the next command, and clean after the work is finished.
//!
//! A plain run is a sample that fits into CI; `STEAD_TORTURE=full` (which `cargo xtask torture` sets) kills each command
//! at 40 random moments and tries both ways of going on after each failpoint. `STEAD_TORTURE_SEED` repeats a run.

mod addons;
mod chance;
mod commands;
mod copies;
mod death;
mod engines;
mod files;
mod held;
mod journal;
mod kill;
mod look;
mod scene;
mod served;
mod survivor;
mod tally;
mod trial;

use stead_testkit::skip::full;

/// The binary as it was built.
const BUILT: &str = env!("CARGO_BIN_EXE_stead");

/// The binary under test; the test command may name a copy, which no other build replaces meanwhile.
fn stead() -> std::path::PathBuf {
    stead_testkit::fixture::tested(BUILT)
}
