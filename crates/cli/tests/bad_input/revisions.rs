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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an id that two files have",
        start: Start::Ready,
        prepare: |scene| scene.revision("0004_x.sql", &text("33cc44dd55ee", "22bb33cc44dd", "SELECT 1")),
        command: &["upgrade"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "no revision header",
        start: Start::Ready,
        prepare: |scene| scene.revision("0004_x.sql", "-- X\n-- parent: 33cc44dd55ee\n\n-- up\nSELECT 1;\n"),
        command: &["upgrade"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a bad file name",
        start: Start::Ready,
        prepare: |scene| scene.revision("adding x.sql", &text("55ee66ff7700", "33cc44dd55ee", "SELECT 1")),
        command: &["upgrade"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a dependency that does not exist",
        start: Start::Ready,
        prepare: |scene| {
            scene.revision("0004_x.sql", "-- X\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n-- depends: audit/0009\n\n-- up\nSELECT 1;\n")
        },
        command: &["upgrade"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a revision that is not UTF-8",
        start: Start::Ready,
        prepare: |scene| scene.write("apps/shop/migrations/0004_x.sql", b"-- caf\xe9\n-- revision: 55ee66ff7700\n"),
        command: &["upgrade"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an applied revision that was edited",
        start: Start::Ready,
        prepare: |scene| scene.replace("apps/shop/migrations/0002_prices.sql", "DEFAULT 0", "DEFAULT 1"),
        command: &["upgrade"],
        exit: 4,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unknown target",
        start: Start::Ready,
        prepare: |_| {},
        command: &["upgrade", "nosuch", "--app", "shop"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "a downgrade that names no app",
        start: Start::Ready,
        prepare: |_| {},
        command: &["downgrade", "base", "--yes"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unknown app",
        start: Start::Ready,
        prepare: |_| {},
        command: &["upgrade", "--app", "shp"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
    },
    Case {
        name: "an unknown revision to show",
        start: Start::Ready,
        prepare: |_| {},
        command: &["show", "zzzz"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @""),
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
        says: |said| insta::assert_snapshot!(said, @""),
    },
];

/// A revision file's text. The statement begins in line 6.
fn text(revision: &str, parent: &str, statement: &str) -> String {
    format!("-- X\n-- revision: {revision}\n-- parent: {parent}\n\n-- up\n{statement};\n\n-- down\nSELECT 1;\n")
}
