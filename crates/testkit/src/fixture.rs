//! What tests of the command share: a small project in a folder of its own, the real binary run in it with a clean
//! environment, and eyes for what lies on disk. The project has two databases, two apps, three kinds of seed steps,
//! storage with references, and an index.

mod gate;
mod holding;
mod login;
mod store;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::PoisonError;

use rusqlite::Connection;
use serde_json::Value;

pub use gate::Gate;
pub use holding::Holding;
pub use login::{Login, Rights};
pub use store::Home;
use store::Store;

use crate::servers::TestServer;

/// Files of the small project.
const FILES: [(&str, &str); 13] = [
    (
        "stead.toml",
        r#"[project]
name = "shop"

[databases.main]
[databases.stats]

[apps.shop]
path = "apps/shop"
database = "main"

[apps.audit]
path = "apps/audit"
database = "stats"

[seed]
steps = [
  { sql = "seed/base.sql", database = "main" },
  { csv = "seed/items.csv", table = "items", database = "main" },
  { run = ["sh", "seed/files.sh"], database = "main" },
]

[indexes.items]
database = "main"
documents = "indexes/items.sql"
fields = { name = { type = "text", language = "en", boost = 2 } }

[storage]
path = "storage"
leaves = ["pictures", "papers"]
references = [{ database = "main", query = "SELECT picture FROM items WHERE picture IS NOT NULL" }]
"#,
    ),
    (
        "apps/shop/models/shop.sql",
        "CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL REFERENCES kinds (id),
    name TEXT NOT NULL,
    picture TEXT,
    price REAL NOT NULL DEFAULT 0 CHECK (price >= 0)
);
CREATE INDEX items_by_kind ON items (kind);
",
    ),
    (
        "apps/shop/migrations/0001_kinds_and_items.sql",
        "-- Kinds and items
-- revision: 11aa22bb33cc

-- up
CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL REFERENCES kinds (id),
    name TEXT NOT NULL,
    picture TEXT
);
INSERT INTO kinds (id, name) VALUES (1, 'made by a revision');

-- down
DROP TABLE items;
DROP TABLE kinds;
",
    ),
    (
        "apps/shop/migrations/0002_prices.sql",
        "-- Prices
-- revision: 22bb33cc44dd
-- parent: 11aa22bb33cc

-- up
ALTER TABLE items ADD COLUMN price REAL NOT NULL DEFAULT 0 CHECK (price >= 0);

-- down
ALTER TABLE items DROP COLUMN price;
",
    ),
    (
        "apps/shop/migrations/0003_items_by_kind.sql",
        "-- Finding items by kind
-- revision: 33cc44dd55ee
-- parent: 22bb33cc44dd

-- up
CREATE INDEX items_by_kind ON items (kind);

-- down
DROP INDEX items_by_kind;
",
    ),
    (
        "apps/audit/models/audit.sql",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, page TEXT);
",
    ),
    (
        "apps/audit/migrations/0001_visits.sql",
        "-- Visits
-- revision: 44dd55ee66ff

-- up
CREATE TABLE visits (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, page TEXT);

-- down
DROP TABLE visits;
",
    ),
    (
        "seed/base.sql",
        "INSERT INTO kinds (id, name) VALUES (2, 'tools'), (3, 'toys');
",
    ),
    (
        "seed/items.csv",
        "id,kind,name,picture,price
1,2,Hammer,pictures/1.txt,12.5
2,2,\"Saw, small\",\\N,8
3,3,Kite,pictures/3.txt,20
4,3,Red ball,\\N,3
",
    ),
    (
        "seed/files.sh",
        "set -eu
test -n \"$STEAD_DATABASE_URL\"
echo \"a hammer\" > \"$STEAD_STORAGE/pictures/1.txt\"
echo \"a kite\" > \"$STEAD_STORAGE/pictures/3.txt\"
mkdir -p \"$STEAD_STORAGE/papers/old\"
echo \"paper\" > \"$STEAD_STORAGE/papers/old/one.txt\"
echo \"files are written\"
",
    ),
    ("indexes/items.sql", "SELECT id, name, price FROM items ORDER BY id\n"),
    ("storage/README", "outside the leaves\n"),
    ("notes.txt", "not stead's business\n"),
];

/// A project in a folder of its own; the folder goes with the value, and so do its databases on a server.
pub struct Fixture {
    binary: PathBuf,
    folder: tempfile::TempDir,
    store: Store,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; a signal's number, negated, for a process that was killed.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ended {
    /// Asserts the exit code, showing everything if it is another one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error says that.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "`{text}` is not in\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard output says that.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.out.contains(text), "`{text}` is not in\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in\n{}\n{}", self.out, self.err))
    }
}

/// The binary under test: the one that was built, or a copy of it that the test command names, which other users can get to
/// wherever the build lies.
pub fn tested(built: impl Into<PathBuf>) -> PathBuf {
    std::env::var_os("STEAD_TEST_BINARY").map_or_else(|| built.into(), PathBuf::from)
}

impl Fixture {
    /// The small project, nothing initialised yet.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let fixture = Self::empty(binary);
        for (path, text) in FILES {
            fixture.write(path, text);
        }
        fixture
    }

    /// The small project with its databases at that home, nothing initialised yet; `None` after a skip was reported.
    pub fn at(binary: impl Into<PathBuf>, home: Home) -> Option<Self> {
        Some(Self::placed(binary, Store::at(home)?))
    }

    /// The small project with its databases on the server of that kind behind a URL without a database's name.
    #[must_use]
    pub fn on(binary: impl Into<PathBuf>, server: TestServer, url: &str) -> Self {
        Self::placed(binary, Store::on(Home::On(server), url.to_owned()))
    }

    fn placed(binary: impl Into<PathBuf>, store: Store) -> Self {
        let home = store.home;
        let fixture = Self { store, ..Self::empty(binary) };
        for (path, text) in FILES {
            let text = store::translated(home, text);
            let located = |text: String, name: &str| {
                let section = format!("[databases.{name}]\n");
                text.replace(&section, &format!("{section}{}", fixture.store.location(name)))
            };
            fixture.write(path, located(located(text, "main"), "stats"));
        }
        fixture
    }

    /// An empty folder.
    #[must_use]
    pub fn empty(binary: impl Into<PathBuf>) -> Self {
        let folder = tempfile::Builder::new().prefix("stead-test-").tempdir().expect("a temporary folder");
        Self { binary: tested(binary), folder, store: Store::files() }
    }

    /// An empty folder for a project with its databases at that home; `None` after a skip was reported.
    pub fn empty_at(binary: impl Into<PathBuf>, home: Home) -> Option<Self> {
        Some(Self { store: Store::at(home)?, ..Self::empty(binary) })
    }

    /// The same with databases of the other one's names, on a server of its own; they go with it.
    #[must_use]
    pub fn named_like(mut self, other: &Self) -> Self {
        self.store.prefix.clone_from(&other.store.prefix);
        self
    }

    /// Where the databases are.
    #[must_use]
    pub fn home(&self) -> Home {
        self.store.home
    }

    /// The password in the server's URL; none for files.
    #[must_use]
    pub fn password(&self) -> Option<String> {
        self.store.password()
    }

    /// Whether a database of the development environment is there.
    #[must_use]
    pub fn has_database(&self, name: &str) -> bool {
        self.store.exists(name, &self.database(name))
    }

    /// Whether a database has a table, an index or a view of that name.
    #[must_use]
    pub fn has(&self, database: &str, name: &str) -> bool {
        self.store.has(database, &self.database(database), name)
    }

    /// Makes a database of the development environment without anything in it.
    pub fn create_database(&self, name: &str) {
        self.store.create(name, &self.database(name));
    }

    /// Removes a database of the development environment, as somebody might who knows nothing of stead.
    pub fn drop_database(&self, name: &str) {
        self.store.drop_one(name, &self.database(name));
    }

    /// Removes every database of this fixture on its server, stead's temporary and kept ones included.
    pub fn remove_databases(&self) {
        self.store.remove();
    }

    /// What `[databases.NAME]` has to say for the database to be at the fixture's home, a line of its own; nothing for files.
    #[must_use]
    pub fn location(&self, name: &str) -> String {
        self.store.location(name)
    }

    /// The name that a database of the project has on its server.
    #[must_use]
    pub fn name_on_server(&self, name: &str) -> String {
        self.store.name(name)
    }

    /// Puts a gate between the project and its server, shut at first; `None` for files.
    #[must_use]
    pub fn gate(&self) -> Option<Gate> {
        let server = self.store.server();
        if server.is_empty() {
            return None;
        }
        let gate = Gate::before(server);
        self.replace("stead.toml", server, &format!("127.0.0.1:{}", gate.port));
        Some(gate)
    }

    /// Asks the server itself, in no database of the project; nothing for files.
    #[track_caller]
    pub fn on_server(&self, sql: &str) -> Vec<Vec<String>> {
        if self.home() == Home::Files { Vec::new() } else { self.store.ask(None, sql) }
    }

    /// Opens a session beside stead's, which runs statements and keeps its transaction and locks until it is dropped.
    #[must_use]
    pub fn hold(&self, database: &str, statements: &[&str]) -> Holding {
        Holding::begin(&self.store, database, &self.database(database), statements)
    }

    /// Makes the machine an empty one: no state, no databases. Snapshots and storage stay.
    pub fn forget(&self) {
        fs::remove_dir_all(self.path(".stead")).expect("there was a state folder");
        self.store.remove();
    }

    /// Names of all databases of this fixture on its server, stead's temporary and kept ones included; none for files.
    #[must_use]
    pub fn server_databases(&self) -> Vec<String> {
        self.store.databases()
    }

    /// What the names of this fixture's databases on its server begin with; empty for files.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.store.prefix
    }

    /// The URL of the fixture's server, without a database's name; empty for files.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.store.url
    }

    /// Rows as texts from a database of the fixture's server by its whole name, or from none of them.
    #[track_caller]
    pub fn ask(&self, database: Option<&str>, sql: &str) -> Vec<Vec<String>> {
        self.store.ask_in(database, sql)
    }

    /// A login of its own on the fixture's server, put into the project file in place of the one before; it goes with the
    /// fixture.
    #[track_caller]
    pub fn log_in(&self, rights: Rights) -> Login {
        let before = self.store.logins.lock().unwrap_or_else(PoisonError::into_inner).last().cloned();
        let before = before.map_or_else(|| self.store.url.clone(), |login| login.url);
        let login = self.store.login(rights);
        self.replace("stead.toml", &before, &login.url);
        login
    }

    /// The sessions of the fixture's logins on its server; none for files.
    #[track_caller]
    pub fn sessions(&self) -> Vec<Vec<String>> {
        let logins: Vec<String> = self.logins().into_iter().map(|login| format!("'{}'", login.name)).collect();
        let logins = logins.join(", ");
        self.on_server(&if self.home().is_mysql() {
            format!("SELECT ID, DB, COMMAND, STATE, INFO FROM information_schema.PROCESSLIST WHERE USER IN ({logins})")
        } else {
            format!("SELECT pid, datname, state, query FROM pg_stat_activity WHERE usename IN ({logins})")
        })
    }

    /// The logins that [`Fixture::log_in`] has made.
    #[must_use]
    pub fn logins(&self) -> Vec<Login> {
        self.store.logins.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The small project after `init`.
    #[must_use]
    pub fn ready(binary: impl Into<PathBuf>) -> Self {
        let fixture = Self::new(binary);
        fixture.run(["init"]).exits(0);
        fixture
    }

    /// A path in the fixture's folder.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("the test's own files and databases are sound"))
            .expect("the test's own files and databases are sound");
        fs::write(path, text).expect("the test's own files and databases are sound");
    }

    /// Reads a file.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Changes a file by replacing a text that must be in it.
    #[track_caller]
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "`{old}` is not in {path}");
        self.write(path, text.replace(old, new));
    }

    /// The command with a clean environment, ready for more.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.program(&self.binary);
        command.args(arguments);
        command
    }

    /// The same for a command that hears every signal, also where the tests were started with some switched off, as `nohup` and
    /// shells in the background do.
    pub fn attentive<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.program(Path::new("env"));
        command.arg("--default-signal").arg(&self.binary).args(arguments);
        command
    }

    fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.folder.path()).env("USER", "tester").stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ended {
        ended(self.command(arguments).output().expect("the binary was built"))
    }

    /// Runs the command with variables in its environment.
    pub fn run_with<S: AsRef<OsStr>>(
        &self,
        variables: &[(&str, &str)],
        arguments: impl IntoIterator<Item = S>,
    ) -> Ended {
        ended(self.command(arguments).envs(variables.iter().copied()).output().expect("the binary was built"))
    }

    /// The file of a database in the development environment.
    pub fn database(&self, name: &str) -> PathBuf {
        store::file(self.folder.path(), name)
    }

    /// Runs SQL on a database.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) {
        self.store.run(database, &self.database(database), sql);
    }

    /// Runs SQL on a database that somebody else may be busy with: a file is waited for, as applications do.
    #[track_caller]
    pub fn patiently(&self, database: &str, sql: &str) {
        if self.home() != Home::Files {
            return self.sql(database, sql);
        }
        let connection = Connection::open(self.database(database)).expect("the test's own database opens");
        connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a time-out can always be set");
        connection.execute_batch(sql).expect("the application can write while a command runs");
    }

    /// One value as text; `NULL` for null.
    #[track_caller]
    pub fn value(&self, database: &str, query: &str) -> String {
        self.rows(database, query).first().map(|row| row.join("|")).unwrap_or_default()
    }

    /// The rows of a query as texts.
    #[track_caller]
    pub fn rows(&self, database: &str, query: &str) -> Vec<Vec<String>> {
        self.store.rows(database, &self.database(database), query)
    }

    /// What people would lose: rows of every table that is not stead's own, by database, and every file in the leaves.
    pub fn content(&self) -> BTreeMap<String, String> {
        let mut content = BTreeMap::new();
        for name in ["main", "stats"] {
            if self.has_database(name) {
                let tables = self.store.tables(name, &self.database(name)).into_iter();
                content.extend(tables.map(|(table, rows)| (format!("{name}.{table}"), rows)));
            }
        }
        let files = self.tree("storage");
        content.extend(files.into_iter().map(|(path, hash)| (format!("storage/{path}"), hash)));
        content
    }

    /// Every file below a folder by its path, with a hash of its bytes; folders and links with what they are.
    pub fn tree(&self, folder: &str) -> BTreeMap<String, String> {
        let root = self.path(folder);
        let mut found = BTreeMap::new();
        walk(&root, &root, &mut found);
        found
    }

    /// The same with times and inodes, for showing that nothing at all was touched.
    pub fn stamps(&self, folder: &str) -> BTreeMap<String, (u64, i64, i64)> {
        let root = self.path(folder);
        self.tree(folder)
            .into_keys()
            .map(|path| {
                let metadata =
                    fs::symlink_metadata(root.join(&path)).expect("the test's own files and databases are sound");
                (path, (metadata.ino(), metadata.mtime(), metadata.mtime_nsec()))
            })
            .collect()
    }

    /// Waits until a command holds the development environment's lock, which takes a moment on a busy machine.
    pub fn wait_until_locked(&self) {
        let lock = self.path(".stead/development/lock");
        for _look in 0..1000 {
            if fs::metadata(&lock).is_ok_and(|metadata| metadata.len() > 0) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("no command took the lock within ten seconds");
    }

    /// Starts a command that stops at a failpoint and stays there until [`Self::go_on`]; this returns when it has come there.
    #[track_caller]
    pub fn stop_at(&self, point: &str, command: &mut Command) -> Child {
        let (trace, go) = (self.path("failpoints.passed"), self.path("failpoints.go"));
        let _none_yet = (fs::remove_file(&trace), fs::remove_file(&go));
        command.env("STEAD_FAILPOINT", format!("{point}=wait:{}", go.display())).env("STEAD_FAILPOINT_TRACE", &trace);
        let mut child = command.spawn().expect("the binary was built");
        let passed = || fs::read_to_string(&trace).is_ok_and(|passed| passed.lines().any(|name| name == point));
        let began = std::time::Instant::now();
        while !passed() {
            let ended = child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "`{point}` was not passed: {ended:?}");
            assert!(began.elapsed().as_secs() < 120, "`{point}` was not passed");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let _removed = fs::remove_file(&trace);
        child
    }

    /// Lets a command that [`Self::stop_at`] started go on.
    pub fn go_on(&self) {
        self.write("failpoints.go", "");
    }

    /// Names that no finished command leaves behind: builds, journals, drafts, hidden copies.
    pub fn strays(&self) -> Vec<String> {
        let stray = |path: &String| {
            let stray = ["stead-new", "stead-old", "stead-gone", "stead-dump", "stead-kept-", "journal.json", ".aside"];
            stray.iter().any(|mark| path.contains(mark)) || path.contains("/build/") || path.contains("/trash/")
        };
        self.tree(".").into_keys().filter(stray).collect()
    }
}

/// How a finished process ended.
pub fn ended(output: Output) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0));
    Ended {
        code,
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The rows of a query on a database file, as texts.
#[track_caller]
pub fn rows(path: &Path, query: &str) -> Vec<Vec<String>> {
    let connection = Connection::open(path).expect("the test's own files and databases are sound");
    let mut statement = connection.prepare(query).expect("the test's own files and databases are sound");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|at| Ok(text(row.get_ref(at)?))).collect());
    rows.expect("the test's own files and databases are sound")
        .map(|row| row.expect("a row that can be read"))
        .collect()
}

/// Every table that is not stead's or SQLite's own, with all its rows as one text.
pub fn tables(path: &Path) -> BTreeMap<String, String> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'stead\\_%' ESCAPE '\\' AND name NOT LIKE \
                 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let names = rows(path, names).into_iter().map(|mut row| row.remove(0));
    names
        .map(|name| {
            let rows = rows(path, &format!("SELECT * FROM \"{name}\" ORDER BY 1, 2"));
            (name, rows.iter().map(|row| row.join("|")).collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

fn text(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path
            .strip_prefix(root)
            .expect("the test's own files and databases are sound")
            .to_string_lossy()
            .into_owned();
        let kind = entry.file_type().expect("the test's own files and databases are sound");
        if kind.is_dir() {
            found.insert(name, "folder".to_owned());
            walk(root, &path, found);
        } else if kind.is_symlink() {
            found.insert(
                name,
                format!(
                    "link to {}",
                    fs::read_link(&path).expect("the test's own files and databases are sound").display()
                ),
            );
        } else if kind.is_file() {
            found.insert(
                name,
                blake3::hash(&fs::read(&path).expect("the test's own files and databases are sound"))
                    .to_hex()
                    .to_string(),
            );
        }
    }
}
