//! Many statements in one query. A server prints one object for one statement, so all statements of a kind are sent together;
//! the number of queries then hangs on the length of names alone, and a database of ordinary size needs one.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Row as DriverRow, Value as DriverValue};
use stead_engine::EngineError;

use crate::connect::Connection;

/// Bytes of statements in one query; every server takes at least this much.
const LONGEST: usize = 900_000;

/// A row as bytes; `None` is `NULL`.
pub(super) type Row = Vec<Option<Vec<u8>>>;

/// The rows of each statement, in order.
pub(super) async fn batch(connection: &mut Connection, statements: &[String]) -> Result<Vec<Vec<Row>>, EngineError> {
    let mut sets = Vec::with_capacity(statements.len());
    let mut rest = statements;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(fitting(rest));
        sets.extend(send(connection, &now.join(";")).await?);
        rest = later;
    }
    Ok(sets)
}

/// The value of a column.
pub(super) fn bytes(row: &Row, column: usize) -> Option<Vec<u8>> {
    row.get(column)?.clone()
}

/// The value of a column that the server says in UTF-8 whatever it is, such as a word or a name.
pub(super) fn text(row: &Row, column: usize) -> Option<String> {
    row.get(column)?.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// How many statements go into the next query; at least one.
fn fitting(statements: &[String]) -> usize {
    let mut length = 0;
    let fits = |statement: &&String| {
        length += statement.len() + 1;
        length <= LONGEST
    };
    statements.iter().take_while(fits).count().max(1)
}

async fn send(connection: &mut Connection, sql: &str) -> Result<Vec<Vec<Row>>, EngineError> {
    let conn = connection.begin().await?;
    let sets = async {
        let mut result = conn.query_iter(sql).await?;
        let mut sets = Vec::new();
        while !result.is_empty() {
            let rows: Vec<DriverRow> = result.collect().await?;
            sets.push(rows.into_iter().map(row).collect());
        }
        result.drop_result().await?;
        Ok(sets)
    };
    let sets = sets.await;
    connection.done(sets, "")
}

fn row(row: DriverRow) -> Row {
    let bytes = |value| match value {
        DriverValue::NULL => None,
        DriverValue::Bytes(bytes) => Some(bytes),
        other => Some(other.as_sql(true).into_bytes()),
    };
    mysql_async::Row::unwrap(row).into_iter().map(bytes).collect()
}
