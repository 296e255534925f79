//! Starting a server on its volume: make the volume if there is none, choose the port, start the process so that it outlives us,
//! record it, wait until it answers. Started twice, also at the same moment, the second one finds it done.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::arguments::{self, Profile};
use crate::error::ProvisionError;
use crate::initialise::{Initialisation, pass};
use crate::process::Process;
use crate::programs::{find, fits, numbers};
use crate::ready::{Awaited, Knock, Probe, wait};
use crate::volume::{Running, State};
use crate::{Access, Account, Programs, Result, ServerKind, Surroundings, Volume, port, sockets};

/// How often a server whose port was taken at the last moment gets another one.
const TRIES: usize = 5;

/// What to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// The kind of server.
    pub kind: ServerKind,
    /// The volume.
    pub volume: Volume,
    /// The version that is wanted, as far as it is given: `15`, `10.11`.
    pub version: Option<String>,
    /// The folder of the programs; none searches the machine.
    pub programs: Option<PathBuf>,
    /// The port; none keeps the one that the volume had, or chooses a free one.
    pub port: Option<u16>,
    /// As whom the server runs if we are root.
    pub user: Option<String>,
    /// How much it cares for its data.
    pub profile: Profile,
}

/// What was done to have the server run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The volume was made, and the server started.
    Initialised,
    /// The server was started.
    Started,
    /// It ran already.
    AlreadyRunning,
}

/// A server that answers.
#[derive(Clone, Debug)]
pub struct Started {
    /// What was done.
    pub beginning: Beginning,
    /// How to connect.
    pub access: Access,
    /// Its process.
    pub process: Process,
    /// Its version.
    pub version: String,
}

/// Makes the volume of a server if there is none, and starts nothing. True if it was made.
///
/// # Errors
///
/// See [`ProvisionError`].
pub async fn prepare(start: &Start, surroundings: &Surroundings) -> Result<bool> {
    let account = begin(start)?;
    let _lock = start.volume.lock(surroundings, account.as_ref()).await?;
    let launch = Launch { start, account: account.as_ref(), probe: &Knock, surroundings };
    if launch.is_made()? {
        return Ok(false);
    }
    launch.make().await?;
    Ok(true)
}

/// Starts a server, and returns when it answers.
///
/// # Errors
///
/// See [`ProvisionError`]. Whatever fails, data that was there is not touched.
pub async fn start(start: &Start, probe: &dyn Probe, surroundings: &Surroundings) -> Result<Started> {
    let account = begin(start)?;
    let _lock = start.volume.lock(surroundings, account.as_ref()).await?;
    Launch { start, account: account.as_ref(), probe, surroundings }.run().await
}

/// What comes before the lock: the folder, and as whom the server runs.
fn begin(start: &Start) -> Result<Option<Account>> {
    if start.kind.engine().is_none() {
        return Err(ProvisionError::Unsupported(start.kind));
    }
    let account = Account::choose(start.kind, start.user.as_deref(), start.volume.folder())?;
    start.volume.refuse_foreign()?;
    start.volume.make(account.as_ref())?;
    Ok(account)
}

struct Launch<'a> {
    start: &'a Start,
    account: Option<&'a Account>,
    probe: &'a dyn Probe,
    surroundings: &'a Surroundings,
}

impl Launch<'_> {
    async fn run(&self) -> Result<Started> {
        let volume = &self.start.volume;
        match volume.state()? {
            State::Running(running) => match self.join(running).await {
                // It was on its way down when we came.
                Err(ProvisionError::Ended { .. }) => self.clear_up().await?,
                joined => return joined,
            },
            State::CutOff => self.clear_up().await?,
            State::Absent | State::HalfMade | State::Stopped => {}
        }
        if let Some(process) = volume.unrecorded(self.start.kind) {
            return self.adopt(process).await;
        }
        if self.is_made()? {
            return self.launch(&self.programs_of_volume()?, Beginning::Started).await;
        }
        self.launch(&self.make().await?, Beginning::Initialised).await
    }

    fn is_made(&self) -> Result<bool> {
        let volume = &self.start.volume;
        Ok(match volume.state()? {
            State::Absent => false,
            State::HalfMade => {
                let shown = volume.folder().display();
                self.surroundings.warn(format!("making the volume `{shown}` was cut off half-way; it is made anew"));
                false
            }
            State::Stopped | State::Running(_) | State::CutOff => true,
        })
    }

    async fn make(&self) -> Result<Programs> {
        let Start { kind, version, programs, volume, profile, .. } = self.start;
        let programs = find(*kind, version.as_deref(), programs.as_deref(), self.surroundings)?;
        let Self { account, surroundings, .. } = *self;
        Initialisation { programs: &programs, volume, account, profile: *profile, surroundings }.run().await?;
        Ok(programs)
    }

    /// Puts away the record of a server that is gone. One without a process tells of a start that was cut off, and whatever was
    /// started then is taken over by it.
    async fn clear_up(&self) -> Result<()> {
        let volume = &self.start.volume;
        let Some(running) = volume.running()? else { return Ok(()) };
        if running.process.is_none() && volume.unrecorded(self.start.kind).is_some() {
            return Ok(());
        }
        volume.settle(self.start.kind).await?;
        volume.put_away(self.start.kind, &running)
    }

    /// The server runs: wait until it answers, in case that whoever started it was killed before that.
    async fn join(&self, running: Running) -> Result<Started> {
        let volume = &self.start.volume;
        self.refuse_other_kind()?;
        let access = Access { port: running.port, ..volume.access()? };
        if let Some(wanted) = self.start.port.filter(|wanted| *wanted != running.port) {
            let shown = volume.folder().display();
            self.surroundings.warn(format!(
                "the server of `{shown}` runs on port {}; port {wanted} is used after `stead down`",
                running.port
            ));
        }
        let process = running.process.expect("the state `running` has a process");
        wait(Awaited { volume, access: &access, process: &process, child: None }, self.probe, self.surroundings)
            .await?;
        Ok(Started { beginning: Beginning::AlreadyRunning, access, process, version: volume.record()?.version })
    }

    /// A server that was started and not recorded, because we were killed in between.
    async fn adopt(&self, process: Process) -> Result<Started> {
        let volume = &self.start.volume;
        let planned = volume.running()?;
        let unrecorded = || ProvisionError::Unrecorded { pid: process.pid, data: volume.data() };
        let running = planned.ok_or_else(unrecorded)?;
        let running = Running { process: Some(process), ..running };
        volume.write_running(&running)?;
        self.join(running).await
    }

    fn refuse_other_kind(&self) -> Result<()> {
        let found = self.start.volume.record()?.kind;
        if found == self.start.kind {
            return Ok(());
        }
        let volume = self.start.volume.folder().to_path_buf();
        Err(ProvisionError::OtherKind { volume, found, wanted: self.start.kind })
    }

    /// The programs for the volume as it is: PostgreSQL reads the data of its own major version only, MySQL and MariaDB none
    /// of a later version.
    fn programs_of_volume(&self) -> Result<Programs> {
        let Start { kind, version, programs, .. } = self.start;
        let (version, folder) = (version.as_deref(), programs.as_deref());
        self.refuse_other_kind()?;
        let used = self.start.volume.record()?.version;
        let major = used.split('.').next().unwrap_or(&used).to_owned();
        let wanted = match kind {
            ServerKind::Postgres => version.filter(|version| fits(version, &major)).or(Some(major.as_str())),
            _ => version,
        };
        let found = find(*kind, wanted, folder, self.surroundings).map_err(by_volume)?;
        let asked_for_other = version.is_some_and(|version| !fits(&found.version, version));
        if numbers(&found.version) < numbers(&used) && *kind != ServerKind::Postgres || asked_for_other {
            let shown = format!("{} in `{}`", found.version, found.base().display());
            return Err(ProvisionError::VersionMissing {
                kind: *kind,
                wanted: used,
                found: vec![shown],
                by_volume: true,
            });
        }
        Ok(found)
    }

    async fn launch(&self, programs: &Programs, beginning: Beginning) -> Result<Started> {
        let volume = &self.start.volume;
        let mut port = self.port()?;
        for attempt in 1.. {
            volume.write(programs.kind, &programs.version, Some(port))?;
            let (running, mut child) = self.process(programs, port)?;
            let access = volume.access()?;
            let process = running.process.clone().expect("it was recorded with its process");
            let awaited = Awaited { volume, access: &access, process: &process, child: Some(&mut child) };
            let waited = wait(awaited, self.probe, self.surroundings).await;
            // Whoever lives as long as the server has to take note of its end: PostgreSQL believes a process that only
            // waits for that to be a server on its data.
            std::thread::spawn(move || child.wait());
            let Err(error) = waited else {
                let version = programs.version.clone();
                return Ok(Started { beginning, access, process, version });
            };
            if matches!(error, ProvisionError::Ended { .. }) {
                sockets::remove(&running.sockets);
                volume.forget_running()?;
                // Somebody took the port between our look and the server's.
                if self.start.port.is_none() && attempt < TRIES && !port::is_free(port) {
                    port = port::choose().ok_or(ProvisionError::NoPort)?;
                    continue;
                }
            }
            return Err(error);
        }
        Err(ProvisionError::NoPort)
    }

    fn port(&self) -> Result<u16> {
        if let Some(port) = self.start.port {
            return if port::is_free(port) { Ok(port) } else { Err(ProvisionError::PortTaken(port)) };
        }
        let remembered = self.start.volume.record()?.port;
        if let Some(port) = remembered {
            if port::is_free(port) {
                return Ok(port);
            }
            let shown = self.start.volume.folder().display();
            self.surroundings
                .warn(format!("port {port} of `{shown}` is taken by another program; it gets another one"));
        }
        port::choose().ok_or(ProvisionError::NoPort)
    }

    /// Starts the process. What is needed to find it again is written before and after.
    fn process(&self, programs: &Programs, port: u16) -> Result<(Running, Child)> {
        let volume = &self.start.volume;
        let log = volume.log();
        keep_former(&log)?;
        let sockets = sockets::make(&self.surroundings.temporary, self.account)?;
        let planned = Running::planned(port, sockets);
        volume.write_running(&planned)?;
        pass("up-planned")?;
        let output = File::create(&log).map_err(|error| ProvisionError::file("write", &log, error))?;
        let mut command = Command::new(&programs.server);
        command.args(arguments::server(programs, volume, port, &planned.sockets, self.start.profile));
        command.stdin(Stdio::null()).current_dir(volume.data());
        own_session(&mut command);
        let child = spawn(command, output, self.account, self.surroundings)?;
        pass("up-started")?;
        let running = Running { process: Some(Process::begun(child.id())), ..planned };
        volume.write_running(&running)?;
        pass("up-recorded")?;
        Ok((running, child))
    }
}

fn by_volume(error: ProvisionError) -> ProvisionError {
    match error {
        ProvisionError::VersionMissing { kind, wanted, found, .. } => {
            ProvisionError::VersionMissing { kind, wanted, found, by_volume: true }
        }
        other => other,
    }
}

/// The log of the run before this one is kept beside it.
fn keep_former(log: &Path) -> Result<()> {
    match fs::rename(log, log.with_extension("log.old")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ProvisionError::file("rename", log, error)),
        _ => Ok(()),
    }
}

/// Lets the process lead a session of its own, so that the end of the terminal does not end it.
#[expect(unsafe_code, reason = "the standard library has no safe way to call `setsid` between fork and exec")]
fn own_session(command: &mut Command) {
    // SAFETY: between fork and exec only calls that POSIX lists as safe in signal handlers may be made. `setsid` is one of
    // them; the closure allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(|_| ()).map_err(std::io::Error::from));
    }
}

/// Starts a program with nothing of our environment but what it may see, as the account if there is one.
pub(crate) fn spawn(
    mut command: Command,
    output: File,
    account: Option<&Account>,
    surroundings: &Surroundings,
) -> Result<Child> {
    let program = PathBuf::from(command.get_program());
    let failed = |error| ProvisionError::file("start", &program, error);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    let search = std::env::join_paths(&surroundings.search).unwrap_or_default();
    command.env_clear().envs(&surroundings.variables).env("PATH", search).env("LC_ALL", "C");
    let errors = output.try_clone().map_err(failed)?;
    command.stdout(output).stderr(errors).spawn().map_err(failed)
}

/// How a process ended, in words.
pub(crate) fn outcome(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
