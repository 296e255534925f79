//! A place for one test: a folder that the server's user can reach, and the surroundings to start servers from it. Whatever a
//! test leaves running is stopped when its bed goes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use stead_engine::{Event, Holder, Reporter};
use stead_provision::{
    Knock, Profile, ProvisionError, ServerKind, Start, Started, State, Surroundings, Volume, start, stop,
};
use stead_testkit::servers::TestServer;

pub(crate) struct Bed {
    folder: tempfile::TempDir,
    pub(crate) kind: ServerKind,
    pub(crate) programs: PathBuf,
    pub(crate) surroundings: Surroundings,
    said: Arc<Said>,
}

/// Keeps what is said.
#[derive(Default)]
struct Said(Mutex<Vec<String>>);

impl Reporter for Said {
    fn event(&self, event: Event) {
        if let Event::Warning { text } | Event::Waiting { text } = event {
            self.0.lock().unwrap().push(text);
        }
    }
}

impl Bed {
    /// A bed for that server; none after a skip was reported.
    pub(crate) fn new(server: TestServer) -> Option<Self> {
        let programs = server.programs()?;
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let kind = *ServerKind::ALL.iter().find(|kind| kind.word() == server.kind()).unwrap();
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
        Some(Self { folder, kind, programs, surroundings, said })
    }

    pub(crate) fn volume(&self) -> Volume {
        Volume::at(self.folder.path().join("volumes/main"))
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
        self.try_start(&self.plan()).await.unwrap()
    }

    pub(crate) async fn try_start(&self, plan: &Start) -> Result<Started, ProvisionError> {
        start(plan, &Knock, &self.surroundings).await
    }

    pub(crate) async fn stop(&self) -> stead_provision::Stopped {
        stop(&self.volume(), &self.surroundings).await.unwrap()
    }

    /// What was said to whoever watches.
    pub(crate) fn said(&self) -> String {
        self.said.0.lock().unwrap().join("\n")
    }

    /// Runs a test to its end.
    pub(crate) fn run(&self, test: impl Future<Output = ()>) {
        runtime().block_on(test);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

impl Drop for Bed {
    fn drop(&mut self) {
        let volume = self.volume();
        if matches!(volume.state(), Ok(State::Running(_))) {
            let _stopped = runtime().block_on(stop(&volume, &self.surroundings));
        }
    }
}
