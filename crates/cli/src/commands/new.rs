//! `stead new`: a project to begin with. It is the one command that needs no project around it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Make a new project, with SQLite and an embedded index, ready to run
///
/// The folder gets a commented `stead.toml`, one app with a first revision and its model, a seed file and a search
/// index. Nothing in a folder that is not empty is ever overwritten.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead new shop && cd shop && stead init")]
pub(crate) struct New {
    /// The folder to make
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

impl New {
    pub(crate) fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let folder = invocation.directory()?.join(&self.folder);
        if self.dry_run {
            let files = stead::new::plan(&folder)?;
            let steps: Vec<String> =
                files.iter().map(|file| format!("write {}", self.folder.join(file).display())).collect();
            let text: String = steps.iter().map(|step| format!("would {step}\n")).collect();
            return Ok(Outcome::data(json!({ "dry_run": true, "steps": steps }), text));
        }
        let files = stead::new::new(&folder)?;
        let list: String = files.iter().map(|file| format!("  {}\n", file.display())).collect();
        let next = if self.folder == Path::new(".") {
            "stead init".to_owned()
        } else {
            format!("stead -C {} init", for_shells(&self.folder.display().to_string()))
        };
        let text = format!("made `{}`:\n{list}next: {next}", self.folder.display());
        Ok(Outcome::summary(json!({ "folder": folder, "files": files, "next": next }), text))
    }
}

/// A word as it is typed in a shell: as it is if that is safe, or else in single quotation marks.
fn for_shells(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./,+@:%=".contains(letter);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
