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
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[toml-syntax]: not valid TOML: unclosed table, expected `]`
             --> stead.toml:4:16
              |
            4 | [databases.main
              |                ^
            ")
        },
    },
    Case {
        name: "an unknown key",
        start: Start::Project,
        prepare: |scene| scene.settings("[undo]\nkep = 3\n"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-key]: unknown key `kep` in `undo`
              --> stead.toml:33:1
               |
            33 | kep = 3
               | ^^^
              hint: did you mean `keep`?
            ")
        },
    },
    Case {
        name: "an unknown section",
        start: Start::Project,
        prepare: |scene| scene.settings("[database.other]\n"),
        command: &["status"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-key]: unknown key `database` at the top level
              --> stead.toml:32:2
               |
            32 | [database.other]
               |  ^^^^^^^^
              hint: did you mean `databases`?
            ")
        },
    },
    Case {
        name: "a wrong type",
        start: Start::Project,
        prepare: |scene| scene.settings("[undo]\nkeep = \"three\"\n"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[wrong-type]: `undo.keep` must be an integer, found a string
              --> stead.toml:33:8
               |
            33 | keep = "three"
               |        ^^^^^^^
            "#)
        },
    },
    Case {
        name: "a section twice",
        start: Start::Project,
        prepare: |scene| scene.settings("[databases.main]\n"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[toml-syntax]: not valid TOML: duplicate key
              --> stead.toml:32:12
               |
            32 | [databases.main]
               |            ^^^^
            ")
        },
    },
    Case {
        name: "a missing include",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "name = \"shop\"", "name = \"shop\"\ninclude = [\"../base.toml\"]")
        },
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[include-missing]: the included file `../base.toml` does not exist
             --> stead.toml:3:12
              |
            3 | include = ["../base.toml"]
              |            ^^^^^^^^^^^^^^
              hint: paths in `include` are relative to the file that states them
            "#)
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[include-cycle]: files include each other in a circle: base.toml → lower.toml → base.toml
             --> lower.toml:2:12
              |
            2 | include = ["base.toml"]
              |            ^^^^^^^^^^^
            "#)
        },
    },
    Case {
        name: "an unset variable",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "[databases.stats]", "[databases.stats]\nurl = \"${STATS_URL}\""),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[variable-unset]: the environment variable `STATS_URL` is not set
             --> stead.toml:6:8
              |
            6 | url = "${STATS_URL}"
              |        ^^^^^^^^^^^^
              hint: set `STATS_URL`, or write `$${` for a literal `${`
            "#)
        },
    },
    Case {
        name: "an unknown environment",
        start: Start::Project,
        prepare: |scene| scene.write("stead.staging.toml", "[undo]\nkeep = 1\n"),
        command: &["--env", "stagin", "init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[environment-unknown]: the environment `stagin` has no file `stead.stagin.toml`
             --> --env:1:7
              |
            1 | --env=stagin
              |       ^^^^^^
              hint: did you mean `staging`?
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[shared-database]: the databases `main` and `stats` are the same: `.stead/development/main.db`
             --> stead.toml:6:7
              |
            6 | url = "sqlite:.stead/development/main.db"
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: `main` is set at stead.toml:4:1; give each database a place of its own
            "#)
        },
    },
    Case {
        name: "an unknown scheme",
        start: Start::Project,
        prepare: |scene| {
            scene.replace("stead.toml", "[databases.stats]", "[databases.stats]\nurl = \"postgrse://localhost/stats\"")
        },
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[unknown-scheme]: `databases.stats.url` has the unknown scheme `postgrse`
             --> stead.toml:6:7
              |
            6 | url = "postgrse://localhost/stats"
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: did you mean `postgres`?
            "#)
        },
    },
    Case {
        name: "a server that does not answer",
        start: Start::Project,
        prepare: |scene| {
            scene.replace(
                "stead.toml",
                "[databases.stats]",
                "[databases.stats]\nurl = \"mysql://app:hush@127.0.0.1:1/stats\"",
            )
        },
        command: &["wait", "--attempts", "1"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unreachable]: no answer after 1 attempt from database `stats`: MySQL at `127.0.0.1:1` cannot be reached: Connection refused (os error 111)
              hint: see whether the server runs, and whether host and port are right
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[seed-step-kind]: `seed.steps[0]` has `sql`, `csv` at once
              --> stead.toml:17:3
               |
            17 |   { sql = "seed/base.sql", csv = "seed/items.csv", database = "main" },
               |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: give each step exactly one of `sql`, `csv` and `run`
            "#)
        },
    },
    Case {
        name: "an app on an unknown database",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "database = \"stats\"", "database = \"stat\""),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[unknown-database]: `apps.audit.database` names the unknown database `stat`
              --> stead.toml:13:12
               |
            13 | database = "stat"
               |            ^^^^^^
              hint: did you mean `stats`?
            "#)
        },
    },
    Case {
        name: "an app without its folder",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "apps/audit", "apps/audits"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[app-path-missing]: the folder of the app `audit` does not exist: `apps/audits`
              --> stead.toml:12:8
               |
            12 | path = "apps/audits"
               |        ^^^^^^^^^^^^^
              hint: create the folder, or mend `path`
            "#)
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[depends-cycle]: apps depend on each other in a circle: audit → shop → audit
              --> stead.toml:14:11
               |
            14 | depends = ["shop"]
               |           ^^^^^^^^
            "#)
        },
    },
    Case {
        name: "a leaf outside the storage",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "\"papers\"]", "\"../papers\"]"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[leaf-escapes]: the leaf `../papers` leaves the storage folder
              --> stead.toml:29:23
               |
            29 | leaves = ["pictures", "../papers"]
               |                       ^^^^^^^^^^^
              hint: name a folder inside `storage.path`, without `..` and without a leading `/`
            "#)
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[leaf-reserved]: the leaf `.stead` overlaps with the state folder, `.stead`
              --> stead.toml:29:23
               |
            29 | leaves = ["pictures", ".stead"]
               |                       ^^^^^^^^
              hint: a leaf is swapped as a whole: choose another folder for it
            "#)
        },
    },
    Case {
        name: "a project file that is not UTF-8",
        start: Start::Project,
        prepare: |scene| scene.write("stead.toml", b"[project]\nname = \"caf\xe9\"\n"),
        command: &["init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @r"error[file-unreadable]: cannot read `stead.toml`: byte 22 is not UTF-8 text"),
    },
    Case {
        name: "a project file of a later format",
        start: Start::Project,
        prepare: |scene| scene.replace("stead.toml", "[project]", "format = 9\n[project]"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-key]: unknown key `format` at the top level
             --> stead.toml:1:1
              |
            1 | format = 9
              | ^^^^^^
              hint: keys here: `apps`, `databases`, `indexes`, `project`, `seed`, `servers`, `services`, `storage`, `undo`
            ")
        },
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
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[unknown-database]: `apps.audit.database` names the unknown database `stat`; unknown key `kep` in `undo`
              --> stead.toml:13:12
               |
            13 | database = "stat"
               |            ^^^^^^ `apps.audit.database` names the unknown database `stat`
               |
              ::: stead.toml:33:1
               |
            33 | kep = 3
               | ^^^ unknown key `kep` in `undo`
              hint: did you mean `stats`?
              hint: did you mean `keep`?
            "#)
        },
    },
    Case {
        name: "an argument that sets nothing",
        start: Start::Project,
        prepare: |_| {},
        command: &["--set", "undo.kep=5", "init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-key]: unknown key `kep` in `undo`
             --> --set undo.kep:1:10
              |
            1 | undo.kep=5
              |          ^
              hint: did you mean `keep`?
            ")
        },
    },
    Case {
        name: "a negative count",
        start: Start::Project,
        prepare: |scene| scene.settings("[undo]\nkeep = -1\n"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[invalid-value]: `undo.keep` must be between 1 and [number]
              --> stead.toml:33:8
               |
            33 | keep = -1
               |        ^^
            ")
        },
    },
];
