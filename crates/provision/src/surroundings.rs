//! What a server's start needs to know about the process that starts it: where programs are, where short-lived files go, who
//! asks. It comes in as a value, because the library reads no environment and tests must be able to set each part.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stead_engine::{Event, Holder, Reporter};

/// Variables that a server may see. All others stay with us: one of them may hold a secret.
const PASSED_ON: [&str; 4] = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ", "TMPDIR"];

/// Where and for whom servers are started and stopped.
#[derive(Clone)]
pub struct Surroundings {
    /// The folders of the search path.
    pub search: Vec<PathBuf>,
    /// The folder for short-lived files; sockets lie in a private folder below it.
    pub temporary: PathBuf,
    /// Variables for the server's processes.
    pub variables: BTreeMap<String, String>,
    /// Who asks, for others who wait for the lock of a volume.
    pub holder: Holder,
    /// How long to wait for that lock.
    pub lock_timeout: Duration,
    /// How long a server may take until it answers. Recovery after a crash can take minutes.
    pub start_timeout: Duration,
    /// Who watches.
    pub reporter: Arc<dyn Reporter>,
}

impl Surroundings {
    /// Takes what matters from a process's environment variables.
    #[must_use]
    pub fn new(variables: &BTreeMap<String, String>, holder: Holder, reporter: Arc<dyn Reporter>) -> Self {
        let named = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        let search = named("PATH").map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
        let temporary = named("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        let passed_on = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), named(name)?.clone())));
        Self {
            search,
            temporary,
            variables: passed_on.collect(),
            holder,
            lock_timeout: Duration::from_secs(600),
            start_timeout: Duration::from_secs(300),
            reporter,
        }
    }

    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.reporter.event(Event::Warning { text: text.into() });
    }

    pub(crate) fn waiting(&self, text: impl Into<String>) {
        self.reporter.event(Event::Waiting { text: text.into() });
    }
}
