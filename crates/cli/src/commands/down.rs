//! `stead down`: stop local servers. A project without local servers has nothing to stop, and is told so.

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Stop the local servers of this project; their volumes stay
///
/// A project whose databases are SQLite files and whose indexes are embedded has none: there is nothing to stop.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead down")]
pub(crate) struct Down {}

impl Down {
    pub(crate) fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        super::up::refuse_servers(&project)?;
        Ok(Outcome::summary(json!({ "stopped": [] }), "no local server is declared; there is nothing to stop"))
    }
}
