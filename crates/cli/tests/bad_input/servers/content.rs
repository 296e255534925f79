//! Snapshots that do not fit the server, and databases that hold what no snapshot can.

use stead_testkit::fixture::{Fixture, Rights};

use super::{On, ServerCase};
use crate::case::Start;
use crate::scene::{Scene, stead};

pub(crate) const CASES: &[ServerCase] = &[
    ServerCase {
        name: "a snapshot of another engine",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            let files = Fixture::ready(stead());
            files.run(["dump", "--name", "kept"]).exits(0);
            copy(&files, scene);
        },
        command: &["load", "kept"],
        exit: 4,
        says: &[
            r"
            error[snapshot-engine]: the snapshot `kept` holds `main` as SQLite, here it is PostgreSQL
              hint: a snapshot goes back into the engine it came from; `stead dump` makes one of this environment
            ",
            r"
            error[snapshot-engine]: the snapshot `kept` holds `main` as SQLite, here it is MariaDB
              hint: a snapshot goes back into the engine it came from; `stead dump` makes one of this environment
            ",
            r"
            error[snapshot-engine]: the snapshot `kept` holds `main` as SQLite, here it is MySQL
              hint: a snapshot goes back into the engine it came from; `stead dump` makes one of this environment
            ",
        ],
    },
    ServerCase {
        name: "init --load of a snapshot of another engine",
        on: On::All,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: |scene| {
            let files = Fixture::ready(stead());
            files.run(["dump", "--name", "kept"]).exits(0);
            copy(&files, scene);
        },
        command: &["init", "--load", "kept"],
        exit: 4,
        says: &[
            r"
            error[snapshot-engine]: the snapshot `kept` holds `main` as SQLite, here it is PostgreSQL
              hint: a snapshot goes back into the engine it came from; `stead dump` makes one of this environment
            ",
            r"
            error[snapshot-engine]: the snapshot `kept` holds `main` as SQLite, here it is MariaDB
              hint: a snapshot goes back into the engine it came from; `stead dump` makes one of this environment
            ",
            r"
            error[snapshot-engine]: the snapshot `kept` holds `main` as SQLite, here it is MySQL
              hint: a snapshot goes back into the engine it came from; `stead dump` makes one of this environment
            ",
        ],
    },
    ServerCase {
        name: "a snapshot with a damaged part",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            forget_kept(scene);
            let part = scene.largest("backups/kept/databases");
            scene.flip(&part);
        },
        command: &["load", "kept"],
        exit: 1,
        says: &[
            r"
            error[refused]: snapshot `kept`, database `main`: the rows of `public.stead_schema` cannot be read back: frame 0 of stream `databases/main/table/public.stead_schema` in snapshot `kept` (`databases/main/table/public-stead_schema~[id].00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded
              hint: `stead snapshots verify` tells which part of a snapshot is broken
            ",
            r"
            error[refused]: snapshot `kept`, database `main`: the rows of `stead_schema` cannot be read back: frame 0 of stream `databases/main/table/stead_schema` in snapshot `kept` (`databases/main/table/stead_schema.00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded
              hint: `stead snapshots verify` tells which part of a snapshot is broken
            ",
            r"
            error[refused]: snapshot `kept`, database `main`: the rows of `stead_schema` cannot be read back: frame 0 of stream `databases/main/table/stead_schema` in snapshot `kept` (`databases/main/table/stead_schema.00000.zst` at byte 0) is damaged: its bytes do not have the hash that was recorded
              hint: `stead snapshots verify` tells which part of a snapshot is broken
            ",
        ],
    },
    ServerCase {
        name: "a snapshot that was cut off",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            forget_kept(scene);
            let part = scene.largest("backups/kept/databases");
            scene.halve(&part);
        },
        command: &["load", "kept"],
        exit: 1,
        says: &[
            r"
            error[snapshot-size]: file `databases/main/table/public-stead_schema~[id].00000.zst` of snapshot `kept` has [id] bytes instead of [id]
              hint: nothing was changed; load another snapshot, or copy this one again
            ",
            r"
            error[snapshot-size]: file `databases/main/table/stead_schema.00000.zst` of snapshot `kept` has [id] bytes instead of [id]
              hint: nothing was changed; load another snapshot, or copy this one again
            ",
            r"
            error[snapshot-size]: file `databases/main/table/stead_schema.00000.zst` of snapshot `kept` has [id] bytes instead of [id]
              hint: nothing was changed; load another snapshot, or copy this one again
            ",
        ],
    },
    ServerCase {
        name: "a large object",
        on: On::Postgres,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| scene.sql("main", "SELECT lo_create(4711)"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: &[r"
            error[unsupported]: `main` holds 1 large objects, large object [number] is the first: a dump does not carry them
              hint: store them in `bytea` columns, or remove them with `lo_unlink`
            "],
    },
    ServerCase {
        name: "a foreign key from another database",
        on: On::Mysqls,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            let main = scene.name_on_server("main");
            scene.sql(
                "stats",
                &format!("CREATE TABLE likes (kind INTEGER, FOREIGN KEY (kind) REFERENCES `{main}`.kinds (id))"),
            );
        },
        command: &["load", "kept"],
        exit: 1,
        says: &[r"
            error[unsupported]: database `main`: the foreign key `likes_ibfk_1` of `stats`.`likes` refers to a table of `main`
              hint: foreign keys between databases would follow the old tables: drop it, and add it again afterwards
            "],
    },
    ServerCase {
        name: "no room for the rows of a load",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            scene.variable("STEAD_FAILPOINT", "bulk.load.synced=enospc");
        },
        command: &["load", "kept"],
        exit: 1,
        says: &[r"
            error[interrupted]: snapshot `kept`, database `main`: the load was stopped: No space left on device (os error 28)
              hint: free some space, then run the command again
            "],
    },
    ServerCase {
        name: "no room for the rows of a dump",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| scene.variable("STEAD_FAILPOINT", "dump.frame=enospc"),
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: &[
            r"
            error[interrupted]: database `main`: cannot write the copy of `main`: stream `databases/main/table/public-items~[id]`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ",
            r"
            error[interrupted]: database `main`: cannot write the copy of `main`: stream `databases/main/database`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ",
            r"
            error[interrupted]: database `main`: cannot write the copy of `main`: stream `databases/main/database`: No space left on device (os error 28)
              hint: free some space, then run the command again
            ",
        ],
    },
];

/// Brings the snapshot `kept` of another project here.
fn copy(from: &Fixture, to: &Scene) {
    std::fs::create_dir_all(to.path("backups")).expect("a folder of the scene");
    let copied =
        std::process::Command::new("cp").arg("-a").arg(from.path("backups/kept")).arg(to.path("backups")).status();
    assert!(copied.is_ok_and(|status| status.success()));
}

/// Removes the unpacked parts of snapshots, from which they would be loaded as if nothing were wrong.
fn forget_kept(scene: &Scene) {
    let kept = scene.path(".stead/development/kept");
    if kept.exists() {
        std::fs::remove_dir_all(kept).expect("a folder of the scene");
    }
}
