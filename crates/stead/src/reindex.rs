//! Building a search index: a new one beside the one that answers, filled from the documents query, held against the
//! rows it came from, and only then published. A failure at any moment leaves the old index answering.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use stead_engine::search::{Built, Definition, Document, Field, FieldKind};
use stead_engine::value::ResultColumn;
use stead_engine::{Access, Event, Row, SearchEngine, Value};
use stead_schema::EngineKind;

use crate::counted::counted;
use crate::environment::{Database, Environment};
use crate::error::{Error, Label, Result};
use crate::journal::passed;
use crate::project::IndexSettings;
use crate::replacement::Replacement;
use crate::{clock, engines};

/// Documents in one batch where the project does not say otherwise: large enough that commits cost little.
const DEFAULT_BATCH: usize = 10_000;

/// Sampled documents are read back and compared after a build.
const SAMPLES: usize = 64;

/// What the state of an index is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexState {
    /// None answers.
    Absent,
    /// One answers and was built from today's definition.
    Current,
    /// One answers, but query, fields or format have changed since.
    Outdated,
    /// What lies there cannot be read.
    Broken,
    /// One answers, but the project has no index of that name any more.
    LeftBehind,
}

/// An index as `index status` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndexStatus {
    /// The name in the project.
    pub name: String,
    /// Its state.
    pub state: IndexState,
    /// The one that answers.
    pub built: Option<Built>,
    /// Why it is broken; empty otherwise.
    pub problem: String,
}

/// The names of all indexes: those of the project, then those that left it.
///
/// # Errors
///
/// The folder of indexes cannot be listed.
pub async fn names(environment: &Environment) -> Result<Vec<String>> {
    let mut names: Vec<String> = environment.project.indexes.keys().cloned().collect();
    names.extend(environment.left_indexes().await?);
    Ok(names)
}

/// The state of one index, without building anything.
///
/// # Errors
///
/// A name that is not in the project and that none was left behind under, or a documents file that cannot be read.
pub async fn status(environment: &Environment, name: &str) -> Result<IndexStatus> {
    let strange = !environment.project.indexes.contains_key(name);
    if strange && environment.left_indexes().await?.iter().any(|left| left == name) {
        let built = environment.search_engine_of_any(name)?.current(name).await.ok().flatten();
        return Ok(IndexStatus { name: name.to_owned(), state: IndexState::LeftBehind, built, problem: String::new() });
    }
    let engine = environment.search_engine(name)?;
    let hash = definition_hash(environment, name, engine.as_ref())?;
    let name = name.to_owned();
    Ok(match engine.current(&name).await {
        Err(error) => IndexStatus { name, state: IndexState::Broken, built: None, problem: error.to_string() },
        Ok(None) => IndexStatus { name, state: IndexState::Absent, built: None, problem: String::new() },
        Ok(Some(built)) => {
            let state = if built.hash == hash { IndexState::Current } else { IndexState::Outdated };
            IndexStatus { name, state, built: Some(built), problem: String::new() }
        }
    })
}

/// Builds an index from its database and lets it answer. The caller holds the locks.
///
/// # Errors
///
/// Whatever the query, the documents or the search engine refuse; the index that answered goes on answering.
pub async fn rebuild(environment: &Environment, name: &str) -> Result<Built> {
    let database = environment.database(&settings(environment, name)?.database)?;
    let built = build(environment, name, database).await?;
    let engine = environment.search_engine(name)?;
    passed("index.publish")?;
    engine.publish(name, &built.id).await?;
    passed("index.swept")?;
    environment.sweep_indexes().await?;
    Ok(built)
}

/// Builds every index of the project that reads one of these databases, and hands them to the replacement, so that they
/// begin to answer together with the databases they were built from.
///
/// # Errors
///
/// Whatever a build refuses; nothing answers differently then.
pub async fn build_for(
    environment: &Environment,
    databases: &[Database],
    replacement: &mut Replacement<'_>,
) -> Result<()> {
    for (name, settings) in &environment.project.indexes {
        if let Some(database) = databases.iter().find(|database| database.name == settings.database) {
            let built = build(environment, name, database).await?;
            replacement.put_index(name, Some(built.id)).await?;
        }
    }
    Ok(())
}

/// Builds an index from that database beside the one that answers, and proves it; it does not answer yet.
///
/// # Errors
///
/// Whatever the query, the documents or the search engine refuse. What was built so far is removed.
pub async fn build(environment: &Environment, name: &str, database: &Database) -> Result<Built> {
    let step = format!("index {name}");
    environment.report(Event::Started { step: step.clone() });
    let began = Instant::now();
    let built = fill(environment, name, database, &step).await;
    match &built {
        Ok(built) => {
            let outcome = counted(built.documents, "document");
            environment.report(Event::Done { step, outcome, took: began.elapsed() });
        }
        Err(_) => {
            environment.report(Event::Failed { step });
            // The first error is the one that matters; what cannot be removed now is removed by the next command.
            let _unswept = environment.sweep_indexes().await;
        }
    }
    built
}

async fn fill(environment: &Environment, name: &str, database: &Database, step: &str) -> Result<Built> {
    let settings = settings(environment, name)?;
    let engine = environment.search_engine(name)?;
    let query = documents_query(environment, name)?;
    let hash = definition_hash(environment, name, engine.as_ref())?;
    let mut session = database.open(Access::Read).await?;
    let total = count(session.as_mut(), &query).await.map_err(|error| query_error(environment, name, &query, error))?;
    let size = settings.batch.map_or(DEFAULT_BATCH, |batch| usize::try_from(batch).unwrap_or(DEFAULT_BATCH)).max(1);
    let mut rows = session.stream(&query, size).await.map_err(|error| query_error(environment, name, &query, error))?;
    let mut batch = rows.next().await?;
    let definition = define(name, settings, database.server.kind(), rows.columns(), &batch, hash)?;
    let mut build = engine.begin(&definition, &clock::now()).await?;
    let (mut done, mut samples) = (0_u64, Vec::new());
    report(environment, step, 0, total);
    while !batch.is_empty() {
        samples.extend(sample(&batch, total));
        done += batch.len() as u64;
        build.add(batch).await?;
        report(environment, step, done, total);
        batch = rows.next().await?;
    }
    drop(rows);
    session.close().await?;
    let built = build.finish().await?;
    prove(&definition, &engine, &built, done, &samples).await?;
    Ok(built)
}

fn report(environment: &Environment, step: &str, done: u64, total: u64) {
    // Rows that arrive between counting and reading must not make more than all of them.
    let total = Some(total.max(done));
    environment.report(Event::Progress { step: step.to_owned(), done, total, unit: "documents" });
}

async fn count(session: &mut dyn stead_engine::Session, query: &str) -> Result<u64, stead_engine::EngineError> {
    const BEFORE: &str = "SELECT count(*) FROM (";
    let counted = session.query(&format!("{BEFORE}{query}\n) AS documents"), &[]).await;
    // What is wrong is wrong in the query as it was written, not in the words around it.
    let rows = counted.map_err(|error| stead_engine::EngineError {
        offset: error.offset.and_then(|offset| offset.checked_sub(BEFORE.len())),
        ..error
    })?;
    let count = rows.first().and_then(|row| row.first()).and_then(Value::as_integer);
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

/// A few documents of each batch, spread over it, for the comparison afterwards.
fn sample(batch: &[Row], total: u64) -> Vec<Document> {
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    let every = (total / SAMPLES).max(1);
    batch.iter().step_by(every).cloned().collect()
}

/// Holds the finished index against what was read: as many documents, and the sampled ones are there.
async fn prove(
    definition: &Definition,
    engine: &Arc<dyn SearchEngine>,
    built: &Built,
    sent: u64,
    samples: &[Document],
) -> Result<()> {
    let name = &definition.name;
    if built.documents != sent {
        let message = format!("index `{name}` holds {} documents, {sent} were read", built.documents);
        return Err(Error::failed("index-count-differs", message).hint(format!(
            "the first column, `{}`, must be different in every row of the documents query",
            definition.key
        )));
    }
    let keys: Vec<String> = samples.iter().filter_map(|document| document.first()).map(key_text).collect();
    let found = engine.fetch_built(name, &built.id, &keys).await?;
    let expected = samples.iter().map(|document| fields(definition, document));
    if found.iter().eq(expected.collect::<Vec<_>>().iter()) {
        return Ok(());
    }
    let message = format!("index `{name}`: {} sampled documents are not all what was read", keys.len());
    Err(Error::failed("index-sample-differs", message).hint("nothing was published; build it again"))
}

/// A document as the index gives it back: what is `NULL` or not stored is left out.
fn fields(definition: &Definition, document: &Document) -> BTreeMap<String, Value> {
    let fields = definition.fields.iter().zip(document);
    let fields = fields.filter(|(field, value)| field.stored && **value != Value::Null);
    fields.map(|(field, value)| (field.name.clone(), value.clone())).collect()
}

/// A key as the index stores it.
#[must_use]
pub fn key_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn settings<'a>(environment: &'a Environment, name: &str) -> Result<&'a IndexSettings> {
    let indexes = &environment.project.indexes;
    indexes.get(name).ok_or_else(|| crate::environment::unknown("index", name, indexes.keys().map(String::as_str)))
}

/// The documents query for the engine of the index's database.
fn documents_query(environment: &Environment, name: &str) -> Result<String> {
    let settings = settings(environment, name)?;
    let kind = environment.database(&settings.database)?.server.kind();
    let path = settings.documents_for(kind).ok_or_else(|| {
        Error::usage("documents-missing", format!("index `{name}` has no documents query for {kind}"))
            .hint(format!("add `{}` or `default` to its `documents`", kind.word()))
    })?;
    let text = crate::files::read_text(&path)?;
    let statements = stead_sql::split::split(&text, kind)
        .map_err(|error| Error::usage(error.code(), format!("`{}`: {error}", path.display())))?;
    match <[_; 1]>::try_from(statements) {
        Ok([statement]) => Ok(statement.text),
        Err(statements) => {
            let message = format!("`{}` must hold one query, it holds {} statements", path.display(), statements.len());
            Err(Error::usage("documents-query", message).hint("write one `SELECT`, the key column first"))
        }
    }
}

fn query_error(environment: &Environment, name: &str, query: &str, error: stead_engine::EngineError) -> Error {
    let kind = environment.project.indexes.get(name).map(|settings| settings.database.clone()).unwrap_or_default();
    let path = environment.database(&kind).ok().and_then(|database| {
        settings(environment, name).ok().and_then(|settings| settings.documents_for(database.server.kind()))
    });
    let offset = error.offset.filter(|offset| *offset <= query.len());
    let error = Error::from(error.context(format!("the documents query of index `{name}`")));
    match (path, offset) {
        (Some(file), Some(offset)) => {
            error.label(Label { file, source: query.to_owned(), span: offset..offset, text: String::new() })
        }
        _ => error,
    }
}

fn definition_hash(environment: &Environment, name: &str, engine: &dyn SearchEngine) -> Result<String> {
    let settings = settings(environment, name)?;
    let query = documents_query(environment, name)?;
    let fields = serde_json::to_string(&settings.fields).expect("settings of plain values");
    let text = format!("{}\n{}\n{query}\n{fields}", engine.format(), settings.database);
    Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
}

/// The fields of an index: the columns of the query, with what the project says about them.
fn define(
    name: &str,
    settings: &IndexSettings,
    engine: EngineKind,
    columns: &[ResultColumn],
    first: &[Row],
    hash: String,
) -> Result<Definition> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    if let Some(unknown) = settings.fields.keys().find(|field| !names.contains(&field.as_str())) {
        return Err(crate::environment::unknown("field", unknown, names.into_iter())
            .context(format!("index `{name}`"))
            .hint("fields are the columns of the documents query"));
    }
    let fields: Vec<Field> =
        columns.iter().enumerate().map(|(at, column)| field(engine, settings, column, at, first)).collect();
    let key = columns.first().map(|column| column.name.clone()).ok_or_else(|| {
        Error::usage("documents-query", format!("the documents query of index `{name}` has no columns"))
    })?;
    Ok(Definition { name: name.to_owned(), key, fields, hash })
}

fn field(engine: EngineKind, settings: &IndexSettings, column: &ResultColumn, position: usize, rows: &[Row]) -> Field {
    let declared = settings.fields.get(&column.name);
    let kind = declared.and_then(|field| field.kind).unwrap_or_else(|| guess(engine, column, position, rows));
    Field {
        name: column.name.clone(),
        kind,
        language: declared.and_then(|field| field.language.clone()),
        boost: declared.and_then(|field| field.boost).unwrap_or(1.0),
        stored: position == 0 || declared.is_none_or(|field| field.stored),
        highlight: declared.and_then(|field| field.highlight).unwrap_or(true),
    }
}

/// The kind of a field from the column's declared type; an expression has none, there the first value decides.
fn guess(engine: EngineKind, column: &ResultColumn, position: usize, rows: &[Row]) -> FieldKind {
    let declared = column.declared.as_deref().filter(|declared| !declared.is_empty());
    let kind = declared.map(|declared| engines::field_kind(engine, declared));
    let values = rows.iter().filter_map(|row| row.get(position));
    match (kind, values.into_iter().find(|value| **value != Value::Null)) {
        // SQLite has no dates: where the column holds seconds or days, they are numbers.
        (None | Some(FieldKind::Date), Some(Value::Integer(_))) => FieldKind::Integer,
        (None | Some(FieldKind::Date), Some(Value::Real(_))) => FieldKind::Float,
        (kind, _) => kind.unwrap_or(FieldKind::Text),
    }
}

/// Builds the named indexes, or only those that are not current; for each its name and what was built.
///
/// # Errors
///
/// The first build that fails; the indexes before it answer already.
pub async fn build_named(
    environment: &Environment,
    names: &[String],
    if_needed: bool,
) -> Result<Vec<(String, Option<Built>)>> {
    let _held = environment.hold().await?;
    let mut done = Vec::new();
    for name in names {
        let needed = !if_needed || status(environment, name).await?.state != IndexState::Current;
        let built = if needed { Some(rebuild(environment, name).await?) } else { None };
        done.push((name.clone(), built));
    }
    Ok(done)
}

/// Drops the named indexes; nothing answers under their names until they are built again.
///
/// # Errors
///
/// A protected environment, or whatever the search engine refuses.
pub async fn drop_named(environment: &Environment, names: &[String]) -> Result<()> {
    environment.refuse_protected("index drop")?;
    let _held = environment.hold().await?;
    for name in names {
        environment.search_engine_of_any(name)?.withdraw(name).await?;
    }
    environment.sweep_indexes().await
}
