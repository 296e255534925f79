//! The one file that says how to go on. Databases, storage leaves and indexes change places one after the other; before
//! the first of them moves, the whole plan is written and synced here, so that after a crash at any moment the next
//! command that may write carries the plan out to its end and nothing is left between old and new.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use serde::{Deserialize, Serialize};
use stead_engine::failpoint;
use stead_engine::snapshot::Swap;

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::undo::UndoPoint;
use crate::{files, undo};

/// The version of the journal's format.
const FORMAT: u32 = 1;

/// A set of swaps that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    /// The version of this format.
    pub format: u32,
    /// What is under way, in the user's words: `load demo`.
    pub operation: String,
    /// When it began, UTC, RFC 3339.
    pub at: String,
    /// Databases that change places.
    pub databases: Vec<DatabaseSwap>,
    /// Storage leaves that change places.
    pub leaves: Vec<LeafSwap>,
    /// Indexes that begin or cease to answer.
    pub indexes: Vec<IndexSwap>,
    /// What is recorded when all is done; absent if what was replaced is not kept.
    pub point: Option<UndoPoint>,
    /// What was replaced and is not kept; it is removed after the swap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<UndoPoint>,
    /// The undo point that this takes back, and which therefore ends.
    pub consumes: Option<String>,
}

/// One database of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseSwap {
    /// The name in the project.
    pub name: String,
    /// The swap.
    pub swap: Swap,
}

/// One storage leaf of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafSwap {
    /// The leaf's name in the project.
    pub leaf: String,
    /// The folder the application uses.
    pub live: PathBuf,
    /// The folder that takes its place; absent if afterwards there shall be none.
    pub built: Option<PathBuf>,
    /// The inode of the built folder: where it is found tells how far the swap has come.
    pub built_inode: Option<u64>,
    /// Where the old folder is kept; absent if there was none.
    pub kept: Option<PathBuf>,
}

/// One index of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexSwap {
    /// The index's name in the project.
    pub name: String,
    /// The id that answers afterwards; absent if none shall.
    pub publish: Option<String>,
}

impl Journal {
    /// A journal without any swap in it yet.
    #[must_use]
    pub fn new(operation: impl Into<String>) -> Self {
        Self {
            format: FORMAT,
            operation: operation.into(),
            at: crate::clock::now(),
            databases: Vec::new(),
            leaves: Vec::new(),
            indexes: Vec::new(),
            point: None,
            gone: None,
            consumes: None,
        }
    }

    /// The journal of work that was cut off, if there is one.
    ///
    /// # Errors
    ///
    /// A journal that cannot be read, or that a newer stead wrote: exit 6, because only a person can go on then.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", path, &error)),
        };
        if let Some(format) = files::later_format(&text, FORMAT) {
            return Err(unreadable(path, &format!("it has format {format}, this stead knows {FORMAT}"))
                .hint("use the version of stead that wrote it"));
        }
        let base = files::base_of(path.parent().unwrap_or(path));
        let journal = files::from_record(&text, &base).map_err(|error| {
            unreadable(path, &error.to_string())
                .hint("bring the file back from a copy if there is one, or move it away and run `stead status`")
        });
        journal.map(Some)
    }

    /// Writes the journal durably, carries it out, and removes it.
    ///
    /// # Errors
    ///
    /// The first step that fails; the journal stays, so that the next command goes on there.
    pub async fn run(&self, environment: &Environment) -> Result<()> {
        self.ready(environment).await?;
        let path = environment.state.journal();
        let text = files::to_record(self, &files::base_of(environment.state.folder()));
        passed("journal.before")?;
        environment.still_held().await?;
        files::write_whole(&path, &text)?;
        passed("journal.written")?;
        if let Err(error) = self.swap_all(environment).await {
            if error.kind == Kind::Locked && self.is_untouched(environment).await {
                // Carried out later it would bury what is written until then.
                files::remove(&path)?;
                let folder = environment.state.folder();
                files::sync_folder(folder).map_err(|error| Error::io("sync", folder, &error))?;
                return Err(error.hint(format!("`{}` was given up; nothing was changed", self.operation)));
            }
            return Err(self.half_way(error));
        }
        self.finish(environment)
    }

    /// True if not even the first of the databases has changed places, and so nothing has.
    async fn is_untouched(&self, environment: &Environment) -> bool {
        let Some(first) = self.databases.first() else { return false };
        let Ok(database) = environment.database(&first.name) else { return false };
        database.server.bulk().untouched(&first.swap).await.unwrap_or(false)
    }

    /// Asks every engine whether its swap can go through, while nothing has been touched yet.
    async fn ready(&self, environment: &Environment) -> Result<()> {
        for database in &self.databases {
            let server = &environment.database(&database.name)?.server;
            server.bulk().ready(&database.swap).await.map_err(Error::from)?;
            for lost in server.bulk().lost(&database.swap).await.map_err(Error::from)? {
                environment.warn(&lost);
            }
        }
        self.leaves.iter().try_for_each(LeafSwap::ready)
    }

    /// Does what is not done yet. Every step can be repeated, so it does not matter where a former run ended.
    ///
    /// # Errors
    ///
    /// The first step that fails, as exit 6: what was swapped stays swapped and the journal stays.
    pub async fn carry_out(&self, environment: &Environment) -> Result<()> {
        self.swap_all(environment).await.map_err(|error| self.half_way(error))?;
        self.finish(environment)
    }

    fn finish(&self, environment: &Environment) -> Result<()> {
        if let Some(point) = &self.point {
            undo::record(&environment.state, point)?;
            passed("journal.recorded")?;
        }
        if let Some(point) = &self.gone {
            undo::record_as_gone(&environment.state, point)?;
        }
        if let Some(id) = &self.consumes {
            files::remove(&environment.state.undo().join(id))?;
        }
        files::remove(&environment.state.journal())?;
        files::sync_folder(environment.state.folder())
            .map_err(|error| Error::io("sync", environment.state.folder(), &error))?;
        passed("journal.removed")
    }

    async fn swap_all(&self, environment: &Environment) -> Result<()> {
        for database in &self.databases {
            let server = &environment.database(&database.name)?.server;
            server.bulk().swap(&database.swap).await?;
            passed("journal.database")?;
        }
        for leaf in &self.leaves {
            leaf.swap().map_err(|error| Error::io("replace", &leaf.live, &error))?;
            passed("journal.leaf")?;
        }
        for index in &self.indexes {
            index.swap(environment).await?;
            passed("journal.index")?;
        }
        Ok(())
    }

    fn half_way(&self, error: Error) -> Error {
        let kind = if error.kind == Kind::Bug { Kind::Bug } else { Kind::HalfWay };
        Error { kind, ..error }.context(format!("`{}` was stopped half-way", self.operation)).hint(
            "remove the cause, then run the same command, or any that writes, again: it goes on where this one stopped",
        )
    }
}

impl LeafSwap {
    /// Asks whether the folders may be renamed, while nothing has been touched yet.
    fn ready(&self) -> Result<()> {
        refuse_unmovable(&self.live)?;
        let above = self.live.parent().unwrap_or(Path::new("/"));
        for folder in [above, &self.live].into_iter().filter(|folder| folder.is_dir()) {
            let allowed = rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK);
            allowed.map_err(|error| Error::io("replace", &self.live, &error.into()))?;
        }
        match &self.built {
            Some(built) if !built.is_dir() => {
                let message =
                    format!("`{}`, which shall become the storage leaf `{}`, is gone", built.display(), self.leaf);
                Err(Error::failed("leaf-missing", message).hint("nothing was touched"))
            }
            _ => Ok(()),
        }
    }

    /// Puts the built folder in place of the live one and keeps the old one. Repeating it after a crash completes it.
    ///
    /// # Errors
    ///
    /// Whatever the file system refuses.
    pub fn swap(&self) -> std::io::Result<()> {
        for path in [Some(&self.live), self.kept.as_ref()].into_iter().flatten() {
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        }
        match (&self.built, &self.kept) {
            (Some(built), Some(kept)) => self.replace(built, kept),
            (Some(built), None) => self.put(built),
            (None, Some(kept)) => rename_once(&self.live, kept),
            (None, None) => Ok(()),
        }
    }

    fn replace(&self, built: &Path, kept: &Path) -> std::io::Result<()> {
        if kept.exists() {
            return Ok(());
        }
        let aside = files::aside(built);
        if aside.exists() {
            // A file system that cannot exchange names: the old folder stands aside, the new one may not be in place.
            self.put(built)?;
            return fs::rename(aside, kept);
        }
        if files::inode(&self.live) != self.built_inode {
            files::exchange(&self.live, built)?;
        }
        failpoint("leaf.exchanged")?;
        fs::rename(built, kept)
    }
}

impl LeafSwap {
    /// Gives the built folder the name, unless that has happened already. A folder that came into being meanwhile gives way
    /// only if nothing is in it.
    fn put(&self, built: &Path) -> std::io::Result<()> {
        if self.built_inode.is_some() && files::inode(&self.live) == self.built_inode {
            return Ok(());
        }
        fs::rename(built, &self.live)
    }
}

/// Refuses a leaf whose name cannot change places: a link, whose target would be left behind, and the root of a mount.
///
/// # Errors
///
/// Exit 4, naming the leaf.
pub(crate) fn refuse_unmovable(live: &Path) -> Result<()> {
    let shown = live.display();
    if live.is_symlink() {
        let message = format!("the storage leaf `{shown}` is a symbolic link, which cannot be replaced as a whole");
        return Err(Error::refused("leaf-unmovable", message)
            .hint("name the folder it leads to in `storage.path`, or put a folder in its place"));
    }
    if live.is_dir() && files::mount(live) != files::mount(live.parent().unwrap_or(live)) {
        let message = format!("the storage leaf `{shown}` is a mount of its own, which cannot be replaced as a whole");
        return Err(Error::refused("leaf-unmovable", message)
            .hint("mount the storage folder itself, with the leaves inside it"));
    }
    Ok(())
}

/// Renames unless that has happened already.
fn rename_once(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.exists() && !to.exists() { fs::rename(from, to) } else { Ok(()) }
}

impl IndexSwap {
    async fn swap(&self, environment: &Environment) -> Result<()> {
        // It may have left the project since the journal was written.
        let engine = environment.search_engine_of_any(&self.name)?;
        match &self.publish {
            Some(id) if engine.list(&self.name).await?.iter().any(|built| built.id == *id) => {
                engine.publish(&self.name, id).await?;
            }
            Some(_) => {
                // An index can always be built again, so a lost one must not stop rows and files half-way.
                environment.warn(format!("index `{0}` is gone; `stead index build {0}` builds it", self.name));
                engine.withdraw(&self.name).await?;
            }
            None => {
                engine.withdraw(&self.name).await?;
            }
        }
        Ok(())
    }
}

fn unreadable(path: &Path, why: &str) -> Error {
    let message = format!("the journal `{}` of interrupted work cannot be read: {why}", path.display());
    Error::new(Kind::HalfWay, "journal-unreadable", message)
        .hint("nothing is lost: what was replaced lies beside it in `undo`")
}

/// Passes a failpoint as an error of the library.
pub(crate) fn passed(name: &str) -> Result<()> {
    failpoint(name).map_err(|error| stead_engine::EngineError::io(format!("at `{name}`"), &error).into())
}

#[cfg(test)]
mod tests;
