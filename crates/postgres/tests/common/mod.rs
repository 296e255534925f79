//! PostgreSQL in the conformance suite, which runs once for each version of the server. Databases of a case begin with a word of
//! their own, by which they are removed after it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use stead_engine::{Access, EngineError, ErrorClass, Place, Server, Session, TransactionKind};
use stead_postgres::PostgresServer;
use stead_testkit::conformance::{ITEMS, Subject, run};
use stead_testkit::servers::TestServer;

/// One server, under one URL.
pub(crate) struct Postgres {
    url: String,
    /// How the names of the case's databases begin; they are removed after it.
    prefixes: Mutex<BTreeSet<String>>,
}

impl Postgres {
    /// The server, or nothing after a skip was reported.
    pub(crate) fn on(server: TestServer) -> Option<Self> {
        Some(Self { url: server.url()?, prefixes: Mutex::default() })
    }

    fn postgres(&self) -> PostgresServer {
        PostgresServer::connect_lazily(&format!("{}/?connect_timeout=5", self.url)).expect("a URL of the test command")
    }

    /// Removes the databases that a case left.
    fn clear(&self) -> Result<()> {
        let prefixes = self.prefixes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let server = self.postgres();
            let mut session = server.open(&Place("postgres".to_owned()), Access::Write).await?;
            for prefix in prefixes {
                let sql = "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1)";
                for row in session.query(sql, &[prefix.into()]).await? {
                    server.remove(&Place(row[0].as_text().unwrap_or_default().to_owned())).await?;
                }
            }
            Ok(())
        })
    }

    async fn other_session(&self) -> Result<Box<dyn Session>, EngineError> {
        self.postgres().scratch().await
    }
}

#[async_trait]
impl Subject for Postgres {
    fn server(&self) -> Arc<dyn Server> {
        Arc::new(self.postgres())
    }

    fn place(&self, folder: &Path, name: &str) -> Place {
        let digest = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
        let prefix = format!("t{}_", &digest[..8]);
        let place = Place(format!("{prefix}{name}"));
        self.prefixes.lock().unwrap_or_else(PoisonError::into_inner).insert(prefix);
        place
    }

    fn placeholder(&self, number: usize) -> String {
        format!("${number}")
    }

    fn bytes_type(&self) -> &'static str {
        "BYTEA"
    }

    fn declared(&self, written: &str) -> String {
        written.replace("VARCHAR", "character varying")
    }

    fn swap_ends_sessions(&self) -> bool {
        true
    }

    async fn furnish(&self, _session: &mut dyn Session) -> Result<()> {
        Ok(())
    }

    /// The same login at a port where nobody listens.
    async fn outage(&self, _place: &Place) -> Result<Option<Arc<dyn Server>>> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (login, _address) = self.url.rsplit_once('@').context("the URL of a test server has a login")?;
        Ok(Some(Arc::new(PostgresServer::connect_lazily(&format!("{login}@127.0.0.1:{port}"))?)))
    }

    async fn provoke(&self, class: ErrorClass, _folder: &Path) -> Result<Option<EngineError>> {
        let mut session = self.other_session().await?;
        let statement = match class {
            ErrorClass::Refused => "SET default_transaction_read_only = on",
            ErrorClass::Conflict => return conflict(self).await,
            ErrorClass::LockTimeout => return late(self).await,
            ErrorClass::Interrupted => "SET statement_timeout = '50ms'",
            ErrorClass::Unsupported => "CREATE EXTENSION nothing_like_that",
            ErrorClass::Bug => {
                session.begin(TransactionKind::Write).await?;
                return Ok(session.begin(TransactionKind::Write).await.err());
            }
            _ => return Ok(None),
        };
        if let Err(error) = session.execute(statement, &[]).await {
            return Ok(Some(error));
        }
        let then = if class == ErrorClass::Refused { ITEMS } else { "SELECT pg_sleep(5)" };
        Ok(session.query(then, &[]).await.err())
    }

    fn child_arguments(&self) -> Vec<String> {
        ["--exact", "child_process", "--test-threads", "1"].map(str::to_owned).to_vec()
    }

    fn dump_failpoints(&self) -> &'static [&'static str] {
        &["bulk.dump.middle"]
    }

    fn load_failpoints(&self) -> &'static [&'static str] {
        &["bulk.load.middle", "bulk.load.synced"]
    }

    fn swap_failpoints(&self) -> &'static [&'static str] {
        &["swap.prepared", "swap.renamed", "swap.committed"]
    }

    fn occupied_swap_failpoints(&self) -> &'static [&'static str] {
        self.swap_failpoints()
    }
}

/// Two transactions that each read what the other writes.
async fn conflict(subject: &Postgres) -> Result<Option<EngineError>> {
    let server = subject.postgres();
    let place = subject.place(Path::new("conflict"), "serial");
    server.remove(&place).await?;
    server.create(&place).await?;
    let mut first = server.open(&place, Access::Write).await?;
    let mut second = server.open(&place, Access::Write).await?;
    first.execute("CREATE TABLE t (a integer)", &[]).await?;
    for session in [&mut first, &mut second] {
        session.begin(TransactionKind::Write).await?;
        session.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", &[]).await?;
        session.query("SELECT count(*) FROM t", &[]).await?;
    }
    for session in [&mut first, &mut second] {
        session.execute("INSERT INTO t VALUES (1)", &[]).await?;
    }
    first.commit().await?;
    Ok(second.commit().await.err())
}

/// A lock that another session holds.
async fn late(subject: &Postgres) -> Result<Option<EngineError>> {
    let server = subject.postgres();
    let place = subject.place(Path::new("late"), "locked");
    server.remove(&place).await?;
    server.create(&place).await?;
    let mut first = server.open(&place, Access::Write).await?;
    let mut second = server.open(&place, Access::Write).await?;
    first.execute(ITEMS, &[]).await?;
    first.begin(TransactionKind::Write).await?;
    first.execute("LOCK TABLE items", &[]).await?;
    second.execute("SET lock_timeout = '100ms'", &[]).await?;
    Ok(second.execute("INSERT INTO items (id, name) VALUES (1, 'a')", &[]).await.err())
}

/// Plays the part of the other process.
pub(crate) fn play(server: TestServer) -> Result<()> {
    match std::env::var(server.variable()) {
        Ok(url) => {
            let subject = Postgres { url, prefixes: Mutex::default() };
            stead_testkit::conformance::child::play(&subject)
        }
        Err(_) => Ok(()),
    }
}

/// Runs one case, and removes its databases.
pub(crate) fn case(server: TestServer, name: &str) -> Result<()> {
    let Some(subject) = Postgres::on(server) else { return Ok(()) };
    let ran = run(&subject, name);
    let cleared = subject.clear();
    ran?;
    cleared
}
