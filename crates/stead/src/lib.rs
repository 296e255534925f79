//! The library of stead: one module for each use case, each readable as the use case goes. It never prints and never asks
//! what surrounds the process; whoever calls it hands over an opened environment and a reporter.

mod address;
pub mod check;
pub mod child;
pub mod clock;
pub mod compose;
pub mod counted;
pub mod database;
pub mod down;
pub mod downgrade;
pub mod dump;
pub mod engines;
pub mod environment;
pub mod error;
mod files;
pub mod history;
pub mod init;
pub mod journal;
pub mod ledger;
pub mod load;
pub mod marker;
mod models;
pub mod new;
mod patience;
pub mod project;
pub mod reindex;
pub mod replacement;
pub mod reset;
pub mod revision;
pub mod revisions;
pub mod schema;
pub mod search;
pub mod seed;
pub mod shelf;
pub mod snapshots;
pub mod stamp;
pub mod state;
pub mod status;
mod stopped;
pub mod storage;
pub mod undo;
pub mod up;
pub mod upgrade;
pub mod volume;
pub mod wait;

pub use stead_engine as engine;
pub use stead_sql as sql;

/// The version of this library, recorded in ledgers and snapshots.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
