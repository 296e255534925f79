//! Making database files: from a snapshot's stream, from a kept copy of it, or from another database. Whatever fails on
//! the way, the unfinished file is removed; a process that is killed leaves it under a name that `leftovers` finds.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stead_engine::snapshot::{Advance, Source};
use stead_engine::{Access, EngineError, ErrorClass, Place, failpoint};

use super::pinned::{self, Pages};
use super::{STREAM, names};
use crate::admin;
use crate::apply::Worker;
use crate::connect::Settings;
use crate::connect::filesystem::{copy_file, folder_of, remove_side_files, remove_with_side_files, sync_folder};
use crate::connect::header::{self, Content};
use crate::connect::opening::{find, open};

/// Bytes that are read at once; a piece of zeroes becomes a hole.
const PIECE: usize = 1 << 18;

/// A file that is removed again unless it was finished.
struct Building {
    path: PathBuf,
    file: File,
    finished: bool,
}

impl Building {
    /// Makes the file. Beside a database that is there it is private until it takes that one's mode.
    fn begin(path: PathBuf) -> Result<Self, EngineError> {
        let failed = |error| EngineError::io(format!("cannot make `{}`", path.display()), &error);
        std::fs::create_dir_all(folder_of(&path)).map_err(failed)?;
        remove_side_files(&path)?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).map_err(failed)?;
        if names::live_of(&path).is_some_and(|live| live.exists()) {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        }
        Ok(Self { path, file, finished: false })
    }

    /// Takes the file that now lies at the path for the one that is built.
    fn reopen(&mut self) -> io::Result<()> {
        self.file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        Ok(())
    }

    fn finish(mut self) -> Result<(), EngineError> {
        sync_folder(folder_of(&self.path))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if !self.finished {
            let _left_over = remove_with_side_files(&self.path);
        }
    }
}

/// Fills a new database from a snapshot. What comes from the stream is checked by SQLite; a kept copy is one that passed
/// that check before.
pub(super) fn load(
    place: &Place,
    source: &dyn Source,
    advance: &Advance,
    settings: &Settings,
) -> Result<(), EngineError> {
    let length = source.streams().into_iter().find(|(name, _)| name == STREAM).map(|(_, length)| length);
    let length = length.ok_or_else(|| broken(format!("the snapshot of this database has no stream `{STREAM}`")))?;
    let mut building = Building::begin(find(place)?.absent()?)?;
    let path = building.path.clone();
    let unwritten = |error| EngineError::io(format!("cannot write `{}`", path.display()), &error);
    let kept = source.put_kept(STREAM, &path).map_err(unwritten)?;
    if kept {
        building.reopen().map_err(unwritten)?;
        failpoint("bulk.load.middle").map_err(unwritten)?;
    } else {
        from_stream(source, &building.file, length, advance).map_err(unwritten_or_broken(&path))?;
        source.filled(STREAM, &path);
    }
    building.file.sync_all().map_err(unwritten)?;
    failpoint("bulk.load.synced").map_err(unwritten)?;
    whole_pages(&building, length)?;
    if !kept {
        check(&path, settings)?;
    }
    advance(length, Some(length));
    building.finish()
}

fn broken(message: String) -> EngineError {
    EngineError::new(ErrorClass::Refused, message)
        .hint("`stead snapshots verify` tells which part of a snapshot is broken")
}

fn unwritten_or_broken(path: &Path) -> impl Fn(io::Error) -> EngineError + '_ {
    move |error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            broken(format!("the snapshot cannot be read back: {error}"))
        }
        _ => EngineError::io(format!("cannot write `{}`", path.display()), &error),
    }
}

fn from_stream(source: &dyn Source, file: &File, length: u64, advance: &Advance) -> io::Result<()> {
    let mut stream = source.open(STREAM)?;
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    loop {
        let read = fill(&mut *stream, &mut piece)?;
        if read == 0 {
            break;
        }
        if piece[..read].iter().any(|byte| *byte != 0) {
            file.write_all_at(&piece[..read], done)?;
        }
        let passed_middle = done <= length / 2 && length / 2 < done + read as u64;
        done += read as u64;
        advance(done, Some(length));
        if passed_middle {
            failpoint("bulk.load.middle")?;
        }
    }
    if done != length {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it has {done} bytes, {length} were announced"),
        ));
    }
    file.set_len(length)
}

/// Reads until the buffer is full or the stream ends.
fn fill(stream: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A database is whole pages with a header before them, or nothing.
fn whole_pages(building: &Building, length: u64) -> Result<(), EngineError> {
    let path = &building.path;
    let found = building.file.metadata().map_err(|error| EngineError::io("cannot look at the database", &error))?.len();
    if found != length {
        return Err(broken(format!("`{}` has {found} bytes, {length} were announced", path.display())));
    }
    match header::read(path)? {
        Content::Empty => Ok(()),
        Content::Database(header) if length.is_multiple_of(u64::from(header.page_size)) => Ok(()),
        _ => Err(broken(format!("`{}` is not made of whole pages", path.display()))),
    }
}

fn check(path: &Path, settings: &Settings) -> Result<(), EngineError> {
    let mut worker = Worker::new(open(path, Access::Read, settings)?, Arc::default());
    admin::verify(&mut worker)?;
    worker.close()
}

/// Copies a database as it stands.
pub(super) fn copy(from: &Place, to: &Place, settings: &Settings) -> Result<(), EngineError> {
    let from = find(from)?.existing()?;
    let to = find(to)?.absent()?;
    let mut worker = Worker::new(open(&from, Access::Read, settings)?, Arc::default());
    let pinned = pinned::pin(&mut worker)?;
    let pages = Pages::open(&worker, pinned)?;
    let building = Building::begin(to)?;
    let failed = |error| EngineError::io(format!("cannot copy to `{}`", building.path.display()), &error);
    match pages.live_file() {
        Some(live) => copy_file(settings.file_system.as_ref(), live, &building.file).map_err(failed)?,
        None => write_pages(&pages, &building.file).map_err(failed)?,
    }
    building.file.set_len(pages.length).map_err(failed)?;
    let mode = std::fs::metadata(&from).map_err(failed)?.permissions();
    building.file.set_permissions(mode).map_err(failed)?;
    building.file.sync_all().map_err(failed)?;
    pages.unchanged()?;
    drop(pages);
    worker.close()?;
    building.finish()
}

fn write_pages(pages: &Pages, file: &File) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    while done < pages.length {
        let wanted = usize::try_from(pages.length - done).unwrap_or(PIECE).min(PIECE);
        pages.read_at(&mut piece[..wanted], done)?;
        file.write_all_at(&piece[..wanted], done)?;
        done += wanted as u64;
    }
    Ok(())
}
