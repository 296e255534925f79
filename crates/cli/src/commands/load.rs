//! `stead load`: bring a snapshot back. In `development` it does not ask, because `undo` takes it back.

use clap::Args;
use serde_json::json;
use stead::error::Result;
use stead::load::{LoadOptions, load, question};

use crate::args::Consent;
use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::many;

/// Bring back the rows and files of a snapshot, then upgrade
///
/// The snapshot is unpacked and verified beside what is there, upgraded to today's revisions and indexed; only then does
/// it take the place of the old state, which becomes an undo point. A snapshot that is newer than the revision files here
/// is refused. Outside of `development` it asks first, if there is anything to lose.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead load before\n  stead load before --no-migrate    leave the schema as it was \
                        then\n  stead undo                        take the load back"
)]
pub(crate) struct Load {
    /// The snapshot
    #[arg(value_name = "NAME")]
    name: String,
    /// Take the snapshot from another environment's folder
    #[arg(long, value_name = "ENV")]
    from: Option<String>,
    /// Bring back that database only, and no files
    #[arg(long, value_name = "D")]
    database: Option<String>,
    /// Do not upgrade afterwards
    #[arg(long)]
    no_migrate: bool,
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

impl Load {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_with(self.consent.consents())?;
        let options = LoadOptions {
            name: self.name,
            from: self.from,
            database: self.database,
            no_migrate: self.no_migrate,
            skip_index: self.skip_index,
        };
        if self.dry_run {
            let steps = stead::load::plan(&environment, &options).await?;
            return super::dry_run(&environment, steps);
        }
        invocation.ask(question(&environment, &options), self.yes).await?;
        let loaded = load(&environment, &options).await?;
        let text = format!("loaded `{}`: {}, {}", loaded.name, many(loaded.rows, "row"), many(loaded.files, "file"));
        Ok(Outcome::summary(json!({ "loaded": loaded }), text))
    }
}
