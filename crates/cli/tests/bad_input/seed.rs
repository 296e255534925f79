//! Seed files and programs that are wrong. Every step works on copies, so a step that fails costs nothing, and the message
//! names the step and the line.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a CSV file with an unknown column",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "id,kind,name,picture,price", "id,kind,nmae,picture,price"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-column]: seed step 2, seed/items.csv: table `items` has no column `nmae`
             --> [project]/seed/items.csv:1:9
              |
            1 | id,kind,nmae,picture,price
              |         ^^^^
              hint: did you mean `name`?
              hint: there are: `id`, `kind`, `name`, `picture`, `price`
              hint: the first line of the file must name columns of the table
            ")
        },
    },
    Case {
        name: "a CSV file without a header",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "id,kind,name,picture,price\n", ""),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-column]: seed step 2, seed/items.csv: table `items` has no column `1`
             --> [project]/seed/items.csv:1:1
              |
            1 | 1,2,Hammer,pictures/1.txt,12.5
              | ^
              hint: did you mean `id`?
              hint: there are: `id`, `kind`, `name`, `picture`, `price`
              hint: the first line of the file must name columns of the table
            ")
        },
    },
    Case {
        name: "a CSV file with a column twice",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "id,kind,name,picture,price", "id,kind,name,name,price"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[csv-header]: seed step 2, seed/items.csv: `[project]/seed/items.csv` names the column `name` twice
              hint: name each column of the first line once
            ")
        },
    },
    Case {
        name: "a CSV value of the wrong type",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "3,3,Kite,pictures/3.txt,20", "3,3,Kite,pictures/3.txt,cheap"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[csv-value]: seed step 2, seed/items.csv: `[project]/seed/items.csv` line 4: `cheap` does not fit column `price` (REAL NOT NULL)
             --> [project]/seed/items.csv:4:25
              |
            4 | 3,3,Kite,pictures/3.txt,cheap
              |                         ^^^^^
            ")
        },
    },
    Case {
        name: "a CSV NULL where none may be",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "3,3,Kite", "3,3,\\N"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[csv-value]: seed step 2, seed/items.csv: `[project]/seed/items.csv` line 4: `\N` does not fit column `name` (TEXT NOT NULL)
             --> [project]/seed/items.csv:4:5
              |
            4 | 3,3,\N,pictures/3.txt,20
              |     ^^
            ")
        },
    },
    Case {
        name: "a ragged CSV row",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "3,3,Kite,pictures/3.txt,20", "3,3,Kite"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[csv-malformed]: seed step 2, seed/items.csv: `[project]/seed/items.csv` is not a CSV file with a header: CSV error: record 3 (line: 4, byte: 80): found record with 3 fields, but the previous record has 5 fields
             --> [project]/seed/items.csv:4:1
              |
            4 | 3,3,Kite
              | ^^^^^^^^
            ")
        },
    },
    Case {
        name: "an empty CSV file",
        start: Start::Ready,
        prepare: |scene| scene.write("seed/items.csv", ""),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[csv-header]: seed step 2, seed/items.csv: `[project]/seed/items.csv` is empty: the first line must name columns of `items`
              hint: write the header, or take the step out
            ")
        },
    },
    Case {
        name: "a CSV file that is not UTF-8",
        start: Start::Ready,
        prepare: |scene| scene.write("seed/items.csv", b"id,kind,name,picture,price\n1,2,caf\xe9,\\N,1\n"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-not-text]: seed step 2, seed/items.csv: `[project]/seed/items.csv` is not UTF-8 text: line 2 holds other bytes
              hint: save the file as UTF-8
            ")
        },
    },
    Case {
        name: "a CSV row that a check refuses",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "pictures/3.txt,20", "pictures/3.txt,-20"),
        command: &["seed"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @r"error[constraint]: seed step 2, seed/items.csv: `[project]/seed/items.csv`, in the rows from line 2 on: row 3 of 4 for `items`: CHECK constraint failed: price >= 0"),
    },
    Case {
        name: "a CSV row without its parent",
        start: Start::Ready,
        prepare: |scene| scene.replace("seed/items.csv", "3,3,Kite", "3,9,Kite"),
        command: &["seed"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @r"error[constraint]: seed step 2, seed/items.csv: `[project]/seed/items.csv`, in the rows from line 2 on: row 3 of 4 for `items`: FOREIGN KEY constraint failed"),
    },
    Case {
        name: "a CSV file for an unknown table",
        start: Start::Ready,
        prepare: |scene| scene.replace("stead.toml", "table = \"items\"", "table = \"itms\""),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-table]: seed step 2, seed/items.csv: `[project]/seed/items.csv`: there is no table `itms` in this project
              hint: did you mean `items`?
              hint: there are: `items`, `kinds`
            ")
        },
    },
    Case {
        name: "a missing CSV file",
        start: Start::Ready,
        prepare: |scene| std::fs::remove_file(scene.path("seed/items.csv")).expect("a file of the fixture"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-missing]: seed step 2, seed/items.csv: the file `[project]/seed/items.csv` does not exist
              hint: create it, or mend what names it in the project file
            ")
        },
    },
    Case {
        name: "a missing seed file at the first init",
        start: Start::Project,
        prepare: |scene| std::fs::remove_file(scene.path("seed/base.sql")).expect("a file of the fixture"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-missing]: seed step 1, seed/base.sql: the file `[project]/seed/base.sql` does not exist
              hint: create it, or mend what names it in the project file
            ")
        },
    },
    Case {
        name: "a seed file with an error in line 7",
        start: Start::Ready,
        prepare: |scene| {
            scene.write("seed/base.sql", "-- Kinds.\nINSERT INTO kinds (id, name) VALUES\n  (2, 'tools'),\n  (3, 'toys');\n\n\nINSERT INTO kinds\n  (id, nmae) VALUES (4, 'glue');\n")
        },
        command: &["seed"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[syntax]: seed step 1, seed/base.sql: table kinds has no column named nmae
             --> [project]/seed/base.sql:7:1
              |
            7 | INSERT INTO kinds
              | ^^^^^^^^^^^^^^^^^
            ")
        },
    },
    Case {
        name: "a seed file with an unterminated string",
        start: Start::Ready,
        prepare: |scene| scene.write("seed/base.sql", "INSERT INTO kinds (id, name) VALUES (2, 'tools);\n"),
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[sql-unclosed]: seed step 1, seed/base.sql: the string that begins at line 1, column 41 is never closed
             --> [project]/seed/base.sql:1:41
              |
            1 | INSERT INTO kinds (id, name) VALUES (2, 'tools);
              |                                         ^
              hint: close it with a quote; a quote inside a string is written twice
            ")
        },
    },
    Case {
        name: "a seed file that ends the transaction",
        start: Start::Ready,
        prepare: |scene| {
            scene.write("seed/base.sql", "INSERT INTO kinds (id, name) VALUES (2, 'tools'), (3, 'toys');\nROLLBACK;\n")
        },
        command: &["seed"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[transaction-control]: seed step 1, seed/base.sql: a seed file runs in one transaction, so it cannot say `ROLLBACK`
             --> [project]/seed/base.sql:2:1
              |
            2 | ROLLBACK;
              | ^^^^^^^^
              hint: leave the statement out
            ")
        },
    },
    Case {
        name: "a seed program that exits 3",
        start: Start::Ready,
        prepare: |scene| scene.write("seed/files.sh", "echo some files\necho no room for more >&2\nexit 3\n"),
        command: &["seed"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[program-failed]: seed step 3, sh seed/files.sh: the program `sh` failed: exit status: 3
              hint: it said last: some files
                    no room for more
            ")
        },
    },
    Case {
        name: "a seed program that does not exist",
        start: Start::Ready,
        prepare: |scene| scene.replace("stead.toml", "[\"sh\", \"seed/files.sh\"]", "[\"seed-the-files\", \"all\"]"),
        command: &["seed"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[program-not-started]: seed step 3, seed-the-files all: the program `seed-the-files` cannot be started: No such file or directory (os error 2)
              hint: a program without a slash is looked for in PATH; there is no shell
            ")
        },
    },
    Case {
        name: "a seed program that is killed",
        start: Start::Ready,
        prepare: |scene| scene.write("seed/files.sh", "kill -9 $$\n"),
        command: &["seed"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @r"error[program-failed]: seed step 3, sh seed/files.sh: the program `sh` failed: signal: 9 (SIGKILL)"),
    },
    Case {
        name: "a seed program that fails in the first init",
        start: Start::Project,
        prepare: |scene| scene.write("seed/files.sh", "exit 3\n"),
        command: &["init"],
        exit: 1,
        says: |said| insta::assert_snapshot!(said, @r"error[program-failed]: seed step 3, sh seed/files.sh: the program `sh` failed: exit status: 3"),
    },
    Case {
        name: "a seed step that breaks what rows refer to",
        start: Start::Ready,
        prepare: |scene| scene.write("seed/files.sh", "rm -rf \"$STEAD_STORAGE/pictures\"\n"),
        command: &["seed"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[files-missing]: 2 files that rows name are not in the storage: `pictures/1.txt`, `pictures/3.txt`
              hint: bring the files back or correct the rows; nothing was kept
            ")
        },
    },
];
