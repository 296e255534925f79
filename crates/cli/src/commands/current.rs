//! `stead current`: where each database stands. It reads the ledgers and takes no lock.

use clap::Args;
use serde_json::json;
use stead::error::Result;
use stead::history::Current as Standing;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Show the newest applied revision of each app on each database
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead current")]
pub(crate) struct Current {
    /// Only that app
    #[arg(long, value_name = "A")]
    app: Option<String>,
    /// Only that database
    #[arg(long, value_name = "D")]
    database: Option<String>,
}

impl Current {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment()?;
        let standing = stead::history::current(&environment, self.app.as_deref(), self.database.as_deref()).await?;
        let text: String = standing.iter().map(line).collect();
        Ok(Outcome::data(json!({ "current": standing }), text))
    }
}

fn line(standing: &Standing) -> String {
    let at = if standing.revisions.is_empty() { "base".to_owned() } else { standing.revisions.join(", ") };
    let head = if standing.pending == 0 && standing.unfinished.is_empty() { " (head)" } else { "" };
    let unfinished: String = standing.unfinished.iter().map(|id| format!(", {id} is not finished")).collect();
    format!("{}  {}: {at}{head}{unfinished}\n", standing.database, standing.app)
}
