//! Projects made of schemas and histories that others wrote, which lie outside this repository and are never copied into
//! it. Whatever the command makes of them must equal what plain SQLite, or the server's own client, makes of the same files,
//! at every station of a database's life: init, dump, load, undo, all the way down and up again, search.

mod histories;
mod life;
mod picture;
mod plain;
mod schemas;
mod servers;

use std::fs;
use std::path::{Path, PathBuf};

const STEAD: &str = env!("CARGO_BIN_EXE_stead");

/// A part of the corpus; without it the test is skipped, visibly.
fn corpus(part: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let root = std::env::var_os("STEAD_CORPUS").map_or_else(beside, PathBuf::from);
    let path = root.join(part);
    if path.exists() {
        return Some(path);
    }
    let reason = format!("`{}` is not there; STEAD_CORPUS names another folder", path.display());
    stead_testkit::skip::skip("corpus", &reason);
    None
}

/// The files of a folder that end like that, by name.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the corpus and the files made from it are sound").path()).collect();
    found.retain(|path| path.is_file() && name(path).ends_with(ending));
    found.sort();
    assert!(!found.is_empty(), "no file ends with `{ending}` in {}", folder.display());
    found
}

fn name(path: &Path) -> String {
    path.file_name().expect("a file of a listing has a name").to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
