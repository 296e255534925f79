//! One connection to one database, and nothing above it: it sends, counts what it sent, keeps the server's notices, and when it
//! is dropped in the middle of something it has the server stop that.
//! Everything else in this crate speaks to the server through it.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use stead_engine::{EngineError, ErrorClass};
use tokio::task::JoinHandle;
use tokio_postgres::error::DbError;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Row, SimpleQueryMessage, SimpleQueryRow, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::{driver, pool};
use crate::bulk::names;
use crate::error;

/// How long a dropped connection waits until the server has let go.
const FAREWELL: Duration = Duration::from_secs(5);
/// The oldest version that can end other sessions when it drops a database.
const OLDEST: i32 = 130_000;
/// The first version in which event triggers can be switched off, by superusers.
const SWITCH_OF_EVENT_TRIGGERS: i32 = 170_000;
/// Lets the server notice a client that died in the middle of a long statement.
const WATCH: &str = "SET client_connection_check_interval = '2s'";
/// Notices that are kept until somebody asks; a loop that raises one a row must not fill the memory.
const NOTICES: usize = 1000;

/// What the server said without being asked, and why it hung up if it did.
#[derive(Default)]
struct Heard {
    notices: Vec<String>,
    farewell: Option<DbError>,
}

/// A connection.
pub(crate) struct Connection {
    /// Taken when the connection is closed.
    client: Option<Client>,
    driver: Option<JoinHandle<()>>,
    cancel: CancelToken,
    tls: MakeRustlsConnect,
    heard: Arc<Mutex<Heard>>,
    database: String,
    /// The statements that the session begins with.
    settings: String,
    version: i32,
    /// Something was sent whose answer is not complete.
    busy: bool,
    sent: u64,
}

impl Connection {
    /// Connects to a database of that name and brings the session into the state that everything here relies on.
    pub(crate) async fn open(address: &Address, database: &str, read_only: bool) -> Result<Self, EngineError> {
        let ours = names::is_ours(database);
        let mut connection = match address.quiet_config(database).filter(|_| ours && read_only) {
            // What is only looked at must not come to look otherwise by that. Whoever stands between may not pass it on.
            Some(quiet) => match Self::connect(address, database, quiet).await {
                Err(told) if told.engine_code.is_some() => {
                    Self::connect(address, database, address.config(database)).await?
                }
                connected => connected?,
            },
            None => Self::connect(address, database, address.config(database)).await?,
        };
        connection.settings = super::settings::statement(address, read_only, ours);
        connection.restore_settings().await?;
        // Not every platform has it.
        if connection.batch(WATCH).await.is_ok() {
            connection.settings = format!("{}; {WATCH}", connection.settings);
        }
        connection.sent = 0;
        Ok(connection)
    }

    /// Brings the session back into the state in which it was opened, whatever was set, and whoever it turned into.
    pub(crate) async fn restore_settings(&mut self) -> Result<(), EngineError> {
        let statements = format!("RESET ROLE; RESET SESSION AUTHORIZATION; RESET ALL; {}", self.settings);
        self.batch(&statements).await
    }

    /// Connects, and refuses a pool that does not leave us the session.
    async fn connect(address: &Address, database: &str, config: Config) -> Result<Self, EngineError> {
        let mark = pool::mark();
        let connected = Self::dial(address, database, pool::marked(&config, &mark)).await;
        let mut connection = match connected {
            Err(error) if pool::refuses_marks(&error) => Self::dial(address, database, config.clone()).await?,
            connected => connected?,
        };
        if connection.introduce(address).await?.as_deref() != Some(&mark) {
            let mut second = Self::dial(address, database, config).await?;
            pool::refuse_shared(address, &mut connection, &mut second).await?;
            second.close().await?;
        }
        Ok(connection)
    }

    async fn dial(address: &Address, database: &str, config: Config) -> Result<Self, EngineError> {
        let tls = address.tls()?;
        let (limit, connector) = (address.connect_timeout, tls.clone());
        let opened = driver::run(async move {
            let connecting = config.connect(connector);
            Ok(tokio::time::timeout(limit, connecting).await)
        });
        let (client, mut connection) = match opened.await? {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return Err(error::connecting(&error, address, database)),
            Err(_elapsed) => return Err(error::late(address, limit)),
        };
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listening = Arc::clone(&heard);
        let driver = driver::start_task(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                if !listen(&listening, message) {
                    break;
                }
            }
        })?;
        let cancel = client.cancel_token();
        let database = database.to_owned();
        Ok(Self {
            client: Some(client),
            driver: Some(driver),
            cancel,
            tls,
            heard,
            database,
            settings: String::new(),
            version: 0,
            busy: false,
            sent: 0,
        })
    }

    /// Learns whom we talk to; the mark that the session was started with, if the server got one.
    async fn introduce(&mut self, address: &Address) -> Result<Option<String>, EngineError> {
        let sql = format!(
            "SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('is_superuser'), \
             pg_catalog.current_setting('{}', true)",
            pool::MARK
        );
        let rows = self.texts(&sql).await?;
        let number = rows.first().and_then(|row| row.get(0)).and_then(|text| text.parse().ok());
        self.version = number.ok_or_else(|| {
            EngineError::new(ErrorClass::Unsupported, "the server does not say its version: it is no PostgreSQL")
        })?;
        if self.version < OLDEST {
            let (found, oldest) = (self.version / 10_000, OLDEST / 10_000);
            return Err(EngineError::new(ErrorClass::Unsupported, format!("PostgreSQL {found} is too old"))
                .hint(format!("PostgreSQL {oldest} and newer are supported")));
        }
        if self.version >= SWITCH_OF_EVENT_TRIGGERS && rows.first().and_then(|row| row.get(1)) == Some("on") {
            address.note_that_it_may_be_quiet();
        }
        Ok(rows.first().and_then(|row| row.get(2)).map(str::to_owned))
    }

    /// The database's name.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The server's version as one number, `150018` for 15.18.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }

    /// Queries sent so far, settings at the start not counted.
    pub(crate) fn queries_sent(&self) -> u64 {
        self.sent
    }

    /// What the server said meanwhile (`NOTICE`, `WARNING`), each a line; asking forgets them.
    pub(crate) fn notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner).notices)
    }

    /// Runs one query with typed parameters; all of its rows, in the driver's binary form.
    pub(crate) async fn rows(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, EngineError> {
        let client = self.begin().await?;
        let result = client.query(sql, parameters).await;
        self.end(result, sql)
    }

    /// Prepares one statement; the server says its types.
    pub(crate) async fn prepare(&mut self, sql: &str) -> Result<Statement, EngineError> {
        let client = self.begin().await?;
        let result = client.prepare(sql).await;
        self.end(result, sql)
    }

    /// Runs a prepared statement; the rows it changed.
    pub(crate) async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
        sql: &str,
    ) -> Result<u64, EngineError> {
        let client = self.begin().await?;
        let result = client.execute(statement, parameters).await;
        self.end(result, sql)
    }

    /// Runs a query without parameters; all of its rows as the server spells them.
    pub(crate) async fn texts(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>, EngineError> {
        let client = self.begin().await?;
        let result = async { client.simple_query_raw(sql).await?.try_collect::<Vec<_>>().await }.await;
        let messages = self.end(result, sql)?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Runs statements of ours, one after the other, without looking at results.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), EngineError> {
        let client = self.begin().await?;
        let result = client.batch_execute(sql).await;
        self.end(result, sql)
    }

    /// The driver, for what needs more than a question and an answer; [`Self::end`] MUST follow.
    pub(crate) async fn begin(&mut self) -> Result<&Client, EngineError> {
        if self.busy {
            self.stop().await?;
        }
        self.sent += 1;
        self.busy = true;
        self.client.as_ref().ok_or_else(closed)
    }

    /// Takes note that the answer is complete, and classifies an error.
    pub(crate) fn end<T>(&mut self, result: Result<T, tokio_postgres::Error>, sql: &str) -> Result<T, EngineError> {
        self.busy = false;
        result.map_err(|error| {
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            error::running(&error, sql, heard.farewell.as_ref())
        })
    }

    /// Has the server stop what an abandoned call had begun, and waits for the end of it.
    async fn stop(&mut self) -> Result<(), EngineError> {
        let (cancel, tls) = (self.cancel.clone(), self.tls.clone());
        driver::run(async move {
            let _gone_already = tokio::time::timeout(FAREWELL, cancel.cancel_query(tls)).await;
            Ok(())
        })
        .await?;
        let client = self.client.as_ref().ok_or_else(closed)?;
        let _its_error = client.check_connection().await;
        self.busy = false;
        Ok(())
    }

    /// Says goodbye and waits until the server has closed the connection.
    pub(crate) async fn close(mut self) -> Result<(), EngineError> {
        if self.busy {
            self.stop().await?;
        }
        drop(self.client.take());
        if let Some(driver) = self.driver.take() {
            let _cut_off = driver.await;
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (Some(client), Some(driver)) = (self.client.take(), self.driver.take()) else { return };
        let (busy, cancel, tls) = (self.busy, self.cancel.clone(), self.tls.clone());
        let farewell = async move {
            if busy {
                let _gone_already = cancel.cancel_query(tls).await;
            }
            drop(client);
            let _cut_off = driver.await;
        };
        driver::run_blocking(farewell, FAREWELL);
    }
}

/// Keeps what is worth keeping; false when the connection is at its end.
fn listen(heard: &Mutex<Heard>, message: Result<AsyncMessage, tokio_postgres::Error>) -> bool {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    match message {
        Ok(AsyncMessage::Notice(notice)) if heard.notices.len() < NOTICES => {
            heard.notices.push(error::notice(&notice));
        }
        Ok(_) => {}
        Err(error) => {
            heard.farewell = error.as_db_error().cloned();
            return false;
        }
    }
    true
}

fn closed() -> EngineError {
    EngineError::new(ErrorClass::Bug, "a connection is used after it was closed")
}
