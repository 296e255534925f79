//! MySQL and MariaDB with a binary log, as most of them run. It changes who may make functions and triggers, and what a statement
//! may be with global transaction identifiers; whoever may not is told before anything happens.

use std::process::Child;

use stead_testkit::fixture::Fixture;
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql};

use crate::STEAD;
use crate::local::Local;

const THINGS: &str = "-- Things\n-- revision: 11aa22bb33cc\n\n-- up\n\
    CREATE TABLE things (id int PRIMARY KEY, seen int NOT NULL DEFAULT 0);\n\
    CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN 2 * n;\n\
    CREATE TRIGGER counted BEFORE INSERT ON things FOR EACH ROW SET NEW.seen = twice(NEW.id);\n\
    CREATE VIEW doubled AS SELECT id, twice(seen) AS four FROM things;\n\
    CREATE PROCEDURE clear_things() MODIFIES SQL DATA DELETE FROM things;\n\
    CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS CURRENT_TIMESTAMP + INTERVAL 1 DAY DO CALL clear_things();\n\n\
    -- down\nDROP EVENT nightly;\nDROP PROCEDURE clear_things;\nDROP VIEW doubled;\nDROP TABLE things;\nDROP FUNCTION twice;\n";

/// A local server that was started again with a binary log.
struct Logged {
    local: Local,
    child: Child,
    port: u64,
    _sockets: tempfile::TempDir,
}

impl Logged {
    fn start(server: TestServer) -> Option<Self> {
        let local = Local::new(server)?;
        local.run(["up", "--no-init"]).exits(0);
        let port = local.port();
        let sockets = tempfile::Builder::new().prefix("log").tempdir_in("/tmp").expect("a temporary folder");
        let mut words = local.stopped(sockets.path());
        words.retain(|word| word != "--skip-log-bin");
        words.extend(["--log-bin=changes", "--server-id=7", "--binlog-format=ROW"].map(str::to_owned));
        if server == Mysql {
            words.extend(["--gtid-mode=ON", "--enforce-gtid-consistency=ON"].map(str::to_owned));
        }
        let child = local.start(&words);
        let logged = Self { local, child, port, _sockets: sockets };
        logged.project("root").run(["wait", "--attempts", "200", "--pause", "50"]).exits(0);
        Some(logged)
    }

    fn sql(&self, sql: &str) -> String {
        self.local.sql_at(self.port, sql)
    }

    fn trust(&self, trust: bool) {
        self.sql(&format!("SET GLOBAL log_bin_trust_function_creators = {}", u8::from(trust)));
    }

    /// A project of that user, whose password is root's.
    fn project(&self, user: &str) -> Fixture {
        let project = Fixture::empty(STEAD);
        let (kind, password, port) = (self.local.server.kind(), self.local.password(), self.port);
        project.write("app/migrations/0001_things.sql", THINGS);
        project.write("seed.sql", "INSERT INTO things (id) VALUES (1), (2);\n");
        project.write(
            "stead.toml",
            format!(
                "[project]\nname = \"logged\"\n[databases.far]\nurl = '{kind}://{user}:{password}@127.0.0.1:{port}/{user}'\n\
                 [apps.own]\npath = \"app\"\ndatabase = \"far\"\n[seed]\nsteps = [{{ sql = \"seed.sql\" }}]\n"
            ),
        );
        project
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn whole_life(project: &Fixture) {
    project.run(["init"]).exits(0);
    project.run(["dump", "--name", "b"]).exits(0).says("2 rows");
    project.run(["load", "b"]).exits(0).says("2 rows");
    project.run(["undo"]).exits(0);
    project.run(["check"]).exits(0);
}

fn with_a_binary_log(server: TestServer) {
    let Some(logged) = Logged::start(server) else { return };
    assert_eq!(logged.sql("SELECT @@log_bin + 0"), "1");
    let root = logged.project("root");
    whole_life(&root);
    logged.trust(true);
    logged.sql("CREATE FUNCTION root.unsure(n int) RETURNS int RETURN n + 1");
    logged.trust(false);
    root.run(["dump", "--name", "unsure"]).exits(0);
    let doubted = root.run(["load", "unsure"]).exits(7);
    assert!(doubted.err.contains("function `unsure`: it is neither DETERMINISTIC"), "{}", doubted.err);

    let password = logged.local.password();
    logged.sql(&format!("CREATE USER clerk@'%' IDENTIFIED BY '{password}'"));
    logged.sql(r"GRANT ALL ON clerk.* TO clerk@'%'; GRANT ALL ON `stead\_%`.* TO clerk@'%'; CREATE DATABASE clerk");
    let clerk = logged.project("clerk");
    let refused = clerk.run(["upgrade"]);
    assert!(refused.code != 0 && refused.err.contains("log_bin_trust_function_creators"), "{}", refused.err);
    logged.trust(true);
    clerk.run(["upgrade"]).exits(0);
    whole_life(&clerk);
    logged.trust(false);
    let refused = clerk.run(["load", "b"]).exits(7);
    assert!(refused.err.contains("writes a binary log and lets only users with the right SUPER"), "{}", refused.err);
    assert!(refused.err.contains("make the trigger `counted`"), "{}", refused.err);
    clerk.run(["check"]).exits(0);
    logged.trust(true);
    clerk.run(["load", "b"]).exits(0);
    let strays = logged.sql("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'stead\\_new%'");
    assert_eq!(strays, "0");
}

#[test]
fn on_mysql_a_binary_log_is_reckoned_with() {
    with_a_binary_log(Mysql);
}

#[test]
fn on_mariadb_a_binary_log_is_reckoned_with() {
    with_a_binary_log(Mariadb);
}
