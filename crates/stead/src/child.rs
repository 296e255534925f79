//! Programs that are waited for without standing still. When whoever waits is gone, because the command was stopped, the program
//! is asked to end too; one that was started in a process group of its own with everything that it started.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::sync::oneshot;

/// Who is asked to end when nobody waits any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The program alone.
    Program,
    /// The process group that it leads.
    Group,
}

/// A program that runs.
struct Running {
    process: Option<Pid>,
    reach: Reach,
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(process) = self.process else { return };
        let _ended_meanwhile = match self.reach {
            Reach::Program => kill_process(process, Signal::TERM),
            Reach::Group => kill_process_group(process, Signal::TERM),
        };
    }
}

/// For how long its output is still read after a program has ended: what it said itself is there by then, and what it left
/// running in the background may hold the output open for ever.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Waits until a program has ended, while `listen` reads what it says; dropping the future asks the program to end. What `listen`
/// gives back is absent if somebody else still talks into the same output.
///
/// # Errors
///
/// What the system says, which is never expected.
pub async fn ended<T, F>(mut child: Child, reach: Reach, listen: F) -> io::Result<(ExitStatus, Option<T>)>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let mut running = Running { process, reach };
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name("program".to_owned()).spawn(move || {
        let (tell_heard, heard) = mpsc::channel();
        let listening = std::thread::Builder::new().name("program-output".to_owned()).spawn(move || {
            let _nobody_waits = tell_heard.send(listen());
        });
        let status = listening.and_then(|_detached| child.wait());
        let _nobody_waits = tell.send(status.map(|status| (status, heard.recv_timeout(LAST_WORDS).ok())));
    })?;
    let ended = told.await.unwrap_or_else(|_| Err(io::Error::other("the thread that waits is gone")));
    running.process = None;
    ended
}
