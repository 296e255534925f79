//! `stead init`: from any machine to a working state. Options and the variables of the same names are joined here;
//! the steps are in the library.

use clap::Args;
use serde_json::json;
use stead::error::Result;
use stead::init::{InitOptions, init, question};

use crate::args::Consent;
use crate::invocation::{Invocation, named, switched_on};
use crate::printer::Outcome;
use crate::progress::duration;

/// Bring this machine to a working state: databases, revisions, seed, storage, index
///
/// Databases that are missing are made, pending revisions applied, an empty environment is seeded (or loaded from the
/// snapshot `_init` while that is valid), missing storage leaves made and the search index built unless it is current.
/// Run again, it finds nothing to do. `--clean` starts anew; what was there becomes an undo point. Outside of `development`
/// `--clean` and `--load` ask first, if there is anything to lose.
///
/// The variables INIT_CLEAN, INIT_LOAD, INIT_SKIP_SEED and INIT_SKIP_INDEX stand for the options of the same names;
/// `0`, `false` and empty mean off.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead init                     make what is missing; again: nothing to do\n  stead init \
                        --clean             start anew; `stead undo` takes it back\n  stead init --load demo         \
                        exactly the snapshot `demo`, then upgrade\n  INIT_SKIP_SEED=1 stead init     without example \
                        rows"
)]
pub(crate) struct Init {
    /// Build everything anew, as on an empty machine
    #[arg(long)]
    clean: bool,
    /// Restore exactly that snapshot, then upgrade
    #[arg(long, value_name = "NAME")]
    load: Option<String>,
    /// Do not seed an empty environment, now or later
    #[arg(long)]
    skip_seed: bool,
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

/// What the variables ask for.
pub(crate) fn of_variables() -> InitOptions {
    InitOptions {
        clean: switched_on("INIT_CLEAN"),
        load: named("INIT_LOAD"),
        skip_seed: switched_on("INIT_SKIP_SEED"),
        skip_index: switched_on("INIT_SKIP_INDEX"),
        dry_run: false,
    }
}

impl Init {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let began = std::time::Instant::now();
        let environment = invocation.environment_with(self.consent.consents())?;
        let asked = of_variables();
        let options = InitOptions {
            clean: self.clean || asked.clean,
            load: self.load.or(asked.load),
            skip_seed: self.skip_seed || asked.skip_seed,
            skip_index: self.skip_index || asked.skip_index,
            dry_run: self.dry_run,
        };
        invocation.ask(question(&environment, &options), self.yes).await?;
        let done = init(&environment, &options).await?;
        let took = duration(began.elapsed());
        let project = &environment.project;
        let heading = if self.dry_run {
            format!("`{}` ({}) would be brought to a working state by:", project.name, project.environment)
        } else if done.changed {
            format!("`{}` ({}) is ready after {took}", project.name, project.environment)
        } else {
            format!("`{}` ({}) is ready; there was nothing to do ({took})", project.name, project.environment)
        };
        let lines: String = done.summary.iter().map(|line| format!("\n  {line}")).collect();
        Ok(Outcome::summary(
            json!({ "changed": done.changed, "steps": done.steps, "summary": done.summary }),
            heading + &lines,
        ))
    }
}
