//! Row 154 and its kin: several commands at once, and what a later one says about a former one that died.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use stead_testkit::fixture::{Ended, Fixture, Home, ended};

/// How many processes start together; a server is there for other tests too.
fn together(fixture: &Fixture) -> usize {
    if fixture.home() == Home::Files { 20 } else { 6 }
}

fn start(fixture: &Fixture, arguments: &[&str]) -> Child {
    fixture.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built")
}

fn all_init(fixture: &Fixture) -> Vec<Ended> {
    let children: Vec<Child> = (0..together(fixture)).map(|_| start(fixture, &["init"])).collect();
    children.into_iter().map(|child| ended(child.wait_with_output().expect("it can be waited for")).exits(0)).collect()
}

/// A command that stands at a failpoint with the lock in its hand.
fn slow(fixture: &Fixture, arguments: &[&str], failpoint: &str) -> Child {
    let mut command = fixture.command(arguments);
    fixture.stop_at(failpoint, command.stderr(Stdio::null()).stdout(Stdio::null()))
}

every_engine! {
    #[test]
    fn row_154_many_inits_together_on_an_empty_machine_do_the_work_once(fixture: project) {
        let Some(alone) = crate::ready::at(fixture.home()) else { return };
        let ended = all_init(&fixture);
        let worked = ended.iter().filter(|ended| !ended.err.contains("nothing to do")).count();
        assert_eq!(worked, 1, "exactly one does the work");
        assert_eq!(fixture.content(), alone.content());
        let steps = ended.iter().map(|ended| ended.err.matches("files are written").count()).sum::<usize>();
        assert_eq!(steps, 1, "the seed program ran once");
        assert_eq!(fixture.strays(), Vec::<String>::new());
        let before = (fixture.tree("."), fixture.server_databases());
        let ended = all_init(&fixture);
        assert!(ended.iter().all(|ended| ended.err.contains("nothing to do")));
        assert_eq!((fixture.tree("."), fixture.server_databases()), before);
    }

    #[test]
    fn row_154_the_one_that_waits_says_who_holds_the_lock(fixture: ready) {
        let mut slow = slow(&fixture, &["dump", "--name", "slow"], "dump.manifest");
        fixture
            .run(["init", "--lock-timeout", "1500ms"])
            .exits(5)
            .says("`stead dump` of tester")
            .says(&format!("process {}", slow.id()));
        let mut waits = start(&fixture, &["init"]);
        let mut said = BufReader::new(waits.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        assert!(said.any(|line| line.contains("waiting for the environment: `stead dump` of tester")), "it does not wait");
        fixture.go_on();
        let rest: Vec<String> = said.collect();
        assert!(waits.wait().expect("it can be waited for").success(), "{rest:?}");
        assert!(slow.wait().expect("it can be waited for").success());
    }

    #[test]
    fn row_113_a_dead_holder_never_blocks_and_is_mentioned(fixture: ready) {
        let killed = fixture.run_with(&[("STEAD_FAILPOINT", "index.batch=kill")], ["index", "build"]);
        assert_eq!(killed.code, -9);
        let next = fixture.run(["index", "build"]).exits(0);
        assert!(next.err.contains("did not end well") && next.err.contains("stead index"), "{}", next.err);
        fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
        let clean = fixture.run(["index", "build"]).exits(0);
        assert!(!clean.err.contains("did not end well"), "{}", clean.err);
    }

    #[test]
    fn row_113_a_second_build_waits_and_names_the_holder(fixture: ready) {
        let mut slow = slow(&fixture, &["index", "build"], "index.batch");
        fixture.run(["index", "build", "--lock-timeout", "1s"]).exits(5).says("`stead index` of tester");
        fixture.go_on();
        assert!(slow.wait().expect("it can be waited for").success());
    }

    #[test]
    fn reading_commands_take_no_lock(fixture: ready) {
        let mut slow = slow(&fixture, &["dump", "--name", "slow"], "dump.manifest");
        for arguments in [
            &["status"][..],
            &["check"],
            &["history"],
            &["current"],
            &["search", "items", "kite"],
            &["index", "status"],
            &["snapshots", "list"],
        ] {
            let refused_to_wait = ["--lock-timeout", "1ms"];
            fixture.run(arguments.iter().chain(&refused_to_wait)).exits(0);
        }
        fixture.go_on();
        assert!(slow.wait().expect("it can be waited for").success());
    }
}

/// Ends the sessions that hold the locks of a process, as an operator might; false where nobody could.
fn end_locks(fixture: &Fixture, process: u32) -> bool {
    match fixture.home().engine() {
        "sqlite" => false,
        "postgres" => {
            let sessions = format!("FROM pg_stat_activity WHERE application_name LIKE '%[{process}@%'");
            fixture.on_server(&format!("SELECT pg_terminate_backend(pid) {sessions}"));
            while fixture.on_server(&format!("SELECT count(*) {sessions}")) != [["0"]] {}
            true
        }
        _ => {
            let holders =
                format!("SELECT connection FROM stead_locks.holders WHERE holder LIKE '%\"process\":{process},%'");
            let held = fixture.on_server(&holders);
            assert_eq!(held.len(), 2, "a lock a database");
            for connection in held {
                let connection = &connection[0];
                fixture.on_server(&format!("KILL {connection}"));
                let there = format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {connection}");
                while fixture.on_server(&there) != [["0"]] {}
            }
            true
        }
    }
}

every_engine! {
    #[test]
    fn a_run_that_lost_its_locks_replaces_nothing(fixture: ready) {
        fixture.run(["dump", "--name", "a"]).exits(0);
        let statement = "DELETE FROM items WHERE id = 1";
        fixture.sql("main", statement);
        let (before, databases) = (fixture.content(), fixture.server_databases());
        let mut command = fixture.command(["load", "a", "--skip-index"]);
        let child = fixture.stop_at("journal.before", command.stderr(Stdio::piped()).stdout(Stdio::null()));
        let lost = end_locks(&fixture, child.id());
        fixture.go_on();
        let ended = stead_testkit::fixture::ended(child.wait_with_output().expect("it was started with pipes"));
        if lost {
            ended.exits(5).says("the lock of database `main` was lost");
            assert_eq!(fixture.content(), before);
            fixture.run(["status"]).exits(0);
            fixture.run(["dump", "--name", "b"]).exits(0);
            assert_eq!((fixture.content(), fixture.server_databases()), (before, databases));
            assert_eq!(fixture.strays(), Vec::<String>::new());
        } else {
            ended.exits(0);
            assert_ne!(fixture.content(), before);
        }
    }
}
