//! `stead stamp`: say where a database stands without running anything. What would be recorded can be seen beforehand
//! with `--dry-run`.

use clap::Args;
use serde_json::json;
use stead::error::Result;
use stead::stamp::{StampOptions, stamp};

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Record that one app stands at a target, without running anything
///
/// For a database whose schema is already right, or whose ledger names a revision that no file knows.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead stamp head --app catalog\n  stead stamp base --app catalog")]
pub(crate) struct Stamp {
    /// The revision
    #[arg(value_name = "TARGET", allow_hyphen_values = true)]
    target: String,
    /// The app [default: the only one]
    #[arg(long, value_name = "A")]
    app: Option<String>,
    /// The database [default: each one the app is on]
    #[arg(long, value_name = "D")]
    database: Option<String>,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Stamp {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment()?;
        let options = StampOptions { target: self.target, app: self.app, database: self.database };
        if self.dry_run {
            let steps = stead::stamp::plan(&environment, &options).await?;
            return super::dry_run(&environment, steps);
        }
        let steps = stamp(&environment, &options).await?;
        Ok(Outcome::summary(
            json!({ "stamped": steps }),
            if steps.is_empty() { "nothing to record".to_owned() } else { steps.join("\n") },
        ))
    }
}
