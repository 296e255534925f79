//! `stead up`: start local servers, then bring the machine to a working state. A project without local servers goes
//! straight on to the second part.

use clap::Args;
use serde_json::json;
use stead::compose::compose;
use stead::environment::{Consents, Environment};
use stead::error::Result;
use stead::init::{init, question};
use stead::up::{UpServer, steps, up};

use super::init::of_variables;
use crate::invocation::{Invocation, variables};
use crate::printer::Outcome;

/// Start the local servers of this project, then go on with `init`
///
/// Each `[servers.NAME]` gets a volume that outlives it and a port of this machine alone, and keeps both. The servers go on
/// when the terminal is closed; `stead down` stops them. What runs already is left alone.
///
/// A project whose databases are SQLite files and whose indexes are embedded has none to start; `init` follows at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead up\n  stead up --no-init\n  stead up --print-compose > compose.yaml   the same \
                        servers for Docker"
)]
pub(crate) struct Up {
    /// Only start the servers
    #[arg(long)]
    no_init: bool,
    /// Print a Compose file with the same servers, and start nothing
    #[arg(long, conflicts_with_all = ["no_init", "dry_run"])]
    print_compose: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Up {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        if self.print_compose {
            let text = compose(&project)?;
            return Ok(Outcome::data(json!({ "compose": text }), text));
        }
        if self.dry_run {
            let mut steps = steps(&project)?;
            steps.extend((!self.no_init).then(|| "go on with `stead init`".to_owned()));
            let text: String = steps.iter().map(|step| format!("would {step}\n")).collect();
            let text = if steps.is_empty() { "there is nothing to do\n".to_owned() } else { text };
            return Ok(Outcome::data(json!({ "dry_run": true, "steps": steps }), text));
        }
        let caller = invocation.caller(Consents::default());
        let servers = up(&project, &caller, &variables()).await?;
        let mut text = if servers.is_empty() {
            "no local server is declared; there is nothing to start".to_owned()
        } else {
            servers.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        let started = servers.iter().any(|server| server.state != "running");
        let mut document = json!({ "servers": servers, "changed": started });
        if !self.no_init {
            // Only now the ports are known, so only now the databases have addresses.
            let environment = Environment::open(project, caller)?;
            let options = of_variables();
            invocation.ask(question(&environment, &options), false).await?;
            let done = init(&environment, &options).await?;
            let lines: String = done.summary.iter().map(|line| format!("\n  {line}")).collect();
            text = format!("{text}\n`{}` is ready{lines}", environment.project.name);
            document["changed"] = json!(started || done.changed);
            document["steps"] = json!(done.steps);
        }
        Ok(Outcome::summary(document, text))
    }
}

fn line(server: &UpServer) -> String {
    let state = match server.state {
        "initialised" => "started with a new volume",
        "running" => "running already",
        state => state,
    };
    format!("{}: {} {}, {state}, {}", server.name, server.kind, server.version, server.url)
}
