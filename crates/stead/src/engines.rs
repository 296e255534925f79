//! The only place that names adapters: from a database's address to its server, from an index's engine to a search engine.
//! An engine is added by adding its crate and an arm here.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use stead_engine::search::FieldKind;
use stead_engine::{Place, SearchEngine, Server};
use stead_schema::EngineKind;

use crate::error::{Error, Result};
use crate::project::{DatabaseLocation, IndexEngine, Project};

/// The server of that database, and the database's place on it. Databases of one server share one value.
///
/// # Errors
///
/// `unsupported` for an engine that is not built into this program, or a secret, which needs a store.
pub fn server(project: &Project, name: &str) -> Result<(Arc<dyn Server>, Place)> {
    match project.database_location(name) {
        None => Err(Error::bug(format!("the project has no database `{name}`"))),
        Some(DatabaseLocation::File(path)) => {
            let path = path.to_str().ok_or_else(|| {
                Error::usage(
                    "database-path",
                    format!("the path of database `{name}` is not UTF-8: `{}`", path.display()),
                )
            })?;
            Ok((sqlite(), Place(path.to_owned())))
        }
        Some(DatabaseLocation::Server { engine, .. }) => {
            Err(unsupported(name, &format!("{engine} is not built into it")))
        }
        Some(DatabaseLocation::Secret(_)) => Err(unsupported(name, "it has no secret store")),
    }
}

fn unsupported(database: &str, why: &str) -> Error {
    let message = format!("this version of stead cannot open database `{database}`: {why}");
    Error::failed("unsupported", message).hint("leave its `url` out, or write `sqlite:PATH`")
}

fn sqlite() -> Arc<dyn Server> {
    static SERVER: OnceLock<Arc<dyn Server>> = OnceLock::new();
    SERVER.get_or_init(|| Arc::new(stead_sqlite::SqliteServer::new())).clone()
}

/// The address of a database as programs outside take it.
#[must_use]
pub fn url(kind: EngineKind, place: &Place) -> String {
    format!("{}:{place}", kind.word())
}

/// The engine of an index.
///
/// # Errors
///
/// `unsupported` for an engine that is not built into this program.
pub fn search_engine(engine: &IndexEngine, folder: &Path) -> Result<Arc<dyn SearchEngine>> {
    match engine {
        IndexEngine::Embedded => embedded(folder),
        IndexEngine::Server(_) => {
            let message = "this version of stead builds indexes on no search server";
            Err(Error::failed("unsupported", message).hint("leave the index's `engine` out: it is embedded then"))
        }
    }
}

#[cfg(feature = "search")]
fn embedded(folder: &Path) -> Result<Arc<dyn SearchEngine>> {
    Ok(Arc::new(stead_tantivy::TantivyEngine::new(folder)))
}

#[cfg(not(feature = "search"))]
fn embedded(_folder: &Path) -> Result<Arc<dyn SearchEngine>> {
    let message = "this program was built without the embedded search engine";
    Err(Error::failed("unsupported", message).hint("build it with the feature `search`, or use `--skip-index`"))
}

/// What a column's type says about its values, by SQLite's rules of affinity, which take every engine's type names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// Whole numbers.
    Integer,
    /// Floating-point numbers.
    Real,
    /// Any number.
    Number,
    /// True or false.
    Truth,
    /// Text, or anything.
    Text,
    /// Bytes.
    Bytes,
}

/// The affinity of a declared type. Source: section 3.1 of SQLite's page on datatypes; types that SQLite takes for numbers
/// although they hold dates or truth values are text here.
#[must_use]
pub fn affinity(declared: &str) -> Affinity {
    let declared = declared.to_uppercase();
    let has = |word: &str| declared.contains(word);
    if has("INT") {
        Affinity::Integer
    } else if has("BOOL") {
        Affinity::Truth
    } else if has("CHAR")
        || has("CLOB")
        || has("TEXT")
        || has("DATE")
        || has("TIME")
        || declared.is_empty()
        || declared == "ANY"
    {
        Affinity::Text
    } else if has("BLOB") || has("BYTEA") {
        Affinity::Bytes
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        Affinity::Number
    }
}

/// The kind of a search field for a declared column type.
#[must_use]
pub fn field_kind(declared: &str) -> FieldKind {
    let upper = declared.to_uppercase();
    if upper.contains("DATE") || upper.contains("TIMESTAMP") {
        return FieldKind::Date;
    }
    match affinity(declared) {
        Affinity::Integer => FieldKind::Integer,
        Affinity::Truth => FieldKind::Boolean,
        Affinity::Real | Affinity::Number => FieldKind::Float,
        Affinity::Text | Affinity::Bytes => FieldKind::Text,
    }
}

#[cfg(test)]
mod tests;
