//! A seed step that is a program. It is started without a shell in the project's folder and learns from its environment
//! where the databases and the storage under construction are; what it prints is passed on line by line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;

use stead_engine::{Event, Reporter};

use super::running::Running;
use crate::child::{self, Reach};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::project::url_variable;

/// Lines of output that are kept for the error of a program that fails.
const LAST_LINES: usize = 10;

/// What a program step says.
pub(super) struct ProgramStep<'a> {
    /// The program and its arguments.
    pub(super) arguments: &'a [String],
    /// The folder it is started in.
    pub(super) folder: &'a Path,
    /// The variables it gets on top of stead's own environment.
    pub(super) variables: BTreeMap<String, String>,
    /// What the step is called in progress and errors.
    pub(super) name: &'a str,
}

/// The variables that tell a program where things are: `STEAD_DATABASE_URL` (the step's), `STEAD_DATABASE_<NAME>_URL`,
/// `STEAD_STORAGE`, `STEAD_PROJECT`, `STEAD_ENV`.
#[must_use]
pub(super) fn variables(
    environment: &Environment,
    urls: &BTreeMap<String, String>,
    database: &str,
    storage: Option<&PathBuf>,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for (name, url) in urls {
        variables.insert(url_variable(name), url.clone());
        if name == database {
            variables.insert("STEAD_DATABASE_URL".to_owned(), url.clone());
        }
    }
    if let Some(storage) = storage {
        variables.insert("STEAD_STORAGE".to_owned(), storage.display().to_string());
    }
    variables.insert("STEAD_PROJECT".to_owned(), environment.project.folder.display().to_string());
    variables.insert("STEAD_ENV".to_owned(), environment.project.environment.clone());
    variables
}

/// Runs the program to its end. A stead that is stopped meanwhile asks the program, and what it started, to end; a terminal's
/// Ctrl-C does not reach them by itself, because they are a process group of their own.
///
/// # Errors
///
/// A program that cannot be started, or that ends with anything but 0, with the last lines of what it said.
pub(super) async fn run(environment: &Environment, step: &ProgramStep<'_>) -> Result<()> {
    let (program, arguments) =
        step.arguments.split_first().ok_or_else(|| Error::bug("a program step without a program"))?;
    let mark = environment.state.program();
    let mut running = Running::begin(&mark).map_err(|error| Error::io("write", &mark, &error))?;
    let input = running.input().map_err(|error| Error::io("open", &mark, &error))?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(step.folder)
        .envs(&step.variables)
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| {
            running.over();
            not_started(program, &error)
        })?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let listener = Listener { reporter: Arc::clone(&environment.caller.reporter), step: step.name.to_owned() };
    let listen = move || {
        std::thread::scope(|scope| {
            let output = scope.spawn(|| listener.pass_on(output));
            let mut last = listener.pass_on(errors);
            last.splice(0..0, output.join().unwrap_or_default());
            last
        })
    };
    let ended = child::ended(child, Reach::Group, listen).await;
    running.over();
    let (status, last) = ended.map_err(|error| not_started(program, &error))?;
    if status.success() { Ok(()) } else { Err(failed(program, status, &last.unwrap_or_default())) }
}

/// Passes on what a program says.
struct Listener {
    reporter: Arc<dyn Reporter>,
    step: String,
}

impl Listener {
    /// All lines of a stream; the last ones.
    fn pass_on(&self, stream: Option<impl Read>) -> Vec<String> {
        let mut last = Vec::new();
        let Some(stream) = stream else { return last };
        for line in BufReader::new(stream).split(b'\n').map_while(std::result::Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            self.reporter.event(Event::Output { step: self.step.clone(), line: line.clone() });
            if last.len() == LAST_LINES {
                last.remove(0);
            }
            last.push(line);
        }
        last
    }
}

fn not_started(program: &str, error: &std::io::Error) -> Error {
    Error::failed("program-not-started", format!("the program `{program}` cannot be started: {error}"))
        .hint("a program without a slash is looked for in PATH; there is no shell")
}

fn failed(program: &str, status: ExitStatus, last: &[String]) -> Error {
    let error = Error::failed("program-failed", format!("the program `{program}` failed: {status}"));
    if last.is_empty() { error } else { error.hint(format!("it said last: {}", last.join("\n        "))) }
}
