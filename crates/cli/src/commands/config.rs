//! `stead config`: what is in force, and where it comes from. Masking happens in the library, before a value can
//! reach any printer.

use clap::Args;
use serde_json::json;
use stead::error::Result;

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Show every setting in force and the place it comes from; secrets are masked
///
/// Arguments win over environment variables, these over `stead.ENV.toml`, that over `stead.toml`, that over its includes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead config\n  stead config databases\n  stead --env production config --json")]
pub(crate) struct Config {
    /// Only settings that begin with that key
    #[arg(value_name = "KEY")]
    key: Option<String>,
}

impl Config {
    pub(crate) fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let project = invocation.project()?;
        let settings = project.settings();
        let asked = |path: &str| self.key.as_ref().is_none_or(|key| under(path, key));
        let shown: Vec<_> = settings.into_iter().filter(|setting| asked(&setting.path)).collect();
        let line =
            |setting: &stead::project::Setting| format!("{} = {}  # {}\n", setting.path, setting.value, setting.origin);
        let text: String = shown.iter().map(line).collect();
        let entry = |setting: &stead::project::Setting| json!({ "key": setting.path, "value": setting.value, "origin": setting.origin.to_string() });
        Ok(Outcome::data(json!({ "settings": shown.iter().map(entry).collect::<Vec<_>>() }), text))
    }
}

/// True for the key itself and for everything below it: `seed.steps[0].sql` is below `seed.steps`.
fn under(path: &str, key: &str) -> bool {
    path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
