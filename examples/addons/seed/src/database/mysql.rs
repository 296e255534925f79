//! MySQL and MariaDB: rows go in by `INSERT` statements of many rows each. Loading a stream would be faster, but it needs a
//! setting of the server that is off by default.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use tokio::runtime::{Builder, Runtime};

use super::{Database, Row, Table, Value};

/// Rows of one statement: a few hundred kilobytes, far from what servers refuse.
const ROWS: usize = 1_000;

/// A database on a server of MySQL or MariaDB. Dropping it closes the connection, which rolls back.
pub(super) struct Mysql {
    connection: Conn,
    runtime: Runtime,
}

impl Mysql {
    /// Connects to a URL that begins with `mysql:`. No error repeats the URL.
    pub(super) fn open(url: &str) -> Result<Self> {
        let options = Opts::from_url(url).map_err(|_| anyhow!("the driver cannot read the URL of the database"))?;
        let runtime = Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
        let connect = async {
            let mut connection = Conn::new(options).await?;
            connection.query_drop("SET NAMES utf8mb4").await?;
            connection.query_drop("BEGIN").await?;
            Ok::<_, mysql_async::Error>(connection)
        };
        let connection = runtime.block_on(connect).context("cannot open the database on the server")?;
        Ok(Self { connection, runtime })
    }
}

impl Database for Mysql {
    fn number(&mut self, query: &str) -> Result<i64> {
        let answer = self.runtime.block_on(self.connection.query_first(query))?;
        answer.context("the query has no answer")
    }

    fn numbers(&mut self, query: &str) -> Result<BTreeMap<String, i64>> {
        let rows: Vec<(String, i64)> = self.runtime.block_on(self.connection.query(query))?;
        Ok(rows.into_iter().collect())
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        for rows in rows.chunks(ROWS) {
            self.runtime.block_on(self.connection.query_drop(statement(table, rows)))?;
        }
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        let Self { mut connection, runtime } = *self;
        runtime.block_on(async {
            connection.query_drop("COMMIT").await?;
            connection.disconnect().await
        })?;
        Ok(())
    }
}

fn statement(table: &Table, rows: &[Row]) -> String {
    let mut sql = format!("INSERT INTO `{}` (`{}`) VALUES\n", table.name, table.columns.join("`, `"));
    for (position, row) in rows.iter().enumerate() {
        sql.push_str(if position == 0 { "(" } else { ",\n(" });
        for (position, value) in row.iter().enumerate() {
            if position > 0 {
                sql.push_str(", ");
            }
            literal(value, &mut sql);
        }
        sql.push(')');
    }
    sql
}

/// A value as the default SQL mode reads it. A moment goes into a column without a zone, which takes no `T` and no `Z`.
fn literal(value: &Value, sql: &mut String) {
    match value {
        Value::Null => sql.push_str("NULL"),
        Value::Integer(number) => sql.push_str(&number.to_string()),
        Value::Text(text) => quote(text, sql),
        Value::Moment(moment) => quote(&moment.replace('T', " ").replace('Z', ""), sql),
    }
}

fn quote(text: &str, sql: &mut String) {
    sql.push('\'');
    for letter in text.chars() {
        if matches!(letter, '\'' | '\\') {
            sql.push('\\');
        }
        sql.push(letter);
    }
    sql.push('\'');
}

#[cfg(test)]
mod tests;
