//! `stead schema print`: what the models, a database or a file of SQL amount to, written as DDL that can be kept in version
//! control. The order of the statements works in an empty database, and equal schemas give equal text.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use stead_engine::{Access, Place, Server};
use stead_schema::Schema;
use stead_sql::write::{Statement, WriteError, write, write_apart};

use crate::engines;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::project::{Roles, engine_of_scheme};
use crate::{files, models};

/// The first line of every file that is written here: only such files are ever replaced or removed.
const MARK: &str = "-- written by stead schema print";

/// Where a schema comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The models of the project's apps.
    Models,
    /// A database of the project.
    Database(String),
    /// A database anywhere, by its URL.
    Url(String),
    /// A file of SQL, run on a scratch database.
    File(PathBuf),
}

impl Origin {
    /// Reads what a person types: `models`, `database:NAME`, a URL, or a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "models" {
            return Self::Models;
        }
        if let Some(name) = text.strip_prefix("database:") {
            return Self::Database(name.to_owned());
        }
        let known = text.split_once(':').is_some_and(|(scheme, _)| engine_of_scheme(scheme).is_some());
        // A URL of another kind is no file either, and what it holds must not be repeated in a message.
        if known || text.contains("://") { Self::Url(text.to_owned()) } else { Self::File(PathBuf::from(text)) }
    }

    /// True if it means nothing outside of a project.
    #[must_use]
    pub fn needs_project(&self) -> bool {
        matches!(self, Self::Models | Self::Database(_))
    }
}

/// A schema with the name of the database it is of.
#[derive(Clone, Debug)]
pub struct Named {
    /// The database in the project; empty where there is none.
    pub name: String,
    /// What it looks like.
    pub schema: Schema,
    /// The statements that make it.
    pub statements: Vec<Statement>,
}

impl Named {
    fn new(name: &str, schema: Schema) -> Result<Self> {
        let statements = write(&schema)?;
        Ok(Self { name: name.to_owned(), schema, statements })
    }

    /// All statements as one text.
    #[must_use]
    pub fn text(&self) -> String {
        self.statements
            .iter()
            .map(|statement| format!("{}\n\n", statement.script(self.schema.engine)))
            .collect::<String>()
            .trim_end()
            .to_owned()
            + "\n"
    }
}

/// The schemas of that origin. A file runs on the server of `on`, a URL, or of the project's first database, or on SQLite. Roles
/// are kept or left out as the caller or, for one of its databases, the project says.
///
/// # Errors
///
/// A database that cannot be reached, SQL that does not run, or an object that the schema cannot hold, by its name.
pub async fn read(
    environment: Option<&Environment>,
    origin: &Origin,
    on: Option<&str>,
    roles: Option<Roles>,
) -> Result<Vec<Named>> {
    let database = match (origin, environment) {
        (Origin::Database(name), Some(environment)) => Some(environment.database(name)?),
        _ => None,
    };
    let roles = roles.or(database.map(|database| database.roles)).unwrap_or_default();
    let schemas = inspected(environment, origin, on).await?;
    schemas.into_iter().map(|(name, schema)| Named::new(&name, roles.kept_of(schema))).collect()
}

/// Each schema with the name of its database.
async fn inspected(
    environment: Option<&Environment>,
    origin: &Origin,
    on: Option<&str>,
) -> Result<Vec<(String, Schema)>> {
    match (origin, environment) {
        (Origin::Models, Some(environment)) => of_models(environment).await,
        (Origin::Database(name), Some(environment)) => {
            let database = environment.database(name)?;
            let mut session = database.open(Access::Read).await?;
            let schema = session.inspect().await.map_err(|error| database.named(error))?;
            session.close().await?;
            Ok(vec![(name.clone(), schema)])
        }
        (Origin::Url(url), _) => {
            let (server, place) = engines::at(url)?;
            let schema = inspect(server.as_ref(), &place).await?;
            Ok(vec![(String::new(), schema)])
        }
        (Origin::File(path), environment) => {
            let server = match (on, environment.and_then(|environment| environment.databases.first())) {
                (Some(url), _) => engines::at(url)?.0,
                (None, Some(database)) => database.server.clone(),
                (None, None) => engines::files(),
            };
            Ok(vec![(String::new(), of_file(server.as_ref(), path).await?)])
        }
        (Origin::Models | Origin::Database(_), None) => Err(Error::bug("an origin without its project")),
    }
}

async fn inspect(server: &dyn Server, place: &Place) -> Result<Schema> {
    if !server.exists(place).await? {
        let message = format!("there is no database `{place}`");
        return Err(Error::new(crate::error::Kind::Unreachable, "database-missing", message));
    }
    let mut session = server.open(place, Access::Read).await?;
    let schema = session.inspect().await?;
    session.close().await?;
    Ok(schema)
}

async fn of_file(server: &dyn Server, path: &Path) -> Result<Schema> {
    let text = files::read_text(path)?;
    let mut session = server.scratch().await?;
    models::run_file(session.as_mut(), path, &text).await?;
    let schema = session.inspect().await?;
    session.close().await?;
    Ok(schema)
}

async fn of_models(environment: &Environment) -> Result<Vec<(String, Schema)>> {
    let mut all = Vec::new();
    for database in &environment.databases {
        let apps = environment.project.apps_on(&database.name);
        let models: Result<Vec<_>> =
            apps.iter().map(|app| models::read(environment, app, database.server.kind())).collect();
        let schema = models::run(database.server.as_ref(), &models?).await?;
        all.push((database.name.clone(), schema));
    }
    Ok(all)
}

/// Writes one file an object into a folder, in which nothing else may lie; files of an earlier time whose objects are gone
/// are removed. The number of files.
///
/// # Errors
///
/// `foreign-file` for a file that was not written by this command, before anything is touched; whatever the file system
/// refuses.
pub fn write_files(folder: &Path, schemas: &[Named]) -> Result<usize> {
    let wanted = wanted(schemas)?;
    let there = own_files(folder)?;
    for (path, text) in &wanted {
        let path = folder.join(path);
        files::make_folder(path.parent().unwrap_or(folder))?;
        files::write_whole(&path, text.as_bytes())?;
    }
    for path in there.iter().filter(|path| !wanted.iter().any(|(wanted, _)| folder.join(wanted) == **path)) {
        files::remove(path)?;
    }
    Ok(wanted.len())
}

/// The files with their texts: statements of one object together, in the order in which they are written. Each file can be run
/// by itself, where what it needs is there.
fn wanted(schemas: &[Named]) -> Result<Vec<(PathBuf, String)>> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let mut taken = HashSet::new();
    for named in schemas {
        for (name, statements) in write_apart(&named.schema)? {
            let file = |end: &str| Path::new(&named.name).join(format!("{}{end}.sql", plain(&name.to_string())));
            let mut path = file("");
            // A point may end a schema's name or stand in it.
            if !taken.insert(path.clone()) {
                let parts = format!("{}\0{}", name.namespace.as_deref().unwrap_or_default(), name.name);
                path = file(&format!("-{}", &blake3::hash(parts.as_bytes()).to_hex()[..12]));
                taken.insert(path.clone());
            }
            let scripts = statements.iter().map(|statement| statement.script(named.schema.engine) + "\n");
            files.push((path, format!("{MARK}\n\n{}", scripts.collect::<Vec<_>>().join("\n"))));
        }
    }
    Ok(files)
}

/// A name as a file's name. Letters that file systems take differently are written as their numbers.
fn plain(name: &str) -> String {
    let keep = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-(),".contains(letter);
    let mut text = String::new();
    for letter in name.chars() {
        if keep(letter) { text.push(letter) } else { text.push_str(&format!("%{:x}", u32::from(letter))) }
    }
    match text.char_indices().nth(200) {
        None => text,
        Some((cut, _)) => format!("{}-{}", &text[..cut], &blake3::hash(name.as_bytes()).to_hex()[..12]),
    }
}

fn own_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in files::entries(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).is_ok_and(|text| text.starts_with(MARK)) {
                found.push(path);
            } else {
                let message = format!("`{}` was not written by `stead schema print`", path.display());
                return Err(
                    Error::failed("foreign-file", message).hint("give a folder of its own; nothing was written")
                );
            }
        }
    }
    Ok(found)
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Self::failed(error.code(), error.to_string()).with_hints(error.hints())
    }
}

#[cfg(test)]
mod tests;
