//! `[databases.NAME]`: where each logical database is. The URL's scheme picks the engine, and without a URL it is a
//! SQLite file in the environment's state folder, so that a newcomer has nothing to fill in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use stead_schema::{EngineKind, Schema};

use super::error::Problem;
use super::nearest::nearest;
use super::origin::Origin;
use super::reading::{self, Reading, Section, Stated};
use super::secret::{SecretReference, SecretUrl};
use super::server::Server;
use crate::address::Address;

const SCHEMES: [(&str, EngineKind); 5] = [
    ("sqlite", EngineKind::Sqlite),
    ("postgres", EngineKind::Postgres),
    ("postgresql", EngineKind::Postgres),
    ("mysql", EngineKind::Mysql),
    ("mariadb", EngineKind::Mariadb),
];

const URL_ADVICE: &str = "write `sqlite:PATH`, `postgres://USER@HOST/DATABASE`, `mysql://…` or `mariadb://…`";

/// A logical database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// The name apps, seed steps and indexes call it by.
    pub name: String,
    /// Where it is.
    pub location: DatabaseLocation,
    /// What becomes of owners, grants and definers that a snapshot brings.
    pub roles: Roles,
    /// Where its URL is stated, or its section where it has none.
    pub origin: Origin,
}

impl Database {
    /// The engine, unknown as long as the URL is still in the secret store.
    #[must_use]
    pub fn engine(&self) -> Option<EngineKind> {
        match &self.location {
            DatabaseLocation::File(_) => Some(EngineKind::Sqlite),
            DatabaseLocation::Server { engine, .. } => Some(*engine),
            DatabaseLocation::Local(local) => Some(local.engine),
            DatabaseLocation::Secret(_) => None,
        }
    }
}

/// What becomes of what a snapshot says of the roles of the server it came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roles {
    /// Owners, grants and definers are what they were; the server must have the roles.
    #[default]
    Keep,
    /// Everything belongs to whoever loads it.
    Current,
}

impl Roles {
    /// The words that choose between them.
    pub const WORDS: [(&str, Self); 2] = [("keep", Self::Keep), ("current", Self::Current)];

    /// A schema with what is kept of its roles.
    #[must_use]
    pub fn kept_of(self, schema: Schema) -> Schema {
        match self {
            Self::Keep => schema,
            Self::Current => schema.without_roles(),
        }
    }
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// A SQLite file.
    File(PathBuf),
    /// A database on a server.
    Server {
        /// The engine that the URL's scheme names.
        engine: EngineKind,
        /// The URL, password included.
        url: SecretUrl,
    },
    /// A database on a server that `stead up` runs.
    Local(LocalDatabase),
    /// The URL is kept in the secret store.
    Secret(SecretReference),
}

/// A database on one of the project's own servers. Port and password are in the server's volume, so the URL is known only when
/// the server was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalDatabase {
    /// The engine of the server.
    pub engine: EngineKind,
    /// The server's name in the project.
    pub server: String,
    /// The folder of the server's volume.
    pub volume: PathBuf,
    /// The name of the database on the server.
    pub database: String,
}

/// The engine that the scheme of a URL names, in either case of letters.
#[must_use]
pub fn engine_of_scheme(scheme: &str) -> Option<EngineKind> {
    SCHEMES.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known)).map(|(_, engine)| *engine)
}

/// The schemes as hints list them.
pub(super) fn schemes() -> Vec<String> {
    SCHEMES
        .iter()
        .map(|(scheme, kind)| if *kind == EngineKind::Sqlite { "sqlite:".into() } else { format!("{scheme}://") })
        .collect()
}

/// Reads all databases. `state` is the folder of those without a URL, `servers` are those that they may be on.
pub(super) fn read(root: &Section<'_>, state: &Path, servers: &BTreeMap<String, Server>) -> BTreeMap<String, Database> {
    let mut databases = BTreeMap::new();
    for (name, section) in root.named("databases", "a database") {
        if let Some(database) = read_one(name, &section, state, servers) {
            databases.insert(name.to_owned(), database);
        }
        section.finish();
    }
    refuse_shared(root.reading, &databases);
    refuse_alike(root.reading, &databases);
    databases
}

/// The variable that tells a program where a database is.
pub(crate) fn url_variable(name: &str) -> String {
    format!("STEAD_DATABASE_{}_URL", name.to_uppercase().replace('-', "_"))
}

/// Two databases with one variable: a program would be told the place of one of them and take it for the other's.
fn refuse_alike(reading: &Reading<'_>, databases: &BTreeMap<String, Database>) {
    let mut variables: BTreeMap<String, &str> = BTreeMap::new();
    for database in databases.values() {
        let variable = url_variable(&database.name);
        if let Some(other) = variables.insert(variable.clone(), &database.name) {
            let path = format!("databases.{}", database.name);
            let reason = format!("is too like `{other}`: programs find both under `{variable}`");
            let advice = "give one of the two another name; `-` and `_` are one letter in variables".to_owned();
            reading.fail(Problem::InvalidValue { path, reason, advice }, &database.origin);
        }
    }
}

fn read_one(name: &str, section: &Section<'_>, state: &Path, servers: &BTreeMap<String, Server>) -> Option<Database> {
    let local = local(name, section, servers);
    let roles = section.string("roles").and_then(|stated| section.choice(&stated, &Roles::WORDS)).unwrap_or_default();
    let (location, origin) = match section.take("url") {
        None if section.has("server") => (DatabaseLocation::Local(local?), section.origin),
        None => (default_location(name, section, state), section.origin),
        Some(value) if value.as_table().is_some() => {
            let secret = Section::new(section.reading, section.path.key("url"), value);
            let name = secret.required_string("secret", "write `url = { secret = \"NAME\" }`");
            secret.finish();
            (DatabaseLocation::Secret(SecretReference::new(name?.text)), &value.origin)
        }
        Some(value) => {
            let stated = section.stated(section.path.key("url"), value, "a URL or `{ secret = \"NAME\" }`")?;
            (location(section, &stated)?, &value.origin)
        }
    };
    section.is_table().then(|| Database { name: name.to_owned(), location, roles, origin: origin.clone() })
}

/// The place on one of the project's servers. It is read and checked also where a URL takes precedence over it.
fn local(name: &str, section: &Section<'_>, servers: &BTreeMap<String, Server>) -> Option<LocalDatabase> {
    let stated = section.string("server");
    let database = section.string("name");
    let stated = stated?;
    let known: Vec<(&str, &Server)> = servers.iter().map(|(name, server)| (name.as_str(), server)).collect();
    let server = section.choice(&stated, &known)?;
    let Some(engine) = server.kind.engine() else {
        section.invalid(&stated, "is a search server, which holds no databases", "name a database server");
        return None;
    };
    let volume = server.volume.folder(section.reading.folder);
    let database = match database {
        None => name.to_owned(),
        Some(stated) if stated.text.is_empty() || stated.text.contains('\0') => {
            section.invalid(&stated, "is not the name of a database", "");
            return None;
        }
        Some(stated) => stated.text,
    };
    Some(LocalDatabase { engine, server: server.name.clone(), volume, database })
}

fn default_location(name: &str, section: &Section<'_>, state: &Path) -> DatabaseLocation {
    let file = state.join(format!("{name}.db"));
    if section.is_table() {
        let shown = format!("sqlite:{}", section.reading.shown(&file));
        section.reading.note_default(section.path.key("url"), shown);
    }
    DatabaseLocation::File(file)
}

fn location(section: &Section<'_>, stated: &Stated<'_>) -> Option<DatabaseLocation> {
    let Some((scheme, rest)) = stated.text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        section.invalid(stated, "is not a URL", URL_ADVICE);
        return None;
    };
    match engine_of_scheme(scheme) {
        Some(EngineKind::Sqlite) => sqlite_file(section, stated, rest),
        Some(engine) => server(section, stated, engine, rest),
        None => {
            let nearest = nearest(scheme, SCHEMES.iter().map(|(scheme, _)| *scheme));
            let shown = stated.word.split(':').next().unwrap_or_default().to_owned();
            section
                .fail(Problem::UnknownScheme { path: stated.path.to_string(), scheme: shown, nearest }, stated.origin);
            None
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

/// `sqlite:PATH` and `sqlite://PATH` are the same; a path that begins with `/` is absolute in both.
fn sqlite_file(section: &Section<'_>, stated: &Stated<'_>, rest: &str) -> Option<DatabaseLocation> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let refused = if path.is_empty() || path.ends_with('/') || path.contains('\0') {
        Some(("names no file", "write `sqlite:PATH`, relative to this file or absolute"))
    } else if path.starts_with(":memory:") {
        Some(("is a database in memory, which ends with the command", "name a file: `sqlite:PATH`"))
    } else if reading::begins_at_home(path) {
        Some((reading::AT_HOME, "write `sqlite:${HOME}/…`"))
    } else if path.contains('?') {
        Some(("has parameters, which a SQLite file does not take", "leave out what begins with `?`"))
    } else {
        None
    };
    if let Some((reason, advice)) = refused {
        section.invalid(stated, reason, advice);
        return None;
    }
    Some(DatabaseLocation::File(section.reading.resolve(path, stated.origin)))
}

/// Only the outline of a server's URL is checked here; what its parts mean is its driver's affair.
fn server(section: &Section<'_>, stated: &Stated<'_>, engine: EngineKind, rest: &str) -> Option<DatabaseLocation> {
    let good = rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty());
    if !good {
        section.invalid(stated, "is not a server's URL", URL_ADVICE);
        return None;
    }
    if stated.text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        section.invalid(
            stated,
            "has a space or a control character in it",
            "write it percent-encoded, `%20` for a space",
        );
        return None;
    }
    if Address::of(&stated.text).has_stray_login() {
        section.invalid(
            stated,
            "has an `@` behind the first `/`, `?` or `#`, so that it is not clear where the password ends",
            "percent-encode what a password has of these: `%2F`, `%3F`, `%23`, and `%40` for an `@` in a name",
        );
        return None;
    }
    let url = Address::of(&stated.text).with_files(|path| section.reading.resolve(path, stated.origin));
    Some(DatabaseLocation::Server { engine, url: SecretUrl::new(url) })
}

/// Two names for one database would let a swap of the first pull the ground from under the second.
fn refuse_shared(reading: &Reading<'_>, databases: &BTreeMap<String, Database>) {
    let mut seen: BTreeMap<String, &Database> = BTreeMap::new();
    for database in databases.values() {
        let Some((identity, location)) = identity(reading, database) else { continue };
        let Some(other) = seen.insert(identity, database) else { continue };
        let (first, second, stated) = (other.name.clone(), database.name.clone(), other.origin.to_string());
        reading.fail(Problem::SharedDatabase { first, second, location, stated }, &database.origin);
    }
}

/// What makes a location the same as another, and how to show it.
fn identity(reading: &Reading<'_>, database: &Database) -> Option<(String, String)> {
    match &database.location {
        DatabaseLocation::File(file) => Some((format!("{:?}", resolved(file)), reading.shown(file))),
        DatabaseLocation::Server { engine, url } => {
            let address = Address::of(url.expose());
            let place = address.database().unwrap_or_else(|| database.name.clone());
            Some((format!("{}://{}/{place}", engine.word(), address.machine(*engine)), url.to_string()))
        }
        DatabaseLocation::Local(LocalDatabase { server, database, .. }) => {
            let shown = format!("{database} on the server {server}");
            Some((format!("server:{server}/{database}"), shown))
        }
        DatabaseLocation::Secret(_) => None,
    }
}

/// The file behind all links, as far up as the path exists.
fn resolved(file: &Path) -> PathBuf {
    let found = file.ancestors().find_map(|above| Some((fs::canonicalize(above).ok()?, above)));
    found.map_or_else(
        || file.to_path_buf(),
        |(real, above)| file.strip_prefix(above).map_or(real.clone(), |rest| real.join(rest)),
    )
}
