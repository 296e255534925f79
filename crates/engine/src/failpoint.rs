//! Named places where a test can make the program die, stop or run out of disk. They exist in builds with debug
//! assertions only; a release build contains no trace of them.

use std::io;
use std::sync::OnceLock;

/// The environment variable that names the failpoint and what to do there: `NAME=kill`, `NAME=enospc`,
/// `NAME=error`, `NAME=pause:MILLISECONDS`, `NAME=wait:FILE` until somebody makes the file, several separated by commas.
/// `NAME@3=kill` acts on the third passage.
pub const VARIABLE: &str = "STEAD_FAILPOINT";

/// Passes the named place. Does nothing unless a test asked for something to happen here.
///
/// # Errors
///
/// The error that the test asked for: a full disk (`StorageFull`), or an ordinary one.
#[inline]
pub fn failpoint(name: &str) -> io::Result<()> {
    if cfg!(debug_assertions) { pass(name) } else { Ok(()) }
}

struct Armed {
    name: String,
    passage: u32,
    action: String,
    passed: std::sync::atomic::AtomicU32,
}

fn armed() -> &'static [Armed] {
    static ARMED: OnceLock<Vec<Armed>> = OnceLock::new();
    ARMED.get_or_init(|| {
        let text = std::env::var(VARIABLE).unwrap_or_default();
        text.split(',').filter_map(|part| part.split_once('=')).map(|(name, action)| arm(name, action)).collect()
    })
}

fn arm(name: &str, action: &str) -> Armed {
    let (name, passage) = name.split_once('@').unwrap_or((name, "1"));
    Armed {
        name: name.trim().to_owned(),
        passage: passage.parse().unwrap_or(1),
        action: action.trim().to_owned(),
        passed: std::sync::atomic::AtomicU32::new(0),
    }
}

fn pass(name: &str) -> io::Result<()> {
    trace(name);
    for point in armed().iter().filter(|point| point.name == name) {
        let passage = point.passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        if passage == point.passage {
            act(name, &point.action)?;
        }
    }
    Ok(())
}

/// With `STEAD_FAILPOINT_TRACE=FILE` every passage is appended to the file, so that a harness can list the places
/// that a command really passes instead of keeping a list by hand.
fn trace(name: &str) {
    static TRACE: OnceLock<Option<std::path::PathBuf>> = OnceLock::new();
    let path = TRACE.get_or_init(|| std::env::var_os("STEAD_FAILPOINT_TRACE").map(Into::into));
    if let Some(path) = path
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path)
    {
        let _unwritten = io::Write::write_all(&mut file, format!("{name}\n").as_bytes());
    }
}

fn act(name: &str, action: &str) -> io::Result<()> {
    match action {
        "kill" => die(),
        "enospc" => Err(io::Error::from_raw_os_error(28)),
        "error" => Err(io::Error::other(format!("failpoint `{name}`"))),
        wait if wait.starts_with("wait:") => {
            let file = std::path::Path::new(wait.trim_start_matches("wait:"));
            while !file.exists() {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            Ok(())
        }
        pause => {
            let milliseconds = pause.strip_prefix("pause:").and_then(|text| text.parse().ok()).unwrap_or(0);
            std::thread::sleep(std::time::Duration::from_millis(milliseconds));
            Ok(())
        }
    }
}

/// Ends the process as `kill -9` would: nothing is unwound, flushed or removed.
fn die() -> io::Result<()> {
    let own = std::process::id().to_string();
    let _status = std::process::Command::new("kill").args(["-9", &own]).status();
    std::process::abort()
}
