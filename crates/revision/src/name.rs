//! How revisions are called: the id that the graph is made of, and the file name with its number and slug that people
//! read. Ids are made from bytes that the caller draws, because nothing here has a source of chance.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// Words that mean something else where a revision is named.
const RESERVED: [&str; 4] = ["base", "head", "heads", "none"];

/// How long a slug may get before it is cut at a word.
const SLUG_LENGTH: usize = 40;

/// The id of a revision: 4 to 40 of the characters `0-9a-z_`, and none of the words `base`, `head`, `heads`, `none`.
/// stead's own ids are twelve hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionId(String);

/// A name that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// The text is no id.
    #[error("`{text}` cannot be the id of a revision")]
    Id {
        /// What was written.
        text: String,
    },
    /// The file is not called as revision files are.
    #[error("`{name}` is not the name of a revision file")]
    File {
        /// The file's name.
        name: String,
    },
}

impl NameError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Id { .. } => "bad-revision-id",
            Self::File { .. } => "bad-revision-file-name",
        }
    }

    /// What can be done.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Id { text } if RESERVED.contains(&text.as_str()) => format!("`{text}` is a word of references"),
            Self::Id { .. } => "an id has 4 to 40 characters, each one of `0-9a-z_`".to_owned(),
            Self::File { .. } => "write a number, `_`, words and `.sql`, as in `0002_adding_offers.sql`".to_owned(),
        }]
    }
}

impl RevisionId {
    /// Takes an id as it is written in a file.
    ///
    /// # Errors
    /// The text has other characters or another length, or is a reserved word.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let characters = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'_'));
        if characters && (4..=40).contains(&text.len()) && !RESERVED.contains(&text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Id { text: text.to_owned() })
        }
    }

    /// Makes a new id, twelve hexadecimal digits, from six bytes of chance.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for RevisionId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl TryFrom<String> for RevisionId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(&text)
    }
}

impl From<RevisionId> for String {
    fn from(id: RevisionId) -> Self {
        id.0
    }
}

impl AsRef<str> for RevisionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RevisionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// What the name of a revision file tells: `0002_adding_offers.sql` is number 2 with the slug `adding_offers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName {
    /// The number, for people; the order of revisions comes from their parents.
    pub number: u64,
    /// The words after the number.
    pub slug: String,
}

impl FileName {
    /// Reads the last part of a path. Letters of both cases, digits, `_`, `-` and `.` may stand in the slug.
    ///
    /// # Errors
    /// The name is not a number, `_`, a slug and `.sql`.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        Self::from_stem(name.strip_suffix(".sql").unwrap_or_default())
            .ok_or_else(|| NameError::File { name: name.to_owned() })
    }

    /// The name without its ending: `0002_adding_offers`. Numbers have four digits or more.
    #[must_use]
    pub fn stem(&self) -> String {
        format!("{:04}_{}", self.number, self.slug)
    }

    fn from_stem(stem: &str) -> Option<Self> {
        let (digits, slug) = stem.split_once('_')?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let fits = plain && !slug.is_empty() && slug.bytes().all(allowed);
        Some(Self { number: digits.parse().ok()?, slug: slug.to_owned() }).filter(|_| fits)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.sql", self.stem())
    }
}

/// The slug for a message: the words of its first line in lower case, joined by `_`, cut after a word at 40 characters.
/// A message without a letter or digit of ASCII gives `revision`.
#[must_use]
pub fn slug(message: &str) -> String {
    let line = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_lowercase();
    let mut slug = String::new();
    for word in line.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !slug.is_empty() && slug.len() + 1 + word.len() > SLUG_LENGTH {
            break;
        }
        slug.push_str(if slug.is_empty() { "" } else { "_" });
        slug.push_str(&word[..word.len().min(SLUG_LENGTH)]);
    }
    if slug.is_empty() { "revision".to_owned() } else { slug }
}
