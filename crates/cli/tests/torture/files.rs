//! Which files lie in a project's folder, by name. After a killed command was finished they must be those of a run that
//! nobody killed; only what has a random or a time in its name is compared by its meaning instead.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stead_testkit::fixture::{Fixture, Home};

use crate::served;

const STATE: &str = ".stead/development";

/// Every file and folder by its relative path. Nothing is opened.
pub(crate) fn names(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(folder, folder, &mut found);
    found
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        found.insert(path.strip_prefix(root).expect("it lies below").display().to_string());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(root, &path, found);
        }
    }
}

/// The names that two finished runs have in common: without undo points, kept copies and builds of indexes, whose names
/// are times, digests and counters. [`unexplained`] looks at those.
pub(crate) fn comparable(names: &BTreeSet<String>) -> BTreeSet<String> {
    let varying = ["undo", "kept", "indexes"].map(|folder| format!("{STATE}/{folder}"));
    let varies = |name: &&String| !varying.iter().any(|folder| name.starts_with(folder.as_str()));
    names.iter().filter(varies).cloned().collect()
}

/// Files in the state folder, and databases on the server, that nothing accounts for: undo points hold what their records
/// name, the folder of an index holds the build that answers and those that undo points keep, a kept copy has its record.
pub(crate) fn unexplained(fixture: &Fixture) -> Vec<String> {
    let folder = fixture.path(".");
    let names = names(&folder);
    let points = points(&folder);
    let mut found: Vec<String> = names.iter().filter(|name| is_stray(name)).cloned().collect();
    for (id, record) in &points {
        let kept = kept_files(record, fixture.home() == Home::Files);
        found.extend(undo_strays(id, record, &kept, &names));
    }
    if fixture.home() != Home::Files {
        let kept = points.iter().flat_map(|(_, record)| kept(record, "databases")).collect();
        found.extend(served::unexplained(fixture, kept));
    }
    found.extend(index_strays(&folder, &points, &names));
    found.extend(kept_strays(&names));
    found
}

/// Marks of names that are only there while something is under way.
fn is_stray(name: &str) -> bool {
    let marks =
        ["stead-new", "stead-old", "stead-gone", "stead-dump", "stead-copy", "stead-kept-", ".aside", ".copying"];
    let places = ["/build", "/trash", "/journal.json"].map(|place| format!("{STATE}{place}"));
    marks.iter().any(|mark| name.contains(mark)) || places.iter().any(|place| name.starts_with(place.as_str()))
}

/// The undo points with their records.
fn points(folder: &Path) -> Vec<(String, Value)> {
    let undo = folder.join(STATE).join("undo");
    let entries = fs::read_dir(undo).into_iter().flatten().flatten();
    let read = |path: PathBuf| fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    entries
        .map(|entry| {
            let id = entry.file_name().to_string_lossy().into_owned();
            (id, read(entry.path().join("point.json")).unwrap_or(Value::Null))
        })
        .collect()
}

/// What an undo point keeps of one list.
fn kept(record: &Value, list: &str) -> Vec<String> {
    let entries = record[list].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["kept"].as_str()).map(str::to_owned).collect()
}

/// The files that an undo point keeps; databases on a server are none.
fn kept_files(record: &Value, databases: bool) -> Vec<String> {
    let relative = |path: &String| {
        let path =
            path.strip_prefix("./").unwrap_or_else(|| panic!("`{path}` would not survive a move of the project"));
        path.to_owned()
    };
    let databases = if databases { kept(record, "databases") } else { Vec::new() };
    databases.iter().chain(&kept(record, "leaves")).map(relative).collect()
}

fn undo_strays(id: &str, record: &Value, kept: &[String], names: &BTreeSet<String>) -> Vec<String> {
    let own = format!("{STATE}/undo/{id}");
    if record.is_null() {
        return vec![format!("{own} has no record")];
    }
    let missing = kept.iter().filter(|path| !names.contains(*path)).map(|path| format!("{path} is missing"));
    let record = format!("{own}/point.json");
    let explained = |name: &String| {
        let around = kept.iter().any(|kept| kept.starts_with(name.as_str()) || name.starts_with(kept.as_str()));
        *name == own || *name == record || around
    };
    let inside = names.iter().filter(|name| name.starts_with(&format!("{own}/")));
    let strays = inside.filter(|name| !explained(name) && **name != format!("{own}/storage")).cloned();
    missing.chain(strays).collect()
}

fn index_strays(folder: &Path, points: &[(String, Value)], names: &BTreeSet<String>) -> Vec<String> {
    let root = format!("{STATE}/indexes/");
    let mut strays = Vec::new();
    for name in names.iter().filter_map(|name| name.strip_prefix(&root)) {
        let Some((index, build)) = name.split_once('/') else { continue };
        if build.contains('/') || build == "current" {
            continue;
        }
        let current = fs::read_to_string(folder.join(&root).join(index).join("current")).unwrap_or_default();
        let of_points = points.iter().flat_map(|(_, record)| record["indexes"].as_array().into_iter().flatten());
        let mut ids = of_points.filter(|entry| entry["name"] == index).filter_map(|entry| entry["id"].as_str());
        if build != current.trim() && !ids.any(|id| id == build) {
            strays.push(format!("{root}{name}"));
        }
    }
    strays
}

fn kept_strays(names: &BTreeSet<String>) -> Vec<String> {
    let root = format!("{STATE}/kept/");
    let inside: BTreeSet<&str> = names.iter().filter_map(|name| name.strip_prefix(&root)).collect();
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let single = |name: &&&str| inside.iter().filter(|other| stem(other) == stem(name)).count() != 2;
    inside.iter().filter(single).map(|name| format!("{root}{name}")).collect()
}
