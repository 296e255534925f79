//! Random schemas, there and back: a database is made of statements that are drawn, inspected, written by the schema writer,
//! made again and inspected again. SQLite's own catalog is the judge of both, so nothing can be lost on either way unseen.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use stead_engine::{Server as _, Session, Value};
use stead_schema::model::TableKind;
use stead_schema::{EngineKind, Schema, compare};
use stead_sqlite::SqliteServer;

mod drawn;

use drawn::{Dice, script};

#[tokio::test]
async fn random_schemas_come_back() {
    let (most, time) = limits();
    let begun = Instant::now();
    let mut seed = 0;
    while seed < most && begun.elapsed() < time {
        comes_back(&script(&mut Dice::new(seed)), seed).await;
        seed += 1;
    }
    assert!(seed > 5, "only {seed} schemas in {time:?}");
}

/// At most so many schemas, and at most so long, whatever the machine; many with `STEAD_TORTURE=full`.
fn limits() -> (u64, Duration) {
    if stead_testkit::skip::full() { (5000, Duration::from_secs(150)) } else { (150, Duration::from_secs(8)) }
}

async fn comes_back(script: &[String], seed: u64) {
    let told = || format!("seed {seed}:\n{}", script.join(";\n"));
    let mut session = made(script, &told).await;
    let schema = session.inspect().await.unwrap_or_else(|error| panic!("{error}\n{}", told()));
    let listed = catalog(session.as_mut()).await;
    assert_eq!(held(&schema), names(&listed), "{}", told());
    let written: Vec<String> = stead_sql::write(&schema).unwrap().into_iter().map(|statement| statement.sql).collect();
    let mut again = made(&written, &told).await;
    assert_eq!(compare(&again.inspect().await.unwrap(), &schema), [], "{}", told());
    assert_eq!(catalog(again.as_mut()).await, listed, "{}", told());
}

async fn made(script: &[String], told: &impl Fn() -> String) -> Box<dyn Session> {
    let mut session = SqliteServer::new().scratch().await.unwrap();
    for statement in script {
        let done = session.execute(statement, &[]).await;
        done.unwrap_or_else(|error| panic!("{error}: {statement}\n{}", told()));
    }
    session
}

/// Kind, name, table and statement of everything that is not SQLite's own.
async fn catalog(session: &mut dyn Session) -> BTreeSet<Vec<String>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    let rows = session.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.iter().map(text).collect()).collect()
}

fn names(listed: &BTreeSet<Vec<String>>) -> BTreeSet<(String, String)> {
    listed.iter().map(|row| (row[0].clone(), row[1].clone())).collect()
}

/// Kind and name of everything that a schema holds.
fn held(schema: &Schema) -> BTreeSet<(String, String)> {
    let entry = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
    let tables = schema.tables.iter().map(|table| entry("table", &table.name.name));
    let indexes = schema.tables.iter().flat_map(|table| &table.indexes).map(|index| entry("index", &index.name));
    let views = schema.views.iter().map(|view| entry("view", &view.name.name));
    let triggers = schema.triggers.iter().map(|trigger| entry("trigger", &trigger.name.name));
    tables.chain(indexes).chain(views).chain(triggers).collect()
}

/// Everything that SQLite's catalog can list, and what of it is SQLite's own and is left out.
#[tokio::test]
async fn everything_in_the_catalog_is_held_or_is_sqlites_own() {
    let statements = [
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x UNIQUE, y)",
        "CREATE TABLE b (k TEXT PRIMARY KEY, v ANY, d TEXT AS (k || v) STORED) STRICT, WITHOUT ROWID",
        "CREATE INDEX i ON a (lower(x), y DESC) WHERE y IS NOT NULL",
        "CREATE VIRTUAL TABLE f USING fts5(title, body)",
        "CREATE VIEW v AS SELECT * FROM a JOIN b ON x = k",
        "CREATE TRIGGER g INSTEAD OF DELETE ON v BEGIN DELETE FROM a WHERE id = old.id; END",
        "INSERT INTO a (x, y) VALUES (1, 2)",
        "ANALYZE",
    ];
    let mut session = made(&statements.map(str::to_owned), &String::new).await;
    let rows = session.query("SELECT name FROM sqlite_schema WHERE name LIKE 'sqlite\\_%' ESCAPE '\\'", &[]).await;
    assert_eq!(rows.unwrap().len(), 4, "the sequence, the statistics, and two indexes of keys");
    let schema = session.inspect().await.unwrap();
    assert_eq!(held(&schema), names(&catalog(session.as_mut()).await));
    let shadows: Vec<&str> = schema
        .tables
        .iter()
        .filter(|table| table.kind == TableKind::Shadow)
        .map(|table| table.name.name.as_str())
        .collect();
    assert_eq!(shadows, ["f_config", "f_content", "f_data", "f_docsize", "f_idx"]);
    let b = schema.table("b").unwrap();
    assert_eq!(b.options.keys().collect::<Vec<_>>(), ["strict", "without rowid"]);
    assert_eq!(schema.engine, EngineKind::Sqlite);
}
