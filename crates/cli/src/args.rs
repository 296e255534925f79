//! The command line as data: the options that every command takes, and the list of commands. The texts here are the
//! help, the completions and the command reference at once.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    check::Check, completions::Completions, config::Config, current::Current, database::Database, down::Down,
    downgrade::Downgrade, dump::Dump, heads::Heads, history::History, index::Index, init::Init, load::Load, new::New,
    reset::Reset, revision::Revision, schema::Schema, search::Search, seed::Seed, show::Show, snapshots::Snapshots,
    stamp::Stamp, status::Status, undo::Undo, up::Up, upgrade::Upgrade, volume::Volume, wait::Wait,
};

/// One tool for the whole life of an application's databases.
#[derive(Debug, Parser)]
#[command(
    name = "stead",
    version,
    about = "One tool for the whole life of an application's databases",
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  stead new shop               make a project that runs at once\n  stead init                   \
                  bring this machine to a working state\n  stead dump --name before     keep rows and files under a \
                  name\n  stead load before            bring them back\n  stead undo                   take back the \
                  last destructive command\n\nExit codes: 0 done or equal, 1 failed, 2 usage or project file, 3 \
                  difference or pending, 4 refused for safety, 5 lock not obtained, 6 stopped half-way, 7 server \
                  unreachable or refusing, 70 a defect of stead."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Work as if started in that folder
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,

    /// The environment: `stead.NAME.toml` is laid over `stead.toml` [default: development, or STEAD_ENV]
    #[arg(long = "env", value_name = "NAME", global = true)]
    pub(crate) environment: Option<String>,

    /// Print one JSON document on standard output, and progress as JSON lines on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Set a value of the project file for this command, for example `undo.keep=5`
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub(crate) set: Vec<String>,

    /// How long to wait for a lock that others hold, for example `30s` [default: 10m]
    #[arg(long, value_name = "TIME", global = true)]
    pub(crate) lock_timeout: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(New),
    Init(Init),
    Status(Status),
    Check(Check),
    Wait(Wait),
    Up(Up),
    Down(Down),
    Volume(Volume),
    Revision(Revision),
    Upgrade(Upgrade),
    Downgrade(Downgrade),
    Stamp(Stamp),
    History(History),
    Heads(Heads),
    Current(Current),
    Show(Show),
    Schema(Schema),
    Database(Database),
    Seed(Seed),
    Dump(Dump),
    Load(Load),
    Snapshots(Snapshots),
    Reset(Reset),
    Undo(Undo),
    Index(Index),
    Search(Search),
    Config(Config),
    Completions(Completions),
    /// Print the whole command reference as Markdown
    #[command(hide = true)]
    Reference,
}

impl Command {
    /// The word that was typed for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::New(_) => "new",
            Self::Init(_) => "init",
            Self::Status(_) => "status",
            Self::Check(_) => "check",
            Self::Wait(_) => "wait",
            Self::Up(_) => "up",
            Self::Down(_) => "down",
            Self::Volume(_) => "volume",
            Self::Revision(_) => "revision",
            Self::Upgrade(_) => "upgrade",
            Self::Downgrade(_) => "downgrade",
            Self::Stamp(_) => "stamp",
            Self::History(_) => "history",
            Self::Heads(_) => "heads",
            Self::Current(_) => "current",
            Self::Show(_) => "show",
            Self::Schema(_) => "schema",
            Self::Database(_) => "database",
            Self::Seed(_) => "seed",
            Self::Dump(_) => "dump",
            Self::Load(_) => "load",
            Self::Snapshots(_) => "snapshots",
            Self::Reset(_) => "reset",
            Self::Undo(_) => "undo",
            Self::Index(_) => "index",
            Self::Search(_) => "search",
            Self::Config(_) => "config",
            Self::Completions(_) => "completions",
            Self::Reference => "reference",
        }
    }
}

/// Consent to risks, on the commands that have any.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Consent {
    /// Accept risks by name: destructive, rewrite, lock, edited, no-undo (several with commas)
    #[arg(long, value_name = "RISKS", value_delimiter = ',')]
    pub(crate) allow: Vec<Risk>,
}

/// A risk that can be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Risk {
    Destructive,
    Rewrite,
    Lock,
    Edited,
    NoUndo,
}

impl Consent {
    /// The same as the library takes it.
    pub(crate) fn consents(&self) -> stead::environment::Consents {
        let has = |risk| self.allow.contains(&risk);
        stead::environment::Consents {
            destructive: has(Risk::Destructive),
            rewrite: has(Risk::Rewrite),
            lock: has(Risk::Lock),
            edited: has(Risk::Edited),
            no_undo: has(Risk::NoUndo),
        }
    }
}
