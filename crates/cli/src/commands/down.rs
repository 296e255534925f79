//! `stead down`: stop local servers. A project without local servers has nothing to stop, and is told so.

use clap::Args;
use serde_json::json;
use stead::down::{DownServer, down, steps};
use stead::environment::Consents;
use stead::error::Result;

use crate::invocation::{Invocation, variables};
use crate::printer::Outcome;

/// Stop the local servers of this project; their volumes stay
///
/// A server is stopped by the record of its process and never by name. A project whose databases are SQLite files and whose
/// indexes are embedded has none: there is nothing to stop.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead down")]
pub(crate) struct Down {
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Down {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        if self.dry_run {
            let steps = steps(&project)?;
            let text: String = steps.iter().map(|step| format!("would {step}\n")).collect();
            let text = if steps.is_empty() { "there is nothing to do\n".to_owned() } else { text };
            return Ok(Outcome::data(json!({ "dry_run": true, "steps": steps }), text));
        }
        let servers = down(&project, &invocation.caller(Consents::default()), &variables()).await?;
        if servers.is_empty() {
            let text = "no local server is declared; there is nothing to stop";
            return Ok(Outcome::summary(json!({ "servers": [], "changed": false }), text));
        }
        let changed = servers.iter().any(|server| server.pid.is_some());
        let text = servers.iter().map(line).collect::<Vec<_>>().join("\n");
        Ok(Outcome::summary(json!({ "servers": servers, "changed": changed }), text))
    }
}

fn line(server: &DownServer) -> String {
    let took = server.seconds.map(|seconds| format!(" in {seconds:.1} s")).unwrap_or_default();
    let what = match server.state {
        "stopped" => format!("stopped{took}"),
        "stopped-immediately" => format!("stopped{took}, without ending its sessions; it recovers at its next start"),
        "killed" => format!("did not stop and was killed{took}; it recovers at its next start"),
        "cut-off" => "had ended by itself; it recovers at its next start".to_owned(),
        _ => "was not running".to_owned(),
    };
    format!("{}: {what}", server.name)
}
