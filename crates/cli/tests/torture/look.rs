//! Eyes for a project's folder right after a kill. They look at a copy, because looking changes things: opening a database
//! rolls a cut-off transaction back, which is the next command's business and must not be done for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use stead_testkit::fixture::{Fixture, Home, ended, rows, tables};

use crate::{served, stead};

/// What each single thing looks like, by its name: `database main`, `leaf pictures`, `index items`, `snapshot b`.
pub(crate) type Things = BTreeMap<String, String>;

/// What a thing looks like that is not there.
pub(crate) const ABSENT: &str = "absent";

/// Databases with more rows than that are told apart by counts and lengths.
const LARGE: u64 = 50_000;

/// Attempts to copy a folder, half a second apart.
const PATIENCE: u32 = 120;

/// What is to be looked at, by name.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) databases: &'static [&'static str],
    pub(crate) leaves: &'static [&'static str],
    pub(crate) index: &'static str,
    /// A word that every document of the index holds.
    pub(crate) word: &'static str,
    pub(crate) snapshots: &'static [&'static str],
}

/// Copies a folder with everything in it, as it is. A seed program that outlived the killed command may still be writing
/// beside the live things, so that a file vanishes while it is copied; then the copy is made again.
pub(crate) fn copy(from: &Path, to: &Path) {
    for _ in 0..PATIENCE {
        let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).output();
        if copied.is_ok_and(|output| output.status.success()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(500));
        std::fs::remove_dir_all(to).expect("the incomplete copy goes");
        std::fs::create_dir(to).expect("an empty folder");
    }
    panic!("{} could not be copied", from.display());
}

/// Looks at a project without touching it.
pub(crate) fn look(fixture: &Fixture, view: &View) -> Things {
    let mut things = look_at_files(fixture, view);
    if fixture.home() != Home::Files {
        things.extend(served::look(fixture, view));
    }
    things
}

/// Looks at what lies in the project's folder, which is everything but the databases on a server.
pub(crate) fn look_at_files(fixture: &Fixture, view: &View) -> Things {
    let copied = tempfile::Builder::new().prefix("stead-look-").tempdir().expect("a temporary folder");
    copy(&fixture.path("."), copied.path());
    let folder = copied.path();
    let mut things = Things::new();
    for name in view.databases.iter().filter(|_| fixture.home() == Home::Files) {
        things.insert(format!("database {name}"), database(&folder.join(format!(".stead/development/{name}.db"))));
    }
    for name in view.leaves {
        things.insert(format!("leaf {name}"), leaf(&folder.join("storage").join(name)));
    }
    for name in view.snapshots {
        things.insert(format!("snapshot {name}"), snapshot(folder, name));
    }
    things.insert(format!("index {}", view.index), index(folder, view));
    things
}

/// The things that change together: all but the snapshots, each of which stands for itself.
pub(crate) fn set(things: &Things) -> Things {
    let set = things.iter().filter(|(name, _)| !name.starts_with("snapshot "));
    set.map(|(name, look)| (name.clone(), look.clone())).collect()
}

/// Schema, rows and applied revisions of a sound database; what is wrong with one that is not.
fn database(path: &Path) -> String {
    if !path.exists() {
        return ABSENT.to_owned();
    }
    let sound = rows(path, "PRAGMA integrity_check");
    if sound != [["ok"]] {
        return format!("damaged: {sound:?}");
    }
    let schema = rows(path, "SELECT type, name, sql FROM sqlite_schema ORDER BY name");
    let ledger = schema.iter().any(|row| row[1] == "stead_ledger");
    let query = "SELECT app, revision, state FROM stead_ledger ORDER BY app, revision";
    let applied = if ledger { rows(path, query) } else { Vec::new() };
    let names = schema.iter().filter(|row| row[0] == "table").map(|row| row[1].as_str());
    let counts: Vec<u64> = names.map(|name| count(path, name)).collect();
    let large = counts.iter().sum::<u64>() > LARGE;
    let content = if large { format!("{counts:?} {:?}", totals(path)) } else { format!("{:?}", tables(path)) };
    short(&format!("{schema:?} {applied:?} {content}"), counts.len())
}

fn count(path: &Path, table: &str) -> u64 {
    rows(path, &format!("SELECT count(*) FROM \"{table}\""))[0][0].parse().expect("a count is a number")
}

/// The lengths of all values, summed by column: what tells a large database from another without reading it row by row.
fn totals(path: &Path) -> Vec<Vec<String>> {
    let columns = "SELECT tables.name, group_concat('total(length(\"' || columns.name || '\"))') FROM sqlite_schema AS tables, \
                   pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' \
                   AND tables.name NOT LIKE 'stead\\_%' ESCAPE '\\' GROUP BY tables.name ORDER BY tables.name";
    let tables = rows(path, columns).into_iter();
    tables.flat_map(|table| rows(path, &format!("SELECT {} FROM \"{}\"", table[1], table[0]))).collect()
}

/// Long texts only have to be told apart; the count helps whoever reads a failure.
pub(crate) fn short(text: &str, count: usize) -> String {
    format!("{count} in it, {}", &blake3::hash(text.as_bytes()).to_hex()[..12])
}

fn leaf(folder: &Path) -> String {
    if !folder.is_dir() {
        return ABSENT.to_owned();
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    short(&format!("{found:?}"), found.len())
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(folder).expect("a folder in a copy can be listed");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry of a copy").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(root).expect("it lies below").display().to_string();
        if path.is_dir() {
            found.push((name, "folder".to_owned()));
            walk(root, &path, found);
        } else {
            found.push((name, blake3::hash(&fs::read(&path).expect("a file of a copy")).to_string()));
        }
    }
}

/// Rows and files that a whole snapshot says it has; what is wrong with one that is not whole.
fn snapshot(folder: &Path, name: &str) -> String {
    let path = folder.join("backups").join(name);
    if !path.exists() {
        return ABSENT.to_owned();
    }
    let verified = answer(folder, &["snapshots", "verify", name]);
    if verified.0 != 0 {
        return format!("not whole: {}", verified.1);
    }
    let manifest: Value = serde_json::from_slice(&fs::read(path.join("manifest.json")).expect("it was verified"))
        .expect("a verified manifest is JSON");
    let databases = manifest["databases"].as_object().expect("a manifest has databases");
    let tables = databases.iter().map(|(name, record)| format!("{name} {}", record["tables"]));
    let tables: Vec<String> = tables.collect();
    format!("whole: {}, {} files", tables.join(", "), manifest["storage"]["files"])
}

/// The documents of the index that answers.
fn index(folder: &Path, view: &View) -> String {
    let (code, text) = answer(folder, &["search", view.index, view.word, "--limit", "1000", "--json"]);
    if code != 0 {
        return if text.contains("not built yet") { ABSENT.to_owned() } else { format!("broken: {text}") };
    }
    let document: Value = serde_json::from_str(&text).expect("a search answers with JSON");
    let hits = document["result"]["hits"].as_array().expect("a result has hits");
    let mut found: Vec<String> = hits.iter().map(|hit| format!("{} {}", hit["key"], hit["fields"])).collect();
    found.sort();
    short(&format!("{} {found:?}", document["result"]["total"]), found.len())
}

/// A reading command in a folder: its exit code, and what it printed, or else said.
fn answer(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(stead());
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("USER", "tester");
    let ended = ended(command.output().expect("the binary was built"));
    (ended.code, if ended.code == 0 { ended.out } else { ended.out + &ended.err })
}
