//! `stead up`: start local servers, then bring the machine to a working state. A project without local servers goes
//! straight on to the second part.

use clap::Args;
use serde_json::json;
use stead::error::{Error, Result};
use stead::init::{InitOptions, init};
use stead::project::Project;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Start the local servers of this project, then go on with `init`
///
/// A project whose databases are SQLite files and whose indexes are embedded has none to start; `init` follows at once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead up\n  stead up --no-init")]
pub(crate) struct Up {
    /// Only start the servers
    #[arg(long)]
    no_init: bool,
}

impl Up {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment()?;
        refuse_servers(&environment.project)?;
        if self.no_init {
            let text = "no local server is declared; there is nothing to start";
            return Ok(Outcome::summary(json!({ "started": [] }), text));
        }
        let done = init(&environment, &InitOptions::default()).await?;
        let lines: String = done.summary.iter().map(|line| format!("\n  {line}")).collect();
        let document = json!({ "started": [], "changed": done.changed, "steps": done.steps });
        Ok(Outcome::summary(
            document,
            format!("no local server is declared; `{}` is ready{lines}", environment.project.name),
        ))
    }
}

/// Local servers are not built into this version; a project that declares some is told so by name.
pub(crate) fn refuse_servers(project: &Project) -> Result<()> {
    let Some(name) = project.servers.keys().next() else { return Ok(()) };
    let message = format!("the local server `{name}` cannot be started: this version of stead starts no servers");
    Err(Error::failed("unsupported", message).hint("start it by other means and give its databases a `url`"))
}
