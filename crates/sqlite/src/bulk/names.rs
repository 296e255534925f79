//! Names of the files that copies and swaps make beside a database. All are hidden, begin with the database's own name and
//! say whose they are, so that an interrupted run's leftovers are found and nobody else's file is taken for one.

use std::path::{Path, PathBuf};

use stead_engine::{EngineError, Place};

use crate::connect::filesystem::{SIDE_FILES, folder_of, hidden_beside, same_mount, with_suffix};

/// What is built for a swap.
const NEW: &str = "new-";
/// What a dump reads when the database itself is too busy.
const DUMP: &str = "dump-";
/// What was replaced, where it cannot be kept elsewhere.
const KEPT: &str = "kept-";

/// A path as a place.
pub(super) fn place(path: &Path) -> Place {
    Place(path.to_string_lossy().into_owned())
}

/// Where a replacement is built.
pub(super) fn beside(live: &Path, token: &str) -> PathBuf {
    hidden_beside(live, &format!("{NEW}{}", plain(token)))
}

/// Where the replaced database is kept: in the folder if a rename can reach it, else beside the live one. The name begins
/// with a digest of the live path, because two databases of one project may have files of the same name.
pub(super) fn keeping(live: &Path, folder: &Path, token: &str) -> PathBuf {
    match live.file_name() {
        Some(name) if folder.is_absolute() && same_mount(live, folder) => {
            let digest = blake3::hash(live.as_os_str().as_encoded_bytes()).to_hex();
            let mut kept = std::ffi::OsString::from(&digest.as_str()[..8]);
            kept.push("-");
            kept.push(name);
            folder.join(kept)
        }
        _ => hidden_beside(live, &format!("{KEPT}{}", plain(token))),
    }
}

/// The database beside which a file is built, by the file's name.
pub(super) fn live_of(built: &Path) -> Option<PathBuf> {
    let name = built.file_name()?.to_str()?.strip_prefix('.')?;
    let (live, _) = name.split_once(&format!(".stead-{NEW}"))?;
    Some(folder_of(built).join(live))
}

/// A temporary copy for a dump.
pub(super) fn dump(live: &Path) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    hidden_beside(live, &format!("{DUMP}{}-{number}", std::process::id()))
}

/// A token as part of a file name.
fn plain(token: &str) -> String {
    token.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect()
}

/// Files that an interrupted run left beside the database, each without the side files that go with it.
pub(super) fn leftovers(live: &Path) -> Result<Vec<Place>, EngineError> {
    let folder = folder_of(live);
    let failed = |error| EngineError::io(format!("cannot list the folder `{}`", folder.display()), &error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let prefixes = [NEW, DUMP].map(|what| hidden_beside(live, what));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let ours = prefixes.iter().any(|prefix| {
            let name = path.as_os_str().as_encoded_bytes();
            name.starts_with(prefix.as_os_str().as_encoded_bytes())
        });
        if ours && !belongs_to_another(&path) {
            found.push(place(&path));
        }
    }
    found.sort();
    Ok(found)
}

/// True for a side file whose database is there too and takes it along.
fn belongs_to_another(path: &Path) -> bool {
    let Some(name) = path.to_str() else { return false };
    SIDE_FILES.iter().filter_map(|suffix| name.strip_suffix(suffix)).any(|database| Path::new(database).exists())
}

/// The write-ahead log beside a database.
pub(super) fn log(database: &Path) -> PathBuf {
    with_suffix(database, "-wal")
}
