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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-unknown]: there is no snapshot `kpt`
              hint: did you mean `kept`?
              hint: there are `kept`, `_init`
            ")
        },
    },
    Case {
        name: "a truncated manifest",
        start: Start::Ready,
        prepare: |scene| {
            scene.dump();
            scene.cut("backups/kept/manifest.json", 100);
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-manifest]: the manifest of snapshot `kept` is damaged: EOF while parsing a string at line 4 column 3
              hint: nothing was changed; load another snapshot, or copy this one again
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-manifest]: the manifest of snapshot `kept` is damaged: it does not have the digest that it states
              hint: nothing was changed; load another snapshot, or copy this one again
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-incomplete]: `kept` is not a snapshot: it has no `manifest.json`
              hint: nothing was changed; load another snapshot, or copy this one again
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: snapshot `kept`, database `main`: the snapshot cannot be read back: frame list `databases/main/pages.frames` of stream `databases/main/pages` in snapshot `kept` is damaged: it does not have the hash that the manifest records
              hint: `stead snapshots verify` tells which part of a snapshot is broken
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: snapshot `kept`, database `main`: the snapshot cannot be read back: frame 0 of stream `databases/main/pages` in snapshot `kept` (`databases/main/pages.00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded
              hint: `stead snapshots verify` tells which part of a snapshot is broken
            ")
        },
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
        says: |said| insta::assert_snapshot!(said, @r"error[storage-io]: cannot read the stored files in the snapshot: frame 0 of stream `storage/index` in snapshot `kept` (`storage/index.00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded"),
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
        says: |said| insta::assert_snapshot!(said, @r"error[storage-io]: cannot read the stored files in the snapshot: frame 0 of stream `storage/contents` in snapshot `kept` (`storage/contents.00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded"),
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-size]: file `databases/main/pages.00000.zst` of snapshot `kept` has [number] bytes instead of [number]
              hint: nothing was changed; load another snapshot, or copy this one again
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-missing-file]: snapshot `kept` lacks the file `databases/stats/pages.00000.zst`
              hint: nothing was changed; load another snapshot, or copy this one again
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-unexpected-file]: snapshot `kept` holds `databases/more.zst`, which its manifest does not list
              hint: move the file elsewhere if it was put there by hand
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-frame]: frame 0 of stream `databases/main/pages` in snapshot `kept` (`databases/main/pages.00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded
              hint: nothing was changed; load another snapshot, or copy this one again
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[refused]: snapshot `kept`, database `main`: the snapshot cannot be read back: frame 0 of stream `databases/main/pages` in snapshot `kept` (`databases/main/pages.00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded
              hint: `stead snapshots verify` tells which part of a snapshot is broken
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-newer]: snapshot `kept` has format 7, and this program reads formats up to 1
              hint: use a stead at least as new as the one that made the snapshot
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-databases]: the snapshot `kept` holds the databases `main`, `stats`, this project has `main`, `more`, `stats`
              hint: load it where its project is, or bring `[databases]` in line with it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-newer-revisions]: the snapshot `kept` is newer than the revision files here: `shop` 55ee66ff7700 on `main` is unknown
              hint: update the project to the version the snapshot was made with
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-leaves]: the snapshot `kept` holds the storage leaf `papers`, this project does not
              hint: add it to `storage.leaves`
            ")
        },
    },
    Case {
        name: "a file in a snapshot's place",
        start: Start::Ready,
        prepare: |scene| scene.write("backups/kept", "not a folder"),
        command: &["load", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-io]: cannot open `[project]/backups/kept/manifest.json`: Not a directory (os error 20)
              hint: a file stands where a folder belongs: move it away
            ")
        },
    },
    Case {
        name: "a dangling link in a snapshot's place",
        start: Start::Ready,
        prepare: |scene| {
            std::os::unix::fs::symlink("/nowhere/kept", scene.path("backups/kept")).expect("a folder of the scene");
        },
        command: &["load", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-incomplete]: `kept` is not a snapshot: it has no `manifest.json`
              hint: nothing was changed; load another snapshot, or copy this one again
            ")
        },
    },
    Case {
        name: "a name that is taken",
        start: Start::Ready,
        prepare: |scene| scene.dump(),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-exists]: the snapshot `kept` exists already
              hint: choose another name, or replace it: `--force` keeps the old one until the new one is in place
            ")
        },
    },
    Case {
        name: "a row that names a file which is not there",
        start: Start::Ready,
        prepare: |scene| scene.sql("main", "UPDATE items SET picture = 'pictures/9.txt' WHERE id = 2"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[files-missing]: a file that a row names is not in the storage: `pictures/9.txt`
              hint: bring the files back or correct the rows; nothing was kept
            ")
        },
    },
    Case {
        name: "a references query with a mistake",
        start: Start::Ready,
        prepare: |scene| scene.replace("stead.toml", "SELECT picture FROM items", "SELECT pictur FROM items"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @r"error[syntax]: the query of `storage.references` at stead.toml:30:15: no such column: pictur"),
    },
    Case {
        name: "a load of an unknown database",
        start: Start::Ready,
        prepare: |scene| scene.dump(),
        command: &["load", "kept", "--database", "man"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-database]: there is no database `man` in this project
              hint: did you mean `main`?
              hint: there are: `main`, `stats`
            ")
        },
    },
    Case {
        name: "a load from an unknown environment",
        start: Start::Ready,
        prepare: |scene| scene.dump(),
        command: &["load", "kept", "--from", "nowhere"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[environment-without-snapshots]: environment `nowhere` has no snapshots here: there is no folder `[project]/backups/@nowhere`
              hint: make one there: `stead --env nowhere dump`, or leave `--from` out
            ")
        },
    },
];
