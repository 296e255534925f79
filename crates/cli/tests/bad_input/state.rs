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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[journal-unreadable]: the journal `[project]/.stead/development/journal.json` of interrupted work cannot be read: EOF while parsing a value at line 1 column 15
              hint: nothing is lost: what was replaced lies beside it in `undo`
              hint: bring the file back from a copy if there is one, or move it away and run `stead status`
            ")
        },
    },
    Case {
        name: "a journal from a later version",
        start: Start::Ready,
        prepare: |scene| {
            scene.write(".stead/development/journal.json", "{\"format\": 2, \"operation\": \"load x\", \"steps\": []}")
        },
        command: &["upgrade"],
        exit: 6,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[journal-unreadable]: the journal `[project]/.stead/development/journal.json` of interrupted work cannot be read: it has format 2, this stead knows 1
              hint: nothing is lost: what was replaced lies beside it in `undo`
              hint: use the version of stead that wrote it
            ")
        },
    },
    Case {
        name: "a journal that is garbage, to look at",
        start: Start::Ready,
        prepare: |scene| scene.write(".stead/development/journal.json", "\0\0\0\0"),
        command: &["status"],
        exit: 6,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[journal-unreadable]: the journal `[project]/.stead/development/journal.json` of interrupted work cannot be read: expected value at line 1 column 1
              hint: nothing is lost: what was replaced lies beside it in `undo`
              hint: bring the file back from a copy if there is one, or move it away and run `stead status`
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[undo-point-unreadable]: the undo point `[project]/.stead/development/undo/[time]-[id]/point.json` cannot be read: invalid length 0, expected struct UndoPoint with 7 elements
              hint: remove its folder if you do not need it
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[undo-point-unreadable]: the undo point `[project]/.stead/development/undo/[time]-[id]/point.json` cannot be read: it has format 2, this stead knows 1
              hint: remove its folder if you do not need it
            ")
        },
    },
    Case {
        name: "nothing to undo",
        start: Start::Ready,
        prepare: |scene| {
            scene.run(["undo", "--prune", "--yes"]).exits(0);
        },
        command: &["undo", "--yes"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[nothing-to-undo]: there is nothing to undo
              hint: load, seed, reset, `init --clean`, `init --load` and undo itself leave undo points
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[interrupted]: cannot open the lock file `[project]/.stead/development/lock`: Is a directory (os error 21)
              hint: a folder stands where a file belongs: move it away
              hint: whoever works with what it protects must be able to write its lock file
            ")
        },
    },
    Case {
        name: "a file in the state folder's place",
        start: Start::Project,
        prepare: |scene| scene.write(".stead", "a file"),
        command: &["init"],
        exit: 7,
        says: |said| insta::assert_snapshot!(said, @r"error[refused]: database `main`: `[project]/.stead/development/main.db` lies below something that is not a folder"),
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-io]: cannot read `[project]/backups`: Not a directory (os error 20)
              hint: a file stands where a folder belongs: move it away
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-io]: cannot list `[project]/storage`: Not a directory (os error 20)
              hint: a file stands where a folder belongs: move it away
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[storage-refused]: `papers` in the storage cannot be kept: the leaf is no folder
              hint: move it out of the leaves, or replace it by a plain file
            ")
        },
    },
];
