//! Stories of the real binary, told as files: commands at the top, the files they need below, in one readable page.
//! A story reads as what a person types and sees, which is what has to keep working; each runs in a folder and an environment of
//! its own, so that nothing of the machine leaks in.
//!
//! ```text
//! # A comment.
//! exec stead -C shop init
//! stderr 'catalog'
//! sql shop/.stead/development/catalog.db 'SELECT id, name FROM addons ORDER BY id'
//! > 1|Calendar
//! > 2|NULL
//! ! exec stead -C shop load nosuch
//! exit 1
//! [!zstd] skip zstd 'the program `zstd` is not installed'
//!
//! -- shop/stead.toml --
//! [project]
//! name = "shop"
//! ```
//!
//! | command | meaning |
//! |---|---|
//! | `exec PROGRAM ARGUMENT…` | runs it; it must succeed, with `!` it must fail by an exit code of its own |
//! | `exit N` | the exit code of the last `exec` |
//! | `stdout TEXT…`, `stderr TEXT…` | the last output holds each text; with `!` none; `[..]` in a text stands for any part of a line |
//! | `cmp A B`, `like A B` | equal byte for byte; equal line by line with `[..]` in B. `stdout` and `stderr` name the last output |
//! | `exists PATH…` | is there; with `!` is not |
//! | `sql FILE STATEMENT` | runs it on a SQLite file that is there; rows must equal the lines that follow with `> ` |
//! | `stdin FILE` | what the next `exec` reads |
//! | `env NAME=VALUE…` | sets a variable for what follows; `! env NAME` takes it away |
//! | `cd`, `mkdir`, `rm`, `cp FROM TO` | as expected, inside the story's folder only; `rm` and `cp` take folders too |
//! | `skip KEY REASON` | ends the story as skipped, see [`skip`](crate::skip) |
//!
//! Words are split at spaces. Single quotes keep everything; outside them `$NAME` and `${NAME}` are variables of the story,
//! among them `WORK`, its folder. A `[condition]` or `[!condition]` before a command says when it counts.

mod parse;
mod play;
mod process;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::skip::skip_named;

/// The ending of a story's file name.
pub const ENDING: &str = "script";

/// What every story of a run shares.
#[derive(Debug, Clone)]
pub struct Setting {
    programs: BTreeMap<String, PathBuf>,
    variables: BTreeMap<String, String>,
    conditions: BTreeMap<String, bool>,
    limit: Duration,
}

impl Default for Setting {
    fn default() -> Self {
        Self::new()
    }
}

impl Setting {
    /// A setting with the conditions `root`, `sqlite3`, `zstd` and `make`, and a minute for each program.
    #[must_use]
    pub fn new() -> Self {
        let tools = ["sqlite3", "zstd", "make"].map(|tool| (tool.to_owned(), process::in_path(tool)));
        let mut conditions = BTreeMap::from(tools);
        conditions.insert("root".to_owned(), rustix::process::geteuid().is_root());
        Self { programs: BTreeMap::new(), variables: BTreeMap::new(), conditions, limit: Duration::from_secs(60) }
    }

    /// Says which file `exec NAME` starts. Other names are looked for in the path.
    #[must_use]
    pub fn program(mut self, name: &str, path: impl Into<PathBuf>) -> Self {
        self.programs.insert(name.to_owned(), path.into());
        self
    }

    /// Gives every story an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds a condition that stories may put before a command.
    #[must_use]
    pub fn condition(mut self, name: &str, holds: bool) -> Self {
        self.conditions.insert(name.to_owned(), holds);
        self
    }

    /// How long a program may run before it is killed and the story fails.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

/// How a story ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every command did what it should.
    Passed,
    /// The story asked not to be told here.
    Skipped {
        /// What is lacking, in one word.
        key: String,
        /// The rest of the sentence.
        reason: String,
    },
}

/// Where and why a story failed, with what the last program did.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The name of the story's file.
    pub script: String,
    /// One-based.
    pub line: usize,
    /// The command as it is written.
    pub command: String,
    /// What was expected and what came.
    pub reason: String,
    /// The last program that ran, if one did.
    pub last: Option<Ended>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}:{}: {}", self.script, self.line, self.command)?;
        write!(formatter, "  {}", self.reason.replace('\n', "\n  "))?;
        let Some(last) = &self.last else { return Ok(()) };
        write!(formatter, "\n  last program: {}\n  it ended with {}", last.command, last.ending())?;
        for (name, text) in [("stdout", &last.stdout), ("stderr", &last.stderr)] {
            let text = String::from_utf8_lossy(text);
            let shown: String = text.lines().map(|line| format!("\n    {line}")).collect();
            write!(formatter, "\n  {name}:{}", if shown.is_empty() { " nothing" } else { &shown })?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// A program that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The words it was started with.
    pub command: String,
    /// Its exit code; nothing if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Ended {
    fn ending(&self) -> String {
        self.code.map_or("a signal".to_owned(), |code| format!("exit code {code}"))
    }
}

/// Tells the story in a file.
///
/// # Errors
///
/// The first command that does not do what it should, or a file that cannot be read as a story.
pub fn run(path: &Path, setting: &Setting) -> Result<Outcome, Box<Failure>> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    match std::fs::read_to_string(path) {
        Ok(text) => run_text(&name, &text, setting),
        Err(error) => Err(parse::failure(&name, 0, "", format!("cannot read `{}`: {error}", path.display()))),
    }
}

/// Tells the story in a text; `name` stands for it in a failure.
///
/// # Errors
///
/// As [`run`].
pub fn run_text(name: &str, text: &str, setting: &Setting) -> Result<Outcome, Box<Failure>> {
    let script = parse::parse(name, text)?;
    play::play(&script, setting)
}

/// Tells every story of a folder, several at a time, and reports those that are skipped.
///
/// With `STEAD_TEST_SCRIPT` set, only stories with that text in their names are told.
///
/// # Panics
///
/// With every failure in full, if one of them fails; if there is none to tell; if the folder cannot be read.
pub fn run_folder(folder: &Path, setting: &Setting) {
    let paths = stories(folder);
    assert!(!paths.is_empty(), "there is no story to tell in `{}`", folder.display());
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let failure = tell(path, setting);
                    failures.lock().expect("no thread panics while it holds the list").extend(failure);
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panics while it holds the list");
    assert!(failures.is_empty(), "{} of {} stories failed\n\n{}", failures.len(), paths.len(), failures.join("\n\n"));
}

fn tell(path: &Path, setting: &Setting) -> Option<String> {
    match run(path, setting) {
        Ok(Outcome::Passed) => None,
        Ok(Outcome::Skipped { key, reason }) => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            skip_named(&key, &name, &reason);
            None
        }
        Err(failure) => Some(failure.to_string()),
    }
}

fn stories(folder: &Path) -> Vec<PathBuf> {
    let wanted = std::env::var("STEAD_TEST_SCRIPT").unwrap_or_default();
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder that opens can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == ENDING));
    paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(&wanted)));
    paths.sort();
    paths
}
