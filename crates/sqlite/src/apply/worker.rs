//! What a session's thread does with its connection: run statements, count them, and notice when a statement has
//! ended the transaction that was ours. Everything here runs on that thread and nowhere else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Statement;
use stead_engine::value::ResultColumn;
use stead_engine::{EngineError, ErrorClass, Row, Value};
use stead_schema::EngineKind;
use stead_schema::model::Name;
use tokio::sync::{mpsc as batches, oneshot};

use super::quoted;
use super::transaction::Open;
use super::values::{self, Unread};
use crate::connect::opening::{Handle, wal_refused};
use crate::connect::thread;

/// The connection and what is known of its transaction.
pub(crate) struct Worker {
    /// Empty once the session is closed.
    handle: Option<Handle>,
    pub(super) transaction: Option<Open>,
    /// True if settings wait for the end of a transaction to be put back.
    pub(super) unrestored: bool,
    queries: Arc<AtomicU64>,
}

impl Worker {
    pub(crate) fn new(handle: Handle, queries: Arc<AtomicU64>) -> Self {
        Self { handle: Some(handle), transaction: None, unrestored: false, queries }
    }

    /// The open connection.
    pub(crate) fn handle(&self) -> Result<&Handle, EngineError> {
        self.handle.as_ref().ok_or_else(thread::gone)
    }

    pub(super) fn handle_mut(&mut self) -> Result<&mut Handle, EngineError> {
        self.handle.as_mut().ok_or_else(thread::gone)
    }

    /// The file, for errors.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.handle.as_ref().and_then(|handle| handle.path.as_deref())
    }

    /// The database in a sentence.
    pub(crate) fn name(&self) -> String {
        self.path().map_or_else(|| "the scratch database".to_owned(), |path| format!("`{}`", path.display()))
    }

    /// Closes the connection; what was not committed is taken back.
    pub(crate) fn close(&mut self) -> Result<(), EngineError> {
        self.transaction = None;
        self.handle.take().map_or(Ok(()), Handle::close)
    }

    fn count(&self) {
        self.queries.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs one of our own statements, which returns nothing.
    pub(crate) fn own(&self, sql: &str) -> Result<(), EngineError> {
        self.count();
        self.handle()?.batch(sql)
    }

    /// The single value of one of our own queries.
    pub(crate) fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<T, EngineError> {
        self.count();
        self.handle()?.value(sql)
    }

    /// The first column of each row of one of our own queries.
    pub(crate) fn texts(&self, sql: &str) -> Result<Vec<String>, EngineError> {
        self.rows(sql, |row| row.get(0))
    }

    /// Each row of one of our own queries.
    pub(crate) fn rows<T, F>(&self, sql: &str, read: F) -> Result<Vec<T>, EngineError>
    where
        F: FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    {
        self.count();
        let handle = self.handle()?;
        let collect = || handle.connection.prepare(sql)?.query_map([], read)?.collect::<rusqlite::Result<Vec<T>>>();
        collect().map_err(|error| handle.classify(&error))
    }

    /// Runs one statement of anybody's; the number of rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        self.count();
        let result = self.handle().and_then(|handle| {
            if is_nothing(sql) {
                return Ok(0);
            }
            let before = handle.connection.total_changes();
            let mut statement = prepared(handle, sql, parameters)?;
            let mut rows = statement.raw_query();
            while rows.next().map_err(|error| handle.classify(&error))?.is_some() {}
            let changed = handle.connection.total_changes() != before;
            Ok(if changed { handle.connection.changes() } else { 0 })
        });
        self.settle(result)
    }

    /// Runs one query of anybody's; all of its rows.
    pub(crate) fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, EngineError> {
        self.count();
        let result = self.handle().and_then(|handle| {
            let mut statement = prepared(handle, sql, parameters)?;
            let names = values::names(&statement);
            let mut found = Vec::new();
            let mut rows = statement.raw_query();
            while let Some(row) = next_row(handle, &mut rows, &names)? {
                found.push(row);
            }
            Ok(found)
        });
        self.settle(result)
    }

    /// Runs one query and sends its rows in batches until nobody listens any more.
    pub(crate) fn stream(
        &mut self,
        sql: &str,
        batch: usize,
        columns: oneshot::Sender<Result<Vec<ResultColumn>, EngineError>>,
        batches: &batches::Sender<Result<Vec<Row>, EngineError>>,
    ) {
        self.count();
        let sent = self.handle().and_then(|handle| {
            let mut statement = match prepared(handle, sql, &[]) {
                Ok(statement) => statement,
                Err(error) => {
                    let _nobody_waits = columns.send(Err(error));
                    return Ok(());
                }
            };
            let names = values::names(&statement);
            let _nobody_waits = columns.send(Ok(described(&statement, &names)));
            let mut rows = statement.raw_query();
            send_batches(batch, batches, || next_row(handle, &mut rows, &names))
        });
        if let Err(error) = self.settle(sent) {
            let _nobody_listens = batches.blocking_send(Err(error));
        }
    }

    /// Inserts rows with one prepared statement.
    pub(crate) fn insert(&mut self, table: &Name, columns: &[String], rows: Vec<Row>) -> Result<u64, EngineError> {
        self.count();
        let sql = insertion(table, columns);
        let result = self.handle().and_then(|handle| {
            let mut statement = handle.connection.prepare(&sql).map_err(|error| handle.classify(&error))?;
            for (index, row) in rows.iter().enumerate() {
                insert_row(handle, &mut statement, row)
                    .map_err(|error| error.context(format!("row {} of {} for `{table}`", index + 1, rows.len())))?;
            }
            Ok(rows.len() as u64)
        });
        self.settle(result)
    }

    /// Compares what we believe of the transaction with what SQLite says after a statement.
    fn settle<T>(&mut self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        let result = self.explained(result);
        if self.transaction.is_none() {
            return result;
        }
        let lost = self.handle.as_ref().is_none_or(|handle| handle.connection.is_autocommit());
        match result {
            Err(error) if error.engine_code.as_deref() == Some("SQLITE_AUTH") => {
                self.rollback()?;
                Err(ended(error.engine_code))
            }
            Err(error) if lost => {
                self.forget()?;
                Err(error.hint("SQLite has taken the whole transaction back"))
            }
            Ok(_) if lost => {
                self.forget()?;
                Err(ended(None))
            }
            other => other,
        }
    }
}

impl Worker {
    /// `not authorized` is the guards' doing; what they guard against is said instead.
    fn explained<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        result.map_err(|error| {
            let denied = error.engine_code.as_deref() == Some("SQLITE_AUTH");
            let guarded = self.handle.as_ref().is_some_and(|handle| handle.signals.wal_guarded.load(Ordering::Relaxed));
            if denied && guarded && self.transaction.is_none() { wal_refused(self.path()) } else { error }
        })
    }
}

fn ended(engine_code: Option<String>) -> EngineError {
    let message = "the statement begins or ends a transaction, inside of one that is not its own";
    let mut error = EngineError::new(ErrorClass::Refused, message)
        .hint("leave BEGIN, COMMIT, END and ROLLBACK out: each revision is one transaction")
        .hint("a revision with `-- transaction: none` in its header may have its own");
    error.engine_code = engine_code;
    error
}

/// Comments, blanks and delimiters, for which SQLite makes no statement at all.
fn is_nothing(sql: &str) -> bool {
    stead_sql::lex::code(sql, EngineKind::Sqlite).iter().all(|token| token.is_symbol(";"))
}

fn prepared<'h>(handle: &'h Handle, sql: &str, parameters: &[Value]) -> Result<Statement<'h>, EngineError> {
    if is_nothing(sql) {
        return Err(EngineError::new(ErrorClass::Syntax, "there is no statement to run"));
    }
    let mut statement = handle.connection.prepare(sql).map_err(|error| handle.classify(&error))?;
    bind(&mut statement, parameters).map_err(|error| handle.classify(&error))?;
    Ok(statement)
}

fn bind(statement: &mut Statement<'_>, parameters: &[Value]) -> rusqlite::Result<()> {
    if statement.parameter_count() != parameters.len() {
        return Err(rusqlite::Error::InvalidParameterCount(parameters.len(), statement.parameter_count()));
    }
    let numbered = parameters.iter().enumerate();
    numbered.into_iter().try_for_each(|(index, value)| statement.raw_bind_parameter(index + 1, values::bound(value)))
}

fn insert_row(handle: &Handle, statement: &mut Statement<'_>, row: &Row) -> Result<(), EngineError> {
    let inserted = bind(statement, row).and_then(|()| statement.raw_execute());
    inserted.map(|_count| ()).map_err(|error| handle.classify(&error))
}

fn next_row(handle: &Handle, rows: &mut rusqlite::Rows<'_>, names: &[String]) -> Result<Option<Row>, EngineError> {
    let Some(row) = rows.next().map_err(|error| handle.classify(&error))? else { return Ok(None) };
    match values::row(row, names) {
        Ok(row) => Ok(Some(row)),
        Err(Unread::Driver(error)) => Err(handle.classify(&error)),
        Err(Unread::Value(error)) => Err(error),
    }
}

/// Sends rows until there are none or nobody listens, which is not an error.
fn send_batches(
    size: usize,
    batches: &batches::Sender<Result<Vec<Row>, EngineError>>,
    mut next: impl FnMut() -> Result<Option<Row>, EngineError>,
) -> Result<(), EngineError> {
    let mut batch = Vec::new();
    loop {
        let row = next();
        if batches.is_closed() {
            return Ok(());
        }
        let ended = row.as_ref().is_ok_and(Option::is_none);
        batch.extend(row?);
        if (ended && !batch.is_empty()) || batch.len() >= size {
            let full = std::mem::take(&mut batch);
            if batches.blocking_send(Ok(full)).is_err() {
                return Ok(());
            }
        }
        if ended {
            return Ok(());
        }
    }
}

/// The columns of a query, with the declared type of those that come straight from a table.
fn described(statement: &Statement<'_>, names: &[String]) -> Vec<ResultColumn> {
    let declared = |index| {
        let (_, _, _, declared, ..) = statement.column_metadata(index).ok().flatten()?;
        declared.map(|text| text.to_string_lossy().into_owned())
    };
    names
        .iter()
        .enumerate()
        .map(|(index, name)| ResultColumn { name: name.clone(), declared: declared(index) })
        .collect()
}

fn insertion(table: &Name, columns: &[String]) -> String {
    let target = format!("{}.{}", quoted(table.namespace.as_deref().unwrap_or("main")), quoted(&table.name));
    if columns.is_empty() {
        return format!("INSERT INTO {target} DEFAULT VALUES");
    }
    let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let marks: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
    format!("INSERT INTO {target} ({}) VALUES ({})", names.join(", "), marks.join(", "))
}
