//! Whether the user sees all that a database holds. A server leaves out of its lists what a user has no right to, as if it were
//! not there, so a schema that was read without those rights would look whole.

use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use crate::connect::{Connection, quoted};
use crate::rights::Rights;

/// Rights on a database of which one lets a user see that a table or a view is there.
const OF_TABLES: [&str; 12] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE VIEW",
    "SHOW VIEW",
    "TRIGGER",
];

/// Refuses a database of which something may be hidden from the user. `tables` are those that can be seen.
pub(super) async fn sees_all(
    connection: &mut Connection,
    database: &str,
    tables: &[String],
) -> Result<(), EngineError> {
    let Some(rights) = Rights::read(connection).await? else { return Ok(()) };
    let lacking = lacking(&rights, database, tables, connection.kind());
    if lacking.is_empty() { Ok(()) } else { Err(refused(&lacking, database)) }
}

fn refused(lacking: &[&str], database: &str) -> EngineError {
    let lacking = lacking.join(", ");
    let message = format!("the user of the database's URL lacks {lacking} on `{database}`");
    EngineError::new(ErrorClass::Refused, message).hint(format!(
        "`GRANT {lacking} ON {}.* TO …`: what a user has no right to, the server hides, and the schema would look whole without it",
        quoted(database)
    ))
}

/// The rights without which something may be hidden.
fn lacking(rights: &Rights, database: &str, tables: &[String], engine: EngineKind) -> Vec<&'static str> {
    let has = |names: &[&str]| names.iter().any(|name| rights.on(name, database));
    let on_tables = tables.iter().all(|table| rights.on_table("TRIGGER", database, table));
    let sees = [
        ("SELECT", has(&OF_TABLES)),
        ("TRIGGER", has(&["TRIGGER"]) || on_tables),
        ("EVENT", has(&["EVENT"])),
        ("EXECUTE", rights.shows_routines(database, engine)),
    ];
    sees.into_iter().filter(|(_, sees)| !sees).map(|(right, _)| right).collect()
}

#[cfg(test)]
mod tests;
