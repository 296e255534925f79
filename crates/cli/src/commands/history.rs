//! `stead history`: the revisions, and which of them are applied where. It reads files and ledgers and takes no lock.

use clap::Args;
use serde_json::json;
use stead::error::Result;
use stead::history::{Entry, history};

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// List the revisions in the order they apply, and what each database has of them
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
        let environment = invocation.environment()?;
        let entries = history(&environment, self.app.as_deref(), self.database.as_deref()).await?;
        let text: String = entries.iter().map(line).collect();
        let text = if text.is_empty() { "there is no revision\n".to_owned() } else { text };
        Ok(Outcome::data(json!({ "revisions": entries }), text))
    }
}

fn line(entry: &Entry) -> String {
    let Entry { app, database, revision, name, state, message, .. } = entry;
    format!("{database}  {app}/{name}  {revision}  {state}  {message}\n")
}
