//! Who else uses a file. SQLite says that a database is busy but not by whom, and an idle connection in rollback mode
//! holds no lock at all, so Linux's `/proc` is asked: it lists open descriptors and held locks with process numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::descriptor::{self, Identity};

#[cfg(test)]
mod tests;

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Its number.
    pub number: u32,
    /// The name of its program, without arguments: those may hold secrets.
    pub program: String,
}

impl fmt::Display for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {}", self.number)?;
        if self.program.is_empty() { Ok(()) } else { write!(formatter, " (`{}`)", self.program) }
    }
}

/// Who has a file open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// Processes that have it open, other than this one.
    pub open: Vec<Process>,
    /// True if there may be more that we cannot see.
    pub uncertain: bool,
}

impl Users {
    /// True if it is sure that nobody has the file open.
    #[must_use]
    pub fn none(&self) -> bool {
        self.open.is_empty() && !self.uncertain
    }
}

/// Tells who has a file open. Tests put their own in the place of the system's.
pub trait ProcessProbe: Send + Sync {
    /// The processes, other than this one, that have the file of this metadata open.
    fn users(&self, file: &Metadata) -> Users;
}

/// The running system, by `/proc`. Where there is none, nothing is certain.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemProcesses;

impl ProcessProbe for SystemProcesses {
    fn users(&self, file: &Metadata) -> Users {
        let wanted = descriptor::identity(file);
        let mut users = Users::default();
        let Some(others) = other_processes() else {
            users.uncertain = true;
            return users;
        };
        for (number, folder) in others {
            match has_open(&folder, wanted) {
                Some(true) => users.open.push(process(number)),
                Some(false) => {}
                None => users.uncertain |= may_be_the_owner(&folder, file),
            }
        }
        users
    }
}

/// Numbers and `/proc` folders of every process but this one; `None` without a `/proc`.
fn other_processes() -> Option<Vec<(u32, PathBuf)>> {
    let own = std::process::id();
    let entries = std::fs::read_dir("/proc").ok()?;
    let processes: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    // A `/proc` in which not even this process stands tells nothing about the others.
    processes
        .iter()
        .any(|(number, _)| *number == own)
        .then(|| processes.into_iter().filter(|(number, _)| *number != own).collect())
}

/// Whether a process has the file open; `None` if we may not look.
fn has_open(folder: &Path, wanted: Identity) -> Option<bool> {
    let descriptors = match std::fs::read_dir(folder.join("fd")) {
        Ok(descriptors) => descriptors,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return None,
        // It has ended meanwhile.
        Err(_) => return Some(false),
    };
    let mut open = descriptors.filter_map(Result::ok).filter_map(|entry| std::fs::metadata(entry.path()).ok());
    Some(open.any(|metadata| descriptor::identity(&metadata) == wanted))
}

/// A process that we may not look into counts only if it runs as the file's owner; else every service of the machine
/// would be suspected by whoever is not root.
fn may_be_the_owner(folder: &Path, file: &Metadata) -> bool {
    std::fs::metadata(folder).is_ok_and(|process| process.uid() == file.uid() && process.uid() != 0)
}

fn process(number: u32) -> Process {
    let program = std::fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
    Process { number, program: program.trim().to_owned() }
}

/// The other processes that hold a lock on the database file or on its shared memory; where none is known by its lock,
/// those that have the file open.
pub(crate) fn lock_holders(path: &Path) -> Vec<Process> {
    let mut shared_memory = path.as_os_str().to_owned();
    shared_memory.push("-shm");
    let files = [path.to_owned(), PathBuf::from(shared_memory)];
    let mut wanted: Vec<Metadata> = files.iter().filter_map(|file| std::fs::metadata(file).ok()).collect();
    let identities: Vec<Identity> = wanted.iter().map(descriptor::identity).collect();
    let own = std::process::id();
    let mut found: BTreeMap<u32, Process> = BTreeMap::new();
    for number in locking(&identities).into_iter().filter(|number| *number != own) {
        found.insert(number, process(number));
    }
    if found.is_empty() && !wanted.is_empty() {
        let users = SystemProcesses.users(&wanted.swap_remove(0));
        found.extend(users.open.into_iter().filter(|user| user.number != own).map(|user| (user.number, user)));
    }
    found.into_values().collect()
}

/// Numbers of the processes that `/proc/locks` shows with a lock on one of the files.
fn locking(identities: &[Identity]) -> Vec<u32> {
    let text = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    text.lines().filter_map(lock_line).filter(|(_, file)| identities.contains(file)).map(|(number, _)| number).collect()
}

/// One line, such as `1: POSIX  ADVISORY  WRITE 9691 fe:00:1247 0 EOF`; waiting locks have `->` after the number.
fn lock_line(line: &str) -> Option<(u32, Identity)> {
    let mut words = line.split_whitespace().filter(|word| *word != "->").skip(4);
    let number = words.next()?.parse().ok()?;
    let mut file = words.next()?.split(':');
    let major = u32::from_str_radix(file.next()?, 16).ok()?;
    let minor = u32::from_str_radix(file.next()?, 16).ok()?;
    let inode = file.next()?.parse().ok()?;
    Some((number, (rustix::fs::makedev(major, minor), inode)))
}

/// This process in a sentence.
pub(crate) fn this() -> Process {
    process(std::process::id())
}

/// Processes as words in a sentence.
pub(crate) fn list(processes: &[Process]) -> String {
    let words: Vec<String> = processes.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => "an unknown process".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
