//! Stopping the server of a volume: by the record of its process and by nothing else, kindly first. A record whose process is
//! gone is put away; the number in it, which another process may have by now, is never signalled.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::ProvisionError;
use crate::process::Process;
use crate::volume::State;
use crate::{Result, ServerKind, Surroundings, Volume, sockets};

const PAUSE: Duration = Duration::from_millis(10);

/// What stopping did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// There was nothing to stop.
    NotRunning,
    /// The server had ended before, without being stopped.
    CutOff,
    /// It was stopped.
    Stopped {
        /// How it went.
        how: Stopping,
        /// Its process.
        pid: u32,
        /// How long it took.
        took: Duration,
    },
}

/// How a server was made to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    /// It was asked to, ended its sessions and wrote its data.
    Fast,
    /// It did not react in time and was told to leave everything as it is; it recovers at its next start.
    Immediate,
    /// It had to be killed; it recovers at its next start.
    Killed,
}

/// Stops the server of a volume, if it runs.
///
/// # Errors
///
/// A record that cannot be read, a lock that is not free, a server that nobody recorded, or one that does not end.
pub async fn stop(volume: &Volume, surroundings: &Surroundings) -> Result<Stopped> {
    if !crate::volume::is_there(&volume.data())? {
        return Ok(Stopped::NotRunning);
    }
    let _lock = volume.lock(surroundings, None).await?;
    let kind = volume.record()?.kind;
    let State::Running(running) = volume.state()? else {
        return put_away(volume, kind).await;
    };
    let process = running.process.expect("the state `running` has a process");
    let begun = Instant::now();
    let how = end(&process, kind).await?;
    sockets::remove(&running.sockets);
    volume.forget_running()?;
    Ok(Stopped::Stopped { how, pid: process.pid, took: begun.elapsed() })
}

async fn put_away(volume: &Volume, kind: ServerKind) -> Result<Stopped> {
    let planned = volume.running()?;
    if planned.as_ref().is_some_and(|running| running.process.is_some()) {
        volume.settle(kind).await?;
    }
    if let Some(process) = volume.unrecorded(kind) {
        return Err(ProvisionError::Unrecorded { pid: process.pid, data: volume.data() });
    }
    let Some(running) = planned else { return Ok(Stopped::NotRunning) };
    volume.put_away(kind, &running)?;
    Ok(Stopped::CutOff)
}

/// The signals of each server, the kindest first, each with how long it is waited for. PostgreSQL: SIGINT is a fast shutdown,
/// SIGQUIT an immediate one.
fn signals(kind: ServerKind) -> &'static [(Signal, Stopping, Duration)] {
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_secs(10);
    match kind {
        ServerKind::Postgres => &[
            (Signal::INT, Stopping::Fast, LONG),
            (Signal::QUIT, Stopping::Immediate, SHORT),
            (Signal::KILL, Stopping::Killed, SHORT),
        ],
        _ => &[(Signal::TERM, Stopping::Fast, LONG), (Signal::KILL, Stopping::Killed, SHORT)],
    }
}

async fn end(process: &Process, kind: ServerKind) -> Result<Stopping> {
    let mut done = Stopping::Fast;
    for (signal, how, patience) in signals(kind) {
        let sent = process.signal(*signal);
        let path = || format!("process {}", process.pid).into();
        if !sent.map_err(|error| ProvisionError::File { doing: "stop", path: path(), error })? {
            return Ok(done);
        }
        done = *how;
        let begun = Instant::now();
        while begun.elapsed() < *patience {
            if !process.is_running() {
                return Ok(done);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Err(ProvisionError::Unstoppable { pid: process.pid })
}
