//! MySQL and MariaDB in the conformance suite: one subject for each server, every case on each that is there.
//! Without a server its cases are skipped, visibly.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use stead_engine::{Access, EngineError, ErrorClass, Place, Server, Session, TransactionKind, Value};
use stead_mysql::MysqlServer;
use stead_testkit::conformance::{ITEMS, Subject, fill};
use stead_testkit::servers::TestServer;

/// A server of the family.
pub(crate) struct Mysql {
    /// Which one.
    pub(crate) server: TestServer,
    /// The module of the tests that run on it.
    pub(crate) module: &'static str,
}

impl Mysql {
    /// The server; a case is not run without one.
    pub(crate) fn connected(&self) -> Arc<dyn Server> {
        let url = self.server.url().expect("a test without its server was skipped before");
        Arc::new(MysqlServer::connect_lazily(&url).expect("the server's URL can be read"))
    }
}

#[async_trait]
impl Subject for Mysql {
    fn server(&self) -> Arc<dyn Server> {
        self.connected()
    }

    fn place(&self, folder: &Path, name: &str) -> Place {
        let folder = folder.file_name().unwrap_or_default().to_string_lossy().replace('.', "");
        Place(format!("c_{folder}_{name}"))
    }

    fn placeholder(&self, _number: usize) -> String {
        "?".to_owned()
    }

    async fn furnish(&self, _session: &mut dyn Session) -> Result<()> {
        Ok(())
    }

    async fn outage(&self, _place: &Place) -> Result<Option<Arc<dyn Server>>> {
        // A port of this machine that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("{}://root@127.0.0.1:{port}", self.connected().kind().word());
        Ok(Some(Arc::new(MysqlServer::connect_lazily(&url)?)))
    }

    /// The server knows connections, and processes only where it is told to remember what clients say of themselves.
    fn in_the_way(&self, _process: u32) -> String {
        "connection ".to_owned()
    }

    async fn provoke(&self, class: ErrorClass, folder: &Path) -> Result<Option<EngineError>> {
        let server = self.connected();
        let place = self.place(folder, &format!("provoke_{}", class.word().replace('-', "_")));
        server.create(&place).await?;
        let mut first = server.open(&place, Access::Write).await?;
        let mut second = server.open(&place, Access::Write).await?;
        first.execute(ITEMS, &[]).await?;
        fill(first.as_mut(), 1, 400).await?;
        match class {
            ErrorClass::Refused => {
                let mut reader = server.open(&place, Access::Read).await?;
                Ok(reader.execute("DELETE FROM items", &[]).await.err())
            }
            ErrorClass::Conflict => deadlock(first.as_mut(), second.as_mut()).await,
            ErrorClass::LockTimeout => {
                first.begin(TransactionKind::Write).await?;
                first.execute("UPDATE items SET name = 'a' WHERE id = 1", &[]).await?;
                second.execute("SET SESSION innodb_lock_wait_timeout = 1", &[]).await?;
                Ok(second.execute("UPDATE items SET name = 'b' WHERE id = 1", &[]).await.err())
            }
            ErrorClass::Interrupted => killed(first.as_mut(), second.as_mut()).await,
            ErrorClass::Unsupported => {
                Ok(first.execute("CREATE TABLE x (a INTEGER) ENGINE = nothing_like_that", &[]).await.err())
            }
            ErrorClass::Bug => {
                first.begin(TransactionKind::Write).await?;
                Ok(first.begin(TransactionKind::Write).await.err())
            }
            _ => Ok(None),
        }
    }

    fn child_arguments(&self) -> Vec<String> {
        let test = format!("{}::child_process", self.module);
        ["--exact", &test, "--test-threads", "1"].map(str::to_owned).to_vec()
    }

    fn dump_failpoints(&self) -> &'static [&'static str] {
        &["bulk.dump.middle"]
    }

    fn load_failpoints(&self) -> &'static [&'static str] {
        &["bulk.load.middle", "bulk.load.synced"]
    }

    fn swap_failpoints(&self) -> &'static [&'static str] {
        SWAP
    }

    fn occupied_swap_failpoints(&self) -> &'static [&'static str] {
        SWAP
    }
}

/// What every swap passes, whoever has the live database open.
const SWAP: &[&str] = &[
    "swap.prepared",
    "swap.journaled",
    "swap.cleared",
    "swap.renamed",
    "swap.kept",
    "swap.restored",
    "swap.committed",
];

/// Two transactions that want each other's rows; the server lets one of them go on.
async fn deadlock(first: &mut dyn Session, second: &mut dyn Session) -> Result<Option<EngineError>> {
    first.begin(TransactionKind::Write).await?;
    second.begin(TransactionKind::Write).await?;
    first.execute("UPDATE items SET name = 'a' WHERE id = 1", &[]).await?;
    second.execute("UPDATE items SET name = 'b' WHERE id = 2", &[]).await?;
    let crossing = async { first.execute("UPDATE items SET name = 'a' WHERE id = 2", &[]).await };
    let (one, other) = tokio::join!(crossing, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let result = second.execute("UPDATE items SET name = 'b' WHERE id = 1", &[]).await;
        second.rollback().await?;
        result
    });
    Ok(one.err().or(other.err()))
}

/// A statement that another session kills.
async fn killed(first: &mut dyn Session, second: &mut dyn Session) -> Result<Option<EngineError>> {
    let rows = first.query("SELECT CONNECTION_ID()", &[]).await?;
    let id = rows.first().and_then(|row| row.first()).and_then(Value::as_integer).context("a number")?;
    // Rows that are only counted need not be read.
    let sum =
        "SELECT SUM(a.id * b.id + c.id * d.id) FROM items a CROSS JOIN items b CROSS JOIN items c CROSS JOIN items d";
    let long = first.query(sum, &[]);
    // A kill that comes before the statement has no effect, so it is sent until it has.
    let killing = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if let Err(error) = second.execute(&format!("KILL QUERY {id}"), &[]).await {
                return error;
            }
        }
    };
    tokio::select! {
        cut = long => Ok(cut.err()),
        error = killing => Err(error.into()),
    }
}

/// Runs one case, or reports a skip where the server is absent.
pub(crate) fn case(subject: &Mysql, name: &str) -> Result<()> {
    if subject.server.url().is_none() {
        return Ok(());
    }
    stead_testkit::conformance::run(subject, name)
}
