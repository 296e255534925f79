//! Writes a schema for PostgreSQL. Each object is a node with its statements and with what it needs; the order comes from
//! that. Where objects need each other, one of them is made in two steps: a default or a check is added to its table later,
//! a view first gives rows of nulls, a type is first a shell.

mod plan;
mod tables;
mod views;

use std::collections::HashSet;

use stead_schema::model::Reference;
use stead_schema::{EngineKind, Schema};

use super::order::{circles, order};
use super::{Phase, Statement, WriteError};
use plan::Plan;

/// The statements in order.
pub(super) fn statements(schema: &Schema) -> Result<Vec<Statement>, WriteError> {
    let plan = Plan::new(schema, &HashSet::new())?;
    let circle = circles(&plan.needs());
    if circle.is_empty() {
        return ordered(schema, plan);
    }
    let apart: HashSet<Reference> = circle.into_iter().map(|node| plan.nodes[node].reference.clone()).collect();
    ordered(schema, Plan::new(schema, &apart)?)
}

fn ordered(schema: &Schema, plan: Plan) -> Result<Vec<Statement>, WriteError> {
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
            statements.push(Statement { phase, kind, name, sql });
        }
    }
    Ok(with_settings(schema, statements))
}

/// Bodies of routines may name what does not exist yet, so the server is told not to look at them.
fn with_settings(schema: &Schema, statements: Vec<Statement>) -> Vec<Statement> {
    let routine = |statement: &&Statement| statement.kind == "function" || statement.kind == "procedure";
    let phases: HashSet<Phase> = statements.iter().filter(routine).map(|statement| statement.phase).collect();
    debug_assert_eq!(schema.engine, EngineKind::Postgres);
    let mut written = Vec::with_capacity(statements.len() + 2);
    let mut set = HashSet::new();
    for statement in statements {
        if phases.contains(&statement.phase) && set.insert(statement.phase) {
            let (name, sql) = (stead_schema::model::Name::default(), "SET check_function_bodies = false".to_owned());
            written.push(Statement { phase: statement.phase, kind: "setting".to_owned(), name, sql });
        }
        written.push(statement);
    }
    written
}
