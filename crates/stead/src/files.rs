//! Small files that must never be seen half-written, and the folder operations behind a swap. Everything here is synced
//! before it is relied upon.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};

use crate::error::{Error, Result};

/// Writes a file as a whole: a temporary one beside it is filled, synced and renamed, then the folder is synced.
///
/// # Errors
///
/// Whatever the file system refuses, naming the file.
pub(crate) fn write_whole(path: &Path, text: &[u8]) -> Result<()> {
    try_write_whole(path, text).map_err(|error| Error::io("write", path, &error))
}

/// Reads a file that a person wrote.
///
/// # Errors
///
/// A file that is not there or is not UTF-8 text is a mistake in the project; whatever else the file system refuses.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::usage("file-missing", format!("the file `{shown}` does not exist"))
            .hint("create it, or mend what names it in the project file"),
        _ => Error::io("read", path, &error),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::usage("file-not-text", format!("`{shown}` is not UTF-8 text: line {line} holds other bytes"))
            .hint("save the file as UTF-8")
    })
}

/// The format that a record of ours states, if it is later than the one that is known. A later format may have any other
/// content, so this is asked before the rest is read.
pub(crate) fn later_format(text: &[u8], known: u32) -> Option<u64> {
    let record: serde_json::Value = serde_json::from_slice(text).ok()?;
    record.get("format")?.as_u64().filter(|format| *format > u64::from(known))
}

/// Writes a file as [`write_whole`] does, unless one of that name is there: of two that write it at once one is refused.
///
/// # Errors
///
/// `file-exists`, or whatever the file system refuses, naming the file.
pub(crate) fn write_new(path: &Path, text: &[u8]) -> Result<()> {
    let mark = format!("{}-{}.", std::process::id(), crate::clock::token());
    try_write(path, text, &mark, |from| rename_onto_nothing(from, path)).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::failed("file-exists", format!("`{}` has come into being meanwhile", path.display()))
                .hint("nothing was written; run the command again")
        }
        _ => Error::io("write", path, &error),
    })
}

fn rename_onto_nothing(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that cannot tell; most of those have hard links.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from))
        }
        renamed => Ok(renamed?),
    }
}

fn try_write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    try_write(path, text, "", |from| fs::rename(from, path))
}

/// Writes beside the path and puts the file there. The mark is a part of its name for as long as it lies beside.
fn try_write(path: &Path, text: &[u8], mark: &str, put: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{mark}stead-new"));
    let mut file = File::create(&temporary)?;
    let written = file.write_all(text).and_then(|()| file.sync_all()).and_then(|()| put(&temporary));
    if let Err(error) = written {
        // What cannot be removed either is swept away by the next command.
        let _left = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

/// Removes the temporary files that [`write_whole`] leaves in a folder when it is cut off.
///
/// # Errors
///
/// Whatever the file system refuses, naming the path.
pub(crate) fn remove_unfinished(folder: &Path) -> Result<()> {
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.ends_with(".stead-new") {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Makes the names in a folder durable.
///
/// # Errors
///
/// Whatever the file system refuses.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a folder with its parents; there already is fine.
///
/// # Errors
///
/// Whatever the file system refuses, naming the folder.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| Error::io("create folder", path, &error))
}

/// Removes a file or a folder with all that is in it, folders that nobody may write to included; absent is fine.
///
/// # Errors
///
/// Whatever the file system refuses, naming the path.
pub(crate) fn remove(path: &Path) -> Result<()> {
    stead_snapshot::remove_tree(path).map_err(|error| Error::io("remove", path, &error))
}

/// True if the path is there, false if it surely is not.
///
/// # Errors
///
/// A path that cannot be looked at: it may well be there.
pub(crate) fn is_there(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|error| Error::io("look at", path, &error))
}

/// The entries of a folder, sorted by name; an absent folder has none.
///
/// # Errors
///
/// Whatever the file system refuses, naming the folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", folder, &error)),
    };
    let paths: io::Result<Vec<PathBuf>> = listing.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(|error| Error::io("list", folder, &error))?;
    paths.sort();
    Ok(paths)
}

/// Gives a folder the mode of another one, if that is there.
///
/// # Errors
///
/// Whatever the file system refuses, naming the folder.
pub(crate) fn take_mode(from: &Path, to: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = fs::symlink_metadata(from) else { return Ok(()) };
    if !metadata.is_dir() {
        return Ok(());
    }
    let mode = fs::Permissions::from_mode(metadata.permissions().mode() & 0o7777);
    fs::set_permissions(to, mode).map_err(|error| Error::io("set the mode of", to, &error))
}

/// Gives a folder and everything in it the owner and group of another one, as far as this user may: an application must go on
/// writing where an administrator has put its files back.
pub(crate) fn take_owner(from: &Path, to: &Path) {
    use std::os::unix::fs::{MetadataExt, lchown};
    let (Ok(wanted), Ok(has)) = (fs::symlink_metadata(from), fs::symlink_metadata(to)) else { return };
    let owner = (wanted.uid(), wanted.gid());
    if owner == (has.uid(), has.gid()) || !wanted.is_dir() {
        return;
    }
    let mut paths = vec![to.to_owned()];
    while let Some(path) = paths.pop() {
        if lchown(&path, Some(owner.0), Some(owner.1)).is_err() {
            return;
        }
        if path.is_dir() && !path.is_symlink() {
            paths.extend(entries(&path).unwrap_or_default());
        }
    }
}

/// False for folders, and for the names that editors and systems give to what is nobody's content: locks, copies, attributes.
#[must_use]
pub(crate) fn is_content(path: &Path) -> bool {
    !path.is_dir() && path.file_name().is_none_or(|name| !name.as_encoded_bytes().starts_with(b"."))
}

/// True if there is no file in a folder or below it.
#[must_use]
pub(crate) fn is_empty(folder: &Path) -> bool {
    let entries = entries(folder).unwrap_or_default();
    entries.iter().all(|path| path.is_dir() && !path.is_symlink() && is_empty(path))
}

/// Lets two names change places in one atomic step. Where the file system cannot do that, two renames by way of a
/// third name do it, and the answer is false: between them the first name was missing for a moment.
///
/// # Errors
///
/// Whatever the file system refuses.
pub(crate) fn exchange(left: &Path, right: &Path) -> io::Result<bool> {
    match rustix::fs::renameat_with(CWD, left, CWD, right, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let aside = aside(right);
            fs::rename(left, &aside)?;
            fs::rename(right, left)?;
            fs::rename(&aside, right)?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// The third name that [`exchange`] uses; a process that carries on after a crash looks for it.
#[must_use]
pub(crate) fn aside(right: &Path) -> PathBuf {
    let mut name = right.file_name().unwrap_or_default().to_os_string();
    name.push(".aside");
    right.with_file_name(name)
}

/// Bytes in a file or below a folder, as the names say, not as the disk allots.
#[must_use]
pub(crate) fn size(path: &Path) -> u64 {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| size(&entry.path())).sum()
        }
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    }
}

/// What identifies the mount that a path is on; bind mounts of one device differ.
#[must_use]
pub(crate) fn mount(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    let mount = rustix::fs::statx(CWD, path, flags, rustix::fs::StatxFlags::MNT_ID).map_or(0, |statx| statx.stx_mnt_id);
    fs::symlink_metadata(path).ok().map(|metadata| (metadata.dev(), mount))
}

/// The folder that paths in records are relative to: the project's, two above the state's.
#[must_use]
pub(crate) fn base_of(state: &Path) -> PathBuf {
    state.parent().and_then(Path::parent).unwrap_or(state).to_owned()
}

/// The fields of records that hold paths.
const PATHS: [&str; 3] = ["live", "built", "kept"];

/// How a path inside the base begins in a record. A place on a server is a mere name and never begins so.
const INSIDE: &str = "./";

/// A record as JSON, its paths relative where they lie inside `base`: a project that was moved or copied must find its
/// own things, and never those of the place it came from.
#[must_use]
pub(crate) fn to_record(record: &impl serde::Serialize, base: &Path) -> Vec<u8> {
    let mut value = serde_json::to_value(record).expect("a record holds only strings, numbers and lists");
    change_paths(&mut value, &|path| {
        let inside = Path::new(path).strip_prefix(base).ok().filter(|inside| !inside.as_os_str().is_empty());
        inside.and_then(Path::to_str).map(|inside| format!("{INSIDE}{inside}"))
    });
    serde_json::to_vec_pretty(&value).expect("a value is always JSON")
}

/// Reads a record that [`to_record`] wrote.
///
/// # Errors
///
/// A text that is no such record.
pub(crate) fn from_record<T: serde::de::DeserializeOwned>(text: &[u8], base: &Path) -> serde_json::Result<T> {
    let mut value = serde_json::from_slice(text)?;
    change_paths(&mut value, &|path| {
        let inside = path.strip_prefix(INSIDE)?;
        base.join(inside).to_str().map(str::to_owned)
    });
    serde_json::from_value(value)
}

fn change_paths(value: &mut serde_json::Value, change: &dyn Fn(&str) -> Option<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| change_paths(item, change)),
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                let changed = field.as_str().filter(|_| PATHS.contains(&name.as_str())).and_then(change);
                match changed {
                    Some(path) => *field = path.into(),
                    None => change_paths(field, change),
                }
            }
        }
        _ => {}
    }
}

/// The inode of a path: what stays the same when a folder is renamed.
#[must_use]
pub(crate) fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).ok().map(|metadata| metadata.ino())
}
