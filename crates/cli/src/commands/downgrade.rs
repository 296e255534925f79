//! `stead downgrade`: take revisions back. The plan is shown in the question, because what a revision made is lost
//! with it.

use clap::Args;
use serde_json::json;
use stead::counted::counted;
use stead::downgrade::{DowngradeOptions, downgrade, plan};
use stead::error::Result;

use crate::args::Consent;
use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Run the down sections of one app back to a target
///
/// The target is the revision to stop at: an id, number or file name, `-1`, or `base`. Down scripts are kept in the
/// database too, so that revisions whose files are gone can be taken back.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead downgrade -1 --app catalog\n  stead downgrade base --app reviews")]
pub(crate) struct Downgrade {
    /// The revision to go back to
    #[arg(value_name = "TARGET", allow_hyphen_values = true)]
    target: String,
    /// The app [default: the only one]
    #[arg(long, value_name = "A")]
    app: Option<String>,
    /// The database [default: each one the app is on]
    #[arg(long, value_name = "D")]
    database: Option<String>,
    /// Answer the question beforehand
    #[arg(long)]
    yes: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Downgrade {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_with(self.consent.consents())?;
        let options = DowngradeOptions { target: self.target, app: self.app, database: self.database };
        let steps = plan(&environment, &options).await?;
        if self.dry_run {
            return super::dry_run(&environment, steps.iter().map(ToString::to_string).collect());
        }
        if steps.is_empty() {
            return Ok(Outcome::summary(json!({ "taken_back": [] }), "nothing to take back"));
        }
        let list: Vec<String> = steps.iter().map(ToString::to_string).collect();
        let question = format!("{}? what they hold is lost", list.join(", "));
        invocation.printer.confirm(&question, self.yes)?;
        let steps = downgrade(&environment, &options).await?;
        let text = format!("took back {}", counted(steps.len(), "revision"));
        Ok(Outcome::summary(json!({ "taken_back": steps }), text))
    }
}
