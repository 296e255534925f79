//! `stead up` killed at each of the places where a kill hurts, and in the middle of making a volume. Whatever was cut off, the next
//! run says so or does not notice, and ends with one server that answers.

use std::process::{Command, Stdio};
use std::time::Instant;

use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};

use crate::local::Local;

/// In the order in which a first start passes them. After the last one a server runs that nobody recorded.
const PLACES: [&str; 5] = ["up-initialise", "up-initialised", "up-volume-made", "up-planned", "up-started"];

fn killed_at(local: &Local, place: &str) {
    let variables = [("STEAD_FAILPOINT", format!("{place}=kill"))];
    let killed = local
        .fixture
        .command(["up", "--no-init"])
        .envs(variables)
        .output()
        .expect("the test's own surroundings are sound");
    assert_eq!(killed.status.code(), None, "{place}: {}", String::from_utf8_lossy(&killed.stderr));
}

fn a_kill_at_any_place_is_survived(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    for place in PLACES {
        killed_at(&local, place);
        if place.starts_with("up-initialise") {
            assert_eq!(local.volume()["state"], "half-made", "{place}");
        }
    }
    local.run(["up", "--no-init"]).exits(0).says("running already");
    assert_eq!(local.sql("SELECT 1"), "1");
    local.run(["down"]).exits(0).says("main: stopped");
    killed_at(&local, "up-recorded");
    local.run(["up", "--no-init"]).exits(0).says("running already");
    assert_eq!(local.sql("SELECT 1"), "1");
    local.run(["down"]).exits(0).says("main: stopped");
    assert_eq!(servers_of(&local), 0, "no server is left that nobody knows of");
}

/// How many processes work in the project's volume.
fn servers_of(local: &Local) -> usize {
    let data = local.folder().join("data").canonicalize().expect("the test's own surroundings are sound");
    let processes = std::fs::read_dir("/proc")
        .expect("the test's own surroundings are sound")
        .flatten()
        .map(|entry| entry.path().join("cwd"));
    processes.filter(|link| std::fs::read_link(link).is_ok_and(|folder| folder == data)).count()
}

#[test]
fn a_kill_at_any_place_is_survived_on_postgres15() {
    a_kill_at_any_place_is_survived(Postgres15);
}

#[test]
fn a_kill_at_any_place_is_survived_on_postgres18() {
    a_kill_at_any_place_is_survived(Postgres18);
}

#[test]
fn a_kill_at_any_place_is_survived_on_mariadb() {
    a_kill_at_any_place_is_survived(Mariadb);
}

#[test]
fn a_kill_at_any_place_is_survived_on_mysql() {
    a_kill_at_any_place_is_survived(Mysql);
}

/// The programs that were making the volume go on for a while after their parent is gone; the next run waits for their end.
fn a_kill_while_the_volume_is_made_is_survived(server: TestServer) {
    let Some(local) = Local::new(server) else { return };
    let mut up = local.fixture.command(["up", "--no-init"]);
    let mut up = up.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the test's own surroundings are sound");
    let unfinished = local.fixture.path(".stead/volumes/main/data.new");
    let begun = Instant::now();
    while !unfinished.exists() {
        assert!(begun.elapsed().as_secs() < 60, "the volume is being made");
        std::thread::yield_now();
    }
    Command::new("kill").args(["-9", &up.id().to_string()]).status().expect("the test's own surroundings are sound");
    up.wait().expect("the test's own surroundings are sound");
    assert_eq!(local.volume()["state"], "half-made");
    local.run(["volume", "list"]).exits(0).prints("main  half-made");
    local
        .run(["up", "--no-init"])
        .exits(0)
        .says("was cut off half-way; it is made anew")
        .says("started with a new volume");
    assert_eq!(local.sql("SELECT 1"), "1");
}

#[test]
fn a_kill_while_the_volume_is_made_is_survived_on_postgres15() {
    a_kill_while_the_volume_is_made_is_survived(Postgres15);
}

#[test]
fn a_kill_while_the_volume_is_made_is_survived_on_mariadb() {
    a_kill_while_the_volume_is_made_is_survived(Mariadb);
}

#[test]
fn a_kill_while_the_volume_is_made_is_survived_on_mysql() {
    a_kill_while_the_volume_is_made_is_survived(Mysql);
}
