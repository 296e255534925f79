//! The list of stored files: a line of JSON for each, in the order in which a careful reader can restore them. Paths are
//! bytes and not text, so what is no UTF-8 is written as `\xNN`, and a backslash as two.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use serde::{Deserialize, Serialize};

use super::StorageError;

/// The longest line: a path, and attributes as large as Linux lets them be.
pub(super) const LONGEST_LINE: u64 = 4 << 20;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Folder,
    File,
    Link,
}

/// A file, folder or link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Relative to the storage, the leaf's path first.
    #[serde(with = "escaped")]
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    /// The permission bits.
    pub(super) mode: u32,
    /// When it was last changed: seconds since 1970 and nanoseconds.
    pub(super) mtime: (i64, u32),
    /// A file's place and length in the contents, and BLAKE3 of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Content>,
    /// Where a link points to.
    #[serde(default, with = "escaped_option", skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Vec<u8>>,
    /// Extended attributes of the user's namespace: names escaped like paths, values in hexadecimal digits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<String, String>,
}

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) blake3: String,
}

impl Entry {
    /// The path for people.
    pub(super) fn shown(&self) -> String {
        escape(&self.path)
    }
}

/// Reads the list line by line, each with its number counted from 1.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    number: u64,
    ended: bool,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader: BufReader::new(reader), number: 0, ended: false }
    }

    fn read(&mut self) -> Result<Option<(u64, Entry)>, StorageError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.reader).take(LONGEST_LINE);
        bounded.read_until(b'\n', &mut line).map_err(StorageError::reading)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let refuse = |reason: String| StorageError::Line { line: self.number, reason };
        if line.pop() != Some(b'\n') {
            return Err(refuse("it does not end".to_owned()));
        }
        let entry = serde_json::from_slice(&line).map_err(|error| refuse(error.to_string()))?;
        Ok(Some((self.number, entry)))
    }
}

impl Iterator for Lines {
    type Item = Result<(u64, Entry), StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.read().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

/// Bytes as text: UTF-8 as it is, any other byte as `\xNN`, a backslash as two.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The bytes of an escaped text; `None` unless the text is exactly how [`escape`] writes them.
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'\\', [b'\\', after @ ..]) => {
                bytes.push(b'\\');
                after
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                bytes.push(unhex(&[*high, *low])?[0]);
                after
            }
            (b'\\', _) => return None,
            (byte, after) => {
                bytes.push(*byte);
                after
            }
        };
    }
    (escape(&bytes) == text).then_some(bytes)
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes.filter(|_bytes| rest.is_empty())
}

mod escaped {
    //! Paths in JSON.

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::escape(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::unescape(&text).ok_or_else(|| D::Error::custom("a path is not escaped as it should be"))
    }
}

mod escaped_option {
    //! Paths in JSON that may be absent.

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        super::escaped::serialize(bytes.as_deref().unwrap_or_default(), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        #[derive(Deserialize)]
        struct Path(#[serde(with = "super::escaped")] Vec<u8>);
        Ok(Option::<Path>::deserialize(deserializer)?.map(|Path(bytes)| bytes))
    }
}
