//! The servers that tests run on: one of each, started by the very code of `stead up` on throwaway volumes below `target/servers`.
//! A volume is a copy of one that was made once, so a run begins with an empty server and does not wait for it.

mod guard;
mod packages;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use stead_engine::{Event, Holder, Reporter};
use stead_provision::{Knock, Profile, Programs, ServerKind, Start, Started, State, Surroundings, Volume};

use crate::suite::everybody_reaches;
use crate::tools::is_root;
use crate::workspace::{Workspace, output};

pub(crate) use guard::run as guard;

/// A server that tests ask for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The word in `STEAD_TEST_REQUIRE` and, in capitals, in the names of variables.
    pub(crate) key: &'static str,
    kind: ServerKind,
    version: Option<&'static str>,
}

/// One of each.
pub(crate) const WANTED: [Wanted; 4] = [
    Wanted { key: "postgres15", kind: ServerKind::Postgres, version: Some("15") },
    Wanted { key: "postgres18", kind: ServerKind::Postgres, version: Some("18") },
    Wanted { key: "mariadb", kind: ServerKind::Mariadb, version: None },
    Wanted { key: "mysql", kind: ServerKind::Mysql, version: Some("8.0") },
];

impl Wanted {
    fn variable(&self, what: &str) -> String {
        format!("STEAD_TEST_{}_{what}", self.key.to_uppercase())
    }

    /// The server that whoever started us has named already.
    fn given(&self) -> Option<String> {
        std::env::var(self.variable("URL")).ok().filter(|url| !url.is_empty())
    }
}

/// The servers of one run of tests. They are stopped when the value goes, or when the process that has it ends in any way.
pub(crate) struct Servers {
    /// Variables for the tests.
    pub(crate) variables: Vec<(String, String)>,
    /// The servers that could not be had, with the reason.
    pub(crate) missing: Vec<(&'static Wanted, String)>,
    _guard: Option<guard::Guard>,
}

impl Servers {
    /// No server: for runs in which nothing asks for one.
    pub(crate) fn none() -> Self {
        Self { variables: Vec::new(), missing: Vec::new(), _guard: None }
    }

    /// Gets what is missing and starts every server that is not given.
    pub(crate) fn provide(workspace: &Workspace) -> Result<Self> {
        let place = Place::find(workspace)?;
        let guard = guard::Guard::set(&place)?;
        let mut servers = Self { variables: Vec::new(), missing: Vec::new(), _guard: Some(guard) };
        for (wanted, outcome) in every(&place)? {
            match outcome {
                Ok(ready) => servers.variables.extend(ready.variables(wanted)),
                Err(reason) => {
                    servers.variables.push((wanted.variable("ABSENT"), reason.clone()));
                    servers.missing.push((wanted, reason));
                }
            }
        }
        Ok(servers)
    }
}

/// Starts every server and leaves them running.
pub(crate) fn start(workspace: &Workspace) -> Result<bool> {
    let place = Place::find(workspace)?;
    fs::create_dir_all(&place.folder).with_context(|| format!("making `{}`", place.folder.display()))?;
    fs::write(guard::kept(&place.folder), "").context("noting that the servers are to stay")?;
    let mut whole = true;
    for (wanted, outcome) in every(&place)? {
        match outcome {
            Ok(ready) => println!("{:10} {} in {:.1} s: {}", wanted.key, ready.version, ready.seconds, ready.shown),
            Err(reason) => {
                whole = false;
                println!("{:10} skipped: {reason}", wanted.key);
            }
        }
    }
    println!("their URLs: eval \"$(cargo xtask servers env)\"");
    Ok(whole)
}

/// Stops every server that [`start`] or a run of tests started.
pub(crate) fn stop(workspace: &Workspace) -> Result<bool> {
    let place = Place::find(workspace)?;
    // Absent is as good as removed.
    let _absent = fs::remove_file(guard::kept(&place.folder));
    for (key, outcome) in stop_in(&place.volumes())? {
        println!("{key:10} {outcome}");
    }
    Ok(true)
}

/// Prints the variables of the servers that run, for a shell.
pub(crate) fn environment(workspace: &Workspace) -> Result<bool> {
    let place = Place::find(workspace)?;
    let mut whole = true;
    for wanted in &WANTED {
        let volume = place.volume(wanted.key);
        if !matches!(volume.state()?, State::Running(_)) {
            whole = false;
            println!("# {} does not run: cargo xtask servers start", wanted.key);
            continue;
        }
        println!("export {}='{}'", wanted.variable("URL"), volume.access()?.url());
        if let Ok((programs, _)) = packages::present(wanted.kind, wanted.version, wanted.key, &place) {
            println!("export {}='{}'", wanted.variable("PROGRAMS"), folder_of(&programs).display());
        }
    }
    Ok(whole)
}

/// Stops the servers on the volumes in a folder; a line for each.
fn stop_in(volumes: &Path) -> Result<Vec<(String, String)>> {
    let surroundings = surroundings();
    let runtime = runtime()?;
    let mut lines = Vec::new();
    for (key, volume) in stead_provision::list(volumes)? {
        let outcome = match runtime.block_on(stead_provision::stop(&volume, &surroundings)) {
            Ok(stead_provision::Stopped::Stopped { took, .. }) => format!("stopped in {:.1} s", took.as_secs_f64()),
            Ok(_) => "did not run".to_owned(),
            Err(error) => format!("cannot be stopped: {error}"),
        };
        lines.push((key, outcome));
    }
    Ok(lines)
}

/// Where programs, prepared volumes and running volumes lie.
pub(crate) struct Place {
    folder: PathBuf,
}

impl Place {
    /// The build folder, or where that is closed to the servers' user, a folder among the temporary ones.
    fn find(workspace: &Workspace) -> Result<Self> {
        let target = workspace.target()?;
        fs::create_dir_all(&target).with_context(|| format!("making `{}`", target.display()))?;
        if !is_root() || everybody_reaches(&target) {
            return Ok(Self { folder: target.join("servers") });
        }
        let name: String = target
            .to_string_lossy()
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter } else { '-' })
            .collect();
        Ok(Self { folder: std::env::temp_dir().join(format!("stead-servers{name}")) })
    }

    fn packages(&self) -> PathBuf {
        self.folder.join("packages")
    }

    fn volumes(&self) -> PathBuf {
        self.folder.join("volumes")
    }

    fn volume(&self, key: &str) -> Volume {
        Volume::at(self.volumes().join(key))
    }

    fn prepared(&self, key: &str) -> Volume {
        Volume::at(self.folder.join("prepared").join(key))
    }
}

/// A server that answers.
struct Ready {
    url: String,
    shown: String,
    programs: Option<PathBuf>,
    version: String,
    seconds: f64,
}

impl Ready {
    fn variables(&self, wanted: &Wanted) -> Vec<(String, String)> {
        let programs = self.programs.as_ref().map(|folder| (wanted.variable("PROGRAMS"), folder.display().to_string()));
        [(wanted.variable("URL"), self.url.clone())].into_iter().chain(programs).collect()
    }
}

type Outcome = (&'static Wanted, Result<Ready, String>);

/// Gets every server, fetching one after the other and starting all at once.
fn every(place: &Place) -> Result<Vec<Outcome>> {
    for folder in [place.packages(), place.volumes(), place.folder.join("prepared")] {
        fs::create_dir_all(&folder).with_context(|| format!("making `{}`", folder.display()))?;
    }
    // Two runs in one build folder must not prepare the same volume.
    let path = place.folder.join("lock");
    let lock = File::create(&path).with_context(|| format!("making `{}`", path.display()))?;
    lock.lock().with_context(|| format!("locking `{}`", path.display()))?;
    refuse_foreign(&place.folder)?;
    let programs: Vec<Result<Programs, String>> = WANTED.iter().map(|wanted| programs(wanted, place)).collect();
    let outcomes = std::thread::scope(|scope| {
        let begin = |(wanted, programs): (&'static Wanted, Result<Programs, String>)| {
            scope.spawn(move || (wanted, ready(wanted, programs, place)))
        };
        let threads: Vec<_> = WANTED.iter().zip(programs).map(begin).collect();
        threads.into_iter().map(|thread| thread.join().expect("errors are returned, not panicked")).collect()
    });
    Ok(outcomes)
}

fn programs(wanted: &Wanted, place: &Place) -> Result<Programs, String> {
    packages::provide(wanted.kind, wanted.version, wanted.key, place)
}

fn ready(wanted: &Wanted, programs: Result<Programs, String>, place: &Place) -> Result<Ready, String> {
    if let Some(url) = wanted.given() {
        let programs = programs.ok().map(|programs| folder_of(&programs));
        return Ok(Ready { url, shown: "given".to_owned(), programs, version: "given".to_owned(), seconds: 0.0 });
    }
    begin(wanted, &programs?, place).map_err(|error| format!("{error:#}"))
}

fn begin(wanted: &Wanted, programs: &Programs, place: &Place) -> Result<Ready> {
    let begun = Instant::now();
    let started = match try_begin(wanted, programs, place) {
        Err(error) => {
            // Nothing forces throwaway volumes to the disk, so the machine's last crash may have spoilt the prepared one.
            println!("{}: {error:#}; making its volume anew", wanted.key);
            for volume in [place.prepared(wanted.key), place.volume(wanted.key)] {
                remove(volume.folder())?;
            }
            try_begin(wanted, programs, place)?
        }
        Ok(started) => started,
    };
    Ok(Ready {
        url: started.access.url(),
        shown: started.access.shown(),
        programs: Some(folder_of(programs)),
        version: started.version,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

fn try_begin(wanted: &Wanted, programs: &Programs, place: &Place) -> Result<Started> {
    let volume = place.volume(wanted.key);
    let plan = |volume: &Volume| Start {
        kind: wanted.kind,
        volume: volume.clone(),
        version: wanted.version.map(str::to_owned),
        programs: Some(folder_of(programs)),
        port: None,
        user: None,
        profile: Profile::Throwaway,
    };
    let (runtime, surroundings) = (runtime()?, surroundings());
    if !matches!(volume.state()?, State::Running(_)) {
        let prepared = place.prepared(wanted.key);
        if prepared.record().is_ok_and(|record| record.version != programs.version) {
            remove(prepared.folder())?;
        }
        runtime.block_on(stead_provision::prepare(&plan(&prepared), &surroundings))?;
        remove(volume.folder())?;
        copy(prepared.folder(), volume.folder())?;
    }
    Ok(runtime.block_on(stead_provision::start(&plan(&volume), &Knock, &surroundings))?)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a volume; holes stay holes, and owners stay owners.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut copy = Command::new("cp");
    output(copy.args(["-a", "--sparse=always", "--reflink=auto"]).args([from, to])).map(|_| ())
}

fn folder_of(programs: &Programs) -> PathBuf {
    programs.server.parent().unwrap_or(Path::new("/")).to_path_buf()
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().build().context("making a runtime")
}

/// Says what a chore has to say in the way of chores.
struct Lines;

impl Reporter for Lines {
    fn event(&self, event: Event) {
        if let Event::Warning { text } | Event::Waiting { text } = event {
            println!("{text}");
        }
    }
}

fn surroundings() -> Surroundings {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let holder = Holder {
        process: std::process::id(),
        host: "this machine".to_owned(),
        user: "cargo xtask".to_owned(),
        command: "cargo xtask servers".to_owned(),
        since: "just now".to_owned(),
    };
    let mut surroundings = Surroundings::new(&variables.collect(), holder, Arc::new(Lines));
    surroundings.start_timeout = Duration::from_secs(180);
    surroundings
}

/// The name of a folder among the temporary ones can be foreseen, and what somebody else put there must not be run.
fn refuse_foreign(folder: &Path) -> Result<()> {
    let mine: u32 = output(Command::new("id").arg("-u"))?.trim().parse().context("asking who we are")?;
    let owner = fs::metadata(folder).with_context(|| format!("looking at `{}`", folder.display()))?.uid();
    if owner != mine {
        bail!("`{}` belongs to another user", folder.display());
    }
    Ok(())
}

/// Refuses to begin on a disk that is nearly full: a server that cannot write ends in ways that no test expects.
fn refuse_full_disk(folder: &Path) -> Result<()> {
    let free = output(Command::new("df").arg("-Pk").arg(folder))?;
    let kibibytes: Option<u64> =
        free.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|free| free.parse().ok());
    match kibibytes {
        Some(free) if free < 2 * 1024 * 1024 => {
            bail!("`{}` has {} MiB left, where 2048 are the least", folder.display(), free / 1024)
        }
        _ => Ok(()),
    }
}
