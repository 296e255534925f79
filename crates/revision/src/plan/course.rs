//! One target while a plan is made: its rows, held against the graph. This is where it is decided, for each revision
//! that stands for others, whether this database follows it or the others.

use std::collections::BTreeSet;

use super::error::{PlanError, UnknownRow};
use super::{Edited, Resume, Situation, Target};
use crate::graph::{Graph, View};
use crate::ledger::{Applied, LedgerRow, LedgerState};
use crate::name::FileName;
use crate::reference::{ReferenceError, within};

/// How much of a revision, or of what it stands for, a database has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    None,
    Some,
    All,
}

/// A target, its rows, and the graph as it sees it.
pub(crate) struct Course<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) target: &'a Target,
    pub(crate) applied: &'a Applied,
    pub(crate) view: View,
}

impl<'a> Course<'a> {
    /// The course for going up: revisions that stand for others count unless only some of those are applied.
    pub(crate) fn up(graph: &'a Graph, situation: &'a Situation, target: &'a Target) -> Result<Self, PlanError> {
        let applied = find(situation, target)?;
        let partly = |index: &usize| standing(graph, applied, *index) == Standing::Some;
        let expanded: BTreeSet<usize> = graph.of_app(&target.app).into_iter().filter(partly).collect();
        for index in &expanded {
            refuse_missing_originals(graph, target, applied, *index)?;
        }
        Ok(Self { graph, target, applied, view: View::new(graph, expanded) })
    }

    /// The course for going back: what was only recorded for others is passed over where those have rows themselves.
    pub(crate) fn back(graph: &'a Graph, situation: &'a Situation, target: &'a Target) -> Result<Self, PlanError> {
        let mut course = Self::up(graph, situation, target)?;
        let recorded = |index: &usize| {
            let node = graph.at(*index);
            let own = course.applied.row(node.id.as_str()).map(|row| row.state);
            let ran = matches!(own, Some(LedgerState::Done | LedgerState::Stamped));
            let mut rows = node.replaces.iter().filter(|id| course.applied.has_row(id.as_str())).peekable();
            let any = rows.peek().is_some();
            any && !ran && rows.all(|id| graph.index(&node.app, id.as_str()).is_some())
        };
        let more: Vec<usize> = graph.of_app(&target.app).into_iter().filter(recorded).collect();
        let expanded = course.view.expanded.iter().copied().chain(more).collect();
        course.view = View::new(graph, expanded);
        Ok(course)
    }

    /// The places of what `text` means here.
    pub(crate) fn resolve(&self, text: &str) -> Result<Vec<usize>, PlanError> {
        let found = within(self.graph, &self.view, &self.target.app, text, &self.current())?;
        if let Some(cover) = found.iter().find_map(|index| self.view.hides_inner(self.graph, *index)) {
            let by = crate::reference::shown(self.graph, &[cover]).concat();
            return Err(ReferenceError::Replaced { text: text.to_owned(), by }.into());
        }
        let shown: BTreeSet<usize> =
            found.into_iter().flat_map(|index| self.view.shown_for(self.graph, index)).collect();
        Ok(shown.into_iter().collect())
    }

    /// Applied revisions that no applied one follows.
    pub(crate) fn current(&self) -> Vec<usize> {
        let last = |index: &usize| {
            let children = &self.view.children[*index];
            self.view.visible[*index] && self.has(*index) && !children.iter().any(|child| self.has(*child))
        };
        self.graph.of_app(&self.target.app).into_iter().filter(last).collect()
    }

    /// True when the database has the revision, or everything that it stands for.
    pub(crate) fn has(&self, index: usize) -> bool {
        standing(self.graph, self.applied, index) == Standing::All
    }

    /// True when the revision has a row that counts, or one that stands for it has.
    pub(crate) fn is_recorded(&self, index: usize) -> bool {
        self.applied.contains(self.graph.at(index).id.as_str())
    }

    /// Rows whose revisions are neither files nor known through a `replaces` list.
    pub(crate) fn unknown_rows(&self) -> Vec<&'a LedgerRow> {
        let known = |row: &&LedgerRow| {
            let (app, id) = (&self.target.app, row.revision.as_str());
            self.graph.index(app, id).is_some() || self.graph.replacing(app, id).is_some()
        };
        self.applied.rows().into_iter().filter(|row| !known(row)).collect()
    }

    /// The error about rows that no file knows, with the command that makes the ledger forget them.
    pub(crate) fn unknown_error(&self, situation: &Situation, rows: &[&LedgerRow]) -> PlanError {
        let current = self.current();
        let ids: Vec<&str> = current.iter().map(|index| self.graph.at(*index).id.as_str()).collect();
        let place = if ids.is_empty() { "base".to_owned() } else { ids.join(",") };
        let database = if situation.has_several(&self.target.app) {
            format!(" --database {}", self.target.database)
        } else {
            String::new()
        };
        PlanError::UnknownRevision {
            target: self.target.clone(),
            rows: rows.iter().map(|row| unknown_row(row)).collect(),
            command: format!("stead stamp {place} --app {}{database}", self.target.app),
        }
    }

    /// Where the ledger stopped with a revision, if it did.
    pub(crate) fn resume(&self, index: usize) -> Option<Resume> {
        let node = self.graph.at(index);
        let row = self.applied.row(node.id.as_str()).filter(|row| !row.state.is_applied())?;
        Some(Resume {
            state: row.state,
            statements_done: row.statements_done,
            statements_total: row.statements_total,
            last_statement_hash: row.last_statement_hash.clone(),
            error: row.error.clone(),
            edited: row.checksum != node.checksum,
        })
    }

    /// Applied revisions whose files were changed since.
    pub(crate) fn edited(&self) -> Vec<Edited> {
        let rows = self.applied.rows().into_iter().filter(|row| row.state.is_applied());
        rows.filter_map(|row| self.edited_row(row)).collect()
    }

    fn edited_row(&self, row: &LedgerRow) -> Option<Edited> {
        let node = self.graph.node(&self.target.app, row.revision.as_str())?;
        let differs = !row.checksum.is_empty() && row.checksum != node.checksum;
        differs.then(|| Edited {
            target: self.target.clone(),
            id: row.revision.clone(),
            path: node.path.clone(),
            recorded: row.checksum.clone(),
            found: node.checksum.clone(),
        })
    }
}

pub(crate) fn unfinished(target: &Target, row: &LedgerRow) -> PlanError {
    PlanError::Unfinished {
        target: target.clone(),
        id: row.revision.to_string(),
        state: row.state,
        done: row.statements_done,
        total: row.statements_total,
        back: row.goes_back(),
    }
}

/// True for a revision that failed before it changed anything: its row says nothing about the database.
pub(crate) fn left_nothing(row: &LedgerRow) -> bool {
    row.state == LedgerState::Failed && row.statements_done == 0 && !row.goes_back()
}

/// How much of a revision the database has. What stands for others is there when all of them are.
pub(crate) fn standing(graph: &Graph, applied: &Applied, index: usize) -> Standing {
    let node = graph.at(index);
    if applied.contains(node.id.as_str()) {
        return Standing::All;
    }
    let of_id = |id: &str| match graph.index(&node.app, id) {
        Some(original) => standing(graph, applied, original),
        None if applied.contains(id) => Standing::All,
        None => Standing::None,
    };
    let mut standings = node.replaces.iter().map(|id| of_id(id.as_str()));
    let Some(first) = standings.next() else { return Standing::None };
    if standings.all(|other| other == first) { first } else { Standing::Some }
}

fn find<'a>(situation: &'a Situation, target: &Target) -> Result<&'a Applied, PlanError> {
    situation.applied(target).ok_or_else(|| PlanError::UnknownTarget { target: target.clone() })
}

fn refuse_missing_originals(graph: &Graph, target: &Target, applied: &Applied, index: usize) -> Result<(), PlanError> {
    let node = graph.at(index);
    let gone =
        |id: &&crate::name::RevisionId| !applied.contains(id.as_str()) && graph.index(&node.app, id.as_str()).is_none();
    let missing: Vec<String> = node.replaces.iter().filter(gone).map(ToString::to_string).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(PlanError::MissingOriginals { target: target.clone(), replacing: node.id.to_string(), missing })
}

fn unknown_row(row: &LedgerRow) -> UnknownRow {
    UnknownRow {
        id: row.revision.to_string(),
        file: FileName { number: row.number, slug: row.slug.clone() }.to_string(),
        has_script: row.down_script.is_some(),
    }
}
