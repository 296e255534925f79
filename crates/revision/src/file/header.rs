//! The header lines of a revision file and what their values mean. Values are kept with their place until all of them are
//! read, because most errors are about a value and have to point at it.

use std::collections::BTreeMap;
use std::str::FromStr;

use stead_schema::EngineKind;
use stead_sql::Position;

use super::{FileError, LintAllowance, SchemaHashes, TransactionMode};
use crate::name::RevisionId;
use crate::near::nearest;

/// The headers, in the order in which they are written.
pub(super) const HEADERS: [&str; 8] =
    ["revision", "parent", "depends", "from", "models", "replaces", "transaction", "lint"];

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    pub(super) position: Position,
}

/// The header lines of one file.
#[derive(Default)]
pub(super) struct Headers<'a> {
    values: BTreeMap<&'static str, Vec<Value<'a>>>,
}

impl<'a> Headers<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Takes a line. `from` and `lint` may stand several times.
    pub(super) fn add(&mut self, name: &'static str, value: Value<'a>, position: Position) -> Result<(), FileError> {
        let values = self.values.entry(name).or_default();
        if let Some(first) = values.first().filter(|_| !matches!(name, "from" | "lint")) {
            return Err(FileError::DuplicateHeader { name: name.to_owned(), first: first.position.line, position });
        }
        if value.text.is_empty() {
            return Err(bad(name, &value, "write a value after the colon, or leave the line out"));
        }
        values.push(value);
        Ok(())
    }

    pub(super) fn id(&self) -> Result<Option<RevisionId>, FileError> {
        self.one("revision").map(|value| id("revision", &without_remark(value))).transpose()
    }

    pub(super) fn parents(&self) -> Result<Vec<RevisionId>, FileError> {
        let value = self.one("parent").map(|value| without_remark(value));
        value.filter(|value| value.text != "none").map_or_else(|| Ok(Vec::new()), |value| ids("parent", &value))
    }

    pub(super) fn replaces(&self) -> Result<Vec<RevisionId>, FileError> {
        self.one("replaces").map_or_else(|| Ok(Vec::new()), |value| ids("replaces", value))
    }

    pub(super) fn depends(&self) -> Result<Vec<String>, FileError> {
        let Some(value) = self.one("depends") else { return Ok(Vec::new()) };
        let expected =
            "name revisions of other apps, as in `accounts/0003` or `accounts@head`, with commas between them";
        let shaped = |part: &Value<'_>| {
            let parts = part.text.split_once(['/', '@']);
            parts.is_some_and(|(app, name)| !app.is_empty() && !name.is_empty() && !part.text.contains(' '))
        };
        let parts = items(value);
        match parts.iter().find(|part| !shaped(part)) {
            Some(part) => Err(bad("depends", part, expected)),
            None => Ok(parts.iter().map(|part| part.text.to_owned()).collect()),
        }
    }

    pub(super) fn models(&self) -> Result<Option<String>, FileError> {
        let Some(value) = self.one("models").map(|value| without_remark(value)) else { return Ok(None) };
        if is_hash(value.text) { Ok(Some(value.text.to_owned())) } else { Err(bad("models", &value, HASH)) }
    }

    pub(super) fn from(&self) -> Result<SchemaHashes, FileError> {
        let mut hashes = SchemaHashes::default();
        for value in self.values.get("from").into_iter().flatten() {
            let value = without_remark(value);
            let mut words = words(&value);
            let hash = words.pop().filter(|word| is_hash(word.text)).ok_or_else(|| bad("from", &value, HASH))?;
            if words.is_empty() && hashes.any.replace(hash.text.to_owned()).is_some() {
                return Err(bad("from", &value, "one line without an engine is enough"));
            }
            for word in words {
                let engine = engine(&word)?;
                if hashes.engines.insert(engine, hash.text.to_owned()).is_some() {
                    return Err(bad("from", &word, "each engine has one `from`"));
                }
            }
        }
        Ok(hashes)
    }

    pub(super) fn transaction(&self) -> Result<TransactionMode, FileError> {
        match self.one("transaction") {
            None => Ok(TransactionMode::One),
            Some(value) if value.text == "none" => Ok(TransactionMode::None),
            Some(value) => Err(bad("transaction", value, "write `none`, or leave the line out")),
        }
    }

    pub(super) fn lint(&self) -> Result<Vec<LintAllowance>, FileError> {
        let values = self.values.get("lint").into_iter().flatten();
        values
            .map(|value| allowance(value).ok_or_else(|| bad("lint", value, "write `allow RULE because REASON`")))
            .collect()
    }

    fn one(&self, name: &str) -> Option<&Value<'a>> {
        self.values.get(name)?.first()
    }
}

/// An engine by its word.
pub(super) fn engine(word: &Value<'_>) -> Result<EngineKind, FileError> {
    EngineKind::from_str(word.text).map_err(|_| FileError::UnknownEngine {
        word: word.text.to_owned(),
        suggestion: nearest(word.text, EngineKind::ALL.map(EngineKind::word)).map(str::to_owned),
        position: word.position,
    })
}

/// The place of `part`, which is a slice of `line`; `start` is the place of the line.
pub(super) fn place_of(line: &str, part: &str, start: Position) -> Position {
    let offset = (part.as_ptr() as usize).checked_sub(line.as_ptr() as usize).filter(|offset| *offset <= line.len());
    start.after(&line[..offset.unwrap_or(0)])
}

/// The words of a value, each with its place; blanks and commas stand between them.
pub(super) fn words<'a>(value: &Value<'a>) -> Vec<Value<'a>> {
    parts(value, |character| character == ',' || character.is_whitespace())
}

const HASH: &str = "write a hash: letters `a` to `z` and digits, at least four";

fn items<'a>(value: &Value<'a>) -> Vec<Value<'a>> {
    parts(value, |character| character == ',')
}

fn parts<'a>(value: &Value<'a>, between: impl Fn(char) -> bool) -> Vec<Value<'a>> {
    let parts = value.text.split(between).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Value { text: part, position: place_of(value.text, part, value.position) }).collect()
}

/// `8f2c61d0 (hash of the schema it starts from)` is the hash alone.
fn without_remark<'a>(value: &Value<'a>) -> Value<'a> {
    let remark = value.text.find(" (").filter(|_| value.text.ends_with(')'));
    Value { text: value.text[..remark.unwrap_or(value.text.len())].trim_end(), position: value.position }
}

fn id(name: &str, value: &Value<'_>) -> Result<RevisionId, FileError> {
    RevisionId::new(value.text).map_err(|error| bad(name, value, &error.hints().concat()))
}

fn ids(name: &str, value: &Value<'_>) -> Result<Vec<RevisionId>, FileError> {
    let mut found = Vec::new();
    for part in items(value) {
        let id = id(name, &part)?;
        if found.contains(&id) {
            return Err(bad(name, &part, "it is named twice"));
        }
        found.push(id);
    }
    if found.is_empty() { Err(bad(name, value, "write ids with commas between them")) } else { Ok(found) }
}

fn is_hash(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b':' | b'_' | b'-');
    text.len() >= 4 && text.bytes().all(allowed)
}

fn allowance(value: &Value<'_>) -> Option<LintAllowance> {
    let (rule, reason) = value.text.strip_prefix("allow ")?.split_once(" because ")?;
    let (rule, reason) = (rule.trim(), reason.trim());
    let fits = !rule.is_empty() && !rule.contains(' ') && !reason.is_empty();
    fits.then(|| LintAllowance { rule: rule.to_owned(), reason: reason.to_owned() })
}

fn bad(name: &str, value: &Value<'_>, expected: &str) -> FileError {
    FileError::BadValue {
        name: name.to_owned(),
        value: value.text.to_owned(),
        expected: expected.to_owned(),
        position: value.position,
    }
}
