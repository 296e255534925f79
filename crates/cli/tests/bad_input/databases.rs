//! Database files that are none, are not there, or belong to somebody else at the moment. What cannot be read is never
//! taken for empty.

use stead_testkit::fixture::Fixture;

use crate::case::{Case, Start};
use crate::scene::Guard;

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a database file that is not one",
        start: Start::Ready,
        prepare: |scene| scene.write(".stead/development/main.db", "once upon a time\n".repeat(500)),
        command: &["init"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: database `main`: `[project]/.stead/development/main.db` is not a SQLite database
              hint: see whether the path is right; move the file away to have a new database made in its place
            ")
        },
    },
    Case {
        name: "a database that looks encrypted",
        start: Start::Ready,
        prepare: |scene| scene.write(".stead/development/main.db", noise(8192)),
        command: &["upgrade"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: `[project]/.stead/development/main.db` is not a SQLite database
              hint: see whether the path is right; move the file away to have a new database made in its place
              hint: its bytes look encrypted: files of SQLCipher and SEE can be opened by those builds only
            ")
        },
    },
    Case {
        name: "a truncated database",
        start: Start::Ready,
        prepare: |scene| scene.halve(".stead/development/main.db"),
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[damaged]: database `main`: `[project]/.stead/development/main.db` is damaged: database disk image is malformed
              hint: load a snapshot, or take what can be read out of it with the `.recover` command of `sqlite3`
            ")
        },
    },
    Case {
        name: "a folder in a database's place",
        start: Start::Ready,
        prepare: |scene| {
            std::fs::remove_file(scene.database("main")).expect("a file of the fixture");
            std::fs::create_dir(scene.database("main")).expect("the place is free");
        },
        command: &["init"],
        exit: 7,
        says: |said| insta::assert_snapshot!(said, @r"error[refused]: database `main`: `[project]/.stead/development/main.db` is a folder, not a database file"),
    },
    Case {
        name: "a dangling link in a database's place",
        start: Start::Ready,
        prepare: |scene| {
            std::fs::remove_file(scene.database("main")).expect("a file of the fixture");
            std::os::unix::fs::symlink("/nowhere/main.db", scene.database("main")).expect("the place is free");
        },
        command: &["init"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unreachable]: no answer after 8 attempts from database `main`: `[project]/.stead/development/main.db` is a symbolic link to `/nowhere/main.db`, which does not exist
              hint: mount what the link leads to, or remove the link to have a new database made in its place
            ")
        },
    },
    Case {
        name: "a missing database",
        start: Start::Ready,
        prepare: |scene| std::fs::remove_file(scene.database("stats")).expect("a file of the fixture"),
        command: &["upgrade"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[database-missing]: database `stats` does not exist ([project]/.stead/development/stats.db)
              hint: `stead init` makes what is missing
            ")
        },
    },
    Case {
        name: "a missing database to dump",
        start: Start::Ready,
        prepare: |scene| std::fs::remove_file(scene.database("stats")).expect("a file of the fixture"),
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[database-missing]: database `stats` does not exist ([project]/.stead/development/stats.db)
              hint: `stead init` makes what is missing
            ")
        },
    },
    Case {
        name: "a database that another program holds",
        start: Start::Ready,
        prepare: |scene| scene.just_before(hold),
        command: &["status"],
        exit: 5,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[lock-timeout]: database `main`: `[project]/.stead/development/main.db` is locked by process [process] (`bad_input-[id]`)
              hint: wait until that work is done, or stop the process, and run the command again
            ")
        },
    },
    Case {
        name: "a database that another program holds, to load over",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.just_before(hold);
        },
        command: &["--lock-timeout", "300ms", "load", "kept"],
        exit: 5,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[lock-timeout]: `[project]/.stead/development/main.db` is locked by process [process] (`bad_input-[id]`)
              hint: wait until that work is done, or stop the process, and run the command again
            ")
        },
    },
    Case {
        name: "a lock that another run holds",
        start: Start::Ready,
        prepare: |scene| {
            let lock = std::fs::File::options().write(true).open(scene.path(".stead/development/lock"));
            let lock = lock.expect("a file of the fixture");
            lock.lock().expect("nobody else has it");
            scene.keep(lock);
        },
        command: &["--lock-timeout", "300ms", "upgrade"],
        exit: 5,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[lock-timeout]: `[project]/.stead/development` is locked by another run
              hint: waited [number] s; wait longer with `--lock-timeout`, or stop that run
            ")
        },
    },
];

/// Holds the database `main` as another program does in the middle of a write.
fn hold(fixture: &Fixture) -> Guard {
    let connection = rusqlite::Connection::open(fixture.database("main")).expect("a database of the fixture");
    connection.execute_batch("BEGIN EXCLUSIVE").expect("nobody else has it");
    Box::new(connection)
}

/// Bytes without a pattern, as encryption leaves them.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}
