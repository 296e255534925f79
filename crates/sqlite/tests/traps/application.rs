//! Databases that only their application knows in full: collations, functions and tokenizers that are not in this build, and
//! rows that break what the schema says. A copy of one must be as good as the original.

use std::path::Path;

use rusqlite::Connection;
use stead_engine::{Access, ErrorClass, Server, TransactionKind, Value};

use crate::scene::{OLD, Scene, ask, place, wait};

/// What it is, the statements that make it, and the words that are put in the place of others.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Runs statements, then puts other words into the stored ones, as an application that knows those words would have.
fn made(path: &Path, sql: &str, words: &[(&str, &str)]) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    for (known, unknown) in words {
        let changed = connection
            .execute("UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2) WHERE instr(sql, ?1)", [known, unknown])
            .unwrap();
        assert!(changed > 0, "{known}");
    }
    connection.execute_batch("PRAGMA writable_schema = RESET").unwrap();
}

#[test]
fn a_dump_of_what_only_the_application_knows_can_be_loaded() {
    let cases: [Case; 9] = [
        (
            "a collation",
            "CREATE TABLE t (a TEXT COLLATE nocase UNIQUE, b); CREATE INDEX i ON t (b COLLATE nocase); \
             INSERT INTO t VALUES ('x', 'y')",
            &[("nocase", "unicase")],
        ),
        (
            "a collation of a key",
            "CREATE TABLE t (a TEXT COLLATE nocase PRIMARY KEY, b) WITHOUT ROWID; \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
             INSERT INTO t SELECT 'row ' || i, hex(zeroblob(i * 10)) FROM n",
            &[("nocase", "unicase")],
        ),
        (
            "a function in a check",
            "CREATE TABLE t (a CHECK (a GLOB 'x')); INSERT INTO t VALUES ('x')",
            &[("GLOB", "REGEXP")],
        ),
        (
            "a function in an index and a generated column",
            "CREATE TABLE t (a, b TEXT NOT NULL AS (upper(a))); CREATE INDEX i ON t (upper(a)) WHERE upper(a) > ''; \
             INSERT INTO t VALUES ('x')",
            &[("upper(", "unaccent(")],
        ),
        (
            "a tokenizer",
            "CREATE VIRTUAL TABLE t USING fts5(a, tokenize = 'porter'); INSERT INTO t VALUES ('x')",
            &[("porter", "jieba")],
        ),
        (
            "a search table out of step with what it searches",
            "CREATE TABLE body (a); INSERT INTO body VALUES ('some words'); \
             CREATE VIRTUAL TABLE t USING fts4(content='body', a); INSERT INTO t (t) VALUES ('rebuild'); \
             DELETE FROM body; CREATE VIRTUAL TABLE u USING fts5(a, content = 'body'); \
             INSERT INTO u (rowid, a) VALUES (7, 'nowhere')",
            &[],
        ),
        (
            "rows that break a check",
            "CREATE TABLE t (a CHECK (a > 1)); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (0)",
            &[],
        ),
        (
            "rows that break NOT NULL",
            "CREATE TABLE t (a TEXT); INSERT INTO t VALUES (NULL)",
            &[("a TEXT", "a TEXT NOT NULL")],
        ),
        (
            "values of another type",
            "CREATE TABLE t (a BLOB, b BLOB); INSERT INTO t VALUES (1, '1')",
            &[("a BLOB, b BLOB", "a TEXT, b INTEGER")],
        ),
    ];
    for (name, sql, words) in cases {
        let scene = Scene::new("");
        made(&scene.live, sql, words);
        let loaded = scene.dump_and_load();
        let mut session = wait(scene.server.open(&place(&loaded), Access::Write)).unwrap();
        wait(session.inspect()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let counts = wait(session.count_rows()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = if name == "a collation of a key" { 500 } else { 1 };
        assert!(counts.iter().all(|(table, rows)| table != "t" || *rows == expected), "{name}: {counts:?}");
        wait(session.verify()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ignored = wait(session.query("PRAGMA ignore_check_constraints", &[])).unwrap();
        assert_eq!(ignored, [[Value::Integer(0)]], "{name}: rows are held against their checks again");
        wait(session.close()).unwrap();
        assert_eq!(ask(&loaded, "SELECT count(*) FROM items"), OLD.to_string(), "{name}");
    }
}

/// What is not checked for want of a collation is read at least, and the rest is checked.
#[test]
fn damage_beside_what_cannot_be_checked_is_found() {
    for spoiled in ["items", "t"] {
        let scene = Scene::new("");
        let sql = "CREATE TABLE t (a TEXT COLLATE nocase UNIQUE); INSERT INTO t VALUES ('x')";
        made(&scene.live, sql, &[("nocase", "unicase")]);
        let page: usize =
            ask(&scene.live, &format!("SELECT rootpage FROM sqlite_schema WHERE name = '{spoiled}'")).parse().unwrap();
        let mut bytes = std::fs::read(&scene.live).unwrap();
        bytes[(page - 1) * 4096..page * 4096].fill(0xff);
        std::fs::write(&scene.live, bytes).unwrap();
        let mut session = wait(scene.server.open(&place(&scene.live), Access::Read)).unwrap();
        let error = wait(session.verify()).unwrap_err();
        assert!(error.damaged && error.class == ErrorClass::Refused, "{spoiled}: {error}");
    }
}

/// Foreign keys whose columns have such a collation cannot be checked here; every other revision must go through.
#[test]
fn a_foreign_key_with_an_unknown_collation_stops_no_revision() {
    let scene = Scene::new("");
    let sql = "CREATE TABLE parent (a TEXT COLLATE nocase PRIMARY KEY); \
               CREATE TABLE child (a TEXT REFERENCES parent); CREATE TABLE other (id REFERENCES items); \
               INSERT INTO parent VALUES ('x'); INSERT INTO child VALUES ('x')";
    made(&scene.live, sql, &[("nocase", "unicase")]);
    let mut session = wait(scene.server.open(&place(&scene.live), Access::Write)).unwrap();
    wait(session.begin(TransactionKind::Schema)).unwrap();
    wait(session.execute("ALTER TABLE items ADD COLUMN more TEXT", &[])).unwrap();
    wait(session.commit()).unwrap();
    wait(session.begin(TransactionKind::Schema)).unwrap();
    wait(session.execute("INSERT INTO other VALUES (-1)", &[])).unwrap();
    let error = wait(session.commit()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Constraint, "{error}");
}

/// What a revision sets for its connection ends with it, or two databases with one history would differ by how many runs it took.
#[test]
fn what_a_file_sets_for_its_connection_ends_with_it() {
    const ASKED: [&str; 9] = [
        "PRAGMA legacy_alter_table",
        "PRAGMA ignore_check_constraints",
        "PRAGMA recursive_triggers",
        "PRAGMA foreign_keys",
        "PRAGMA writable_schema",
        "PRAGMA query_only",
        "SELECT 'A' LIKE 'a'",
        "SELECT count(*) FROM temp.sqlite_schema",
        "SELECT count(*) FROM pragma_database_list WHERE name <> 'temp'",
    ];
    const CHANGED: [&str; 8] = [
        "PRAGMA legacy_alter_table = ON",
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA recursive_triggers = ON",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA case_sensitive_like = ON",
        "CREATE TEMP TABLE items (id, name)",
        "CREATE TEMP TRIGGER g AFTER DELETE ON main.items BEGIN DELETE FROM items; END",
        "PRAGMA writable_schema = ON",
    ];
    let scene = Scene::new("");
    for kind in [None, Some(TransactionKind::Schema), Some(TransactionKind::Write)] {
        let mut session = wait(scene.server.open(&place(&scene.live), Access::Write)).unwrap();
        let before: Vec<_> = ASKED.iter().map(|sql| wait(session.query(sql, &[])).unwrap()).collect();
        if let Some(kind) = kind {
            wait(session.begin(kind)).unwrap();
        } else {
            wait(session.execute("ATTACH ':memory:' AS other", &[])).unwrap();
        }
        for sql in CHANGED {
            wait(session.execute(sql, &[])).unwrap();
        }
        wait(session.restore_settings()).unwrap();
        wait(session.execute("INSERT INTO items (name) VALUES ('main')", &[])).unwrap();
        if kind.is_some() {
            wait(session.commit()).unwrap();
        }
        let after: Vec<_> = ASKED.iter().map(|sql| wait(session.query(sql, &[])).unwrap()).collect();
        assert_eq!(after, before, "{kind:?}");
        wait(session.close()).unwrap();
    }
    assert_eq!(ask(&scene.live, "SELECT count(*) FROM items WHERE name = 'main'"), "3");
}

/// A statement may have been stored in any encoding; a schema is text, so the object is named and nothing is a defect.
#[test]
fn a_statement_that_is_not_utf_8_is_refused_by_its_name() {
    let scene = Scene::new("");
    let connection = Connection::open(&scene.live).unwrap();
    connection
        .execute_batch(
            "PRAGMA writable_schema = ON; \
             UPDATE sqlite_schema SET sql = replace(sql, 'TEXT', 'TEXT /* f' || CAST(x'fc' AS TEXT) || 'r */') \
             WHERE name = 'items'",
        )
        .unwrap();
    drop(connection);
    let mut session = wait(scene.server.open(&place(&scene.live), Access::Read)).unwrap();
    let error = wait(session.inspect()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported, "{error}");
    assert!(error.message.contains("table `items`"), "{error}");
}
