//! A volume: the folder of a server's data, with its password, its port, its log and the record of the process that runs on it.
//! `data` appears in it by a rename when it is complete, so that what was cut off half-way is never taken for a data folder.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stead_engine::file_lock::lock_file;
use stead_engine::{Holder, Lock, LockRequest};

use crate::error::ProvisionError;
use crate::process::{self, Process};
use crate::secret::Password;
use crate::{Account, Result, ServerKind, Surroundings, sockets};

/// The format of both records.
const FORMAT: u32 = 1;
/// Names that may lie in a volume without being ours: a mount point has the first one.
const HARMLESS: [&str; 2] = ["lost+found", ".DS_Store"];
/// How long the rest of a killed server is waited for.
const SETTLING: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);
/// The lines of a log that an error shows.
const SHOWN_LINES: usize = 30;

/// A volume, whether it is there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    folder: PathBuf,
}

/// What a volume is, written when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeRecord {
    /// The version of this format.
    pub format: u32,
    /// The kind of its server.
    pub kind: ServerKind,
    /// The version of the server that used it last.
    pub version: String,
    /// The port that its server got, kept so that URLs stay as they are.
    pub port: Option<u16>,
}

/// The server that was started on a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The version of this format.
    pub format: u32,
    /// The port of the loopback address that it listens on.
    pub port: u16,
    /// The private folder of its Unix socket.
    pub sockets: PathBuf,
    /// The process; none from the moment before it was started.
    pub process: Option<Process>,
}

/// What is known of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There is nothing.
    Absent,
    /// Making it was cut off, or goes on at this moment.
    HalfMade,
    /// It is whole and no server runs on it.
    Stopped,
    /// Its server runs.
    Running(Running),
    /// Its server ended without being stopped: it was killed, or the machine was.
    CutOff,
}

/// How to connect to the server of a volume as the user who may do everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The kind.
    pub kind: ServerKind,
    /// The port of the loopback address.
    pub port: u16,
    /// The password.
    pub password: Password,
}

impl Access {
    /// The URL, password included, without a database and without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let Self { kind, port, password } = self;
        format!("{}://{}:{}@127.0.0.1:{port}", kind.word(), kind.superuser(), password.expose())
    }

    /// The same for people to read.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}://{}:***@127.0.0.1:{}", self.kind.word(), self.kind.superuser(), self.port)
    }
}

impl Volume {
    /// The volume in that folder.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the server writes while it runs.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// The server's own folder for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    pub(crate) fn unfinished(&self) -> PathBuf {
        self.folder.join("data.new")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What is known of it.
    ///
    /// # Errors
    ///
    /// A record that cannot be read.
    pub fn state(&self) -> Result<State> {
        if !is_there(&self.data())? {
            // The password is written before anything else.
            let begun = is_there(&self.unfinished())? || is_there(&self.file("password"))?;
            return Ok(if begun { State::HalfMade } else { State::Absent });
        }
        let running = self.running()?;
        Ok(match running {
            None => State::Stopped,
            Some(running) if self.runs(&running) => State::Running(running),
            Some(_) => State::CutOff,
        })
    }

    /// Whether the recorded process runs, on this volume and not on the one that this is a copy of.
    fn runs(&self, recorded: &Running) -> bool {
        recorded.process.as_ref().is_some_and(|process| process.is_running() && !process.works_elsewhere(&self.data()))
    }

    /// Puts away the record of a server that is gone, with its sockets. Those of a server that runs elsewhere are its own.
    pub(crate) fn put_away(&self, kind: ServerKind, recorded: &Running) -> Result<()> {
        self.forget_ended(kind, recorded)?;
        if !recorded.process.as_ref().is_some_and(Process::is_running) {
            sockets::remove(&recorded.sockets);
        }
        self.forget_running()
    }

    /// What it is.
    ///
    /// # Errors
    ///
    /// There is no volume, or its record cannot be read.
    pub fn record(&self) -> Result<VolumeRecord> {
        let whole = is_there(&self.data())?;
        let record = if whole { read_record(&self.file("volume.json"))? } else { None };
        record.ok_or_else(|| ProvisionError::NoVolume(self.folder.clone()))
    }

    /// How to connect, by the port and the password that the volume keeps.
    ///
    /// # Errors
    ///
    /// There is no volume, its record or its password cannot be read, or its server was never started.
    pub fn access(&self) -> Result<Access> {
        let record = self.record()?;
        let port = record.port.ok_or_else(|| ProvisionError::NoVolume(self.folder.clone()))?;
        Ok(Access { kind: record.kind, port, password: Password::read(&self.file("password"))? })
    }

    pub(crate) fn running(&self) -> Result<Option<Running>> {
        read_record(&self.file("server.json"))
    }

    pub(crate) fn write_running(&self, running: &Running) -> Result<()> {
        write_record(&self.file("server.json"), running)
    }

    pub(crate) fn forget_running(&self) -> Result<()> {
        remove_file(&self.file("server.json"))
    }

    pub(crate) fn write(&self, kind: ServerKind, version: &str, port: Option<u16>) -> Result<()> {
        let record = VolumeRecord { format: FORMAT, kind, version: version.to_owned(), port };
        write_record(&self.file("volume.json"), &record)
    }

    /// The process of a server on this volume that nobody recorded, where the system tells of one.
    pub(crate) fn unrecorded(&self, kind: ServerKind) -> Option<Process> {
        process::working_in(&self.data(), kind.server_programs()).and_then(Process::of)
    }

    /// Waits until what a killed server left running is gone. PostgreSQL's processes end by themselves soon after the first of
    /// them was killed, and until then no other server can be started on the data.
    pub(crate) async fn settle(&self, kind: ServerKind) -> Result<()> {
        let begun = Instant::now();
        while let Some(process) = self.unrecorded(kind) {
            if begun.elapsed() > SETTLING {
                return Err(ProvisionError::Unrecorded { pid: process.pid, data: self.data() });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Removes PostgreSQL's own note of a server that is gone: it takes whatever process has that number by now, even one that
    /// only waits to be reaped, for a server on its data. The note stays unless it names the recorded process, that process
    /// does not run here, and the system shows none that works in the data; whoever calls has waited for that.
    fn forget_ended(&self, kind: ServerKind, recorded: &Running) -> Result<()> {
        let Some(process) = recorded.process.as_ref().filter(|_| kind == ServerKind::Postgres) else { return Ok(()) };
        let note = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&note).unwrap_or_default();
        let named = text.lines().next().and_then(|pid| pid.trim().parse().ok());
        let proven = named == Some(process.pid) && !self.runs(recorded) && process::shows_folders();
        if proven && self.unrecorded(kind).is_none() { remove_file(&note) } else { Ok(()) }
    }

    /// Makes the folder and the one for the server's temporary files, closed to others.
    pub(crate) fn make(&self, account: Option<&Account>) -> Result<()> {
        if let Some(account) = account {
            account.refuse_out_of_reach(&self.folder)?;
        }
        if let Some(parent) = self.folder.parent() {
            fs::create_dir_all(parent).map_err(|error| ProvisionError::file("make the folder", parent, error))?;
        }
        for folder in [&self.folder, &self.temporary()] {
            match fs::DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => made.map_err(|error| ProvisionError::file("make the folder", folder, error))?,
            }
            if let Some(account) = account {
                account.own(folder)?;
            }
        }
        account.map_or(Ok(()), |account| account.refuse_out_of_reach(&self.folder))
    }

    /// Refuses a folder in which something lies that stead did not put there.
    pub(crate) fn refuse_foreign(&self) -> Result<()> {
        if is_there(&self.file("volume.json"))? || is_there(&self.file("lock"))? {
            return Ok(());
        }
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(|error| ProvisionError::file("list", &self.folder, error))?,
        };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        let foreign = names.into_iter().find(|name| !HARMLESS.contains(&name.as_str()));
        foreign.map_or(Ok(()), |entry| Err(ProvisionError::Foreign { volume: self.folder.clone(), entry }))
    }

    /// Takes the lock, so that of two commands one works and the other finds it done.
    pub(crate) async fn lock(&self, surroundings: &Surroundings, account: Option<&Account>) -> Result<Box<dyn Lock>> {
        let path = self.file("lock");
        let name = self.folder.display().to_string();
        let mut on_wait = |holder: Option<&Holder>| {
            let who = holder.map_or_else(|| "another run".to_owned(), ToString::to_string);
            surroundings.waiting(format!("waiting for the volume `{name}`: {who} holds it"));
        };
        let request = LockRequest {
            holder: surroundings.holder.clone(),
            timeout: surroundings.lock_timeout,
            on_wait: &mut on_wait,
        };
        let lock = lock_file(&path, &self.folder, request).await?;
        if let Some(account) = account {
            account.own(&path)?;
        }
        Ok(lock)
    }

    /// The last lines of one of its logs.
    pub(crate) fn end_of(&self, log: &str) -> String {
        let bytes = fs::read(self.file(log)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }
}

/// The volumes below a folder, with their names, in name order.
///
/// # Errors
///
/// The folder cannot be listed.
pub fn list(folder: &Path) -> Result<Vec<(String, Volume)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| ProvisionError::file("list", folder, error))?,
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    Ok(names.into_iter().map(|name| (name.clone(), Volume::at(folder.join(name)))).collect())
}

/// Removes a volume with everything in it. It is renamed first, so that what is cut off half-way is no volume any more.
///
/// # Errors
///
/// There is none, its server runs, or the file system refuses.
pub async fn remove(volume: &Volume, surroundings: &Surroundings) -> Result<()> {
    if !is_there(volume.folder())? {
        return Err(ProvisionError::NoVolume(volume.folder.clone()));
    }
    volume.refuse_foreign()?;
    let lock = volume.lock(surroundings, None).await?;
    let running = match volume.state()? {
        State::Running(running) => running.process,
        _ => volume.record().ok().and_then(|record| volume.unrecorded(record.kind)),
    };
    if let Some(process) = running {
        return Err(ProvisionError::InUse { volume: volume.folder.clone(), pid: process.pid });
    }
    let name = volume.folder.file_name().unwrap_or_default().to_string_lossy();
    let aside = volume.folder.with_file_name(format!(".{name}.removed"));
    remove_folder(&aside)?;
    fs::rename(&volume.folder, &aside).map_err(|error| ProvisionError::file("rename", &volume.folder, error))?;
    drop(lock);
    remove_folder(&aside)
}

pub(crate) fn is_there(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|error| ProvisionError::file("look at", path, error))
}

pub(crate) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ProvisionError::file("remove", path, error)),
        _ => Ok(()),
    }
}

pub(crate) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ProvisionError::file("remove", path, error)),
        _ => Ok(()),
    }
}

fn read_record<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| ProvisionError::file("read", path, error))?,
    };
    let record = |reason: String| ProvisionError::Record { path: path.to_path_buf(), reason };
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| record(error.to_string()))?;
    // A later format may have any other content, so this is asked before the rest is read.
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format > u64::from(FORMAT) => {
            return Err(record(format!("it is of the later format {format}")));
        }
        _ => {}
    }
    serde_json::from_value(value).map(Some).map_err(|error| record(error.to_string()))
}

/// Writes a record so that it is seen whole or not at all.
fn write_record(path: &Path, record: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(record).expect("a record holds only texts and numbers");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.new"));
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(path.parent().unwrap_or(path))?.sync_all()
    };
    write().map_err(|error| ProvisionError::file("write", path, error))
}

impl Running {
    /// The record of a server that is about to be started.
    pub(crate) fn planned(port: u16, sockets: PathBuf) -> Self {
        Self { format: FORMAT, port, sockets, process: None }
    }
}

#[cfg(test)]
mod tests;
