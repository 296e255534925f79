//! What a file system does that others do not: share blocks between files, lie on another machine, run full. All of it
//! enters through one probe, so that a test can say "this is a network mount" without having one.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use stead_engine::{EngineError, ErrorClass};

#[cfg(test)]
mod tests;

/// What a file system does. Tests put their own in the place of the system's.
pub trait FileSystemProbe: Send + Sync {
    /// The name of the network file system that the path lies on, for example `nfs`; `None` if it is a local one.
    fn network(&self, path: &Path) -> Option<String>;

    /// Makes an empty file share the blocks of another one.
    ///
    /// # Errors
    ///
    /// Any error means that the file system cannot do it; the file is copied then.
    fn share_blocks(&self, from: &File, to: &File) -> io::Result<()>;

    /// Bytes that are free for us on the path's file system.
    ///
    /// # Errors
    ///
    /// Whatever the system says.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;
}

/// The running system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

/// Magic numbers of network file systems, from `statfs(2)` and the kernel's `magic.h`.
const NETWORKS: &[(u32, &str)] = &[
    (0x6969, "nfs"),
    (0x517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x5346_414f, "afs"),
    (0x7375_7245, "coda"),
    (0x0102_1997, "9p"),
    (0x00c3_6400, "ceph"),
    (0x0bd0_0bd0, "lustre"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
    (0x1983_0326, "beegfs"),
    (0x4750_4653, "gpfs"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
];

impl FileSystemProbe for SystemFiles {
    #[cfg(target_os = "linux")]
    fn network(&self, path: &Path) -> Option<String> {
        let kind = rustix::fs::statfs(path).ok()?.f_type;
        // The kernel's numbers are 32 bits wide, whatever the width of the field on this machine.
        let magic = u32::try_from(i128::from(kind) & 0xffff_ffff).ok()?;
        NETWORKS.iter().find(|(number, _)| *number == magic).map(|(_, name)| (*name).to_owned())
    }

    #[cfg(not(target_os = "linux"))]
    fn network(&self, _path: &Path) -> Option<String> {
        None
    }

    #[cfg(target_os = "linux")]
    fn share_blocks(&self, from: &File, to: &File) -> io::Result<()> {
        Ok(rustix::fs::ioctl_ficlone(to, from)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn share_blocks(&self, _from: &File, _to: &File) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let statistics = rustix::fs::statvfs(path)?;
        Ok(statistics.f_bavail.saturating_mul(statistics.f_frsize))
    }
}

/// Copies a whole file into an empty one by the fastest way there is, and syncs it.
pub(crate) fn copy_file(probe: &dyn FileSystemProbe, from: &File, to: &File) -> io::Result<()> {
    if probe.share_blocks(from, to).is_err() {
        copy_bytes(from, to)?;
    }
    to.sync_all()
}

fn copy_bytes(from: &File, to: &File) -> io::Result<()> {
    let length = from.metadata()?.len();
    let copied = copy_in_kernel(from, to, length);
    let mut buffer = vec![0; 1 << 20];
    let mut done = copied;
    while done < length {
        let wanted = usize::try_from(length - done).unwrap_or(usize::MAX).min(buffer.len());
        let read = from.read_at(&mut buffer[..wanted], done)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all_at(&buffer[..read], done)?;
        done += read as u64;
    }
    Ok(())
}

/// As many bytes as the kernel copies by itself; the rest is the caller's, as are the errors that then come up again.
#[cfg(target_os = "linux")]
fn copy_in_kernel(from: &File, to: &File, length: u64) -> u64 {
    let (mut read, mut written) = (0, 0);
    while written < length {
        let wanted = usize::try_from(length - written).unwrap_or(usize::MAX).min(1 << 30);
        match rustix::fs::copy_file_range(from, Some(&mut read), to, Some(&mut written), wanted) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    written
}

#[cfg(not(target_os = "linux"))]
fn copy_in_kernel(_from: &File, _to: &File, _length: u64) -> u64 {
    0
}

/// Makes what was done to the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), EngineError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| EngineError::io(format!("cannot sync the folder `{}`", folder.display()), &error))
}

/// The folder of a file with an absolute path.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or_else(|| Path::new("/"))
}

/// The path, or its nearest ancestor that exists.
pub(crate) fn nearest_existing(path: &Path) -> &Path {
    path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or_else(|| Path::new("/"))
}

/// Whether a file can be renamed from one path to the other; they need not exist yet. Two mounts of one file system (the
/// volumes of a container) have one device number, and still no rename goes from one to the other.
pub(crate) fn same_mount(left: &Path, right: &Path) -> bool {
    let (left, right) = (nearest_existing(left), nearest_existing(right));
    let device = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.dev()).ok();
    device(left).is_some() && device(left) == device(right) && mount(left) == mount(right)
}

/// The number of the mount; `None` where the system has none.
#[cfg(target_os = "linux")]
fn mount(path: &Path) -> Option<u64> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
    let found = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
    (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount(_path: &Path) -> Option<u64> {
    None
}

/// The file's name with something after it, as SQLite names `-wal`, `-shm` and `-journal`.
pub(crate) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A hidden name of ours beside a file: `.<file>.stead-<what>`.
pub(crate) fn hidden_beside(file: &Path, what: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".stead-{what}"));
    folder_of(file).join(name)
}

/// Files that SQLite keeps beside a database. They are removed after it: without it they mean nothing to SQLite, while a
/// database without its journal would be a torn one.
pub(crate) const SIDE_FILES: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Removes a file; its absence is fine.
pub(crate) fn remove_file(path: &Path) -> Result<(), EngineError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EngineError::io(format!("cannot remove `{}`", path.display()), &error))
        }
        _ => Ok(()),
    }
}

/// Removes a database file and everything SQLite keeps beside it.
pub(crate) fn remove_with_side_files(path: &Path) -> Result<(), EngineError> {
    remove_file(path)?;
    remove_side_files(path)
}

/// Removes what SQLite keeps beside a database file that is gone or empty.
pub(crate) fn remove_side_files(path: &Path) -> Result<(), EngineError> {
    SIDE_FILES.iter().try_for_each(|suffix| remove_file(&with_suffix(path, suffix)))
}

/// Whether we may write to a folder, or to the nearest one above it that exists.
///
/// # Errors
///
/// `refused`, naming the folder.
pub(crate) fn writable_folder(folder: &Path) -> Result<(), EngineError> {
    let folder = nearest_existing(folder);
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).map_err(|error| {
        let message = format!("the folder `{}` cannot be written: {}", folder.display(), io::Error::from(error));
        EngineError::new(ErrorClass::Refused, message)
            .hint("give the user the right to write there, or use another folder")
    })
}
