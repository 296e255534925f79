//! Writes a schema for MySQL and MariaDB. Tables come first, each with its primary key and what rows need to be numbered; other
//! keys, foreign keys, programs and views come when the rows are there. Every phase sets what its statements are to be read
//! with, and puts back what it found.

mod program;
mod table;

use std::collections::{BTreeMap, HashMap};

use stead_schema::model::{Name, Object, View};
use stead_schema::{EngineKind, Schema};

use super::order::order;
use super::{Phase, Statement, WriteError, WriteOptions};
use program::Setting;

#[cfg(test)]
mod tests;

/// Zero dates and the like are written as they are read, an engine that is not there is refused and not replaced.
pub(super) const SQL_MODE: &str = "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,STRICT_ALL_TABLES";

/// The variables that are changed and put back.
const VARIABLES: [&str; 6] = [
    "sql_mode",
    "time_zone",
    "foreign_key_checks",
    "character_set_client",
    "character_set_results",
    "collation_connection",
];

pub(super) fn statements(schema: &Schema, options: &WriteOptions) -> Result<Vec<Statement>, WriteError> {
    let (before, after) = phases(schema, options)?;
    Ok(framed(Phase::Before, before).into_iter().chain(framed(Phase::After, after)).collect())
}

/// The statements of each name, as if it were a schema of its own.
pub(super) fn apart(schema: &Schema) -> Result<Vec<(Name, Vec<Statement>)>, WriteError> {
    let mut apart: BTreeMap<&Name, Schema> = BTreeMap::new();
    macro_rules! divide {
        ($($list:ident),*) => {
            $(for item in &schema.$list {
                apart.entry(&item.name).or_insert_with(|| Schema::empty(schema.engine)).$list.push(item.clone());
            })*
        };
    }
    divide!(tables, views, triggers, objects);
    let written = apart.into_iter().map(|(name, schema)| {
        let (before, after) = phases(&schema, &WriteOptions::default())?;
        let all = before.into_iter().chain(after).collect();
        Ok((name.clone(), framed(Phase::Before, all)))
    });
    written.collect()
}

/// The statements of both phases.
fn phases(schema: &Schema, options: &WriteOptions) -> Result<(Vec<Statement>, Vec<Statement>), WriteError> {
    let mut before: Vec<Statement> = Vec::new();
    for sequence in of_kind(schema, "sequence") {
        before.push(program::sequence(sequence)?);
    }
    for table in &schema.tables {
        before.extend(table::create(table, schema.engine)?);
    }
    let mut after: Vec<Statement> = Vec::new();
    for table in &schema.tables {
        after.extend(table::keys(table));
    }
    for table in &schema.tables {
        after.extend(table::foreign_keys(table, schema.engine));
    }
    let mut setting = Setting::default();
    for kind in ["function", "procedure"] {
        for routine in of_kind(schema, kind) {
            after.extend(program::object(routine, &mut setting, options)?);
        }
    }
    for view in in_order(schema) {
        after.extend(program::view(view, &mut setting, options));
    }
    for trigger in program::in_order(&schema.triggers) {
        after.extend(program::trigger(trigger, &mut setting, options)?);
    }
    for event in of_kind(schema, "event") {
        after.extend(program::object(event, &mut setting, options)?);
    }
    unknown_kinds(schema)?;
    Ok((before, after))
}

fn of_kind<'a>(schema: &'a Schema, kind: &'a str) -> impl Iterator<Item = &'a Object> {
    schema.objects.iter().filter(move |object| object.kind == kind)
}

fn unknown_kinds(schema: &Schema) -> Result<(), WriteError> {
    const KNOWN: [&str; 4] = ["sequence", "function", "procedure", "event"];
    match schema.objects.iter().find(|object| !KNOWN.contains(&object.kind.as_str())) {
        None => Ok(()),
        Some(object) => Err(incomplete(&object.kind, &object.name, "objects of this kind are not known")),
    }
}

fn incomplete(kind: &str, name: &Name, reason: &str) -> WriteError {
    WriteError::Incomplete { kind: kind.to_owned(), name: name.clone(), reason: reason.to_owned() }
}

/// Views after those they are made of. Names in a query may look like a view's and be none; if that closes a circle, its views
/// come last in the order of their names, and the server has the last word.
fn in_order(schema: &Schema) -> Vec<&View> {
    let places: HashMap<&Name, usize> =
        schema.views.iter().enumerate().map(|(place, view)| (&view.name, place)).collect();
    let mut needs = vec![Vec::new(); schema.views.len()];
    let views =
        schema.dependencies.iter().filter(|dependency| dependency.of.kind == "view" && dependency.on.kind == "view");
    for dependency in views {
        if let (Some(of), Some(on)) = (places.get(&dependency.of.name), places.get(&dependency.on.name)) {
            needs[*of].push(*on);
        }
    }
    let mut ordered = order(&vec![0_u8; needs.len()], &needs);
    let rest: Vec<usize> = (0..needs.len()).filter(|place| !ordered.contains(place)).collect();
    ordered.extend(rest);
    ordered.into_iter().map(|place| &schema.views[place]).collect()
}

/// The statements of a phase between those that set the session for them and put it back.
fn framed(phase: Phase, statements: Vec<Statement>) -> Vec<Statement> {
    if statements.is_empty() {
        return statements;
    }
    let setting = |sql: String| Statement { phase, kind: "setting".to_owned(), name: Name::default(), sql };
    let listed = |form: &dyn Fn(&str) -> String| VARIABLES.map(form).join(", ");
    let keep = listed(&|name| format!("@stead_{name} = @@{name}"));
    let restore = listed(&|name| format!("{name} = @stead_{name}"));
    let first = [
        setting(format!("SET {keep}")),
        setting("SET NAMES utf8mb4".to_owned()),
        setting(format!("SET sql_mode = '{SQL_MODE}', time_zone = '+00:00', foreign_key_checks = 0")),
    ];
    first.into_iter().chain(statements).chain([setting(format!("SET {restore}"))]).collect()
}

/// A name as SQL; both engines quote alike.
fn quoted(name: &str) -> String {
    crate::quote::identifier(name, EngineKind::Mysql)
}

/// Names as a list in SQL.
fn list(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

/// A text as SQL, for any session of ours.
fn string(text: &str) -> String {
    crate::quote::string(text, EngineKind::Mysql).expect("a literal of MySQL holds every text")
}
