//! State of stead's own that is damaged, from a later version, or not what its name says. Where only a person can go on,
//! the message says how.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a journal that is garbage",
        start: Start::Ready,
        prepare: |scene| scene.write(".stead/development/journal.json", "{ \"format\": 1, "),
        command: &["upgrade"],
        exit: 6,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a journal from a later version",
        start: Start::Ready,
        prepare: |scene| {
            scene.write(".stead/development/journal.json", "{\"format\": 2, \"operation\": \"load x\", \"steps\": []}")
        },
        command: &["upgrade"],
        exit: 6,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a journal that is garbage, to look at",
        start: Start::Ready,
        prepare: |scene| scene.write(".stead/development/journal.json", "\0\0\0\0"),
        command: &["status"],
        exit: 6,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an undo point that is garbage",
        start: Start::Ready,
        prepare: |scene| {
            scene.run(["seed"]).exits(0);
            scene.write(&scene.first(".stead/development/undo", "point.json"), "[]");
        },
        command: &["undo", "--yes"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an undo point from a later version",
        start: Start::Ready,
        prepare: |scene| {
            scene.run(["seed"]).exits(0);
            scene.write(&scene.first(".stead/development/undo", "point.json"), "{\"format\": 2}");
        },
        command: &["load", "_init"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "nothing to undo",
        start: Start::Ready,
        prepare: |scene| {
            scene.run(["undo", "--prune", "--yes"]).exits(0);
        },
        command: &["undo", "--yes"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a folder in the lock's place",
        start: Start::Ready,
        prepare: |scene| {
            std::fs::remove_file(scene.path(".stead/development/lock")).expect("a file of the fixture");
            std::fs::create_dir(scene.path(".stead/development/lock")).expect("the place is free");
        },
        command: &["upgrade"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a file in the state folder's place",
        start: Start::Project,
        prepare: |scene| scene.write(".stead", "a file"),
        command: &["init"],
        exit: 7,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a file in the place of the snapshots",
        start: Start::Ready,
        prepare: |scene| {
            std::fs::remove_dir_all(scene.path("backups")).expect("a folder of the fixture");
            scene.write("backups", "a file");
        },
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a file in the storage's place",
        start: Start::Ready,
        prepare: |scene| {
            std::fs::remove_dir_all(scene.path("storage")).expect("a folder of the fixture");
            scene.write("storage", "a file");
        },
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a file in a leaf's place",
        start: Start::Ready,
        prepare: |scene| {
            std::fs::remove_dir_all(scene.path("storage/papers")).expect("a folder of the fixture");
            scene.write("storage/papers", "a file");
        },
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
];
