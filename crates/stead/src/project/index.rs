//! `[indexes.NAME]`: a search index, the query its documents come from, and where it is built. What the columns of the
//! query do not tell, `fields` does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use stead_engine::search::FieldKind;
use stead_schema::EngineKind;

use super::error::Problem;
use super::nearest::nearest;
use super::origin::Origin;
use super::reading::{Section, Stated};
use super::secret::SecretUrl;

/// A search index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexSettings {
    /// The name it is searched by.
    pub name: String,
    /// The database its documents come from.
    pub database: String,
    /// The files with the query.
    pub documents: Documents,
    /// Where it is built.
    pub engine: IndexEngine,
    /// How many documents are sent at once; none leaves it to the build.
    pub batch: Option<u64>,
    /// What the columns of the query do not tell, by column.
    pub fields: BTreeMap<String, FieldSettings>,
    /// Where its section begins.
    pub origin: Origin,
}

impl IndexSettings {
    /// The file with the query for databases of `engine`; none if there is neither one of its own nor a default.
    #[must_use]
    pub fn documents_for(&self, engine: EngineKind) -> Option<PathBuf> {
        self.documents.engines.get(&engine).or(self.documents.default.as_ref()).cloned()
    }
}

/// The files that hold an index's query, which gives one row a document with the key column first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// The file for every engine that has none of its own.
    pub default: Option<PathBuf>,
    /// The files of single engines.
    pub engines: BTreeMap<EngineKind, PathBuf>,
}

/// Where an index is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexEngine {
    /// In the environment's state folder, by stead itself.
    Embedded,
    /// On an OpenSearch or Elasticsearch server.
    Server(SecretUrl),
}

/// How one field is indexed. It is part of what makes an index out of date, hence the serialised form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldSettings {
    /// The kind; none leaves it to the column.
    pub kind: Option<FieldKind>,
    /// The language of a text, as an ISO 639 code.
    pub language: Option<String>,
    /// How much a hit in this field weighs, above zero; none is 1.
    pub boost: Option<f32>,
    /// Whether the value can be shown with a hit.
    pub stored: bool,
    /// Whether hits are marked in it; none marks them in texts that are stored.
    pub highlight: Option<bool>,
}

const FIELD_KINDS: [(&str, FieldKind); 6] = [
    ("text", FieldKind::Text),
    ("keyword", FieldKind::Keyword),
    ("integer", FieldKind::Integer),
    ("float", FieldKind::Float),
    ("boolean", FieldKind::Boolean),
    ("date", FieldKind::Date),
];

const LARGEST_BATCH: i64 = 1_000_000;

/// Reads all indexes.
pub(super) fn read(root: &Section<'_>) -> BTreeMap<String, IndexSettings> {
    let mut indexes = BTreeMap::new();
    for (name, section) in root.named("indexes", "an index") {
        if let Some(index) = read_one(name, &section) {
            indexes.insert(name.to_owned(), index);
        }
        section.finish();
    }
    indexes
}

fn read_one(name: &str, section: &Section<'_>) -> Option<IndexSettings> {
    let database = section.database("database");
    let documents = documents(section);
    let engine = engine(section);
    let batch = section.integer("batch", 1..=LARGEST_BATCH).and_then(|batch| u64::try_from(batch).ok());
    let fields = section.section("fields").map_or_else(BTreeMap::new, |fields| read_fields(&fields));
    let (name, origin) = (name.to_owned(), section.origin.clone());
    Some(IndexSettings { name, database: database?, documents: documents?, engine: engine?, batch, fields, origin })
}

/// One path for all engines, or a table of them.
fn documents(section: &Section<'_>) -> Option<Documents> {
    let Some(value) = section.take("documents") else {
        section.missing(
            "documents",
            "name the SQL file that gives one row a document, `documents = \"indexes/NAME.sql\"`",
        );
        return None;
    };
    if value.as_table().is_none() {
        let stated = section.stated(section.path.key("documents"), value, "a path or a table of paths by engine")?;
        return Some(Documents { default: Some(section.resolved(&stated)?), ..Documents::default() });
    }
    let table = Section::new(section.reading, section.path.key("documents"), value);
    let default = table.path("default");
    let engines: BTreeMap<_, _> =
        EngineKind::ALL.into_iter().filter_map(|kind| Some((kind, table.path(kind.word())?))).collect();
    if table.entries().is_empty() {
        table.missing("default", "name the file for all engines, `default = \"indexes/NAME.sql\"`");
    }
    table.finish();
    Some(Documents { default, engines })
}

fn engine(section: &Section<'_>) -> Option<IndexEngine> {
    let Some(stated) = section.string("engine") else {
        let unsaid = !section.has("engine");
        return unsaid.then(|| {
            section.note_default("engine", "embedded");
            IndexEngine::Embedded
        });
    };
    if stated.text == "embedded" {
        return Some(IndexEngine::Embedded);
    }
    let url = ["http://", "https://"].iter().find_map(|scheme| stated.text.strip_prefix(scheme));
    if url.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    }) {
        return Some(IndexEngine::Server(SecretUrl::new(stated.text)));
    }
    let near = nearest(&stated.text, ["embedded"]).is_some();
    let advice = if near {
        "did you mean `embedded`?"
    } else {
        "write `embedded`, or a server's URL such as `http://127.0.0.1:9200`"
    };
    section.invalid(&stated, "is neither `embedded` nor a server's URL", advice);
    None
}

/// Fields are columns of the query, so their names are free.
fn read_fields(section: &Section<'_>) -> BTreeMap<String, FieldSettings> {
    let mut fields = BTreeMap::new();
    for (name, origin, value) in section.entries() {
        if name.is_empty() {
            section.fail(Problem::InvalidName { name: String::new(), what: "a field".to_owned() }, origin);
            continue;
        }
        let field = Section::new(section.reading, section.path.key(name), value);
        if let Some(read) = read_field(&field) {
            fields.insert(name.to_owned(), read);
        }
        field.finish();
    }
    fields
}

fn read_field(section: &Section<'_>) -> Option<FieldSettings> {
    let stated = section.string("type");
    let kind = stated.as_ref().and_then(|stated| section.choice(stated, &FIELD_KINDS));
    let language = section.string("language");
    let boost = section.positive_number("boost");
    let stored = section.boolean("stored").unwrap_or(true);
    let highlight = section.boolean("highlight");
    if stated.is_some() && kind.is_none() {
        return None;
    }
    let may_be_text = kind.is_none_or(|kind| kind == FieldKind::Text);
    let language = language.and_then(|stated| read_language(section, &stated, may_be_text));
    if highlight == Some(true) && !(may_be_text && stored) {
        let path = section.path.key("highlight").to_string();
        let reason = "asks for marks in a field that is not a stored text".to_owned();
        let origin = section.take("highlight").map_or(section.origin, |value| &value.origin);
        section.fail(Problem::InvalidValue { path, reason, advice: "leave it out".to_owned() }, origin);
    }
    Some(FieldSettings { kind, language, boost, stored, highlight })
}

/// Whether an engine can stem the language is its own affair; here only the shape is checked.
fn read_language(section: &Section<'_>, stated: &Stated<'_>, may_be_text: bool) -> Option<String> {
    let code = matches!(stated.text.len(), 2 | 3) && stated.text.bytes().all(|byte| byte.is_ascii_lowercase());
    if !code {
        section.invalid(
            stated,
            format!("is `{}`, which is not a language's code", stated.word),
            "write a code such as `en`",
        );
        return None;
    }
    if !may_be_text {
        section.invalid(stated, "belongs to fields of the type `text`", "leave `language` out");
        return None;
    }
    Some(stated.text.clone())
}
