//! Histograms of MySQL: what the server has counted of a column's values, for its plans. They are not schema, and no rows either; a
//! load lets the server count again, into as many buckets as somebody asked for.

use serde::{Deserialize, Serialize};
use stead_engine::EngineError;
use stead_schema::EngineKind;

use crate::admin::literal;
use crate::connect::{Connection, quoted};
use crate::error::number;

/// A column that has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Histogram {
    table: String,
    column: String,
    buckets: u32,
}

/// The histograms of a database.
pub(super) async fn read(connection: &mut Connection, database: &str) -> Result<Vec<Histogram>, EngineError> {
    if connection.kind() == EngineKind::Mariadb {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, HISTOGRAM->>'$.\"number-of-buckets-specified\"' \
         FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME = {} ORDER BY 1, 2",
        literal(database)
    );
    let rows = match connection.texts(&sql).await {
        // A server that knows no histograms has none.
        Err(error) if number(&error) == Some(1109) => return Ok(Vec::new()),
        other => other?,
    };
    let histogram = |row: Vec<Option<String>>| {
        let mut row = row.into_iter().flatten();
        Some(Histogram { table: row.next()?, column: row.next()?, buckets: row.next()?.parse().ok()? })
    };
    Ok(rows.into_iter().filter_map(histogram).collect())
}

/// Makes histograms in the connection's database. The server says what hinders it in rows, and nothing that people have hangs on it.
pub(super) async fn make(connection: &mut Connection, histograms: &[Histogram]) -> Result<(), EngineError> {
    for Histogram { table, column, buckets } in histograms {
        let sql =
            format!("ANALYZE TABLE {} UPDATE HISTOGRAM ON {} WITH {buckets} BUCKETS", quoted(table), quoted(column));
        connection.texts(&sql).await?;
    }
    Ok(())
}
