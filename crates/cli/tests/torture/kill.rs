//! Ways of dying. At a failpoint the process kills itself; at a random moment it is killed from outside, alone, so that a
//! seed program it started lives on for a while, or together with everything it started, as a terminal or a container
//! that goes away does it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use stead_testkit::fixture::{Ended, Fixture, ended};

/// How a process is to die.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    /// By itself, at that passage of that failpoint.
    At { failpoint: String, passage: u32 },
    /// After that time, alone or with all the processes it started.
    After { moment: Duration, group: bool },
}

impl std::fmt::Display for Kill {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At { failpoint, passage } => write!(formatter, "at {failpoint}@{passage}"),
            Self::After { moment, group: true } => write!(formatter, "after {moment:?}, with its children"),
            Self::After { moment, group: false } => write!(formatter, "after {moment:?}, alone"),
        }
    }
}

impl Kill {
    /// True for the first passage of a failpoint.
    pub(crate) fn is_first(&self) -> bool {
        matches!(self, Self::At { passage: 1, .. })
    }

    /// Starts the command and lets it die; `None` if it was through before that moment.
    pub(crate) fn carry_out(&self, fixture: &Fixture, arguments: &[&str]) -> Option<Ended> {
        match self {
            Self::At { failpoint, passage } => {
                let variable = format!("{failpoint}@{passage}=kill");
                let ended = fixture.run_with(&[("STEAD_FAILPOINT", &variable)], arguments);
                assert_eq!(ended.code, -9, "`{arguments:?}` did not die {self}:\n{}", ended.err);
                Some(ended)
            }
            Self::After { moment, group } => {
                let ended = killed_after(fixture, arguments, *moment, *group);
                (ended.code == -9).then_some(ended)
            }
        }
    }
}

fn killed_after(fixture: &Fixture, arguments: &[&str], moment: Duration, group: bool) -> Ended {
    let mut command = fixture.command(arguments);
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the binary was built");
    std::thread::sleep(moment);
    let id = Pid::from_child(&child);
    // A child that nobody waited for keeps its number, so nobody else can be hit.
    let _gone = if group { kill_process_group(id, Signal::KILL) } else { kill_process(id, Signal::KILL) };
    let status = child.wait().expect("a child can be waited for");
    ended(std::process::Output { status, stdout: Vec::new(), stderr: Vec::new() })
}

/// How long the command takes when nothing happens to it.
pub(crate) fn duration(fixture: &Fixture, arguments: &[&str]) -> Duration {
    let began = Instant::now();
    fixture.run(arguments).exits(0);
    began.elapsed()
}

/// The failpoints that the command passes, in order of their names, with the number of passages.
pub(crate) fn failpoints(fixture: &Fixture, arguments: &[&str]) -> BTreeMap<String, u32> {
    let trace = fixture.path("trace.txt");
    let variable = trace.display().to_string();
    fixture.run_with(&[("STEAD_FAILPOINT_TRACE", &variable)], arguments).exits(0);
    let text = fs::read_to_string(&trace).expect("a command that changes something passes a failpoint");
    fs::remove_file(&trace).expect("the trace was just read");
    let mut passages = BTreeMap::new();
    for name in text.lines() {
        *passages.entry(name.to_owned()).or_default() += 1;
    }
    passages
}

/// The first and the last passage of every failpoint.
pub(crate) fn first_and_last(passages: &BTreeMap<String, u32>) -> Vec<Kill> {
    let mut kills = Vec::new();
    for (failpoint, &count) in passages {
        let last = (count > 1).then_some(count);
        kills.extend(
            [Some(1), last].into_iter().flatten().map(|passage| Kill::At { failpoint: failpoint.clone(), passage }),
        );
    }
    kills
}
