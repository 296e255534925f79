//! Whether a swap can go through, found out before anything long is done. Everything here only looks.

use std::path::Path;

use stead_engine::snapshot::Swap;
use stead_engine::{Access, EngineError, ErrorClass};

use super::restore::fits;
use super::swap::{Plan, in_use, users_in_the_way};
use crate::connect::Settings;
use crate::connect::filesystem::{folder_of, nearest_existing, with_suffix, writable_folder};
use crate::connect::opening::{Found, open};

/// Looks for what would stop the swap.
pub(super) fn ready(swap: &Swap, settings: &Settings) -> Result<(), EngineError> {
    let plan = Plan::new(swap)?;
    writable_folder(folder_of(plan.live.path()))?;
    if let Some(kept) = &plan.kept {
        writable_folder(folder_of(kept))?;
    }
    let Found::File(live) = &plan.live else { return Ok(()) };
    free(live, settings)?;
    if !in_use(live, 0, settings)? {
        return Ok(());
    }
    match (&plan.built, &plan.kept) {
        (Some(built), Some(kept)) => {
            if built.exists() {
                fits(live, built, settings)?;
            }
            room(live, built, kept, settings)
        }
        _ => Err(users_in_the_way(live, settings)
            .hint("stop them, or let them close the database, and run the command again")),
    }
}

/// Nobody holds a lock for longer than we would wait. Without a write-ahead log one who reads is in the way like one who
/// writes: what is swapped in could not be committed.
fn free(live: &Path, settings: &Settings) -> Result<(), EngineError> {
    let handle = open(live, Access::Write, settings).map_err(in_the_way)?;
    let locked = handle.batch("BEGIN EXCLUSIVE").and_then(|()| handle.batch("ROLLBACK"));
    handle.close()?;
    locked.map_err(in_the_way)
}

fn in_the_way(mut error: EngineError) -> EngineError {
    if error.class == ErrorClass::LockTimeout {
        error.class = ErrorClass::Conflict;
    }
    error
}

/// A restore into the file needs the undo copy, and a journal or log of the same size while it runs.
fn room(live: &Path, built: &Path, kept: &Path, settings: &Settings) -> Result<(), EngineError> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let old = length(live) + length(&with_suffix(live, "-wal"));
    enough(folder_of(kept), old, settings)?;
    enough(folder_of(live), old.max(length(built)), settings)
}

fn enough(folder: &Path, wanted: u64, settings: &Settings) -> Result<(), EngineError> {
    let folder = nearest_existing(folder);
    // Where the system cannot say, the copy itself will.
    let free = settings.file_system.free_bytes(folder).unwrap_or(u64::MAX);
    if free >= wanted {
        return Ok(());
    }
    let message = format!("`{}` has {free} bytes free, the undo copy needs {wanted}", folder.display());
    Err(EngineError::new(ErrorClass::Refused, message)
        .hint("free some space, or stop the processes that have the database open: without them no copy is needed"))
}
