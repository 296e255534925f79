//! Whose volume it is. Volumes are shared by all environments of a project, so that one which is protected protects its volumes from
//! the others too; that is read from the files of each, because the variables that another environment needs are not set here.

use std::path::Path;

use super::error::ProjectError;
use super::files::{Files, normal};
use super::layers::{PROJECT_FILE, environments};
use super::origin::Origin;
use super::reference::Variables;
use super::server::ServerVolume;
use super::value::{Kind, Text, Value};

/// The protected environment that uses the volume in that folder: its own file names the server, or one of its databases is there.
/// A setting that is decided by a variable counts for the volume's safety.
pub(super) fn protector(
    directory: &Path,
    variables: &Variables,
    volume: &Path,
) -> Result<Option<String>, Vec<ProjectError>> {
    let mut files = Files::new(directory, variables);
    let project = files.load(&directory.join(PROJECT_FILE), &Origin::default_value());
    let project = project.ok_or_else(|| std::mem::take(&mut files.errors))?;
    for environment in environments(directory) {
        let file = directory.join(format!("stead.{environment}.toml"));
        if std::fs::symlink_metadata(&file).is_err() {
            continue;
        }
        let overlay = files.load(&file, &Origin::default_value());
        let overlay = overlay.ok_or_else(|| std::mem::take(&mut files.errors))?;
        let whole = overlay.clone().over(project.clone());
        if is_protected(&whole) && servers_on(&whole, directory, volume).any(|name| uses(&overlay, &whole, name)) {
            return Ok(Some(environment));
        }
    }
    Ok(None)
}

fn is_protected(settings: &Value) -> bool {
    settings.get(&["project", "protected"]).is_some_and(|value| !matches!(value.kind, Kind::Boolean(false)))
}

/// The names of the servers whose volume is in that folder.
fn servers_on<'a>(settings: &'a Value, directory: &'a Path, volume: &'a Path) -> impl Iterator<Item = &'a str> {
    let servers = settings.get(&["servers"]).and_then(Value::as_table).into_iter().flat_map(|table| &table.0);
    servers.filter_map(move |(name, entry)| {
        let stated = entry.value.get(&["volume"]);
        let elsewhere = stated.and_then(|stated| stated.get(&["path"]));
        let folder = match (elsewhere.map(|value| &value.kind), stated.map(|value| &value.kind)) {
            (Some(Kind::String(text)), _) | (None, Some(Kind::String(text))) if is_open(text) => volume.to_path_buf(),
            (Some(Kind::String(text)), _) => normal(&directory.join(text.value())),
            (None, Some(Kind::String(text))) => ServerVolume::Named(text.value().to_owned()).folder(directory),
            _ => ServerVolume::Named(name.clone()).folder(directory),
        };
        (folder == volume).then_some(name.as_str())
    })
}

/// Whether a variable decides what it says.
fn is_open(text: &Text) -> bool {
    text.value().contains("${")
}

/// Whether an environment has to do with a server: a section of the project's own file alone is everybody's.
fn uses(overlay: &Value, whole: &Value, server: &str) -> bool {
    let databases = whole.get(&["databases"]).and_then(Value::as_table).into_iter().flat_map(|table| &table.0);
    let mut on_it = databases.filter(|(_, database)| {
        let stated = database.value.get(&["server"]).map(|value| &value.kind);
        let there = matches!(stated, Some(Kind::String(text)) if text.value() == server || is_open(text));
        there && database.value.get(&["url"]).is_none()
    });
    overlay.get(&["servers", server]).is_some() || on_it.next().is_some()
}
