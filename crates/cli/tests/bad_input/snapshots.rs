//! Snapshots that are damaged, of another time or of another project. A load finds out before anything is touched, and
//! the message names the snapshot and the file in it.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "an unknown snapshot",
        start: Start::Ready,
        prepare: |scene| scene.dump(),
        command: &["load", "kpt"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a truncated manifest",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.halve("backups/kept/manifest.json");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a flipped byte in the manifest",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.replace("backups/kept/manifest.json", "\"rows\": 4", "\"rows\": 5");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "no manifest",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            std::fs::remove_file(scene.path("backups/kept/manifest.json")).expect("a snapshot has one");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a flipped byte in a frame list",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.flip(&scene.first("backups/kept/databases/main", ".frames"));
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a flipped byte in the frames of a database",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.flip(&scene.first("backups/kept/databases/main", ".zst"));
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a flipped byte in the list of stored files",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.flip(&scene.first("backups/kept/storage", "index.00000.zst"));
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a flipped byte in stored files",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.flip(&scene.first("backups/kept/storage", "contents.00000.zst"));
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a truncated snapshot",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.halve(&scene.first("backups/kept/databases/main", ".zst"));
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a missing file in a snapshot",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            let path = scene.first("backups/kept/databases/stats", ".zst");
            std::fs::remove_file(scene.path(path)).expect("a file of the snapshot");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an extra file in a snapshot",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.write("backups/kept/databases/more.zst", "more");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a damaged snapshot in the way of a verification",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.flip(&scene.first("backups/kept/databases/main", ".zst"));
        },
        command: &["snapshots", "verify", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a damaged snapshot that init shall load",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.flip(&scene.first("backups/kept/databases/main", ".zst"));
        },
        command: &["init", "--load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a snapshot of a later format",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.replace("backups/kept/manifest.json", "\"format\": 1", "\"format\": 7");
        },
        command: &["load", "kept"],
        exit: 4,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a snapshot of other databases",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.settings("[databases.more]\n");
        },
        command: &["load", "kept"],
        exit: 4,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a snapshot with revisions that are unknown here",
        start: Start::Ready,
        prepare: |scene| {
            let path = "apps/shop/migrations/0004_x.sql";
            scene.write(path, "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nSELECT 1;\n");
            scene.run(["upgrade"]).exits(0);
            scene.dump();
            scene.run(["load", "_init", "--no-migrate"]).exits(0);
            std::fs::remove_file(scene.path(path)).expect("the file was just written");
        },
        command: &["load", "kept"],
        exit: 4,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a snapshot with a leaf that is unknown here",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.replace("stead.toml", "\"pictures\", \"papers\"", "\"pictures\"");
        },
        command: &["load", "kept"],
        exit: 4,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a file in a snapshot's place",
        start: Start::Ready,
        prepare: |scene| scene.write("backups/kept", "not a folder"),
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a dangling link in a snapshot's place",
        start: Start::Ready,
        prepare: |scene| {
            std::os::unix::fs::symlink("/nowhere/kept", scene.path("backups/kept")).expect("a folder of the scene");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a name that is taken",
        start: Start::Ready,
        prepare: |scene| scene.dump(),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a row that names a file which is not there",
        start: Start::Ready,
        prepare: |scene| scene.sql("main", "UPDATE items SET picture = 'pictures/9.txt' WHERE id = 2"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a references query with a mistake",
        start: Start::Ready,
        prepare: |scene| scene.replace("stead.toml", "SELECT picture FROM items", "SELECT pictur FROM items"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a load of an unknown database",
        start: Start::Ready,
        prepare: |scene| scene.dump(),
        command: &["load", "kept", "--database", "man"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a load from an unknown environment",
        start: Start::Ready,
        prepare: |scene| scene.dump(),
        command: &["load", "kept", "--from", "nowhere"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
];
