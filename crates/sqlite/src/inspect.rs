//! What a database looks like, in six queries whatever its size. Everything a pragma tells is taken from the pragma; the
//! stored statements are read only for what no pragma tells: expressions, names of constraints and views' queries.

mod catalog;
mod renamed;
mod table;
mod text;

use std::collections::HashSet;

use stead_engine::{EngineError, ErrorClass};
use stead_schema::model::{Name, Trigger, View};
use stead_schema::{EngineKind, Schema};
use stead_sql::normal_form;

use crate::apply::Worker;
use catalog::{Catalog, Entry};

#[cfg(test)]
mod tests;

/// The schema of the database `main`, without stead's own tables and SQLite's.
///
/// # Errors
///
/// `unsupported`, naming the object, if the catalog lists one that the schema does not hold.
pub(crate) fn inspect(worker: &mut Worker) -> Result<Schema, EngineError> {
    let alone = worker.handle()?.connection.is_autocommit();
    if alone {
        worker.own("BEGIN")?;
    }
    let schema = read(worker);
    if alone {
        let ended = worker.own("COMMIT");
        return schema.and_then(|schema| ended.map(|()| schema));
    }
    schema
}

fn read(worker: &Worker) -> Result<Schema, EngineError> {
    let catalog = Catalog::read(worker)?;
    let mut schema = Schema::empty(EngineKind::Sqlite);
    for entry in catalog.entries.iter().filter(|entry| !entry.left_out()) {
        match entry.kind.as_str() {
            "table" => schema.tables.push(table::table(worker.handle()?, &catalog, entry)?),
            "view" => schema.views.push(view(entry)?),
            "trigger" => schema.triggers.push(trigger(entry)),
            _ => {}
        }
    }
    renamed::unquote(&mut schema);
    schema.sort();
    inventory(&catalog, &schema)?;
    Ok(schema)
}

fn view(entry: &Entry) -> Result<View, EngineError> {
    let parts = text::view(&entry.sql).ok_or_else(|| unsupported(entry, "its statement has no query"))?;
    let mut options = std::collections::BTreeMap::new();
    if let Some(columns) = parts.columns {
        options.insert("columns".to_owned(), columns);
    }
    Ok(View {
        name: Name::flat(&entry.name),
        query: parts.query,
        options,
        definition: Some(entry.sql.clone()),
        ..View::default()
    })
}

fn trigger(entry: &Entry) -> Trigger {
    Trigger {
        name: Name::flat(&entry.name),
        table: Name::flat(&entry.table),
        body: normal_form(&entry.sql, EngineKind::Sqlite),
        options: std::collections::BTreeMap::new(),
        definition: Some(entry.sql.clone()),
    }
}

/// Holds the schema against the catalog: what is listed must be in it.
fn inventory(catalog: &Catalog, schema: &Schema) -> Result<(), EngineError> {
    let tables = schema.tables.iter().map(|table| ("table", table.name.name.as_str()));
    let views = schema.views.iter().map(|view| ("view", view.name.name.as_str()));
    let triggers = schema.triggers.iter().map(|trigger| ("trigger", trigger.name.name.as_str()));
    let indexes = schema.tables.iter().flat_map(|table| &table.indexes).map(|index| ("index", index.name.as_str()));
    let held: HashSet<(&str, &str)> = tables.chain(views).chain(triggers).chain(indexes).collect();
    let missing = catalog
        .entries
        .iter()
        .find(|entry| !entry.left_out() && !held.contains(&(entry.kind.as_str(), entry.name.as_str())));
    missing.map_or(Ok(()), |entry| Err(unsupported(entry, "it has no place in the schema")))
}

fn unsupported(entry: &Entry, reason: &str) -> EngineError {
    let message = format!("the {} `{}` cannot be represented: {reason}", entry.kind, entry.name);
    EngineError::new(ErrorClass::Unsupported, message).hint("nothing is dropped silently; remove or rename the object")
}
