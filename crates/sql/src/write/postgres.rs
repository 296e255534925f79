//! Writes a schema for PostgreSQL. Each object is a node with its statements and with what it needs; the order comes from
//! that. Where objects need each other, one of them is made in two steps: a default or a check is added to its table later,
//! a view first gives rows of nulls, a type is first a shell.

mod homes;
mod plan;
mod tables;
mod views;

use std::collections::{HashMap, HashSet};

use stead_schema::model::{Name, Reference};
use stead_schema::{EngineKind, Schema};

use super::order::{circles, order};
use super::{Phase, Statement, WriteError};
use homes::Homes;
use plan::Plan;

/// The statements in order.
pub(super) fn statements(schema: &Schema) -> Result<Vec<Statement>, WriteError> {
    let statements = ordered(schema, planned(schema)?)?;
    Ok(with_settings(statements.into_iter().map(|(_, statement)| statement).collect()))
}

/// The statements of each object, with what belongs to it.
pub(super) fn apart(schema: &Schema) -> Result<Vec<(Name, Vec<Statement>)>, WriteError> {
    let plan = planned(schema)?;
    let homes = Homes::new(schema, &plan);
    let mut apart: Vec<(Name, Vec<Statement>)> = Vec::new();
    let mut places: HashMap<Name, usize> = HashMap::new();
    for (reference, statement) in ordered(schema, plan)? {
        let name = homes.of(&reference).unwrap_or_else(|| statement.name.clone());
        let place = *places.entry(name.clone()).or_insert_with(|| {
            apart.push((name, Vec::new()));
            apart.len() - 1
        });
        let list = &mut apart[place].1;
        let set = setting(statement.phase);
        if is_routine(&statement) && !list.iter().any(|other| other.sql == set.sql) {
            list.push(set);
        }
        list.push(statement);
    }
    Ok(apart)
}

fn planned(schema: &Schema) -> Result<Plan, WriteError> {
    let plan = Plan::new(schema, &HashSet::new())?;
    let circle = circles(&plan.needs());
    if circle.is_empty() {
        return Ok(plan);
    }
    let apart: HashSet<Reference> = circle.into_iter().map(|node| plan.nodes[node].reference.clone()).collect();
    Plan::new(schema, &apart)
}

/// Each statement with the node that it is of.
fn ordered(schema: &Schema, plan: Plan) -> Result<Vec<(Reference, Statement)>, WriteError> {
    debug_assert_eq!(schema.engine, EngineKind::Postgres);
    let needs = plan.needs();
    let before = plan.before(&needs);
    let ranks = plan.ranks(&needs, &before);
    let places = order(&ranks, &needs);
    if places.len() < plan.nodes.len() {
        let circle = circles(&needs).into_iter().map(|node| plan.nodes[node].reference.clone());
        let mut objects: Vec<Reference> = circle.collect();
        objects.sort();
        return Err(WriteError::Cycle { objects });
    }
    let mut nodes: Vec<Option<plan::Node>> = plan.nodes.into_iter().map(Some).collect();
    let mut statements = Vec::new();
    for place in places {
        let node = nodes[place].take().expect("an order names each thing once");
        let phase = if before[place] { Phase::Before } else { Phase::After };
        for (kind, name, sql) in node.statements {
            statements.push((node.reference.clone(), Statement { phase, kind, name, sql }));
        }
    }
    Ok(statements)
}

/// Bodies of routines may name what does not exist yet, so the server is told not to look at them.
fn with_settings(statements: Vec<Statement>) -> Vec<Statement> {
    let phases: HashSet<Phase> =
        statements.iter().filter(|statement| is_routine(statement)).map(|statement| statement.phase).collect();
    let mut written = Vec::with_capacity(statements.len() + 2);
    let mut set = HashSet::new();
    for statement in statements {
        if phases.contains(&statement.phase) && set.insert(statement.phase) {
            written.push(setting(statement.phase));
        }
        written.push(statement);
    }
    written
}

fn is_routine(statement: &Statement) -> bool {
    statement.kind == "function" || statement.kind == "procedure"
}

fn setting(phase: Phase) -> Statement {
    let (name, sql) = (Name::default(), "SET check_function_bodies = false".to_owned());
    Statement { phase, kind: "setting".to_owned(), name, sql }
}
