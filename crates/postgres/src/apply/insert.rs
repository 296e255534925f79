//! Rows from memory into a table: one prepared statement, sent again and again without waiting for the answers, and the number
//! of the row that failed.
//! Seeds come this way, so an error must lead back to a line of a file.

use std::iter;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use stead_engine::{EngineError, Row};
use stead_schema::model::Name;

use super::values::Bound;
use super::{PostgresSession, quoted};

/// Rows that are on their way at once.
const AHEAD: usize = 256;

pub(super) async fn insert(
    session: &mut PostgresSession,
    table: &Name,
    columns: &[String],
    rows: &[Row],
) -> Result<u64, EngineError> {
    // After a row that fails the server refuses the ones that are on their way, which takes a transaction.
    let own = !session.in_transaction() && rows.len() > 1;
    if own {
        session.connection.batch("BEGIN").await?;
    }
    let inserted = send(session, table, columns, rows).await;
    if own {
        session.connection.batch(if inserted.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    }
    inserted.map(|()| rows.len() as u64)
}

async fn send(
    session: &mut PostgresSession,
    table: &Name,
    columns: &[String],
    rows: &[Row],
) -> Result<(), EngineError> {
    let sql = insertion(table, columns);
    let statement = session.connection.prepare(&sql).await?;
    for row in rows {
        super::values::check_number(&statement, row)?;
    }
    let (client, statement) = (session.connection.begin().await?, &statement);
    let mut sending = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let values: Vec<Bound<'_>> = row.iter().map(Bound).collect();
        sending.push(async move { client.execute_raw(statement, values).await.map_err(|error| (index, error)) });
    }
    let sent = stream::iter(sending).buffered(AHEAD).try_for_each(|_one| async { Ok(()) }).await;
    let (row, result) = match sent {
        Ok(()) => (0, Ok(())),
        Err((row, error)) => (row + 1, Err(error)),
    };
    let ended = session.connection.end(result, &sql);
    ended.map_err(|error| {
        let mut error = error.context(format!("row {row} of {} for `{table}`", rows.len()));
        error.offset = None;
        error
    })
}

fn insertion(table: &Name, columns: &[String]) -> String {
    let namespace = table.namespace.as_ref().map(|namespace| format!("{}.", quoted(namespace))).unwrap_or_default();
    let target = format!("{namespace}{}", quoted(&table.name));
    if columns.is_empty() {
        return format!("INSERT INTO {target} DEFAULT VALUES");
    }
    let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let marks: Vec<String> = iter::successors(Some(1), |number| Some(number + 1))
        .take(columns.len())
        .map(|number| format!("${number}"))
        .collect();
    format!("INSERT INTO {target} ({}) VALUES ({})", names.join(", "), marks.join(", "))
}
