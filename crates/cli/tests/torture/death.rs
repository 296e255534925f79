//! The server itself dies under the command (trap M16), as by a crash of its machine: it is killed while the command stands at
//! a place in the middle of its work, or a moment later. It is started again, and the next command makes the world whole.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use stead_testkit::fixture::{Ended, Fixture, Rights, ended};
use stead_testkit::own_server::OwnServer;
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};

use crate::chance::Chance;
use crate::look::{Things, look, set};
use crate::scene::{SMALL, fill, live_in};
use crate::{files, full, served, stead};

/// Places that a load passes on PostgreSQL, in their order.
const ON_POSTGRES: [&str; 7] = [
    "bulk.load.synced",
    "journal.written",
    "swap.prepared",
    "swap.renamed",
    "swap.committed",
    "journal.database",
    "journal.recorded",
];

/// The same on MySQL and MariaDB.
const ON_MYSQL: [&str; 9] = [
    "bulk.load.synced",
    "journal.written",
    "swap.prepared",
    "swap.journaled",
    "swap.cleared",
    "swap.renamed",
    "swap.restored",
    "journal.database",
    "journal.recorded",
];

/// Places of the sample: before the swap, in the middle of it, and after its one step.
const SAMPLE: [&str; 4] = ["bulk.load.synced", "swap.cleared", "swap.renamed", "swap.committed"];

/// What the world looks like before a load and after it.
struct Looks {
    old: Things,
    new: Things,
}

fn dies_on(server: TestServer) {
    // The fixture goes before its server.
    let Some(own) = OwnServer::start(stead(), server) else { return };
    let fixture = Fixture::on(stead(), server, &own.url());
    let login = fixture.log_in(Rights::All);
    fill(&fixture);
    live_in(&fixture);
    let old = look(&fixture, &SMALL);
    fixture.run(["load", "b"]).exits(0);
    let looks = Looks { old, new: look(&fixture, &SMALL) };
    fixture.run(["undo"]).exits(0);
    let places: &[&str] = if server.kind() == "postgres" { &ON_POSTGRES } else { &ON_MYSQL };
    let mut chance = Chance::of(server.key());
    for place in places.iter().filter(|place| full() || SAMPLE.contains(place)) {
        // Sometimes the command gets on a little, so that the server dies in the middle of a statement.
        let later = chance.coin().then(|| chance.moment(Duration::from_millis(40)));
        let title = format!("{} died at {place}, {later:?} later (seed {})", server.key(), chance.seed);
        let ended = load_under(&own, &fixture, place, later);
        assert!(!ended.err.contains(&login.password), "{title}: the password is told");
        assert_eq!(ended.err.matches("error[").count(), usize::from(ended.code != 0), "{title}\n{}", ended.err);
        assert!([0, 1, 6, 7].contains(&ended.code), "{title}: exit {}\n{}", ended.code, ended.err);
        own.up();
        goes_on(&fixture, &looks, &title, &ended);
    }
}

/// Lets a load come to a place and kills the server there.
fn load_under(own: &OwnServer, fixture: &Fixture, place: &str, later: Option<Duration>) -> Ended {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (trace, done) = (folder.path().join("trace"), folder.path().join("done"));
    let mut command = fixture.command(["load", "b"]);
    command.env("STEAD_FAILPOINT_TRACE", &trace);
    command.env("STEAD_FAILPOINT", format!("{place}=wait:{}", done.display()));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built");
    while !fs::read_to_string(&trace).is_ok_and(|text| text.lines().any(|line| line == place)) {
        assert!(child.try_wait().expect("a child of this process").is_none(), "the load does not pass {place}");
        std::thread::sleep(Duration::from_millis(2));
    }
    let process = own.process();
    if let Some(later) = later {
        fs::write(&done, "").expect("a file in a temporary folder");
        std::thread::sleep(later);
    }
    own.kill(&process);
    fs::write(&done, "").expect("a file in a temporary folder");
    ended(child.wait_with_output().expect("a child of this process"))
}

/// With the server up again, each database is old or new, and `init` brings all of one state together.
fn goes_on(fixture: &Fixture, looks: &Looks, title: &str, load: &Ended) {
    served::settle(fixture);
    let journal = fixture.path(".stead/development/journal.json").exists();
    let found = look(fixture, &SMALL);
    for (name, look) in &found {
        let whole = *look == looks.old[name] || *look == looks.new[name] || journal && name.starts_with("programs ");
        assert!(whole, "{title}: {name} is {look}\n{}", load.err);
    }
    let init = fixture.run(["init"]);
    assert_eq!(init.code, 0, "{title}: the load said\n{}\n`init` says\n{}", load.err, init.err);
    let new = journal || set(&found) == set(&looks.new);
    let expected = if new { &looks.new } else { &looks.old };
    assert_eq!(set(&look(fixture, &SMALL)), set(expected), "{title}\n{}\n{}", load.err, init.err);
    assert_eq!(files::unexplained(fixture), Vec::<String>::new(), "{title}\n{}", init.err);
    if new {
        fixture.run(["undo"]).exits(0);
    }
    assert_eq!(set(&look(fixture, &SMALL)), set(&looks.old), "{title}: and back");
}

#[test]
fn the_server_dies_during_a_load_on_postgres15() {
    dies_on(Postgres15);
}

#[test]
fn the_server_dies_during_a_load_on_postgres18() {
    dies_on(Postgres18);
}

#[test]
fn trap_m16_the_server_dies_during_a_load_on_mariadb() {
    dies_on(Mariadb);
}

#[test]
fn trap_m16_the_server_dies_during_a_load_on_mysql() {
    dies_on(Mysql);
}
