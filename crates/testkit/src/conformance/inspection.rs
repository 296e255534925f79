//! Inspection: complete, equal for equal databases, and at a cost that does not grow. Each case makes its own objects
//! through plain SQL.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use stead_engine::Session;
use stead_schema::model::{Index, Table};

use super::Scene;

const STATEMENTS: [&str; 6] = [
    "CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL DEFAULT 'nobody', UNIQUE (name))",
    "CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER NOT NULL, title VARCHAR(200), price NUMERIC(8, 2), \
     CONSTRAINT written_by FOREIGN KEY (author) REFERENCES authors (id) ON DELETE CASCADE, \
     CONSTRAINT dear CHECK (price > 0))",
    "CREATE INDEX books_by_title ON books (title, price DESC)",
    "CREATE UNIQUE INDEX books_once ON books (author, title)",
    "CREATE VIEW cheap AS SELECT title FROM books WHERE price < 10",
    "CREATE TABLE plain (a INTEGER, b VARCHAR(10))",
];

async fn build(session: &mut dyn Session) -> Result<()> {
    for statement in STATEMENTS {
        session.execute(statement, &[]).await.with_context(|| statement.to_owned())?;
    }
    for statement in stead_sql::ledger::create(session.kind()) {
        session.execute(statement, &[]).await?;
    }
    Ok(())
}

/// Some engines tell a unique constraint from a unique index, others have one thing for both.
fn unique_by_name(table: &Table) -> bool {
    let by_key = table.unique_keys.iter().any(|key| key.columns == ["name"]);
    let by_index = |index: &Index| index.unique && index.parts.len() == 1 && index.parts[0].expression == "name";
    by_key != table.indexes.iter().any(by_index)
}

pub(super) async fn an_inspection_is_complete(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    build(session.as_mut()).await?;
    let schema = session.inspect().await?;
    let tables: Vec<&str> = schema.tables.iter().map(|table| table.name.name.as_str()).collect();
    ensure!(tables == ["authors", "books", "plain"], "{tables:?}");
    ensure!(schema.views.len() == 1 && schema.views[0].name.name == "cheap", "{:?}", schema.views);
    let authors = schema.table("authors").context("authors")?;
    ensure!(unique_by_name(authors), "{authors:?}");
    let name = authors.column("name").context("name")?;
    ensure!(!name.nullable && name.default.is_some(), "{name:?}");
    let books = schema.table("books").context("books")?;
    ensure!(books.primary_key.as_ref().is_some_and(|key| key.columns == ["id"]), "{books:?}");
    let key = books.foreign_keys.first().context("no foreign key")?;
    ensure!(key.target.name == "authors" && key.on_delete == "CASCADE", "{key:?}");
    ensure!(key.name.as_deref() == Some("written_by"), "{key:?}");
    ensure!(books.checks.len() == 1 && books.checks[0].name.as_deref() == Some("dear"), "{:?}", books.checks);
    // Their order is the server's where it means something.
    let indexes: BTreeMap<&str, &Index> = books.indexes.iter().map(|index| (index.name.as_str(), index)).collect();
    let unique: Vec<(&str, bool)> = indexes.iter().map(|(name, index)| (*name, index.unique)).collect();
    ensure!(unique == [("books_by_title", false), ("books_once", true)], "{indexes:?}");
    let parts = &indexes["books_by_title"].parts;
    ensure!(parts[1].descending && !parts[0].descending, "{:?}", books.indexes);
    let mut again = scene.server.scratch().await?;
    build(again.as_mut()).await?;
    ensure!(again.inspect().await? == schema, "two databases made by the same statements differ");
    Ok(())
}

pub(super) async fn an_inspection_costs_the_same_for_any_size(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    let mut costs = Vec::new();
    for (first, last) in [(0, 1), (1, 300)] {
        for number in first..last {
            let create = format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name VARCHAR(20) UNIQUE)");
            session.execute(&create, &[]).await?;
            session.execute(&format!("CREATE INDEX i{number} ON t{number} (name, id)"), &[]).await?;
        }
        let before = session.queries_sent();
        let schema = session.inspect().await?;
        ensure!(schema.tables.len() == last, "{} tables instead of {last}", schema.tables.len());
        costs.push(session.queries_sent() - before);
    }
    ensure!(costs[0] > 0 && costs[0] == costs[1], "1 table costs {} queries, 300 cost {}", costs[0], costs[1]);
    Ok(())
}
