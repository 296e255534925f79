//! Index definitions that are wrong and indexes that are damaged. The old index keeps answering while a build fails, and
//! damage is told as damage, never as an empty answer.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a documents query with an unknown column",
        start: Start::Ready,
        prepare: |scene| scene.write("indexes/items.sql", "SELECT id, nmae, price FROM items ORDER BY id\n"),
        command: &["index", "build"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[syntax]: the documents query of index `items`: no such column: nmae
             --> [project]/indexes/items.sql:1:12
              |
            1 | SELECT id, nmae, price FROM items ORDER BY id
              |            ^
            ")
        },
    },
    Case {
        name: "a documents query with a syntax error",
        start: Start::Ready,
        prepare: |scene| scene.write("indexes/items.sql", "SELECT id, name price, FROM items\n"),
        command: &["index", "build"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[syntax]: the documents query of index `items`: near "FROM": syntax error
             --> [project]/indexes/items.sql:1:24
              |
            1 | SELECT id, name price, FROM items
              |                        ^
            "#)
        },
    },
    Case {
        name: "a documents file with two statements",
        start: Start::Ready,
        prepare: |scene| scene.write("indexes/items.sql", "SELECT id, name FROM items;\nSELECT id, name FROM kinds;\n"),
        command: &["index", "build"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[documents-query]: `[project]/indexes/items.sql` must hold one query, it holds 2 statements
              hint: write one `SELECT`, the key column first
            ")
        },
    },
    Case {
        name: "a documents file without a statement",
        start: Start::Ready,
        prepare: |scene| scene.write("indexes/items.sql", "-- nothing yet\n"),
        command: &["index", "build"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[documents-query]: `[project]/indexes/items.sql` must hold one query, it holds 0 statements
              hint: write one `SELECT`, the key column first
            ")
        },
    },
    Case {
        name: "a documents query that writes",
        start: Start::Ready,
        prepare: |scene| scene.write("indexes/items.sql", "DELETE FROM items RETURNING id, name\n"),
        command: &["index", "build"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[syntax]: the documents query of index `items`: near "DELETE": syntax error
             --> [project]/indexes/items.sql:1:1
              |
            1 | DELETE FROM items RETURNING id, name
              | ^
            "#)
        },
    },
    Case {
        name: "documents with one key",
        start: Start::Ready,
        prepare: |scene| scene.write("indexes/items.sql", "SELECT kind, name FROM items ORDER BY kind\n"),
        command: &["index", "build"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[constraint]: index `items`: two documents have the key `2`
              hint: the first column of the documents query must be different in every row
            ")
        },
    },
    Case {
        name: "documents without a key",
        start: Start::Ready,
        prepare: |scene| scene.write("indexes/items.sql", "SELECT picture, name FROM items\n"),
        command: &["index", "build"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[constraint]: a document does not fit field `picture`: the key is `NULL`
              hint: the first column of the documents query names the document and must be set in every row
            ")
        },
    },
    Case {
        name: "a field that the query does not give",
        start: Start::Ready,
        prepare: |scene| scene.replace("stead.toml", "fields = { name =", "fields = { nmae ="),
        command: &["index", "build"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-field]: index `items`: there is no field `nmae` in this project
              hint: did you mean `name`?
              hint: there are: `id`, `name`, `price`
              hint: fields are the columns of the documents query
            ")
        },
    },
    Case {
        name: "a field of an unknown type",
        start: Start::Ready,
        prepare: |scene| scene.replace("stead.toml", "type = \"text\"", "type = \"txt\""),
        command: &["index", "build"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[unknown-word]: `indexes.items.fields.name.type` is `txt`, which is not one of `text`, `keyword`, `integer`, `float`, `boolean`, `date`
              --> stead.toml:25:28
               |
            25 | fields = { name = { type = "txt", language = "en", boost = 2 } }
               |                            ^^^^^
              hint: did you mean `text`?
            "#)
        },
    },
    Case {
        name: "a missing documents file",
        start: Start::Ready,
        prepare: |scene| std::fs::remove_file(scene.path("indexes/items.sql")).expect("a file of the fixture"),
        command: &["index", "build"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[file-missing]: the file `[project]/indexes/items.sql` does not exist
              hint: create it, or mend what names it in the project file
            ")
        },
    },
    Case {
        name: "a corrupt pointer",
        start: Start::Ready,
        prepare: |scene| scene.write(".stead/development/indexes/items/current", "../../nowhere"),
        command: &["search", "items", "kite"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unreachable]: index `items` cannot be read: its pointer `current` holds no id
              hint: build it again: `stead index build items`
            ")
        },
    },
    Case {
        name: "a pointer to an index that is gone",
        start: Start::Ready,
        prepare: |scene| scene.write(".stead/development/indexes/items/current", "20200101000000-1\n"),
        command: &["search", "items", "kite"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unreachable]: index `items` cannot be read: its pointer `current` names `[time]-[id]`, which is not there
              hint: build it again: `stead index build items`
            ")
        },
    },
    Case {
        name: "a damaged index",
        start: Start::Ready,
        prepare: |scene| scene.cut(&scene.first(".stead/development/indexes/items", "/meta.json"), 1),
        command: &["search", "items", "kite"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r#"
            error[unreachable]: index `items` cannot be read: Data corruption (in file `"meta.json"`): Meta file cannot be deserialized. Error("EOF while parsing an object", line: 1, column: 1)
              hint: build it again: `stead index build items`
            "#)
        },
    },
    Case {
        name: "a damaged index to verify",
        start: Start::Ready,
        prepare: |scene| scene.cut(&scene.first(".stead/development/indexes/items", ".store"), 0),
        command: &["index", "verify"],
        exit: 7,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unreachable]: index `items` cannot be read: its file `[id].store`: File corrupted. The file is smaller than 4 bytes (len=0).
              hint: build it again: `stead index build items`
            ")
        },
    },
    Case {
        name: "a search without an index",
        start: Start::Ready,
        prepare: |scene| {
            scene.run(["index", "drop", "items", "--yes"]).exits(0);
        },
        command: &["search", "items", "kite"],
        exit: 1,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[index-absent]: index `items` was not built yet
              hint: `stead index build items` builds it
            ")
        },
    },
];
