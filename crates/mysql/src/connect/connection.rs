//! One connection to a server: it connects, counts what it sends, says what the server is, and never leaves a statement
//! running behind it. What was asked is cancelled on the server, through a second connection, when whoever waited is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mysql_async::consts::StatusFlags;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, DriverError, Error as Driver, Row as DriverRow};
use stead_engine::{EngineError, ErrorClass, Row, Value};
use stead_schema::EngineKind;

use super::address::{Address, Encryption};
use crate::apply::values;
use crate::error::{classify, classify_connecting, lost, number, offset};

/// A server's version: major, minor, patch.
pub(crate) type Version = (u32, u32, u32);

/// What a connection is for; it decides whose settings hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// People's SQL runs here: the server's own `sql_mode` and time zone hold, as in any other client.
    People,
    /// Only stead's own statements run here: strict, in UTC, without escapes that hang on a setting.
    Own,
}

/// What a statement left behind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// Rows it changed.
    pub(crate) affected: u64,
    /// Warnings it raised.
    pub(crate) warnings: u16,
    /// Whether a transaction is open after it.
    pub(crate) in_transaction: bool,
}

/// A connection that counts its queries.
pub(crate) struct Connection {
    /// Taken when the connection is closed.
    conn: Option<Conn>,
    address: Arc<Address>,
    queries: Arc<AtomicU64>,
    version: Version,
    version_text: String,
    database: Option<String>,
    /// The database to go into before the next statement.
    wanted: Option<String>,
    /// A statement was sent and its end was not seen.
    busy: Arc<AtomicBool>,
    /// A database that goes with the connection.
    scratch: Option<String>,
}

impl Connection {
    /// Connects, into a database where one is named.
    pub(crate) async fn open(
        address: &Arc<Address>,
        database: Option<&str>,
        purpose: Purpose,
    ) -> Result<Self, EngineError> {
        let conn = connect(address, database).await?;
        let mut connection = Self {
            conn: Some(conn),
            address: Arc::clone(address),
            queries: Arc::default(),
            version: (0, 0, 0),
            version_text: String::new(),
            database: database.map(str::to_owned),
            wanted: None,
            busy: Arc::default(),
            scratch: None,
        };
        connection.look(purpose).await?;
        Ok(connection)
    }

    /// One more connection to the same server, for our own statements in a database.
    pub(crate) async fn another(&self, database: &str) -> Result<Self, EngineError> {
        Self::open(&self.address, Some(database), Purpose::Own).await
    }

    /// Asks what the server is and sets what the purpose needs.
    async fn look(&mut self, purpose: Purpose) -> Result<(), EngineError> {
        let rows = self.texts("SELECT VERSION()").await?;
        let text = rows.into_iter().flatten().flatten().next().unwrap_or_default();
        let is_mariadb = text.to_ascii_lowercase().contains("mariadb");
        let found = if is_mariadb { EngineKind::Mariadb } else { EngineKind::Mysql };
        if found != self.address.kind {
            let message = format!("the server at the URL is {found} {text}, not {}", self.address.kind);
            return Err(EngineError::new(ErrorClass::Refused, message).hint(format!(
                "write `{}://` instead of `{}://`",
                found.word(),
                self.address.kind.word()
            )));
        }
        self.version = version(&text);
        self.version_text = text;
        let settings = self.settings(purpose);
        self.own(&settings).await?;
        self.by_the_letter(purpose).await
    }

    /// Sets what a server may have set so that a definition means something else than it says, or is refused (trap M24). Each
    /// setting may need a right that few users have, and is left where it is as it should be.
    async fn by_the_letter(&mut self, purpose: Purpose) -> Result<(), EngineError> {
        let (engine, version) = (self.kind(), self.version);
        let known = |letter: &&Letter| {
            let (of, since) = (letter.engine, letter.since);
            of.is_none_or(|of| of == engine) && version >= since && (purpose == Purpose::Own || letter.of_people)
        };
        let letters: Vec<&Letter> = LETTERS.iter().filter(known).collect();
        let asked: Vec<String> = letters.iter().map(|letter| format!("@@{} + 0", letter.name)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let rows = match self.texts(&format!("SELECT {}", asked.join(", "))).await {
            // A server of another make lacks one of them.
            Err(error) if number(&error).is_some() => return Ok(()),
            other => other?,
        };
        for (letter, found) in letters.into_iter().zip(rows.into_iter().next().unwrap_or_default()) {
            if found.as_deref() != Some(letter.value) {
                let _stays = self.own(&format!("SET SESSION {} = {}", letter.name, letter.value)).await;
            }
        }
        Ok(())
    }

    fn settings(&self, purpose: Purpose) -> String {
        let mut settings: Vec<String> = PINNED.map(str::to_owned).to_vec();
        let literal = |text: &str| format!("'{}'", text.replace('\\', "").replace('\'', "''"));
        match purpose {
            Purpose::Own => {
                settings.push(format!("SESSION sql_mode = '{STRICT}'"));
                settings.push("SESSION time_zone = '+00:00'".to_owned());
                settings.push("SESSION lock_wait_timeout = 10".to_owned());
                settings.push("SESSION sql_safe_updates = OFF".to_owned());
                if self.kind() == EngineKind::Mysql {
                    settings.push("SESSION information_schema_stats_expiry = 0".to_owned());
                }
            }
            Purpose::People => {
                settings
                    .push("SESSION lock_wait_timeout = CAST(LEAST(@@lock_wait_timeout, 600) AS UNSIGNED)".to_owned());
                settings
                    .extend(self.address.sql_mode.as_ref().map(|mode| format!("SESSION sql_mode = {}", literal(mode))));
                let zone = self.address.time_zone.as_ref();
                settings.extend(zone.map(|zone| format!("SESSION time_zone = {}", literal(zone))));
            }
        }
        if !self.address.logged {
            settings.push("SESSION sql_log_bin = OFF".to_owned());
        }
        // A limit that is meant for whoever asks the server in passing would cut a long work short.
        let timeout = self.address.statement_timeout.filter(|_| purpose == Purpose::People).unwrap_or_default();
        settings.push(match self.kind() {
            EngineKind::Mariadb => format!("SESSION max_statement_time = {}", timeout.as_secs_f64()),
            _ => format!("SESSION max_execution_time = {}", timeout.as_millis()),
        });
        if self.kind() == EngineKind::Mariadb && self.version >= (10, 3, 0) {
            settings.extend(IDLE.map(|name| format!("SESSION {name} = 0")));
        }
        format!("SET {}", settings.join(", "))
    }

    /// MySQL or MariaDB.
    pub(crate) fn kind(&self) -> EngineKind {
        self.address.kind
    }

    /// The server's version.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// The server's version as it spells it, for example `10.11.14-MariaDB-0+deb12u2`.
    pub(crate) fn version_text(&self) -> &str {
        &self.version_text
    }

    /// The server, for sentences.
    pub(crate) fn at(&self) -> String {
        self.address.to_string()
    }

    /// The server's number for this connection.
    pub(crate) fn id(&self) -> u32 {
        self.conn.as_ref().map_or(0, Conn::id)
    }

    /// How many queries were sent.
    pub(crate) fn queries_sent(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Lets the next statement run in a database. The connection's transaction is not ended by that.
    pub(crate) fn turn_to(&mut self, database: &str) {
        if self.database.as_deref() != Some(database) {
            self.wanted = Some(database.to_owned());
        }
    }

    /// Goes into a database.
    pub(crate) async fn enter(&mut self, database: &str) -> Result<(), EngineError> {
        self.own(&format!("USE {}", quoted(database))).await?;
        self.database = Some(database.to_owned());
        Ok(())
    }

    /// Lets a database go with the connection.
    pub(crate) fn scratch(&mut self, database: String) {
        self.scratch = Some(database);
    }

    /// Brings a connection that people's SQL ran on back into the state in which it was opened: its settings, its variables,
    /// its temporary tables, its database. Inside a transaction of ours, which that would end, the settings alone come back;
    /// one that people's SQL left open is committed, as the next `START TRANSACTION` would have done.
    pub(crate) async fn restore(&mut self, in_transaction: bool) -> Result<(), EngineError> {
        if !in_transaction {
            self.own("COMMIT").await?;
            let conn = self.begin().await?;
            let reset = conn.reset().await;
            self.done(reset, "")?;
            if let Some(database) = self.database.clone() {
                self.enter(&database).await?;
            }
        }
        let settings = self.settings(Purpose::People);
        self.own(&settings).await?;
        self.by_the_letter(Purpose::People).await
    }

    /// Brings a connection of our own back to the settings it began with.
    pub(crate) async fn reset(&mut self) -> Result<(), EngineError> {
        let settings = self.settings(Purpose::Own);
        self.own(&settings).await.map(|_outcome| ())
    }

    /// Runs one of our own queries in the text protocol; every value as the server spells it.
    pub(crate) async fn texts(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, EngineError> {
        let rows = self.raw(sql).await?;
        rows.into_iter().map(|row| mysql_async::Row::unwrap(row).into_iter().map(values::own_text).collect()).collect()
    }

    /// Runs one of our own queries in the text protocol; rows as the driver has them.
    pub(crate) async fn raw(&mut self, sql: &str) -> Result<Vec<DriverRow>, EngineError> {
        let conn = self.begin().await?;
        let rows = conn.query::<DriverRow, _>(sql).await;
        self.done(rows, sql)
    }

    /// Runs a statement in the text protocol, without its rows if it has any.
    pub(crate) async fn own(&mut self, sql: &str) -> Result<Outcome, EngineError> {
        let conn = self.begin().await?;
        let done = conn.query_drop(sql).await;
        self.done(done, sql)?;
        Ok(self.outcome())
    }

    /// Runs a statement in the binary protocol with values, without its rows if it has any.
    pub(crate) async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<Outcome, EngineError> {
        let parameters = values::bound(parameters);
        let conn = self.begin().await?;
        let done = conn.exec_drop(sql, parameters).await;
        self.done(done, sql)?;
        Ok(self.outcome())
    }

    /// Runs a query in the binary protocol, which gives every number exactly; in the text protocol if the server cannot
    /// prepare it.
    pub(crate) async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, EngineError> {
        let bound = values::bound(parameters);
        let conn = self.begin().await?;
        let rows = conn.exec::<DriverRow, _, _>(sql, bound).await;
        let rows = match self.done(rows, sql) {
            Err(error) if error.engine_code.as_deref() == Some("1295") && parameters.is_empty() => {
                self.raw(sql).await?
            }
            other => other?,
        };
        rows.into_iter().map(values::row).collect()
    }

    /// The driver's connection, for work that is done in pieces; the caller says [`Self::done`] at its end.
    pub(crate) async fn begin(&mut self) -> Result<&mut Conn, EngineError> {
        if self.busy.load(Ordering::Relaxed) {
            self.settle().await?;
        }
        if let Some(wanted) = self.wanted.take() {
            Box::pin(self.enter(&wanted)).await?;
        }
        self.queries.fetch_add(1, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
        let at = &self.address;
        self.conn.as_mut().ok_or_else(|| lost(&at.to_string(), "it is closed"))
    }

    /// Brings the connection back from a statement whose end nobody waited for: it is killed, and what is on its way is
    /// thrown away.
    async fn settle(&mut self) -> Result<(), EngineError> {
        let (at, id) = (self.at(), self.id());
        let Some(conn) = self.conn.as_mut().filter(|conn| !conn.is_disconnected()) else {
            return Err(lost(&at, "a statement was cut off"));
        };
        Box::pin(kill_query(&self.address, id)).await?;
        // The first statement meets the killed one's error, the second the late effect of a kill that came after the end.
        for _twice in 0..2 {
            let _killed = conn.query_drop("DO 0").await;
        }
        let settled = conn.query_drop("DO 0").await;
        self.done(settled, "")
    }

    /// Tells whoever works with the driver's connection in pieces that the work has come to its end.
    pub(crate) fn busy(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.busy)
    }

    /// What came of the work that [`Self::begin`] began.
    pub(crate) fn done<T>(&mut self, result: Result<T, Driver>, sql: &str) -> Result<T, EngineError> {
        self.busy.store(false, Ordering::Relaxed);
        result.map_err(|error| {
            let mut error = classify(&error, &self.at(), self.kind());
            error.offset = offset(sql, &error);
            error
        })
    }

    /// What the last statement left behind.
    pub(crate) fn outcome(&self) -> Outcome {
        let Some(packet) = self.conn.as_ref().and_then(Conn::last_ok_packet) else { return Outcome::default() };
        Outcome {
            affected: packet.affected_rows(),
            warnings: packet.warnings(),
            in_transaction: packet.status_flags().contains(StatusFlags::SERVER_STATUS_IN_TRANS),
        }
    }

    /// Closes the connection, and waits until that is done.
    pub(crate) async fn close(mut self) -> Result<(), EngineError> {
        if let Some(scratch) = self.scratch.take() {
            self.own("ROLLBACK").await?;
            let drop = format!("DROP DATABASE IF EXISTS {}", quoted(&scratch));
            if let Err(error) = self.own(&drop).await {
                self.scratch = Some(scratch);
                return Err(error);
            }
        }
        let (at, engine) = (self.at(), self.kind());
        match self.conn.take() {
            Some(conn) => conn.disconnect().await.map_err(|error| classify(&error, &at, engine)),
            None => Ok(()),
        }
    }
}

impl Drop for Connection {
    /// Ends on the server what was cut off here. A second connection does it, on a thread of its own, because nothing can
    /// be awaited in the middle of a drop.
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        let id = conn.id();
        drop(conn);
        let scratch = self.scratch.take();
        if self.busy.load(Ordering::Relaxed) || scratch.is_some() {
            let address = Arc::clone(&self.address);
            let thread = std::thread::Builder::new().name("mysql-farewell".to_owned());
            if let Ok(thread) = thread.spawn(move || farewell(&address, id, scratch.as_deref())) {
                let _panicked = thread.join();
            }
        }
    }
}

async fn kill_query(address: &Arc<Address>, id: u32) -> Result<(), EngineError> {
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    let _over_already = connection.own(&format!("KILL QUERY {id}")).await;
    connection.close().await
}

/// Kills a connection on the server and drops the database that went with it. There is nobody to tell if that fails: a
/// scratch database that stays is removed by a later run.
fn farewell(address: &Arc<Address>, id: u32, scratch: Option<&str>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Ok(mut connection) = Connection::open(address, None, Purpose::Own).await else { return };
        let _gone_already = connection.own(&format!("KILL {id}")).await;
        if let Some(scratch) = scratch {
            let _left_over = connection.own("SET SESSION lock_wait_timeout = 5").await;
            let _left_over = connection.own(&format!("DROP DATABASE IF EXISTS {}", quoted(scratch))).await;
        }
        let _closed = connection.close().await;
    });
}

/// The `sql_mode` of our own statements: values are refused and not mended, and zero dates that are there already are read
/// and written as they are (trap M6).
pub(crate) const STRICT: &str =
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES";

/// What every session needs, whatever the server or its `init_connect` has set: all rows and not the first few, names in quotes,
/// and transactions that begin and end when they are told to.
const PINNED: [&str; 8] = [
    "NAMES utf8mb4",
    "SESSION wait_timeout = 604800",
    "SESSION net_write_timeout = 3600",
    "SESSION net_read_timeout = 3600",
    "SESSION autocommit = ON",
    "SESSION sql_select_limit = 18446744073709551615",
    "SESSION sql_quote_show_create = ON",
    "SESSION completion_type = 0",
];

/// Limits of MariaDB for transactions in which nothing is asked for a while: a view waits for files that are copied.
const IDLE: [&str; 3] =
    ["idle_transaction_timeout", "idle_write_transaction_timeout", "idle_readonly_transaction_timeout"];

/// A setting under which a definition means what it says.
struct Letter {
    name: &'static str,
    value: &'static str,
    /// The engine that has it; both where it is none.
    engine: Option<EngineKind>,
    since: Version,
    /// Whether it holds where people's SQL runs as well.
    of_people: bool,
}

const LETTERS: [Letter; 5] = [
    // A key that nobody wrote is not made, and one that is there is not hidden.
    Letter {
        name: "sql_generate_invisible_primary_key",
        value: "0",
        engine: Some(EngineKind::Mysql),
        since: (8, 0, 30),
        of_people: true,
    },
    Letter {
        name: "show_gipk_in_create_table_and_information_schema",
        value: "1",
        engine: Some(EngineKind::Mysql),
        since: (8, 0, 30),
        of_people: true,
    },
    // A table that is there without a primary key is made again without one.
    Letter {
        name: "sql_require_primary_key",
        value: "0",
        engine: Some(EngineKind::Mysql),
        since: (8, 0, 13),
        of_people: false,
    },
    // A moment without a default gets none.
    Letter { name: "explicit_defaults_for_timestamp", value: "1", engine: None, since: (0, 0, 0), of_people: false },
    // A table may have options that the server took with a warning when it was made.
    Letter { name: "innodb_strict_mode", value: "0", engine: None, since: (0, 0, 0), of_people: false },
];

/// A name as SQL.
pub(crate) fn quoted(name: &str) -> String {
    // Both engines quote alike.
    stead_sql::quote::identifier(name, EngineKind::Mysql)
}

/// What servers say that let in nobody without encryption: MySQL by a number of its own, MariaDB, and both for a user who must have
/// it, in the words for a wrong password.
const INSISTS: [u16; 2] = [3159, 1045];

async fn connect(address: &Address, database: Option<&str>) -> Result<Conn, EngineError> {
    let first = match address.encryption {
        Encryption::Disabled => false,
        Encryption::Preferred => !address.is_local(),
        Encryption::Required | Encryption::VerifyCa | Encryption::VerifyIdentity => true,
    };
    address.readable()?;
    match attempt(address, database, first).await {
        Err(Attempt::Failed(Driver::Driver(DriverError::NoClientSslFlagFromServer)))
            if address.encryption == Encryption::Preferred =>
        {
            attempt(address, database, false).await
        }
        Err(Attempt::Failed(Driver::Server(error)))
            if address.encryption == Encryption::Preferred && !first && INSISTS.contains(&error.code) =>
        {
            match attempt(address, database, true).await {
                // A server that cannot encrypt, or not so that we understand it, has said before what it really minds.
                Err(Attempt::Failed(Driver::Io(_) | Driver::Driver(_)) | Attempt::TimedOut) => {
                    Err(Attempt::Failed(Driver::Server(error)))
                }
                other => other,
            }
        }
        other => other,
    }
    .map_err(|error| error.classified(address))
}

/// How an attempt to connect ended badly.
enum Attempt {
    Failed(Driver),
    TimedOut,
}

impl Attempt {
    fn classified(&self, address: &Address) -> EngineError {
        match self {
            Self::Failed(error) => classify_connecting(error, &address.to_string(), address.kind),
            Self::TimedOut => EngineError::new(
                ErrorClass::Unreachable,
                format!("{address} does not answer within {} seconds", address.connect_timeout.as_secs()),
            )
            .hint("see whether the server runs; `connect_timeout` in the database's URL says how long to wait"),
        }
    }
}

async fn attempt(address: &Address, database: Option<&str>, encrypted: bool) -> Result<Conn, Attempt> {
    let connecting = Conn::new(address.options(database, encrypted));
    match tokio::time::timeout(address.connect_timeout, connecting).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(error)) => Err(Attempt::Failed(error)),
        Err(_elapsed) => Err(Attempt::TimedOut),
    }
}

/// The three numbers at the start of a version, after the prefix that MariaDB has for old clients.
fn version(text: &str) -> Version {
    let text = text.strip_prefix("5.5.5-").unwrap_or(text);
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}
