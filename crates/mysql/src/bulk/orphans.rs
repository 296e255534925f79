//! Rows that refer to nothing. A server that was told not to look (`foreign_key_checks = 0`) keeps them and never complains. A
//! dump counts them and goes on, because people must be able to save what they have; a load, which does not look while it brings
//! rows, refuses those that the dump did not have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stead_engine::{EngineError, ErrorClass};

use crate::admin::literal;
use crate::connect::{Connection, quoted};
use crate::error::number;

/// A foreign key as the catalog has it.
struct Key {
    name: String,
    table: String,
    columns: Vec<String>,
    /// The table it refers to, as SQL.
    parent: String,
    parent_name: String,
    parent_columns: Vec<String>,
}

/// Rows of one table that refer to nothing by one of its foreign keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orphans {
    table: String,
    key: String,
    rows: u64,
}

/// The foreign keys of a database that have such rows.
pub(super) async fn count(connection: &mut Connection, database: &str) -> Result<Vec<Orphans>, EngineError> {
    let mut found = Vec::new();
    for key in keys(connection, database).await? {
        let rows = key.count(connection, database).await?;
        if rows > 0 {
            found.push(Orphans { table: key.table, key: key.name, rows });
        }
    }
    Ok(found)
}

/// Refuses a database with more of them than are known: the error names the table, the key and the values of one of them.
pub(super) async fn none_but(
    connection: &mut Connection,
    database: &str,
    known: &[Orphans],
) -> Result<(), EngineError> {
    for key in keys(connection, database).await? {
        let known = known.iter().find(|known| known.table == key.table && known.key == key.name);
        let allowed = known.map_or(0, |known| known.rows);
        if key.count(connection, database).await? > allowed {
            let query = match connection.texts(&key.query(database, true)).await {
                Err(error) if refers_to_nothing(&error) => key.query(database, false),
                _ => key.query(database, true),
            };
            let found = connection.texts(&query).await?;
            return Err(key.orphan(&query, &found.into_iter().next().unwrap_or_default()));
        }
    }
    Ok(())
}

/// Whether a key's other side is not there: `ER_NO_SUCH_TABLE` and `ER_BAD_FIELD_ERROR`.
fn refers_to_nothing(error: &EngineError) -> bool {
    matches!(number(error), Some(1146 | 1054))
}

async fn keys(connection: &mut Connection, database: &str) -> Result<Vec<Key>, EngineError> {
    let sql = format!(
        "SELECT CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, \
         REFERENCED_COLUMN_NAME, ORDINAL_POSITION FROM information_schema.KEY_COLUMN_USAGE \
         WHERE TABLE_SCHEMA = {} AND REFERENCED_TABLE_NAME IS NOT NULL",
        literal(database)
    );
    let mut rows = connection.texts(&sql).await?;
    rows.sort_by_key(|row| row.get(6).cloned().flatten().and_then(|place| place.parse::<u64>().ok()));
    let mut found: BTreeMap<(String, String), Key> = BTreeMap::new();
    for row in rows {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (name, table, column, parent_database, parent, parent_column) =
            (next(), next(), next(), next(), next(), next());
        let key = found.entry((table.clone(), name.clone())).or_insert_with(|| Key {
            name,
            table,
            columns: Vec::new(),
            parent: format!("{}.{}", quoted(&parent_database), quoted(&parent)),
            parent_name: parent,
            parent_columns: Vec::new(),
        });
        key.columns.push(column);
        key.parent_columns.push(parent_column);
    }
    Ok(found.into_values().collect())
}

impl Key {
    /// Rows that refer to nothing; all that refer to anything where there is no such table or column.
    async fn count(&self, connection: &mut Connection, database: &str) -> Result<u64, EngineError> {
        let rows = match connection.texts(&self.select(database, "COUNT(*)", true)).await {
            Err(error) if refers_to_nothing(&error) => {
                connection.texts(&self.select(database, "COUNT(*)", false)).await?
            }
            other => other?,
        };
        let count = rows.into_iter().flatten().flatten().next();
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// The values of one of the rows.
    fn query(&self, database: &str, parent: bool) -> String {
        let values = self.columns.iter().map(|column| format!("CAST(c.{} AS CHAR)", quoted(column)));
        self.select(database, &values.collect::<Vec<_>>().join(", "), parent) + " LIMIT 1"
    }

    /// Something about all of them. A key with a NULL in it refers to nothing and need not.
    fn select(&self, database: &str, what: &str, parent: bool) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("c.{}", quoted(column))).collect();
        let pairs = columns.iter().zip(&self.parent_columns);
        let equal: Vec<String> = pairs.map(|(column, parent)| format!("{column} = p.{}", quoted(parent))).collect();
        let set: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        let found = format!(" AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})", self.parent, equal.join(" AND "));
        format!(
            "SELECT {what} FROM {}.{} AS c WHERE {}{}",
            quoted(database),
            quoted(&self.table),
            set.join(" AND "),
            if parent { found.as_str() } else { "" }
        )
    }

    fn orphan(&self, query: &str, row: &[Option<String>]) -> EngineError {
        let values: Vec<String> = self
            .columns
            .iter()
            .zip(row)
            .map(|(column, value)| format!("`{column}` = {}", value.as_deref().unwrap_or("NULL")))
            .collect();
        let message = format!(
            "a row of `{}` refers to nothing: its foreign key `{}` has {}, which is not in `{}`",
            self.table,
            self.name,
            values.join(", "),
            self.parent_name
        );
        EngineError::new(ErrorClass::Constraint, message)
            .hint("such rows come from sessions with `foreign_key_checks = 0`; this finds one:")
            .hint(query)
    }
}
