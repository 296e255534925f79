//! The same on servers: each command is killed there too, and the world is the folder and the server together. The databases
//! are put back by the server's own means before each kill, and the login of the test shows whose sessions are left.

use stead_testkit::fixture::{Fixture, Home};
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};

use crate::full;
use crate::look::{ABSENT, set};
use crate::scene::{Again, SMALL, Scene, live_in, project_at};
use crate::trial::{Number, torture_so};

/// Commands that change something, in an order in which each starts from what the one before started from.
const COMMANDS: [(&[&str], Again); 8] = [
    (&["init", "--clean"], Again::Same),
    (&["init", "--load", "b"], Again::Same),
    (&["dump", "--name", "c"], Again::Taken),
    (&["dump", "--name", "b", "--force"], Again::Same),
    (&["load", "b"], Again::Same),
    (&["seed"], Again::Same),
    (&["undo"], Again::Back),
    (&["reset", "--yes"], Again::Same),
];

/// One more row for the seed.
const KITE: &str = "3,3,Article kite,\\N,20\n";

/// Every failpoint and ten moments, or the sample, which takes turns among the servers of a family.
fn number(server: TestServer) -> Number {
    match (full(), server) {
        (true, _) => Number { failpoints: None, moments: 10, timed: 2, both_ways: false },
        (false, Postgres15 | Mysql) => Number { failpoints: Some(1), moments: 0, timed: 0, both_ways: false },
        (false, Postgres18 | Mariadb) => Number { failpoints: Some(0), moments: 1, timed: 0, both_ways: false },
    }
}

fn kills_on(server: TestServer) {
    let Some(fixture) = project_at(Home::On(server)) else { return };
    let scene = Scene::new(fixture, &["init"], Again::Same, SMALL);
    assert!(set(&scene.old).iter().all(|(name, look)| look == ABSENT || name.starts_with("programs ")));
    torture_so(&format!("init, {}", server.key()), &scene, number(server));
    let mut fixture = scene.into_fixture();
    live_in(&fixture);
    for (arguments, again) in COMMANDS {
        prepare(&fixture, arguments);
        let scene = Scene::new(fixture, arguments, again, SMALL);
        tells_apart(&scene);
        torture_so(&format!("{}, {}", arguments.join(" "), server.key()), &scene, number(server));
        fixture = scene.into_fixture();
    }
}

fn prepare(fixture: &Fixture, arguments: &[&str]) {
    match arguments[0] {
        // The snapshot `_init` differs as well then.
        "seed" => {
            let items = fixture.read("seed/items.csv");
            fixture.write("seed/items.csv", format!("{items}{KITE}"));
        }
        "undo" => {
            fixture.replace("seed/items.csv", KITE, "");
            fixture.run(["load", "b"]).exits(0);
        }
        _ => {}
    }
}

/// A state whose parts all differ from those of the other state shows every mixture. A dump changes nothing but snapshots, and
/// what is brought along is the same before and after, so that only a loss can be seen.
fn tells_apart(scene: &Scene) {
    if scene.arguments[0] == "dump" {
        let last = scene.arguments[2];
        assert_ne!(scene.old[&format!("snapshot {last}")], scene.new[&format!("snapshot {last}")]);
        return;
    }
    let differ = |name: &str| !name.starts_with("programs ") && !name.starts_with("snapshot ");
    let alike: Vec<&String> =
        scene.old.keys().filter(|name| differ(name) && scene.old[*name] == scene.new[*name]).collect();
    assert!(alike.is_empty(), "the same before and after {:?}: {alike:?}", scene.arguments);
}

#[test]
fn kill_during_commands_on_postgres15() {
    kills_on(Postgres15);
}

#[test]
fn kill_during_commands_on_postgres18() {
    if !full() {
        stead_testkit::skip::skip("torture", "runs on this version with STEAD_TORTURE=full only");
        return;
    }
    kills_on(Postgres18);
}

#[test]
fn kill_during_commands_on_mariadb() {
    kills_on(Mariadb);
}

#[test]
fn kill_during_commands_on_mysql() {
    kills_on(Mysql);
}
