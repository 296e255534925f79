//! What the traps stand on: each server that is there, databases made by plain SQL, and a dump that is loaded beside them.
//! Everything a test made is removed when it is over.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::{Context as _, Result};
use stead_engine::snapshot::Swap;
use stead_engine::{Access, EngineError, Place, Row, Server, Session};
use stead_mysql::MysqlServer;
use stead_schema::EngineKind;
use stead_testkit::conformance::streams::{Memory, advance};
use stead_testkit::servers::TestServer;

/// One server during one test.
pub(crate) struct Ground {
    pub(crate) server: Arc<dyn Server>,
    /// The URL of the server, without a database.
    pub(crate) url: String,
    test: String,
    made: Mutex<Vec<Place>>,
}

/// The servers' global settings: tests that change them run alone.
static SETTINGS: RwLock<()> = RwLock::new(());

/// Runs a test on each server that is there.
pub(crate) fn on_each(test: &str, body: impl AsyncFn(&Ground) -> Result<()>) -> Result<()> {
    on(TestServer::Mariadb, test, &body)?;
    on(TestServer::Mysql, test, &body)
}

/// Runs a test that changes global settings on each server that is there.
pub(crate) fn alone_on_each(test: &str, body: impl AsyncFn(&Ground) -> Result<()>) -> Result<()> {
    alone_on(TestServer::Mariadb, test, &body)?;
    alone_on(TestServer::Mysql, test, &body)
}

/// Runs a test that changes global settings on one server, if it is there.
pub(crate) fn alone_on(server: TestServer, test: &str, body: &impl AsyncFn(&Ground) -> Result<()>) -> Result<()> {
    let _alone = SETTINGS.write().unwrap_or_else(PoisonError::into_inner);
    run(server, test, body)
}

/// Runs a test on one server, if it is there.
pub(crate) fn on(server: TestServer, test: &str, body: &impl AsyncFn(&Ground) -> Result<()>) -> Result<()> {
    let _with_others = SETTINGS.read().unwrap_or_else(PoisonError::into_inner);
    run(server, test, body)
}

/// Works in a session of its own, on whatever thread this is.
pub(crate) fn in_a_session<T>(
    url: &str,
    place: &Place,
    work: impl AsyncFnOnce(&mut dyn Session) -> Result<T>,
) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut session = MysqlServer::connect_lazily(url)?.open(place, Access::Write).await?;
        let done = work(session.as_mut()).await?;
        session.close().await?;
        Ok(done)
    })
}

fn run(server: TestServer, test: &str, body: &impl AsyncFn(&Ground) -> Result<()>) -> Result<()> {
    let Some(url) = server.url() else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let adapter: Arc<dyn Server> = Arc::new(MysqlServer::connect_lazily(&url)?);
        let test = format!("{test}_{}", std::process::id());
        let ground = Ground { server: adapter, url, test, made: Mutex::default() };
        let result = body(&ground).await;
        ground.clear().await;
        result.with_context(|| format!("on {}", ground.kind()))
    })
}

impl Ground {
    pub(crate) fn kind(&self) -> EngineKind {
        self.server.kind()
    }

    fn remember(&self, place: Place) -> Place {
        self.made.lock().expect("nobody panicked with the list").push(place.clone());
        place
    }

    async fn clear(&self) {
        let made = std::mem::take(&mut *self.made.lock().expect("nobody panicked with the list"));
        for place in made {
            let _gone_already = self.server.remove(&place).await;
        }
    }

    /// An empty database of that name.
    pub(crate) async fn empty(&self, name: &str) -> Result<Place> {
        let place = self.remember(Place(format!("trap_{}_{name}", self.test)));
        self.server.remove(&place).await?;
        self.server.create(&place).await?;
        Ok(place)
    }

    /// A database in which these statements were run by an ordinary session.
    pub(crate) async fn database(&self, name: &str, statements: &[&str]) -> Result<Place> {
        let place = self.empty(name).await?;
        self.run(&place, statements).await?;
        Ok(place)
    }

    /// Runs statements in a database.
    pub(crate) async fn run(&self, place: &Place, statements: &[&str]) -> Result<()> {
        let mut session = self.write(place).await?;
        for statement in statements {
            session.execute(statement, &[]).await.with_context(|| (*statement).to_owned())?;
        }
        session.close().await?;
        Ok(())
    }

    pub(crate) async fn write(&self, place: &Place) -> Result<Box<dyn Session>, EngineError> {
        self.server.open(place, Access::Write).await
    }

    /// The rows of a query.
    pub(crate) async fn rows(&self, place: &Place, sql: &str) -> Result<Vec<Row>> {
        let mut session = self.server.open(place, Access::Read).await?;
        let rows = session.query(sql, &[]).await.with_context(|| sql.to_owned())?;
        session.close().await?;
        Ok(rows)
    }

    pub(crate) async fn dump(&self, place: &Place) -> Result<Arc<Memory>, EngineError> {
        let memory = Arc::new(Memory::default());
        let mut view = self.server.bulk().view(std::slice::from_ref(place)).await?;
        memory.remember(view.session(place)?.inspect().await?);
        view.dump(place, Arc::clone(&memory) as _, advance()).await?;
        view.close().await?;
        Ok(memory)
    }

    /// A database loaded from a dump of another one.
    pub(crate) async fn moved(&self, place: &Place) -> Result<Place> {
        let memory = self.dump(place).await?;
        let built = self.remember(self.server.bulk().beside(place, "moved"));
        self.server.remove(&built).await?;
        self.server.bulk().load(&built, memory, advance()).await?;
        Ok(built)
    }

    /// Dumps and loads a database and holds a query's answers against each other.
    pub(crate) async fn same(&self, place: &Place, sql: &str) -> Result<Vec<Row>> {
        let built = self.moved(place).await?;
        let (before, after) = (self.rows(place, sql).await?, self.rows(&built, sql).await?);
        anyhow::ensure!(before == after, "before {before:?}, after {after:?}");
        self.server.remove(&built).await?;
        Ok(after)
    }

    /// The swap of a database for one that stands beside it.
    pub(crate) fn swap(&self, live: &Place, built: &Place) -> Swap {
        self.swap_named(live, built, "kept")
    }

    /// The same, where there are several.
    pub(crate) fn swap_named(&self, live: &Place, built: &Place, token: &str) -> Swap {
        let kept = self.remember(self.server.bulk().keeping(live, Path::new("/"), token));
        Swap { live: live.clone(), built: Some(built.clone()), kept: Some(kept), token: token.to_owned() }
    }

    /// A place beside a live database, with the statements run in it.
    pub(crate) async fn beside(&self, live: &Place, statements: &[&str]) -> Result<Place> {
        let built = self.remember(self.server.bulk().beside(live, "built"));
        self.server.remove(&built).await?;
        self.server.create(&built).await?;
        self.run(&built, statements).await?;
        Ok(built)
    }
}
