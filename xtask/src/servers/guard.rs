//! Stopping the servers of a run when the run ends, however it ends. A second process waits for the end of a pipe that only the
//! run holds; it is in a process group of its own, so that Ctrl-C reaches the run and not the guard.

use std::fs::{File, TryLockError};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::{Place, stop_in};

/// While it lives, the servers stay up.
pub(super) struct Guard {
    process: Child,
    /// Shared by every run that uses the servers.
    using: Option<File>,
}

impl Guard {
    /// Starts the guard of the servers at that place.
    pub(super) fn set(place: &Place) -> Result<Self> {
        std::fs::create_dir_all(&place.folder).with_context(|| format!("making `{}`", place.folder.display()))?;
        let using = in_use(&place.folder)?;
        using.lock_shared().context("saying that the servers are in use")?;
        // The test command may have built this program anew since it was started; Linux still knows the file it runs from.
        let running = PathBuf::from("/proc/self/exe");
        let own = if running.exists() { running } else { std::env::current_exe().context("finding this program")? };
        let mut command = Command::new(own);
        command.args(["servers", "guard"]).arg(&place.folder).stdin(Stdio::piped()).process_group(0);
        let process = command.spawn().context("starting the guard of the servers")?;
        Ok(Self { process, using: Some(using) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.using.take());
        drop(self.process.stdin.take());
        // If it cannot be waited for, it does its work all the same.
        let _status = self.process.wait();
    }
}

/// The guard's own work: waits for the end of its input, then stops the servers unless another run, or a person who started
/// them by hand, still uses them.
pub(crate) fn run(folder: &str) -> Result<bool> {
    let folder = PathBuf::from(folder);
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).context("waiting for the end of the run")?;
    let using = in_use(&folder)?;
    match using.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(true),
        Err(TryLockError::Error(error)) => return Err(error).context("looking whether the servers are in use"),
    }
    if !kept(&folder).exists() {
        stop_in(&folder.join("volumes"))?;
    }
    Ok(true)
}

/// The file that is there while somebody wants the servers to stay.
pub(super) fn kept(folder: &Path) -> PathBuf {
    folder.join("kept")
}

fn in_use(folder: &Path) -> Result<File> {
    let path = folder.join("in-use");
    let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    opened.with_context(|| format!("opening `{}`", path.display()))
}
