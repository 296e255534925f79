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
        let shown = match &self.key {
            Some(key) => project.settings_under(key)?,
            None => project.settings(),
        };
        let line =
            |setting: &stead::project::Setting| format!("{} = {}  # {}\n", setting.path, setting.value, setting.origin);
        let text: String = shown.iter().map(line).collect();
        let entry = |setting: &stead::project::Setting| json!({ "key": setting.path, "value": setting.value, "origin": setting.origin.to_string() });
        Ok(Outcome::data(json!({ "settings": shown.iter().map(entry).collect::<Vec<_>>() }), text))
    }
}
