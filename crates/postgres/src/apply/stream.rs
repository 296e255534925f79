//! Queries of any size, through a cursor: the server keeps the place, so memory on both sides is one batch. A cursor lives in
//! a transaction; where there is none, the stream has one of its own.

use async_trait::async_trait;
use stead_engine::session::RowStream;
use stead_engine::value::ResultColumn;
use stead_engine::{EngineError, Row};
use tokio_postgres::Statement;
use tokio_postgres::types::Type;

use super::{PostgresSession, values};

/// What is open on behalf of a stream.
pub(super) struct Leftover {
    columns: Vec<ResultColumn>,
    types: Vec<Type>,
    batch: usize,
    /// The transaction is the stream's own.
    own: bool,
    /// The last batch was short, or failed.
    finished: bool,
}

/// Rows on their way.
pub(super) struct Stream<'a> {
    session: &'a mut PostgresSession,
}

/// Opens a cursor; the session remembers it until it is closed.
pub(super) async fn open(session: &mut PostgresSession, sql: &str, batch: usize) -> Result<(), EngineError> {
    let statement = session.connection.prepare(sql).await?;
    values::check_number(&statement, &[])?;
    let columns = described(session, &statement).await?;
    let own = !session.in_transaction();
    let begin = if own { "BEGIN READ ONLY; " } else { "" };
    session.leftover = Some(Leftover { columns, types: values::types(&statement), batch, own, finished: false });
    // The server would plan for the first tenth of the rows; all of them are wanted.
    let declare =
        format!("{begin}SET LOCAL cursor_tuple_fraction = 1; DECLARE stead_stream NO SCROLL CURSOR FOR {sql}");
    let opened = session.connection.batch(&declare).await;
    if let Err(mut error) = opened {
        error.offset = None;
        if let Some(leftover) = &mut session.leftover {
            leftover.finished = true;
        }
        session.settle().await?;
        return Err(error);
    }
    Ok(())
}

/// The columns, with the declared type of those that come straight from a table.
async fn described(session: &mut PostgresSession, statement: &Statement) -> Result<Vec<ResultColumn>, EngineError> {
    let columns = statement.columns();
    let kinds: Vec<u32> = columns.iter().map(|column| column.type_().oid()).collect();
    let modifiers: Vec<i32> = columns.iter().map(tokio_postgres::Column::type_modifier).collect();
    let sql = "SELECT pg_catalog.format_type(kind, modifier) FROM ROWS FROM (pg_catalog.unnest($1::oid[]), \
               pg_catalog.unnest($2::int4[])) WITH ORDINALITY AS c (kind, modifier, number) ORDER BY number";
    let spelt = session.connection.rows(sql, &[&kinds, &modifiers]).await?;
    let declared = |(column, spelt): (&tokio_postgres::Column, &tokio_postgres::Row)| ResultColumn {
        name: column.name().to_owned(),
        declared: column.table_oid().and_then(|_from_a_table| spelt.get(0)),
    };
    Ok(columns.iter().zip(&spelt).map(declared).collect())
}

impl PostgresSession {
    /// Closes what an abandoned stream left open.
    pub(super) async fn settle(&mut self) -> Result<(), EngineError> {
        let Some(leftover) = self.leftover.take() else { return Ok(()) };
        match leftover.own {
            true => self.connection.batch("ROLLBACK").await,
            // Where a fetch failed the cursor went with it, and the transaction waits for its end.
            false if leftover.finished => Ok(()),
            false => self.connection.batch("CLOSE stead_stream").await,
        }
    }
}

impl<'a> Stream<'a> {
    pub(super) fn new(session: &'a mut PostgresSession) -> Self {
        Self { session }
    }
}

#[async_trait]
impl RowStream for Stream<'_> {
    fn columns(&self) -> &[ResultColumn] {
        self.session.leftover.as_ref().map_or(&[], |leftover| &leftover.columns)
    }

    async fn next(&mut self) -> Result<Vec<Row>, EngineError> {
        let Some(leftover) = &mut self.session.leftover else { return Ok(Vec::new()) };
        let fetch = format!("FETCH FORWARD {} FROM stead_stream", leftover.batch);
        let fetched = self.session.connection.texts(&fetch).await;
        let fetched = fetched.inspect_err(|_lost| leftover.finished = true);
        let types = leftover.types.clone();
        let rows = self.session.note(fetched)?;
        rows.iter().map(|row| values::row(row, &types)).collect()
    }
}
