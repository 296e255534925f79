//! Rows of a query of any size, read as they come. What is not read is not lost on the way: a stream that is dropped early
//! leaves its statement marked as running, and the session's next one kills it first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use mysql_async::prelude::Queryable as _;
use mysql_async::{BinaryProtocol, QueryResult};
use stead_engine::session::RowStream;
use stead_engine::value::ResultColumn;
use stead_engine::{EngineError, Row};
use stead_schema::EngineKind;

use super::values;
use crate::connect::Connection;
use crate::error::classify;

/// Begins a query in the binary protocol.
pub(super) async fn open<'a>(
    connection: &'a mut Connection,
    sql: &str,
    batch: usize,
) -> Result<Box<dyn RowStream + 'a>, EngineError> {
    let (at, busy, engine) = (connection.at(), connection.busy(), connection.kind());
    let statement = connection.begin().await?.prep(sql).await;
    let statement = connection.done(statement, sql)?;
    let result = connection.begin().await?.exec_iter(statement, ()).await;
    let result = result.map_err(|error| {
        busy.store(false, Ordering::Relaxed);
        classify(&error, &at, engine)
    })?;
    let columns = result.columns_ref().iter().map(values::described).collect();
    Ok(Box::new(Stream { result, columns, batch, at, engine, busy, finished: false }))
}

struct Stream<'a> {
    result: QueryResult<'a, 'static, BinaryProtocol>,
    columns: Vec<ResultColumn>,
    batch: usize,
    at: String,
    engine: EngineKind,
    busy: Arc<AtomicBool>,
    finished: bool,
}

#[async_trait]
impl RowStream for Stream<'_> {
    fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    async fn next(&mut self) -> Result<Vec<Row>, EngineError> {
        let mut rows = Vec::new();
        while rows.len() < self.batch && !self.finished {
            match self.result.next().await {
                Ok(Some(row)) => rows.push(values::row(row)?),
                Ok(None) => self.end(),
                Err(error) => {
                    self.end();
                    return Err(classify(&error, &self.at, self.engine));
                }
            }
        }
        Ok(rows)
    }
}

impl Stream<'_> {
    fn end(&mut self) {
        self.finished = true;
        self.busy.store(false, Ordering::Relaxed);
    }
}
