//! Steps on files that must survive a power cut or happen in one piece: synced writes, renames that do not replace,
//! exchanges, copies and removals. They are gathered here because each has a file system on which it is not possible,
//! and the way around that must be the same everywhere.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::storage::FileSystem;

/// Makes the names inside a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes a file that is there whole or not at all: a hidden name, sync, rename, sync of the folder. `ready` is called
/// when everything but the rename is done.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], ready: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let (folder, name) = folder_and_name(path)?;
    let hidden = folder.join(format!(".{name}.new"));
    let mut file = File::create(&hidden)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    ready()?;
    fs::rename(&hidden, path)?;
    sync_folder(folder)
}

/// Renames onto a name that must be free.
///
/// # Errors
///
/// `AlreadyExists` if it is not.
pub(crate) fn rename_onto_nothing(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(error) if not_offered(error) => {
            if to.symlink_metadata().is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        result => Ok(result?),
    }
}

/// Exchanges two names in one step. `false` if this file system cannot; nothing has changed then.
pub(crate) fn exchange(left: &Path, right: &Path) -> io::Result<bool> {
    match renameat_with(CWD, left, CWD, right, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(error) if not_offered(error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Copies a file's content to a name that must be free, by sharing blocks where the file system can, else byte by byte.
/// Never by a hard link: whoever writes into one of the two must not change the other. The copy is not made durable: whoever
/// uses it compares it with hashes first.
///
/// # Errors
///
/// Whatever the system says; the target is removed again then.
pub fn copy_file(from: &Path, to: &Path, probe: &dyn FileSystem) -> io::Result<()> {
    copy_open(File::open(from)?, to, probe)
}

/// The same from a file that is open already, so that its name may change meanwhile.
pub(crate) fn copy_open(source: File, to: &Path, probe: &dyn FileSystem) -> io::Result<()> {
    let target = OpenOptions::new().write(true).create_new(true).open(to)?;
    fill(target, source, folder_and_name(to)?.0, probe).inspect_err(|_error| {
        let _gone = fs::remove_file(to);
    })
}

/// Fills an empty file in that folder with the content of another one.
pub(crate) fn fill(mut target: File, mut source: File, folder: &Path, probe: &dyn FileSystem) -> io::Result<()> {
    let shared = probe.reflink(folder).unwrap_or(false) && share(&target, &source);
    if shared { Ok(()) } else { io::copy(&mut source, &mut target).map(|_bytes| ()) }
}

/// Lets the target share the source's blocks; false if that cannot be, and then the target is still empty.
#[cfg(target_os = "linux")]
pub(crate) fn share(target: &File, source: &File) -> bool {
    rustix::fs::ioctl_ficlone(target, source).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn share(_target: &File, _source: &File) -> bool {
    false
}

/// Removes a file or a folder with everything in it, folders that nobody may write to included. Links are removed, never
/// followed. Nothing there is success.
///
/// # Errors
///
/// Whatever the system says.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    match remove_once(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path)?;
            remove_once(path)
        }
        result => result,
    }
}

fn remove_once(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_file) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Gives the owner every right on the folders below and including `path`.
fn open_up(path: &Path) -> io::Result<()> {
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.symlink_metadata()?.is_dir() {
            continue;
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

/// The errors by which a file system says that it does not know a kind of rename.
fn not_offered(error: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP].contains(&error)
}

fn folder_and_name(path: &Path) -> io::Result<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    folder.zip(name).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no plain name"))
}
