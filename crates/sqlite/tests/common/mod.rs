//! SQLite in the conformance suite. The suite runs twice, because SQLite's two ways of keeping a
//! transaction share hardly a line of what matters to copies and swaps.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use stead_engine::{Access, EngineError, ErrorClass, Place, Server, Session, TransactionKind};
use stead_sqlite::SqliteServer;
use stead_testkit::conformance::{ITEMS, Subject};

/// SQLite with databases in one of its journal modes.
pub(crate) struct Sqlite {
    /// The mode, as `PRAGMA journal_mode` spells it.
    pub(crate) mode: &'static str,
}

#[async_trait]
impl Subject for Sqlite {
    fn server(&self) -> Arc<dyn Server> {
        Arc::new(SqliteServer::new())
    }

    fn place(&self, folder: &Path, name: &str) -> Place {
        Place(folder.join(format!("{name}.db")).display().to_string())
    }

    fn placeholder(&self, number: usize) -> String {
        format!("?{number}")
    }

    async fn furnish(&self, session: &mut dyn Session) -> Result<()> {
        session.query(&format!("PRAGMA journal_mode = {}", self.mode), &[]).await?;
        Ok(())
    }

    async fn outage(&self, place: &Place) -> Result<Option<Arc<dyn Server>>> {
        std::fs::write(&place.0, "a file, but no database: ".repeat(100))?;
        Ok(None)
    }

    async fn provoke(&self, class: ErrorClass, folder: &Path) -> Result<Option<EngineError>> {
        let place = self.place(folder, &format!("provoke_{class}"));
        match class {
            ErrorClass::Refused => {
                std::fs::write(&place.0, "no database")?;
                Ok(self.server().open(&place, Access::Read).await.err())
            }
            ErrorClass::Conflict => outdated_snapshot(&place).await,
            ErrorClass::LockTimeout => locked(&place).await,
            ErrorClass::Interrupted => full(&place).await,
            ErrorClass::Unsupported => {
                let mut session = self.server().scratch().await?;
                Ok(session.execute("CREATE VIRTUAL TABLE x USING nothing_like_that(a)", &[]).await.err())
            }
            ErrorClass::Bug => {
                let mut session = self.server().scratch().await?;
                session.begin(TransactionKind::Write).await?;
                Ok(session.begin(TransactionKind::Write).await.err())
            }
            _ => Ok(None),
        }
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
        &["swap.checkpointed", "swap.exclusive", "swap.kept", "swap.renamed", "swap.committed"]
    }

    fn occupied_swap_failpoints(&self) -> &'static [&'static str] {
        &["swap.into.copied", "swap.into.restored"]
    }
}

/// A transaction that has read in WAL mode cannot write once somebody else has.
async fn outdated_snapshot(place: &Place) -> Result<Option<EngineError>> {
    let server = SqliteServer::new();
    server.create(place).await?;
    let mut first = server.open(place, Access::Write).await?;
    let mut second = server.open(place, Access::Write).await?;
    first.execute("PRAGMA journal_mode = WAL", &[]).await?;
    first.execute(ITEMS, &[]).await?;
    first.begin(TransactionKind::Read).await?;
    first.query("SELECT count(*) FROM items", &[]).await?;
    second.execute("INSERT INTO items (id, name) VALUES (1, 'a')", &[]).await?;
    Ok(first.execute("INSERT INTO items (id, name) VALUES (2, 'b')", &[]).await.err())
}

async fn locked(place: &Place) -> Result<Option<EngineError>> {
    let server = SqliteServer::new().busy_timeout(Duration::from_millis(100));
    server.create(place).await?;
    let mut first = server.open(place, Access::Write).await?;
    let mut second = server.open(place, Access::Write).await?;
    first.begin(TransactionKind::Write).await?;
    Ok(second.begin(TransactionKind::Write).await.err())
}

async fn full(place: &Place) -> Result<Option<EngineError>> {
    let server = SqliteServer::new();
    server.create(place).await?;
    let mut session = server.open(place, Access::Write).await?;
    session.execute(ITEMS, &[]).await?;
    session.query("PRAGMA max_page_count = 3", &[]).await?;
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
               INSERT INTO items (id, name) SELECT i, 'long enough to need pages' FROM n";
    Ok(session.execute(sql, &[]).await.err())
}

/// Runs one case.
pub(crate) fn case(mode: &'static str, name: &str) -> Result<()> {
    stead_testkit::conformance::run(&Sqlite { mode }, name)
}

/// Plays the part of the other process.
pub(crate) fn play(mode: &'static str) -> Result<()> {
    stead_testkit::conformance::child::play(&Sqlite { mode })
}
