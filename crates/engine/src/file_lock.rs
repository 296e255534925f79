//! A lock that is a file: locked by the operating system, with its holder written inside. The system releases it when the
//! holder dies, so a dead run never blocks anybody; the holder's name is only for people. The file itself stays, because
//! removing a lock file lets two runs lock two files.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::{EngineError, ErrorClass, Holder, Lock, LockRequest};

/// The first pause between two tries.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// After how long whoever waits is told whom it waits for.
const PATIENCE: Duration = Duration::from_secs(1);
/// More text than this in a lock file is not a holder.
const LONGEST_HOLDER: usize = 64 * 1024;

/// A lock that is held.
#[derive(Debug)]
struct FileLock {
    file: File,
    left_behind: Option<Holder>,
}

#[async_trait]
impl Lock for FileLock {
    fn left_behind(&self) -> Option<&Holder> {
        self.left_behind.as_ref()
    }

    /// The system keeps it as long as the file is open.
    async fn still_held(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Drop for FileLock {
    /// Says that this run ended in order; closing the file then releases the lock. Text that cannot be cleared only makes
    /// the next run believe that this one was cut off.
    fn drop(&mut self) {
        let _not_cleared = self.file.set_len(0);
    }
}

/// Takes the lock in that file, which is made with its folder if it is not there. Errors call what it protects by
/// `subject`.
///
/// # Errors
///
/// `lock-timeout`, naming who holds it, or whatever the file system refuses.
pub async fn lock_file(
    path: &Path,
    subject: &Path,
    mut request: LockRequest<'_>,
) -> Result<Box<dyn Lock>, EngineError> {
    let file = open(path)?;
    let left_behind = wait(&file, subject, path, &mut request).await?;
    // On a full disk nobody learns who holds the lock, but what frees space must go through.
    let _unnamed = write_holder(&file, &request.holder);
    Ok(Box::new(FileLock { file, left_behind }))
}

/// True if somebody holds the lock in that file now. A file that is not there, or cannot be looked at, is held by nobody.
#[must_use]
pub fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn open(path: &Path) -> Result<File, EngineError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder)
        .map_err(|error| EngineError::io(format!("cannot make the folder `{}`", folder.display()), &error))?;
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    opened.map_err(|error| {
        EngineError::io(format!("cannot open the lock file `{}`", path.display()), &error)
            .hint("whoever works with what it protects must be able to write its lock file")
    })
}

/// Waits until the lock is ours; then whoever is still written in the file was cut off.
async fn wait(
    file: &File,
    subject: &Path,
    path: &Path,
    request: &mut LockRequest<'_>,
) -> Result<Option<Holder>, EngineError> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(read_holder(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(EngineError::io(format!("cannot lock `{}`", path.display()), &error));
            }
        }
        let waited = began.elapsed();
        if waited >= request.timeout {
            return Err(timed_out(subject, request.timeout, read_holder(file)));
        }
        if waited >= PATIENCE && !told {
            told = true;
            (request.on_wait)(read_holder(file).as_ref());
        }
        tokio::time::sleep(pause.min(request.timeout - waited)).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

fn timed_out(subject: &Path, timeout: Duration, holder: Option<Holder>) -> EngineError {
    let who = holder.map_or_else(|| "another run".to_owned(), |holder| holder.to_string());
    let message = format!("`{}` is locked by {who}", subject.display());
    EngineError::new(ErrorClass::LockTimeout, message)
        .hint(format!("waited {:.1} s; wait longer with `--lock-timeout`, or stop that run", timeout.as_secs_f64()))
}

/// The text is written in one piece into an empty file, so that a reader sees a holder or nothing.
fn write_holder(file: &File, holder: &Holder) -> io::Result<()> {
    let text = serde_json::to_string(holder)?;
    file.set_len(0)?;
    file.write_all_at(text.as_bytes(), 0)
}

fn read_holder(file: &File) -> Option<Holder> {
    let mut bytes = vec![0; LONGEST_HOLDER];
    let read = file.read_at(&mut bytes, 0).ok()?;
    serde_json::from_slice(&bytes[..read]).ok()
}
