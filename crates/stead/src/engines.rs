//! The only place that names adapters: from a database's address to its server, from an index's engine to a search engine.
//! An engine is added by adding its crate and an arm here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stead_engine::search::FieldKind;
use stead_engine::{Place, SearchEngine, Server};
use stead_schema::EngineKind;

use crate::address::Address;
use crate::error::{Error, Kind, Result};
use crate::project::{DatabaseLocation, IndexEngine, Project, engine_of_scheme};
use crate::stopped::Stopped;
use crate::volume;

/// A database's server, and its place there.
pub type Found = (Arc<dyn Server>, Place);

/// Servers that were opened, by address: databases of one server share one value, so that a dump can see them in one view.
#[derive(Default)]
pub struct Servers {
    opened: BTreeMap<String, Arc<dyn Server>>,
}

impl Servers {
    /// The same, where a server of the project that is not up is no error until somebody asks it for something.
    ///
    /// # Errors
    ///
    /// As [`Servers::of`].
    pub fn of_or_stopped(&mut self, project: &Project, name: &str) -> Result<Found> {
        match (self.of(project, name), project.database_location(name)) {
            (Err(error), Some(DatabaseLocation::Local(local))) if error.kind == Kind::Unreachable => {
                Ok((Arc::new(Stopped::new(local.engine, error)), Place(local.database.clone())))
            }
            (found, _) => found,
        }
    }

    /// The server of that database, and the database's place on it. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// A URL that the engine cannot read; `unsupported` for an engine that is not built into this program, or a secret,
    /// which needs a store.
    pub fn of(&mut self, project: &Project, name: &str) -> Result<Found> {
        match project.database_location(name) {
            None => Err(Error::bug(format!("the project has no database `{name}`"))),
            Some(DatabaseLocation::File(path)) => Ok((self.files(), file(name, path)?)),
            Some(DatabaseLocation::Server { engine, url }) => self.remote(*engine, url.expose(), name),
            Some(DatabaseLocation::Local(local)) => self.remote(local.engine, &volume::url(local)?, name),
            Some(DatabaseLocation::Secret(_)) => Err(unsupported(name, "it has no secret store")),
        }
    }

    fn files(&mut self) -> Arc<dyn Server> {
        let opened = self.opened.entry(String::new());
        opened.or_insert_with(files).clone()
    }

    fn remote(&mut self, engine: EngineKind, url: &str, name: &str) -> Result<Found> {
        let address = Address::of(url);
        let server = address.server();
        let place = Place(address.database().unwrap_or_else(|| name.to_owned()));
        if let Some(opened) = self.opened.get(&server) {
            return Ok((opened.clone(), place));
        }
        let opened = connect(engine, &server, name)?;
        self.opened.insert(server, opened.clone());
        Ok((opened, place))
    }
}

/// The server and the place that a URL names, outside of any project.
///
/// # Errors
///
/// A URL that names no engine, no server or no database.
pub fn at(url: &str) -> Result<Found> {
    let unreadable = |why: &str| {
        Error::usage("database-url", format!("the URL {why}"))
            .hint("write `sqlite:PATH`, `postgres://USER@HOST/DATABASE`, `mysql://…` or `mariadb://…`")
    };
    let (scheme, rest) = url.split_once(':').ok_or_else(|| unreadable("has no scheme"))?;
    let engine = engine_of_scheme(scheme).ok_or_else(|| unreadable("names an engine that stead does not know"))?;
    if engine == EngineKind::Sqlite {
        let path = std::path::absolute(rest.strip_prefix("//").unwrap_or(rest));
        let path = path.map_err(|_| unreadable("names no file"))?;
        return Ok((files(), file("", &path)?));
    }
    let address = Address::of(url);
    Ok((connect(engine, &address.server(), "")?, Place(address.database().unwrap_or_default())))
}

/// The file system as a server of SQLite databases.
#[must_use]
pub fn files() -> Arc<dyn Server> {
    Arc::new(stead_sqlite::SqliteServer::new())
}

fn file(name: &str, path: &Path) -> Result<Place> {
    let text = path.to_str().map(str::to_owned);
    text.map(Place).ok_or_else(|| {
        let message = format!("the path of database `{name}` is not UTF-8: `{}`", path.display());
        Error::usage("database-path", message)
    })
}

#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    expect(unused_variables, reason = "without an adapter nobody needs the address")
)]
fn connect(engine: EngineKind, url: &str, name: &str) -> Result<Arc<dyn Server>> {
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    let unusable = |error| unusable(error, name);
    match engine {
        #[cfg(feature = "postgres")]
        EngineKind::Postgres => Ok(Arc::new(stead_postgres::PostgresServer::connect_lazily(url).map_err(unusable)?)),
        #[cfg(feature = "mysql")]
        EngineKind::Mysql | EngineKind::Mariadb => {
            Ok(Arc::new(stead_mysql::MysqlServer::connect_lazily(url).map_err(unusable)?))
        }
        engine => Err(unsupported(name, &format!("{engine} is not built into it"))),
    }
}

/// Nothing has been connected yet, so the URL is to blame and not a server.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn unusable(error: stead_engine::EngineError, database: &str) -> Error {
    let error = if database.is_empty() { error } else { error.context(format!("database `{database}`")) };
    Error::usage("database-url", error.message).with_hints(error.hints)
}

fn unsupported(database: &str, why: &str) -> Error {
    let message = format!("this version of stead cannot open database `{database}`: {why}");
    Error::failed("unsupported", message).hint("leave its `url` out, or write `sqlite:PATH`")
}

/// The address of a database as programs outside take it, password included: for the environment of a program that the
/// user asked for, and for nothing else.
#[must_use]
pub fn url(project: &Project, name: &str, place: &Place) -> String {
    match project.database_location(name) {
        Some(DatabaseLocation::Server { url, .. }) => Address::of(url.expose()).with_database(place),
        // A server that is not up was refused when the environment was opened.
        Some(DatabaseLocation::Local(local)) => {
            volume::url(local).map(|url| Address::of(&url).with_database(place)).unwrap_or_default()
        }
        _ => format!("{}:{place}", EngineKind::Sqlite.word()),
    }
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

/// What a column's type says about its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// Whole numbers of 64 bits.
    Integer,
    /// Floating-point numbers.
    Real,
    /// Any number that SQLite can hold.
    Number,
    /// Decimal numbers of any length, which keep every digit.
    Decimal,
    /// True or false, or a small number.
    Truth,
    /// Text, or anything that the engine reads from text by itself.
    Text,
    /// Bytes.
    Bytes,
}

/// What a declared type of an engine says.
#[must_use]
pub fn affinity(engine: EngineKind, declared: &str) -> Affinity {
    match engine {
        EngineKind::Sqlite => of_any_name(declared),
        EngineKind::Postgres | EngineKind::Mysql | EngineKind::Mariadb => of_type(declared),
    }
}

/// By SQLite's rules, which take every name. Source: section 3.1 of SQLite's page on datatypes; types that SQLite takes for
/// numbers although they hold dates or truth values are text here.
fn of_any_name(declared: &str) -> Affinity {
    let declared = declared.to_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["INT"]) {
        Affinity::Integer
    } else if has(&["BOOL"]) {
        Affinity::Truth
    } else if has(&["CHAR", "CLOB", "TEXT", "DATE", "TIME"]) || declared.is_empty() || declared == "ANY" {
        Affinity::Text
    } else if has(&["BLOB", "BYTEA"]) {
        Affinity::Bytes
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Affinity::Real
    } else {
        Affinity::Number
    }
}

/// By the first word of the type as the server prints it. What is not listed is read from text by the server.
fn of_type(declared: &str) -> Affinity {
    let declared = declared.to_lowercase();
    if declared.ends_with("[]") {
        return Affinity::Text;
    }
    match declared.split(['(', ' ']).next().unwrap_or_default() {
        "tinyint" | "boolean" | "bool" => Affinity::Truth,
        "smallint" | "mediumint" | "int" | "integer" => Affinity::Integer,
        "bigint" if !declared.contains("unsigned") => Affinity::Integer,
        "bigint" | "numeric" | "decimal" => Affinity::Decimal,
        "real" | "float" | "double" => Affinity::Real,
        "bytea" | "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Affinity::Bytes,
        _ => Affinity::Text,
    }
}

/// The kind of a search field for a declared column type.
#[must_use]
pub fn field_kind(engine: EngineKind, declared: &str) -> FieldKind {
    let upper = declared.to_uppercase();
    if upper.starts_with("DATE")
        || upper.starts_with("TIMESTAMP")
        || (engine == EngineKind::Sqlite && upper.contains("DATE"))
    {
        return FieldKind::Date;
    }
    match affinity(engine, declared) {
        Affinity::Integer => FieldKind::Integer,
        Affinity::Truth if upper.starts_with("TINYINT") && !upper.starts_with("TINYINT(1)") => FieldKind::Integer,
        Affinity::Truth => FieldKind::Boolean,
        Affinity::Real | Affinity::Number | Affinity::Decimal => FieldKind::Float,
        Affinity::Text | Affinity::Bytes => FieldKind::Text,
    }
}

#[cfg(test)]
mod tests;
