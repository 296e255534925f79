//! Databases as a whole: whether there is one, making, removing and measuring it, counting and checking what it holds.
//! None of it needs more than a look at the file or one connection.

use std::fs::OpenOptions;
use std::path::Path;

use stead_engine::{EngineError, ErrorClass, Place};

use crate::apply::Worker;
use crate::connect::filesystem::{
    SIDE_FILES, folder_of, remove_file, remove_side_files, remove_with_side_files, sync_folder, with_suffix,
};
use crate::connect::header;
use crate::connect::opening::{Found, find};

mod soundness;
#[cfg(test)]
mod tests;

pub(crate) use soundness::verify;

/// True if a database is there, false if surely nothing is.
pub(crate) fn exists(place: &Place) -> Result<bool, EngineError> {
    match find(place)? {
        Found::Absent(_) => Ok(false),
        Found::File(path) => header::read(&path).map(|_content| true),
    }
}

/// Makes an empty database, which to SQLite is an empty file, and the folders above it.
pub(crate) fn create(place: &Place) -> Result<(), EngineError> {
    let path = find(place)?.absent()?;
    let folder = folder_of(&path);
    std::fs::create_dir_all(folder)
        .map_err(|error| EngineError::io(format!("cannot make the folder `{}`", folder.display()), &error))?;
    remove_side_files(&path)?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|error| EngineError::io(format!("cannot make `{}`", path.display()), &error))?;
    sync_folder(folder)
}

/// Removes a database with its side files, and the link that led to it. Absent is fine. The lock file stays: whoever waits
/// for it has it open, and a second one of the same name would be a second lock.
pub(crate) fn remove(place: &Place) -> Result<(), EngineError> {
    let given = Path::new(&place.0);
    let path = match find(place) {
        Ok(found) => found.path().to_owned(),
        Err(error) if error.class == ErrorClass::Unreachable && given.is_symlink() => return remove_file(given),
        Err(error) => return Err(error),
    };
    if path.exists() && !is_ours(&path) {
        header::read(&path).map_err(|error| error.hint("nothing was removed"))?;
    }
    if !path.exists() && !folder_of(&path).exists() {
        return Ok(());
    }
    remove_with_side_files(&path)?;
    if given.is_symlink() {
        remove_file(given)?;
    }
    sync_folder(folder_of(&path))
}

/// True for the names of files that are being built: they may hold anything when a run was cut off.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with('.') && name.contains(".stead-")
}

/// Bytes of the database, its write-ahead log and its journal.
pub(crate) fn size(place: &Place) -> Result<u64, EngineError> {
    let found = find(place)?;
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let Found::File(path) = found else { return Ok(0) };
    let beside: u64 =
        SIDE_FILES.iter().filter(|suffix| **suffix != "-shm").map(|suffix| length(&with_suffix(&path, suffix))).sum();
    Ok(length(&path) + beside)
}

fn ordinary_tables(worker: &Worker) -> Result<Vec<String>, EngineError> {
    worker.texts(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name COLLATE BINARY",
    )
}

/// Rows of each ordinary table. A virtual table has none of its own: they are in its shadow tables, which are counted, or
/// somewhere else.
pub(crate) fn count_rows(worker: &mut Worker) -> Result<Vec<(String, u64)>, EngineError> {
    let names = ordinary_tables(worker)?;
    let mut counts = Vec::with_capacity(names.len());
    for name in names {
        let count = count(worker, &name)?;
        counts.push((name, count));
    }
    Ok(counts)
}

fn count(worker: &Worker, table: &str) -> Result<u64, EngineError> {
    let plain = format!("SELECT count(*) FROM main.{}", crate::apply::quoted(table));
    // An index is shorter to read than its table, but it may have a collation that only the application knows.
    let unindexed = format!("{plain} NOT INDEXED");
    // So may the key of a table without rowids, which is the table; its cells can be counted all the same.
    let name = table.replace('\'', "''");
    let cells =
        format!("SELECT ifnull(sum(ncell), 0) FROM dbstat('main') WHERE name = '{name}' AND pagetype <> 'overflow'");
    let mut counted = worker.value::<i64>(&plain);
    for other in [unindexed, cells] {
        counted = match counted {
            Err(error) if error.class == ErrorClass::Unsupported => worker.value(&other),
            counted => counted,
        };
    }
    Ok(u64::try_from(counted?).unwrap_or_default())
}
