//! Names of snapshots. A name becomes a folder under the backups, so everything that could leave that folder, hide in
//! it or mean another environment is refused here, once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most characters a name may have.
const LONGEST: usize = 100;

/// The name of a snapshot: a letter, digit or underscore, then up to 99 letters, digits, dots, hyphens and underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotName(String);

impl SnapshotName {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`BadName`] with the reason, for anything that is not exactly a name.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        match objection(text) {
            None => Ok(Self(text.to_owned())),
            Some(reason) => Err(BadName { text: text.to_owned(), reason }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SnapshotName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        Self::parse(text)
    }
}

impl TryFrom<String> for SnapshotName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        Self::parse(&text)
    }
}

impl From<SnapshotName> for String {
    fn from(name: SnapshotName) -> Self {
        name.0
    }
}

/// The text cannot be the name of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be the name of a snapshot: it {reason}", .text.escape_debug())]
pub struct BadName {
    /// What was given.
    pub text: String,
    /// Why it is refused, as the end of a sentence that begins with "it".
    pub reason: &'static str,
}

impl BadName {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "snapshot-name"
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![
            "a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most"
                .to_owned(),
        ]
    }
}

/// The name for a snapshot that was given none: the time, then the time with `-2`, `-3` and so on while that exists.
///
/// `time` is UTC as `YYYYMMDDHHMMSS`.
///
/// # Errors
///
/// [`BadName`] if the time is not written like that.
pub fn default_name(time: &str, exists: impl Fn(&SnapshotName) -> bool) -> Result<SnapshotName, BadName> {
    if time.len() != 14 || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadName { text: time.to_owned(), reason: "is not a time of 14 digits" });
    }
    let candidates = std::iter::once(time.to_owned()).chain((2..=u32::MAX).map(|number| format!("{time}-{number}")));
    let free = candidates.map(SnapshotName).find(|name| !exists(name));
    Ok(free.expect("no shelf holds four thousand million snapshots of one second"))
}

fn objection(text: &str) -> Option<&'static str> {
    let follows = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    match text.chars().next() {
        None => Some("is empty"),
        Some('/') => Some("is an absolute path"),
        Some('.') => Some("begins with a dot"),
        Some('@') => Some("begins with `@`, which marks the folder of an environment"),
        Some('-') => Some("begins with a hyphen"),
        _ if text.contains(['/', '\\']) => Some("holds a path separator"),
        _ if !text.chars().all(follows) => Some("holds a character that names do not have"),
        _ if text.len() > LONGEST => Some("is longer than 100 characters"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
