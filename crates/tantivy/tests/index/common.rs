//! A small index of add-ons and the few calls that every test makes with it.

use std::future::Future;
use std::path::Path;

use stead_engine::search::{Built, Definition, Document, Field, FieldKind, SearchRequest, SearchResult};
use stead_engine::{EngineError, SearchEngine, Value};
use stead_tantivy::TantivyEngine;

pub(crate) const NAME: &str = "addons";
pub(crate) const TIME: &str = "2024-05-31T23:59:59Z";

/// Runs a future to its end.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn field(name: &str, kind: FieldKind) -> Field {
    Field { name: name.to_owned(), kind, language: None, boost: 1.0, stored: true, highlight: true }
}

/// id · name (English, counts twice) · summary (English) · kind · downloads · rating · featured · updated
pub(crate) fn definition() -> Definition {
    let english = |name: &str, boost| Field { language: Some("en".to_owned()), boost, ..field(name, FieldKind::Text) };
    let fields = vec![
        field("id", FieldKind::Integer),
        english("name", 2.0),
        english("summary", 1.0),
        field("kind", FieldKind::Keyword),
        field("downloads", FieldKind::Integer),
        field("rating", FieldKind::Float),
        field("featured", FieldKind::Boolean),
        field("updated", FieldKind::Date),
    ];
    Definition { name: NAME.to_owned(), key: "id".to_owned(), fields, hash: "hash-1".to_owned() }
}

pub(crate) fn row(id: i64, name: &str, summary: &str) -> Document {
    let kind = if id % 2 == 0 { "theme" } else { "extension" };
    let updated = format!("2024-05-{:02} 10:00:00", id.rem_euclid(28) + 1);
    let flags = [Value::Integer(id * 10), Value::Real(0.5), Value::Integer(id % 2), updated.into()];
    [id.into(), name.into(), summary.into(), kind.into()].into_iter().chain(flags).collect()
}

pub(crate) fn addons() -> Vec<Document> {
    vec![
        row(1, "Dark Reader", "Dark themes for every site"),
        row(2, "Night Theme", "A dark and quiet theme"),
        row(3, "Tab Runner", "Running many tabs; runs fast"),
        row(10, "Quiet Tabs", "Tabs that keep quiet"),
    ]
}

/// Builds an index and does not publish it.
pub(crate) fn build(
    engine: &TantivyEngine,
    definition: &Definition,
    batches: Vec<Vec<Document>>,
) -> Result<Built, EngineError> {
    wait(async {
        let mut build = engine.begin(definition, TIME).await?;
        for batch in batches {
            build.add(batch).await?;
        }
        build.finish().await
    })
}

/// Builds an index and lets it answer.
pub(crate) fn published(engine: &TantivyEngine, definition: &Definition, rows: Vec<Document>) -> Built {
    let built = build(engine, definition, vec![rows]).unwrap();
    wait(engine.publish(&definition.name, &built.id)).unwrap();
    built
}

/// An engine whose index of add-ons answers.
pub(crate) fn engine(folder: &Path) -> TantivyEngine {
    let engine = TantivyEngine::new(folder);
    published(&engine, &definition(), addons());
    engine
}

pub(crate) fn request(words: &str) -> SearchRequest {
    SearchRequest { words: words.to_owned(), limit: 10, offset: 0 }
}

pub(crate) fn search(engine: &TantivyEngine, words: &str) -> SearchResult {
    wait(engine.search(NAME, &request(words))).unwrap()
}

/// The keys that a search finds, best first.
pub(crate) fn keys(engine: &TantivyEngine, words: &str) -> Vec<String> {
    search(engine, words).hits.into_iter().map(|hit| hit.key).collect()
}
