//! `stead snapshots`: what is kept. Only `remove` changes anything, and it asks.

use clap::{Args, Subcommand};
use serde_json::json;
use stead::error::Result;
use stead::snapshots;

use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::{bytes, many};

/// List, show, verify or remove snapshots
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  stead snapshots list\n  stead snapshots verify before\n  stead snapshots remove before --yes"
)]
pub(crate) struct Snapshots {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the snapshots: name, time, size, schema heads, verified or not
    #[command(after_help = "Examples:\n  stead snapshots list")]
    List,
    /// Show one snapshot: its databases, tables with rows, storage, versions
    #[command(after_help = "Examples:\n  stead snapshots show before")]
    Show {
        /// The snapshot
        name: String,
    },
    /// Read snapshots through and compare every checksum
    #[command(after_help = "Examples:\n  stead snapshots verify before")]
    Verify {
        /// The snapshots
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Remove a snapshot
    #[command(after_help = "Examples:\n  stead snapshots remove before --yes")]
    Remove {
        /// The snapshot
        name: String,
        /// Answer the question beforehand
        #[arg(long)]
        yes: bool,
        /// Only print what would be done
        #[arg(long)]
        dry_run: bool,
    },
}

impl Snapshots {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = match self.action {
            Action::Remove { .. } => invocation.environment()?,
            _ => invocation.environment_to_look()?,
        };
        match self.action {
            Action::List => {
                let entries = snapshots::list(&environment)?;
                let text: String = entries.iter().map(line).collect();
                let text = if text.is_empty() { "there is no snapshot\n".to_owned() } else { text };
                Ok(Outcome::data(json!({ "snapshots": entries }), text))
            }
            Action::Show { name } => {
                let manifest = snapshots::show(&environment, &name)?;
                let text = serde_json::to_string_pretty(&manifest).expect("a manifest of plain values");
                Ok(Outcome::data(json!({ "snapshot": manifest }), format!("{text}\n")))
            }
            Action::Verify { names } => {
                let verified = snapshots::verify(&environment, &names)?;
                let line =
                    |verified: &snapshots::Verified| format!("{}: {}, sound\n", verified.name, bytes(verified.bytes));
                let text: String = verified.iter().map(line).collect();
                Ok(Outcome::data(json!({ "verified": verified }), text))
            }
            Action::Remove { name, yes, dry_run } => {
                snapshots::removable(&environment, &name)?;
                if dry_run {
                    return super::dry_run(&environment, vec![format!("remove snapshot {name}")]);
                }
                invocation.printer.confirm(&format!("remove the snapshot `{name}`? it cannot be taken back"), yes)?;
                snapshots::remove(&environment, &name).await?;
                Ok(Outcome::summary(json!({ "removed": name }), format!("removed `{name}`")))
            }
        }
    }
}

fn line(entry: &snapshots::Entry) -> String {
    let name = &entry.name;
    if let Some(problem) = &entry.problem {
        return format!("{name}  broken: {problem}\n");
    }
    let verified =
        entry.verified_at.as_ref().map_or_else(|| "not verified since".to_owned(), |at| format!("verified {at}"));
    format!(
        "{name}  {}  {}  {}  heads {}  {verified}\n",
        entry.created_at,
        bytes(entry.packed_bytes),
        many(entry.rows, "row"),
        entry.heads.join(", "),
    )
}
