//! Plans that lead back. They go in the reverse of the order in which the ledger says things were applied, because that
//! is how the database came to be; the files may have been reordered since.

use std::collections::BTreeSet;

use super::course::{Course, left_nothing, unfinished};
use super::error::PlanError;
use super::{Action, Plan, Situation, Step, Target};
use crate::graph::{Graph, closure};
use crate::ledger::LedgerRow;
use crate::name::RevisionId;

pub(super) fn downgrade(graph: &Graph, situation: &Situation, target: &Target, to: &str) -> Result<Plan, PlanError> {
    let course = Course::back(graph, situation, target)?;
    let unknown = course.unknown_rows();
    if to.trim_start().starts_with(['-', '+']) && !unknown.is_empty() {
        return Err(course.unknown_error(situation, &unknown));
    }
    let goal = course.resolve(to)?;
    if let Some(index) = goal.iter().find(|index| !course.has(**index)) {
        return Err(PlanError::NotApplied { target: target.clone(), id: graph.at(*index).id.to_string() });
    }
    if let Some(row) = course.applied.unfinished().into_iter().find(|row| !left_nothing(row) && !row.goes_back()) {
        return Err(unfinished(target, row));
    }
    let going = Going::new(&course, &goal);
    going.refuse_dependants(situation)?;
    Ok(Plan { steps: going.steps(situation)?, edited: course.edited() })
}

/// What goes: nodes of the graph, and rows that no file knows.
struct Going<'c, 'a> {
    course: &'c Course<'a>,
    nodes: BTreeSet<usize>,
    unknown: BTreeSet<&'a RevisionId>,
}

impl<'c, 'a> Going<'c, 'a> {
    fn new(course: &'c Course<'a>, goal: &[usize]) -> Self {
        let mut going = Self { course, nodes: BTreeSet::new(), unknown: BTreeSet::new() };
        let kept = closure(goal.iter().copied(), |index| &course.view.parents[index]);
        let following = closure(goal.iter().copied(), |index| &course.view.children[index]);
        let app = course.graph.of_app(&course.target.app).into_iter();
        let goes = |index: &usize| {
            course.view.visible[*index] && !kept.contains(index) && (goal.is_empty() || following.contains(index))
        };
        going.nodes = app.filter(goes).collect();
        going.follow_unknown(goal);
        going
    }

    /// Rows that no file knows go when they follow something that goes, or the goal itself.
    fn follow_unknown(&mut self, goal: &[usize]) {
        let rows = self.course.unknown_rows();
        loop {
            let before = self.unknown.len();
            for row in &rows {
                if goal.is_empty() || row.parents.iter().any(|parent| self.leads_away(parent, goal)) {
                    self.unknown.insert(&row.revision);
                }
            }
            if self.unknown.len() == before {
                return;
            }
        }
    }

    /// The node that a row belongs to: its own, or the one that stands for it.
    fn known(&self, id: &RevisionId) -> Option<usize> {
        let (graph, app) = (self.course.graph, &self.course.target.app);
        graph.index(app, id.as_str()).or_else(|| graph.replacing(app, id.as_str()))
    }

    fn leads_away(&self, id: &RevisionId, goal: &[usize]) -> bool {
        let shown =
            self.known(id).map(|index| self.course.view.shown_for(self.course.graph, index)).unwrap_or_default();
        self.unknown.contains(id) || shown.iter().any(|index| goal.contains(index) || self.nodes.contains(index))
    }

    /// Rows to take back or to forget, the last one applied first.
    fn steps(&self, situation: &Situation) -> Result<Vec<Step>, PlanError> {
        let ranks = self.course.graph.ranks(&self.course.view);
        let rank = |row: &LedgerRow| self.known(&row.revision).map_or(usize::MAX, |index| ranks[index]);
        let mut rows = self.course.applied.rows();
        rows.retain(|row| self.takes(&row.revision));
        rows.sort_by_key(|row| std::cmp::Reverse((row.sequence, rank(row))));
        let stuck = |row: &&LedgerRow| self.unknown.contains(&row.revision) && row.down_script.is_none();
        let stuck: Vec<&LedgerRow> = rows.iter().copied().filter(|row| stuck(row) && !left_nothing(row)).collect();
        if !stuck.is_empty() {
            let stuck: Vec<&LedgerRow> = stuck.into_iter().rev().collect();
            return Err(self.course.unknown_error(situation, &stuck));
        }
        let steps: Vec<Step> = rows.into_iter().map(|row| self.step(row)).collect();
        Ok(self.with_rowless(steps, &ranks))
    }

    /// A revision that stands for others may have no row yet, while the files of the others are gone: then its own `down`
    /// section takes all of them back, before their rows are forgotten and before what lies below is taken back.
    fn with_rowless(&self, mut steps: Vec<Step>, ranks: &[usize]) -> Vec<Step> {
        let graph = self.course.graph;
        let rowless =
            |index: &&usize| self.goes(**index) && !self.course.applied.has_row(graph.at(**index).id.as_str());
        for index in self.nodes.iter().filter(rowless) {
            let node = graph.at(*index);
            let below = |id: &RevisionId| self.known(id).is_some_and(|other| ranks[other] < ranks[*index]);
            let later = |step: &Step| node.replaces.contains(&step.id) || below(&step.id);
            let place = steps.iter().position(later).unwrap_or(steps.len());
            let action = Action::Down { script: None };
            steps.insert(place, Step { target: self.course.target.clone(), id: node.id.clone(), action });
        }
        steps
    }

    fn step(&self, row: &LedgerRow) -> Step {
        let index = self.course.graph.index(&self.course.target.app, row.revision.as_str());
        let action = match index {
            _ if left_nothing(row) => Action::Forget,
            None if self.unknown.contains(&row.revision) => Action::Down { script: row.down_script.clone() },
            Some(index) if self.nodes.contains(&index) => Action::Down { script: None },
            // What stands for it, or what it stands for, is taken back instead.
            Some(_) | None => Action::Forget,
        };
        Step { target: self.course.target.clone(), id: row.revision.clone(), action }
    }

    /// True for rows that go: their own revision does, or one that is shown in its place.
    fn takes(&self, id: &RevisionId) -> bool {
        let (graph, app) = (self.course.graph, &self.course.target.app);
        let Some(index) = self.known(id) else { return self.unknown.contains(id) };
        let inner = &graph.at(index).replaces;
        let original = |id: &RevisionId| graph.index(app, id.as_str()).is_some_and(|index| self.nodes.contains(&index));
        let passed_over = self.course.view.expanded.contains(&index) && inner.iter().any(original);
        passed_over || self.course.view.shown_for(graph, index).iter().any(|index| self.nodes.contains(index))
    }

    /// Other apps come first: a plan to go back is about one app.
    fn refuse_dependants(&self, situation: &Situation) -> Result<(), PlanError> {
        for other in situation.targets().filter(|other| other.app != self.course.target.app) {
            let meets = situation.providers(&other.database, &self.course.target.app).contains(&self.course.target);
            let course = Course::up(self.course.graph, situation, other).ok().filter(|_| meets);
            if let Some(error) = course.and_then(|course| self.depended(&course, situation)) {
                return Err(error);
            }
        }
        Ok(())
    }

    fn depended(&self, other: &Course<'_>, situation: &Situation) -> Option<PlanError> {
        let graph = self.course.graph;
        let needs = |index: usize| {
            let dependencies = graph.raw_depends(index).iter();
            dependencies.flat_map(|one| self.course.view.shown_for(graph, *one)).find(|one| self.goes(*one))
        };
        let visible = graph.of_app(&other.target.app).into_iter().filter(|index| other.view.visible[*index]);
        let found: Vec<(usize, usize)> = visible
            .filter(|index| other.is_recorded(*index))
            .filter_map(|index| Some((index, needs(index)?)))
            .collect();
        let (first, needed) = *found.first()?;
        let before = match other.view.parents[first][..] {
            [one] => graph.at(one).id.to_string(),
            _ => "base".to_owned(),
        };
        let several = situation.has_several(&other.target.app);
        let database = if several { format!(" --database {}", other.target.database) } else { String::new() };
        Some(PlanError::Depended {
            target: self.course.target.clone(),
            id: graph.at(needed).id.to_string(),
            dependants: found
                .iter()
                .map(|(index, _)| format!("{}/{}", other.target.app, graph.at(*index).id))
                .collect(),
            command: format!("stead downgrade {before} --app {}{database}", other.target.app),
        })
    }

    fn goes(&self, index: usize) -> bool {
        self.nodes.contains(&index) && self.course.has(index)
    }
}
