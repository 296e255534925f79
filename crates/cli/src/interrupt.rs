//! Ctrl-C and its kin. The first signal ends the command's work where it stands: what it had asked of servers is cancelled
//! there, its locks are given back, and the exit code says that it stopped half-way. Whoever sends a second one, or has waited
//! long enough, gets the process ended at once, which every command survives as it survives a kill.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use stead::error::{Error, Kind};
use tokio::sync::oneshot;

use crate::printer::{Printer, talk};

/// How long the work may take to let go.
const GRACE: Duration = Duration::from_secs(10);

/// Signals from the keyboard are for a program that runs in the foreground instead of us.
static ATTENDED: AtomicBool = AtomicBool::new(false);

/// A question is open: nothing was begun, and the thread that works waits for the answer.
static ASKED: AtomicBool = AtomicBool::new(false);

/// How long the last words may take, where whoever should read them does not.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The signal that ended the work, once there is one.
pub(crate) struct Interrupt {
    first: oneshot::Receiver<i32>,
}

impl Interrupt {
    /// Begins to listen. Signals that whoever started us has switched off stay so, as `nohup` wants it.
    pub(crate) fn listen(printer: Printer) -> Self {
        let (tell, first) = oneshot::channel();
        let switched_off = switched_off(&fs::read_to_string("/proc/self/status").unwrap_or_default());
        let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| switched_off >> (signal - 1) & 1 == 0);
        // Without a thread to listen on, signals do what they do to every other program.
        if let Ok(signals) = Signals::new(wanted.collect::<Vec<_>>()) {
            let thread = std::thread::Builder::new().name("signals".to_owned());
            let _nobody_listens = thread.spawn(move || attend(signals, tell, printer));
        }
        Self { first }
    }

    /// Waits for the first signal; the error that it means for a command.
    pub(crate) async fn error(self, command: String) -> Error {
        let Ok(signal) = self.first.await else { return std::future::pending().await };
        let message = format!("`{command}` was stopped by {}", name(signal));
        Error::new(Kind::HalfWay, "stopped", message)
            .hint("nothing is lost; run the same command again, it finishes or takes back what this one had begun")
            .hint("`stead status` shows how things stand")
    }
}

/// Lets a program in the foreground have the keyboard's signals to itself as long as this lives.
pub(crate) struct Foreground;

impl Foreground {
    /// Steps back.
    pub(crate) fn given_away() -> Self {
        ATTENDED.store(true, Ordering::SeqCst);
        Self
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        ATTENDED.store(false, Ordering::SeqCst);
    }
}

/// A question that somebody is asked; a signal is an answer to it.
pub(crate) struct Question;

impl Question {
    /// Asks.
    pub(crate) fn open() -> Self {
        ASKED.store(true, Ordering::SeqCst);
        Self
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        ASKED.store(false, Ordering::SeqCst);
    }
}

fn attend(mut signals: Signals, tell: oneshot::Sender<i32>, printer: Printer) {
    let mut arrived = signals.forever().filter(|signal| *signal != SIGINT || !ATTENDED.load(Ordering::SeqCst));
    let Some(first) = arrived.next() else { return };
    if ASKED.load(Ordering::SeqCst) {
        talk(&format!("\ndeclined by {}; nothing was changed", name(first)));
        std::process::exit(i32::from(Kind::Refused.exit_code()))
    }
    let _ended_meanwhile = tell.send(first);
    let impatient = std::thread::Builder::new().name("grace".to_owned());
    let waiting = impatient.spawn(move || {
        std::thread::sleep(GRACE);
        end(printer, "the work does not let go");
    });
    if arrived.next().is_some() || waiting.is_err() {
        end(printer, "a second signal came");
    }
}

/// Ends the process where it stands.
fn end(printer: Printer, why: &'static str) -> ! {
    let (told, telling) = mpsc::channel();
    let telling_it = std::thread::Builder::new().name("last-words".to_owned()).spawn(move || {
        let error = Error::new(Kind::HalfWay, "stopped", format!("stopped at once: {why}"));
        printer.error(&error.hint("the next command that writes finishes or takes back what was begun"));
        let _nobody_waits = told.send(());
    });
    if telling_it.is_ok() {
        let _in_time = telling.recv_timeout(LAST_WORDS);
    }
    std::process::exit(i32::from(Kind::HalfWay.exit_code()))
}

/// The name that people know a signal by.
fn name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "Ctrl-C",
        SIGHUP => "the end of its terminal",
        _ => "SIGTERM",
    }
}

/// The signals that this process was told to ignore, a bit each, the lowest for signal 1. Source: proc_pid_status(5). Where there
/// is no such file none is known to be.
fn switched_off(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
