//! Restoring into a database that others have open. Every handle then sees the new content, because it is the same file,
//! written in one transaction by SQLite's backup API; before that transaction the undo copy is complete and synced, and no
//! writer can come in between, because the transaction's lock is taken before the copy is made.

use std::path::Path;
use std::sync::Arc;

use rusqlite::backup::{Backup, StepResult};
use stead_engine::{Access, EngineError, ErrorClass};

use super::pinned::{Pages, backup, busy, pin};
use super::swap::{Plan, copy_quiet_file, passed, rename, take_owner, users_in_the_way};
use crate::apply::Worker;
use crate::connect::Settings;
use crate::connect::descriptor::Descriptor;
use crate::connect::filesystem::{folder_of, remove_file, remove_with_side_files, sync_folder};
use crate::connect::header::{self, Content};
use crate::connect::opening::{Handle, open};

/// Restores the built database into the live one and keeps a copy of what was there.
pub(super) fn into(live: &Path, built: &Path, kept: &Path, settings: &Settings) -> Result<(), EngineError> {
    // A hard link from an attempt to rename would change together with the live file.
    remove_file(kept)?;
    let copy = Plan::undo_copy(kept);
    remove_file(&copy)?;
    fits(live, built, settings)?;
    prepare(live, built, settings)?;
    let source = open(built, Access::Read, settings)?;
    let mut target = open(live, Access::Write, settings)?;
    let restored = restore(&source, &mut target, live, kept, settings);
    source.close()?;
    target.close()?;
    if restored.is_err() {
        let _left_over = remove_with_side_files(&Plan::unfinished_copy(kept)).and_then(|()| remove_file(&copy));
    }
    restored?;
    passed("swap.into.restored")?;
    rename(&copy, kept)?;
    sync_folder(folder_of(kept))
}

/// What a backup cannot change under open handles: the page size of a database in WAL mode, and the text encoding.
pub(super) fn fits(live: &Path, built: &Path, settings: &Settings) -> Result<(), EngineError> {
    let (Content::Database(old), Content::Database(new)) = (header::read(live)?, header::read(built)?) else {
        return Ok(());
    };
    let what = if old.wal && old.page_size != new.page_size {
        format!("has pages of {} bytes in WAL mode, the new one of {}", old.page_size, new.page_size)
    } else if old.encoding != 0 && new.encoding != 0 && old.encoding != new.encoding {
        "has another text encoding than the new one".to_owned()
    } else {
        return Ok(());
    };
    let users = users_in_the_way(live, settings);
    let message = format!("{} and {what}, which cannot be changed while it is open", users.message);
    Err(EngineError::new(ErrorClass::Conflict, message)
        .hint("stop these processes and run the command again; nothing was changed"))
}

/// The journal mode is the old database's, and there is at least one page, without which the first step of a backup would
/// be its last.
fn prepare(live: &Path, built: &Path, settings: &Settings) -> Result<(), EngineError> {
    let (old, new) = (header::read(live)?, header::read(built)?);
    let handle = open(built, Access::Write, settings)?;
    if new.wal() && !old.wal() {
        let _mode: String = handle.value("PRAGMA main.journal_mode = DELETE")?;
    }
    if new == Content::Empty {
        handle.batch("PRAGMA main.user_version = 0")?;
    }
    handle.close()
}

fn restore(
    source: &Handle,
    target: &mut Handle,
    live: &Path,
    kept: &Path,
    settings: &Settings,
) -> Result<(), EngineError> {
    let path = target.path.clone();
    let failed = |error: &rusqlite::Error| crate::error::classify(error, path.as_deref());
    let restoring = Backup::new(&source.connection, &mut target.connection).map_err(|error| failed(&error))?;
    // A step of no pages takes the write lock and changes nothing.
    match restoring.step(0).map_err(|error| failed(&error))? {
        StepResult::More => {}
        _ => return Err(locked(&failed(&busy()))),
    }
    keep(live, kept, settings)?;
    passed("swap.into.copied")?;
    match restoring.step(-1).map_err(|error| failed(&error))? {
        StepResult::Done => Ok(()),
        _ => Err(locked(&failed(&busy()))),
    }
}

fn locked(error: &EngineError) -> EngineError {
    let mut conflict = error.clone();
    conflict.class = ErrorClass::Conflict;
    conflict.hint("nothing was changed")
}

/// Copies the live database while its write lock is held: in WAL mode readers still get in, so SQLite makes the copy; else
/// nobody does, and the file is the database.
fn keep(live: &Path, kept: &Path, settings: &Settings) -> Result<(), EngineError> {
    let copy = Plan::unfinished_copy(kept);
    if !header::read(live)?.wal() {
        copy_quiet_file(live, &copy, settings)?;
    } else {
        remove_with_side_files(&copy)?;
        let reader = open(live, Access::Read, settings)?;
        let copied = backup(&reader, &copy);
        reader.close()?;
        copied?;
        let _other_owner = take_owner(live, &copy);
        let synced = Descriptor::open(&copy).and_then(|file| file.sync_all());
        synced.map_err(|error| EngineError::io(format!("cannot sync `{}`", copy.display()), &error))?;
    }
    rename(&copy, &Plan::undo_copy(kept))?;
    sync_folder(folder_of(kept))
}

/// Bytes that are compared at once.
const PIECE: usize = 1 << 20;
/// A restore writes some of the header anew.
const HEADER: usize = 100;

/// Whether two databases hold the same pages, apart from their headers.
pub(super) fn same_content(left: &Path, right: &Path, settings: &Settings) -> Result<bool, EngineError> {
    let mut workers = [reader(left, settings)?, reader(right, settings)?];
    let mut views = Vec::with_capacity(workers.len());
    for worker in &mut workers {
        let pinned = pin(worker)?;
        views.push(Pages::open(worker, pinned)?);
    }
    let same = equal(&views[0], &views[1]).map_err(|error| {
        EngineError::io(format!("cannot compare `{}` and `{}`", left.display(), right.display()), &error)
    });
    drop(views);
    for worker in &mut workers {
        worker.close()?;
    }
    same
}

fn reader(path: &Path, settings: &Settings) -> Result<Worker, EngineError> {
    Ok(Worker::new(open(path, Access::Read, settings)?, Arc::default()))
}

fn equal(left: &Pages, right: &Pages) -> std::io::Result<bool> {
    let mut pieces = [vec![0; PIECE], vec![0; PIECE]];
    let mut done = 0;
    while done < left.length && left.length == right.length {
        let wanted = usize::try_from(left.length - done).unwrap_or(PIECE).min(PIECE);
        left.read_at(&mut pieces[0][..wanted], done)?;
        right.read_at(&mut pieces[1][..wanted], done)?;
        let skipped = if done == 0 { HEADER } else { 0 };
        if pieces[0][skipped..wanted] != pieces[1][skipped..wanted] {
            return Ok(false);
        }
        done += wanted as u64;
    }
    Ok(left.length == right.length)
}
