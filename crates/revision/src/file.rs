//! A revision file as text: read, checked and written. The file is what people review, so every mistake in it is an
//! error with line and column, and its shape is fixed: comment lines that are the message, header lines, then sections
//! of SQL. Format: `docs/format/revision.md`.

use std::collections::BTreeMap;

use stead_schema::EngineKind;
use stead_sql::Position;

use crate::name::RevisionId;

mod error;
mod header;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use error::FileError;
pub use read::parse;
pub use write::{NewRevision, NewSection, render};

/// A revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionFile {
    /// The comment lines at the top, without their dashes, joined by line ends. May be empty.
    pub message: String,
    /// The id of the revision.
    pub id: RevisionId,
    /// The revisions it follows in its app: none for a base, several for a merge.
    pub parents: Vec<RevisionId>,
    /// Revisions of other apps that have to be there first, as written: `accounts/0003`, `accounts@head`.
    pub depends: Vec<String>,
    /// The schema it starts from.
    pub from: SchemaHashes,
    /// The hash of the models it was made from.
    pub models: Option<String>,
    /// The revisions that this one stands for.
    pub replaces: Vec<RevisionId>,
    /// Whether it runs in a transaction.
    pub transaction: TransactionMode,
    /// Lint rules that are switched off for it.
    pub lint: Vec<LintAllowance>,
    /// The sections, in the order of the file.
    pub sections: Vec<Section>,
}

/// Hashes of a schema: one for all engines, one for each engine, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaHashes {
    /// The hash for every engine that has none of its own.
    pub any: Option<String>,
    /// Hashes of single engines.
    pub engines: BTreeMap<EngineKind, String>,
}

/// Whether a revision runs in a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransactionMode {
    /// In one transaction, where the engine can roll back changes of the schema.
    #[default]
    One,
    /// In none (`-- transaction: none`): it holds statements that the server refuses inside a transaction.
    None,
}

/// A line `-- lint: allow RULE because …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintAllowance {
    /// The rule.
    pub rule: String,
    /// Why it does not apply here.
    pub reason: String,
}

/// Which way a section goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the revision.
    Up,
    /// Back from it.
    Down,
}

/// A section of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Which way it goes.
    pub direction: Direction,
    /// The engines it names; none for a section that serves every engine not named elsewhere.
    pub engines: Vec<EngineKind>,
    /// The SQL, exactly as in the file, from the line after the section's mark.
    pub text: String,
    /// Where `text` begins in the file.
    pub start: Position,
}

impl RevisionFile {
    /// The first line of the message.
    #[must_use]
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The section that leads to the revision on `engine`: the one that names it, else the bare one.
    #[must_use]
    pub fn up(&self, engine: EngineKind) -> Option<&Section> {
        self.section(Direction::Up, engine)
    }

    /// The section that leads back on `engine`. Without one, the revision cannot be taken back there.
    #[must_use]
    pub fn down(&self, engine: EngineKind) -> Option<&Section> {
        self.section(Direction::Down, engine)
    }

    fn section(&self, direction: Direction, engine: EngineKind) -> Option<&Section> {
        let mut same = self.sections.iter().filter(|section| section.direction == direction);
        let named = same.clone().find(|section| section.engines.contains(&engine));
        named.or_else(|| same.find(|section| section.engines.is_empty()))
    }
}

impl SchemaHashes {
    /// The hash that holds for `engine`.
    #[must_use]
    pub fn of(&self, engine: EngineKind) -> Option<&str> {
        self.engines.get(&engine).or(self.any.as_ref()).map(String::as_str)
    }
}

impl Direction {
    /// The word that marks its sections.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

impl Section {
    /// A place in the section's text as a place in the file.
    #[must_use]
    pub fn place(&self, within: Position) -> Position {
        within.within(self.start)
    }
}

/// The checksum of a whole revision file, as hexadecimal digits of BLAKE3. What editors and checkouts change by
/// themselves does not count: a byte order mark, carriage returns before line feeds, blanks at the end of lines (also
/// inside strings), and blank lines at the end of the file.
#[must_use]
pub fn checksum(text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut blank_lines = 0;
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_end_matches([' ', '\t']);
        if line.is_empty() {
            blank_lines += 1;
            continue;
        }
        (0..blank_lines).for_each(|_| _ = hasher.update(b"\n"));
        hasher.update(line.as_bytes()).update(b"\n");
        blank_lines = 0;
    }
    hasher.finalize().to_hex().to_string()
}
