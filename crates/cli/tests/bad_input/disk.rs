//! A disk without room, a real one where a small file system can be mounted, and one that a failpoint pretends
//! everywhere. Whatever the command had built by then is gone again, and what was there stays.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a full disk during dump",
        start: Start::Ready,
        prepare: |scene| scene.small_disk("backups", 512, 0),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: database `main`: cannot write the copy of `[project]/.stead/development/main.db`: stream `databases/main/pages`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "a full disk during dump --force",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.small_disk("backups", 512, 0);
        },
        command: &["dump", "--name", "kept", "--force"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: database `main`: cannot write the copy of `[project]/.stead/development/main.db`: stream `databases/main/pages`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "a full disk during load",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.small_disk(".stead/development", 2048, 32768);
        },
        command: &["load", "kept"],
        exit: 4,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[no-room]: building `kept` takes [number] bytes, [number] are free in `[project]/.stead/development`
              hint: nothing was touched; make room, for example with `stead undo --prune`, and run the command again
            ")
        },
    },
    Case {
        name: "a full disk during seed",
        start: Start::Ready,
        prepare: |scene| scene.small_disk(".stead/development", 2048, 65536),
        command: &["seed"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: no space is left to write `[project]/.stead/development/.stats.db.stead-new-[id]`
              hint: free some space and run the command again; nothing of the open transaction is kept
              hint: SQLite has taken the whole transaction back
            ")
        },
    },
    Case {
        name: "a full disk during init",
        start: Start::Project,
        prepare: |scene| scene.small_disk(".stead/development", 512, 65536),
        command: &["init"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: no space is left to write `[project]/.stead/development/.stats.db.stead-new-[id]`
              hint: free some space and run the command again; nothing of the open transaction is kept
              hint: SQLite has taken the whole transaction back
            ")
        },
    },
    Case {
        name: "a full disk during an upgrade",
        start: Start::Ready,
        prepare: |scene| {
            scene.write("apps/audit/migrations/0002_x.sql", "-- X\n-- revision: 55ee66ff7700\n-- parent: 44dd55ee66ff\n\n-- up\nINSERT INTO visits (at, page) VALUES ('now', hex(zeroblob(400000)));\n");
            scene.small_disk(".stead/development", 2048, 65536);
        },
        command: &["upgrade"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: `[project]/apps/audit/migrations/[number]_x.sql`: no space is left to write `[project]/.stead/development/stats.db`
              hint: free some space and run the command again; nothing of the open transaction is kept
            ")
        },
    },
    Case {
        name: "a full disk during an index build",
        start: Start::Ready,
        prepare: |scene| scene.small_disk(".stead/development/indexes", 512, 0),
        command: &["index", "build"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[interrupted]: index `items` cannot be built: its files: No space left on device (os error 28) at path "[project]/.stead/development/indexes/items/[time]-[id]/.tmp[id]"
              hint: free some space, then run the command again
            "#)
        },
    },
    Case {
        name: "no room for a frame of a dump",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "dump.frame=enospc"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: database `main`: cannot write the copy of `[project]/.stead/development/main.db`: stream `databases/main/pages`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "no room for the manifest of a dump",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "dump.manifest=enospc"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-io]: cannot write `[project]/backups/.kept.stead-new-[id]/manifest.json`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "no room for the copy of a database",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.variable("STEAD_FAILPOINT", "bulk.load.middle=enospc");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: snapshot `kept`, database `main`: cannot write `[project]/.stead/development/.main.db.stead-new-[id]`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "no room for the second seed step",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "seed.step@2=enospc"),
        command: &["seed"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: at `seed.step`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "no room for the seed of a first init",
        start: Start::Project,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "seed.dumped=enospc"),
        command: &["init"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: at `seed.dumped`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "no room for the journal",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.variable("STEAD_FAILPOINT", "journal.before=enospc");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: at `journal.before`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ")
        },
    },
    Case {
        name: "a snapshot that does not read as it was written",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "dump.corrupt=error"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @r"error[interrupted]: database `main`: cannot write the copy of `[project]/.stead/development/main.db`: frame 0 was read back and is not what was written: it is not one whole zstd frame"),
    },
];
