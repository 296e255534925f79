//! What the command may not read or write. As root everything is allowed, so these cases then run the binary as an
//! unprivileged user.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a read-only project folder",
        start: Start::Project,
        prepare: |scene| {
            scene.as_user();
            scene.mode(".", 0o555);
        },
        command: &["init"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a project file that may not be read",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.mode("stead.toml", 0o000);
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a database that may not be read",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.mode(".stead/development/main.db", 0o000);
        },
        command: &["status"],
        exit: 7,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a database that may not be written",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.write(
                "apps/audit/migrations/0002_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 44dd55ee66ff\n\n-- up\nCREATE TABLE x (id INTEGER);\n",
            );
            scene.mode(".stead/development/stats.db", 0o444);
        },
        command: &["upgrade"],
        exit: 7,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a read-only folder of snapshots",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.mode("backups", 0o555);
        },
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a snapshot that may not be read",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.as_user();
            scene.mode("backups/kept/manifest.json", 0o000);
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a stored file that may not be read",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.mode("storage/pictures/1.txt", 0o000);
        },
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a read-only storage",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.as_user();
            scene.mode("storage", 0o555);
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a read-only state folder",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.as_user();
            scene.mode(".stead/development", 0o555);
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a revision that may not be read",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.mode("apps/shop/migrations/0002_prices.sql", 0o000);
        },
        command: &["upgrade"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a seed file that may not be read",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.mode("seed/items.csv", 0o000);
        },
        command: &["seed"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a lock file of somebody else",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            scene.mode(".stead/development/lock", 0o000);
        },
        command: &["upgrade"],
        exit: 7,
        says: |said| insta::assert_snapshot!(said, @""),
    },
];
