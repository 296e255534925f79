//! `[servers.NAME]`: a database or search server that can be run on this machine. The section is read and checked with
//! all others, so that a project which declares servers loads everywhere, also where none of them is started.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::Problem;
use super::origin::Origin;
use super::path;
use super::reading::{self, Section};

/// A local server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: ServerKind,
    /// The port it listens on; none lets stead choose a free one.
    pub port: Option<u16>,
    /// The volume that holds its data and outlives it.
    pub volume: Option<String>,
    /// The folder of its programs, where they are not on the search path.
    pub path: Option<PathBuf>,
    /// The version that is wanted, as its maker writes it.
    pub version: Option<String>,
    /// Where its section begins.
    pub origin: Origin,
}

/// The kinds of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerKind {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
    /// OpenSearch.
    Opensearch,
    /// Elasticsearch.
    Elasticsearch,
}

const KINDS: [(&str, ServerKind); 5] = [
    ("postgres", ServerKind::Postgres),
    ("mysql", ServerKind::Mysql),
    ("mariadb", ServerKind::Mariadb),
    ("opensearch", ServerKind::Opensearch),
    ("elasticsearch", ServerKind::Elasticsearch),
];

/// Reads all servers.
pub(super) fn read(root: &Section<'_>) -> BTreeMap<String, Server> {
    let mut servers = BTreeMap::new();
    for (name, section) in root.named("servers", "a server") {
        let advice = "write `kind = \"postgres\"`, `mysql`, `mariadb`, `opensearch` or `elasticsearch`";
        let kind = section.required_string("kind", advice).and_then(|stated| section.choice(&stated, &KINDS));
        let port = section.integer("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
        let volume = volume(&section);
        let (path, version) = (section.path("path"), version(&section));
        if let Some(kind) = kind {
            let (name, origin) = (name.to_owned(), section.origin.clone());
            servers.insert(name.clone(), Server { name, kind, port, volume, path, version, origin });
        }
        section.finish();
    }
    servers
}

fn volume(section: &Section<'_>) -> Option<String> {
    let stated = section.string("volume")?;
    if !reading::is_name(&stated.text) {
        let problem = Problem::InvalidName { name: path::word(&stated.word), what: "a volume".to_owned() };
        section.fail(problem, stated.origin);
        return None;
    }
    Some(stated.text)
}

/// `16` is as good as `"16"`, but `15.10` as a number would be `15.1`.
fn version(section: &Section<'_>) -> Option<String> {
    let value = section.take("version")?;
    if let super::value::Kind::Integer(number) = value.kind {
        return Some(number.to_string());
    }
    let stated = section.stated(section.path.key("version"), value, "a version as a string")?;
    Some(stated.text)
}
