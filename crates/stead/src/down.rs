//! Stopping the project's local servers. Their volumes stay, and `up` starts them again on the same ports.

use std::collections::BTreeMap;

use serde::Serialize;
use stead_provision::{State, Stopped, Stopping, Volume};

use crate::environment::Caller;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::volume;

/// A server that is down.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DownServer {
    /// Its name in the project.
    pub name: String,
    /// What was done: `stopped`, `stopped-immediately`, `killed`, `not-running`, or `cut-off` if it had ended by itself.
    pub state: &'static str,
    /// The process that was stopped.
    pub pid: Option<u32>,
    /// How long that took.
    pub seconds: Option<f64>,
}

/// Stops every server of the project that runs.
///
/// # Errors
///
/// The first server that cannot be stopped, after the others were.
pub async fn down(project: &Project, caller: &Caller, variables: &BTreeMap<String, String>) -> Result<Vec<DownServer>> {
    let surroundings = volume::surroundings(project, caller, variables);
    let mut servers = Vec::new();
    let mut failed = None;
    for server in project.servers.values() {
        let volume = Volume::at(server.volume.folder(&project.folder));
        match stead_provision::stop(&volume, &surroundings).await {
            Ok(stopped) => servers.push(describe(server.name.clone(), &stopped)),
            Err(error) => {
                let error = Error::from(error).context(format!("server `{}`", server.name));
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(servers), Err)
}

/// What [`down`] would do, a step each.
///
/// # Errors
///
/// A volume that cannot be read.
pub fn steps(project: &Project) -> Result<Vec<String>> {
    let mut steps = Vec::new();
    for server in project.servers.values() {
        let volume = Volume::at(server.volume.folder(&project.folder));
        if let State::Running(running) = volume.state()? {
            let pid = running.process.map_or(0, |process| process.pid);
            steps.push(format!("stop the server {} ({}, process {pid})", server.name, server.kind));
        }
    }
    Ok(steps)
}

fn describe(name: String, stopped: &Stopped) -> DownServer {
    let nothing = |state| DownServer { name: name.clone(), state, pid: None, seconds: None };
    match stopped {
        Stopped::NotRunning => nothing("not-running"),
        Stopped::CutOff => nothing("cut-off"),
        Stopped::Stopped { how, pid, took } => DownServer {
            name: name.clone(),
            state: match how {
                Stopping::Fast => "stopped",
                Stopping::Immediate => "stopped-immediately",
                Stopping::Killed => "killed",
            },
            pid: Some(*pid),
            seconds: Some(took.as_secs_f64()),
        },
    }
}
