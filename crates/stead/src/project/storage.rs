//! `[storage]`: the application's uploaded files and which of its folders stead manages. A leaf is swapped as a whole,
//! so a leaf that reaches out of the storage, into another, or over a database is refused before anything can happen.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::app::App;
use super::database::{Database, DatabaseLocation};
use super::error::Problem;
use super::origin::Origin;
use super::reading::{Reading, Section, Stated};

/// The application's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The folder.
    pub path: PathBuf,
    /// The managed folders inside it, with `/` between their parts.
    pub leaves: Vec<String>,
    /// The queries that say which files the rows speak of.
    pub references: Vec<StorageReference>,
    /// Where its section begins.
    pub origin: Origin,
    leaf_origins: Vec<Origin>,
}

impl Storage {
    /// The folder of a leaf.
    #[must_use]
    pub fn leaf(&self, leaf: &str) -> PathBuf {
        self.path.join(leaf)
    }
}

/// A query whose rows each name one file, relative to the storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageReference {
    /// The database that is asked.
    pub database: String,
    /// The query.
    pub query: String,
    /// Where it is stated.
    pub origin: Origin,
}

/// Reads `[storage]`.
pub(super) fn read(root: &Section<'_>) -> Option<Storage> {
    let section = root.section("storage")?;
    let path = section.required_path("path", "write the folder of the files, `path = \"storage\"`");
    let mut storage = Storage {
        path: PathBuf::new(),
        leaves: Vec::new(),
        references: section.sections("references").into_iter().filter_map(read_reference).collect(),
        origin: section.origin.clone(),
        leaf_origins: Vec::new(),
    };
    for stated in section.strings("leaves").unwrap_or_default() {
        read_leaf(&section, &mut storage, &stated);
    }
    section.finish();
    Some(Storage { path: path?, ..storage })
}

fn read_leaf(section: &Section<'_>, storage: &mut Storage, stated: &Stated<'_>) {
    let Some(leaf) = leaf_name(&stated.text) else {
        return section.fail(Problem::LeafEscapes { leaf: stated.word.clone() }, stated.origin);
    };
    if let Some(other) = storage.leaves.iter().find(|other| overlap(Path::new(&leaf), Path::new(other))) {
        return section.fail(Problem::LeafOverlap { leaf, other: other.clone() }, stated.origin);
    }
    storage.leaves.push(leaf);
    storage.leaf_origins.push(stated.origin.clone());
}

/// The leaf in its plain writing, if it lies strictly inside the storage on every system.
fn leaf_name(text: &str) -> Option<String> {
    let mut parts = Vec::new();
    for component in Path::new(text).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            _ => return None,
        }
    }
    let good = !parts.is_empty() && !text.contains(['\\', '\0', ':']);
    good.then(|| parts.join("/"))
}

/// Whether one path is the other or lies in it.
fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn read_reference(section: Section<'_>) -> Option<StorageReference> {
    let database = section.database("database");
    let query = section.required_string("query", "write a query whose rows each name one file");
    let origin = section.origin.clone();
    section.finish();
    Some(StorageReference { database: database?, query: query?.text, origin })
}

/// Refuses leaves that would swap away stead's own files, a database or an app.
pub(super) fn refuse_reserved(
    reading: &Reading<'_>,
    storage: &Storage,
    databases: &BTreeMap<String, Database>,
    apps: &BTreeMap<String, App>,
) {
    let mut reserved = vec![
        ("the state folder".to_owned(), reading.folder.join(super::STATE_FOLDER)),
        ("the snapshots".to_owned(), reading.folder.join(super::BACKUP_FOLDER)),
    ];
    for database in databases.values() {
        if let DatabaseLocation::File(file) = &database.location {
            reserved.push((format!("the database `{}`", database.name), file.clone()));
        }
    }
    reserved.extend(apps.values().map(|app| (format!("the app `{}`", app.name), app.path.clone())));
    for (leaf, origin) in storage.leaves.iter().zip(&storage.leaf_origins) {
        let path = storage.leaf(leaf);
        if let Some((what, folder)) = reserved.iter().find(|(_, folder)| overlap(&path, folder)) {
            let (what, folder) = (what.clone(), reading.shown(folder));
            reading.fail(Problem::LeafReserved { leaf: leaf.clone(), what, folder }, origin);
        }
    }
}
