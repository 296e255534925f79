//! The lock that keeps two runs of stead off one database: a named lock of the server (`GET_LOCK`), which dies with its
//! connection and needs no database. Who holds it stands in a row beside it, which an orderly end removes, so that the
//! next holder knows of a run that was cut off.
//!
//! The connection lives on a thread of its own: it is looked after while nobody awaits anything, and letting go is
//! done when the lock's value has been dropped. Clusters of several writers do not share named locks.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use stead_engine::{EngineError, ErrorClass, Holder, Lock, LockRequest};
use tokio::sync::{mpsc, oneshot};

use crate::admin::literal;
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose};

/// The database where holders are written down. It is made when the first lock is taken.
pub(crate) const BOOKS: &str = "stead_locks";
/// How often a lock that is not free is asked for.
const PAUSE: Duration = Duration::from_millis(50);
/// When whoever waits is told.
const TELL: Duration = Duration::from_secs(1);
/// How often an idle connection shows that it is alive.
const ALIVE: Duration = Duration::from_secs(60);

/// Whether the lock is held still; the answer goes back.
type Question = oneshot::Sender<Result<(), EngineError>>;

/// A held lock.
struct MysqlLock {
    left_behind: Option<Holder>,
    /// Asks the keeper; dropped, it lets the keeper go.
    ask: Option<mpsc::Sender<Question>>,
    keeper: Option<JoinHandle<()>>,
}

#[async_trait]
impl Lock for MysqlLock {
    fn left_behind(&self) -> Option<&Holder> {
        self.left_behind.as_ref()
    }

    async fn still_held(&self) -> Result<(), EngineError> {
        let gone = || EngineError::new(ErrorClass::Bug, "the thread that keeps the lock has ended without a word");
        let (tell, answer) = oneshot::channel();
        let ask = self.ask.as_ref().ok_or_else(gone)?;
        ask.send(tell).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for MysqlLock {
    fn drop(&mut self) {
        drop(self.ask.take());
        if let Some(keeper) = self.keeper.take() {
            let _panicked = keeper.join();
        }
    }
}

/// What the keeper tells.
enum News {
    Waiting(Option<Holder>),
    Taken(Option<Holder>),
    Failed(EngineError),
}

/// What the keeper is to do.
struct Wish {
    address: Arc<Address>,
    place: String,
    holder: Holder,
    timeout: Duration,
}

/// Takes the lock of the database of that name, which need not exist yet.
pub(crate) async fn acquire(
    address: &Arc<Address>,
    place: &str,
    request: LockRequest<'_>,
) -> Result<Box<dyn Lock>, EngineError> {
    let wish = Wish {
        address: Arc::clone(address),
        place: place.to_owned(),
        holder: request.holder,
        timeout: request.timeout,
    };
    let (tell, news) = mpsc::channel(4);
    let (ask, questions) = mpsc::channel(1);
    let keeper = std::thread::Builder::new()
        .name("mysql-lock".to_owned())
        .spawn(move || keep(wish, &tell, questions))
        .map_err(|error| EngineError::io("no thread can be started", &error))?;
    // Dropped with this future, the value lets the keeper go and waits for it.
    let mut lock = MysqlLock { left_behind: None, ask: Some(ask), keeper: Some(keeper) };
    // Declared after the lock and so dropped before it: a keeper that nobody listens to gives up.
    let mut news = news;
    while let Some(told) = news.recv().await {
        match told {
            News::Waiting(holder) => (request.on_wait)(holder.as_ref()),
            News::Taken(left_behind) => {
                lock.left_behind = left_behind;
                return Ok(Box::new(lock));
            }
            News::Failed(error) => return Err(error),
        }
    }
    Err(EngineError::new(ErrorClass::Bug, "the thread that takes the lock has ended without a word"))
}

fn keep(wish: Wish, tell: &mpsc::Sender<News>, questions: mpsc::Receiver<Question>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _nobody_waits = tell.blocking_send(News::Failed(EngineError::io("no runtime can be made", &error)));
            return;
        }
    };
    runtime.block_on(async {
        let mut keeper = match Keeper::start(wish).await {
            Ok(keeper) => keeper,
            Err(error) => {
                let _nobody_waits = tell.send(News::Failed(error)).await;
                return;
            }
        };
        match keeper.wait(tell).await {
            Ok(left_behind) => {
                if tell.send(News::Taken(left_behind)).await.is_ok() {
                    keeper.hold(questions).await;
                }
            }
            Err(error) => {
                let _nobody_waits = tell.send(News::Failed(error)).await;
                return;
            }
        }
        keeper.let_go().await;
    });
}

struct Keeper {
    connection: Connection,
    wish: Wish,
    /// The server's name for the lock: names are limited to 64 characters and compared without case.
    name: String,
    /// Whether holders can be written down.
    books: bool,
}

impl Keeper {
    async fn start(wish: Wish) -> Result<Self, EngineError> {
        let mut connection = Connection::open(&wish.address, None, Purpose::Own).await?;
        let sql = format!(
            "SELECT CONCAT('stead:', SHA1(IF(@@lower_case_table_names = 0, {0}, LOWER({0}))))",
            literal(&wish.place)
        );
        let rows = connection.texts(&sql).await?;
        let name = rows.into_iter().flatten().flatten().next().unwrap_or_default();
        let mut keeper = Self { connection, wish, name, books: false };
        keeper.books = keeper.open_books().await?;
        Ok(keeper)
    }

    /// Makes the table of holders. A user who may not is told who holds a lock only as far as the server knows.
    async fn open_books(&mut self) -> Result<bool, EngineError> {
        let there = format!(
            "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{BOOKS}' AND TABLE_NAME = 'holders'"
        );
        if !self.connection.texts(&there).await?.is_empty() {
            return Ok(true);
        }
        for statement in [
            format!("CREATE DATABASE IF NOT EXISTS {BOOKS} CHARACTER SET utf8mb4"),
            format!(
                "CREATE TABLE IF NOT EXISTS {BOOKS}.holders (lock_name VARCHAR(64) CHARACTER SET ascii PRIMARY KEY, \
                 place VARCHAR(64) NOT NULL, connection BIGINT NOT NULL, holder TEXT NOT NULL) ENGINE = InnoDB"
            ),
        ] {
            match self.connection.own(&statement).await {
                Ok(_) => {}
                Err(error) if error.class == ErrorClass::Refused => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Waits for the lock; whoever held it last and did not give it back.
    async fn wait(&mut self, tell: &mpsc::Sender<News>) -> Result<Option<Holder>, EngineError> {
        let (began, mut told) = (Instant::now(), false);
        while !self.ask().await? {
            let waited = began.elapsed();
            if waited >= self.wish.timeout || tell.is_closed() {
                return Err(self.not_free(waited).await);
            }
            if waited >= TELL && !told {
                told = true;
                let holder = self.holder().await;
                let _nobody_waits = tell.send(News::Waiting(holder)).await;
            }
            tokio::time::sleep(PAUSE.min(self.wish.timeout.saturating_sub(waited))).await;
        }
        let left_behind = self.written().await?.map(|(holder, _connection)| holder);
        self.write().await?;
        Ok(left_behind)
    }

    async fn ask(&mut self) -> Result<bool, EngineError> {
        let rows = self.connection.texts(&format!("SELECT GET_LOCK('{}', 0)", self.name)).await?;
        match rows.into_iter().flatten().next().flatten().as_deref() {
            Some("1") => Ok(true),
            Some(_) => Ok(false),
            None => Err(EngineError::new(ErrorClass::Interrupted, "the server could not ask for a named lock")),
        }
    }

    async fn not_free(&mut self, waited: Duration) -> EngineError {
        let holder = self.holder().await;
        let place = &self.wish.place;
        let message = match holder {
            Some(holder) => format!("`{place}` is locked by {holder}"),
            None => format!("`{place}` is locked by another run of stead"),
        };
        EngineError::new(ErrorClass::LockTimeout, format!("{message}; gave up after {:.1} s", waited.as_secs_f64()))
            .hint("wait until it is done, or stop it, and run the command again")
    }

    /// Who holds the lock: what is written down, if the connection that wrote it is the one that holds the lock; else
    /// what the server knows of that connection.
    async fn holder(&mut self) -> Option<Holder> {
        let rows = self.connection.texts(&format!("SELECT IS_USED_LOCK('{}')", self.name)).await.ok()?;
        let holds: u64 = rows.into_iter().flatten().flatten().next()?.parse().ok()?;
        match self.written().await.ok()? {
            Some((holder, connection)) if connection == holds => Some(holder),
            _ => self.known(holds).await,
        }
    }

    async fn known(&mut self, connection: u64) -> Option<Holder> {
        let sql = format!("SELECT USER, HOST FROM information_schema.PROCESSLIST WHERE ID = {connection}");
        let row = self.connection.texts(&sql).await.ok()?.into_iter().next()?;
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let (user, host) = (row.next()?, row.next()?);
        let command = format!("connection {connection}");
        Some(Holder { process: 0, host, user, command, since: "an unknown time".to_owned() })
    }

    async fn written(&mut self) -> Result<Option<(Holder, u64)>, EngineError> {
        if !self.books {
            return Ok(None);
        }
        let sql = format!("SELECT holder, connection FROM {BOOKS}.holders WHERE lock_name = '{}'", self.name);
        let Some(row) = self.connection.texts(&sql).await?.into_iter().next() else { return Ok(None) };
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let holder = row.next().and_then(|text| serde_json::from_str(&text).ok());
        let connection = row.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        Ok(holder.map(|holder| (holder, connection)))
    }

    async fn write(&mut self) -> Result<(), EngineError> {
        if !self.books {
            return Ok(());
        }
        let holder = serde_json::to_string(&self.wish.holder)
            .map_err(|error| EngineError::new(ErrorClass::Bug, error.to_string()))?;
        let sql = format!(
            "REPLACE INTO {BOOKS}.holders (lock_name, place, connection, holder) VALUES ('{}', {}, CONNECTION_ID(), {})",
            self.name,
            literal(&self.wish.place),
            literal(&holder)
        );
        match self.connection.own(&sql).await {
            // A user without the right to write holds the lock all the same.
            Err(error) if error.class == ErrorClass::Refused => self.books = false,
            other => drop(other?),
        }
        Ok(())
    }

    /// Shows the server now and then that somebody is there, until the lock's value is dropped.
    async fn hold(&mut self, mut questions: mpsc::Receiver<Question>) {
        loop {
            match tokio::time::timeout(ALIVE, questions.recv()).await {
                Err(_nothing_to_do) => {
                    let _lost_already = self.connection.own("DO 0").await;
                }
                Ok(Some(question)) => {
                    let _nobody_waits = question.send(self.still_held().await);
                }
                Ok(None) => return,
            }
        }
    }

    async fn still_held(&mut self) -> Result<(), EngineError> {
        let rows = self.connection.texts(&format!("SELECT IS_USED_LOCK('{}') = CONNECTION_ID()", self.name)).await?;
        match rows.into_iter().flatten().next().flatten().as_deref() {
            Some("1") => Ok(()),
            _ => Err(EngineError::new(ErrorClass::Interrupted, "the server has freed the lock")),
        }
    }

    async fn let_go(mut self) {
        if self.books {
            let sql = format!(
                "DELETE FROM {BOOKS}.holders WHERE lock_name = '{}' AND connection = CONNECTION_ID()",
                self.name
            );
            let _left_behind = self.connection.own(&sql).await;
        }
        let _with_the_connection = self.connection.own(&format!("DO RELEASE_LOCK('{}')", self.name)).await;
        let _closed = self.connection.close().await;
    }
}
