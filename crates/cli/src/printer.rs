//! All output passes here: data to standard output, talk to standard error. With `--json` standard output carries
//! exactly one document, whatever happens.

use std::io::{self, BufRead, IsTerminal, Write};

use serde_json::{Map, Value, json};
use stead::error::{Error, Kind};

use crate::diagnostic;
use crate::interrupt::Question;

/// What a command leaves behind.
pub(crate) struct Outcome {
    /// The exit code's meaning; `None` is done.
    pub(crate) kind: Option<Kind>,
    /// Fields of the `--json` document.
    pub(crate) document: Map<String, Value>,
    /// Data for standard output.
    pub(crate) data: String,
    /// Last words for standard error.
    pub(crate) summary: String,
}

impl Outcome {
    /// Done, with data for standard output.
    pub(crate) fn data(document: Value, data: impl Into<String>) -> Self {
        Self { kind: None, document: object(document), data: data.into(), summary: String::new() }
    }

    /// Done, with words for standard error.
    pub(crate) fn summary(document: Value, summary: impl Into<String>) -> Self {
        Self { kind: None, document: object(document), data: String::new(), summary: summary.into() }
    }

    /// The same outcome with a meaning other than done.
    pub(crate) fn with_kind(mut self, kind: Option<Kind>) -> Self {
        self.kind = kind;
        self
    }
}

fn object(document: Value) -> Map<String, Value> {
    match document {
        Value::Object(fields) => fields,
        other => Map::from_iter([("result".to_owned(), other)]),
    }
}

/// Writes for one command.
#[derive(Clone, Copy)]
pub(crate) struct Printer {
    /// True if standard output carries JSON.
    pub(crate) json: bool,
    command: &'static str,
}

impl Printer {
    /// A printer for the command of that name.
    pub(crate) fn new(json: bool, command: &'static str) -> Self {
        Self { json, command }
    }

    /// Prints an outcome; the exit code.
    pub(crate) fn outcome(&self, outcome: Outcome) -> u8 {
        let code = outcome.kind.map_or(0, Kind::exit_code);
        let written = if self.json {
            self.document(code, outcome.document)
        } else {
            talk(&outcome.summary);
            data(outcome.data.as_bytes())
        };
        if written.is_err() && code == 0 { 1 } else { code }
    }

    /// Prints an error; the exit code.
    pub(crate) fn error(&self, error: &Error) -> u8 {
        let code = error.kind.exit_code();
        if self.json {
            let fields = Map::from_iter([("error".to_owned(), diagnostic::document(error))]);
            let _unwritten = self.document(code, fields);
        } else {
            talk(&diagnostic::render(error, io::stderr().is_terminal()));
        }
        code
    }

    fn document(&self, code: u8, fields: Map<String, Value>) -> io::Result<()> {
        let mut document = Map::new();
        document.insert("version".to_owned(), json!(1));
        document.insert("command".to_owned(), json!(self.command));
        document.insert("exit".to_owned(), json!(code));
        document.extend(fields);
        let mut text = serde_json::to_vec(&Value::Object(document)).expect("a document of plain values");
        text.push(b'\n');
        data(&text)
    }

    /// Asks a question on the terminal. Without one, or with `--json`, the answer must have been given by `--yes`.
    ///
    /// # Errors
    ///
    /// Exit 4 if nobody can be asked, or if the answer is no.
    pub(crate) fn confirm(&self, question: &str, yes: bool) -> Result<(), Error> {
        if yes {
            return Ok(());
        }
        if self.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            let error = Error::refused("confirmation-missing", format!("{question} (nobody can be asked here)"));
            return Err(error.hint("add `--yes` to answer the question beforehand"));
        }
        let _open = Question::open();
        loop {
            prompt(&format!("{question} [yes/no] "));
            let mut answer = String::new();
            let read = io::stdin().lock().read_line(&mut answer);
            match (read, answer.trim()) {
                (Ok(1..), "yes") => return Ok(()),
                (Err(_) | Ok(0), _) | (_, "no") => {
                    return Err(Error::refused("declined", "declined; nothing was changed"));
                }
                _ => talk("please answer `yes` or `no`"),
            }
        }
    }
}

/// Prints what clap has to say: help and version are data, mistakes are talk; the exit code. With `--json` a mistake is a
/// document like every other error.
pub(crate) fn usage(error: &clap::Error, json: bool) -> u8 {
    let text = error.render();
    if json && error.use_stderr() {
        let message = text.to_string();
        let message = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        return Printer::new(true, "").error(&Error::usage("usage", message).hint("`stead help` lists the commands"));
    }
    if error.use_stderr() {
        prompt(&if io::stderr().is_terminal() { text.ansi().to_string() } else { text.to_string() });
        return 2;
    }
    let text = if io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
    u8::from(data(text.as_bytes()).is_err())
}

/// Writes data to standard output. A reader who has gone away is no reason to panic.
pub(crate) fn data(bytes: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    output.flush()
}

/// Writes a line of talk to standard error; an empty text writes nothing.
pub(crate) fn talk(text: &str) {
    if !text.is_empty() {
        prompt(&format!("{}\n", text.trim_end_matches('\n')));
    }
}

fn prompt(text: &str) {
    let mut output = io::stderr().lock();
    // If standard error is closed, nobody is there to be told.
    let _unwritten = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}
