//! The bytes of a table's stream: a line of JSON that names the columns, a line for each row, and a last line with the
//! number of rows and a digest of them. Rows are what `LOAD DATA` reads with its default options in the character set
//! `binary`: values with tabs between, `\N` for NULL, and a backslash before what would be misread.

use serde::{Deserialize, Serialize};

use super::plan::ColumnPlan;

#[cfg(test)]
mod tests;

/// The version of the format.
pub(super) const VERSION: u32 = 1;
/// What the last line begins with. No row can: after a backslash a row has only the letters of [`escape`].
pub(super) const END: &[u8] = b"\\.";

/// What the first line says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) version: u32,
    pub(super) columns: Vec<ColumnPlan>,
    /// The next number of the table's counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) counter: Option<u64>,
    /// The rows are versions, with the bounds of their lives among the columns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) versions: bool,
}

/// What the last line says after [`END`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tail {
    /// The number of rows.
    pub(super) rows: u64,
    /// BLAKE3 of everything between the first and the last line, in hexadecimal digits.
    pub(super) blake3: String,
}

/// What rows come to in any order: equal rows in equal numbers have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum(u128);

impl Sum {
    /// Adds a row, as its line with the line feed.
    pub(super) fn add(&mut self, line: &[u8]) {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&blake3::hash(line).as_bytes()[..16]);
        self.0 = self.0.wrapping_add(u128::from_le_bytes(bytes));
    }
}

/// The name of a table's stream: whatever a table may be called, the name stays plain.
pub(super) fn table_stream(table: &str) -> String {
    named("table", table)
}

/// The name of a sequence's stream.
pub(super) fn sequence_stream(sequence: &str) -> String {
    named("sequence", sequence)
}

/// The stream with what belongs to the database as a whole.
pub(super) const DATABASE: &str = "database";

const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'$');

fn named(kind: &str, name: &str) -> String {
    format!("{kind}/{}", percent_encoding::utf8_percent_encode(name, PLAIN))
}

/// The table or sequence that a stream belongs to, if it is a stream of that kind.
pub(super) fn owner(stream: &str, kind: &str) -> Option<String> {
    let name = stream.strip_prefix(kind)?.strip_prefix('/')?;
    percent_encoding::percent_decode_str(name).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Adds bytes to a row, with a backslash where one is needed.
pub(super) fn escape(bytes: &[u8], row: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            0 => row.extend(b"\\0"),
            b'\t' => row.extend(b"\\t"),
            b'\n' => row.extend(b"\\n"),
            b'\r' => row.extend(b"\\r"),
            0x1a => row.extend(b"\\Z"),
            b'\\' => row.extend(b"\\\\"),
            other => row.push(*other),
        }
    }
}

/// The values of a line without its line feed; `None` is NULL.
pub(super) fn values(line: &[u8]) -> Vec<Option<Vec<u8>>> {
    line.split(|byte| *byte == b'\t').map(unescape).collect()
}

fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    if text == b"\\N" {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, byte == &b'\\') {
            (_, true) => match rest.next() {
                Some(b'0') => 0,
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b'Z') => 0x1a,
                Some(other) => *other,
                None => b'\\',
            },
            (byte, false) => *byte,
        });
    }
    Some(bytes)
}
