//! What can go wrong with a local server, each with a stable code and with what to do about it. Whoever calls decides by
//! the variant what an error means for its exit code, never by the text.

use std::io;
use std::path::{Path, PathBuf};

use stead_engine::EngineError;

use crate::ServerKind;

/// An error of starting, stopping or looking after a server.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The kind cannot be started yet.
    #[error("local servers of the kind `{}` cannot be started by this version of stead", .0.word())]
    Unsupported(ServerKind),
    /// No program of that kind was found.
    #[error("no {kind} server was found on this machine")]
    ProgramMissing {
        /// What was looked for.
        kind: ServerKind,
        /// The version that is wanted.
        version: Option<String>,
        /// The configured folder, if the search was confined to one.
        folder: Option<PathBuf>,
    },
    /// Programs were found, but of other versions.
    #[error("no {kind} server of version {wanted} was found; there is {}", list(.found))]
    VersionMissing {
        /// What was looked for.
        kind: ServerKind,
        /// The version that is wanted.
        wanted: String,
        /// The versions that are there, with their folders.
        found: Vec<String>,
        /// True if the volume needs the version, not the project file.
        by_volume: bool,
    },
    /// A program that belongs to the server is not beside it.
    #[error("`{}` has no `{program}` beside it", .server.display())]
    Incomplete {
        /// The server's program.
        server: PathBuf,
        /// What is missing.
        program: String,
    },
    /// The volume belongs to another kind of server.
    #[error("the volume `{}` belongs to a {found} server, not to {wanted}", .volume.display())]
    OtherKind {
        /// The volume.
        volume: PathBuf,
        /// Its kind.
        found: ServerKind,
        /// The kind that was to be started.
        wanted: ServerKind,
    },
    /// The folder holds something that is no volume.
    #[error("`{}` is not a volume of stead: it holds `{entry}`", .volume.display())]
    Foreign {
        /// The folder.
        volume: PathBuf,
        /// One of the things in it.
        entry: String,
    },
    /// The volume's record cannot be understood.
    #[error("the record `{}` of a volume cannot be read: {reason}", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such volume, or it was never initialised.
    #[error("there is no volume `{}`", .0.display())]
    NoVolume(PathBuf),
    /// Root may not run servers, and no other user fits.
    #[error("a {kind} server does not run as root, and {reason}")]
    Root {
        /// The kind.
        kind: ServerKind,
        /// Why no user was chosen.
        reason: String,
    },
    /// The user of the server cannot get to a folder.
    #[error("the user `{user}`, as whom the server runs, cannot enter `{}`", .folder.display())]
    OutOfReach {
        /// The user.
        user: String,
        /// The first folder that is closed.
        folder: PathBuf,
    },
    /// The configured port is taken.
    #[error("port {0} is in use by another program")]
    PortTaken(u16),
    /// No free port was found.
    #[error("no free port was found between {from} and {to}", from = crate::port::RANGE.start(), to = crate::port::RANGE.end())]
    NoPort,
    /// Initialising a data folder failed.
    #[error("`{program}` could not make the data folder: {outcome}{}", tail(.log))]
    Initialise {
        /// The program.
        program: String,
        /// How it ended.
        outcome: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// The server ended before it answered.
    #[error("the {kind} server ended before it answered ({outcome}){}", tail(.log))]
    Ended {
        /// The kind.
        kind: ServerKind,
        /// How it ended.
        outcome: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server runs but did not answer in time.
    #[error("the {kind} server runs as process {pid} but did not answer in {seconds} s: {reason}{}", tail(.log))]
    Silent {
        /// The kind.
        kind: ServerKind,
        /// Its process.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
        /// What the last probe found.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server runs and answers, and does not let us in.
    #[error("the {kind} server runs as process {pid} and does not let stead in: {reason}")]
    Refusing {
        /// The kind.
        kind: ServerKind,
        /// Its process.
        pid: u32,
        /// What it says.
        reason: String,
        /// The file of the password that was tried.
        password: PathBuf,
    },
    /// No folder will do for the server's Unix socket.
    #[error("there is no folder for the server's socket: {reason}")]
    Sockets {
        /// Why the first choice will not do.
        reason: String,
    },
    /// A server that stead has no record of runs on the data folder.
    #[error("process {pid} runs on `{}`, and stead did not record it", .data.display())]
    Unrecorded {
        /// The process.
        pid: u32,
        /// The data folder.
        data: PathBuf,
    },
    /// The server cannot be stopped.
    #[error("process {pid} still runs after every signal that may be sent")]
    Unstoppable {
        /// The process.
        pid: u32,
    },
    /// The volume is in use.
    #[error("the volume `{}` is in use: its server runs as process {pid}", .volume.display())]
    InUse {
        /// The volume.
        volume: PathBuf,
        /// The server's process.
        pid: u32,
    },
    /// The lock of the volume was not obtained.
    #[error(transparent)]
    Lock(#[from] EngineError),
    /// The file system refused something.
    #[error("cannot {doing} `{}`: {error}", .path.display())]
    File {
        /// What was to be done, for example `write`.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

fn list(found: &[String]) -> String {
    found.join(", ")
}

/// The end of a log below a sentence.
fn tail(log: &str) -> String {
    let lines = log.lines().map(|line| format!("\n    {line}"));
    lines.collect()
}

impl ProvisionError {
    /// The file system refused something.
    pub(crate) fn file(doing: &'static str, path: &Path, error: io::Error) -> Self {
        Self::File { doing, path: path.to_path_buf(), error }
    }

    /// A word that does not change, for programs and for the documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "unsupported",
            Self::ProgramMissing { .. } => "server-program-missing",
            Self::VersionMissing { .. } => "server-version-missing",
            Self::Incomplete { .. } => "server-program-incomplete",
            Self::OtherKind { .. } => "volume-other-kind",
            Self::Foreign { .. } => "volume-foreign",
            Self::Record { .. } => "volume-record",
            Self::NoVolume(_) => "volume-missing",
            Self::Root { .. } => "server-as-root",
            Self::OutOfReach { .. } => "volume-out-of-reach",
            Self::PortTaken(_) | Self::NoPort => "port-taken",
            Self::Initialise { .. } => "volume-initialise",
            Self::Ended { .. } => "server-ended",
            Self::Silent { .. } => "server-silent",
            Self::Sockets { .. } => "server-sockets",
            Self::Refusing { .. } => "server-refuses",
            Self::Unrecorded { .. } => "server-unrecorded",
            Self::Unstoppable { .. } => "server-unstoppable",
            Self::InUse { .. } => "volume-in-use",
            Self::Lock(error) => error.class.word(),
            Self::File { .. } => "file-io",
        }
    }

    /// What to do, each a sentence.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unsupported(_) => {
                vec!["start it by other means, or leave the index's `engine` out: it is embedded then".to_owned()]
            }
            Self::ProgramMissing { kind, version, folder } => {
                program_hints(*kind, version.as_deref(), folder.as_deref())
            }
            Self::VersionMissing { kind, wanted, by_volume, .. } => version_hints(*kind, wanted, *by_volume),
            Self::Lock(error) => error.hints.clone(),
            Self::Refusing { kind, password, .. } => vec![
                format!(
                    "stead is `{}` with the password in `{}`; if somebody has changed it on the server, write it there",
                    kind.superuser(),
                    password.display()
                ),
                "the server goes on running; `stead down` stops it".to_owned(),
            ],
            _ => self.hint().map(str::to_owned).into_iter().collect(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Incomplete { .. } => "install the whole server package, or name another folder with `path`",
            Self::OtherKind { .. } => "give the server another `volume`, or remove this one with `stead volume remove`",
            Self::Foreign { .. } => "name an empty folder, or one that does not exist yet",
            Self::Record { .. } => "if the volume was made by a later version of stead, use that one",
            Self::NoVolume(_) => "`stead volume list` shows those that are there; `stead up` makes what is missing",
            Self::Root { .. } => {
                "set `user` of the server to an account of this machine, or run stead as an ordinary user"
            }
            Self::OutOfReach { .. } => {
                "put the volume where that user can get to: `volume = { path = \"…\" }`, or set `user` of the server"
            }
            Self::PortTaken(_) => "stop that program, or leave `port` out: a free one is chosen then",
            Self::NoPort => "stop programs that listen there, or set `port` of the server",
            Self::Silent { .. } => "`stead up` goes on waiting; `stead down` stops it",
            Self::Sockets { .. } => "set `TMPDIR` to a folder with a short path that the server's user may write to",
            Self::Unrecorded { .. } => "stop it by that number, then run `stead up` again",
            Self::Unstoppable { .. } => "it may be waiting for a disk; look at it, then run `stead down` again",
            Self::InUse { .. } => "stop it first: `stead down`",
            _ => return None,
        })
    }
}

fn program_hints(kind: ServerKind, version: Option<&str>, folder: Option<&Path>) -> Vec<String> {
    let (debian, homebrew) = kind.packages(version);
    let mut hints = Vec::new();
    if let Some(folder) = folder {
        hints.push(format!("`path` says to look in `{}` and nowhere else", folder.display()));
    }
    hints.push(format!("install the package {debian} (Debian and Ubuntu), or with Homebrew: {homebrew}"));
    hints.push("programs that lie elsewhere are found with `path = \"FOLDER\"` of the server".to_owned());
    hints
}

fn version_hints(kind: ServerKind, wanted: &str, by_volume: bool) -> Vec<String> {
    let (debian, homebrew) = kind.packages(Some(wanted));
    let why = if by_volume {
        "the volume was made by that version, and another cannot read it; `stead dump` and `stead load` carry data over"
    } else {
        "the project file asks for it with `version`"
    };
    vec![why.to_owned(), format!("install the package {debian} (Debian and Ubuntu), or with Homebrew: {homebrew}")]
}
