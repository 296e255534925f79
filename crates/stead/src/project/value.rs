//! The tree of settings: what TOML can say, each value with its origin, and the one rule by which layers merge.
//! It exists beside `toml_edit`'s own tree because that one forgets where a value came from once files are merged.

use std::collections::BTreeMap;
use std::fmt;

use super::mask;
use super::origin::Origin;

/// A text as it was written, as it reads once `${NAME}` was replaced, and as it may be shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Text {
    value: String,
    written: Option<String>,
    shown: Option<String>,
}

impl Text {
    pub(super) fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), written: None, shown: None }
    }

    /// A text with references replaced; in `shown` those to secret variables are still hidden.
    pub(super) fn expanded(written: &str, value: String, shown: String) -> Self {
        Self { value, written: Some(written.to_owned()), shown: Some(shown) }
    }

    /// What the program uses.
    pub(super) fn value(&self) -> &str {
        &self.value
    }

    /// What the file says, passwords hidden: fit for messages, since a variable's content never shows.
    pub(super) fn written(&self) -> String {
        mask::masked(self.written.as_deref().unwrap_or(&self.value))
    }

    /// What is in effect, passwords hidden: for `stead config`.
    pub(super) fn shown(&self) -> String {
        mask::masked(self.shown.as_deref().unwrap_or(&self.value))
    }
}

/// What a value is.
#[derive(Clone, PartialEq)]
pub(super) enum Kind {
    String(Text),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Date(String),
    Array(Vec<Value>),
    Table(Table),
    /// A text whose error has been reported already; whoever reads it stays silent.
    Broken,
}

/// A value with its origin.
#[derive(Clone, PartialEq)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) origin: Origin,
    /// The characters of a number or the like from a variable or an argument, where they may have been meant as text.
    pub(super) bare: Option<String>,
    /// Whether the value stands under a key that names a secret.
    pub(super) secret: bool,
}

/// A table: keys in order, each with the place of the key itself.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Table(pub(super) BTreeMap<String, Entry>);

/// One key of a table.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: Origin,
    pub(super) value: Value,
}

impl Value {
    pub(super) fn new(kind: Kind, origin: Origin) -> Self {
        Self { kind, origin, bare: None, secret: false }
    }

    pub(super) fn empty_table() -> Self {
        Self::new(Kind::Table(Table::default()), Origin::default_value())
    }

    pub(super) fn as_table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The value at a path of keys.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| Some(&value.as_table()?.0.get(*key)?.value))
    }

    /// `value` wrapped into one table for each key of `path`, from the outermost in.
    pub(super) fn nested(path: &[&str], value: Self) -> Self {
        let origin = value.origin.clone();
        path.iter().rev().fold(value, |inner, key| {
            let entry = Entry { key: origin.clone(), value: inner };
            Self::new(Kind::Table(Table(BTreeMap::from([((*key).to_owned(), entry)]))), origin.clone())
        })
    }

    /// This value over `below`: tables merge key by key, everything else replaces, arrays included.
    pub(super) fn over(self, below: Self) -> Self {
        match (self.kind, below.kind) {
            (Kind::Table(upper), Kind::Table(lower)) => {
                Self::new(Kind::Table(upper.over(lower)), table_origin(self.origin, below.origin))
            }
            (kind, _) => Self { kind, origin: self.origin, bare: self.bare, secret: self.secret },
        }
    }

    /// The kind with its article, for messages.
    pub(super) fn described(&self) -> &'static str {
        match self.kind {
            Kind::String(_) | Kind::Broken => "a string",
            Kind::Integer(_) => "an integer",
            Kind::Float(_) => "a float",
            Kind::Boolean(_) => "a boolean",
            Kind::Date(_) => "a date or time",
            Kind::Array(_) => "an array",
            Kind::Table(_) => "a table",
        }
    }

    /// The value as JSON with its secrets hidden.
    pub(super) fn shown(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.kind {
            Kind::Table(table) => {
                Json::Object(table.0.iter().map(|(key, entry)| (key.clone(), entry.value.shown())).collect())
            }
            Kind::Array(values) => shown_array(values),
            _ if self.secret => Json::String(mask::MASK.to_owned()),
            Kind::String(text) => Json::String(text.shown()),
            Kind::Integer(number) => Json::from(*number),
            Kind::Float(number) => Json::from(*number),
            Kind::Boolean(truth) => Json::Bool(*truth),
            Kind::Date(date) => Json::String(date.clone()),
            Kind::Broken => Json::Null,
        }
    }
}

/// An array of words is shown as a command line would be, where one word can announce a secret in the next.
fn shown_array(values: &[Value]) -> serde_json::Value {
    let shown: Vec<serde_json::Value> = values.iter().map(Value::shown).collect();
    let words: Option<Vec<&str>> = shown.iter().map(serde_json::Value::as_str).collect();
    words.map_or_else(|| shown.clone().into(), |words| mask::masked_words(words).into())
}

/// A merged table stands in the nearest file; a variable that sets one key of it does not move it.
fn table_origin(upper: Origin, lower: Origin) -> Origin {
    if upper.file().is_none() && lower.file().is_some() { lower } else { upper }
}

impl Table {
    fn over(self, below: Self) -> Self {
        let mut merged = below.0;
        for (key, upper) in self.0 {
            let entry = match merged.remove(&key) {
                Some(lower) => Entry { key: upper.key, value: upper.value.over(lower.value) },
                None => upper,
            };
            merged.insert(key, entry);
        }
        Self(merged)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.shown())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.written())
    }
}
