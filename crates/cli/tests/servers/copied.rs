//! A project that was copied with its volume while the server ran: the record in the copy names the server of the original,
//! and nothing that is done in the copy may reach that.

use std::path::PathBuf;
use std::process::Command;

use stead_testkit::fixture::{Ended, ended};
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};

use crate::local::{KEPT, Local};

/// A copy of a project. What runs on its volume is stopped when it goes.
struct Copy<'a> {
    local: &'a Local,
    _around: tempfile::TempDir,
    folder: PathBuf,
}

impl<'a> Copy<'a> {
    fn of(local: &'a Local) -> Self {
        let around = tempfile::Builder::new().prefix("stead-copy-").tempdir().expect("a temporary folder");
        let folder = around.path().join("copy");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(around.path(), open).expect("the folder is ours");
        let pid = local.pid().to_string();
        let program = |name: &str, words: &[&str]| {
            assert!(Command::new(name).args(words).status().expect("every system has it").success(), "{name}");
        };
        if local.server.kind() == "postgres" {
            local.sql("CHECKPOINT");
        }
        // Files that nobody writes to meanwhile.
        program("kill", &["-STOP", &pid]);
        let from = local.fixture.path(".").display().to_string();
        program("cp", &["-a", &from, &folder.display().to_string()]);
        program("kill", &["-CONT", &pid]);
        Self { local, _around: around, folder }
    }

    fn run(&self, words: &[&str]) -> Ended {
        let mut command = self.local.fixture.command(words);
        ended(command.current_dir(&self.folder).output().expect("the binary was built"))
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        let _stopped = self.local.fixture.command(["down"]).current_dir(&self.folder).output();
    }
}

/// The row of the original, by the client of its engine.
fn row(local: &Local) -> String {
    let listed = local.run(["database", "list", "--json"]).exits(0).json();
    let entries = listed["databases"].as_array().expect("a list of databases").iter();
    let mut names = entries.filter(|entry| entry["name"] == "catalog").filter_map(|entry| entry["place"].as_str());
    let name = names.next().expect("the project has it");
    if local.server.kind() != "postgres" {
        return local.sql(&format!("SELECT id FROM {name}.kept"));
    }
    let found = Command::new("psql").args(["-XAtqc", "SELECT id FROM kept", &local.url(name)]).output();
    String::from_utf8(found.expect("it is installed").stdout).expect("a number").trim().to_owned()
}

fn a_copy_leaves_the_server_of_the_original_alone(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    local.add("[databases.catalog]\nserver = \"main\"\n[apps.own]\npath = \"app\"\ndatabase = \"catalog\"\n");
    local.add("[seed]\nsteps = [{ sql = \"seed.sql\", database = \"catalog\" }]\n");
    local.fixture.write("app/migrations/0001_kept.sql", KEPT);
    local.fixture.write("seed.sql", "INSERT INTO kept VALUES (7);\n");
    local.run(["up"]).exits(0);
    let (pid, port) = (local.pid(), local.port());
    let copy = Copy::of(&local);
    let untouched = || {
        assert_eq!((local.pid(), local.port()), (pid, port));
        assert_eq!(row(&local), "7");
    };
    copy.run(&["reset", "--yes"]).exits(7).says("is not up");
    untouched();
    copy.run(&["down"]).exits(0);
    untouched();
    copy.run(&["status"]).exits(7).prints("is not up");
    copy.run(&["up"]).exits(0);
    untouched();
    let volumes = copy.run(&["volume", "list", "--json"]).exits(0).json();
    let own = &volumes["volumes"][0];
    assert!(own["pid"] != pid && own["port"] != port, "{own}");
    copy.run(&["reset", "--yes"]).exits(0);
    untouched();
    copy.run(&["down"]).exits(0).says("stopped in");
    untouched();
}

#[test]
fn a_copy_on_postgres15_leaves_the_server_of_the_original_alone() {
    a_copy_leaves_the_server_of_the_original_alone(Postgres15);
}

#[test]
fn a_copy_on_postgres18_leaves_the_server_of_the_original_alone() {
    a_copy_leaves_the_server_of_the_original_alone(Postgres18);
}

#[test]
fn a_copy_on_mariadb_leaves_the_server_of_the_original_alone() {
    a_copy_leaves_the_server_of_the_original_alone(Mariadb);
}

#[test]
fn a_copy_on_mysql_leaves_the_server_of_the_original_alone() {
    a_copy_leaves_the_server_of_the_original_alone(Mysql);
}
