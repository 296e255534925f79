//! The other process. A case writes down a part for it to play, starts the running test program again with that text in
//! its environment, and waits until the child says that it stands where the case wants it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value as Json, json};
use stead_engine::snapshot::Swap;
use stead_engine::{
    Access, EngineError, ErrorClass, Holder, LockRequest, Place, Session, TransactionKind, Value, failpoint,
};
use stead_schema::model::Name;

use super::streams::{Memory, advance};
use super::{Scene, Subject};

/// The environment variable that holds the part.
const PART: &str = "STEAD_CONFORMANCE_PART";
/// How long a case waits for a child.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a child does.
#[derive(Clone, Debug)]
pub enum Part {
    /// Takes the lock of a place and holds it.
    Lock(Place),
    /// Opens a session that reads, and keeps it open.
    Open(Place),
    /// Adds a thousand rows to `items` from number 1,000,000 on, and does not commit.
    Write(Place),
    /// Moves one unit between the rows of `accounts` and counts itself in `moves`, again and again.
    Transfer(Place),
    /// Dumps a place into memory.
    Dump(Place),
    /// Loads the dump of the first place to the second.
    Load(Place, Place),
    /// Carries out a swap.
    Swap(Swap),
}

impl Part {
    fn text(&self) -> String {
        match self {
            Self::Lock(place) => json!({"part": "lock", "place": place}),
            Self::Open(place) => json!({"part": "open", "place": place}),
            Self::Write(place) => json!({"part": "write", "place": place}),
            Self::Transfer(place) => json!({"part": "transfer", "place": place}),
            Self::Dump(place) => json!({"part": "dump", "place": place}),
            Self::Load(from, place) => json!({"part": "load", "from": from, "place": place}),
            Self::Swap(swap) => json!({"part": "swap", "swap": swap}),
        }
        .to_string()
    }
}

/// A child that was started. It is killed when the value goes.
#[derive(Debug)]
pub struct Running {
    process: Child,
    folder: PathBuf,
}

/// How a child ended.
#[derive(Debug)]
pub enum Ending {
    /// It did its part.
    Done,
    /// Its part failed with this class.
    Failed(String),
    /// It was killed.
    Killed,
}

impl Scene<'_> {
    /// Starts a child with failpoints set as the text says, for example `swap.kept=kill`; empty for none.
    ///
    /// # Errors
    ///
    /// If the program cannot be started.
    pub fn start(&self, part: &Part, failpoints: &str) -> Result<Running> {
        let folder = tempfile::Builder::new().prefix("child").tempdir_in(self.folder())?.keep();
        let mut command = Command::new(std::env::current_exe()?);
        command.args(self.subject.child_arguments()).env(PART, part.text()).env("STEAD_CONFORMANCE_FOLDER", &folder);
        command.env(failpoint::VARIABLE, failpoints);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(folder.join("stderr"))?);
        Ok(Running { process: command.spawn()?, folder })
    }

    /// Starts a child and waits until it holds what its part is to hold.
    ///
    /// # Errors
    ///
    /// If it ends before.
    pub async fn holding(&self, part: &Part) -> Result<Running> {
        let mut child = self.start(part, "")?;
        let began = Instant::now();
        while !child.folder.join("ready").exists() {
            if let Some(status) = child.process.try_wait()? {
                bail!("the child for {part:?} ended with {status}: {}", child.said());
            }
            ensure!(began.elapsed() < PATIENCE, "the child for {part:?} does not get ready: {}", child.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(child)
    }

    /// Starts a child and waits until it has ended.
    ///
    /// # Errors
    ///
    /// If it does not end, or says nothing.
    pub async fn finished(&self, part: &Part, failpoints: &str) -> Result<Ending> {
        self.start(part, failpoints)?.ended().await
    }
}

impl Running {
    /// The process number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as `kill -9` does.
    ///
    /// # Errors
    ///
    /// If the system does not let us.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    ///
    /// If it does not end, or ends without a word.
    pub async fn ended(mut self) -> Result<Ending> {
        let began = Instant::now();
        let status = loop {
            match self.process.try_wait()? {
                Some(status) => break status,
                None => ensure!(began.elapsed() < PATIENCE, "the child does not end: {}", self.said()),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        match std::fs::read_to_string(self.folder.join("result")) {
            Ok(text) if text == "done" => Ok(Ending::Done),
            Ok(text) => Ok(Ending::Failed(text)),
            Err(_) if was_killed(status) => Ok(Ending::Killed),
            Err(_) => bail!("the child ended with {status} and without a result: {}", self.said()),
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("stderr")).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped_already = self.process.wait();
    }
}

#[cfg(unix)]
fn was_killed(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().is_some()
}

#[cfg(not(unix))]
fn was_killed(status: std::process::ExitStatus) -> bool {
    !status.success()
}

/// Plays the part that this process was started for; returns at once if it was started for none. The adapter's test program
/// has one test that only calls this.
///
/// # Errors
///
/// If the part cannot be read or its outcome not be written down.
pub fn play(subject: &dyn Subject) -> Result<()> {
    let Ok(part) = std::env::var(PART) else { return Ok(()) };
    let folder = PathBuf::from(std::env::var_os("STEAD_CONFORMANCE_FOLDER").context("a part has a folder")?);
    let part: Json = serde_json::from_str(&part)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(act(subject, &part, &folder));
    let text = match outcome {
        Ok(()) => "done".to_owned(),
        Err(error) => match error.downcast_ref::<EngineError>() {
            Some(error) => error.class.word().to_owned(),
            None => format!("{error:#}"),
        },
    };
    std::fs::write(folder.join("result"), text)?;
    Ok(())
}

async fn act(subject: &dyn Subject, part: &Json, folder: &Path) -> Result<()> {
    let server = subject.server();
    let place = |key: &str| Place(part[key].as_str().unwrap_or_default().to_owned());
    match part["part"].as_str().unwrap_or_default() {
        "lock" => {
            let request = LockRequest { holder: holder("child"), timeout: PATIENCE, on_wait: &mut |_| {} };
            let _lock = server.lock(&place("place"), request).await?;
            stay(folder).await
        }
        "open" => {
            let mut session = server.open(&place("place"), Access::Read).await?;
            session.query("SELECT count(*) FROM items", &[]).await?;
            stay(folder).await
        }
        "write" => {
            let mut session = server.open(&place("place"), Access::Write).await?;
            session.begin(TransactionKind::Write).await?;
            let columns = ["id".to_owned(), "name".to_owned()];
            let rows = (0..1000).map(|row| vec![Value::Integer(1_000_000 + row), Value::from("new")]).collect();
            session.insert(&Name::flat("items"), &columns, rows).await?;
            stay(folder).await
        }
        "transfer" => transfer(subject, &place("place"), folder).await,
        "dump" => dump(subject, &place("place")).await.map(|_memory| ()),
        "load" => {
            let memory = dump(subject, &place("from")).await?;
            Ok(server.bulk().load(&place("place"), memory, advance()).await?)
        }
        "swap" => Ok(server.bulk().swap(&serde_json::from_value(part["swap"].clone())?).await?),
        other => bail!("no part `{other}`"),
    }
}

/// Says that everything is held, and waits to be killed.
async fn stay(folder: &Path) -> Result<()> {
    std::fs::write(folder.join("ready"), "")?;
    tokio::time::sleep(PATIENCE * 2).await;
    Ok(())
}

async fn transfer(subject: &dyn Subject, place: &Place, folder: &Path) -> Result<()> {
    let mut session = subject.server().open(place, Access::Write).await?;
    for number in 0.. {
        match one_transfer(session.as_mut(), number).await {
            // Two of these meet in opposite orders, and some engines let one of them go on.
            Err(error) if error.class == ErrorClass::Conflict => session.rollback().await?,
            other => other?,
        }
        if number == 20 {
            std::fs::write(folder.join("ready"), "")?;
        }
    }
    Ok(())
}

async fn one_transfer(session: &mut dyn Session, number: i64) -> Result<(), EngineError> {
    let (from, to) = (number % 10 + 1, (number * 7 + 3) % 10 + 1);
    session.begin(TransactionKind::Write).await?;
    session.execute(&format!("UPDATE accounts SET units = units - 1 WHERE id = {from}"), &[]).await?;
    session.execute(&format!("UPDATE accounts SET units = units + 1 WHERE id = {to}"), &[]).await?;
    session.execute(&format!("INSERT INTO moves (note) VALUES ('move {number}')"), &[]).await?;
    session.execute("UPDATE counted SET moves = moves + 1", &[]).await?;
    session.commit().await
}

async fn dump(subject: &dyn Subject, place: &Place) -> Result<Arc<Memory>> {
    let server = subject.server();
    let memory = Arc::new(Memory::default());
    let mut view = server.bulk().view(std::slice::from_ref(place)).await?;
    memory.remember(view.session(place)?.inspect().await?);
    view.dump(place, Arc::clone(&memory) as _, advance()).await?;
    view.close().await?;
    Ok(memory)
}

/// A holder by that command.
pub(super) fn holder(command: &str) -> Holder {
    Holder {
        process: std::process::id(),
        host: "here".to_owned(),
        user: "tester".to_owned(),
        command: format!("stead {command}"),
        since: "2026-01-01T00:00:00Z".to_owned(),
    }
}
