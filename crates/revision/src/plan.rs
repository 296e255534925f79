//! Plans: the steps that lead databases from what their ledgers say to what was asked for, found before anything runs. A
//! plan is made of values alone, so the same plan can be shown, written down, compared and carried out.
//!
//! A target is an app in a database. An app that is routed to two databases is two targets, each with its own rows.
//! Dependencies are met in the same database where the app is routed there too, else in every database that has the app.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Graph;
use crate::ledger::{Applied, LedgerState};
use crate::name::RevisionId;

mod back;
mod course;
mod error;
mod mark;
#[cfg(test)]
mod tests;
mod up;

pub(crate) use course::Course;
pub use error::{PlanError, UnknownRow};

/// An app in a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The database's name.
    pub database: String,
    /// The app's name.
    pub app: String,
}

/// What all ledgers say.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    targets: BTreeMap<Target, Applied>,
    excluded: BTreeSet<String>,
}

/// Where a target shall be led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The app and its database.
    pub target: Target,
    /// A reference: `head`, `heads`, `0003`, `+1`, ….
    pub to: String,
}

/// The steps, in order, and what was noticed on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What to do.
    pub steps: Vec<Step>,
    /// Applied revisions whose files were changed since, in the databases that the plan is about.
    pub edited: Vec<Edited>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The app and its database.
    pub target: Target,
    /// The revision.
    pub id: RevisionId,
    /// What to do with it.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run the `up` section of the revision's file; if it was begun before, from where it stopped.
    Up {
        /// How far it came before.
        resume: Option<Resume>,
    },
    /// Take the revision back and remove its row.
    Down {
        /// The script of the ledger, if the file is gone; else the `down` section of the file is meant.
        script: Option<String>,
    },
    /// Write a row without running anything.
    Record {
        /// [`LedgerState::Stamped`] or [`LedgerState::Squashed`].
        state: LedgerState,
    },
    /// Remove the row without running anything.
    Forget,
}

/// How far an interrupted or failed revision came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// [`LedgerState::Running`] or [`LedgerState::Failed`].
    pub state: LedgerState,
    /// Statements that are done.
    pub statements_done: u64,
    /// Statements there were.
    pub statements_total: u64,
    /// The hash of the last statement that is done: it has to be the same in the file of today.
    pub last_statement_hash: Option<String>,
    /// The error it stopped with.
    pub error: Option<String>,
    /// True when the file was changed since.
    pub edited: bool,
}

/// An applied revision whose file has another checksum than its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The app and its database.
    pub target: Target,
    /// The revision.
    pub id: RevisionId,
    /// Its file.
    pub path: String,
    /// The checksum when it was applied.
    pub recorded: String,
    /// The checksum of the file of today.
    pub found: String,
}

impl Situation {
    /// A situation without any target.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what the ledger of `database` says about an app; an app that was never there has no rows.
    pub fn insert(&mut self, database: &str, applied: Applied) {
        let target = Target { database: database.to_owned(), app: applied.app().to_owned() };
        self.targets.insert(target, applied);
    }

    /// Forbids steps in `database`: a plan that needs one is an error.
    pub fn exclude(&mut self, database: &str) {
        self.excluded.insert(database.to_owned());
    }

    /// All targets, by database and app.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.keys()
    }

    /// What the ledger says about a target.
    #[must_use]
    pub fn applied(&self, target: &Target) -> Option<&Applied> {
        self.targets.get(target)
    }

    /// The targets that meet a dependency on `app` from `database`.
    fn providers(&self, database: &str, app: &str) -> Vec<&Target> {
        let all: Vec<&Target> = self.targets.keys().filter(|target| target.app == app).collect();
        let same: Vec<&Target> = all.iter().copied().filter(|target| target.database == database).collect();
        if same.is_empty() { all } else { same }
    }

    fn has_several(&self, app: &str) -> bool {
        self.targets.keys().filter(|target| target.app == app).count() > 1
    }
}

/// The steps that lead every goal's target up to its revision, with all that has to be there first. A target that is past
/// its goal stays where it is.
///
/// # Errors
/// A goal is not plain, a ledger knows a revision that no file is, an interrupted revision stands in the way, or a step
/// is needed where none may be taken.
pub fn upgrade(graph: &Graph, situation: &Situation, goals: &[Goal]) -> Result<Plan, PlanError> {
    up::upgrade(graph, situation, goals)
}

/// The steps that lead one target back to `to`: everything that follows it is taken back, the latest first. Revisions
/// whose files are gone are taken back by the script of the ledger.
///
/// # Errors
/// `to` is not plain or not applied, something of another app depends on what would go, or a revision cannot be taken
/// back because its file is gone and the ledger has no script.
pub fn downgrade(graph: &Graph, situation: &Situation, target: &Target, to: &str) -> Result<Plan, PlanError> {
    back::downgrade(graph, situation, target, to)
}

/// The steps after which the ledger of one target says that it stands at `to`, without running anything. This is also
/// the repair for rows that no file knows. `to` may be several references with commas between them.
///
/// # Errors
/// `to` is not plain.
pub fn stamp(graph: &Graph, situation: &Situation, target: &Target, to: &str) -> Result<Plan, PlanError> {
    mark::stamp(graph, situation, target, to)
}
