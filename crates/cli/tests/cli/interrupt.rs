//! Ctrl-C and its kin: a command that is stopped in the middle ends quickly, what it had asked of a server is cancelled there, its
//! locks are given back, and the next command works.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use stead_testkit::fixture::{Ended, Fixture, Home, ended};

use crate::{project, ready};

const FOURTH: &str = "apps/shop/migrations/0004_long.sql";
const HEAD: &str = "-- Long\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n";

/// Within this a command that was stopped has ended. The product gives itself ten seconds and then ends at once.
const QUICKLY: Duration = Duration::from_secs(8);

fn start(fixture: &Fixture, arguments: &[&str]) -> Child {
    piped(&mut fixture.attentive(arguments))
}

fn piped(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built")
}

fn send(process: u32, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(process).expect("a process number")).expect("a process number");
    kill_process(process, signal).expect("the process is there");
}

/// Stops a command and waits for its end.
#[track_caller]
fn stopped(mut child: Child, signal: Signal) -> Ended {
    let began = Instant::now();
    send(child.id(), signal);
    until("its end", || child.try_wait().expect("it can be waited for").is_some());
    let ended = ended(child.wait_with_output().expect("it can be waited for"));
    assert!(began.elapsed() < QUICKLY && !ended.err.contains("stopped at once"), "it did not let go: {}", ended.err);
    ended.exits(6).says("was stopped by").says("run the same command again")
}

/// Waits for something that is sure to come.
#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How many statements a server runs, or lets wait, in the fixture's databases; stead's copies of them included. For files, whether
/// somebody writes.
fn statements(fixture: &Fixture) -> u32 {
    let names = format!("%{}%", fixture.name_on_server(""));
    let query = match fixture.home() {
        Home::Files => {
            let connection = rusqlite::Connection::open(fixture.database("main")).expect("the database is there");
            connection.busy_timeout(Duration::ZERO).expect("it can always be set");
            return u32::from(connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err());
        }
        home if home.is_mysql() => format!(
            "SELECT count(*) FROM information_schema.processlist WHERE db LIKE '{names}' AND command IN ('Query', 'Execute')"
        ),
        Home::On(_) => {
            format!("SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '{names}' AND state = 'active'")
        }
    };
    fixture.on_server(&query)[0][0].parse().expect("a count")
}

/// How many sessions wait for a lock in the fixture's databases.
fn waiting(fixture: &Fixture) -> u32 {
    let names = format!("%{}%", fixture.name_on_server(""));
    let query = if fixture.home().is_mysql() {
        format!(
            "SELECT count(*) FROM information_schema.processlist WHERE db LIKE '{names}' AND state LIKE 'Waiting for%'"
        )
    } else {
        format!("SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '{names}' AND wait_event_type = 'Lock'")
    };
    fixture.on_server(&query)[0][0].parse().expect("a count")
}

/// A statement that goes on for ten minutes, and for ever in a file.
fn long_statement(home: Home) -> &'static str {
    match home {
        Home::Files => {
            "INSERT INTO kinds (id, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
             SELECT 100, 'never' FROM n WHERE i < 0"
        }
        home if home.is_mysql() => "DO SLEEP(600)",
        Home::On(_) => "SELECT pg_sleep(600)",
    }
}

/// What keeps others from reading or writing `items`.
fn exclusive(home: Home) -> &'static [&'static str] {
    match home {
        Home::Files => &["BEGIN EXCLUSIVE"],
        home if home.is_mysql() => &["LOCK TABLES items WRITE"],
        Home::On(_) => &["BEGIN", "LOCK TABLE items IN ACCESS EXCLUSIVE MODE"],
    }
}

every_engine! {
    #[test]
    fn a_revision_that_is_stopped_is_cancelled_on_the_server(fixture: migrated) {
        for (signal, word) in [(Signal::INT, "Ctrl-C"), (Signal::TERM, "SIGTERM")] {
            fixture.write(FOURTH, format!("{HEAD}{};\n\n-- down\nDELETE FROM items WHERE id = 0;\n", long_statement(fixture.home())));
            let upgrade = start(&fixture, &["upgrade"]);
            until("the long statement", || statements(&fixture) > 0);
            stopped(upgrade, signal).says(&format!("`stead upgrade` was stopped by {word}"));
            until("the end of the statement", || statements(&fixture) == 0);
            fixture.run(["current", "--app", "shop"]).exits(0).prints("33cc44dd55ee");
            fixture.write(FOURTH, format!("{HEAD}UPDATE items SET price = 1;\n\n-- down\nDELETE FROM items WHERE id = 0;\n"));
            fixture.run(["upgrade", "--lock-timeout", "3s"]).exits(0).says("applied 1 revision");
            fixture.run(["downgrade", "-1", "--app", "shop", "--yes"]).exits(0);
        }
    }

    #[test]
    fn a_dump_that_is_stopped_while_it_waits_leaves_nothing(fixture: ready) {
        let held = fixture.hold("main", exclusive(fixture.home()));
        let dump = start(&fixture, &["dump", "--name", "b", "--json"]);
        match fixture.home() {
            Home::Files => fixture.wait_until_locked(),
            Home::On(_) => until("the dump waits", || waiting(&fixture) > 0),
        }
        let began = Instant::now();
        send(dump.id(), Signal::INT);
        let stopped = ended(dump.wait_with_output().expect("it can be waited for")).exits(6);
        assert!(began.elapsed() < QUICKLY, "{}", stopped.err);
        assert_eq!((&stopped.json()["error"]["code"], &stopped.json()["exit"]), (&"stopped".into(), &6.into()));
        if fixture.home() != Home::Files {
            until("nobody waits any more", || waiting(&fixture) == 0);
        }
        drop(held);
        assert!(!fixture.path("backups/b").exists());
        fixture.run(["dump", "--name", "b", "--lock-timeout", "3s"]).exits(0);
        assert_eq!(fixture.strays(), Vec::<String>::new());
        fixture.run(["snapshots", "verify", "b"]).exits(0);
    }

    #[test]
    fn a_load_that_is_stopped_changes_nothing(fixture: ready) {
        let content = obstructed(&fixture);
        let held = (!is_postgres(&fixture)).then(|| fixture.hold("main", reading(fixture.home())));
        let load = start(&fixture, &["load", "b"]);
        match fixture.home() {
            Home::Files => until("the copy stands", || fixture.path(".stead/development/journal.json").exists() || has_build(&fixture)),
            home if home.is_mysql() => until("the swap waits", || waiting(&fixture) > 0),
            Home::On(_) => until("an index is built", || statements(&fixture) > 0),
        }
        stopped(load, Signal::TERM);
        drop(held);
        until("the end of the statement", || statements(&fixture) == 0);
        let next = fixture.run(["dump", "--name", "after", "--lock-timeout", "3s"]).exits(0);
        if next.err.contains("finishing `load b`") {
            assert_ne!(fixture.content(), content, "it was finished");
        } else {
            assert_eq!(fixture.content(), content);
        }
        assert_eq!(fixture.strays(), Vec::<String>::new());
        let left: Vec<String> = fixture.server_databases().into_iter().filter(|name| name.contains("new")).collect();
        assert_eq!(left, Vec::<String>::new());
    }
}

fn is_postgres(fixture: &Fixture) -> bool {
    fixture.home().engine() == "postgres"
}

fn has_build(fixture: &Fixture) -> bool {
    fixture.tree(".stead/development").keys().any(|path| path.contains("build/") || path.contains("stead-new"))
}

/// Reads without an end, which keeps a table, or a file, from being replaced.
fn reading(home: Home) -> &'static [&'static str] {
    match home {
        Home::Files => &["BEGIN", "SELECT count(*) FROM items"],
        _ => &["START TRANSACTION", "SELECT count(*) FROM items"],
    }
}

/// A snapshot `b` whose load takes for ever on PostgreSQL, and other rows beside it: what is there now.
fn obstructed(fixture: &Fixture) -> std::collections::BTreeMap<String, String> {
    if is_postgres(fixture) {
        let own = fixture.name_on_server("main");
        let function = format!(
            "CREATE FUNCTION slow(id integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN \
             IF current_database() <> '{own}' THEN PERFORM pg_catalog.pg_sleep(600); END IF; RETURN id; END $$"
        );
        fixture.sql("main", &function);
        fixture.sql("main", "CREATE INDEX slow ON items (slow(id))");
    }
    fixture.run(["dump", "--name", "b"]).exits(0);
    fixture.sql("main", "DELETE FROM items WHERE id = 1");
    fixture.content()
}

/// The program that a seed runs is asked to end with the seed, with everything that it started.
#[test]
fn a_seed_that_is_stopped_ends_its_program_too() {
    let fixture = project();
    let program = "echo $$ > program\nsleep 600 &\necho $! > child\ntouch begun\nwait\n";
    let sound = fixture.read("seed/files.sh");
    fixture.write("seed/files.sh", program);
    let init = start(&fixture, &["init"]);
    until("the program", || fixture.path("begun").exists());
    stopped(init, Signal::TERM);
    for name in ["program", "child"] {
        let process = fixture.read(name).trim().parse().ok().and_then(Pid::from_raw).expect("a process number");
        until("its end", || test_kill_process(process).is_err() || is_dead(process));
    }
    fixture.write("seed/files.sh", sound);
    fixture.run(["init", "--lock-timeout", "3s"]).exits(0);
    assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
    assert_eq!(fixture.strays(), Vec::<String>::new());
}

/// Whether a process has ended and only waits for a parent to notice, which nobody may do in a container.
fn is_dead(process: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    status.is_ok_and(|status| status.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

#[test]
fn a_second_signal_ends_what_does_not_let_go() {
    let fixture = ready();
    let mut command = fixture.attentive(["dump", "--name", "b"]);
    let dump = fixture.stop_at("dump.manifest", command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let began = Instant::now();
    send(dump.id(), Signal::INT);
    // The same signal twice at one moment is one signal.
    send(dump.id(), Signal::TERM);
    let ended = ended(dump.wait_with_output().expect("it can be waited for"));
    assert!(began.elapsed() < QUICKLY);
    ended.exits(6).says("stopped at once: a second signal came");
    let mut command = fixture.attentive(["dump", "--name", "c", "--json"]);
    let dump = fixture.stop_at("dump.manifest", command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    send(dump.id(), Signal::INT);
    send(dump.id(), Signal::TERM);
    let document = self::ended(dump.wait_with_output().expect("it can be waited for")).exits(6).json();
    assert_eq!((&document["exit"], &document["error"]["code"]), (&6.into(), &"stopped".into()), "{document}");
    fixture.run(["dump", "--name", "b", "--lock-timeout", "3s"]).exits(0);
    assert_eq!(fixture.strays(), Vec::<String>::new());
}

#[test]
fn signals_that_were_switched_off_stay_so() {
    let fixture = ready();
    let held = fixture.hold("main", exclusive(Home::Files));
    let binary = fixture.command(["dump"]).get_program().to_owned();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' INT HUP; exec \"$0\" dump --name b"]).arg(binary).current_dir(fixture.path("."));
    let dump = piped(&mut command);
    fixture.wait_until_locked();
    send(dump.id(), Signal::INT);
    send(dump.id(), Signal::HUP);
    drop(held);
    ended(dump.wait_with_output().expect("it can be waited for")).exits(0);
    fixture.run(["snapshots", "verify", "b"]).exits(0);
}

/// In a shell Ctrl-C takes back a line or cancels a query; it is the client's and not stead's.
#[test]
fn a_shell_keeps_the_keyboard_to_itself() {
    let fixture = ready();
    let client = fixture.path("bin/sqlite3");
    fixture.write("bin/sqlite3", "#!/bin/sh\ntrap : INT\ntouch begun\nread line\necho \"got $line\"\n");
    std::fs::set_permissions(&client, std::fs::Permissions::from_mode(0o755)).expect("the test's own file");
    let path = format!("{}:{}", fixture.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let mut command = fixture.attentive(["database", "shell", "main"]);
    let mut shell = piped(command.env("PATH", path).stdin(Stdio::piped()));
    until("the client", || fixture.path("begun").exists());
    send(shell.id(), Signal::INT);
    shell.stdin.take().expect("a pipe").write_all(b"a line\n").expect("the client reads");
    ended(shell.wait_with_output().expect("it can be waited for")).exits(0).prints("got a line");
}

/// Nothing was begun when a question is asked, so Ctrl-C is an answer.
#[test]
fn a_question_can_be_answered_by_a_signal() {
    let fixture = ready();
    let before = fixture.content();
    let binary = fixture.command(["reset"]).get_program().to_string_lossy().into_owned();
    // A terminal of its own, on which the keyboard's Ctrl-C arrives as a byte. Whatever shell the tests were started from,
    // it makes room for the command: one that stayed would be ended by the signal as well, and its code would be seen. What
    // was started in the background ignores Ctrl-C, and so would whatever it starts.
    let mut command = Command::new("script");
    command.args(["-qefc", &format!("exec env --default-signal=INT '{binary}' reset"), "/dev/null"]);
    command.current_dir(fixture.path(".")).env("SHELL", "/bin/sh");
    let Ok(mut asked) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
        return stead_testkit::skip::skip("terminal", "`script` is not installed");
    };
    let mut keyboard = asked.stdin.take().expect("a pipe");
    let mut screen = std::io::BufReader::new(asked.stdout.take().expect("a pipe"));
    let mut seen = Vec::new();
    while !seen.ends_with(b"[yes/no] ") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut screen, &mut byte).expect("a question");
        seen.push(byte[0]);
    }
    let began = Instant::now();
    keyboard.write_all(b"\x03").expect("the terminal takes it");
    let status = loop {
        if let Some(status) = asked.try_wait().expect("it can be waited for") {
            break status;
        }
        if began.elapsed() > QUICKLY {
            asked.kill().expect("it runs");
            panic!("the signal was no answer");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(4));
    assert_eq!(fixture.content(), before);
}
