//! Revision files that are wrong, alone or together. A graph that does not hold is refused as a whole, and SQL that fails
//! takes its transaction with it, so the database stays at the revision before.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a revision with an unknown parent",
        start: Start::Ready,
        prepare: |scene| scene.revision("0004_x.sql", &text("55ee66ff7700", "99aa99aa99aa", "SELECT 1")),
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-parent]: `55ee66ff7700` (apps/shop/migrations/[number]_x.sql) follows `99aa99aa99aa`, which no file of its app is
              hint: bring the parent's file back, or write `none` for a base
            ")
        },
    },
    Case {
        name: "revisions in a circle",
        start: Start::Ready,
        prepare: |scene| {
            scene.replace(
                "apps/shop/migrations/0001_kinds_and_items.sql",
                "-- revision: 11aa22bb33cc",
                "-- revision: 11aa22bb33cc\n-- parent: 33cc44dd55ee",
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[revision-cycle]: revisions wait for each other in a circle: `11aa22bb33cc` (apps/shop/migrations/[number]_kinds_and_items.sql) → `33cc44dd55ee` (apps/shop/migrations/[number]_items_by_kind.sql) → `22bb33cc44dd` (apps/shop/migrations/[number]_prices.sql) → `11aa22bb33cc` (apps/shop/migrations/[number]_kinds_and_items.sql)
              hint: take one `parent`, `depends` or `replaces` out of the chain
            ")
        },
    },
    Case {
        name: "two heads",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision("0004_left.sql", &text("55ee66ff7700", "33cc44dd55ee", "CREATE TABLE l (id INTEGER)"));
            scene.revision("0004_right.sql", &text("66ff77001122", "33cc44dd55ee", "CREATE TABLE r (id INTEGER)"));
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[several-heads]: the app `shop` has several heads: `55ee66ff7700 [number]_left` and `66ff77001122 [number]_right`
              hint: let one follow the other by its `-- parent:` line, or write a revision that names both as parents
            ")
        },
    },
    Case {
        name: "an id that two files have",
        start: Start::Ready,
        prepare: |scene| scene.revision("0004_x.sql", &text("33cc44dd55ee", "22bb33cc44dd", "SELECT 1")),
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[duplicate-revision]: `apps/shop/migrations/[number]_items_by_kind.sql` and `apps/shop/migrations/[number]_x.sql` are both revision `33cc44dd55ee` of `shop`
              hint: give one of the two another id, also where it is named as a parent
            ")
        },
    },
    Case {
        name: "an unknown header",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parrent: 33cc44dd55ee\n\n-- up\nSELECT 1;\n",
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-header]: `parrent` is not a header of revision files
             --> [project]/apps/shop/migrations/[number]_x.sql:3:4
              |
            3 | -- parrent: 33cc44dd55ee
              |    ^^^^^^^^^^^^^^^^^^^^^
              hint: did you mean `parent`?
            ")
        },
    },
    Case {
        name: "no up section",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- down\nSELECT 1;\n",
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[revision-without-up]: there is no `-- up` section
             --> [project]/apps/shop/migrations/[number]_x.sql:6:11
              |
            6 | SELECT 1;
              |          ^
              hint: write `-- up` above the SQL; the section of a merge may be empty
            ")
        },
    },
    Case {
        name: "text outside the sections",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\nSELECT 1;\n\n-- up\nSELECT 2;\n",
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[text-before-section]: text stands before the first section
             --> [project]/apps/shop/migrations/[number]_x.sql:5:1
              |
            5 | SELECT 1;
              | ^^^^^^^^^
              hint: write `-- up` on a line of its own above it
            ")
        },
    },
    Case {
        name: "no revision header",
        start: Start::Ready,
        prepare: |scene| scene.revision("0004_x.sql", "-- X\n-- parent: 33cc44dd55ee\n\n-- up\nSELECT 1;\n"),
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[revision-without-id]: no line `-- revision: ID` names the revision
             --> [project]/apps/shop/migrations/[number]_x.sql:5:1
              |
            5 | SELECT 1;
              | ^^^^^^^^^
              hint: write one above the first section
            ")
        },
    },
    Case {
        name: "a section twice in a revision",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nSELECT 1;\n\n-- up\nSELECT 2;\n",
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[duplicate-section]: the section `-- up` is written twice
             --> [project]/apps/shop/migrations/[number]_x.sql:8:1
              |
            8 | -- up
              | ^^^^^
              hint: the first one is on line 5: join the two, or name engines as in `-- up: mysql mariadb`
            ")
        },
    },
    Case {
        name: "an unterminated string",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                &text("55ee66ff7700", "33cc44dd55ee", "INSERT INTO kinds (name) VALUES ('glue)"),
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[sql-unclosed]: the string that begins at line 6, column 34 is never closed
             --> [project]/apps/shop/migrations/[number]_x.sql:6:34
              |
            6 | INSERT INTO kinds (name) VALUES ('glue);
              |                                  ^
              hint: close it with a quote; a quote inside a string is written twice
            ")
        },
    },
    Case {
        name: "an unterminated comment",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nSELECT 1; /* and\n",
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[sql-unclosed]: the comment that begins at line 6, column 11 is never closed
             --> [project]/apps/shop/migrations/[number]_x.sql:6:11
              |
            6 | SELECT 1; /* and
              |           ^
              hint: close it with `*/`
            ")
        },
    },
    Case {
        name: "a bad file name",
        start: Start::Ready,
        prepare: |scene| scene.revision("adding x.sql", &text("55ee66ff7700", "33cc44dd55ee", "SELECT 1")),
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[bad-revision-file-name]: `[project]/apps/shop/migrations/adding x.sql`: `adding x.sql` is not the name of a revision file
              hint: write a number, `_`, words and `.sql`, as in `[number]_adding_offers.sql`
            ")
        },
    },
    Case {
        name: "a dependency that does not exist",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision("0004_x.sql", "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n-- depends: audit/0009\n\n-- up\nSELECT 1;\n")
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-dependency]: `55ee66ff7700` (apps/shop/migrations/[number]_x.sql) depends on `audit/[number]`, which does not exist
              hint: did you mean `audit/[number]`?
            ")
        },
    },
    Case {
        name: "a syntax error in line 7",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                &text("55ee66ff7700", "33cc44dd55ee", "CREATE TABLE made (id INTEGER);\nCREATE TABEL x (id INTEGER)"),
            )
        },
        command: &["upgrade"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[syntax]: near "TABEL": syntax error
             --> [project]/apps/shop/migrations/[number]_x.sql:7:8
              |
            7 | CREATE TABEL x (id INTEGER);
              |        ^
            "#)
        },
    },
    Case {
        name: "a statement that rows refuse",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                &text(
                    "55ee66ff7700",
                    "33cc44dd55ee",
                    "CREATE TABLE made (id INTEGER);\nINSERT INTO kinds (name) VALUES ('toys')",
                ),
            )
        },
        command: &["upgrade"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[constraint]: UNIQUE constraint failed: kinds.name
             --> [project]/apps/shop/migrations/[number]_x.sql:7:1
              |
            7 | INSERT INTO kinds (name) VALUES ('toys');
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            ")
        },
    },
    Case {
        name: "a revision that ends its own transaction",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                &text(
                    "55ee66ff7700",
                    "33cc44dd55ee",
                    "CREATE TABLE made (id INTEGER);\nCOMMIT;\nCREATE TABLE more (id INTEGER)",
                ),
            )
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[transaction-control]: a revision runs in one transaction, so it cannot say `COMMIT`
             --> [project]/apps/shop/migrations/[number]_x.sql:7:1
              |
            7 | COMMIT;
              | ^^^^^^
              hint: leave the statement out, or add the header line `-- transaction: none`
            ")
        },
    },
    Case {
        name: "a revision that is not UTF-8",
        start: Start::Ready,
        prepare: |scene| scene.write("apps/shop/migrations/0004_x.sql", b"-- caf\xe9\n-- revision: 55ee66ff7700\n"),
        command: &["upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-not-text]: `[project]/apps/shop/migrations/[number]_x.sql` is not UTF-8 text: line 1 holds other bytes
              hint: save the file as UTF-8
            ")
        },
    },
    Case {
        name: "an applied revision that was edited",
        start: Start::Ready,
        prepare: |scene| scene.replace("apps/shop/migrations/0002_prices.sql", "DEFAULT 0", "DEFAULT 1"),
        command: &["upgrade"],
        exit: 4,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[revision-edited]: edited after it was applied: 22bb33cc44dd (`apps/shop/migrations/[number]_prices.sql`)
              hint: bring the file back to what was applied and put the change into a new revision
              hint: or go on as it is: `--allow edited`
            ")
        },
    },
    Case {
        name: "an applied revision whose file is gone",
        start: Start::Ready,
        prepare: |scene| {
            std::fs::remove_file(scene.path("apps/shop/migrations/0003_items_by_kind.sql"))
                .expect("a file of the fixture");
        },
        command: &["upgrade"],
        exit: 3,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[revision-without-file]: the ledger of `main` has `33cc44dd55ee [number]_items_by_kind.sql` of the app `shop`, and there is no such file
              hint: bring `[number]_items_by_kind.sql` back, from another branch or version
              hint: or take it back in `main` with the ledger's own script: `stead downgrade 22bb33cc44dd --app shop`
              hint: or, if the database does not have its changes, correct the ledger: `stead stamp 22bb33cc44dd --app shop`
            ")
        },
    },
    Case {
        name: "an unknown target",
        start: Start::Ready,
        prepare: |_| {},
        command: &["upgrade", "nosuch", "--app", "shop"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-revision]: no revision is called `nosuch`
              hint: `stead history` lists all revisions
            ")
        },
    },
    Case {
        name: "a downgrade that names no app",
        start: Start::Ready,
        prepare: |_| {},
        command: &["downgrade", "base", "--yes"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[app-missing]: say which app is meant: `audit`, `shop`
              hint: add `--app NAME`
            ")
        },
    },
    Case {
        name: "an unknown app",
        start: Start::Ready,
        prepare: |_| {},
        command: &["upgrade", "--app", "shp"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-app]: there is no app `shp` in this project
              hint: did you mean `shop`?
              hint: there are: `audit`, `shop`
            ")
        },
    },
    Case {
        name: "an unknown revision to show",
        start: Start::Ready,
        prepare: |_| {},
        command: &["show", "zzzz"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-revision]: no revision is called `zzzz`
              hint: `stead history` lists all revisions
            ")
        },
    },
    Case {
        name: "a revision that cannot be taken back",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision(
                "0004_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nCREATE TABLE x (id INTEGER);\n",
            );
            scene.run(["upgrade"]).exits(0);
        },
        command: &["downgrade", "-1", "--app", "shop", "--yes"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[section-missing]: `[project]/apps/shop/migrations/[number]_x.sql` has no `-- down` section for SQLite
              hint: add `-- down`, or `-- down: sqlite`
            ")
        },
    },
];

/// A revision file's text. The statement begins in line 6.
fn text(revision: &str, parent: &str, statement: &str) -> String {
    format!("-- X\n-- revision: {revision}\n-- parent: {parent}\n\n-- up\n{statement};\n\n-- down\nSELECT 1;\n")
}
