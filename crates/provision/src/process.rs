//! A process as something that can be recognised later: its number alone is given to another process one day, so its start
//! time and the boot it belongs to are kept beside it. Nothing is ever signalled of which not all three still fit.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

/// A process that was started here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it was started, as the system tells it: in ticks since the boot on Linux, as a date elsewhere.
    pub started: String,
    /// The boot of the machine that it belongs to.
    pub boot: String,
}

impl Process {
    /// The process that has this number now; none if there is none, or if it has ended and only waits to be reaped.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, started: start_time(pid)?, boot: boot() })
    }

    /// The process that we have just started; it may have ended since, and then it does not run.
    pub(crate) fn begun(pid: u32) -> Self {
        Self::of(pid).unwrap_or_else(|| Self { pid, started: String::new(), boot: boot() })
    }

    /// Whether this very process still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Whether the system tells that this process works in another folder. A server works in its data, also when that is moved;
    /// the record in a copy of its volume names the server of the original.
    pub(crate) fn works_elsewhere(&self, folder: &Path) -> bool {
        let there = fs::read_link(format!("/proc/{}/cwd", self.pid));
        matches!((there, fs::canonicalize(folder)), (Ok(there), Ok(folder)) if there != folder)
    }

    /// Sends a signal to this very process; false if it does not run any more.
    ///
    /// # Errors
    ///
    /// The system does not allow it.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<bool> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        match self.send(pid, signal) {
            Ok(sent) => Ok(sent),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// On Linux the process is opened first and compared then, so that the number cannot change hands in between.
    #[cfg(target_os = "linux")]
    fn send(&self, pid: Pid, signal: Signal) -> rustix::io::Result<bool> {
        use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
        let opened = match pidfd_open(pid, PidfdFlags::empty()) {
            // Sandboxes may lack the call; the comparison below is then as close as it can be.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => None,
            opened => Some(opened?),
        };
        if !self.is_running() {
            return Ok(false);
        }
        match opened {
            Some(opened) => pidfd_send_signal(opened, signal)?,
            None => rustix::process::kill_process(pid, signal)?,
        }
        Ok(true)
    }

    #[cfg(not(target_os = "linux"))]
    fn send(&self, pid: Pid, signal: Signal) -> rustix::io::Result<bool> {
        if !self.is_running() {
            return Ok(false);
        }
        rustix::process::kill_process(pid, signal)?;
        Ok(true)
    }
}

/// The first process of one of these names that works in the folder: its own first process, where it has children that do so
/// too. None where the system does not tell, or does not tell us.
pub(crate) fn working_in(folder: &Path, names: &[&str]) -> Option<u32> {
    let folder = fs::canonicalize(folder).ok()?;
    let numbers = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let here = |pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|link| link == folder);
    let found: Vec<(u32, u32)> = numbers.filter(here).filter_map(|pid| Some((pid, parent(pid, names)?))).collect();
    let first = found.iter().find(|(_, parent)| !found.iter().any(|(pid, _)| pid == parent));
    first.map(|(pid, _)| *pid)
}

/// Whether the system tells in which folder a process works, so that finding none proves something.
pub(crate) fn shows_folders() -> bool {
    fs::read_link("/proc/self/cwd").is_ok()
}

/// The parent of a running process, if its program has one of these names. The name is the second field of `/proc/PID/stat`,
/// cut to 15 bytes.
fn parent(pid: u32, names: &[&str]) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    start_in_stat(&stat)?;
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    if !names.contains(&name) {
        return None;
    }
    after.split_whitespace().nth(1)?.parse().ok()
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

fn start_time(pid: u32) -> Option<String> {
    if has_proc() {
        return start_in_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?);
    }
    let listed = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8(listed.stdout).ok()?;
    let (state, started) = line.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// The 22nd field of `/proc/PID/stat`; see proc(5). The second one, the program's name, may hold spaces and parentheses. A
/// process whose first thread has ended has the state of one that waits to be reaped, though while others of its threads end
/// (the 20th field counts them all) its files and ports are still its own.
fn start_in_stat(stat: &str) -> Option<String> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let threads: u32 = fields.nth(16)?.parse().ok()?;
    let ended = state == "X" || state == "Z" && threads <= 1;
    fields.nth(1).filter(|_| !ended).map(str::to_owned)
}

fn boot() -> String {
    let linux = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    let other = || {
        let told = Command::new("sysctl").args(["-n", "kern.boottime"]).output().ok()?;
        String::from_utf8(told.stdout).ok()
    };
    linux.or_else(other).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
