//! A folder of snapshots. A new one is made in a hidden folder beside its place and gets its name by one rename; one that
//! is replaced keeps its name until the moment of an exchange, so that the name stands for a whole snapshot at every
//! moment. What a killed process leaves behind is found by its hidden name and put in order by [`Shelf::recover`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stead_engine::failpoint;

use crate::durable::{exchange, remove_tree, rename_onto_nothing, sync_folder};
use crate::frame::LARGEST_FILE;
use crate::layout::MANIFEST;
use crate::pack::Settings;
use crate::{Draft, Manifest, Snapshot, SnapshotError, SnapshotName};

/// Hidden folders are called `.NAME` and then one of these and a token.
const NEW: &str = ".stead-new-";
const OLD: &str = ".stead-old-";
const GONE: &str = ".stead-gone-";
const LONGEST_TOKEN: usize = 64;

/// A folder of snapshots. It need not exist until the first one is made.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
    settings: Settings,
    exchange: fn(&Path, &Path) -> io::Result<bool>,
}

/// Something on a shelf that is called a snapshot.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The folder's name. It is a snapshot's name unless the state says otherwise.
    pub name: String,
    /// Whether it can be used.
    pub state: State,
}

/// Whether a snapshot can be used, as far as its manifest and the lengths of its files tell.
#[derive(Clone, Debug)]
pub enum State {
    /// The manifest is whole, and the files it lists are there.
    Complete(Box<Manifest>),
    /// It cannot be used; the text says why.
    Broken(String),
}

impl Shelf {
    /// The shelf in a folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let settings = Settings { level: 1, file_limit: LARGEST_FILE };
        Self { folder: folder.into(), settings, exchange }
    }

    /// The same shelf, with another zstd level for what is written to it: 1 is the default, 19 the slowest.
    #[must_use]
    pub fn with_level(mut self, level: i32) -> Self {
        self.settings.level = level.clamp(1, 19);
        self
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the snapshot of that name is or would be.
    #[must_use]
    pub fn path(&self, name: &SnapshotName) -> PathBuf {
        self.folder.join(name.as_str())
    }

    /// True if something of that name is there, whole or not.
    #[must_use]
    pub fn exists(&self, name: &SnapshotName) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Everything on the shelf, the oldest first and what is broken last. Files, hidden folders and the folders of
    /// environments (`@production`) are passed over.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read. One that is not there is an empty shelf.
    pub fn list(&self) -> Result<Vec<Entry>, SnapshotError> {
        let mut entries: Vec<Entry> = self.names()?.into_iter().map(|name| self.entry(name)).collect();
        entries.sort_by_cached_key(|entry| match &entry.state {
            State::Complete(manifest) => (false, manifest.created_at.clone(), entry.name.clone()),
            State::Broken(_) => (true, String::new(), entry.name.clone()),
        });
        Ok(entries)
    }

    /// Opens a snapshot. Only its manifest is read.
    ///
    /// # Errors
    ///
    /// `snapshot-unknown` with the names there are, the nearest first; else as [`Snapshot::open`].
    pub fn open(&self, name: &SnapshotName) -> Result<Snapshot, SnapshotError> {
        if !self.exists(name) {
            return Err(self.unknown(name)?);
        }
        Snapshot::open(&self.path(name))
    }

    /// Refuses a name that is taken. `dump` without `--force` asks this before anything else.
    ///
    /// # Errors
    ///
    /// `snapshot-exists`.
    pub fn check_free(&self, name: &SnapshotName) -> Result<(), SnapshotError> {
        if self.exists(name) { Err(SnapshotError::Exists(name.clone())) } else { Ok(()) }
    }

    /// Refuses a name that something else than a snapshot has: a file, or a folder without a manifest, is not ours to replace.
    ///
    /// # Errors
    ///
    /// `snapshot-foreign`.
    pub fn check_replaceable(&self, name: &SnapshotName) -> Result<(), SnapshotError> {
        let place = self.path(name);
        let ours = !self.exists(name) || place.join(MANIFEST).symlink_metadata().is_ok();
        if ours { Ok(()) } else { Err(SnapshotError::Foreign(place)) }
    }

    /// Begins a snapshot in a hidden folder. The token (letters, digits, hyphens and underscores, 64 at most) tells apart
    /// what several processes make.
    ///
    /// # Errors
    ///
    /// Whatever the file system says, and a token that is none.
    pub fn begin(&self, name: &SnapshotName, token: &str) -> Result<Draft, SnapshotError> {
        check_token(token).map_err(SnapshotError::io("create", &self.folder))?;
        fs::create_dir_all(&self.folder).map_err(SnapshotError::io("create", &self.folder))?;
        Draft::begin(name.clone(), self.hidden(name.as_str(), NEW, token), self.settings)
    }

    /// Gives a complete draft its name. With `force`, a snapshot that has the name is replaced: the two are exchanged in
    /// one step where the file system can, and the old one is removed after that.
    ///
    /// # Errors
    ///
    /// `snapshot-exists` without `force`, `snapshot-foreign` if it is none; what is there is not touched. `snapshot-unfinished` if the draft is not
    /// complete. The draft is removed in both cases.
    pub fn publish(&self, draft: Draft, force: bool) -> Result<Snapshot, SnapshotError> {
        draft.check_complete()?;
        let place = self.path(draft.name());
        self.check_replaceable(draft.name())?;
        if !force || !self.exists(draft.name()) {
            self.publish_new(draft, &place)?;
        } else {
            self.replace(draft, &place)?;
        }
        self.pass("dump.swept", &place)?;
        Snapshot::open(&place)
    }

    /// Puts in order what killed processes left: drafts are removed, replacements that were half done are finished, and
    /// what was being removed goes. Names what it did, for people. Must be called while nobody else writes to the shelf,
    /// which means under the environment's lock; calling it again does nothing.
    ///
    /// # Errors
    ///
    /// Whatever the file system says; calling it again goes on.
    pub fn recover(&self) -> Result<Vec<String>, SnapshotError> {
        let hidden = self.hidden_folders()?;
        let mut done = Vec::new();
        for (name, token, path) in
            hidden.iter().filter_map(|(name, kind, token, path)| (*kind == OLD).then_some((name, token, path)))
        {
            done.push(self.settle_replacement(name, token, path)?);
        }
        for (name, kind, _token, path) in hidden.iter().filter(|(_, kind, _, path)| *kind != OLD && path.exists()) {
            remove_tree(path).map_err(SnapshotError::io("remove", path))?;
            let what = if *kind == NEW { "removed an unfinished dump of" } else { "finished removing" };
            done.push(format!("{what} `{name}`"));
        }
        Ok(done)
    }

    /// Removes a snapshot, whole or broken: it loses its name first.
    ///
    /// # Errors
    ///
    /// `snapshot-unknown` with the names there are.
    pub fn remove(&self, name: &SnapshotName) -> Result<(), SnapshotError> {
        let place = self.path(name);
        if !self.exists(name) {
            return Err(self.unknown(name)?);
        }
        let hidden = self.free_hidden(name);
        fs::rename(&place, &hidden).map_err(SnapshotError::io("rename", &place))?;
        self.sync()?;
        remove_tree(&hidden).map_err(SnapshotError::io("remove", &hidden))
    }

    fn publish_new(&self, draft: Draft, place: &Path) -> Result<(), SnapshotError> {
        rename_onto_nothing(draft.folder(), place).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SnapshotError::Exists(draft.name().clone()),
            _ => SnapshotError::Io { what: "rename", path: draft.folder().to_owned(), source },
        })?;
        draft.published();
        self.sync()?;
        self.pass("dump.published", place)
    }

    fn replace(&self, draft: Draft, place: &Path) -> Result<(), SnapshotError> {
        let new = draft.folder().to_owned();
        let left = if (self.exchange)(&new, place).map_err(SnapshotError::io("exchange", place))? {
            new
        } else {
            self.replace_in_two_steps(&draft, place)?
        };
        draft.published();
        self.sync()?;
        self.pass("dump.exchanged", place)?;
        remove_tree(&left).map_err(SnapshotError::io("remove", &left))
    }

    /// Where names cannot be exchanged: the old one steps aside and the new one takes its place. Between the two steps
    /// the name is missing, and [`Shelf::recover`] finishes.
    fn replace_in_two_steps(&self, draft: &Draft, place: &Path) -> Result<PathBuf, SnapshotError> {
        let new = draft.folder();
        let token =
            new.file_name().and_then(|name| name.to_str()).and_then(split_hidden).map_or("", |(_, _, token)| token);
        let old = self.hidden(draft.name().as_str(), OLD, token);
        fs::rename(place, &old).map_err(SnapshotError::io("rename", place))?;
        let moved = sync_folder(&self.folder).and_then(|()| failpoint("dump.aside"));
        if let Err(source) = moved.and_then(|()| fs::rename(new, place)) {
            // The old one goes back. If even that fails, recovery does it.
            let _recovered_later = fs::rename(&old, place);
            return Err(SnapshotError::Io { what: "rename", path: new.to_owned(), source });
        }
        Ok(old)
    }

    /// Decides what becomes of an old snapshot that stepped aside, and of the new one.
    fn settle_replacement(&self, name: &str, token: &str, old: &Path) -> Result<String, SnapshotError> {
        let (place, new) = (self.folder.join(name), self.hidden(name, NEW, token));
        let new_is_whole = Snapshot::open(&new).is_ok_and(|snapshot| snapshot.survey().is_ok());
        if place.symlink_metadata().is_ok() {
            remove_tree(old).map_err(SnapshotError::io("remove", old))?;
            return Ok(format!("removed the old `{name}`, which was replaced"));
        }
        if new_is_whole {
            fs::rename(&new, &place).map_err(SnapshotError::io("rename", &new))?;
            self.sync()?;
            remove_tree(old).map_err(SnapshotError::io("remove", old))?;
            return Ok(format!("finished replacing `{name}`"));
        }
        fs::rename(old, &place).map_err(SnapshotError::io("rename", old))?;
        self.sync()?;
        Ok(format!("took back the replacement of `{name}`"))
    }

    fn entry(&self, name: String) -> Entry {
        let opened = SnapshotName::parse(&name).map_err(SnapshotError::from);
        let opened = opened.and_then(|name| Snapshot::open(&self.path(&name)));
        let surveyed = opened.and_then(|snapshot| snapshot.survey().map(|()| snapshot.manifest().clone()));
        let state = match surveyed {
            Ok(manifest) => State::Complete(Box::new(manifest)),
            Err(error) => State::Broken(error.to_string()),
        };
        Entry { name, state }
    }

    /// The names of the folders that are neither hidden nor an environment's.
    fn names(&self) -> Result<Vec<String>, SnapshotError> {
        let names = self.folders()?.into_iter();
        Ok(names.filter(|name| !name.starts_with(['.', '@'])).collect())
    }

    /// The hidden folders that are ours: name, kind, token, path.
    fn hidden_folders(&self) -> Result<Vec<(String, &'static str, String, PathBuf)>, SnapshotError> {
        let folders = self.folders()?.into_iter();
        Ok(folders
            .filter_map(|folder| {
                let (name, kind, token) = split_hidden(&folder)?;
                Some((name.to_owned(), kind, token.to_owned(), self.folder.join(&folder)))
            })
            .collect())
    }

    fn folders(&self) -> Result<Vec<String>, SnapshotError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(SnapshotError::io("read", &self.folder))?,
        };
        let mut folders = Vec::new();
        for entry in entries {
            let entry = entry.map_err(SnapshotError::io("read", &self.folder))?;
            // A link to a folder elsewhere counts; one that leads nowhere does not.
            if fs::metadata(entry.path()).is_ok_and(|about| about.is_dir()) {
                folders.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        folders.sort_unstable();
        Ok(folders)
    }

    fn unknown(&self, name: &SnapshotName) -> Result<SnapshotError, SnapshotError> {
        let mut known = self.names()?;
        let likeness = |other: &str| strsim::jaro_winkler(name.as_str(), other);
        known.sort_by(|left, right| likeness(right).total_cmp(&likeness(left)));
        Ok(SnapshotError::Unknown { name: name.to_string(), known })
    }

    fn hidden(&self, name: &str, kind: &str, token: &str) -> PathBuf {
        self.folder.join(format!(".{name}{kind}{token}"))
    }

    fn free_hidden(&self, name: &SnapshotName) -> PathBuf {
        let candidates = (0_u32..).map(|number| self.hidden(name.as_str(), GONE, &number.to_string()));
        let mut free = candidates.filter(|path| path.symlink_metadata().is_err());
        free.next().expect("there are more numbers than folders")
    }

    fn sync(&self) -> Result<(), SnapshotError> {
        sync_folder(&self.folder).map_err(SnapshotError::io("synchronise", &self.folder))
    }

    fn pass(&self, point: &str, place: &Path) -> Result<(), SnapshotError> {
        failpoint(point).map_err(SnapshotError::io("write", place))
    }
}

/// Takes the name of a hidden folder apart: the snapshot's name, the kind and the token.
fn split_hidden(folder: &str) -> Option<(&str, &'static str, &str)> {
    let rest = folder.strip_prefix('.')?;
    let parts = [NEW, OLD, GONE].into_iter().filter_map(|kind| {
        let (name, token) = rest.rsplit_once(kind)?;
        (check_token(token).is_ok() && SnapshotName::parse(name).is_ok()).then_some((name, kind, token))
    });
    parts.max_by_key(|(name, _, _)| name.len())
}

fn check_token(token: &str) -> io::Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match !token.is_empty() && token.len() <= LONGEST_TOKEN && token.bytes().all(plain) {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{}` is not a token", token.escape_debug()))),
    }
}

#[cfg(test)]
mod tests;
