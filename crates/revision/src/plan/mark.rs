//! Plans that only correct the ledger. They make its rows those of a database that stands at a revision, whatever the
//! rows say now, and so they are also the way out when a ledger knows revisions that no file is.

use std::collections::BTreeSet;

use super::course::Course;
use super::error::PlanError;
use super::{Action, Plan, Situation, Step, Target};
use crate::graph::{Graph, View, closure};
use crate::ledger::{LedgerRow, LedgerState};
use crate::name::RevisionId;
use crate::reference::within;

pub(super) fn stamp(graph: &Graph, situation: &Situation, target: &Target, to: &str) -> Result<Plan, PlanError> {
    let Some(applied) = situation.applied(target) else {
        return Err(PlanError::UnknownTarget { target: target.clone() });
    };
    let view = Course::up(graph, situation, target).map_or_else(|_| graph.view().clone(), |course| course.view);
    let mut course = Course { graph, target, applied, view };
    let found = resolve_all(&course, to)?;
    course.view = reaching(&course, &found);
    let wanted = wanted(&course, &found);
    let rows = applied.rows().into_iter().rev().filter(|row| !stays(&course, &wanted, row));
    let forget = rows.map(|row| step(target, &row.revision, Action::Forget));
    let missing = graph.of_app(&target.app).into_iter().filter(|index| wanted.contains(index));
    let mut missing: Vec<usize> = missing.filter(|index| !keeps_row(&course, &wanted, *index)).collect();
    let ranks = graph.ranks(&course.view);
    missing.sort_by_key(|index| ranks[*index]);
    let record = missing
        .into_iter()
        .map(|index| step(target, &graph.at(index).id, Action::Record { state: LedgerState::Stamped }));
    let steps = forget.chain(record).collect();
    Ok(Plan { steps, edited: course.edited() })
}

/// A database may stand at several revisions: they are written with commas between them.
fn resolve_all(course: &Course<'_>, to: &str) -> Result<Vec<usize>, PlanError> {
    let one = |text: &str| within(course.graph, &course.view, &course.target.app, text.trim(), &course.current());
    let found = to.split(',').map(one).collect::<Result<Vec<_>, _>>()?;
    Ok(found.concat())
}

/// The view in which every revision of `found` is shown: where one of them is hidden, what hides it is passed over.
fn reaching(course: &Course<'_>, found: &[usize]) -> View {
    let mut view = course.view.clone();
    for index in found {
        while let Some(cover) = view.cover(course.graph, *index).filter(|_| !view.expanded.contains(index)) {
            let expanded = view.expanded.iter().copied().chain([cover]).collect();
            view = View::new(course.graph, expanded);
        }
    }
    view
}

fn wanted(course: &Course<'_>, found: &[usize]) -> BTreeSet<usize> {
    let shown = found.iter().flat_map(|index| course.view.shown_for(course.graph, *index));
    closure(shown, |index| &course.view.parents[index])
}

/// True for rows that are right as they are: of a wanted revision, or of one that a wanted revision stands for.
fn stays(course: &Course<'_>, wanted: &BTreeSet<usize>, row: &LedgerRow) -> bool {
    let (graph, app) = (course.graph, &course.target.app);
    let is_wanted = |index: usize| wanted.contains(&index);
    let own = graph.index(app, row.revision.as_str()).is_some_and(is_wanted);
    let inside = wanted.iter().any(|index| graph.at(*index).replaces.contains(&row.revision));
    let complete =
        !row.replaces.is_empty() && row.replaces.iter().all(|id| graph.index(app, id.as_str()).is_some_and(is_wanted));
    own || (row.state.is_applied() && (inside || complete))
}

/// True when nothing has to be written for a wanted revision: it has a row, or a row that stays stands for it.
fn keeps_row(course: &Course<'_>, wanted: &BTreeSet<usize>, index: usize) -> bool {
    let id = &course.graph.at(index).id;
    let standing = |row: &&LedgerRow| row.state.is_applied() && row.replaces.contains(id) && stays(course, wanted, row);
    course.applied.has_row(id.as_str()) || course.applied.rows().iter().any(standing)
}

fn step(target: &Target, id: &RevisionId, action: Action) -> Step {
    Step { target: target.clone(), id: id.clone(), action }
}
