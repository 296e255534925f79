//! What an app's revisions are in one database, one line each, for `history`, `status` and the admin pages. Unlike a plan
//! it never fails: what would stop a plan is a line here.

use crate::graph::Graph;
use crate::ledger::{LedgerRow, LedgerState};
use crate::name::RevisionId;
use crate::plan::{Course, Situation, Target};

#[cfg(test)]
mod tests;

/// What a revision is in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Applied: run, stamped, squashed, or known through a revision that stands for it.
    Applied,
    /// Not applied.
    Pending,
    /// Applied, and its file was changed since.
    Edited,
    /// Begun and not finished.
    Running,
    /// Begun and failed.
    Failed,
    /// The ledger has it and no file is it.
    MissingFile,
}

impl Condition {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Edited => "edited",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::MissingFile => "missing file",
        }
    }
}

/// One revision in one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine {
    /// The revision.
    pub id: RevisionId,
    /// Its number.
    pub number: u64,
    /// Its slug.
    pub slug: String,
    /// The first line of its message.
    pub title: String,
    /// What it is.
    pub condition: Condition,
    /// True when no other revision follows it.
    pub head: bool,
    /// True when the database stands here: it is applied and nothing applied follows it.
    pub current: bool,
    /// Its row in the ledger.
    pub row: Option<LedgerRow>,
}

/// The lines of one target, each revision after what it follows, those without files last. A target that the situation
/// does not know is one without rows. Revisions that another one stands for have no line, unless the database is half
/// way through them.
#[must_use]
pub fn status(graph: &Graph, situation: &Situation, target: &Target) -> Vec<StatusLine> {
    let none = crate::ledger::Applied::new(&target.app, []);
    let applied = situation.applied(target).unwrap_or(&none);
    let view = Course::up(graph, situation, target).map_or_else(|_| graph.view().clone(), |course| course.view);
    let course = Course { graph, target, applied, view };
    let current = course.current();
    let app = graph.of_app(&target.app);
    let mut shown: Vec<usize> = app.into_iter().filter(|index| course.view.visible[*index]).collect();
    let ranks = graph.ranks(&course.view);
    shown.sort_by_key(|index| ranks[*index]);
    let files = shown.into_iter().map(|index| line(&course, index, current.contains(&index)));
    files.chain(course.unknown_rows().into_iter().map(missing)).collect()
}

fn line(course: &Course<'_>, index: usize, current: bool) -> StatusLine {
    let node = course.graph.at(index);
    let row = course.applied.row(node.id.as_str());
    StatusLine {
        id: node.id.clone(),
        number: node.number,
        slug: node.slug.clone(),
        title: node.title().to_owned(),
        condition: condition(course, index, row),
        head: course.view.children[index].is_empty(),
        current,
        row: row.cloned(),
    }
}

fn condition(course: &Course<'_>, index: usize, row: Option<&LedgerRow>) -> Condition {
    match row.map(|row| (row.state, &row.checksum)) {
        Some((LedgerState::Running, _)) => Condition::Running,
        Some((LedgerState::Failed, _)) => Condition::Failed,
        Some((_, checksum)) if !checksum.is_empty() && *checksum != course.graph.at(index).checksum => {
            Condition::Edited
        }
        Some(_) => Condition::Applied,
        None if course.has(index) => Condition::Applied,
        None => Condition::Pending,
    }
}

fn missing(row: &LedgerRow) -> StatusLine {
    StatusLine {
        id: row.revision.clone(),
        number: row.number,
        slug: row.slug.clone(),
        title: row.title.clone(),
        condition: Condition::MissingFile,
        head: false,
        current: false,
        row: Some(row.clone()),
    }
}
