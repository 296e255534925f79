//! Putting a built file in the place of the live one. Renaming over a database that somebody has open, or that left a log
//! or a journal behind, loses data while every check says `ok`; so the live file is first brought into a state in which it
//! stands alone, under a lock that nobody else can hold, and only then linked to where it is kept and replaced:
//!
//! open (which recovers what a crash left) → checkpoint → leave WAL → exclusive lock → hard link the old file → look again
//! who has it open → rename the new one over it → release → sync the folders.
//!
//! A file that others have open is not renamed over: they would go on with the old one. It is restored *into*, see
//! [`super::restore`].

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use stead_engine::snapshot::Swap;
use stead_engine::{Access, EngineError, ErrorClass, failpoint};

use super::restore;
use crate::connect::Settings;
use crate::connect::descriptor::{self, Descriptor};
use crate::connect::filesystem::{
    copy_file, folder_of, remove_file, remove_side_files, remove_with_side_files, sync_folder, with_suffix,
};
use crate::connect::header;
use crate::connect::opening::{Found, Handle, find, open, refuse_network};
use crate::connect::processes;

/// A swap with its paths resolved.
pub(super) struct Plan {
    pub(super) live: Found,
    pub(super) built: Option<PathBuf>,
    pub(super) kept: Option<PathBuf>,
    token: String,
}

/// How far a swap has come.
enum Stage {
    /// The live name stands for the old database, or for none where there was none.
    Before,
    /// The live name stands for what it shall stand for; what is left over can go.
    After,
}

impl Plan {
    pub(super) fn new(swap: &Swap) -> Result<Self, EngineError> {
        let path = |place: &Option<_>| {
            place.as_ref().map(find).transpose().map(|found| found.map(|found| found.path().to_owned()))
        };
        Ok(Self {
            live: find(&swap.live)?,
            built: path(&swap.built)?,
            kept: path(&swap.kept)?,
            token: swap.token.clone(),
        })
    }

    /// The undo copy that a restore makes before it begins, complete and synced; it gets its final name only when the
    /// restore is done.
    pub(super) fn undo_copy(kept: &Path) -> PathBuf {
        with_suffix(kept, ".stead-copy")
    }

    /// The undo copy while it is being made.
    pub(super) fn unfinished_copy(kept: &Path) -> PathBuf {
        with_suffix(kept, ".stead-copying")
    }

    fn stage(&self, settings: &Settings) -> Result<Stage, EngineError> {
        let Found::File(live) = &self.live else { return self.stage_without_live() };
        let Some(built) = &self.built else { return Ok(Stage::Before) };
        let marked = token(live, settings)?;
        let ours = marked.as_deref() == Some(self.token.as_str());
        match (built.exists(), ours) {
            (_, true) => Ok(Stage::After),
            (true, false) if self.kept.is_none() && same_file(built, live) => Ok(Stage::After),
            (true, false) if self.restored_without_mark(live, built, settings)? => Ok(Stage::After),
            (true, false) => Ok(Stage::Before),
            // Only the rename takes the built file away; the mark may have been cleared since.
            (false, false) if marked.is_none() && self.kept.as_ref().is_none_or(|kept| kept.exists()) => {
                Ok(Stage::After)
            }
            (false, false) => Err(missing(built, live)),
        }
    }

    /// A built database need not have a marker row (an emptied one has nothing). Then the undo copy says that a restore was
    /// begun, and the content whether it was carried through.
    fn restored_without_mark(&self, live: &Path, built: &Path, settings: &Settings) -> Result<bool, EngineError> {
        let begun = self.kept.as_ref().is_some_and(|kept| Self::undo_copy(kept).exists());
        if !begun || token(built, settings)?.is_some() {
            return Ok(false);
        }
        match restore::same_content(live, built, settings) {
            Err(error) if error.damaged => Ok(false),
            same => same,
        }
    }

    fn stage_without_live(&self) -> Result<Stage, EngineError> {
        let kept = self.kept.as_ref().is_some_and(|kept| kept.exists());
        match &self.built {
            None if kept || self.kept.is_none() => Ok(Stage::After),
            Some(built) if built.exists() && (kept || self.kept.is_none()) => Ok(Stage::Before),
            Some(built) if !built.exists() => Err(missing(built, self.live.path())),
            _ => Err(conflict(format!("`{}` is gone, so it cannot be kept", self.live.path().display()))),
        }
    }
}

fn conflict(message: String) -> EngineError {
    EngineError::new(ErrorClass::Conflict, message)
}

fn missing(built: &Path, live: &Path) -> EngineError {
    conflict(format!("`{}`, which shall replace `{}`, does not exist", built.display(), live.display()))
        .hint("nothing was changed; build it again")
}

/// Carries a swap through, from wherever it stands.
pub(super) fn swap(swap: &Swap, settings: &Settings) -> Result<(), EngineError> {
    let plan = Plan::new(swap)?;
    if matches!(plan.stage(settings)?, Stage::After) {
        return clear(&plan);
    }
    match (&plan.built, &plan.kept, &plan.live) {
        (Some(built), Some(kept), Found::File(live)) => replace(live, built, kept, settings)?,
        (Some(built), _, Found::Absent(live)) => put(live, built, settings)?,
        (Some(_), None, Found::File(live)) => {
            return Err(conflict(format!("`{}` has come into being meanwhile", live.display()))
                .hint("nothing was changed; run the command again"));
        }
        (None, Some(kept), Found::File(live)) => take_away(live, kept, settings)?,
        (None, _, _) => {}
    }
    clear(&plan)
}

/// Whether the live name still stands for the old database. What a swap does to that one before, it does in a transaction.
pub(super) fn untouched(swap: &Swap, settings: &Settings) -> Result<bool, EngineError> {
    Ok(matches!(Plan::new(swap)?.stage(settings)?, Stage::Before))
}

/// Removes what a finished swap leaves over. Each step may have been done before.
fn clear(plan: &Plan) -> Result<(), EngineError> {
    if let Some(kept) = &plan.kept {
        let copy = Plan::undo_copy(kept);
        remove_with_side_files(&Plan::unfinished_copy(kept))?;
        match (copy.exists(), kept.exists()) {
            (true, true) => remove_file(&copy)?,
            (true, false) => rename(&copy, kept)?,
            (false, _) => {}
        }
        if folder_of(kept).exists() {
            sync_folder(folder_of(kept))?;
        }
    }
    if let Some(built) = &plan.built {
        remove_with_side_files(built)?;
    }
    sync_folder(folder_of(plan.live.path()))
}

/// The mark in a database's marker row, if there is one and it can be read: what is built and marked is never damaged.
fn token(path: &Path, settings: &Settings) -> Result<Option<String>, EngineError> {
    let handle = open(path, Access::Read, settings)?;
    let read = handle.value::<Option<String>>("SELECT max(swap_token) FROM main.stead_marker");
    let token = match read {
        Err(error) if error.class == ErrorClass::Syntax || error.damaged => None,
        other => other?,
    };
    handle.close()?;
    Ok(token)
}

fn same_file(left: &Path, right: &Path) -> bool {
    let identity = |path: &Path| std::fs::metadata(path).map(|metadata| descriptor::identity(&metadata)).ok();
    identity(left).is_some() && identity(left) == identity(right)
}

/// Why a rename is not the way.
enum Unsuited {
    /// Somebody else has the file open.
    InUse,
    /// The new file cannot be given the old one's owner.
    OwnerLost,
}

fn replace(live: &Path, built: &Path, kept: &Path, settings: &Settings) -> Result<(), EngineError> {
    let other = kept.exists() && !same_file(kept, live);
    if other {
        return Err(conflict(format!("`{}`, where the old database shall be kept, exists already", kept.display())));
    }
    make_folder(folder_of(kept))?;
    let unsuited = if in_use(live, 0, settings)? {
        Some(Unsuited::InUse)
    } else if take_owner(live, built).is_err() {
        Some(Unsuited::OwnerLost)
    } else {
        by_rename(live, Some(built), kept, settings)?
    };
    match unsuited {
        None => Ok(()),
        Some(Unsuited::InUse | Unsuited::OwnerLost) => restore::into(live, built, kept, settings),
    }
}

/// There was no database: the new one takes the name unless somebody was faster.
fn put(live: &Path, built: &Path, settings: &Settings) -> Result<(), EngineError> {
    make_folder(folder_of(live))?;
    settle(built, false, settings)?;
    // A log or journal without its database means nothing, except to a new file of that name.
    remove_side_files(live)?;
    match std::fs::hard_link(built, live) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(conflict(format!("`{}` has come into being meanwhile", live.display())));
        }
        // Some file systems have no hard links; there the look at the name and the rename are two steps.
        Err(_) => rename(built, live)?,
    }
    passed("swap.renamed")?;
    remove_with_side_files(built)?;
    passed("swap.committed")
}

/// Afterwards there is no database.
fn take_away(live: &Path, kept: &Path, settings: &Settings) -> Result<(), EngineError> {
    if kept.exists() && !same_file(kept, live) {
        return Err(conflict(format!("`{}`, where the old database shall be kept, exists already", kept.display())));
    }
    make_folder(folder_of(kept))?;
    let unsuited =
        if in_use(live, 0, settings)? { Some(Unsuited::InUse) } else { by_rename(live, None, kept, settings)? };
    if unsuited.is_some() {
        remove_file(kept)?;
        return Err(users_in_the_way(live, settings)
            .hint("stop them, or let them close the database, and run the command again"));
    }
    Ok(())
}

/// The protocol at the top of this module.
fn by_rename(
    live: &Path,
    built: Option<&Path>,
    kept: &Path,
    settings: &Settings,
) -> Result<Option<Unsuited>, EngineError> {
    let was_wal = header::read(live)?.wal();
    if let Some(built) = built {
        settle(built, was_wal, settings)?;
    }
    remove_file(&Plan::undo_copy(kept))?;
    let handle = open(live, Access::Write, settings)?;
    skip_damaged_catalog(&handle)?;
    // An exclusive transaction on an empty file would write its first page, into the name that is renamed over.
    if std::fs::metadata(live).is_ok_and(|metadata| metadata.len() == 0) {
        handle.batch("PRAGMA main.user_version = 0")?;
    }
    let done = alone(&handle).and_then(|alone| Ok(alone && exchange(&handle, live, built, kept, settings)?));
    if !matches!(done, Ok(true)) && !has_been_replaced(live, built) {
        // Put back what was found: the first error is the one to tell.
        let _no_transaction = handle.batch("ROLLBACK");
        if was_wal {
            let _still_in_use = handle.value::<String>("PRAGMA main.journal_mode = WAL");
        }
    }
    handle.close()?;
    Ok(if done? { None } else { Some(Unsuited::InUse) })
}

/// A file whose catalog is damaged can change places like any other; but before most of its pragmas SQLite reads the
/// catalog, unless it is told that somebody is at work on it.
fn skip_damaged_catalog(handle: &Handle) -> Result<(), EngineError> {
    match handle.value::<i64>("SELECT count(*) FROM main.sqlite_schema") {
        Err(error) if error.damaged => handle.batch("PRAGMA writable_schema = ON"),
        // Whatever else there is comes up again with what follows.
        _ => Ok(()),
    }
}

fn has_been_replaced(live: &Path, built: Option<&Path>) -> bool {
    built.map_or(!live.exists(), |built| !built.exists())
}

/// Brings the live file to stand alone under an exclusive lock; false if somebody else uses it.
fn alone(handle: &Handle) -> Result<bool, EngineError> {
    let quick = |sql: &str| match handle.value::<rusqlite::types::Value>(sql) {
        Err(error) if error.class == ErrorClass::LockTimeout => Ok(None),
        other => other.map(Some),
    };
    use rusqlite::types::Value::{Integer, Text};
    if quick("PRAGMA main.wal_checkpoint(TRUNCATE)")? != Some(Integer(0)) {
        return Ok(false);
    }
    passed("swap.checkpointed")?;
    if quick("PRAGMA main.journal_mode = DELETE")? != Some(Text("delete".to_owned())) {
        return Ok(false);
    }
    match handle.batch("BEGIN EXCLUSIVE") {
        Err(error) if error.class == ErrorClass::LockTimeout => return Ok(false),
        other => other?,
    }
    passed("swap.exclusive")?;
    Ok(true)
}

/// The exchange of names, under the exclusive lock; false if somebody else has opened the file.
fn exchange(
    handle: &Handle,
    live: &Path,
    built: Option<&Path>,
    kept: &Path,
    settings: &Settings,
) -> Result<bool, EngineError> {
    // Under the exclusive lock of a connection that is not in WAL mode both are spent; a new file would take them for its own.
    remove_side_files(live)?;
    keep(live, kept, settings)?;
    sync_folder(folder_of(kept))?;
    passed("swap.kept")?;
    // An idle connection holds no lock; one that was opened since the first look shows in a second one, as late as can be.
    if in_use(live, 1, settings)? {
        return Ok(false);
    }
    match built {
        Some(built) => rename(built, live)?,
        None => remove_file(live)?,
    }
    passed("swap.renamed")?;
    handle.batch("COMMIT")?;
    passed("swap.committed")?;
    Ok(true)
}

/// Gives the old database its second name, or a copy where the file system has no hard links.
fn keep(live: &Path, kept: &Path, settings: &Settings) -> Result<(), EngineError> {
    if same_file(live, kept) || std::fs::hard_link(live, kept).is_ok() {
        return Ok(());
    }
    let copy = Plan::unfinished_copy(kept);
    copy_quiet_file(live, &copy, settings)?;
    rename(&copy, kept)
}

/// Copies a database file that nobody can write now, with its owner and mode, and syncs the copy.
pub(super) fn copy_quiet_file(live: &Path, copy: &Path, settings: &Settings) -> Result<(), EngineError> {
    let failed = |error| EngineError::io(format!("cannot copy `{}` to `{}`", live.display(), copy.display()), &error);
    remove_file(copy)?;
    let from = Descriptor::open(live).map_err(failed)?;
    let to = new_private_file(copy).map_err(failed)?;
    let copied = copy_file(settings.file_system.as_ref(), &from, &to).map_err(failed);
    if copied.is_err() {
        let _left_over = remove_file(copy);
    }
    copied?;
    // A copy for ourselves need not have the owner; it gets the mode in any case.
    let _other_owner = take_owner(live, copy);
    Ok(())
}

fn new_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Gives a file the owner, group and mode of another.
pub(super) fn take_owner(from: &Path, to: &Path) -> Result<(), EngineError> {
    let failed =
        |error| EngineError::io(format!("cannot give `{}` the owner of `{}`", to.display(), from.display()), &error);
    let (wanted, has) = (std::fs::metadata(from).map_err(failed)?, std::fs::metadata(to).map_err(failed)?);
    let owner = if (wanted.uid(), wanted.gid()) == (has.uid(), has.gid()) {
        Ok(())
    } else {
        std::os::unix::fs::chown(to, Some(wanted.uid()), Some(wanted.gid()))
    };
    let mode = wanted.permissions().mode() & 0o7777;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(mode)).map_err(failed)?;
    owner.map_err(failed)
}

/// Whether others have the file open, or this process more often than it should.
pub(super) fn in_use(live: &Path, own: usize, settings: &Settings) -> Result<bool, EngineError> {
    let metadata = std::fs::metadata(live).map_err(|error| header::unreadable(live, &error))?;
    let ours = descriptor::connections(descriptor::identity(&metadata));
    Ok(ours > own || !settings.processes.users(&metadata).none())
}

/// Names whoever has the file open.
pub(super) fn users_in_the_way(live: &Path, settings: &Settings) -> EngineError {
    let Ok(metadata) = std::fs::metadata(live) else {
        return conflict(format!("`{}` cannot be looked at", live.display()));
    };
    let mut users = settings.processes.users(&metadata).open;
    if descriptor::connections(descriptor::identity(&metadata)) > 0 {
        users.push(processes::this());
    }
    if users.is_empty() {
        users = processes::lock_holders(live);
    }
    conflict(format!("`{}` is open in {}", live.display(), processes::list(&users)))
}

/// Brings a built file to stand alone: everything in the file itself, nothing beside it, synced, in WAL mode if the old one
/// was, so that applications find what they had.
pub(super) fn settle(built: &Path, wal: bool, settings: &Settings) -> Result<(), EngineError> {
    let metadata = std::fs::metadata(built).map_err(|error| header::unreadable(built, &error))?;
    if descriptor::connections(descriptor::identity(&metadata)) > 0 {
        let message = format!("`{}` shall be swapped in while a session still has it open", built.display());
        return Err(EngineError::new(ErrorClass::Bug, message));
    }
    let handle = open(built, Access::Write, settings)?;
    skip_damaged_catalog(&handle)?;
    let left: i64 = handle.value("PRAGMA main.wal_checkpoint(TRUNCATE)")?;
    if wal && refuse_network(built, settings).is_ok() {
        let _mode: String = handle.value("PRAGMA main.journal_mode = WAL")?;
    }
    handle.close()?;
    if left != 0 || with_suffix(built, "-wal").exists() {
        return Err(conflict(format!("`{}` is open somewhere else", built.display())));
    }
    remove_side_files(built)?;
    let file = Descriptor::open(built).and_then(|file| file.sync_all());
    file.map_err(|error| EngineError::io(format!("cannot sync `{}`", built.display()), &error))
}

pub(super) fn make_folder(folder: &Path) -> Result<(), EngineError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| EngineError::io(format!("cannot make the folder `{}`", folder.display()), &error))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), EngineError> {
    std::fs::rename(from, to)
        .map_err(|error| EngineError::io(format!("cannot rename `{}` to `{}`", from.display(), to.display()), &error))
}

pub(super) fn passed(name: &str) -> Result<(), EngineError> {
    failpoint(name).map_err(|error| EngineError::io("the swap was stopped", &error))
}
