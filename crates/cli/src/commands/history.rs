//! `stead history`: the revisions, and which of them are applied where. It reads files and ledgers and takes no lock.

use clap::Args;
use serde_json::json;
use stead::error::{Kind, Result};
use stead::history::{Entry, UNKNOWN, history};

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// List the revisions in the order they apply, and what each database has of them
///
/// Of a database whose local server is not up nobody knows; its revisions are listed all the same, with exit 7.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead history\n  stead history --app catalog --json")]
pub(crate) struct History {
    /// Only that app
    #[arg(long, value_name = "A")]
    app: Option<String>,
    /// Only that database
    #[arg(long, value_name = "D")]
    database: Option<String>,
}

impl History {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_to_look()?;
        let entries = history(&environment, self.app.as_deref(), self.database.as_deref()).await?;
        let text: String = entries.iter().map(line).collect();
        let text = if text.is_empty() { "there is no revision\n".to_owned() } else { text };
        let stopped = entries.iter().any(|entry| entry.state == UNKNOWN).then_some(Kind::Unreachable);
        Ok(Outcome::data(json!({ "revisions": entries }), text).with_kind(stopped))
    }
}

fn line(entry: &Entry) -> String {
    let Entry { app, database, revision, name, state, message, .. } = entry;
    format!("{database}  {app}/{name}  {revision}  {state}  {message}\n")
}
