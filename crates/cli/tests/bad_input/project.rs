//! Project files that are wrong. All of it is found before anything is connected or made, and the message points into the
//! file that is at fault.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "the project file is not TOML",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "[databases.main]", "[databases.main"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unknown key",
        start: Start::Project,
        prepare: |scene| scene.settings("[undo]\nkep = 3\n"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unknown section",
        start: Start::Project,
        prepare: |scene| scene.settings("[database.other]\n"),
        command: &["status"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a wrong type",
        start: Start::Project,
        prepare: |scene| scene.settings("[undo]\nkeep = \"three\"\n"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a section twice",
        start: Start::Project,
        prepare: |scene| scene.settings("[databases.main]\n"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a missing include",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "name = \"shop\"", "name = \"shop\"\ninclude = [\"../base.toml\"]")
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "files that include each other",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "name = \"shop\"", "name = \"shop\"\ninclude = [\"base.toml\"]");
            scene.write("base.toml", "[project]\ninclude = [\"lower.toml\"]\n");
            scene.write("lower.toml", "[project]\ninclude = [\"base.toml\"]\n");
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unset variable",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "[databases.stats]", "[databases.stats]\nurl = \"${STATS_URL}\""),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unknown environment",
        start: Start::Project,
        prepare: |scene| scene.write("stead.staging.toml", "[undo]\nkeep = 1\n"),
        command: &["--env", "stagin", "init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "two databases in one file",
        start: Start::Project,
        prepare: |scene| {
            scene.replace(
                "stead.toml",
                "[databases.stats]",
                "[databases.stats]\nurl = \"sqlite:.stead/development/main.db\"",
            )
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unknown scheme",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "[databases.stats]", "[databases.stats]\nurl = \"postgrse://localhost/stats\"")
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an engine that is not built in",
        start: Start::Project,
        prepare: |scene| {
            scene.replace(
                "stead.toml",
                "[databases.stats]",
                "[databases.stats]\nurl = \"mysql://app:hush@localhost/stats\"",
            )
        },
        command: &["init"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a seed step of two kinds",
        start: Start::Project,
        prepare: |scene| {
            scene.replace(
                "stead.toml",
                "{ sql = \"seed/base.sql\",",
                "{ sql = \"seed/base.sql\", csv = \"seed/items.csv\",",
            )
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an app on an unknown database",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "database = \"stats\"", "database = \"stat\""),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an app without its folder",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "apps/audit", "apps/audits"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "apps that depend on each other",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "path = \"apps/shop\"", "path = \"apps/shop\"\ndepends = [\"audit\"]");
            scene.replace("stead.toml", "path = \"apps/audit\"", "path = \"apps/audit\"\ndepends = [\"shop\"]");
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a leaf outside the storage",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "\"papers\"]", "\"../papers\"]"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a leaf that holds the databases",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "path = \"storage\"", "path = \".\"");
            scene.replace("stead.toml", "\"papers\"]", "\".stead\"]");
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a project file that is not UTF-8",
        start: Start::Project,
        prepare: |scene| scene.write("stead.toml", b"[project]\nname = \"caf\xe9\"\n"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a project file of a later format",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "[project]", "format = 9\n[project]"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "several faults at once",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "database = \"stats\"", "database = \"stat\"");
            scene.settings("[undo]\nkep = 3\n");
        },
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an argument that sets nothing",
        start: Start::Project,
        prepare: |_| {},
        command: &["--set", "undo.kep=5", "init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a negative count",
        start: Start::Project,
        prepare: |scene| scene.settings("[undo]\nkeep = -1\n"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
];
