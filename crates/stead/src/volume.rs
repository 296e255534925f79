//! The volumes of a project's local servers: which there are, where they lie, and removing one. A volume has a life of its own:
//! it stays when its server stops and when the project no longer names it, and one that lies elsewhere is never removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use stead_provision::{ProvisionError, State, Surroundings, Volume};

use crate::environment::Caller;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::project::{LocalDatabase, Project, Server, ServerVolume};
use crate::status::ServerStatus;

/// A volume, as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name: its own, or that of its server if it lies elsewhere.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
    /// True if it lies outside of the project's own folder of volumes; stead never removes it then.
    pub external: bool,
    /// The servers of the project that use it; none if it was left behind.
    pub server: Option<String>,
    /// The kind of its server, as the project file writes it; unknown as long as there is nothing.
    pub kind: Option<String>,
    /// The version of the server that used it last.
    pub version: Option<String>,
    /// `absent`, `half-made`, `stopped`, `running`, `cut-off` or `unreadable`.
    pub state: &'static str,
    /// What is wrong with one that cannot be read.
    pub problem: Option<String>,
    /// The port of its server, kept between starts.
    pub port: Option<u16>,
    /// The process of its server.
    pub pid: Option<u32>,
    /// Bytes on disk.
    pub bytes: u64,
}

/// The volumes of the project's servers and those that lie in its folder of volumes, in name order.
///
/// # Errors
///
/// The folder cannot be listed. A volume that cannot be read is listed with what is wrong.
pub fn list(project: &Project) -> Result<Vec<Entry>> {
    let mut entries = BTreeMap::new();
    for (name, volume) in stead_provision::list(&project.volumes())? {
        entries.insert((name.clone(), false), entry(name, &volume, false, None));
    }
    for server in project.servers.values() {
        let volume = Volume::at(server.volume.folder(&project.folder));
        let (name, external) = match &server.volume {
            ServerVolume::Named(name) => (name.clone(), false),
            ServerVolume::At(_) => (server.name.clone(), true),
        };
        let entry = entry(name.clone(), &volume, external, Some(server.name.clone()));
        // One that was left behind in the project may have the same name.
        entries.insert((name, external), entry);
    }
    Ok(entries.into_values().collect())
}

fn entry(name: String, volume: &Volume, external: bool, server: Option<String>) -> Entry {
    let (state, problem) = match volume.state() {
        Ok(state) => (Some(state), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let record = volume.record().ok();
    let process = match &state {
        Some(State::Running(running)) => running.process.as_ref(),
        _ => None,
    };
    Entry {
        name,
        path: volume.folder().to_path_buf(),
        external,
        server,
        kind: record.as_ref().map(|record| record.kind.word().to_owned()),
        version: record.as_ref().map(|record| record.version.clone()),
        pid: process.map(|process| process.pid),
        state: state.as_ref().map_or("unreadable", word),
        problem,
        port: record.and_then(|record| record.port),
        bytes: files::size(volume.folder()),
    }
}

/// The project's servers, each with the state of its volume.
pub(crate) fn servers(project: &Project) -> Vec<ServerStatus> {
    let look = |server: &Server| {
        let volume = Volume::at(server.volume.folder(&project.folder));
        ServerStatus {
            name: server.name.clone(),
            kind: server.kind.word(),
            state: volume.state().as_ref().map_or("unreadable", word),
            port: volume.record().ok().and_then(|record| record.port),
        }
    };
    project.servers.values().map(look).collect()
}

/// The word for a state in lists and documents.
fn word(state: &State) -> &'static str {
    match state {
        State::Absent => "absent",
        State::HalfMade => "half-made",
        State::Stopped => "stopped",
        State::Running(_) => "running",
        State::CutOff => "cut-off",
    }
}

/// The volume of that name, the one that a server uses before one that was left behind.
///
/// # Errors
///
/// There is none, with the names that there are.
pub fn find(project: &Project, name: &str) -> Result<Entry> {
    find_by(project, name, |entry| entry.server.is_none())
}

/// The volume of that name, one that lies in the project before one that does not.
///
/// # Errors
///
/// There is none, with the names that there are.
pub fn find_removable(project: &Project, name: &str) -> Result<Entry> {
    find_by(project, name, |entry| entry.external)
}

fn find_by(project: &Project, name: &str, comes_last: fn(&Entry) -> bool) -> Result<Entry> {
    let mut entries = list(project)?;
    entries.sort_by_key(comes_last);
    let names: Vec<String> = entries.iter().map(|entry| format!("`{}`", entry.name)).collect();
    let missing = || {
        let known = if names.is_empty() {
            "there is no volume yet".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        Error::usage("unknown-volume", format!("there is no volume `{name}`")).hint(known)
    };
    entries.into_iter().find(|entry| entry.name == name).ok_or_else(missing)
}

/// Refuses what may not be removed: a volume that lies elsewhere, one whose server runs, any in a protected environment, and one
/// that a protected environment uses.
///
/// # Errors
///
/// Exit 4, or the file of another environment that cannot be read.
pub fn refuse_removal(project: &Project, entry: &Entry, variables: &BTreeMap<String, String>) -> Result<()> {
    let Entry { name, path, .. } = entry;
    if entry.external {
        let message =
            format!("the volume `{name}` lies outside of the project, in `{}`; stead never removes it", path.display());
        return Err(
            Error::refused("volume-external", message).hint("remove the folder yourself once its server is down")
        );
    }
    if let Some(protector) = project.protector(path, variables)? {
        let message = if protector == project.environment {
            format!("environment `{protector}` is protected: `volume remove` is refused there")
        } else {
            format!("the volume `{name}` belongs to environment `{protector}`, which is protected")
        };
        return Err(Error::refused("protected", message));
    }
    match entry.pid {
        Some(pid) => Err(ProvisionError::InUse { volume: path.clone(), pid }.into()),
        None => Ok(()),
    }
}

/// Removes one of the project's own volumes with everything in it.
///
/// # Errors
///
/// There is none of that name, it may not be removed, or the file system refuses.
pub async fn remove(
    project: &Project,
    caller: &Caller,
    name: &str,
    variables: &BTreeMap<String, String>,
) -> Result<()> {
    let entry = find_removable(project, name)?;
    refuse_removal(project, &entry, variables)?;
    let surroundings = surroundings(project, caller, variables);
    Ok(stead_provision::remove(&Volume::at(entry.path), &surroundings).await?)
}

/// The URL of a database on one of the project's servers, password included, for the driver that connects.
///
/// # Errors
///
/// Exit 7 if the server is not up.
pub fn url(local: &LocalDatabase) -> Result<String> {
    let volume = Volume::at(&local.volume);
    if !matches!(volume.state()?, State::Running(_)) {
        let message = format!("the server `{}` of database `{}` is not up", local.server, local.database);
        return Err(Error::new(Kind::Unreachable, "unreachable", message).hint("`stead up` starts it"));
    }
    let access = volume.access()?;
    if access.kind.engine() != Some(local.engine) {
        let message = format!("the server `{}` runs {}, not {}", local.server, access.kind, local.engine);
        return Err(Error::refused("volume-other-kind", message).hint("`stead down`, then `stead up`"));
    }
    let database = percent_encoding::utf8_percent_encode(&local.database, percent_encoding::NON_ALPHANUMERIC);
    Ok(format!("{}/{database}", access.url()))
}

/// What starting and stopping needs to know, from the variables of the process that asks.
pub(crate) fn surroundings(project: &Project, caller: &Caller, variables: &BTreeMap<String, String>) -> Surroundings {
    let mut surroundings = Surroundings::new(variables, caller.holder(), caller.reporter.clone());
    surroundings.lock_timeout = project.lock_timeout;
    surroundings
}

/// A path for people: relative to the project where it lies inside.
#[must_use]
pub fn shown<'a>(project: &Project, path: &'a Path) -> std::path::Display<'a> {
    path.strip_prefix(&project.folder).unwrap_or(path).display()
}

impl From<ProvisionError> for Error {
    fn from(error: ProvisionError) -> Self {
        let kind = match &error {
            ProvisionError::Ended { .. } | ProvisionError::Silent { .. } | ProvisionError::Refusing { .. } => {
                Kind::Unreachable
            }
            ProvisionError::Foreign { .. }
            | ProvisionError::OtherKind { .. }
            | ProvisionError::Root { .. }
            | ProvisionError::OutOfReach { .. }
            | ProvisionError::InUse { .. }
            | ProvisionError::Unrecorded { .. } => Kind::Refused,
            ProvisionError::Lock(error) => return error.clone().into(),
            _ => Kind::Failed,
        };
        Self::new(kind, error.code(), error.to_string()).with_hints(error.hints())
    }
}
