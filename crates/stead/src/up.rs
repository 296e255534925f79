//! Starting the project's local servers: all at once, each until it really answers. What runs already is left alone, so that
//! doing it again changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::Serialize;
use stead_engine::{ErrorClass, Event};
use stead_provision::{Access, Beginning, Knock, NoAnswer, Probe, Profile, Start, Started, State, Volume};

use crate::environment::Caller;
use crate::error::{Error, Result};
use crate::project::{Project, Server};
use crate::{engines, volume};

/// A server that is up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UpServer {
    /// Its name in the project.
    pub name: String,
    /// Its kind, as the project file writes it.
    pub kind: &'static str,
    /// Its version.
    pub version: String,
    /// `initialised` with a new volume, `started`, or `running` already.
    pub state: &'static str,
    /// The port of the loopback address.
    pub port: u16,
    /// Its URL with the password masked.
    pub url: String,
    /// Its process.
    pub pid: u32,
}

/// Starts every server of the project.
///
/// # Errors
///
/// The first server that cannot be started; those that could stay up, and the next run finds them.
pub async fn up(project: &Project, caller: &Caller, variables: &BTreeMap<String, String>) -> Result<Vec<UpServer>> {
    let surroundings = volume::surroundings(project, caller, variables);
    let mut tasks = Vec::new();
    for server in project.servers.values() {
        let (start, surroundings) = (plan(project, server), surroundings.clone());
        let step = format!("up {}", server.name);
        caller.reporter.event(Event::Started { step: step.clone() });
        let begun = Instant::now();
        let work = async move { (stead_provision::start(&start, &Answers, &surroundings).await, begun.elapsed()) };
        tasks.push((server, step, tokio::task::spawn(work)));
    }
    let mut servers = Vec::new();
    let mut failed = None;
    for (server, step, task) in tasks {
        let (outcome, took) = task.await.map_err(|_| Error::bug("the start of a server panicked"))?;
        match outcome {
            Ok(started) => {
                let up = describe(server, &started);
                told(caller, step, &up, took);
                servers.push(up);
            }
            Err(error) => {
                caller.reporter.event(Event::Failed { step });
                let error = Error::from(error).context(format!("server `{}`", server.name));
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(servers), Err)
}

/// What [`up`] would do, a step each.
///
/// # Errors
///
/// A volume that cannot be read.
pub fn steps(project: &Project) -> Result<Vec<String>> {
    let mut steps = Vec::new();
    for server in project.servers.values() {
        let volume = Volume::at(server.volume.folder(&project.folder));
        let shown = volume::shown(project, volume.folder());
        match volume.state()? {
            State::Running(_) => continue,
            State::Absent | State::HalfMade => steps.push(format!("make the volume {shown}")),
            State::Stopped | State::CutOff => {}
        }
        steps.push(format!("start the server {} ({})", server.name, server.kind));
    }
    Ok(steps)
}

fn plan(project: &Project, server: &Server) -> Start {
    Start {
        kind: server.kind,
        volume: Volume::at(server.volume.folder(&project.folder)),
        version: server.version.clone(),
        programs: server.path.clone(),
        port: server.port,
        user: server.user.clone(),
        profile: if server.throwaway { Profile::Throwaway } else { Profile::Durable },
    }
}

fn describe(server: &Server, started: &Started) -> UpServer {
    UpServer {
        name: server.name.clone(),
        kind: server.kind.word(),
        version: started.version.clone(),
        state: match started.beginning {
            Beginning::Initialised => "initialised",
            Beginning::Started => "started",
            Beginning::AlreadyRunning => "running",
        },
        port: started.access.port,
        url: started.access.shown(),
        pid: started.process.pid,
    }
}

fn told(caller: &Caller, step: String, server: &UpServer, took: Duration) {
    caller.reporter.event(match server.state {
        "running" => Event::Skipped { step, why: format!("it runs already, on port {}", server.port) },
        _ => Event::Done { step, outcome: format!("port {}", server.port), took },
    });
}

/// A server answers when it begins a conversation and, where its adapter is built in, answers a query of ours.
struct Answers;

#[async_trait]
impl Probe for Answers {
    async fn ask(&self, access: &Access) -> std::result::Result<(), NoAnswer> {
        Knock.ask(access).await?;
        let server: Arc<dyn stead_engine::Server> = match engines::at(&access.url()) {
            Ok((server, _)) => server,
            // Without the adapter the knock has to do.
            Err(error) if error.code == "unsupported" => return Ok(()),
            Err(error) => return Err(NoAnswer::Refused(error.message)),
        };
        server.version().await.map(|_| ()).map_err(|error| match error.class {
            // What a server on its way up or at its limits says.
            ErrorClass::Unreachable | ErrorClass::Interrupted | ErrorClass::Conflict | ErrorClass::LockTimeout => {
                NoAnswer::NotYet(error.message)
            }
            _ => NoAnswer::Refused(error.message),
        })
    }
}
