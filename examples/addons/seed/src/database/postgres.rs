//! PostgreSQL: rows go in by `COPY`, one for each batch of a table, which also lets the triggers on ratings see a batch at a
//! time. The numbers of identity columns are set at the end, because `COPY` with numbers of its own does not move them.

use std::collections::BTreeMap;
use std::io::Cursor;

use anyhow::{Context, Result, anyhow};
use futures_util::SinkExt;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls};

use super::{Database, Row, Table, Value};

/// A database on a server of PostgreSQL. Dropping it closes the connection, which rolls back.
pub(super) struct Postgres {
    client: Client,
    runtime: Runtime,
}

impl Postgres {
    /// Connects, without TLS: the example's servers run on this machine. No error repeats the URL.
    pub(super) fn open(url: &str) -> Result<Self> {
        let config: Config = url.parse().map_err(|_| anyhow!("the driver cannot read the URL of the database"))?;
        let runtime = Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
        let connect = async {
            let (client, connection) = config.connect(NoTls).await?;
            // Whatever goes wrong on the connection is the error of the statement that waits for it.
            tokio::spawn(async { connection.await.unwrap_or_default() });
            client.batch_execute("BEGIN").await?;
            Ok::<_, tokio_postgres::Error>(client)
        };
        let client = runtime.block_on(connect).context("cannot open the database on the server")?;
        Ok(Self { client, runtime })
    }
}

impl Database for Postgres {
    fn number(&mut self, query: &str) -> Result<i64> {
        Ok(self.runtime.block_on(self.client.query_one(query, &[]))?.try_get(0)?)
    }

    fn numbers(&mut self, query: &str) -> Result<BTreeMap<String, i64>> {
        let rows = self.runtime.block_on(self.client.query(query, &[]))?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        let sql = format!("COPY {} ({}) FROM STDIN", table.name, table.columns.join(", "));
        let copy = async {
            let mut sink = std::pin::pin!(self.client.copy_in(&sql).await?);
            sink.send(Cursor::new(encoded(rows))).await?;
            sink.finish().await
        };
        self.runtime.block_on(copy)?;
        Ok(())
    }

    fn go_on_counting(&mut self, tables: &[&str]) -> Result<()> {
        let set = |table: &&str| {
            format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING count(*) > 0;\n"
            )
        };
        Ok(self.runtime.block_on(self.client.batch_execute(&tables.iter().map(set).collect::<String>()))?)
    }

    fn commit(self: Box<Self>) -> Result<()> {
        Ok(self.runtime.block_on(self.client.batch_execute("COMMIT"))?)
    }
}

/// Rows in the text format of `COPY`: tabs between values, `\N` for NULL, backslashes before what would be mistaken.
fn encoded(rows: &[Row]) -> Vec<u8> {
    let mut text = String::new();
    for row in rows {
        for (position, value) in row.iter().enumerate() {
            if position > 0 {
                text.push('\t');
            }
            match value {
                Value::Null => text.push_str("\\N"),
                Value::Integer(number) => text.push_str(&number.to_string()),
                Value::Text(content) => escape(content, &mut text),
                Value::Moment(moment) => text.push_str(moment),
            }
        }
        text.push('\n');
    }
    text.into_bytes()
}

fn escape(content: &str, text: &mut String) {
    for letter in content.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            _ => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests;
