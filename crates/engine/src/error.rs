//! The one error of every adapter. Callers branch on its class and never on its text, so an adapter's first duty is to
//! classify what its driver reports.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, as far as a caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// The server does not answer, or the file cannot be reached: an outage, never "empty".
    Unreachable,
    /// The server answers and says no: a missing right, a wrong password, a read-only file.
    Refused,
    /// Somebody else changed or holds what this work needs; trying again may succeed.
    Conflict,
    /// A lock was not obtained in the time allowed.
    LockTimeout,
    /// The statement cannot be understood, names something that is not there, or makes something that is there already.
    Syntax,
    /// A row breaks a constraint.
    Constraint,
    /// The work was cut off half-way: cancelled, disk full, connection lost in the middle.
    Interrupted,
    /// The engine, or this build, cannot do it.
    Unsupported,
    /// It cannot happen; if it does, stead or the engine has a defect.
    Bug,
}

impl ErrorClass {
    /// Every class, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Unreachable,
        Self::Refused,
        Self::Conflict,
        Self::LockTimeout,
        Self::Syntax,
        Self::Constraint,
        Self::Interrupted,
        Self::Unsupported,
        Self::Bug,
    ];

    /// The word for the class in `--json` output and error codes.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::LockTimeout => "lock-timeout",
            Self::Syntax => "syntax",
            Self::Constraint => "constraint",
            Self::Interrupted => "interrupted",
            Self::Unsupported => "unsupported",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What to do about a server's certificate that was not accepted: `authority` says how the one that signed it is named, which helps
/// unless it is of a version that the drivers' TLS library cannot read. The library has that in an error of its own alone.
#[must_use]
pub fn certificate_hint(refusal: &str, authority: &str) -> String {
    if refusal.contains("UnsupportedCertVersion") {
        return "it is of version 1 of X.509, and stead checks those of version 3: sign it again with `-extfile`"
            .to_owned();
    }
    authority.to_owned()
}

/// An error of an engine: its class, a sentence fragment for people, and what the engine itself said.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// What callers branch on.
    pub class: ErrorClass,
    /// A lower-case fragment that names the thing; never holds a secret.
    pub message: String,
    /// The engine's own code: an SQLSTATE, a MySQL number, SQLite's extended code by name.
    pub engine_code: Option<String>,
    /// Where in the statement the engine saw the mistake, in bytes from its start.
    pub offset: Option<usize>,
    /// What a person can do about it.
    pub hints: Vec<String>,
    /// True if what is stored is damaged: reading it again cannot help, putting something else in its place can.
    pub damaged: bool,
}

impl EngineError {
    /// An error of a class with its message and nothing else.
    #[must_use]
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), engine_code: None, offset: None, hints: Vec::new(), damaged: false }
    }

    /// The same error with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same error with words before its message: `context: message`.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// An error of reading or writing a file, classified: permissions are `refused`, a full disk is `interrupted`.
    #[must_use]
    pub fn io(context: impl fmt::Display, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let class = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ErrorClass::Refused,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::Interrupted => ErrorClass::Interrupted,
            ErrorKind::NotFound => ErrorClass::Unreachable,
            ErrorKind::Unsupported => ErrorClass::Unsupported,
            _ => ErrorClass::Interrupted,
        };
        Self { hints: io_hints(error.kind()), ..Self::new(class, format!("{context}: {error}")) }
    }
}

/// What a person can do about what a file system refuses.
#[must_use]
pub fn io_hints(kind: std::io::ErrorKind) -> Vec<String> {
    use std::io::ErrorKind;
    let hint = match kind {
        ErrorKind::PermissionDenied => "look at the owner and the mode of the file and of the folders above it",
        ErrorKind::ReadOnlyFilesystem => {
            "the file system cannot be written: mount it for writing, or use another folder"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space, then run the command again",
        ErrorKind::IsADirectory => "a folder stands where a file belongs: move it away",
        ErrorKind::NotADirectory => "a file stands where a folder belongs: move it away",
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}
