//! `stead upgrade`: apply revisions. The steps of a dry run and of a real one come from the same plan.

use clap::Args;
use serde_json::json;
use stead::counted::counted;
use stead::error::Result;
use stead::upgrade::{UpgradeOptions, plan, upgrade};

use crate::args::Consent;
use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Apply the revisions that are pending, up to a target
///
/// Every app on every database, apps in the order of `depends`, one transaction for each revision. A target is a
/// revision by id, unique prefix, number or file name, `head`, or `+1`; it needs one app. On PostgreSQL a
/// revision that needs a lock which applications hold lets others through and is tried again, for `--lock-timeout`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead upgrade\n  stead upgrade +1 --app catalog\n  stead upgrade --database usage"
)]
pub(crate) struct Upgrade {
    /// The revision to go to [default: head]
    #[arg(value_name = "TARGET", allow_hyphen_values = true)]
    target: Option<String>,
    /// Only that app, and what it depends on
    #[arg(long, value_name = "A")]
    app: Option<String>,
    /// Only that database
    #[arg(long, value_name = "D", conflicts_with = "all")]
    database: Option<String>,
    /// All databases (this is the default)
    #[arg(long)]
    all: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Upgrade {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_with(self.consent.consents())?;
        let options = UpgradeOptions { target: self.target, app: self.app, database: self.database };
        if self.dry_run {
            let steps = plan(&environment, &options).await?;
            return super::dry_run(&environment, steps.iter().map(ToString::to_string).collect());
        }
        let steps = upgrade(&environment, &options).await?;
        let text = match steps.len() {
            0 => "at head; nothing was pending".to_owned(),
            count => format!("applied {}", counted(count, "revision")),
        };
        Ok(Outcome::summary(json!({ "applied": steps }), text))
    }
}
