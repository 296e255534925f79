//! What a file system can do, asked in one place that tests replace: sharing of blocks, capitals, networks, free space.
//! The real answers are learned by trying, because names of file systems tell too little.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::durable::share;

/// Answers about the file system under a folder. The folder exists, except for [`FileSystem::free_bytes`].
pub trait FileSystem: Send + Sync {
    /// Whether a copy can share its blocks with the original.
    ///
    /// # Errors
    ///
    /// Whatever stops the attempt.
    fn reflink(&self, folder: &Path) -> io::Result<bool>;

    /// Whether `A` and `a` are the same name.
    ///
    /// # Errors
    ///
    /// Whatever stops the attempt.
    fn case_insensitive(&self, folder: &Path) -> io::Result<bool>;

    /// Whether the files are on another machine, whose clock is not ours.
    ///
    /// # Errors
    ///
    /// Whatever the system says.
    fn network(&self, folder: &Path) -> io::Result<bool>;

    /// Bytes that this user may still write. Asked of the nearest folder above that exists.
    ///
    /// # Errors
    ///
    /// Whatever the system says.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;
}

/// The file systems of this machine. Sharing of blocks is tried once on each and remembered.
#[derive(Debug, Default)]
pub struct RealFileSystem {
    sharing: Mutex<BTreeMap<u64, bool>>,
}

impl FileSystem for RealFileSystem {
    fn reflink(&self, folder: &Path) -> io::Result<bool> {
        let device = fs::metadata(folder)?.dev();
        let mut sharing = self.sharing.lock().expect("nobody panics holding this lock");
        if let Some(known) = sharing.get(&device) {
            return Ok(*known);
        }
        let learned = try_sharing(folder)?;
        sharing.insert(device, learned);
        Ok(learned)
    }

    fn case_insensitive(&self, folder: &Path) -> io::Result<bool> {
        let small = Probe::create(folder, "case-a")?;
        let name = small.path.file_name().expect("the probe has a name").to_string_lossy().to_uppercase();
        Ok(folder.join(name).symlink_metadata().is_ok())
    }

    fn network(&self, folder: &Path) -> io::Result<bool> {
        is_network(folder)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        let about = rustix::fs::statvfs(there)?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }
}

fn try_sharing(folder: &Path) -> io::Result<bool> {
    let mut source = Probe::create(folder, "share-a")?;
    let target = Probe::create(folder, "share-b")?;
    source.file.write_all(&[1; 4096])?;
    Ok(share(&target.file, &source.file))
}

/// A small file that is removed again.
struct Probe {
    path: PathBuf,
    file: File,
}

impl Probe {
    fn create(folder: &Path, what: &str) -> io::Result<Self> {
        let path = folder.join(format!(".stead-probe-{what}-{}", std::process::id()));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        Ok(Self { path, file })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.path);
    }
}

/// The numbers by which Linux names its network file systems, from `statfs(2)`: NFS, SMB, CIFS, SMB2, AFS, Ceph, 9P,
/// Coda, NCP, OCFS2, GFS2 and Lustre.
#[cfg(target_os = "linux")]
const NETWORKS: [u32; 12] = [
    0x6969,
    0x517B,
    0xFF53_4D42,
    0xFE53_4D42,
    0x5346_414F,
    0x00C3_6400,
    0x0102_1997,
    0x7375_7245,
    0x564C,
    0x7461_636F,
    0x0116_1970,
    0x0BD0_0BD0,
];

#[cfg(target_os = "linux")]
fn is_network(folder: &Path) -> io::Result<bool> {
    let kind = rustix::fs::statfs(folder)?.f_type;
    Ok(NETWORKS.iter().any(|network| i128::from(kind) & 0xFFFF_FFFF == i128::from(*network)))
}

#[cfg(not(target_os = "linux"))]
fn is_network(_folder: &Path) -> io::Result<bool> {
    Ok(false)
}
