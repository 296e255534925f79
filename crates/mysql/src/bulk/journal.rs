//! The journal of a swap: a table in the database that keeps the old tables (or, where there is none, in the one that goes),
//! with everything another process needs to take the swap back or to complete it.
//! It is written before the first object moves and dropped when the last one has its place.

use serde::{Deserialize, Serialize};
use stead_engine::EngineError;

use super::grants::Granted;
use super::objects::Made;
use crate::admin::literal;
use crate::connect::{Connection, quoted};

/// The journal's table.
pub(super) const TABLE: &str = "stead_journal";

/// What is to be swapped, as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Tables and sequences that leave the live name.
    pub(super) old_tables: Vec<String>,
    /// Tables and sequences that take the live name.
    pub(super) new_tables: Vec<String>,
    /// What goes with the old tables.
    pub(super) old_objects: Vec<Made>,
    /// What goes with the new tables.
    pub(super) new_objects: Vec<Made>,
    /// Character set and collation of the old database.
    pub(super) old_attributes: String,
    /// Character set and collation of the new database.
    pub(super) new_attributes: String,
    /// Rights to routines that are replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) granted: Vec<Granted>,
}

/// The journal in a database, if there is one.
pub(super) async fn read(connection: &mut Connection, database: &str) -> Result<Option<Journal>, EngineError> {
    let sql = format!(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = '{TABLE}'",
        literal(database)
    );
    if connection.texts(&sql).await?.is_empty() {
        return Ok(None);
    }
    let rows = connection.texts(&format!("SELECT content FROM {}.{TABLE} WHERE id = 1", quoted(database))).await?;
    let text = rows.into_iter().flatten().flatten().next();
    // A table without its row is one that a process died over before anything else was done.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Writes the journal; everything after it can be carried on.
pub(super) async fn write(connection: &mut Connection, database: &str, journal: &Journal) -> Result<(), EngineError> {
    let table = format!("{}.{TABLE}", quoted(database));
    connection
        .own(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (id INT PRIMARY KEY, content LONGTEXT CHARACTER SET utf8mb4 NOT NULL) \
             ENGINE = InnoDB"
        ))
        .await?;
    let content = serde_json::to_string(journal)
        .map_err(|error| EngineError::new(stead_engine::ErrorClass::Bug, error.to_string()))?;
    let sql = format!("REPLACE INTO {table} (id, content) VALUES (1, {})", literal(&content));
    connection.own(&sql).await.map(|_outcome| ())
}

/// Removes the journal.
pub(super) async fn remove(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
    connection.own(&format!("DROP TABLE IF EXISTS {}.{TABLE}", quoted(database))).await.map(|_outcome| ())
}
