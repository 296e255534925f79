//! `stead volume`: what keeps the data of local servers. Only `remove` changes anything, and it asks everywhere.

use clap::{Args, Subcommand};
use serde_json::json;
use stead::environment::Consents;
use stead::error::Result;
use stead::project::Project;
use stead::volume::{self, Entry};

use crate::invocation::{Invocation, variables};
use crate::printer::Outcome;
use crate::progress::bytes;

/// List or remove the volumes of local servers, or print where one is
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  stead volume list\n  stead volume path main\n  stead volume remove main"
)]
pub(crate) struct Volume {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the volumes: name, server, state, port, size
    #[command(after_help = "Examples:\n  stead volume list")]
    List,
    /// Print the folder of a volume
    #[command(after_help = "Examples:\n  du -sh \"$(stead volume path main)\"")]
    Path {
        /// The volume
        name: String,
    },
    /// Remove a volume with all databases in it
    ///
    /// Refused while its server runs, and for a volume outside of the project.
    #[command(after_help = "Examples:\n  stead down && stead volume remove main --yes")]
    Remove {
        /// The volume
        name: String,
        /// Answer the question beforehand
        #[arg(long)]
        yes: bool,
        /// Only print what would be done
        #[arg(long)]
        dry_run: bool,
    },
}

impl Volume {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        match self.action {
            Action::List => {
                let entries = volume::list(&project)?;
                let text: String = entries.iter().map(|entry| line(&project, entry)).collect();
                let text = if text.is_empty() { "there is no volume\n".to_owned() } else { text };
                Ok(Outcome::data(json!({ "volumes": entries }), text))
            }
            Action::Path { name } => {
                let path = volume::find(&project, &name)?.path;
                Ok(Outcome::data(json!({ "name": name, "path": path }), format!("{}\n", path.display())))
            }
            Action::Remove { name, yes, dry_run } => {
                let entry = volume::find_removable(&project, &name)?;
                volume::refuse_removal(&project, &entry, &variables())?;
                if dry_run {
                    let step = format!("remove volume {name} ({})", bytes(entry.bytes));
                    let text = format!("would {step}\n");
                    return Ok(Outcome::data(json!({ "dry_run": true, "steps": [step] }), text));
                }
                let size = bytes(entry.bytes);
                let question =
                    format!("remove the volume `{name}` with all its databases ({size})? it cannot be taken back");
                invocation.printer.confirm(&question, yes)?;
                volume::remove(&project, &invocation.caller(Consents::default()), &name, &variables()).await?;
                Ok(Outcome::summary(json!({ "removed": name }), format!("removed `{name}`")))
            }
        }
    }
}

fn line(project: &Project, entry: &Entry) -> String {
    let mut parts = vec![entry.state.to_owned()];
    if let (Some(kind), Some(version)) = (&entry.kind, &entry.version) {
        parts.push(format!("{kind} {version}"));
    }
    parts.extend(entry.port.map(|port| format!("port {port}")));
    parts.extend(entry.pid.map(|pid| format!("process {pid}")));
    parts.push(bytes(entry.bytes));
    parts.push(volume::shown(project, &entry.path).to_string());
    parts.push(
        entry.server.as_ref().map_or_else(|| "no server uses it".to_owned(), |server| format!("server {server}")),
    );
    parts.extend(entry.problem.clone());
    format!("{}  {}\n", entry.name, parts.join(", "))
}
