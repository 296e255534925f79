//! The rows of the ledger as values, and what they say about one app in one database. The SQL of the table lives in
//! `stead_sql::ledger`; reading and writing it is the work of `stead`. Format: `docs/format/ledger.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::name::RevisionId;

#[cfg(test)]
pub(crate) mod tests;

/// One row: an app's revision as one database knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The app.
    pub app: String,
    /// The revision's id.
    pub revision: RevisionId,
    /// The first line of its message.
    pub title: String,
    /// The slug of its file name.
    pub slug: String,
    /// The number of its file name.
    pub number: u64,
    /// The revisions it followed when it was applied.
    pub parents: Vec<RevisionId>,
    /// Its dependencies, as they were written.
    pub depends: Vec<String>,
    /// The revisions it stood for.
    pub replaces: Vec<RevisionId>,
    /// The checksum of its file when it was applied.
    pub checksum: String,
    /// How far it came.
    pub state: LedgerState,
    /// Statements that are done.
    pub statements_done: u64,
    /// Statements there are.
    pub statements_total: u64,
    /// The hash of the last statement that is done.
    pub last_statement_hash: Option<String>,
    /// Who applied it.
    pub applied_by: String,
    /// When it began: RFC 3339, UTC.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub took_ms: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The SQL that takes it back, so that a program without its file can.
    pub down_script: Option<String>,
    /// The project that applied it.
    pub project: String,
    /// The environment it was applied in.
    pub environment: String,
    /// The version of stead that applied it.
    pub tool_version: String,
    /// The place among all rows of the database, in the order in which they were applied.
    pub sequence: i64,
}

/// How the hash of the last statement begins while a revision is being taken back.
const BACK: &str = "down:";

impl LedgerRow {
    /// True for a revision that is being taken back statement by statement: what is done and what there is to do is counted in
    /// statements of its down section.
    #[must_use]
    pub fn goes_back(&self) -> bool {
        self.last_statement_hash.as_deref().is_some_and(|hash| hash.starts_with(BACK))
    }

    /// The hash of the last statement that is done, on the way up or on the way back; none before the first.
    #[must_use]
    pub fn last_done(&self) -> Option<&str> {
        let hash = self.last_statement_hash.as_deref()?;
        Some(hash.strip_prefix(BACK).unwrap_or(hash)).filter(|hash| !hash.is_empty())
    }

    /// The row of a revision of which so many statements are taken back, the last of them with that hash.
    #[must_use]
    pub fn going_back(&self, done: u64, total: u64, last: Option<&str>) -> Self {
        Self {
            state: LedgerState::Running,
            statements_done: done,
            statements_total: total,
            last_statement_hash: Some(format!("{BACK}{}", last.unwrap_or_default())),
            error: None,
            ..self.clone()
        }
    }
}

/// How far a revision came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LedgerState {
    /// It was begun; if no program works on it any more, it was interrupted.
    Running,
    /// It was run to its end.
    Done,
    /// A statement failed.
    Failed,
    /// It was recorded without being run.
    Stamped,
    /// It was recorded because all that it stands for is applied.
    Squashed,
}

/// A value in the ledger that no version of stead writes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// The word is no state.
    #[error("`{word}` is not a state of a ledger row")]
    State {
        /// What the row says.
        word: String,
    },
    /// The text is no list.
    #[error("`{text}` is not a list of names")]
    List {
        /// What the row says.
        text: String,
    },
}

impl LedgerError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::State { .. } => "unknown-ledger-state",
            Self::List { .. } => "bad-ledger-list",
        }
    }

    /// What can be done.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec!["a newer stead may have written the row: use that version, or mend the row in `stead_ledger`".to_owned()]
    }
}

impl LedgerState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Running, Self::Done, Self::Failed, Self::Stamped, Self::Squashed];

    /// The word in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stamped => "stamped",
            Self::Squashed => "squashed",
        }
    }

    /// True when the database has what the revision makes.
    #[must_use]
    pub fn is_applied(self) -> bool {
        matches!(self, Self::Done | Self::Stamped | Self::Squashed)
    }
}

impl fmt::Display for LedgerState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for LedgerState {
    type Err = LedgerError;

    fn from_str(word: &str) -> Result<Self, LedgerError> {
        let found = Self::ALL.into_iter().find(|state| state.word() == word);
        found.ok_or_else(|| LedgerError::State { word: word.to_owned() })
    }
}

/// A list as the ledger holds it: a JSON array of texts.
#[must_use]
pub fn list_text<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    serde_json::to_string(&items).expect("a list of texts is always JSON")
}

/// Reads a list of the ledger; `T` is `String` or [`RevisionId`].
///
/// # Errors
/// The text is not a JSON array of such names.
pub fn list_from_text<T: for<'a> Deserialize<'a>>(text: &str) -> Result<Vec<T>, LedgerError> {
    serde_json::from_str(text).map_err(|_| LedgerError::List { text: text.to_owned() })
}

/// The rows of one app in one database, as a set of revisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    app: String,
    rows: BTreeMap<RevisionId, LedgerRow>,
    replaced: BTreeSet<RevisionId>,
}

impl Applied {
    /// The rows of `app` among `rows`.
    #[must_use]
    pub fn new(app: &str, rows: impl IntoIterator<Item = LedgerRow>) -> Self {
        let own = rows.into_iter().filter(|row| row.app == app);
        let rows: BTreeMap<RevisionId, LedgerRow> = own.map(|row| (row.revision.clone(), row)).collect();
        let standing = rows.values().filter(|row| row.state.is_applied());
        let replaced = standing.flat_map(|row| row.replaces.iter().cloned()).collect();
        Self { app: app.to_owned(), rows, replaced }
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> &str {
        &self.app
    }

    /// True when the database has the revision: by its own row, or by a row that stands for it.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.has_row(id) || self.replaced.contains(id)
    }

    /// True when the revision has a row of its own that counts as applied.
    #[must_use]
    pub fn has_row(&self, id: &str) -> bool {
        self.rows.get(id).is_some_and(|row| row.state.is_applied())
    }

    /// The revision's own row, in whatever state.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&LedgerRow> {
        self.rows.get(id)
    }

    /// All rows, in the order in which they were applied.
    #[must_use]
    pub fn rows(&self) -> Vec<&LedgerRow> {
        let mut rows: Vec<&LedgerRow> = self.rows.values().collect();
        rows.sort_by_key(|row| row.sequence);
        rows
    }

    /// The rows that are running or failed, in the order in which they were begun.
    #[must_use]
    pub fn unfinished(&self) -> Vec<&LedgerRow> {
        self.rows().into_iter().filter(|row| !row.state.is_applied()).collect()
    }

    /// The heads that the rows alone tell, without any file: applied revisions that no other applied one follows or
    /// stands for.
    #[must_use]
    pub fn heads(&self) -> Vec<&RevisionId> {
        let applied: Vec<&LedgerRow> = self.rows().into_iter().filter(|row| row.state.is_applied()).collect();
        let mut followers: BTreeMap<&RevisionId, Vec<&RevisionId>> = BTreeMap::new();
        for (row, parent) in applied.iter().flat_map(|row| row.parents.iter().map(move |parent| (row, parent))) {
            followers.entry(parent).or_default().push(&row.revision);
        }
        let last = |row: &&LedgerRow| {
            let names = [&row.revision].into_iter().chain(&row.replaces);
            let mut following = names.filter_map(|id| followers.get(id)).flatten();
            following.all(|id| row.replaces.contains(id)) && !self.replaced.contains(&row.revision)
        };
        applied.into_iter().filter(last).map(|row| &row.revision).collect()
    }
}
