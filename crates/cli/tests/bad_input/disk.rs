//! A disk without room, a real one where a small file system can be mounted, and one that a failpoint pretends
//! everywhere. Whatever the command had built by then is gone again, and what was there stays.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a full disk during dump",
        start: Start::Ready,
        prepare: |scene| scene.small_disk("backups", 512, 8192),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a full disk during dump --force",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.small_disk("backups", 512, 8192);
        },
        command: &["dump", "--name", "kept", "--force"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a full disk during load",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.small_disk(".stead/development", 2048, 32768);
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a full disk during seed",
        start: Start::Ready,
        prepare: |scene| scene.small_disk(".stead/development", 2048, 65536),
        command: &["seed"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a full disk during init",
        start: Start::Project,
        prepare: |scene| scene.small_disk(".stead/development", 512, 65536),
        command: &["init"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a full disk during an index build",
        start: Start::Ready,
        prepare: |scene| scene.small_disk(".stead/development/indexes", 512, 4096),
        command: &["index", "build"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "no room for a frame of a dump",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "dump.frame=enospc"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "no room for the manifest of a dump",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "dump.manifest=enospc"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "no room for the second seed step",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "seed.step@2=enospc"),
        command: &["seed"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "no room for the seed of a first init",
        start: Start::Project,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "seed.dumped=enospc"),
        command: &["init"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a snapshot that does not read as it was written",
        start: Start::Ready,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "dump.corrupt=error"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
];
