//! The rows that concern servers and volumes, one body each, run on every server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use stead_testkit::fixture::{Fixture, ended};
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};

use crate::STEAD;
use crate::local::{KEPT, Local};

/// Started six seconds late is waited for; never started is named after the last attempt.
fn a_late_server_is_waited_for(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    local.run(["up", "--no-init"]).exits(0);
    let other = Fixture::empty(STEAD);
    other.write("stead.toml", format!("[project]\nname = \"other\"\n[databases.far]\nurl = '{}'\n", local.url("far")));
    local.run(["down"]).exits(0);
    let never = other.run(["wait", "--attempts", "2", "--pause", "10"]).exits(7);
    assert!(never.err.contains("far") && !never.err.contains(&local.password()), "{}", never.err);
    let mut waiting = other.command(["wait", "--attempts", "100", "--pause", "100"]);
    let waiting =
        waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the test's own surroundings are sound");
    std::thread::sleep(Duration::from_secs(6));
    local.run(["up", "--no-init"]).exits(0);
    ended(waiting.wait_with_output().expect("the test's own surroundings are sound")).exits(0).says("answering: far");
}

#[test]
fn row_012_on_postgres15_a_late_server_is_waited_for() {
    a_late_server_is_waited_for(Postgres15);
}

#[test]
fn row_012_on_postgres18_a_late_server_is_waited_for() {
    a_late_server_is_waited_for(Postgres18);
}

#[test]
fn row_012_on_mariadb_a_late_server_is_waited_for() {
    a_late_server_is_waited_for(Mariadb);
}

#[test]
fn row_012_on_mysql_a_late_server_is_waited_for() {
    a_late_server_is_waited_for(Mysql);
}

/// A server that is down and a database that is not there are told apart, each in one readable line.
fn reasons_are_readable(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    local.add("[databases.catalog]\nserver = \"main\"\n");
    let down = local.run(["dump", "--name", "x"]).exits(7);
    assert!(down.err.contains("error[unreachable]: the server `main` of database `catalog` is not up"), "{}", down.err);
    assert!(down.err.contains("hint: `stead up` starts it"), "{}", down.err);
    local.run(["up", "--no-init"]).exits(0);
    let missing = local.run(["dump", "--name", "x"]).exits(7);
    assert!(missing.err.contains("error[database-missing]: database `"), "{}", missing.err);
    assert!(!local.fixture.path("backups/x").exists());
}

#[test]
fn row_013_015_on_postgres15_reasons_are_readable() {
    reasons_are_readable(Postgres15);
}

#[test]
fn row_013_015_on_postgres18_reasons_are_readable() {
    reasons_are_readable(Postgres18);
}

#[test]
fn row_013_015_on_mariadb_reasons_are_readable() {
    reasons_are_readable(Mariadb);
}

#[test]
fn row_013_015_on_mysql_reasons_are_readable() {
    reasons_are_readable(Mysql);
}

/// Start, write, stop, start: the row is still there, on the same port.
fn rows_outlive_down(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    let first = local.run(["up"]).exits(0).says("started with a new volume").says("`shop` is ready");
    assert!(first.err.contains(":***@127.0.0.1:") && !first.err.contains(&local.password()), "{}", first.err);
    local.sql("CREATE TABLE kept (id int)");
    local.sql("INSERT INTO kept VALUES (42)");
    let (port, pid) = (local.port(), local.pid());
    assert!((20_000..32_000).contains(&port), "{port}");
    local.run(["volume", "list"]).exits(0).prints(&format!("port {port}, process {pid}"));
    local.run(["status"]).exits(0).prints(&format!("server main: {} running, port {port}\n", server.kind()));
    local.run(["up", "--no-init"]).exits(0).says("running already");
    assert_eq!(local.pid(), pid);
    local.run(["down", "--dry-run"]).exits(0).prints("would stop the server main (");
    local.run(["down"]).exits(0).says("main: stopped in ");
    assert_eq!(local.volume()["state"], "stopped");
    local.run(["down"]).exits(0).says("main: was not running");
    local.run(["up", "--no-init"]).exits(0).says("main: ").says(", started, ");
    assert_eq!((local.port(), local.sql("SELECT id FROM kept").as_str()), (port, "42"));
}

#[test]
fn row_144_on_postgres15_rows_outlive_down() {
    rows_outlive_down(Postgres15);
}

#[test]
fn row_144_on_postgres18_rows_outlive_down() {
    rows_outlive_down(Postgres18);
}

#[test]
fn row_144_on_mariadb_rows_outlive_down() {
    rows_outlive_down(Mariadb);
}

#[test]
fn row_144_on_mysql_rows_outlive_down() {
    rows_outlive_down(Mysql);
}

/// Removing a volume asks, is refused while the server runs and in a protected environment, and leaves nothing.
fn removing_a_volume_asks(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    local.run(["up", "--no-init"]).exits(0);
    local.run(["volume", "remove", "main", "--yes"]).exits(4).says("error[volume-in-use]").says("`stead down`");
    local.run(["down"]).exits(0);
    local.run(["volume", "remove", "main"]).exits(4).says("with all its databases").says("add `--yes`");
    local.run(["volume", "remove", "main", "--dry-run"]).exits(0).prints("would remove volume main");
    local.fixture.write("stead.production.toml", "[project]\nprotected = true\n");
    let protected = ["--env", "production", "volume", "remove", "main", "--yes"];
    local.run(protected).exits(4).says("environment `production` is protected");
    // A protected environment protects its volume from the others: its file names the server, or a database of it is there.
    for section in ["[servers.main]\n", "[databases.far]\nserver = \"main\"\n"] {
        local.fixture.write("stead.production.toml", format!("[project]\nprotected = true\n{section}"));
        for words in [["volume", "remove", "main", "--yes"], ["volume", "remove", "main", "--dry-run"]] {
            local.run(words).exits(4).says("`main` belongs to environment `production`, which is protected");
        }
    }
    local.fixture.write("stead.production.toml", "[project]\nprotected = true\n[databases.far]\nurl = \"${ABSENT}\"\n");
    let folder = local.folder();
    assert!(folder.join("data").is_dir());
    local.run(["volume", "remove", "main", "--yes"]).exits(0).says("removed `main`");
    assert!(!folder.exists());
    assert_eq!(local.volume()["state"], "absent");
}

#[test]
fn row_145_147_on_postgres15_removing_a_volume_asks() {
    removing_a_volume_asks(Postgres15);
}

#[test]
fn row_145_147_on_postgres18_removing_a_volume_asks() {
    removing_a_volume_asks(Postgres18);
}

#[test]
fn row_145_147_on_mariadb_removing_a_volume_asks() {
    removing_a_volume_asks(Mariadb);
}

#[test]
fn row_145_147_on_mysql_removing_a_volume_asks() {
    removing_a_volume_asks(Mysql);
}

/// A volume outside of the project outlives the project, and the server that used it when it was killed.
fn data_outlives_the_project(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    let elsewhere = local.fixture.path("elsewhere/data");
    fs::create_dir(local.fixture.path("elsewhere")).expect("the test's own surroundings are sound");
    local.fixture.replace(
        "stead.toml",
        "throwaway = true",
        &format!("volume = {{ path = '{}' }}", elsewhere.display()),
    );
    local.run(["up"]).exits(0);
    local.sql("CREATE TABLE kept (id int)");
    local.sql("INSERT INTO kept VALUES (148)");
    local.kill_server();
    assert_eq!(local.volume()["state"], "cut-off");
    fs::remove_dir_all(local.fixture.path(".stead")).expect("the test's own surroundings are sound");
    local.run(["up", "--no-init"]).exits(0);
    assert_eq!(local.sql("SELECT id FROM kept"), "148", "what was committed outlives the kill of its server");
    local.run(["down"]).exits(0);
    local.run(["volume", "remove", "main", "--yes"]).exits(4).says("lies outside of the project");
    assert!(elsewhere.join("data").is_dir());
}

#[test]
fn row_148_on_postgres15_data_outlives_the_project() {
    data_outlives_the_project(Postgres15);
}

#[test]
fn row_148_on_postgres18_data_outlives_the_project() {
    data_outlives_the_project(Postgres18);
}

#[test]
fn row_148_on_mariadb_data_outlives_the_project() {
    data_outlives_the_project(Mariadb);
}

#[test]
fn row_148_on_mysql_data_outlives_the_project() {
    data_outlives_the_project(Mysql);
}

/// A project file that now means another engine is refused before anything is touched.
fn another_engines_volume_is_refused(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    local.run(["up", "--no-init"]).exits(0);
    let pid = local.pid();
    let other = if server.kind() == "mariadb" { "mysql" } else { "mariadb" };
    local.fixture.replace("stead.toml", &format!("kind = \"{}\"", server.kind()), &format!("kind = \"{other}\""));
    let refused = local.run(["up", "--no-init"]).exits(4);
    assert!(refused.err.contains("error[volume-other-kind]: server `main`: the volume `"), "{}", refused.err);
    assert_eq!(local.pid(), pid, "the server that is there goes on");
}

#[test]
fn row_152_on_postgres15_another_engines_volume_is_refused() {
    another_engines_volume_is_refused(Postgres15);
}

#[test]
fn row_152_on_postgres18_another_engines_volume_is_refused() {
    another_engines_volume_is_refused(Postgres18);
}

#[test]
fn row_152_on_mariadb_another_engines_volume_is_refused() {
    another_engines_volume_is_refused(Mariadb);
}

#[test]
fn row_152_on_mysql_another_engines_volume_is_refused() {
    another_engines_volume_is_refused(Mysql);
}

/// The password that stead drew for its own server is in one file of the volume, which nobody else can read, and nowhere else: not
/// in what commands say, not in the server's log, data, arguments or environment.
fn the_password_is_in_one_private_file(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    local.add("[databases.catalog]\nserver = \"main\"\n[apps.own]\npath = \"app\"\ndatabase = \"catalog\"\n");
    local.add("[seed]\nsteps = [{ sql = \"seed.sql\", database = \"catalog\" }]\n");
    local.fixture.write("app/migrations/0001_kept.sql", KEPT);
    local.fixture.write("seed.sql", "INSERT INTO kept VALUES (156);\n");
    let mut said = vec![local.run(["up"]).exits(0)];
    let (pid, password) = (local.pid(), local.password());
    let commands: [&[&str]; 14] = [
        &["up", "--no-init"],
        &["status"],
        &["check"],
        &["config"],
        &["wait", "--attempts", "1"],
        &["volume", "list"],
        &["volume", "path", "main"],
        &["database", "list"],
        &["schema", "print", "database:catalog"],
        &["dump", "--name", "b"],
        &["load", "b"],
        &["undo"],
        &["seed"],
        &["init"],
    ];
    for command in commands {
        said.push(local.fixture.run(command).exits(0));
        said.push(local.fixture.run(["--json"].iter().chain(command.iter().take(1)).chain(&command[1..])));
    }
    for (name, of) in [("cmdline", "arguments"), ("environ", "environment")] {
        let bytes = fs::read(format!("/proc/{pid}/{name}")).expect("the server runs");
        assert!(!holds(&bytes, &password), "the password is in the server's {of}");
    }
    said.extend([
        local.run(["down"]).exits(0),
        local.run(["status"]),
        local.run(["status", "--json"]),
        local.run(["check"]),
    ]);
    for ended in said {
        assert!(
            !holds(ended.out.as_bytes(), &password) && !holds(ended.err.as_bytes(), &password),
            "{}{}",
            ended.out,
            ended.err
        );
    }
    let root = local.fixture.path(".");
    let paths = local.fixture.tree(".").into_keys();
    let found: Vec<String> =
        paths.filter(|path| holds(&fs::read(root.join(path)).unwrap_or_default(), &password)).collect();
    assert_eq!(found, [".stead/volumes/main/password"]);
    let mode = fs::metadata(root.join(&found[0])).expect("it was read").permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can read it: {mode:o}");
}

fn holds(bytes: &[u8], password: &str) -> bool {
    bytes.windows(password.len()).any(|window| window == password.as_bytes())
}

#[test]
fn row_156_on_postgres15_the_password_is_in_one_private_file() {
    the_password_is_in_one_private_file(Postgres15);
}

#[test]
fn row_156_on_postgres18_the_password_is_in_one_private_file() {
    the_password_is_in_one_private_file(Postgres18);
}

#[test]
fn row_156_on_mariadb_the_password_is_in_one_private_file() {
    the_password_is_in_one_private_file(Mariadb);
}

#[test]
fn row_156_on_mysql_the_password_is_in_one_private_file() {
    the_password_is_in_one_private_file(Mysql);
}
