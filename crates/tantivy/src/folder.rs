//! The files around tantivy's own: a folder for each index, in it a folder for each build, the record that a build
//! writes last, and the pointer file that names the build which answers. Every change of what answers is one rename or
//! one removal, synced, so that a process which dies at any moment leaves the old index answering or the new one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use stead_engine::search::{Built, Definition};
use stead_engine::{EngineError, ErrorClass, failpoint};

use crate::error::{absent, damaged};

/// The version of the layout. It covers our schema and records, and the files of tantivy 0.27 (its format 7).
pub const FORMAT: u32 = 1;

const POINTER: &str = "current";
const RECORD: &str = "stead-index.json";
const TEMPORARY: &str = ".new-";

/// The folder of one index, whether it exists or not.
#[derive(Clone, Debug)]
pub(crate) struct IndexFolder {
    pub(crate) name: String,
    path: PathBuf,
}

/// What a finished build says about itself: `stead-index.json`, written last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) format: u32,
    pub(crate) definition: Definition,
    pub(crate) built: Built,
}

/// What lies where a build's record belongs.
pub(crate) enum Found {
    Finished(Box<Record>),
    /// There is no record, or no folder.
    Nothing,
    /// A finished build of another version of the layout.
    OtherFormat(u32),
    Damaged(String),
}

/// What lies where the pointer file belongs.
pub(crate) enum Pointer {
    Absent,
    Names(String),
    /// Something that stead did not put there, or that names nothing.
    Stray(String),
}

impl IndexFolder {
    /// The folder of an index below the environment's folder of indexes.
    ///
    /// # Errors
    ///
    /// Class `syntax` if the name is not the name of one file.
    pub(crate) fn new(indexes: &Path, name: &str) -> Result<Self, EngineError> {
        let mut components = Path::new(name).components();
        let single =
            matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == name);
        let odd = |letter: char| letter.is_control() || matches!(letter, '/' | '\\');
        if !single || name.contains(odd) || name.starts_with('.') || name.len() > 200 {
            let text = format!("`{}` is not a name for an index", name.escape_debug());
            return Err(EngineError::new(ErrorClass::Syntax, text)
                .hint("a name is one file name: no slash, no dot at the start, at most 200 bytes"));
        }
        Ok(Self { name: name.to_owned(), path: indexes.join(name) })
    }

    /// The folder of a build.
    pub(crate) fn build(&self, id: &str) -> PathBuf {
        self.path.join(id)
    }

    /// Makes the folder of a new build, under an id that nobody uses: the time in digits and a counter, because two
    /// builds may begin within one second.
    pub(crate) fn create_build(&self, built_at: &str) -> Result<String, EngineError> {
        self.create_folder()?;
        let digits: String = built_at.chars().filter(char::is_ascii_digit).take(14).collect();
        let time = if digits.is_empty() { "0".to_owned() } else { digits };
        for counter in 1_u32.. {
            let id = format!("{time}-{counter}");
            match fs::create_dir(self.build(&id)) {
                Ok(()) => {
                    self.sync(&self.path)?;
                    return Ok(id);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(self.io(&self.build(&id), &error)),
            }
        }
        Err(EngineError::new(ErrorClass::Bug, format!("every id of index `{}` is in use", self.name)))
    }

    /// What the pointer's path holds. A pointer to a build that does not exist is a stray.
    pub(crate) fn pointer(&self) -> Result<Pointer, EngineError> {
        let path = self.path.join(POINTER);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Ok(Pointer::Stray("its pointer `current` is not a file".to_owned())),
            Err(error) if is_nothing(&error) => return Ok(Pointer::Absent),
            Err(error) => return Err(self.io(&path, &error)),
        }
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(1024).read_to_end(&mut bytes));
        read.map_err(|error| self.io(&path, &error))?;
        let id = String::from_utf8_lossy(&bytes).trim().to_owned();
        if !is_id(&id) {
            return Ok(Pointer::Stray("its pointer `current` holds no id".to_owned()));
        }
        match self.build(&id).try_exists() {
            Ok(true) => Ok(Pointer::Names(id)),
            Ok(false) => Ok(Pointer::Stray(format!("its pointer `current` names `{id}`, which is not there"))),
            Err(error) => Err(self.io(&self.build(&id), &error)),
        }
    }

    /// The record of a build.
    pub(crate) fn record(&self, id: &str) -> Result<Found, EngineError> {
        if !is_id(id) {
            return Ok(Found::Nothing);
        }
        let path = self.build(id).join(RECORD);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if is_nothing(&error) => return Ok(Found::Nothing),
            Err(error) => return Err(self.io(&path, &error)),
        };
        let format = serde_json::from_slice::<Versioned>(&bytes);
        match (serde_json::from_slice::<Record>(&bytes), format) {
            (_, Ok(Versioned { format })) if format != FORMAT => Ok(Found::OtherFormat(format)),
            (Ok(record), _) if record.built.id == id => Ok(Found::Finished(Box::new(record))),
            (Ok(_), _) => Ok(Found::Damaged(format!("its record `{RECORD}` belongs to another build"))),
            (Err(error), _) => Ok(Found::Damaged(format!("its record `{RECORD}` is not valid: {error}"))),
        }
    }

    /// Writes the record of a build: from now on it is finished.
    pub(crate) fn write_record(&self, record: &Record) -> Result<(), EngineError> {
        let text = serde_json::to_vec_pretty(record).map_err(|error| {
            EngineError::new(ErrorClass::Bug, format!("the record of index `{}` cannot be written: {error}", self.name))
        })?;
        self.replace(&self.build(&record.built.id).join(RECORD), &text)
    }

    /// The finished build that answers.
    ///
    /// # Errors
    ///
    /// Class `syntax` if there is none; `unreachable` if it is damaged; `unsupported` if another version made it.
    pub(crate) fn answering(&self) -> Result<Record, EngineError> {
        let id = match self.pointer()? {
            Pointer::Names(id) => id,
            Pointer::Absent => return Err(absent(&self.name)),
            Pointer::Stray(reason) => return Err(damaged(&self.name, reason)),
        };
        self.finished_record(&id, || damaged(&self.name, format!("its build `{id}` was never finished")))
    }

    /// The record of a finished build.
    ///
    /// # Errors
    ///
    /// Class `syntax` if there is no such build; `unreachable` if it is damaged; `unsupported` if another version made it.
    pub(crate) fn built(&self, id: &str) -> Result<Record, EngineError> {
        self.finished_record(id, || {
            let text = format!("index `{}` has no finished build `{}`", self.name, id.escape_debug());
            EngineError::new(ErrorClass::Syntax, text)
        })
    }

    /// The finished build that answers, or `None`, also where something wrong lies in its place: then nothing answers.
    pub(crate) fn current(&self) -> Result<Option<Record>, EngineError> {
        let Pointer::Names(id) = self.pointer()? else { return Ok(None) };
        match self.record(&id)? {
            Found::Finished(record) => Ok(Some(*record)),
            _ => Ok(None),
        }
    }

    /// Lets a finished build answer; the id of the one before.
    pub(crate) fn publish(&self, id: &str) -> Result<Option<String>, EngineError> {
        self.built(id)?;
        let before = self.current()?.map(|record| record.built.id);
        if matches!(self.pointer()?, Pointer::Stray(_)) {
            self.move_away(&self.path.join(POINTER))?;
        }
        self.pass("index.before-publish")?;
        self.replace(&self.path.join(POINTER), format!("{id}\n").as_bytes())?;
        self.pass("index.published")?;
        Ok(before)
    }

    /// Takes the pointer away, if it is one; the id that it named.
    pub(crate) fn withdraw(&self) -> Result<Option<String>, EngineError> {
        let Pointer::Names(id) = self.pointer()? else { return Ok(None) };
        let finished = matches!(self.record(&id)?, Found::Finished(_));
        self.remove_file(&self.path.join(POINTER))?;
        self.sync(&self.path)?;
        Ok(finished.then_some(id))
    }

    /// Every finished build, oldest first.
    pub(crate) fn finished(&self) -> Result<Vec<Built>, EngineError> {
        let mut builds = Vec::new();
        for id in self.ids()? {
            if let Found::Finished(record) = self.record(&id)? {
                builds.push(record.built);
            }
        }
        builds.sort_by_key(|built| (built.built_at.clone(), counter(&built.id)));
        Ok(builds)
    }

    /// Removes the builds that are not finished, unless somebody is at it, and the finished ones that neither answer nor
    /// are to be kept. Returns how many.
    pub(crate) fn clean(&self, keep: &[String]) -> Result<u64, EngineError> {
        let answering = match self.pointer()? {
            Pointer::Names(id) => Some(id),
            Pointer::Absent | Pointer::Stray(_) => None,
        };
        let mut removed = 0;
        for id in self.ids()? {
            let wanted = answering.as_ref() == Some(&id) || keep.contains(&id);
            let unfinished = matches!(self.record(&id)?, Found::Nothing);
            if if unfinished { !self.being_built(&id)? } else { !wanted } {
                self.remove_build(&id)?;
                removed += 1;
            }
        }
        for name in self.names()?.iter().filter(|name| name.starts_with(TEMPORARY)) {
            self.remove_file(&self.path.join(name))?;
        }
        if removed > 0 {
            self.sync(&self.path)?;
        }
        Ok(removed)
    }

    /// Removes the pointer, every build, and the folder.
    pub(crate) fn remove(&self) -> Result<(), EngineError> {
        if !self.path.is_dir() {
            return Ok(());
        }
        if matches!(self.pointer()?, Pointer::Names(_)) {
            self.remove_file(&self.path.join(POINTER))?;
            self.sync(&self.path)?;
        }
        for id in self.ids()? {
            self.remove_build(&id)?;
        }
        fs::remove_dir_all(&self.path).map_err(|error| self.io(&self.path, &error))?;
        self.path.parent().map_or(Ok(()), |parent| self.sync(parent))
    }

    fn finished_record(&self, id: &str, nothing: impl FnOnce() -> EngineError) -> Result<Record, EngineError> {
        match self.record(id)? {
            Found::Finished(record) => Ok(*record),
            Found::Nothing => Err(nothing()),
            Found::Damaged(reason) => Err(damaged(&self.name, reason)),
            Found::OtherFormat(format) => {
                let text = format!("it was built in format {format}, this program reads format {FORMAT}");
                Err(EngineError { class: ErrorClass::Unsupported, ..damaged(&self.name, text) })
            }
        }
    }

    /// Passes a failpoint.
    pub(crate) fn pass(&self, name: &str) -> Result<(), EngineError> {
        failpoint(name).map_err(|error| EngineError::io(format!("index `{}`", self.name), &error))
    }

    fn create_folder(&self) -> Result<(), EngineError> {
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if !metadata.is_dir() && !self.path.is_dir() => self.move_away(&self.path)?,
            Ok(_) => return Ok(()),
            Err(error) if is_nothing(&error) => {}
            Err(error) => return Err(self.io(&self.path, &error)),
        }
        fs::create_dir_all(&self.path).map_err(|error| self.io(&self.path, &error))?;
        self.path.parent().map_or(Ok(()), |parent| self.sync(parent))
    }

    /// Renames what wrongly lies at a path to `NAME.stray-1` beside it. It may be somebody's file, so it is kept.
    fn move_away(&self, path: &Path) -> Result<(), EngineError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let free = (1_u32..).map(|number| path.with_file_name(format!("{name}.stray-{number}")));
        let place = free.into_iter().find(|place| fs::symlink_metadata(place).is_err());
        let place = place.expect("there are more numbers than files");
        fs::rename(path, &place).map_err(|error| self.io(path, &error))
    }

    /// A build that is not finished may be somebody's work at this moment: its writer holds a lock, which the system
    /// gives back when the writer dies.
    fn being_built(&self, id: &str) -> Result<bool, EngineError> {
        let path = self.build(id).join(&tantivy::directory::INDEX_WRITER_LOCK.filepath);
        match File::open(&path) {
            Ok(file) => Ok(matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))),
            Err(error) if is_nothing(&error) => Ok(false),
            Err(error) => Err(self.io(&path, &error)),
        }
    }

    /// The record goes first, so that a removal which is cut off never leaves half an index that says it is finished.
    fn remove_build(&self, id: &str) -> Result<(), EngineError> {
        let path = self.build(id);
        self.remove_file(&path.join(RECORD))?;
        fs::remove_dir_all(&path).map_err(|error| self.io(&path, &error))
    }

    fn remove_file(&self, path: &Path) -> Result<(), EngineError> {
        match fs::remove_file(path) {
            Err(error) if !is_nothing(&error) => Err(self.io(path, &error)),
            _ => Ok(()),
        }
    }

    fn ids(&self) -> Result<Vec<String>, EngineError> {
        Ok(self.names()?.into_iter().filter(|name| is_id(name) && self.path.join(name).is_dir()).collect())
    }

    fn names(&self) -> Result<Vec<String>, EngineError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if is_nothing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(self.io(&self.path, &error)),
        };
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        names.collect::<io::Result<_>>().map_err(|error| self.io(&self.path, &error))
    }

    /// Puts a file in place in one step: written and synced under another name, renamed, the folder synced.
    fn replace(&self, path: &Path, content: &[u8]) -> Result<(), EngineError> {
        let folder = path.parent().unwrap_or(&self.path);
        let temporary = folder.join(format!("{TEMPORARY}{}", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
            let _left_for_clean = fs::remove_file(&temporary);
            return Err(self.io(path, &error));
        }
        self.sync(folder)
    }

    fn sync(&self, folder: &Path) -> Result<(), EngineError> {
        File::open(folder).and_then(|file| file.sync_all()).map_err(|error| self.io(folder, &error))
    }

    fn io(&self, path: &Path, error: &io::Error) -> EngineError {
        EngineError::io(format!("index `{}`: `{}`", self.name, path.display()), error)
    }
}

/// The names of what lies in the environment's folder of indexes.
pub(crate) fn names(indexes: &Path) -> Result<Vec<String>, EngineError> {
    let failed = |error: &io::Error| EngineError::io(format!("the indexes in `{}`", indexes.display()), error);
    let entries = match fs::read_dir(indexes) {
        Ok(entries) => entries,
        Err(error) if is_nothing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()));
    let names: io::Result<Vec<Option<String>>> = names.collect();
    Ok(names.map_err(|error| failed(&error))?.into_iter().flatten().collect())
}

/// The part of a record that every version has.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// `20240531235959-1`: nothing else is ever taken for a build, so no pointer can lead out of the folder.
fn is_id(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(time, counter)| digits(time) && digits(counter))
}

fn counter(id: &str) -> u64 {
    id.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
