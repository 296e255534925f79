//! A place for one test: a folder that the server's user can reach, and the surroundings to start servers from it. Whatever a
//! test leaves running is stopped when its bed goes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use stead_engine::{Event, Holder, Reporter};
use stead_provision::{
    Knock, Profile, ProvisionError, ServerKind, Start, Started, State, Surroundings, Volume, prepare, start, stop,
};
use stead_testkit::servers::TestServer;

pub(crate) struct Bed {
    folder: tempfile::TempDir,
    pub(crate) kind: ServerKind,
    pub(crate) programs: PathBuf,
    pub(crate) surroundings: Surroundings,
    said: Arc<Said>,
    server: TestServer,
    model: Mutex<Option<Arc<tempfile::TempDir>>>,
}

/// A folder for each server with a volume that was made once, for tests that do not ask how that is done: making one takes
/// seconds, copying it hardly any time. It goes with the last test that has it.
static MODELS: [tokio::sync::Mutex<Weak<tempfile::TempDir>>; 4] =
    [const { tokio::sync::Mutex::const_new(Weak::new()) }; 4];

/// Keeps what is said.
#[derive(Default)]
struct Said(Mutex<Vec<String>>);

impl Reporter for Said {
    fn event(&self, event: Event) {
        if let Event::Warning { text } | Event::Waiting { text } = event {
            self.0.lock().expect("the test's own surroundings are sound").push(text);
        }
    }
}

impl Bed {
    /// A bed for that server; none after a skip was reported.
    pub(crate) fn new(server: TestServer) -> Option<Self> {
        let programs = server.programs()?;
        let folder = open_folder();
        let kind = *ServerKind::ALL
            .iter()
            .find(|kind| kind.word() == server.kind())
            .expect("the test's own surroundings are sound");
        let said = Arc::new(Said::default());
        let holder = Holder {
            process: std::process::id(),
            host: "here".to_owned(),
            user: "tests".to_owned(),
            command: "the tests".to_owned(),
            since: "now".to_owned(),
        };
        let path = std::env::var("PATH").unwrap_or_default();
        let variables = BTreeMap::from([("PATH".to_owned(), path)]);
        let surroundings = Surroundings::new(&variables, holder, said.clone());
        Some(Self { folder, kind, programs, surroundings, said, server, model: Mutex::default() })
    }

    /// Begins with a volume that is whole and whose server was never started.
    pub(crate) async fn furnish(&self) {
        let model = self.model().await;
        let volume = self.volume();
        let parent = volume.folder().parent().expect("a volume lies in a folder");
        fs::create_dir_all(parent).expect("the test's own surroundings are sound");
        let mut copy = Command::new("cp");
        copy.args(["-a", "--sparse=always", "--reflink=auto"]).args([model.path().join("main"), parent.to_path_buf()]);
        assert!(copy.status().expect("the test's own surroundings are sound").success());
        *self.model.lock().expect("the test's own surroundings are sound") = Some(model);
    }

    async fn model(&self) -> Arc<tempfile::TempDir> {
        let mut kept = MODELS[self.server as usize].lock().await;
        if let Some(model) = kept.upgrade() {
            return model;
        }
        let folder = open_folder();
        let plan = Start { volume: Volume::at(folder.path().join("main")), ..self.plan() };
        assert!(prepare(&plan, &self.surroundings).await.expect("the test's own surroundings are sound"));
        let model = Arc::new(folder);
        *kept = Arc::downgrade(&model);
        model
    }

    /// In a folder with a blank, and farther from the root than a socket's path may be.
    pub(crate) fn volume(&self) -> Volume {
        Volume::at(self.folder.path().join("the volumes").join("far".repeat(40)).join("main"))
    }

    /// A folder of the test's own that everybody may write to.
    pub(crate) fn open_folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).expect("the test's own surroundings are sound");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("the test's own surroundings are sound");
        folder
    }

    pub(crate) fn plan(&self) -> Start {
        Start {
            kind: self.kind,
            volume: self.volume(),
            version: None,
            programs: Some(self.programs.clone()),
            port: None,
            user: None,
            profile: Profile::Throwaway,
        }
    }

    pub(crate) async fn start(&self) -> Started {
        self.try_start(&self.plan()).await.expect("the test's own surroundings are sound")
    }

    pub(crate) async fn try_start(&self, plan: &Start) -> Result<Started, ProvisionError> {
        start(plan, &Knock, &self.surroundings).await
    }

    pub(crate) async fn stop(&self) -> stead_provision::Stopped {
        stop(&self.volume(), &self.surroundings).await.expect("the test's own surroundings are sound")
    }

    /// What was said to whoever watches.
    pub(crate) fn said(&self) -> String {
        self.said.0.lock().expect("the test's own surroundings are sound").join("\n")
    }

    /// Runs a test to its end.
    pub(crate) fn run(&self, test: impl Future<Output = ()>) {
        runtime().block_on(test);
    }
}

/// A folder that others than we can look into.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("the test's own surroundings are sound");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
        .expect("the test's own surroundings are sound");
    folder
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("the test's own surroundings are sound")
}

impl Drop for Bed {
    fn drop(&mut self) {
        let volume = self.volume();
        if matches!(volume.state(), Ok(State::Running(_))) {
            let _stopped = runtime().block_on(stop(&volume, &self.surroundings));
        }
    }
}
