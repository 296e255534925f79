//! `stead show`: one revision. It needs the files only, and no database.

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Print a revision file and its place in the graph
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead show catalog@head\n  stead show 2d970929")]
pub(crate) struct Show {
    /// The revision: id, unique prefix, number, file name, `app/0003`, `app@head`
    #[arg(value_name = "REV")]
    revision: String,
    /// The app, where the name alone is not unique
    #[arg(long, value_name = "A")]
    app: Option<String>,
}

impl Show {
    pub(crate) fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        let shown = stead::history::show(&project, &self.revision, self.app.as_deref())?;
        let text = format!(
            "app: {}\nrevision: {}\nfile: {}\nparents: {}\nchildren: {}\n\n{}",
            shown.app,
            shown.revision,
            shown.path.display(),
            list(&shown.parents),
            list(&shown.children),
            shown.text
        );
        Ok(Outcome::data(json!({ "revision": shown }), text))
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
