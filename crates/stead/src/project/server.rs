//! `[servers.NAME]`: a database or search server that can be run on this machine. The section is read and checked with
//! all others, so that a project which declares servers loads everywhere, also where none of them is started.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use stead_provision::ServerKind;

use super::error::Problem;
use super::origin::Origin;
use super::path;
use super::reading::{self, Reading, Section};

/// The folder, inside that of everything which belongs to one machine, of the volumes.
pub(super) const VOLUME_FOLDER: &str = "volumes";

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
    pub volume: ServerVolume,
    /// The folder of its programs, where they are not on the search path.
    pub path: Option<PathBuf>,
    /// The version that is wanted, as its maker writes it.
    pub version: Option<String>,
    /// The account of this machine as which it runs when stead runs as root.
    pub user: Option<String>,
    /// True if its data may be lost when the machine crashes, so that tests go faster.
    pub throwaway: bool,
    /// Where its section begins.
    pub origin: Origin,
}

/// The volume of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerVolume {
    /// One of the project's own, by name.
    Named(String),
    /// A folder elsewhere, which stead never removes.
    At(PathBuf),
}

impl ServerVolume {
    /// Its folder, for a project in `folder`.
    #[must_use]
    pub fn folder(&self, folder: &Path) -> PathBuf {
        match self {
            Self::Named(name) => folder.join(super::STATE_FOLDER).join(VOLUME_FOLDER).join(name),
            Self::At(path) => path.clone(),
        }
    }
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
        let volume = volume(&section).unwrap_or_else(|| ServerVolume::Named(name.to_owned()));
        let (path, version) = (section.path("path"), version(&section));
        let user = section.string("user").map(|stated| stated.text);
        let throwaway = section.boolean_or("throwaway", false);
        if let Some(kind) = kind {
            let (name, origin) = (name.to_owned(), section.origin.clone());
            let server = Server { name, kind, port, volume, path, version, user, throwaway, origin };
            servers.insert(server.name.clone(), server);
        }
        section.finish();
    }
    refuse_shared(root.reading, &servers);
    servers
}

/// Two servers on one data folder would destroy it.
fn refuse_shared(reading: &Reading<'_>, servers: &BTreeMap<String, Server>) {
    let mut seen: BTreeMap<PathBuf, &Server> = BTreeMap::new();
    for server in servers.values() {
        if let Some(other) = seen.insert(server.volume.folder(reading.folder), server) {
            let path = format!("servers.{}.volume", server.name);
            let reason = format!("is the volume of the server `{}` too", other.name);
            let advice = "give each server a volume of its own".to_owned();
            reading.fail(Problem::InvalidValue { path, reason, advice }, &server.origin);
        }
    }
}

fn volume(section: &Section<'_>) -> Option<ServerVolume> {
    let value = section.take("volume")?;
    if value.as_table().is_some() {
        let elsewhere = Section::new(section.reading, section.path.key("volume"), value);
        let path = elsewhere.required_path("path", "write `volume = { path = \"FOLDER\" }`");
        elsewhere.finish();
        return path.map(ServerVolume::At);
    }
    let stated = section.stated(section.path.key("volume"), value, "a name or `{ path = \"FOLDER\" }`")?;
    if !reading::is_name(&stated.text) {
        let problem = Problem::InvalidName { name: path::word(&stated.word), what: "a volume".to_owned() };
        section.fail(problem, stated.origin);
        return None;
    }
    Some(ServerVolume::Named(stated.text))
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
