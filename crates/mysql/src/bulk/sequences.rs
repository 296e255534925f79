//! Defaults that take numbers from MariaDB's sequences. A table keeps such a sequence by the name of its database, and `RENAME
//! TABLE` leaves that as it is, so a swap says for every table anew which sequence it means.
//!
//! New tables are told before the rename, wherever the live database has sequences of those names: they then take numbers from
//! whatever has the live name, and the rename changes tables and sequences in one step. Where the live database has no such
//! sequence, that is only possible after the rename, and for the moment between the two statements the server refuses rows that
//! ask for that default (`Table 'stead_new_….s' doesn't exist`). No name is in the journal: which tables mean a sequence of the
//! database they came from, the catalog says at any time, so that a swap that was cut off is completed by looking again.

use std::collections::BTreeMap;

use stead_engine::EngineError;
use stead_schema::EngineKind;

use super::{load, patiently, swap};
use crate::admin::literal;
use crate::connect::{Connection, quoted};
use crate::inspect::home::{self, Numbered};

/// Tables of the database `of` that take numbers from sequences of `from` take them from those of the same names in `to`. What
/// `to` does not have stays as it is.
pub(super) async fn point(connection: &mut Connection, of: &str, from: &str, to: &str) -> Result<(), EngineError> {
    if connection.kind() != EngineKind::Mariadb {
        return Ok(());
    }
    let tables = tables(connection, of).await?;
    if tables.is_empty() {
        return Ok(());
    }
    let there = sequences(connection, to).await?;
    for table in tables {
        connection.enter(of).await?;
        let (mut columns, options) = home::numbered(connection, &table, from).await?;
        columns.retain(|column| column.sequences.iter().all(|sequence| there.contains(sequence)));
        if columns.is_empty() {
            continue;
        }
        // A sequence that is named alone is one of the session's database.
        connection.enter(to).await?;
        let sql = statement(of, &table, &columns, &options);
        patiently(connection, &sql, swap::ATTEMPTS, swap::PAUSE).await.map_err(|error| {
            error.context(format!("the defaults of `{of}`.`{table}` that take numbers from sequences"))
        })?;
    }
    Ok(())
}

/// Changes what the table says of its columns, and no row. All columns are in one statement: the server opens the table for it,
/// and a default that is not changed must find its sequence.
fn statement(database: &str, table: &str, columns: &[Numbered], options: &BTreeMap<String, String>) -> String {
    let set = |column: &Numbered| format!("ALTER {} SET DEFAULT ({})", quoted(&column.column), column.default);
    let set: Vec<String> = columns.iter().map(set).chain(load::forgotten(options)).collect();
    format!("ALTER TABLE {}.{} {}", quoted(database), quoted(table), set.join(", "))
}

/// The tables with defaults that may name a sequence.
async fn tables(connection: &mut Connection, database: &str) -> Result<Vec<String>, EngineError> {
    let sql = format!(
        "SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} \
         AND COLUMN_DEFAULT REGEXP '(nextval|lastval|setval)[(]' ORDER BY TABLE_NAME",
        literal(database)
    );
    Ok(connection.texts(&sql).await?.into_iter().flatten().flatten().collect())
}

async fn sequences(connection: &mut Connection, database: &str) -> Result<Vec<String>, EngineError> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'SEQUENCE'",
        literal(database)
    );
    Ok(connection.texts(&sql).await?.into_iter().flatten().flatten().collect())
}
