//! A server of a test's own, which `stead up` starts in a volume of its own. Tests that change settings of a whole server, fill
//! its disk or kill it do that here, so that nobody else's server suffers.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::fixture::Fixture;
use crate::servers::TestServer;

/// How long a killed server may still be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. Fixtures on it must go before it does.
pub struct OwnServer {
    project: Fixture,
    server: TestServer,
}

impl OwnServer {
    /// Starts it; `None` after a skip was reported. It is no throwaway: what it has committed outlives it.
    #[must_use]
    pub fn start(binary: impl Into<PathBuf>, server: TestServer) -> Option<Self> {
        Self::start_in(binary, server, None)
    }

    /// The same with its volume in a folder that is not there yet.
    #[must_use]
    pub fn start_in(binary: impl Into<PathBuf>, server: TestServer, volume: Option<&Path>) -> Option<Self> {
        let programs = server.programs()?;
        let project = Fixture::empty(binary);
        // The server may run as a user of its own.
        fs::set_permissions(project.path("."), fs::Permissions::from_mode(0o755)).expect("the test's own folder");
        let (kind, programs) = (server.kind(), programs.display());
        let volume = volume.map(|path| format!("volume = {{ path = '{}' }}\n", path.display())).unwrap_or_default();
        let section = format!("[servers.main]\nkind = \"{kind}\"\npath = \"{programs}\"\n{volume}");
        project.write("stead.toml", format!("[project]\nname = \"own\"\n\n{section}\n[databases.none]\n"));
        let own = Self { project, server };
        own.up();
        Some(own)
    }

    /// Starts it again.
    #[track_caller]
    pub fn up(&self) {
        self.project.run(["up", "--no-init"]).exits(0);
    }

    /// Stops it in good order.
    #[track_caller]
    pub fn down(&self) {
        self.project.run(["down"]).exits(0);
    }

    fn volume(&self) -> serde_json::Value {
        let document = self.project.run(["volume", "list", "--json"]).exits(0).json();
        document["volumes"][0].clone()
    }

    /// Its process, while it runs.
    #[must_use]
    pub fn process(&self) -> String {
        self.volume()["pid"].to_string()
    }

    /// The URL of whoever may do everything, without a database's name.
    #[must_use]
    pub fn url(&self) -> String {
        let folder = self.project.run(["volume", "path", "main"]).exits(0).out;
        let password = fs::read_to_string(format!("{}/password", folder.trim())).expect("a volume has a password");
        let user = if self.server.kind() == "postgres" { "postgres" } else { "root" };
        format!("{}://{user}:{}@127.0.0.1:{}", self.server.kind(), password.trim(), self.volume()["port"])
    }

    /// Kills a process of it: nothing is flushed, and nobody is told. Comes back when the server is gone.
    pub fn kill(&self, process: &str) {
        let killed = Command::new("kill").args(["-9", process]).status().expect("`kill` is everywhere");
        assert!(killed.success(), "the server was to run");
        let began = Instant::now();
        while self.volume()["state"] == "running" {
            assert!(began.elapsed() < PATIENCE, "it was killed");
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // The error that matters is the one that stopped the test.
        let _stopped = self.project.command(["down"]).output();
    }
}
