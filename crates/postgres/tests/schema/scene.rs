//! Databases for these tests: made anew, filled by a plain connection of the driver, looked at through the port.

use std::future::Future;
use std::path::{Path, PathBuf};

use stead_engine::server::Access;
use stead_engine::{EngineError, Place, Server as _};
use stead_postgres::PostgresServer;
use stead_schema::{EngineKind, Schema};
use stead_testkit::servers::TestServer;
use tokio_postgres::{Client, NoTls};

/// The versions that these tests run on.
pub(crate) const VERSIONS: [TestServer; 2] = [TestServer::Postgres15, TestServer::Postgres18];

/// A server and a name for databases that no other test uses.
pub(crate) struct Scene {
    pub(crate) url: String,
    pub(crate) version: TestServer,
    server: PostgresServer,
    prefix: String,
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

impl Scene {
    /// `None` after a skip was reported.
    pub(crate) fn new(version: TestServer, test: &str) -> Option<Self> {
        let url = version.url()?;
        let server = PostgresServer::connect_lazily(&url).unwrap();
        Some(Self { url, version, server, prefix: format!("schema_{test}_{}", std::process::id()) })
    }

    pub(crate) fn name(&self, part: &str) -> String {
        format!("{}_{part}", self.prefix)
    }

    /// A connection to an empty database of that name.
    pub(crate) async fn database(&self, name: &str) -> Client {
        let maintenance = self.connect("postgres").await;
        for sql in [format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"), create(name)] {
            maintenance.batch_execute(&sql).await.unwrap();
        }
        self.connect(name).await
    }

    pub(crate) async fn connect(&self, name: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&format!("{}/{name}", self.url), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET client_min_messages = error; SET statement_timeout = '2min'").await.unwrap();
        client
    }

    pub(crate) async fn remove(&self, name: &str) {
        let maintenance = self.connect("postgres").await;
        maintenance.batch_execute(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await.unwrap();
    }

    pub(crate) async fn inspect(&self, name: &str) -> Result<Schema, EngineError> {
        let mut session = self.server.open(&Place(name.to_owned()), Access::Read).await?;
        let schema = session.inspect().await;
        session.close().await?;
        schema
    }

    /// Queries that an inspection sends.
    pub(crate) async fn cost(&self, name: &str) -> u64 {
        let mut session = self.server.open(&Place(name.to_owned()), Access::Read).await.unwrap();
        let before = session.queries_sent();
        session.inspect().await.unwrap();
        session.queries_sent() - before
    }

    /// Writes the schema into an empty database of that name and inspects that; every statement must work.
    pub(crate) async fn rebuild(&self, schema: &Schema, name: &str) -> Schema {
        let client = self.database(name).await;
        for statement in stead_sql::write(schema).unwrap() {
            let result = client.batch_execute(&statement.sql).await;
            result.unwrap_or_else(|error| panic!("{name}: {}: {}", reason(&error), statement.sql));
        }
        self.inspect(name).await.unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

fn create(name: &str) -> String {
    format!("CREATE DATABASE \"{name}\" TEMPLATE template0")
}

/// What the server said.
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Runs a script, statement by statement; all of it must work.
pub(crate) async fn run(client: &Client, script: &str) {
    for statement in stead_sql::split(script, EngineKind::Postgres).unwrap() {
        let result = client.batch_execute(&statement.text).await;
        result.unwrap_or_else(|error| panic!("{}: {}", reason(&error), statement.text));
    }
}

/// A part of the corpus; `None` after a skip was reported.
pub(crate) fn corpus(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("STEAD_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let path = root.join(part);
    if !path.exists() {
        stead_testkit::skip::skip("corpus", &format!("`{}` is not there", path.display()));
        return None;
    }
    Some(path)
}

/// Files with an ending below a folder, sorted by path.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A figure for whoever reads the test's output.
#[expect(clippy::print_stdout, reason = "libtest shows it with --nocapture, and a figure is what was asked for")]
pub(crate) fn figure(text: &str) {
    println!("{text}");
}
