//! A project with one local server, in a folder that the server's user can reach. What a test leaves running is stopped when the
//! project goes, and SQL is run by the engine's own client, as a second opinion.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use stead_testkit::fixture::{Ended, Fixture};
use stead_testkit::servers::TestServer;

use crate::STEAD;

/// A revision that makes a table.
pub(crate) const KEPT: &str = "-- Kept\n-- revision: 11aa22bb33cc\n\n-- up\nCREATE TABLE kept (id int PRIMARY KEY);\n\n-- down\nDROP TABLE kept;\n";

pub(crate) struct Local {
    pub(crate) fixture: Fixture,
    pub(crate) server: TestServer,
}

impl Local {
    /// A project with a SQLite database and the server `main`; none after a skip was reported.
    pub(crate) fn new(server: TestServer) -> Option<Self> {
        let programs = server.programs()?;
        let fixture = Fixture::empty(STEAD);
        fs::set_permissions(fixture.path("."), fs::Permissions::from_mode(0o755))
            .expect("the test's own surroundings are sound");
        let (kind, programs) = (server.kind(), programs.display());
        let section = format!("[servers.main]\nkind = \"{kind}\"\npath = \"{programs}\"\nthrowaway = true\n");
        fixture.write("stead.toml", format!("[project]\nname = \"shop\"\n\n{section}\n[databases.own]\n"));
        Some(Self { fixture, server })
    }

    /// Adds to the project file.
    pub(crate) fn add(&self, text: &str) {
        let whole = format!("{}\n{text}", self.fixture.read("stead.toml"));
        self.fixture.write("stead.toml", whole);
    }

    pub(crate) fn run<const N: usize>(&self, words: [&str; N]) -> Ended {
        self.fixture.run(words)
    }

    /// The entry of the volume `main` in `stead volume list`.
    pub(crate) fn volume(&self) -> serde_json::Value {
        let document = self.run(["volume", "list", "--json"]).exits(0).json();
        let entries = document["volumes"].as_array().expect("the test's own surroundings are sound").clone();
        entries.into_iter().find(|entry| entry["name"] == "main").expect("the test's own surroundings are sound")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        PathBuf::from(self.run(["volume", "path", "main"]).exits(0).out.trim())
    }

    pub(crate) fn port(&self) -> u64 {
        self.volume()["port"].as_u64().expect("the test's own surroundings are sound")
    }

    pub(crate) fn pid(&self) -> u64 {
        self.volume()["pid"].as_u64().expect("the test's own surroundings are sound")
    }

    pub(crate) fn password(&self) -> String {
        fs::read_to_string(self.folder().join("password")).expect("the test's own surroundings are sound")
    }

    /// The URL of a database on the server.
    pub(crate) fn url(&self, database: &str) -> String {
        let user = if self.server.kind() == "postgres" { "postgres" } else { "root" };
        format!("{}://{user}:{}@127.0.0.1:{}/{database}", self.server.kind(), self.password(), self.port())
    }

    /// Runs SQL in the database that every server has, with the engine's client; what it prints, trimmed.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.sql_at(self.port(), sql)
    }

    /// The same on a server that was started again by other means.
    pub(crate) fn sql_at(&self, port: u64, sql: &str) -> String {
        let port = port.to_string();
        let mut command = match self.server.kind() {
            "postgres" => {
                let mut psql = Command::new("psql");
                psql.args(["-X", "-A", "-t", "-q", "-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-p", &port]);
                psql.env("PGPASSWORD", self.password()).args(["-v", "ON_ERROR_STOP=1", "-c", sql]);
                psql
            }
            _ => {
                let mut client = Command::new("mariadb");
                client.args(["--no-defaults", "-N", "-B", "-h", "127.0.0.1", "-u", "root", "-D", "mysql", "-P", &port]);
                client.env("MYSQL_PWD", self.password()).args(["-e", sql]);
                client
            }
        };
        let output = command.output().expect("the test's own surroundings are sound");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the test's own surroundings are sound").trim().to_owned()
    }

    /// Stops the server; its command line, with sockets in another folder, since the one it had goes with it.
    pub(crate) fn stopped(&self, sockets: &Path) -> Vec<String> {
        let line = fs::read(format!("/proc/{}/cmdline", self.pid())).expect("the server runs");
        self.run(["down"]).exits(0);
        self.give(sockets);
        let line = String::from_utf8(line).expect("words");
        line.split('\0').filter(|word| !word.is_empty()).map(|word| moved(word, sockets)).collect()
    }

    /// Makes a file or a folder the server's own.
    pub(crate) fn give(&self, path: &Path) {
        let owner = self.owner();
        chown(path, Some(owner.uid()), Some(owner.gid())).expect("we may give it away");
    }

    fn owner(&self) -> fs::Metadata {
        fs::metadata(self.folder().join("data")).expect("the volume is there")
    }

    /// Starts the server with that command line. Whoever asks for it ends it.
    pub(crate) fn start(&self, words: &[String]) -> Child {
        let owner = self.owner();
        let (program, words) = words.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(words).current_dir(self.folder().join("data")).env("LC_ALL", "C");
        if rustix::process::getuid().is_root() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        child.expect("it was started before")
    }

    pub(crate) fn kill_server(&self) {
        let pid = self.pid().to_string();
        assert!(
            Command::new("kill").args(["-9", &pid]).status().expect("the test's own surroundings are sound").success()
        );
        let begun = std::time::Instant::now();
        while self.volume()["state"] == "running" {
            assert!(begun.elapsed().as_secs() < 30, "it was killed");
        }
    }
}

fn moved(word: &str, sockets: &Path) -> String {
    let sockets = sockets.display();
    match word.split_once('=') {
        Some(("unix_socket_directories", _)) => format!("unix_socket_directories={sockets}"),
        Some(("--socket", _)) => format!("--socket={sockets}/s"),
        Some(("--pid-file", _)) => format!("--pid-file={sockets}/pid"),
        _ => word.to_owned(),
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // A test that failed may have left anything behind; the error that matters is its own.
        let _stopped = self.fixture.command(["down"]).output();
    }
}
