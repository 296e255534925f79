//! Values on their way in and out of SQLite. Its five storage classes are exactly the port's values, with one exception:
//! its text need not be UTF-8, and such text is refused by name instead of being changed.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Row as DriverRow, Statement};
use stead_engine::{EngineError, ErrorClass, Row, Value};

/// A value as SQLite binds it.
pub(super) fn bound(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Integer(number) => ValueRef::Integer(*number),
        Value::Real(number) => ValueRef::Real(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    })
}

/// Why a row could not be read.
pub(super) enum Unread {
    /// SQLite failed.
    Driver(rusqlite::Error),
    /// The value has no counterpart.
    Value(EngineError),
}

/// A row as the port has it.
pub(super) fn row(row: &DriverRow<'_>, names: &[String]) -> Result<Row, Unread> {
    let mut values = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        values.push(value(row.get_ref(index).map_err(Unread::Driver)?, name).map_err(Unread::Value)?);
    }
    Ok(values)
}

fn value(value: ValueRef<'_>, column: &str) -> Result<Value, EngineError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Text(bytes) => Value::Text(std::str::from_utf8(bytes).map_err(|_| not_text(column))?.to_owned()),
    })
}

fn not_text(column: &str) -> EngineError {
    EngineError::new(ErrorClass::Unsupported, format!("column `{column}` holds text that is not UTF-8"))
        .hint(format!("`CAST({column} AS BLOB)` reads its bytes; store them as a blob, or mend the text"))
}

/// The names of a statement's columns.
pub(super) fn names(statement: &Statement<'_>) -> Vec<String> {
    statement.column_names().map(str::to_owned).collect()
}
