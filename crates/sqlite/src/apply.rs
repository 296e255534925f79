//! Sessions: one thread with one connection each, driven by closures. SQLite connections are bound to what their thread
//! does, and none of their calls is async, so a channel carries work in and answers out, in order.

mod foreign_keys;
mod settings;
mod transaction;
mod values;
mod worker;

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use async_trait::async_trait;
use rusqlite::InterruptHandle;
use stead_engine::session::RowStream;
use stead_engine::value::ResultColumn;
use stead_engine::{Access, EngineError, Place, Row, Session, TransactionKind, Value};
use stead_schema::model::Name;
use stead_schema::{EngineKind, Schema};
use tokio::sync::{mpsc as batches, oneshot};

pub(crate) use worker::Worker;

use crate::connect::opening::{self, Handle, Signals};
use crate::connect::{Settings, thread};
use crate::{admin, inspect};

#[cfg(test)]
mod tests;

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

/// A name as SQL.
pub(crate) fn quoted(name: &str) -> String {
    stead_sql::quote::identifier(name, EngineKind::Sqlite)
}

/// A session on a file or in memory.
pub(crate) struct SqliteSession {
    /// Taken when the session is closed.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    interrupt: Arc<InterruptHandle>,
    signals: Arc<Signals>,
    queries: Arc<AtomicU64>,
}

impl SqliteSession {
    /// Opens a database that exists.
    pub(crate) async fn open(place: &Place, access: Access, settings: &Settings) -> Result<Self, EngineError> {
        let (place, settings) = (place.clone(), settings.clone());
        Self::start(move || opening::open(&opening::find(&place)?.existing()?, access, &settings)).await
    }

    /// Opens an empty database in memory.
    pub(crate) async fn scratch(settings: &Settings) -> Result<Self, EngineError> {
        let settings = settings.clone();
        Self::start(move || opening::memory(&settings)).await
    }

    async fn start<F>(open: F) -> Result<Self, EngineError>
    where
        F: FnOnce() -> Result<Handle, EngineError> + Send + 'static,
    {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (answer, opened) = oneshot::channel();
        let queries = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&queries);
        let thread = thread::start(move || {
            let handle = match open() {
                Ok(handle) => handle,
                Err(error) => {
                    let _nobody_waits = answer.send(Err(error));
                    return;
                }
            };
            let tools = (Arc::new(handle.connection.get_interrupt_handle()), Arc::clone(&handle.signals));
            let mut worker = Worker::new(handle, counter);
            if answer.send(Ok(tools)).is_ok() {
                inbox.into_iter().for_each(|job| job(&mut worker));
            }
        })?;
        let (interrupt, signals) = opened.await.map_err(|_| thread::gone())??;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), interrupt, signals, queries })
    }

    /// Runs work on the session's thread.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Worker) -> Result<T, EngineError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        self.post(move |worker| {
            let _nobody_waits = answer.send(work(worker));
        })?;
        result.await.map_err(|_| thread::gone())?
    }

    fn post(&self, job: impl FnOnce(&mut Worker) + Send + 'static) -> Result<(), EngineError> {
        let jobs = self.jobs.as_ref().ok_or_else(thread::gone)?;
        jobs.send(Box::new(job)).map_err(|_| thread::gone())
    }
}

impl Drop for SqliteSession {
    /// Cuts short what the session still does and waits until its locks are free.
    fn drop(&mut self) {
        drop(self.jobs.take());
        self.signals.cancelled.store(true, Ordering::Relaxed);
        self.interrupt.interrupt();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

#[async_trait]
impl Session for SqliteSession {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }

    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        let (sql, parameters) = (sql.to_owned(), parameters.to_vec());
        self.run(move |worker| worker.execute(&sql, &parameters)).await
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, EngineError> {
        let (sql, parameters) = (sql.to_owned(), parameters.to_vec());
        self.run(move |worker| worker.query(&sql, &parameters)).await
    }

    async fn stream<'a>(&'a mut self, sql: &str, batch: usize) -> Result<Box<dyn RowStream + 'a>, EngineError> {
        let (answer, columns) = oneshot::channel();
        let (batches, inbox) = batches::channel(1);
        let sql = sql.to_owned();
        self.post(move |worker| worker.stream(&sql, batch.max(1), answer, &batches))?;
        let columns = columns.await.map_err(|_| thread::gone())??;
        let interrupt = Arc::clone(&self.interrupt);
        Ok(Box::new(Stream { columns, inbox, finished: false, interrupt, session: PhantomData }))
    }

    async fn insert(&mut self, table: &Name, columns: &[String], rows: Vec<Row>) -> Result<u64, EngineError> {
        let (table, columns) = (table.clone(), columns.to_vec());
        self.run(move |worker| worker.insert(&table, &columns, rows)).await
    }

    async fn begin(&mut self, kind: TransactionKind) -> Result<(), EngineError> {
        self.run(move |worker| worker.begin(kind)).await
    }

    async fn commit(&mut self) -> Result<(), EngineError> {
        self.run(Worker::commit).await
    }

    async fn rollback(&mut self) -> Result<(), EngineError> {
        self.run(Worker::rollback).await
    }

    async fn restore_settings(&mut self) -> Result<(), EngineError> {
        self.run(Worker::restore_settings).await
    }

    async fn inspect(&mut self) -> Result<Schema, EngineError> {
        self.run(inspect::inspect).await
    }

    async fn count_rows(&mut self) -> Result<Vec<(String, u64)>, EngineError> {
        self.run(admin::count_rows).await
    }

    async fn verify(&mut self) -> Result<(), EngineError> {
        self.run(admin::verify).await
    }

    fn queries_sent(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    async fn close(mut self: Box<Self>) -> Result<(), EngineError> {
        let (answer, result) = oneshot::channel();
        self.post(move |worker| {
            let _nobody_waits = answer.send(worker.close());
        })?;
        result.await.map_err(|_| thread::gone())?
    }
}

/// Rows on their way from the session's thread. At most one batch waits, so memory is bounded by two.
struct Stream<'a> {
    columns: Vec<ResultColumn>,
    inbox: batches::Receiver<Result<Vec<Row>, EngineError>>,
    finished: bool,
    interrupt: Arc<InterruptHandle>,
    session: PhantomData<&'a mut SqliteSession>,
}

#[async_trait]
impl RowStream for Stream<'_> {
    fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    async fn next(&mut self) -> Result<Vec<Row>, EngineError> {
        let Some(batch) = self.inbox.recv().await else {
            self.finished = true;
            return Ok(Vec::new());
        };
        batch
    }
}

impl Drop for Stream<'_> {
    /// A reader that has seen enough need not wait for a query that is still looking for its next row.
    fn drop(&mut self) {
        if !self.finished {
            self.inbox.close();
            self.interrupt.interrupt();
        }
    }
}
