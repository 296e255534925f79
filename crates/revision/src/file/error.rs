//! What can be wrong with a revision file. Every error knows its place, so that it can be shown in the file's own text.

use stead_sql::Position;
use thiserror::Error;

use super::header::HEADERS;
use crate::near::listed;

/// Why a text is not a revision file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// No header names the revision.
    #[error("no line `-- revision: ID` names the revision")]
    MissingId {
        /// The end of the headers.
        position: Position,
        /// A word above that looks like the header, and its line.
        near: Option<(String, u32)>,
    },
    /// A line has the shape of a header, and no header is called so.
    #[error("`{name}` is not a header of revision files")]
    UnknownHeader {
        /// The word before the colon.
        name: String,
        /// The header that may be meant.
        suggestion: Option<String>,
        /// Where the word stands.
        position: Position,
    },
    /// A header that may stand once stands twice.
    #[error("the header `{name}` is written twice")]
    DuplicateHeader {
        /// The header.
        name: String,
        /// The line of the first one.
        first: u32,
        /// Where the second one stands.
        position: Position,
    },
    /// A header has a value that it cannot have.
    #[error("`{value}` cannot be a value of `{name}`")]
    BadValue {
        /// The header.
        name: String,
        /// What was written.
        value: String,
        /// What is expected, as a sentence for people.
        expected: String,
        /// Where the value stands.
        position: Position,
    },
    /// Two sections of one direction name no engine.
    #[error("the section `-- {section}` is written twice")]
    DuplicateSection {
        /// `up` or `down`.
        section: &'static str,
        /// The line of the first one.
        first: u32,
        /// Where the second one stands.
        position: Position,
    },
    /// Two sections of one direction, or one section twice, name the same engine.
    #[error("`{engine}` is named twice by `-- {section}` sections")]
    RepeatedEngine {
        /// `up` or `down`.
        section: &'static str,
        /// The engine's word.
        engine: &'static str,
        /// Where it is named again.
        position: Position,
    },
    /// A section or a `from` line names something that is no engine.
    #[error("`{word}` is not an engine")]
    UnknownEngine {
        /// What was written.
        word: String,
        /// The engine that may be meant.
        suggestion: Option<String>,
        /// Where it stands.
        position: Position,
    },
    /// The mark of a section has capital letters.
    #[error("`{written}` is not the mark of a section")]
    MiswrittenSection {
        /// What was written.
        written: String,
        /// Where it stands.
        position: Position,
    },
    /// SQL stands above the first section.
    #[error("text stands before the first section")]
    TextBeforeSection {
        /// Where it begins.
        position: Position,
    },
    /// There is no section to run.
    #[error("there is no `-- up` section")]
    NoUp {
        /// The end of the file.
        position: Position,
    },
    /// A block comment above the first section has no end.
    #[error("the comment is never closed")]
    UnclosedComment {
        /// Where it begins.
        position: Position,
    },
    /// A revision that is to be written would read back as something else.
    #[error("the {what} cannot be written in a revision file: it would be read as something else")]
    Unrepresentable {
        /// The part of the revision.
        what: &'static str,
    },
}

impl FileError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingId { .. } => "revision-without-id",
            Self::UnknownHeader { .. } => "unknown-header",
            Self::DuplicateHeader { .. } => "duplicate-header",
            Self::BadValue { .. } => "bad-header-value",
            Self::DuplicateSection { .. } => "duplicate-section",
            Self::RepeatedEngine { .. } => "repeated-engine",
            Self::UnknownEngine { .. } => "unknown-engine",
            Self::MiswrittenSection { .. } => "miswritten-section",
            Self::TextBeforeSection { .. } => "text-before-section",
            Self::NoUp { .. } => "revision-without-up",
            Self::UnclosedComment { .. } => "unclosed-comment",
            Self::Unrepresentable { .. } => "unrepresentable-revision",
        }
    }

    /// Where in the file it is. A revision that could not be written has no place.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::MissingId { position, .. }
            | Self::UnknownHeader { position, .. }
            | Self::DuplicateHeader { position, .. }
            | Self::BadValue { position, .. }
            | Self::DuplicateSection { position, .. }
            | Self::RepeatedEngine { position, .. }
            | Self::UnknownEngine { position, .. }
            | Self::MiswrittenSection { position, .. }
            | Self::TextBeforeSection { position }
            | Self::NoUp { position }
            | Self::UnclosedComment { position } => Some(*position),
            Self::Unrepresentable { .. } => None,
        }
    }

    /// What the writer of the file can do.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::MissingId { near: Some((word, line)), .. } => format!("line {line} says `{word}`: write `revision`"),
            Self::MissingId { near: None, .. } => "write one above the first section".to_owned(),
            Self::UnknownHeader { suggestion, .. } => meant(suggestion.as_ref(), &HEADERS),
            Self::DuplicateHeader { first, .. } => format!("the first one is on line {first}: keep one of the two"),
            Self::BadValue { expected, .. } => expected.clone(),
            Self::DuplicateSection { first, .. } => {
                format!("the first one is on line {first}: join the two, or name engines as in `-- up: mysql mariadb`")
            }
            Self::RepeatedEngine { .. } => "name each engine in one section of a direction".to_owned(),
            Self::UnknownEngine { suggestion, .. } => {
                meant(suggestion.as_ref(), &["postgres", "mysql", "mariadb", "sqlite"])
            }
            Self::MiswrittenSection { written, .. } => format!("write `{}`", written.to_lowercase()),
            Self::TextBeforeSection { .. } => "write `-- up` on a line of its own above it".to_owned(),
            Self::NoUp { .. } => "write `-- up` above the SQL; the section of a merge may be empty".to_owned(),
            Self::UnclosedComment { .. } => "close it with `*/`".to_owned(),
            Self::Unrepresentable { .. } => {
                "a line of it has the shape of a header or of the mark of a section: change that line".to_owned()
            }
        }]
    }
}

fn meant(suggestion: Option<&String>, all: &[&str]) -> String {
    match suggestion {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("there are {}", listed(all)),
    }
}
