//! Why there is no plan. Each error says the exact command that leads on, because these are read by people in trouble.

use thiserror::Error;

use super::Target;
use crate::ledger::LedgerState;
use crate::near::listed;
use crate::reference::ReferenceError;

/// A ledger row whose revision no file knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRow {
    /// The id.
    pub id: String,
    /// The name its file had: `0002_adding_offers.sql`.
    pub file: String,
    /// True when the ledger has the script that takes it back.
    pub has_script: bool,
}

impl std::fmt::Display for UnknownRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.id, self.file)
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The goal is not plain.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The target is none.
    #[error("the app `{}` is not in the database `{}`", .target.app, .target.database)]
    UnknownTarget {
        /// The app and the database.
        target: Target,
    },
    /// The ledger has rows whose revisions no file knows.
    #[error("the ledger of `{}` has {} of the app `{}`, and there is no such file", .target.database, listed(.rows), .target.app)]
    UnknownRevision {
        /// The app and its database.
        target: Target,
        /// The rows.
        rows: Vec<UnknownRow>,
        /// The command that makes the ledger forget them.
        command: String,
    },
    /// A revision was begun and not finished, and the plan would not finish it.
    #[error("revision `{id}` of `{}` in `{}` is recorded as {state} after {done} of {total} statements{}", .target.app, .target.database, if *.back { " of its down section" } else { "" })]
    Unfinished {
        /// The app and its database.
        target: Target,
        /// The revision.
        id: String,
        /// Running or failed.
        state: LedgerState,
        /// Statements done.
        done: u64,
        /// Statements there are.
        total: u64,
        /// True if it was being taken back.
        back: bool,
    },
    /// Some of what a revision stands for is applied, and the files of the rest are gone.
    #[error("`{}` has only some of what `{replacing}` replaces, and the files of {} are gone", .target.database, listed(.missing))]
    MissingOriginals {
        /// The app and its database.
        target: Target,
        /// The revision that stands for others.
        replacing: String,
        /// The ids that are neither applied nor there as files.
        missing: Vec<String>,
    },
    /// A step is needed in a database that is excluded.
    #[error("`{needed}` of `{}` has to be applied in `{}` first, which is excluded", .target.app, .target.database)]
    Excluded {
        /// Where the step is needed.
        target: Target,
        /// The revision.
        needed: String,
    },
    /// A dependency's app is in no database.
    #[error("`{dependant}` depends on the app `{app}`, which is in no database")]
    NoDatabase {
        /// The revision that depends on it, with its app.
        dependant: String,
        /// The app.
        app: String,
    },
    /// The goal of a downgrade is not applied.
    #[error("`{id}` of `{}` is not applied in `{}`", .target.app, .target.database)]
    NotApplied {
        /// The app and its database.
        target: Target,
        /// The revision.
        id: String,
    },
    /// Revisions of other apps depend on what would be taken back.
    #[error("`{id}` of `{}` cannot be taken back: it is needed by {}", .target.app, listed(.dependants))]
    Depended {
        /// The app and its database.
        target: Target,
        /// The revision.
        id: String,
        /// The applied revisions that depend on it, each as `app/id`.
        dependants: Vec<String>,
        /// The command that takes those back first.
        command: String,
    },
    /// Revisions wait for each other in this situation.
    #[error("revisions wait for each other in a circle: {}", .chain.join(" → "))]
    Cycle {
        /// The chain, each as `app/id in database`.
        chain: Vec<String>,
    },
}

impl PlanError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reference(error) => error.code(),
            Self::UnknownTarget { .. } => "unknown-target",
            Self::UnknownRevision { .. } => "revision-without-file",
            Self::Unfinished { .. } => "unfinished-revision",
            Self::MissingOriginals { .. } => "missing-originals",
            Self::Excluded { .. } => "excluded-dependency",
            Self::NoDatabase { .. } => "dependency-without-database",
            Self::NotApplied { .. } => "revision-not-applied",
            Self::Depended { .. } => "revision-depended-on",
            Self::Cycle { .. } => "revision-cycle",
        }
    }

    /// What can be done.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Reference(error) => error.hints(),
            Self::UnknownTarget { .. } => vec!["see `stead config` for which app is in which database".to_owned()],
            Self::UnknownRevision { rows, command, target } => unknown_hints(rows, command, target),
            Self::Unfinished { back: true, .. } => {
                vec!["give the `stead downgrade` that was cut off again: it goes on with the next statement".to_owned()]
            }
            Self::Unfinished { target, .. } => {
                vec![format!(
                    "finish it with `stead upgrade --app {0} --database {1}` first",
                    target.app, target.database
                )]
            }
            Self::MissingOriginals { .. } => vec!["bring their files back, upgrade, and remove them again".to_owned()],
            Self::Excluded { target, .. } => vec![format!("add `--database {}`, or use `--all`", target.database)],
            Self::NoDatabase { app, .. } => vec![format!("give `[apps.{app}]` a `database` in `stead.toml`")],
            Self::NotApplied { .. } => vec!["`stead current` shows what is applied".to_owned()],
            Self::Depended { command, .. } => vec![format!("take those back first: `{command}`")],
            Self::Cycle { .. } => vec!["take one `parent` or `depends` out of the chain".to_owned()],
        }
    }
}

fn unknown_hints(rows: &[UnknownRow], command: &str, target: &Target) -> Vec<String> {
    let mut hints = vec![format!("bring {} back, from another branch or version", listed(&files(rows)))];
    // Only one place can be gone back to.
    if rows.iter().all(|row| row.has_script) && !command.contains(',') {
        let past = command.strip_prefix("stead stamp").unwrap_or(command);
        hints.push(format!(
            "or take it back in `{}` with the ledger's own script: `stead downgrade{past}`",
            target.database
        ));
    }
    hints.push(format!("or, if the database does not have its changes, correct the ledger: `{command}`"));
    hints
}

fn files(rows: &[UnknownRow]) -> Vec<&str> {
    rows.iter().map(|row| row.file.as_str()).collect()
}
