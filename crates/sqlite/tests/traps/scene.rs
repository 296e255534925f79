//! What the traps have in common: databases with known rows, swaps of them, and ports without `await`.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use stead_engine::snapshot::Swap;
use stead_engine::{EngineError, Place, Server};
use stead_sqlite::SqliteServer;
use stead_testkit::conformance::streams::{Memory, advance};
use tempfile::TempDir;

/// Rows of the old database.
pub(crate) const OLD: i64 = 5000;
/// Rows of the new one.
pub(crate) const NEW: i64 = 700;

/// A folder with a live database in one of the journal modes.
pub(crate) struct Scene {
    pub(crate) folder: TempDir,
    pub(crate) live: PathBuf,
    pub(crate) server: SqliteServer,
}

/// Waits for a future.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A path as a place.
pub(crate) fn place(path: &Path) -> Place {
    Place(path.to_str().unwrap().to_owned())
}

/// Makes a database with so many rows, all named alike.
pub(crate) fn database(path: &Path, settings: &str, rows: i64, name: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(settings).unwrap();
    connection.execute_batch("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").unwrap();
    connection
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) INSERT INTO items SELECT i, ?2 FROM n",
            rusqlite::params![rows, name],
        )
        .unwrap();
    connection.close().unwrap();
}

/// The single value of a query, as text.
pub(crate) fn ask(path: &Path, sql: &str) -> String {
    let connection = Connection::open(path).unwrap();
    let value: rusqlite::types::Value = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    }
}

/// How many rows have each name.
pub(crate) fn names(path: &Path) -> Vec<(String, i64)> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT name, count(*) FROM items GROUP BY name ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

/// The file of that name beside another one.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

impl Scene {
    /// A live database of [`OLD`] rows named `old`, made with these settings.
    pub(crate) fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().canonicalize().unwrap().join("live.db");
        database(&live, settings, OLD, "old");
        Self { folder, live, server: SqliteServer::new() }
    }

    /// A swap to a new database of [`NEW`] rows named `new`, made with these settings and carrying the mark.
    pub(crate) fn swap(&self, settings: &str) -> Swap {
        let live = place(&self.live);
        let built = self.server.bulk().beside(&live, "token");
        let path = Path::new(&built.0);
        database(path, settings, NEW, "new");
        mark(path, "token");
        let kept = self.server.bulk().keeping(&live, &self.folder.path().join("undo"), "token");
        Swap { live, built: Some(built), kept: Some(kept), token: "token".to_owned() }
    }

    /// Carries out a swap.
    pub(crate) fn carry_out(&self, swap: &Swap) -> Result<(), EngineError> {
        wait(self.server.bulk().swap(swap))
    }

    /// Dumps the live database and loads it under another name.
    pub(crate) fn dump_and_load(&self) -> PathBuf {
        let memory = self.dump();
        let loaded = self.server.bulk().beside(&place(&self.live), "loaded");
        wait(self.server.bulk().load(&loaded, memory, advance())).unwrap();
        loaded.0.into()
    }

    /// Dumps the live database.
    pub(crate) fn dump(&self) -> Arc<Memory> {
        let memory = Arc::new(Memory::default());
        let live = place(&self.live);
        wait(async {
            let mut view = self.server.bulk().view(std::slice::from_ref(&live)).await?;
            view.dump(&live, Arc::clone(&memory) as _, advance()).await?;
            view.close().await
        })
        .unwrap();
        memory
    }

    /// The live database is the new one and sound, the kept one is as given, and nothing lies about.
    pub(crate) fn swapped(&self, swap: &Swap, kept: &[(&str, i64)]) {
        assert_eq!(names(&self.live), [("new".to_owned(), NEW)]);
        assert_eq!(ask(&self.live, "PRAGMA integrity_check"), "ok");
        let path = PathBuf::from(&swap.kept.as_ref().unwrap().0);
        let expected: Vec<(String, i64)> = kept.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect();
        assert_eq!(names(&path), expected);
        assert_eq!(ask(&path, "PRAGMA integrity_check"), "ok");
        assert!(wait(self.server.bulk().leftovers(&swap.live)).unwrap().is_empty());
    }
}

/// Gives a database the marker row of a swap.
pub(crate) fn mark(path: &Path, token: &str) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("CREATE TABLE stead_marker (id INTEGER PRIMARY KEY, state TEXT, swap_token TEXT)")
        .unwrap();
    connection.execute("INSERT INTO stead_marker VALUES (1, 'seeded', ?1)", [token]).unwrap();
    connection.close().unwrap();
}
