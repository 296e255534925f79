//! Other processes: this test program again, playing an application that knows nothing of stead. It uses the driver
//! directly and obeys words that the test writes into its folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;

const PART: &str = "STEAD_TRAP_PART";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running application.
pub(crate) struct Actor {
    process: Child,
    folder: PathBuf,
    sent: u32,
}

impl Actor {
    /// Starts an application with a part to play on a database.
    pub(crate) fn start(part: &str, database: &Path) -> Self {
        Self::start_as(part, database, None)
    }

    /// The same, as another user.
    pub(crate) fn start_as(part: &str, database: &Path, user: Option<u32>) -> Self {
        let folder = tempfile::Builder::new().prefix("actor").tempdir().unwrap().keep();
        let mut program = std::env::current_exe().unwrap();
        if user.is_some() {
            // The build may lie where another user cannot get to.
            let copy = folder.join("actor");
            std::fs::copy(&program, &copy).unwrap();
            program = copy;
        }
        let mut command = Command::new(program);
        command.args(["--exact", "actor::plays_its_part", "--test-threads", "1"]);
        command.env(PART, part).env("STEAD_TRAP_DATABASE", database).env("STEAD_TRAP_FOLDER", &folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(user) = user {
            use std::os::unix::process::CommandExt as _;
            std::os::unix::fs::chown(&folder, Some(user), Some(user)).unwrap();
            command.uid(user).gid(user);
        }
        Self { process: command.spawn().unwrap(), folder, sent: 0 }
    }

    /// Starts it and waits until it says that it is ready.
    pub(crate) fn ready(part: &str, database: &Path) -> Self {
        let mut actor = Self::start(part, database);
        assert_eq!(actor.answer(0), "ready");
        actor
    }

    /// What it has written down so far.
    pub(crate) fn diary(&self) -> Vec<i64> {
        let text = std::fs::read_to_string(self.folder.join("diary")).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Its process number.
    pub(crate) fn number(&self) -> u32 {
        self.process.id()
    }

    /// Tells it a word and waits for its answer.
    pub(crate) fn tell(&mut self, word: &str) -> String {
        self.sent += 1;
        publish(&self.folder.join(format!("word{}", self.sent)), word);
        self.answer(self.sent)
    }

    /// Waits for an answer.
    pub(crate) fn answer(&mut self, number: u32) -> String {
        let path = self.folder.join(format!("answer{number}"));
        let began = Instant::now();
        while !path.exists() {
            if let Some(status) = self.process.try_wait().unwrap() {
                assert!(path.exists(), "the actor ended with {status}");
            }
            assert!(began.elapsed() < PATIENCE, "the actor does not answer");
            std::thread::sleep(Duration::from_millis(3));
        }
        std::fs::read_to_string(path).unwrap()
    }

    /// Waits until it has killed itself.
    pub(crate) fn dead(mut self) {
        self.process.wait().unwrap();
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped_already = self.process.wait();
        let _gone_already = std::fs::remove_dir_all(&self.folder);
    }
}

fn publish(path: &Path, text: &str) {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text).unwrap();
    std::fs::rename(draft, path).unwrap();
}

/// The other side of [`Actor`].
struct Stage {
    folder: PathBuf,
    heard: u32,
}

impl Stage {
    fn ready(&self) {
        publish(&self.folder.join("answer0"), "ready");
    }

    /// Waits for the next word and answers with what is made of it.
    fn obey(&mut self, mut act: impl FnMut(&str) -> String) {
        self.heard += 1;
        let path = self.folder.join(format!("word{}", self.heard));
        while !path.exists() {
            std::thread::sleep(Duration::from_millis(3));
        }
        let answer = act(&std::fs::read_to_string(path).unwrap());
        publish(&self.folder.join(format!("answer{}", self.heard)), &answer);
    }
}

fn die() -> ! {
    let own = std::process::id().to_string();
    let _status = Command::new("kill").args(["-9", &own]).status();
    std::process::abort()
}

/// Plays a part; does nothing in an ordinary run.
#[test]
fn plays_its_part() {
    let Ok(part) = std::env::var(PART) else { return };
    let database = PathBuf::from(std::env::var_os("STEAD_TRAP_DATABASE").unwrap());
    let mut stage = Stage { folder: std::env::var_os("STEAD_TRAP_FOLDER").unwrap().into(), heard: 0 };
    match part.as_str() {
        "application" => application(&database, &mut stage),
        "leftover-log" => leftover_log(&database),
        "hot-journal" => hot_journal(&database),
        "steady-writer" => steady_writer(&database, &stage),
        "twins" => twins(&database, &stage),
        "diarist" => diarist(&database, &stage),
        "exclusive-6s" => exclusive(&database, &stage, Duration::from_secs(6)),
        "exclusive" => exclusive(&database, &stage, PATIENCE),
        "unprivileged" => {
            super::system::as_somebody_else(&database, |text| publish(&stage.folder.join("answer0"), text))
        }
        other => panic!("no part `{other}`"),
    }
}

/// Keeps one connection open and runs what it is told: a query's first value, or the name of the error.
fn application(database: &Path, stage: &mut Stage) {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    let _rows: i64 = connection.query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap();
    stage.ready();
    loop {
        stage.obey(|sql| {
            let result = connection.prepare(sql).and_then(|mut statement| {
                let mut rows = statement.query([])?;
                let Some(row) = rows.next()? else { return Ok("done".to_owned()) };
                let value: rusqlite::types::Value = row.get(0)?;
                Ok(format!("{value:?}"))
            });
            result.unwrap_or_else(|error| match error.sqlite_error() {
                Some(failure) => format!("error {}", failure.extended_code),
                None => format!("error {error}"),
            })
        });
    }
}

/// Commits into the log and dies before anything of it is in the database itself.
fn leftover_log(database: &Path) {
    let connection = Connection::open(database).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    connection
        .execute_batch("UPDATE items SET name = 'from the log'; INSERT INTO items VALUES (5001, 'in the log')")
        .unwrap();
    die()
}

/// Dies in the middle of a transaction whose pages are in the database already.
fn hot_journal(database: &Path) {
    let connection = Connection::open(database).unwrap();
    connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 5; PRAGMA cache_spill = 5").unwrap();
    connection.execute_batch("BEGIN IMMEDIATE; UPDATE items SET name = 'never committed ' || id").unwrap();
    die()
}

/// Writes fifty times a second.
fn steady_writer(database: &Path, stage: &Stage) {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    for number in 0_i64.. {
        connection.execute("UPDATE items SET name = 'write ' || ?1 WHERE id = 1 + ?1 % 1000", [number]).unwrap();
        if number == 10 {
            stage.ready();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Adds rows, each to whatever database has the name at the time, and writes down those that SQLite said were safe. A handle
/// is used a few times and then opened anew, so that it is now fresh, now idle, now in the middle when names are exchanged.
fn diarist(database: &Path, stage: &Stage) {
    use std::io::Write as _;
    let mut diary = std::fs::File::create(stage.folder.join("diary")).unwrap();
    let mut connection = None;
    for number in 1_000_000_i64.. {
        if number % 7 == 0 {
            connection = None;
        }
        let handle = connection.get_or_insert_with(|| {
            let opened = Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
            opened.busy_timeout(Duration::from_secs(20)).unwrap();
            opened
        });
        match handle.execute("INSERT INTO items VALUES (?1, 'kept safe')", [number]) {
            Ok(_) => writeln!(diary, "{number}").unwrap(),
            Err(_) => connection = None,
        }
        if number == 1_000_020 {
            stage.ready();
        }
    }
}

/// Counts at both ends of the file in one transaction, and has every commit written into the file at once.
fn twins(database: &Path, stage: &Stage) {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    connection.execute_batch("PRAGMA wal_autocheckpoint = 1; PRAGMA synchronous = OFF").unwrap();
    for number in 0.. {
        connection
            .execute_batch("BEGIN IMMEDIATE; UPDATE first SET n = n + 1; UPDATE last SET n = n + 1; COMMIT")
            .unwrap();
        if number == 10 {
            stage.ready();
        }
    }
}

fn exclusive(database: &Path, stage: &Stage, time: Duration) {
    let connection = Connection::open(database).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE; UPDATE items SET name = 'held' WHERE id = 1").unwrap();
    stage.ready();
    std::thread::sleep(time);
    connection.execute_batch("COMMIT").unwrap();
    std::thread::sleep(PATIENCE);
}
