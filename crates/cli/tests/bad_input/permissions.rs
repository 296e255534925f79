//! What the command may not read or write. As root everything is allowed, so these cases then run the binary as an
//! unprivileged user.

use crate::case::{Case, Start};
use crate::scene::Scene;

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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-io]: cannot create folder `[project]/.stead/development`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| insta::assert_snapshot!(said, @r"error[file-unreadable]: cannot read `stead.toml`: permission denied"),
    },
    Case {
        name: "an index that may only be read answers",
        start: Start::Ready,
        prepare: |scene| {
            scene.as_user();
            for (path, kind) in scene.tree(".stead/development/indexes") {
                scene.mode(&format!(".stead/development/indexes/{path}"), if kind == "folder" { 0o555 } else { 0o444 });
            }
        },
        command: &["search", "items", "hammer"],
        exit: 0,
        says: |said| assert!(said.contains("1 found"), "{said}"),
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
        says: |said| insta::assert_snapshot!(said, @r"error[refused]: `[project]/.stead/development/main.db` cannot be read: Permission denied (os error 13)"),
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: database `stats`: `[project]/.stead/development/stats.db` cannot be written: Permission denied (os error 13)
              hint: give the user the right to write the file and its folder
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-io]: cannot create `[project]/backups/.kept.stead-new-[id]`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-io]: cannot open `[project]/backups/kept/manifest.json`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[storage-io]: cannot open `[project]/storage/pictures/1.txt`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-io]: cannot replace `[project]/storage/pictures`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: snapshot `kept`, database `main`: cannot make `[project]/.stead/development/.main.db.stead-new-[id]`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-io]: cannot read `[project]/apps/shop/migrations/[number]_prices.sql`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-io]: seed step 2, seed/items.csv: cannot read `[project]/seed/items.csv`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: cannot open the lock file `[project]/.stead/development/lock`: Permission denied (os error 13)
              hint: look at the owner and the mode of the file and of the folders above it
              hint: whoever works with what it protects must be able to write its lock file
            ")
        },
    },
];

/// What a run that was cut off left behind goes with the next one, also a folder that nobody may write to.
#[test]
fn a_leftover_with_a_closed_folder_is_swept_away() {
    let mut scene = Scene::new(Start::Ready);
    let closed = ".stead/development/build/token/storage/pictures/closed";
    scene.write(&format!("{closed}/1.txt"), "left over");
    scene.as_user();
    if let Some((key, reason)) = &scene.skipped {
        stead_testkit::skip::skip_named(key, "bad_input::a leftover with a closed folder", reason);
        return;
    }
    scene.mode(closed, 0o555);
    scene.ends(&["upgrade"]).exits(0);
    assert!(!scene.path(".stead/development/build").exists());
}
