//! `stead heads`: the newest revisions. It needs the files only, and no database.

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// List the revisions that no other one builds on; needs no database
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead heads")]
pub(crate) struct Heads {
    /// Only that app
    #[arg(long, value_name = "A")]
    app: Option<String>,
}

impl Heads {
    pub(crate) fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        let heads = stead::history::heads(&project, self.app.as_deref())?;
        let line =
            |head: &stead::history::Head| format!("{}/{}  {}  {}\n", head.app, head.name, head.revision, head.message);
        let text: String = heads.iter().map(line).collect();
        Ok(Outcome::data(json!({ "heads": heads }), text))
    }
}
