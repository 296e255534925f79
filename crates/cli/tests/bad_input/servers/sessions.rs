//! Others on the server: they hold what a command needs, or end its sessions in the middle of the work.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use stead_testkit::fixture::{Fixture, Rights};

use super::{On, ServerCase};
use crate::case::Start;
use crate::scene::{Guard, stead};

pub(crate) const CASES: &[ServerCase] = &[
    ServerCase {
        name: "a database that another run has locked",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| scene.just_before(another_run),
        command: &["dump", "--name", "kept", "--lock-timeout", "1s"],
        exit: 5,
        says: &[
            r"
            error[lock-timeout]: the database `main` is locked by `stead dump` of login0 on vm, process [process], since [time]
              hint: waited [number] s; wait longer with `--lock-timeout`, or stop that run
            ",
            r"
            error[lock-timeout]: `main` is locked by `stead dump` of somebody on vm, process [process], since [time]; gave up after [number] s
              hint: wait until it is done, or stop it, and run the command again
            ",
            r"
            error[lock-timeout]: `main` is locked by `stead dump` of somebody on vm, process [process], since [time]; gave up after [number] s
              hint: wait until it is done, or stop it, and run the command again
            ",
        ],
    },
    ServerCase {
        name: "load while a transaction is open",
        on: On::Mysqls,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            scene.just_before(|fixture| {
                Box::new(fixture.hold("main", &["START TRANSACTION", "DELETE FROM items WHERE id = 1"]))
            });
        },
        command: &["load", "kept"],
        exit: 5,
        says: &[r"
            error[conflict]: database `main`: `main` is in use: by a session that this user may not see, for that takes the right PROCESS
              hint: let those sessions end their transactions, or end the sessions, and run the command again
            "],
    },
    ServerCase {
        name: "sessions that are ended during a dump",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| scene.meanwhile("bulk.dump.middle", end_sessions),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: &[
            r#"
            error[interrupted]: database `main`: the rows of `"public"."stead_ledger"`: the connection was lost
              hint: see the server's log; nothing of the open transaction is kept
            "#,
            r"
            error[interrupted]: database `main`: the connection to MariaDB at `127.0.0.1:[id]` was lost: [hung up]
              hint: see the server's log; nothing of the open transaction is kept
            ",
            r"
            error[interrupted]: database `main`: the connection to MySQL at `127.0.0.1:[id]` was lost: [hung up]
              hint: see the server's log; nothing of the open transaction is kept
            ",
        ],
    },
    ServerCase {
        name: "sessions that are ended during a load",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            // The middle of all bytes is in the middle of these rows.
            scene.sql("main", "UPDATE items SET name = repeat('x', 60000)");
            scene.dump();
            scene.meanwhile("bulk.load.middle", end_sessions);
        },
        command: &["load", "kept"],
        exit: 1,
        says: &[
            r"
            error[interrupted]: snapshot `kept`, database `main`: the rows of `public.items` cannot be loaded: the connection was lost
              hint: see the server's log; nothing of the open transaction is kept
            ",
            r"
            error[interrupted]: snapshot `kept`, database `main`: `items` cannot be filled: the connection to MariaDB at `127.0.0.1:[id]` was lost: [hung up]
              hint: see the server's log; nothing of the open transaction is kept
            ",
            r"
            error[interrupted]: snapshot `kept`, database `main`: `items` cannot be filled: the connection to MySQL at `127.0.0.1:[id]` was lost: [hung up]
              hint: see the server's log; nothing of the open transaction is kept
            ",
        ],
    },
];

/// Ends every session of the project's login.
fn end_sessions(fixture: &Fixture) {
    for login in fixture.logins() {
        if !fixture.home().is_mysql() {
            let query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename =";
            fixture.on_server(&format!("{query} '{}'", login.name));
            continue;
        }
        let query = format!("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '{}'", login.name);
        for session in fixture.on_server(&query).into_iter().flatten() {
            fixture.on_server(&format!("KILL {session}"));
        }
    }
}

/// Another checkout of the project whose dump stands still in the middle, with its locks.
fn another_run(fixture: &Fixture) -> Guard {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copied = Command::new("cp").arg("-a").arg(fixture.path(".")).arg(folder.path()).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let project = fs::read_dir(folder.path()).expect("a folder").next().expect("the copy").expect("an entry").path();
    let (trace, never) = (folder.path().join("trace"), folder.path().join("never"));
    let mut command = Command::new(stead());
    command.args(["dump", "--name", "theirs"]).current_dir(&project).process_group(0);
    command.env("STEAD_FAILPOINT", format!("bulk.dump.middle=wait:{}", never.display()));
    command.env("STEAD_FAILPOINT_TRACE", &trace).env("USER", "somebody").stdin(Stdio::null());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary was built");
    let other = Other { child, _folder: folder };
    while !fs::read_to_string(&trace).is_ok_and(|text| text.contains("bulk.dump.middle")) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Box::new(other)
}

struct Other {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Other {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _its_status = self.child.wait();
    }
}
