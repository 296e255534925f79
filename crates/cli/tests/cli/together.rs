//! Row 154 and its kin: several commands at once, and what a later one says about a former one that died.

use std::process::{Child, Stdio};

use stead_testkit::fixture::{Ended, Fixture, ended};

use crate::{project, ready};

/// How many processes start together.
const TOGETHER: usize = 20;

fn start(fixture: &Fixture, arguments: &[&str]) -> Child {
    fixture.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built")
}

fn all_init(fixture: &Fixture) -> Vec<Ended> {
    let children: Vec<Child> = (0..TOGETHER).map(|_| start(fixture, &["init"])).collect();
    children.into_iter().map(|child| ended(child.wait_with_output().expect("it can be waited for")).exits(0)).collect()
}

#[test]
fn row_154_twenty_inits_together_on_an_empty_folder_do_the_work_once() {
    let alone = ready();
    let fixture = project();
    let ended = all_init(&fixture);
    let worked = ended.iter().filter(|ended| !ended.err.contains("nothing to do")).count();
    assert_eq!(worked, 1, "exactly one does the work");
    assert_eq!(fixture.content(), alone.content());
    let steps = ended.iter().map(|ended| ended.err.matches("files are written").count()).sum::<usize>();
    assert_eq!(steps, 1, "the seed program ran once");
    assert_eq!(fixture.strays(), Vec::<String>::new());
    let before = fixture.tree(".");
    let ended = all_init(&fixture);
    assert!(ended.iter().all(|ended| ended.err.contains("nothing to do")));
    assert_eq!(fixture.tree("."), before);
}

#[test]
fn row_154_the_one_that_waits_says_who_holds_the_lock() {
    let fixture = ready();
    let mut command = fixture.command(["dump", "--name", "slow"]);
    command.env("STEAD_FAILPOINT", "dump.manifest=pause:4000").stderr(Stdio::null());
    let mut slow = command.spawn().unwrap();
    fixture.wait_until_locked();
    fixture
        .run(["init", "--lock-timeout", "1500ms"])
        .exits(5)
        .says("`stead dump` of tester")
        .says(&format!("process {}", slow.id()));
    let waited = fixture.run(["init"]).exits(0);
    assert!(waited.err.contains("waiting") || slow.try_wait().unwrap().is_some(), "{}", waited.err);
    assert!(slow.wait().unwrap().success());
}

#[test]
fn row_113_a_dead_holder_never_blocks_and_is_mentioned() {
    let fixture = ready();
    let killed = fixture.run_with(&[("STEAD_FAILPOINT", "index.batch=kill")], ["index", "build"]);
    assert_eq!(killed.code, -9);
    let next = fixture.run(["index", "build"]).exits(0);
    assert!(next.err.contains("did not end well") && next.err.contains("stead index"), "{}", next.err);
    fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
    let clean = fixture.run(["index", "build"]).exits(0);
    assert!(!clean.err.contains("did not end well"), "{}", clean.err);
}

#[test]
fn reading_commands_take_no_lock() {
    let fixture = ready();
    let mut command = fixture.command(["dump", "--name", "slow"]);
    command.env("STEAD_FAILPOINT", "dump.manifest=pause:3000").stderr(Stdio::null());
    let mut slow = command.spawn().unwrap();
    fixture.wait_until_locked();
    for arguments in [
        &["status"][..],
        &["check"],
        &["history"],
        &["current"],
        &["search", "items", "kite"],
        &["index", "status"],
        &["snapshots", "list"],
    ] {
        fixture.run(arguments).exits(0);
    }
    assert!(slow.try_wait().unwrap().is_none(), "the dump was to last longer than all of them");
    assert!(slow.wait().unwrap().success());
}
