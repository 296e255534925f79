//! Where a stream's files lie inside a snapshot. The paths are computed from the streams' names and never read from a
//! manifest, so no archive can point outside its folder, and they hold only characters that every file system keeps.

use std::fmt;

/// The file that makes a folder a snapshot.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Segments longer than this, or with other characters than the plain ones, are replaced by a shortened form.
const LONGEST_PLAIN: usize = 64;
const LONGEST_STREAM: usize = 1024;
const MOST_SEGMENTS: usize = 8;

/// What a stream belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A database, by its name in the project.
    Database(String),
    /// The stored files.
    Storage,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(name) => write!(formatter, "databases/{name}"),
            Self::Storage => formatter.write_str("storage"),
        }
    }
}

/// A stream of a snapshot: the part and the name inside the part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StreamKey {
    pub(crate) part: Part,
    pub(crate) name: String,
}

impl StreamKey {
    pub(crate) fn new(part: Part, name: impl Into<String>) -> Self {
        Self { part, name: name.into() }
    }

    /// The path of the stream's files without their endings, relative to the snapshot.
    pub(crate) fn stem(&self) -> String {
        let folder = match &self.part {
            Part::Database(name) => format!("databases/{}", segment(name)),
            Part::Storage => "storage".to_owned(),
        };
        self.name.split('/').fold(folder, |path, part| format!("{path}/{}", segment(part)))
    }

    /// Why the name cannot be that of a stream, if it cannot.
    pub(crate) fn objection(&self) -> Option<&'static str> {
        match &self.part {
            Part::Database(name) if name.is_empty() => return Some("its database has no name"),
            Part::Database(name) if name.len() > LONGEST_STREAM => return Some("its database's name is too long"),
            _ => {}
        }
        match self.name.as_str() {
            "" => Some("it has no name"),
            name if name.len() > LONGEST_STREAM => Some("its name is longer than 1024 bytes"),
            name if name.split('/').count() > MOST_SEGMENTS => Some("its name has more than eight parts"),
            _ => None,
        }
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.part, self.name)
    }
}

/// The file with a stream's frames, by its number.
pub(crate) fn frames_file(stem: &str, number: usize) -> String {
    format!("{stem}.{number:05}.zst")
}

/// The file with the list of a stream's frames.
pub(crate) fn index_file(stem: &str) -> String {
    format!("{stem}.frames")
}

/// One component of a path. Plain text stays as it is; anything else (capitals too, since some file systems do not tell
/// them apart) becomes a readable beginning, `~` and 16 digits of its BLAKE3.
fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    if !text.is_empty() && text.len() <= LONGEST_PLAIN && text.bytes().all(plain) {
        return text.to_owned();
    }
    let readable = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let beginning: String = text.chars().take(40).map(readable).collect();
    let hash = blake3::hash(text.as_bytes()).to_hex();
    format!("{beginning}~{}", &hash[..16])
}

#[cfg(test)]
mod tests;
