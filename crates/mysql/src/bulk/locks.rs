//! Locks on tables whose triggers do not work. A server that locks a table for writing locks what its triggers name as well, and
//! refuses if something of that is not there; such a trigger lets nobody write to its table either.

use stead_engine::EngineError;

use super::objects::{self, Sort};
use crate::admin::literal;
use crate::connect::{Connection, quoted};
use crate::error::number;

/// Whether a lock failed for what is not there: a table, a database, a column, a routine, or something that a view names.
pub(super) fn lacks(error: &EngineError) -> bool {
    matches!(number(error), Some(1146 | 1049 | 1054 | 1305 | 1356))
}

/// The tables of a database that cannot be locked because of their triggers. No table may be locked.
pub(super) async fn hindered(connection: &mut Connection, database: &str) -> Result<Vec<String>, EngineError> {
    let sql = format!(
        "SELECT DISTINCT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {}",
        literal(database)
    );
    let mut hindered = Vec::new();
    for table in connection.texts(&sql).await?.into_iter().flatten().flatten() {
        match connection.own(&format!("LOCK TABLES {}.{} WRITE", quoted(database), quoted(&table))).await {
            Err(error) if lacks(&error) => hindered.push(table),
            other => other.map(|_outcome| ())?,
        }
        connection.own("UNLOCK TABLES").await?;
    }
    Ok(hindered)
}

/// Drops the triggers that hinder.
pub(super) async fn unhinder(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
    for table in hindered(connection, database).await? {
        let sql = format!(
            "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {} AND EVENT_OBJECT_TABLE = {}",
            literal(database),
            literal(&table)
        );
        for trigger in connection.texts(&sql).await?.into_iter().flatten().flatten() {
            objects::drop_one(connection, database, Sort::Trigger, &trigger).await?;
        }
    }
    Ok(())
}
