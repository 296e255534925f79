//! Texts that carry a password and must be used without ever being shown: URLs, names of secrets, command lines. Their
//! `Debug` and `Display` print a masked form, so that no log line or error can leak what they hold.

use std::fmt;

use super::mask;

/// A URL that may hold a password. `Debug` and `Display` hide it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl {
    url: String,
}

impl SecretUrl {
    pub(super) fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    /// The URL with its password, for the driver that connects, and for nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&mask::masked(&self.url))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretUrl({self})")
    }
}

/// The name under which a secret store keeps a URL. It is hidden too, because people put passwords there by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretReference {
    name: String,
}

impl SecretReference {
    pub(super) fn new(name: String) -> Self {
        Self { name }
    }

    /// The name to ask the store for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretReference({})", mask::MASK)
    }
}

/// The words of a command, started without a shell. `Debug` and `Display` show what the file says, secrets hidden.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    words: Vec<String>,
    shown: Vec<String>,
}

impl CommandLine {
    /// A command of `words`, each with the form in which it may be shown.
    pub(super) fn new(words: Vec<(String, String)>) -> Self {
        let (words, written): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        let shown = mask::masked_words(written.iter().map(String::as_str));
        Self { words, shown }
    }

    /// A command of words that hide nothing.
    pub(super) fn plain(words: &[&str]) -> Self {
        Self::new(words.iter().map(|word| ((*word).to_owned(), (*word).to_owned())).collect())
    }

    /// The program and its arguments.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown.join(" "))
    }
}

impl fmt::Debug for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.shown)
    }
}
