//! Traps of content: what every form of copy but pages changes or cannot hold.

use std::path::Path;

use rusqlite::Connection;
use stead_engine::snapshot::Guarantee;
use stead_engine::{Access, ErrorClass, Server};
use stead_schema::model::TableKind;

use crate::scene::{OLD, Scene, ask, database, place, wait};

fn run(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// Every value of a query with its storage class, floats and blobs by their bits.
fn exact(path: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let count = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        for index in 0..count {
            found.push(match row.get_ref(index).unwrap() {
                rusqlite::types::ValueRef::Real(number) => format!("real {:016x}", number.to_bits()),
                rusqlite::types::ValueRef::Text(bytes) => format!("text {bytes:?}"),
                other => format!("{other:?}"),
            });
        }
    }
    found
}

#[test]
fn trap_s06_properties_and_values_are_kept() {
    let settings = "PRAGMA page_size = 1024; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA encoding = 'UTF-16be'; \
                    PRAGMA user_version = 77; PRAGMA application_id = 1234567";
    for mode in ["DELETE", "WAL"] {
        let scene = Scene::new(&format!("{settings}; PRAGMA journal_mode = {mode}"));
        run(
            &scene.live,
            "CREATE TABLE odd (x); \
             INSERT INTO odd (rowid, x) VALUES (1, -0.0), (4, 5e-324), (5, 'a' || char(0) || 'b'), (9, 9007199254740993), \
             (12, 9007199254740993.0), (13, x''), (14, '')",
        );
        let loaded = scene.dump_and_load();
        for pragma in ["page_size", "auto_vacuum", "encoding", "user_version", "application_id", "journal_mode"] {
            let sql = format!("PRAGMA {pragma}");
            assert_eq!(ask(&loaded, &sql), ask(&scene.live, &sql), "{pragma}");
        }
        let values = exact(&scene.live, "SELECT rowid, x FROM odd");
        assert_eq!(exact(&loaded, "SELECT rowid, x FROM odd"), values);
        assert!(values.contains(&"real 8000000000000000".to_owned()), "−0.0 is not stored: {values:?}");
        assert!(values.contains(&"real 0000000000000001".to_owned()), "5e-324 is not stored: {values:?}");
    }
}

/// The stream is the file, byte for byte, where nothing else is open.
#[test]
fn trap_s06_a_dump_is_the_bytes_of_the_file() {
    for mode in ["DELETE", "WAL"] {
        let scene = Scene::new(&format!("PRAGMA journal_mode = {mode}"));
        let streams = scene.dump().streams();
        assert_eq!(streams.keys().collect::<Vec<_>>(), ["pages"]);
        assert!(streams["pages"] == std::fs::read(&scene.live).unwrap(), "the stream is not the file");
    }
}

#[test]
fn trap_s07_rowids_without_a_key() {
    let scene = Scene::new("");
    run(
        &scene.live,
        "CREATE TABLE notes (body TEXT); INSERT INTO notes VALUES ('one'), ('two'), ('three'), ('four'), ('five'); \
         DELETE FROM notes WHERE rowid IN (2, 3); \
         CREATE VIRTUAL TABLE found USING fts5(body, content = 'notes'); \
         INSERT INTO found (rowid, body) SELECT rowid, body FROM notes",
    );
    let loaded = scene.dump_and_load();
    assert_eq!(exact(&loaded, "SELECT rowid FROM notes"), ["Integer(1)", "Integer(4)", "Integer(5)"]);
    assert_eq!(ask(&loaded, "SELECT body FROM found WHERE found MATCH 'four'"), "four");
}

#[test]
fn trap_s08_typed_values_and_text_that_is_none() {
    let scene = Scene::new("");
    run(
        &scene.live,
        "CREATE TABLE typed (x); INSERT INTO typed VALUES (1e999), (-1e999), (1e999 - 1e999), ('abc'), (x'616263'), \
         (CAST(x'ff00fe' AS TEXT)), ('1'), (1), (1.0)",
    );
    let loaded = scene.dump_and_load();
    let sql = "SELECT typeof(x), x FROM typed ORDER BY rowid";
    assert_eq!(exact(&loaded, sql), exact(&scene.live, sql));
    assert_eq!(
        ask(&loaded, "SELECT group_concat(typeof(x)) FROM typed"),
        "real,real,null,text,blob,text,text,integer,real"
    );
    let mut session = wait(scene.server.open(&place(&loaded), Access::Read)).unwrap();
    let error = wait(session.query("SELECT x AS word FROM typed", &[])).unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert!(error.message.contains("`word`"), "{error}");
    let rows = wait(session.query("SELECT CAST(x AS BLOB) FROM typed WHERE rowid = 6", &[])).unwrap();
    assert_eq!(rows, [[stead_engine::Value::Blob(vec![255, 0, 254])]]);
}

#[test]
fn trap_s09_odd_tables_and_missing_modules() {
    let scene = Scene::new("");
    run(
        &scene.live,
        "CREATE TABLE pairs (a TEXT, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID; \
         CREATE TABLE tight (id INTEGER PRIMARY KEY, n INT, twice INT AS (n * 2) STORED, thrice INT AS (n * 3)) STRICT; \
         CREATE INDEX partial ON items (name) WHERE name <> 'old'; \
         CREATE INDEX computed ON items (lower(name), id DESC); \
         CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('some words here'); \
         INSERT INTO pairs VALUES ('x', 1); INSERT INTO tight (n) VALUES (21); \
         CREATE TABLE ghost_content (id INTEGER); \
         PRAGMA writable_schema = ON; \
         INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES \
         ('table', 'ghost', 'ghost', 0, 'CREATE VIRTUAL TABLE ghost USING nothing_like_that(one, two)')",
    );
    let loaded = scene.dump_and_load();
    let mut session = wait(scene.server.open(&place(&loaded), Access::Read)).unwrap();
    let schema = wait(session.inspect()).unwrap();
    let kind = |name: &str| schema.table(name).unwrap().kind.clone();
    assert_eq!(kind("ghost"), TableKind::Virtual("nothing_like_that(one, two)".to_owned()));
    assert_eq!(kind("words"), TableKind::Virtual("fts5(body)".to_owned()));
    assert_eq!(kind("words_content"), TableKind::Shadow);
    assert_eq!(kind("ghost_content"), TableKind::Ordinary);
    assert_eq!(schema.table("pairs").unwrap().options["without rowid"], "true");
    assert_eq!(schema.table("tight").unwrap().options["strict"], "true");
    let counts = wait(session.count_rows()).unwrap();
    assert!(counts.iter().all(|(name, _)| name != "ghost"), "{counts:?}");
    assert!(counts.contains(&("pairs".to_owned(), 1)), "{counts:?}");
    wait(session.verify()).unwrap();
    assert_eq!(ask(&loaded, "SELECT body FROM words WHERE words MATCH 'words'"), "some words here");
    assert_eq!(ask(&loaded, "SELECT twice || ' ' || thrice FROM tight"), "42 63");
    assert_eq!(ask(&loaded, "SELECT count(*) FROM items WHERE lower(name) = 'old'"), OLD.to_string());
}

#[test]
fn trap_s10_sequence_and_statistics() {
    let scene = Scene::new("");
    run(
        &scene.live,
        "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, x); INSERT INTO counted VALUES (50, 'a'); \
         DELETE FROM counted; CREATE INDEX by_name ON items (name); ANALYZE",
    );
    let loaded = scene.dump_and_load();
    run(&loaded, "INSERT INTO counted (x) VALUES ('b')");
    assert_eq!(ask(&loaded, "SELECT id FROM counted"), "51");
    let statistics = "SELECT group_concat(stat, ';') FROM sqlite_stat1";
    assert_eq!(ask(&loaded, statistics), ask(&scene.live, statistics));
    let mut session = wait(scene.server.open(&place(&loaded), Access::Read)).unwrap();
    let schema = wait(session.inspect()).unwrap();
    assert!(schema.tables.iter().all(|table| !table.name.name.starts_with("sqlite_")), "{schema:?}");
    assert_eq!(schema.table("counted").unwrap().column("id").unwrap().identity.as_deref(), Some("autoincrement"));
}

#[test]
fn trap_s11_attached_databases_have_no_common_moment() {
    let scene = Scene::new("PRAGMA journal_mode = WAL");
    let other = scene.folder.path().join("other.db");
    database(&other, "", 3, "other");
    let one = wait(scene.server.bulk().view(&[place(&scene.live)])).unwrap();
    assert_eq!(one.guarantee(), Guarantee::OneView);
    wait(one.close()).unwrap();
    let both = wait(scene.server.bulk().view(&[place(&scene.live), place(&other)])).unwrap();
    assert_eq!(both.guarantee(), Guarantee::OneViewEach);
    assert!(!scene.server.capabilities().view_spans_databases);
    wait(both.close()).unwrap();
}
