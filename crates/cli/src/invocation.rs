//! From the command line to an opened environment: which folder, which environment, who calls. This is the only place
//! that reads the process's surroundings for the library.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stead::environment::{Caller, Consents, Environment};
use stead::error::{Error, Result};
use stead::project::{LoadOptions, Project};

use crate::args::Global;
use crate::printer::Printer;
use crate::progress;

/// Everything a command needs besides its own arguments.
pub(crate) struct Invocation<'a> {
    pub(crate) global: Global,
    pub(crate) printer: &'a Printer,
    pub(crate) command: String,
}

impl Invocation<'_> {
    /// The folder the command works in.
    pub(crate) fn directory(&self) -> Result<PathBuf> {
        let current = std::env::current_dir();
        let current =
            current.map_err(|error| Error::usage("no-folder", format!("the current folder is gone: {error}")))?;
        let Some(directory) = &self.global.directory else { return Ok(current) };
        let directory = current.join(directory);
        if directory.is_dir() {
            return Ok(directory);
        }
        Err(Error::usage("no-folder", format!("`{}` is not a folder", directory.display())))
    }

    /// Reads the project file of the folder or of the nearest one above it.
    pub(crate) fn project(&self) -> Result<Project> {
        let folder = Project::find(&self.directory()?)?;
        let arguments: Result<Vec<(String, String)>> = self.global.set.iter().map(|text| setting(text)).collect();
        let mut arguments = arguments?;
        if let Some(timeout) = &self.global.lock_timeout {
            arguments.push(("project.lock_timeout".to_owned(), timeout.clone()));
        }
        Ok(Project::load(&LoadOptions {
            directory: folder,
            environment: self.global.environment.clone(),
            variables: variables(),
            arguments,
        })?)
    }

    /// Opens the environment for a command that needs no consents.
    pub(crate) fn environment(&self) -> Result<Environment> {
        self.environment_with(Consents::default())
    }

    /// Opens the environment for a command that looks at what lies here and can do without the project's own servers.
    pub(crate) fn environment_to_look(&self) -> Result<Environment> {
        Environment::open_to_look(self.project()?, self.caller(Consents::default()))
    }

    /// Opens the environment with the risks that the user accepted.
    pub(crate) fn environment_with(&self, consents: Consents) -> Result<Environment> {
        Environment::open(self.project()?, self.caller(consents))
    }

    /// Asks a question where there is one. Nobody counts what is to be lost for a question that is answered beforehand.
    pub(crate) async fn ask(&self, question: impl Future<Output = Result<Option<String>>>, yes: bool) -> Result<()> {
        if yes {
            return Ok(());
        }
        question.await?.map_or(Ok(()), |question| self.printer.confirm(&question, false))
    }

    /// Who calls, for the library.
    pub(crate) fn caller(&self, consents: Consents) -> Caller {
        Caller {
            command: self.command.clone(),
            user: user(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            consents,
            reporter: progress::reporter(self.global.json),
        }
    }
}

fn setting(text: &str) -> Result<(String, String)> {
    let (key, value) = text.split_once('=').ok_or_else(|| {
        // What was typed is not repeated: it may be a secret.
        Error::usage("setting", "an argument of `--set` has no `=`")
            .hint("write `--set KEY=VALUE`, for example `--set undo.keep=5`")
    })?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The process's environment variables; what is not UTF-8 cannot be named in a project file and is left out.
pub(crate) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn user() -> String {
    let named =
        ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// True if an environment variable switches something on; `0`, `false` and an empty one mean off.
pub(crate) fn switched_on(name: &str) -> bool {
    let value = std::env::var(name).unwrap_or_default();
    !matches!(value.trim().to_lowercase().as_str(), "" | "0" | "false")
}

/// The value of an environment variable that names something; `0`, `false` and an empty one mean none.
pub(crate) fn named(name: &str) -> Option<String> {
    switched_on(name).then(|| std::env::var(name).unwrap_or_default().trim().to_owned())
}
