//! `stead seed`: build the databases anew and fill them. In `development` it does not ask, because `undo` takes it
//! back.

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::args::Consent;
use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Build the databases anew, run the seed steps, and keep the result as the snapshot `_init`
///
/// Everything is built beside what is there: new databases are upgraded and filled, dumped as `_init`, and `_init` is
/// loaded once to prove that it restores. Only then do they take the place of the old ones, which become an undo point.
/// Outside of `development` it asks first, if there is anything to lose.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead seed\n  stead seed && stead undo        look, and go back")]
pub(crate) struct Seed {
    /// Leave the search index as it is
    #[arg(long)]
    skip_index: bool,
    /// Answer the question beforehand
    #[arg(long)]
    yes: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Seed {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_with(self.consent.consents())?;
        if self.dry_run {
            let steps = stead::seed::plan(&environment)?;
            return super::dry_run(&environment, steps);
        }
        invocation.ask(stead::seed::question(&environment), self.yes).await?;
        let seeded = stead::seed::seed(&environment, self.skip_index).await?;
        let text = format!("seeded; {}, kept as the snapshot `_init`", crate::progress::many(seeded.rows, "row"));
        Ok(Outcome::summary(json!({ "seeded": seeded }), text))
    }
}
