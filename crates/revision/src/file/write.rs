//! Writes a revision file, in the one order of headers that all files of a project share, and proves that it reads back
//! as what was meant. So a message or a statement that has the shape of a header or a mark is refused, not mangled.

use stead_schema::EngineKind;

use super::read::{is_mark, is_taken};
use super::{Direction, FileError, LintAllowance, RevisionFile, SchemaHashes, TransactionMode, parse};
use crate::name::RevisionId;

/// A revision that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRevision {
    /// The message; its first line is the title.
    pub message: String,
    /// The id.
    pub id: RevisionId,
    /// The revisions it follows.
    pub parents: Vec<RevisionId>,
    /// Revisions of other apps that have to be there first.
    pub depends: Vec<String>,
    /// The schema it starts from.
    pub from: SchemaHashes,
    /// The hash of the models it is made from.
    pub models: Option<String>,
    /// The revisions that it stands for.
    pub replaces: Vec<RevisionId>,
    /// Whether it runs in a transaction.
    pub transaction: TransactionMode,
    /// Lint rules that are switched off.
    pub lint: Vec<LintAllowance>,
    /// The sections; at least one of them leads up.
    pub sections: Vec<NewSection>,
}

/// A section that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSection {
    /// Which way it goes.
    pub direction: Direction,
    /// The engines it is for; none for all the others.
    pub engines: Vec<EngineKind>,
    /// The SQL. Blank lines around it are dropped.
    pub text: String,
}

impl NewRevision {
    /// A base revision with an empty `up` and an empty `down` section.
    #[must_use]
    pub fn new(message: &str, id: RevisionId) -> Self {
        let section = |direction| NewSection { direction, engines: Vec::new(), text: String::new() };
        Self {
            message: message.to_owned(),
            id,
            parents: Vec::new(),
            depends: Vec::new(),
            from: SchemaHashes::default(),
            models: None,
            replaces: Vec::new(),
            transaction: TransactionMode::One,
            lint: Vec::new(),
            sections: vec![section(Direction::Up), section(Direction::Down)],
        }
    }
}

/// The text of a revision file.
///
/// # Errors
/// A value is none that the file can hold, or a line of the message or of the SQL would be read as a header or as the
/// mark of a section.
pub fn render(revision: &NewRevision) -> Result<String, FileError> {
    refuse_taken_lines(revision)?;
    let mut text = message(&revision.message);
    let message_lines = text.lines().count();
    for (name, value) in headers(revision) {
        text.push_str(&format!("-- {name}: {value}\n"));
    }
    for section in &revision.sections {
        text.push_str(&format!("\n{}\n", mark(section)));
        if !section.text.trim().is_empty() {
            text.push_str(trimmed(&section.text));
            text.push('\n');
        }
    }
    let read = parse(&text).map_err(|error| match error.position() {
        Some(position) if position.line as usize <= message_lines => FileError::Unrepresentable { what: "message" },
        _ => error,
    })?;
    prove(revision, &read)?;
    Ok(text)
}

fn refuse_taken_lines(revision: &NewRevision) -> Result<(), FileError> {
    if revision.message.lines().any(is_taken) {
        return Err(FileError::Unrepresentable { what: "message" });
    }
    match revision.sections.iter().flat_map(|section| section.text.lines()).any(is_mark) {
        true => Err(FileError::Unrepresentable { what: "SQL" }),
        false => Ok(()),
    }
}

fn message(message: &str) -> String {
    message.trim().lines().map(|line| format!("-- {}", line.trim()).trim_end().to_owned() + "\n").collect()
}

fn headers(revision: &NewRevision) -> Vec<(&'static str, String)> {
    let ids = |ids: &[RevisionId]| ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ");
    let parents = if revision.parents.is_empty() { "none".to_owned() } else { ids(&revision.parents) };
    let mut headers = vec![("revision", revision.id.to_string()), ("parent", parents)];
    headers.push(("depends", revision.depends.join(", ")));
    headers.push(("from", revision.from.any.clone().unwrap_or_default()));
    headers.extend(revision.from.engines.iter().map(|(engine, hash)| ("from", format!("{} {hash}", engine.word()))));
    headers.push(("models", revision.models.clone().unwrap_or_default()));
    headers.push(("replaces", ids(&revision.replaces)));
    let none = revision.transaction == TransactionMode::None;
    headers.push(("transaction", if none { "none".to_owned() } else { String::new() }));
    let allow = |one: &LintAllowance| ("lint", format!("allow {} because {}", one.rule, one.reason));
    headers.extend(revision.lint.iter().map(allow));
    headers.retain(|(_, value)| !value.is_empty());
    headers
}

fn mark(section: &NewSection) -> String {
    let engines: Vec<&str> = section.engines.iter().map(|engine| engine.word()).collect();
    let colon = if engines.is_empty() { "" } else { ": " };
    format!("-- {}{colon}{}", section.direction.word(), engines.join(" "))
}

/// Without the blank lines around it; the first line keeps its indentation.
fn trimmed(text: &str) -> &str {
    let blank = text.len() - text.trim_start().len();
    let start = text[..blank].rfind('\n').map_or(0, |end| end + 1);
    text[start..].trim_end()
}

fn prove(revision: &NewRevision, read: &RevisionFile) -> Result<(), FileError> {
    let wrong = |what| Err(FileError::Unrepresentable { what });
    let lines = |text: &str| text.trim().lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    if lines(&revision.message) != lines(&read.message) {
        return wrong("message");
    }
    let sections = revision.sections.iter().map(|one| (one.direction, one.engines.as_slice(), trimmed(&one.text)));
    let written = read.sections.iter().map(|one| (one.direction, one.engines.as_slice(), trimmed(&one.text)));
    if !sections.eq(written) {
        return wrong("SQL");
    }
    let graph = (&revision.id, &revision.parents, &revision.depends, &revision.replaces);
    let rest = (&revision.from, &revision.models, &revision.transaction, &revision.lint);
    let same_graph = graph == (&read.id, &read.parents, &read.depends, &read.replaces);
    if same_graph && rest == (&read.from, &read.models, &read.transaction, &read.lint) {
        Ok(())
    } else {
        wrong("header")
    }
}
