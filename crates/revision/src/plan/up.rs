//! Plans that lead up. Everything a goal waits for is walked through, also where it is applied already, so that a revision
//! that was put in below an applied one is found and run.

use std::collections::{BTreeMap, BTreeSet};

use super::course::{Course, Standing, left_nothing, standing, unfinished};
use super::error::PlanError;
use super::{Action, Goal, Plan, Situation, Step, Target};
use crate::graph::Graph;
use crate::ledger::{Applied, LedgerState};
use crate::name::RevisionId;
use crate::walk::post_order;

/// A revision in a database.
type Item<'a> = (&'a Target, usize);

pub(super) fn upgrade(graph: &Graph, situation: &Situation, goals: &[Goal]) -> Result<Plan, PlanError> {
    let mut planner = Planner { graph, situation, courses: BTreeMap::new(), concerned: BTreeSet::new() };
    let mut roots = Vec::new();
    for goal in goals {
        let target = planner.enter(&goal.target)?;
        planner.concerned.insert(target);
        let found = planner.courses[target].resolve(&goal.to)?;
        roots.extend(found.into_iter().map(|index| (target, index)));
    }
    let order = planner.order(roots)?;
    planner.plan(&order)
}

struct Planner<'a> {
    graph: &'a Graph,
    situation: &'a Situation,
    courses: BTreeMap<&'a Target, Course<'a>>,
    /// The targets of goals, and those where a step is needed. What is wrong with others does not matter.
    concerned: BTreeSet<&'a Target>,
}

impl<'a> Planner<'a> {
    /// Brings a target into view.
    fn enter(&mut self, target: &Target) -> Result<&'a Target, PlanError> {
        let Some(own) = self.situation.targets().find(|own| *own == target) else {
            return Err(PlanError::UnknownTarget { target: target.clone() });
        };
        if !self.courses.contains_key(own) {
            self.courses.insert(own, Course::up(self.graph, self.situation, own)?);
        }
        Ok(own)
    }

    fn order(&mut self, roots: Vec<Item<'a>>) -> Result<Vec<Item<'a>>, PlanError> {
        let graph = self.graph;
        let named = |(target, index): &Item<'_>| format!("{} in {}", name(graph, *index), target.database);
        post_order(
            roots,
            |item| self.needs(*item),
            |chain| PlanError::Cycle { chain: chain.iter().map(named).collect() },
        )
    }

    fn needs(&mut self, (target, index): Item<'a>) -> Result<Vec<Item<'a>>, PlanError> {
        let mut needs: Vec<Item<'a>> =
            self.courses[target].view.parents[index].iter().map(|parent| (target, *parent)).collect();
        for dependency in self.graph.raw_depends(index) {
            needs.extend(self.dependency(target, index, *dependency)?);
        }
        Ok(needs)
    }

    fn dependency(&mut self, target: &Target, index: usize, dependency: usize) -> Result<Vec<Item<'a>>, PlanError> {
        let app = &self.graph.at(dependency).app;
        let providers = self.situation.providers(&target.database, app);
        if providers.is_empty() && !self.courses[target].is_recorded(index) {
            return Err(PlanError::NoDatabase { dependant: name(self.graph, index), app: app.clone() });
        }
        let mut items = Vec::new();
        for provider in providers {
            let provider = self.enter(provider)?;
            let shown = self.courses[provider].view.shown_for(self.graph, dependency);
            items.extend(shown.into_iter().map(|index| (provider, index)));
        }
        Ok(items)
    }

    fn plan(mut self, order: &[Item<'a>]) -> Result<Plan, PlanError> {
        let mut ups = Vec::new();
        for (target, index) in order {
            if let Some(step) = self.step(target, *index) {
                self.concerned.insert(target);
                ups.push(step);
            }
        }
        let mut plan = Plan::default();
        for target in &self.concerned {
            let course = &self.courses[target];
            self.refuse_unknown(course)?;
            let forgotten = course.unknown_rows().into_iter();
            plan.steps.extend(forgotten.map(|row| step(target, row.revision.clone(), Action::Forget)));
            plan.edited.extend(course.edited());
        }
        plan.steps.extend(ups);
        for target in &self.concerned {
            plan.steps.extend(squashes(&self.courses[target], &plan.steps));
            refuse_unfinished(&self.courses[target], &plan.steps)?;
        }
        self.refuse_excluded(plan)
    }

    /// Rows of revisions that failed before they changed anything are forgotten with their files.
    fn refuse_unknown(&self, course: &Course<'_>) -> Result<(), PlanError> {
        let unknown: Vec<_> = course.unknown_rows().into_iter().filter(|row| !left_nothing(row)).collect();
        if unknown.is_empty() { Ok(()) } else { Err(course.unknown_error(self.situation, &unknown)) }
    }

    /// In an excluded database nothing may be run, and rows that only tidy the ledger can wait.
    fn refuse_excluded(&self, mut plan: Plan) -> Result<Plan, PlanError> {
        let excluded = |step: &Step| self.situation.excluded.contains(&step.target.database);
        plan.steps.retain(|step| !excluded(step) || matches!(step.action, Action::Up { .. }));
        match plan.steps.iter().find(|step| excluded(step)) {
            Some(step) => Err(PlanError::Excluded { target: step.target.clone(), needed: step.id.to_string() }),
            None => Ok(plan),
        }
    }

    fn step(&self, target: &Target, index: usize) -> Option<Step> {
        let course = &self.courses[target];
        if course.is_recorded(index) {
            return None;
        }
        let squashed = course.has(index);
        let action = if squashed {
            Action::Record { state: LedgerState::Squashed }
        } else {
            Action::Up { resume: course.resume(index) }
        };
        Some(step(target, self.graph.at(index).id.clone(), action))
    }
}

fn step(target: &Target, id: RevisionId, action: Action) -> Step {
    Step { target: target.clone(), id, action }
}

fn name(graph: &Graph, index: usize) -> String {
    format!("{}/{}", graph.at(index).app, graph.at(index).id)
}

/// Revisions that stand for others and were passed over, as soon as all of those will be there.
fn squashes(course: &Course<'_>, steps: &[Step]) -> Vec<Step> {
    let planned: BTreeSet<&str> =
        steps.iter().filter(|step| step.target == *course.target).map(|step| step.id.as_str()).collect();
    let complete = |index: &&usize| {
        let mut ids = course.graph.at(**index).replaces.iter().map(RevisionId::as_str);
        ids.all(|id| planned.contains(id) || is_there(course.graph, course.applied, id, &planned))
    };
    let found = course.view.expanded.iter().filter(complete);
    found
        .map(|index| {
            let action = Action::Record { state: LedgerState::Squashed };
            step(course.target, course.graph.at(*index).id.clone(), action)
        })
        .collect()
}

fn is_there(graph: &Graph, applied: &Applied, id: &str, planned: &BTreeSet<&str>) -> bool {
    let Some(index) = graph.index(applied.app(), id) else { return applied.contains(id) };
    let inner = &graph.at(index).replaces;
    let covered = |inner_id: &RevisionId| {
        planned.contains(inner_id.as_str()) || is_there(graph, applied, inner_id.as_str(), planned)
    };
    standing(graph, applied, index) == Standing::All || (!inner.is_empty() && inner.iter().all(covered))
}

fn refuse_unfinished(course: &Course<'_>, steps: &[Step]) -> Result<(), PlanError> {
    let handled = |id: &str| steps.iter().any(|step| step.target == *course.target && step.id.as_str() == id);
    let mut open = course.applied.unfinished().into_iter();
    match open.find(|row| row.goes_back() || (!handled(row.revision.as_str()) && !left_nothing(row))) {
        Some(row) => Err(unfinished(course.target, row)),
        None => Ok(()),
    }
}
