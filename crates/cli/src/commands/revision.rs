//! `stead revision`: the next migration file. It needs the files only, and no database.

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Write the next revision file of an app, for you to fill
///
/// The file gets the next number, an id and the app's head as its parent. Fill its `-- up` and `-- down` sections.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead revision -m \"Adding offers\" --app catalog")]
pub(crate) struct Revision {
    /// What it changes, in a few words
    #[arg(short = 'm', long = "message", value_name = "MSG")]
    message: String,
    /// The app [default: the only one]
    #[arg(long, value_name = "A")]
    app: Option<String>,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Revision {
    pub(crate) fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        let draft = stead::revision::draft(&project, &self.message, self.app.as_deref())?;
        if self.dry_run {
            let text = format!("would write {}\n", draft.path.display());
            return Ok(Outcome::data(json!({ "dry_run": true, "path": draft.path, "text": draft.text }), text));
        }
        stead::revision::write(&draft)?;
        let text = format!("wrote `{}`; fill its `-- up` and `-- down` sections", draft.path.display());
        Ok(Outcome::summary(json!({ "path": draft.path, "app": draft.app, "revision": draft.id }), text))
    }
}
