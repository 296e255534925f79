//! A server with databases of one trap's own, and the round trip that most traps are about. The databases are removed when the
//! trap is over, whatever came of it.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Source as _;
use stead_engine::{Access, EngineError, Place, Server, Session, Value};
use stead_postgres::PostgresServer;
use stead_schema::Schema;
use stead_testkit::conformance::streams::{Memory, advance};
use stead_testkit::servers::TestServer;

/// What a trap works with.
pub(crate) struct Scene {
    pub(crate) server: PostgresServer,
    pub(crate) url: String,
    pub(crate) which: TestServer,
    prefix: String,
    made: Mutex<BTreeSet<Place>>,
    roles: Mutex<BTreeSet<String>>,
}

/// Everything in a database that a user could see: its schema, and the rows of each table as text.
#[derive(Debug, PartialEq)]
pub(crate) struct Content {
    pub(crate) schema: Schema,
    pub(crate) rows: Vec<(String, Vec<String>)>,
}

pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Runs a trap on one server, if it is there.
pub(crate) fn play(which: TestServer, trap: for<'a> fn(&'a Scene) -> Running<'a>) -> Result<()> {
    let Some(scene) = Scene::on(which)? else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let played = runtime.block_on(trap(&scene));
    let cleared = runtime.block_on(scene.clear());
    played?;
    cleared
}

/// Runs a trap on PostgreSQL 15 and 18 together, if both are there.
pub(crate) fn play_both(trap: for<'a> fn(&'a Scene, &'a Scene) -> Running<'a>) -> Result<()> {
    let (Some(older), Some(newer)) = (Scene::on(TestServer::Postgres15)?, Scene::on(TestServer::Postgres18)?) else {
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let played = runtime.block_on(trap(&older, &newer));
    let cleared = [runtime.block_on(older.clear()), runtime.block_on(newer.clear())];
    played?;
    cleared.into_iter().collect()
}

/// Writes a trap's tests, one for each version.
macro_rules! traps {
    ($($name:ident)*) => {
        $(
            mod $name {
                #[test]
                fn postgres15() -> anyhow::Result<()> {
                    let which = stead_testkit::servers::TestServer::Postgres15;
                    crate::scene::play(which, |scene| Box::pin(super::cases::$name(scene)))
                }

                #[test]
                fn postgres18() -> anyhow::Result<()> {
                    let which = stead_testkit::servers::TestServer::Postgres18;
                    crate::scene::play(which, |scene| Box::pin(super::cases::$name(scene)))
                }
            }
        )*
    };
}
pub(crate) use traps;

impl Scene {
    /// A scene on a server, if it is there.
    fn on(which: TestServer) -> Result<Option<Self>> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Some(url) = which.url() else { return Ok(None) };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Self {
            server: PostgresServer::connect_lazily(&url)?,
            url,
            which,
            prefix: format!("trap{}_{number}", std::process::id()),
            made: Mutex::default(),
            roles: Mutex::default(),
        }))
    }

    /// A name that is this trap's own.
    pub(crate) fn place(&self, name: &str) -> Place {
        let place = Place(format!("{}_{name}", self.prefix));
        self.note(&place);
        place
    }

    /// Remembers a database that is to be removed.
    pub(crate) fn note(&self, place: &Place) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(place.clone());
    }

    /// A database made by these statements.
    pub(crate) async fn database(&self, name: &str, statements: &[&str]) -> Result<Place> {
        let place = self.place(name);
        self.server.create(&place).await?;
        self.run(&place, statements).await?;
        Ok(place)
    }

    /// A role that can log in with the password `word`, without any right.
    pub(crate) async fn role(&self, name: &str, more: &str) -> Result<String> {
        let role = format!("{}_{name}", self.prefix);
        self.run(&maintenance(), &[&format!("CREATE ROLE {role} LOGIN PASSWORD 'word' {more}")]).await?;
        self.roles.lock().unwrap_or_else(PoisonError::into_inner).insert(role.clone());
        Ok(role)
    }

    /// The same server as a role.
    pub(crate) fn server_as(&self, role: &str) -> Result<PostgresServer> {
        let (_login, address) = self.url.rsplit_once('@').context("the URL of a test server has a login")?;
        Ok(PostgresServer::connect_lazily(&format!("postgres://{role}:word@{address}"))?)
    }

    /// Runs statements, each by itself.
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

    /// The rows of a query, columns joined by `|`.
    pub(crate) async fn rows(&self, place: &Place, sql: &str) -> Result<Vec<String>> {
        let mut session = self.server.open(place, Access::Read).await?;
        let rows = texts(session.as_mut(), sql).await?;
        session.close().await?;
        Ok(rows)
    }

    pub(crate) async fn content(&self, place: &Place) -> Result<Content> {
        let mut session = self.server.open(place, Access::Read).await?;
        let schema = session.inspect().await.context("inspection")?;
        let mut rows = Vec::new();
        let tables = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
                        AND c.relispopulated ORDER BY 1";
        for table in texts(session.as_mut(), tables).await? {
            let sql = format!("SELECT t::text FROM ONLY {table} AS t ORDER BY 1");
            rows.push((table, texts(session.as_mut(), &sql).await?));
        }
        session.close().await?;
        Ok(Content { schema, rows })
    }

    /// Dumps a database into memory.
    pub(crate) async fn dump(&self, place: &Place) -> Result<Arc<Memory>> {
        let memory = Arc::new(Memory::default());
        let mut view = self.server.bulk().view(std::slice::from_ref(place)).await?;
        memory.remember(view.session(place)?.inspect().await?);
        view.dump(place, Arc::clone(&memory) as _, advance()).await?;
        view.close().await?;
        Ok(memory)
    }

    /// Loads a dump under another name.
    pub(crate) async fn load(&self, memory: &Arc<Memory>, name: &str) -> Result<Place> {
        let place = self.place(name);
        self.server.bulk().load(&place, Arc::clone(memory) as _, advance()).await?;
        Ok(place)
    }

    /// Dumps a database, loads it, and holds the two against each other.
    pub(crate) async fn round_trip(&self, place: &Place) -> Result<Place> {
        let before = self.content(place).await?;
        let loaded = self.load(&self.dump(place).await?, "loaded").await?;
        same(&before, &self.content(&loaded).await?)?;
        Ok(loaded)
    }

    async fn clear(&self) -> Result<()> {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        for place in made {
            for leftover in self.server.bulk().leftovers(&place).await? {
                self.server.remove(&leftover).await?;
            }
            self.server.remove(&place).await?;
        }
        let roles = std::mem::take(&mut *self.roles.lock().unwrap_or_else(PoisonError::into_inner));
        for role in roles {
            self.run(&maintenance(), &[&format!("DROP OWNED BY {role}"), &format!("DROP ROLE {role}")]).await?;
        }
        Ok(())
    }
}

/// The database that is always there.
pub(crate) fn maintenance() -> Place {
    Place("postgres".to_owned())
}

/// Fails with what differs.
pub(crate) fn same(before: &Content, after: &Content) -> Result<()> {
    for (left, right) in before.rows.iter().zip(&after.rows) {
        ensure!(left == right, "rows differ: {left:?} and {right:?}");
    }
    ensure!(before.rows.len() == after.rows.len(), "{:?} and {:?}", before.rows, after.rows);
    let differences = stead_schema::compare(&before.schema, &after.schema);
    ensure!(differences.is_empty(), "the schemas differ: {differences:?}");
    Ok(())
}

/// The streams of a dump that hold rows in binary form.
pub(crate) fn binary(memory: &Memory) -> Vec<String> {
    let streams = memory.streams().into_iter();
    streams.filter(|(_, bytes)| bytes.starts_with(b"PGCOPY\n")).map(|(name, _)| name).collect()
}

/// The bytes of one stream.
pub(crate) fn stream(memory: &Memory, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut memory.open(name)?, &mut bytes)?;
    Ok(bytes)
}

async fn texts(session: &mut dyn Session, sql: &str) -> Result<Vec<String>> {
    let rows = session.query(sql, &[]).await.with_context(|| sql.to_owned())?;
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Blob(bytes) => format!("{bytes:?}"),
    };
    Ok(rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect())
}
