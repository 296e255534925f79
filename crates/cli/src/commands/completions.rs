//! `stead completions`: what the shell needs to complete words. The scripts are made from the same definitions as the
//! help, so they never lag behind it.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;
use stead::error::Result;

use crate::args::Arguments;
use crate::printer::Outcome;

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead completions bash > ~/.local/share/bash-completion/completions/stead\n  stead \
                        completions zsh > ~/.zfunc/_stead\n  stead completions fish > \
                        ~/.config/fish/completions/stead.fish"
)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "stead", &mut script);
        let script = String::from_utf8_lossy(&script).into_owned();
        Ok(Outcome::data(json!({ "shell": self.shell.to_string(), "script": script }), script))
    }
}
