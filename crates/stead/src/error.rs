//! The one error of the library's use cases: a kind that decides the exit code, a stable code, a sentence, and what to
//! do next. The crates below raise enums of their own; here they are given the kind that fits the use case, and the
//! CLI only renders.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use stead_engine::{EngineError, ErrorClass};

use crate::project::ProjectErrors;

/// What an error means to the caller; each kind is one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The work failed; what was there before is still there.
    Failed,
    /// The command line or the project file is wrong.
    Usage,
    /// A difference, something pending, or findings.
    Difference,
    /// Refused for safety: a consent is missing, or the environment is protected.
    Refused,
    /// A lock was not obtained.
    Locked,
    /// Work was stopped half-way; the text says how to go on.
    HalfWay,
    /// A server does not answer, or says no.
    Unreachable,
    /// A defect of stead.
    Bug,
}

impl Kind {
    /// The process exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Difference => 3,
            Self::Refused => 4,
            Self::Locked => 5,
            Self::HalfWay => 6,
            Self::Unreachable => 7,
            Self::Bug => 70,
        }
    }
}

/// A place in a text that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The file, or what else the text is: a variable's or an argument's name.
    pub file: PathBuf,
    /// The whole text, without secrets.
    pub source: String,
    /// The bytes meant.
    pub span: Range<usize>,
    /// What to write beside them; may be empty.
    pub text: String,
}

impl Label {
    /// The line and the column of the place, both from 1, the column in characters.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        let before = &self.source[..self.source.floor_char_boundary(self.span.start)];
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }
}

/// An error of a use case.
#[derive(Clone, Debug)]
pub struct Error {
    /// What it means to the caller.
    pub kind: Kind,
    /// Stable, in kebab case, for programs and for the documentation.
    pub code: String,
    /// A lower-case fragment that names the thing.
    pub message: String,
    /// What to do next, each a sentence.
    pub hints: Vec<String>,
    /// Where in which file.
    pub labels: Vec<Label>,
}

/// The code of what an engine says of content that is damaged.
const DAMAGED: &str = "damaged";

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind with its code and message.
    #[must_use]
    pub fn new(kind: Kind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), hints: Vec::new(), labels: Vec::new() }
    }

    /// The work failed.
    #[must_use]
    pub fn failed(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, code, message)
    }

    /// The command line or a file of the project is wrong.
    #[must_use]
    pub fn usage(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, code, message)
    }

    /// Refused for safety.
    #[must_use]
    pub fn refused(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, message)
    }

    /// It cannot happen.
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, "bug", message)
    }

    /// True if what is stored is damaged: a command that puts something else in its place need not stop at it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        self.code == DAMAGED
    }

    /// The same error with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same error with several more hints.
    #[must_use]
    pub fn with_hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    /// The same error pointing into a file.
    #[must_use]
    pub fn label(mut self, mut label: Label) -> Self {
        // Whoever draws the place needs whole characters, and engines count bytes.
        let start = label.source.floor_char_boundary(label.span.start);
        let end = label.source.ceil_char_boundary(label.span.end.max(start + 1).min(label.source.len().max(start)));
        label.span = start..end;
        self.labels.push(label);
        self
    }

    /// The same error with words before its message: `context: message`.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// A file could not be read or written.
    #[must_use]
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let error = EngineError::io(format!("cannot {doing} `{}`", path.display()), error);
        // A file of the project is no server, so its absence is no outage.
        Self { kind: Kind::Failed, code: "file-io".to_owned(), ..error.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let kind = match error.class {
            ErrorClass::Unreachable | ErrorClass::Refused => Kind::Unreachable,
            ErrorClass::Conflict | ErrorClass::LockTimeout => Kind::Locked,
            ErrorClass::Syntax | ErrorClass::Constraint | ErrorClass::Interrupted | ErrorClass::Unsupported => {
                Kind::Failed
            }
            ErrorClass::Bug => Kind::Bug,
        };
        Self {
            kind,
            code: if error.damaged { DAMAGED } else { error.class.word() }.to_owned(),
            message: error.message,
            hints: error.hints,
            labels: Vec::new(),
        }
    }
}

impl From<ProjectErrors> for Error {
    fn from(errors: ProjectErrors) -> Self {
        let messages: Vec<String> = errors.errors().iter().map(ToString::to_string).collect();
        let mut message = messages.join("; ");
        if errors.omitted() > 0 {
            message = format!("{message}; and {} more", errors.omitted());
        }
        let mut error = Self::usage(errors.code(), message).with_hints(errors.hints());
        for (problem, text) in errors.errors().iter().zip(messages) {
            if let Some(label) = problem.label() {
                let source = label.text.to_string();
                let text = if errors.errors().len() > 1 { text } else { String::new() };
                error = error.label(Label { file: label.name.into(), source, span: label.span, text });
            }
        }
        error
    }
}
