//! `stead reset`: an empty environment. It asks in every environment, because nothing is left to look at afterwards.

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::args::Consent;
use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Empty every database and every storage leaf, and drop the indexes
///
/// Nothing is upgraded or seeded afterwards; `stead init` does that. What was there becomes an undo point. Asks first,
/// always; a protected environment refuses.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead reset --yes && stead init\n  stead undo                     take the reset back"
)]
pub(crate) struct Reset {
    /// Answer the question beforehand
    #[arg(long)]
    yes: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Reset {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_with(self.consent.consents())?;
        stead::reset::allowed(&environment)?;
        if self.dry_run {
            let steps = stead::reset::plan(&environment);
            return super::dry_run(&environment, steps);
        }
        let names: Vec<&str> = environment.databases.iter().map(|database| database.name.as_str()).collect();
        let project = &environment.project;
        let (name, place) = (&project.name, &project.environment);
        let question = format!("empty {} of `{name}` ({place}), its storage and its indexes?", names.join(", "));
        invocation.printer.confirm(&question, self.yes)?;
        stead::reset::reset(&environment).await?;
        let keeps = if environment.consents.no_undo { "" } else { "; `stead undo` takes it back" };
        Ok(Outcome::summary(json!({ "emptied": names }), format!("emptied{keeps}, `stead init` fills it anew")))
    }
}
