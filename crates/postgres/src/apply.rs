//! Sessions: what people's SQL is run through. A session keeps what the protocol does not tell twice: whether a transaction
//! is ours, whether a statement in it failed, and what an abandoned stream left open.

mod holders;
mod insert;
mod stream;
mod transaction;
mod values;

use std::time::Duration;

use async_trait::async_trait;
use stead_engine::session::RowStream;
use stead_engine::{EngineError, ErrorClass, Row, Session, TransactionKind, Value};
use stead_schema::model::Name;
use stead_schema::{EngineKind, Schema};
use tokio_postgres::types::ToSql;

use crate::admin::{self, Scratch};
use crate::connect::Connection;
use crate::inspect;

use stream::Leftover;
use transaction::Open;
use values::Bound;

/// A name as SQL.
pub(crate) fn quoted(name: &str) -> String {
    stead_sql::quote::identifier(name, EngineKind::Postgres)
}

/// A session on one database.
pub(crate) struct PostgresSession {
    pub(crate) connection: Connection,
    transaction: Option<Open>,
    /// What a stream that was dropped left to be closed.
    leftover: Option<Leftover>,
    /// The database goes with the session.
    scratch: Option<Scratch>,
}

impl PostgresSession {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, transaction: None, leftover: None, scratch: None }
    }

    /// A session whose database is removed after it.
    pub(crate) fn scratch(connection: Connection, scratch: Scratch) -> Self {
        Self { scratch: Some(scratch), ..Self::new(connection) }
    }

    /// Runs one query of anybody's; all of its rows.
    async fn collect(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, EngineError> {
        let statement = self.connection.prepare(sql).await?;
        values::check_number(&statement, parameters)?;
        let types = values::types(&statement);
        let filled = values::filled_in(sql, &statement, parameters)?;
        let rows = self.connection.texts(&filled).await?;
        rows.iter().map(|row| values::row(row, &types)).collect()
    }

    async fn change(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        let statement = self.connection.prepare(sql).await?;
        values::check_number(&statement, parameters)?;
        let bound: Vec<Bound<'_>> = parameters.iter().map(Bound).collect();
        let references: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        self.connection.execute(&statement, &references, sql).await
    }
}

#[async_trait]
impl Session for PostgresSession {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }

    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        self.settle().await?;
        self.refuse_end(sql)?;
        let result = self.change(sql, parameters).await;
        self.note(result)
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, EngineError> {
        self.settle().await?;
        self.refuse_end(sql)?;
        let result = self.collect(sql, parameters).await;
        self.note(result)
    }

    async fn stream<'a>(&'a mut self, sql: &str, batch: usize) -> Result<Box<dyn RowStream + 'a>, EngineError> {
        self.settle().await?;
        let opened = stream::open(self, sql, batch.max(1)).await;
        self.note(opened.map(|_columns_and_types| ()))?;
        Ok(Box::new(stream::Stream::new(self)))
    }

    async fn insert(&mut self, table: &Name, columns: &[String], rows: Vec<Row>) -> Result<u64, EngineError> {
        self.settle().await?;
        let result = insert::insert(self, table, columns, &rows).await;
        self.note(result)
    }

    async fn begin(&mut self, kind: TransactionKind) -> Result<(), EngineError> {
        self.settle().await?;
        self.begin_transaction(kind).await
    }

    async fn commit(&mut self) -> Result<(), EngineError> {
        self.settle().await?;
        self.commit_transaction().await
    }

    async fn rollback(&mut self) -> Result<(), EngineError> {
        self.settle().await?;
        self.rollback_transaction().await
    }

    async fn restore_settings(&mut self) -> Result<(), EngineError> {
        self.settle().await?;
        let result = self.connection.restore_settings().await;
        self.note(result)
    }

    async fn limit_lock_waits(&mut self, limit: Duration) -> Result<bool, EngineError> {
        self.settle().await?;
        let result = self.connection.batch(&format!("SET lock_timeout = {}", limit.as_millis())).await;
        self.note(result).map(|()| true)
    }

    async fn lock_holders(&mut self) -> Result<Vec<String>, EngineError> {
        self.settle().await?;
        let result = holders::holders(&mut self.connection).await;
        self.note(result)
    }

    async fn inspect(&mut self) -> Result<Schema, EngineError> {
        self.settle().await?;
        let result = inspect::inspect(&mut self.connection).await;
        self.note(result)
    }

    async fn count_rows(&mut self) -> Result<Vec<(String, u64)>, EngineError> {
        self.settle().await?;
        let result = admin::count_rows(&mut self.connection).await;
        self.note(result)
    }

    async fn verify(&mut self) -> Result<(), EngineError> {
        self.settle().await?;
        let result = admin::verify(&mut self.connection).await;
        self.note(result)
    }

    fn notices(&mut self) -> Vec<String> {
        self.connection.notices()
    }

    fn queries_sent(&self) -> u64 {
        self.connection.queries_sent()
    }

    async fn close(self: Box<Self>) -> Result<(), EngineError> {
        let Self { connection, scratch, .. } = *self;
        connection.close().await?;
        match scratch {
            Some(scratch) => scratch.remove().await,
            None => Ok(()),
        }
    }
}

/// A mistake of ours.
fn bug(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorClass::Bug, message.into())
}
