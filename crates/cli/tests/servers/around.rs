//! Commands around a server: those that wait for it, those that list what it leaves behind, and what the variables of `init` mean
//! to `up`.

use std::process::Stdio;

use stead_testkit::fixture::ended;
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15};

use crate::local::{KEPT, Local};

/// A project with a database on its server and a seed for it.
fn seeded(server: TestServer) -> Option<Local> {
    let local = Local::new(server)?;
    local.add("[databases.catalog]\nserver = \"main\"\n[apps.own]\npath = \"app\"\ndatabase = \"catalog\"\n");
    local.add("[seed]\nsteps = [{ sql = \"seed.sql\", database = \"catalog\" }]\n");
    local.fixture.write("app/migrations/0001_kept.sql", KEPT);
    local.fixture.write("seed.sql", "INSERT INTO kept VALUES (7);\n");
    Some(local)
}

#[test]
fn a_server_of_the_project_is_waited_for_until_it_is_up() {
    for server in [Postgres15, Mariadb] {
        let Some(local) = seeded(server) else { continue };
        let never = local.run(["wait", "--attempts", "2", "--pause", "10"]).exits(7);
        assert!(never.err.contains("`main` of database `catalog` is not up"), "{}", never.err);
        let mut waiting = local.fixture.command(["wait", "--attempts", "1000", "--pause", "1"]);
        let waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built");
        let up = local.fixture.run_with(&[("INIT_SKIP_SEED", "1")], ["up", "--json"]).exits(0).json();
        ended(waiting.wait_with_output().expect("a child of ours")).exits(0).says("answering: catalog");
        let steps = up["steps"].as_array().expect("what was done");
        let seed = steps.iter().find(|step| step["name"] == "seed").expect("a step that is told");
        assert_eq!(seed["state"], "skipped", "{up}");
    }
}

/// What needs no server is shown while it is down, and every command says how it comes up.
#[test]
fn what_lies_here_is_shown_while_the_server_is_down() {
    for server in [Postgres15, Mariadb] {
        let Some(local) = seeded(server) else { continue };
        local.add("[indexes.things]\ndatabase = \"catalog\"\ndocuments = \"things.sql\"\n");
        local.fixture.write("things.sql", "SELECT id, 'thing' AS name FROM kept");
        local.run(["up"]).exits(0);
        local.run(["dump", "--name", "before"]).exits(0);
        local.run(["load", "before"]).exits(0);
        local.run(["down"]).exits(0);
        let stopped = "the server `main` of database `catalog` is not up";
        let status = local.run(["status"]).exits(7).prints(stopped).prints("`stead up` starts it");
        status.prints("index things: current").prints("snapshots: ").prints("undo points: load before");
        let status = local.run(["status", "--json"]).exits(7).json();
        assert_eq!(status["status"]["databases"][0]["stopped"], stopped, "{status}");
        local.run(["history"]).exits(7).prints("unknown  Kept").says(stopped);
        local.run(["snapshots", "list"]).exits(0).prints("before");
        local.run(["snapshots", "verify", "before"]).exits(0).prints("sound");
        local.run(["undo", "--list"]).exits(0).prints("load before").prints(stopped);
        local.run(["index", "status"]).exits(0).prints("index things: current");
        local.run(["search", "things", "thing"]).exits(0).prints("1 found");
        local.run(["heads"]).exits(0).prints("0001_kept");
        local.run(["config"]).exits(0).prints("servers.main");
        local.run(["dump"]).exits(7).says(stopped).says("`stead up` starts it");
    }
}

/// Waiting changes nothing about a password that somebody has changed, so nobody waits.
#[test]
fn a_server_that_lets_nobody_in_is_not_waited_for() {
    for server in [Postgres15, Mariadb, Mysql] {
        let Some(local) = Local::new(server) else { continue };
        local.run(["up", "--no-init"]).exits(0);
        match server.kind() {
            "postgres" => local.sql("ALTER ROLE postgres PASSWORD 'another'"),
            _ => local.sql("ALTER USER root@'127.0.0.1' IDENTIFIED BY 'another'"),
        };
        let begun = std::time::Instant::now();
        let refused =
            local.run(["up", "--no-init"]).exits(7).says("error[server-refuses]").says("does not let stead in");
        refused.says("/password`; if somebody has changed it");
        assert!(begun.elapsed().as_secs() < 60, "it waited for {:?}", begun.elapsed());
    }
}

#[test]
fn a_volume_that_was_left_behind_is_listed_beside_one_elsewhere() {
    let Some(local) = Local::new(Postgres15) else { return };
    local.run(["up", "--no-init"]).exits(0);
    local.run(["down"]).exits(0);
    let left = local.folder();
    std::fs::create_dir(local.fixture.path("elsewhere")).expect("the folder is ours");
    let elsewhere = local.fixture.path("elsewhere/data");
    let line = format!("volume = {{ path = '{}' }}", elsewhere.display());
    local.fixture.replace("stead.toml", "throwaway = true", &line);
    let listed = local.run(["volume", "list"]).exits(0);
    assert!(listed.out.contains("no server uses it") && listed.out.contains("absent"), "{}", listed.out);
    assert_eq!(local.folder(), elsewhere);
    local.run(["volume", "remove", "main", "--yes"]).exits(0);
    assert!(!left.exists());
    local.run(["volume", "remove", "main", "--yes"]).exits(4).says("lies outside of the project");
}
