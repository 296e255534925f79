//! Writes a schema for SQLite. SQLite keeps the statement that made each object, so those are what is written; shadow
//! tables are left out, since the virtual table that owns them makes them.

use stead_schema::Schema;
use stead_schema::model::{Name, TableKind};

use super::{Statement, WriteError};

/// Tables, then indexes, then views, then triggers. SQLite looks names up when they are used, so views may come in any
/// order.
pub(super) fn statements(schema: &Schema) -> Result<Vec<Statement>, WriteError> {
    let mut statements = Vec::new();
    let tables = || schema.tables.iter().filter(|table| table.kind != TableKind::Shadow);
    for table in tables() {
        let sql = kept("table", &table.name, table.definition.as_ref())?;
        statements.push(Statement::before("table", &table.name, sql));
    }
    for (table, index) in tables().flat_map(|table| table.indexes.iter().map(move |index| (table, index))) {
        let sql = kept("index", &Name::flat(&index.name), index.definition.as_ref())?;
        statements.push(Statement::after("index", &table.name, sql));
    }
    for view in &schema.views {
        statements.push(Statement::after("view", &view.name, kept("view", &view.name, view.definition.as_ref())?));
    }
    for trigger in &schema.triggers {
        let sql = kept("trigger", &trigger.name, trigger.definition.as_ref())?;
        statements.push(Statement::after("trigger", &trigger.name, sql));
    }
    Ok(statements)
}

fn kept(kind: &str, name: &Name, definition: Option<&String>) -> Result<String, WriteError> {
    definition.cloned().ok_or_else(|| WriteError::Incomplete {
        kind: kind.to_owned(),
        name: name.clone(),
        reason: "the statement that made it was not kept".to_owned(),
    })
}
