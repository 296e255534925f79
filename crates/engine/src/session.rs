//! One connection to one database. Sessions are stateful (transactions, settings), so they are owned by whoever works
//! with them and never pooled.

use std::time::Duration;

use async_trait::async_trait;
use stead_schema::model::Name;
use stead_schema::{EngineKind, Schema};

use crate::value::ResultColumn;
use crate::{EngineError, Row, Value};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionKind {
    /// Reads that must agree with each other.
    Read,
    /// Ordinary writes.
    Write,
    /// Schema changes: enforcement of foreign keys is put off to the commit where the engine can do that, and the commit
    /// fails with class `constraint` if rows break a key that did not do so before.
    Schema,
}

/// Rows of a query, delivered in batches so that any number of them fits in memory.
#[async_trait]
pub trait RowStream: Send {
    /// The columns of the result.
    fn columns(&self) -> &[ResultColumn];

    /// The next batch; empty when there are no more rows.
    async fn next(&mut self) -> Result<Vec<Row>, EngineError>;
}

/// A connection to a database.
#[async_trait]
pub trait Session: Send {
    /// The engine.
    fn kind(&self) -> EngineKind;

    /// Runs one statement; the number of rows it changed. Placeholders are in the engine's own style, numbered from 1.
    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError>;

    /// Runs one query whose result is small; all of its rows.
    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, EngineError>;

    /// Runs one query of any size, `batch` rows at a time. The session is busy until the stream is dropped.
    async fn stream<'a>(&'a mut self, sql: &str, batch: usize) -> Result<Box<dyn RowStream + 'a>, EngineError>;

    /// Inserts rows into a table with one prepared statement; the number inserted. Not a transaction of its own. A name without
    /// a namespace is looked for where the session looks for it.
    async fn insert(&mut self, table: &Name, columns: &[String], rows: Vec<Row>) -> Result<u64, EngineError>;

    /// Begins a transaction.
    async fn begin(&mut self, kind: TransactionKind) -> Result<(), EngineError>;

    /// Ends the transaction and keeps its changes.
    async fn commit(&mut self) -> Result<(), EngineError>;

    /// Ends the transaction and takes back its changes; fine outside of one.
    async fn rollback(&mut self) -> Result<(), EngineError>;

    /// Brings back the settings that the session began with, inside a transaction too. People's SQL may have changed the
    /// search path, the encoding, the mode or the role for itself, and neither what stead does next nor the next file may
    /// depend on that.
    async fn restore_settings(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Lets each statement wait no longer than that for locks that other sessions hold, until the settings are restored: it then
    /// fails with class `lock timeout`. A schema change that waits makes everybody wait who comes after it. False, and nothing
    /// is done, on engines where a statement that fails so can leave a part of itself or where nobody queues behind it.
    async fn limit_lock_waits(&mut self, _limit: Duration) -> Result<bool, EngineError> {
        Ok(false)
    }

    /// Other sessions that hold locks on tables of the database right now, each a fragment for people; as far as it is known.
    async fn lock_holders(&mut self) -> Result<Vec<String>, EngineError> {
        Ok(Vec::new())
    }

    /// The whole schema except stead's own tables, in a fixed number of queries whatever the number of tables.
    ///
    /// # Errors
    ///
    /// `unsupported`, naming the object, for anything in the catalog that the schema cannot hold.
    async fn inspect(&mut self) -> Result<Schema, EngineError>;

    /// Rows in each of the tables, stead's own included, sorted by name.
    async fn count_rows(&mut self) -> Result<Vec<(String, u64)>, EngineError>;

    /// The engine's own check that what is stored is sound, as thorough as `quick_check` is on SQLite.
    async fn verify(&mut self) -> Result<(), EngineError>;

    /// What the server said without being asked since the last call (`NOTICE`, `WARNING`), each a line for people.
    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// How many queries `inspect` and the rest have sent so far; tests hold inspections to a fixed number.
    fn queries_sent(&self) -> u64;

    /// Closes the connection and waits until that is done.
    async fn close(self: Box<Self>) -> Result<(), EngineError>;
}
