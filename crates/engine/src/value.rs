//! Values and rows as they pass between an engine and stead. They are deliberately few: bulk data travels in the
//! engine's own format and never through these.

use serde::{Deserialize, Serialize};

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// A signed 64-bit integer; booleans are 0 and 1 where the engine has no boolean.
    Integer(i64),
    /// A 64-bit floating-point number.
    Real(f64),
    /// Text in UTF-8. Numbers, dates and the rest of an engine's types come in its own spelling.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// The text, if the value is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The integer, if the value is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row, a value for each column of the query.
pub type Row = Vec<Value>;

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultColumn {
    /// The name the query gives it.
    pub name: String,
    /// The declared type in the engine's spelling, where the column comes straight from a table.
    pub declared: Option<String>,
}
