//! `stead database`: the databases of the project, one by one. `destroy` always asks; the shell is the engine's own client.

use std::fs::File;
#[cfg(target_os = "linux")]
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::{Args, Subcommand};
use serde_json::json;
use stead::child::{self, Reach};
use stead::database::{self, Client};
use stead::error::{Error, Kind, Result};

use crate::interrupt::Foreground;
use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::bytes;

/// List databases, open a shell on one, or remove one
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  stead database list\n  stead database shell catalog\n  stead database destroy usage"
)]
pub(crate) struct Database {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the databases: engine, version, place, size, apps
    #[command(after_help = "Examples:\n  stead database list\n  stead database list --json")]
    List,
    /// Open the engine's own client on a database
    ///
    /// Runs `psql`, `mysql`, `mariadb` or `sqlite3`; the password travels in its environment, never in its arguments.
    #[command(
        after_help = "Examples:\n  stead database shell catalog\n  stead database shell catalog -- -c 'SELECT 1'"
    )]
    Shell {
        /// The database; the only one if left out
        name: Option<String>,
        /// Arguments for the client
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Remove a database with everything in it
    ///
    /// Asks first, always; a protected environment refuses. Undo points and snapshots stay.
    #[command(after_help = "Examples:\n  stead database destroy catalog --yes")]
    Destroy {
        /// The database
        name: String,
        /// Answer the question beforehand
        #[arg(long)]
        yes: bool,
        /// Only print what would be done
        #[arg(long)]
        dry_run: bool,
    },
}

impl Database {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = match self.action {
            Action::List => invocation.environment_to_look()?,
            Action::Shell { .. } | Action::Destroy { .. } => invocation.environment()?,
        };
        match self.action {
            Action::List => {
                let status = stead::status::status(&environment).await?;
                let line = |database: &stead::status::DatabaseStatus| {
                    if let Some(stopped) = &database.stopped {
                        return format!("{}  {stopped}; `stead up` starts it\n", database.name);
                    }
                    let size = if database.exists { bytes(database.bytes) } else { "missing".to_owned() };
                    let apps: Vec<&str> = database.apps.iter().map(|app| app.app.as_str()).collect();
                    let (name, engine, version, place) =
                        (&database.name, &database.engine, &database.version, &database.place);
                    format!("{name}  {engine} {version}  {place}  {size}  {}\n", apps.join(", "))
                };
                let text: String = status.databases.iter().map(line).collect();
                let stopped = status.has_stopped().then_some(Kind::Unreachable);
                Ok(Outcome::data(json!({ "databases": status.databases }), text).with_kind(stopped))
            }
            Action::Shell { name, arguments } => {
                let client = database::client(&environment, name.as_deref())?;
                shell(client, arguments, invocation.printer.json).await
            }
            Action::Destroy { name, yes, dry_run } => {
                database::destroyable(&environment, &name)?;
                if dry_run {
                    return super::dry_run(&environment, vec![format!("remove database {name}")]);
                }
                let question = format!(
                    "remove database `{name}` ({}) with everything in it? it cannot be taken back",
                    environment.project.environment
                );
                invocation.printer.confirm(&question, yes)?;
                database::destroy(&environment, &name).await?;
                Ok(Outcome::summary(json!({ "removed": name }), format!("removed database `{name}`")))
            }
        }
    }
}

/// The arguments that ask this program for the encryption of the URL; whether it is there shows when it is started.
fn encryption(client: &Client, program: &str) -> Vec<String> {
    if client.encryption.is_none() {
        return Vec::new();
    }
    let version = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let version = version.map(|told| String::from_utf8_lossy(&told.stdout).into_owned()).unwrap_or_default();
    client.encryption_arguments(&version)
}

/// The user's own option files, and after them the text, since what comes last counts: as a file without a name, which the
/// client inherits and which ends with it.
#[cfg(target_os = "linux")]
fn option_file(text: &str) -> std::io::Result<File> {
    use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};
    let mut file = File::from(memfd_create("options", MemfdFlags::empty())?);
    // The clients ignore a file that everybody may write to.
    fchmod(&file, Mode::RUSR | Mode::WUSR)?;
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".my.cnf"));
    let files = ["/etc/my.cnf", "/etc/mysql/my.cnf"].map(PathBuf::from).into_iter().chain(home);
    for own in files.filter(|file| file.is_file()) {
        writeln!(file, "!include {}", own.display())?;
    }
    file.write_all(text.as_bytes())?;
    Ok(file)
}

#[cfg(not(target_os = "linux"))]
fn option_file(_text: &str) -> std::io::Result<File> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Runs the first client that is there. Ctrl-C is the client's as long as it runs: it takes back a line, or cancels a query.
async fn shell(client: Client, more: Vec<String>, json: bool) -> Result<Outcome> {
    let _keyboard = Foreground::given_away();
    let options = client.options.as_deref().and_then(|text| option_file(text).ok());
    for program in &client.programs {
        let mut command = Command::new(program);
        if let Some(file) = &options {
            command.arg(format!("--defaults-file=/proc/self/fd/{}", file.as_raw_fd()));
        }
        for name in client.without {
            command.env_remove(name);
        }
        command.args(&client.arguments).args(encryption(&client, program)).args(&more).envs(&client.variables);
        // With `--json` nothing but the document goes to standard output.
        let output = if json { Stdio::from(std::io::stderr()) } else { Stdio::inherit() };
        command.stdin(Stdio::inherit()).stdout(output).stderr(Stdio::inherit());
        let ended = match command.spawn() {
            Ok(child) => child::ended(child, Reach::Program, || ()).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok((status, _said)) if status.success() => return Ok(Outcome::summary(json!({ "client": program }), "")),
            Ok((status, _said)) => {
                return Err(Error::failed("client-failed", format!("`{program}` ended with {status}")));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::failed("client-failed", format!("`{program}` cannot be started: {error}")));
            }
        }
    }
    let named: Vec<String> = client.programs.iter().map(|program| format!("`{program}`")).collect();
    Err(Error::new(Kind::Failed, "client-missing", format!("{} is not installed", named.join(" or ")))
        .hint(format!("install it: `apt install {}`", client.package)))
}
