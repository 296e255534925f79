//! Values on their way in and out. Both ways they travel as text in the server's own spelling, with the type that the server
//! infers, so that any type a column can have works without being known here.

use bytes::{BufMut as _, BytesMut};
use stead_engine::{EngineError, ErrorClass, Row, Value};
use stead_schema::EngineKind;
use stead_sql::TokenKind;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{SimpleQueryRow, Statement};

#[cfg(test)]
mod tests;

/// A value as a parameter.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub(super) &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        if let Value::Blob(bytes) = self.0 {
            if *base(kind) != Type::BYTEA {
                return Err(Box::new(not_bytes(kind)));
            }
            out.put_slice(bytes);
            return Ok(IsNull::No);
        }
        let Some(text) = spelling(self.0)? else { return Ok(IsNull::Yes) };
        out.put_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }

    fn encode_format(&self, _kind: &Type) -> Format {
        if matches!(self.0, Value::Blob(_)) { Format::Binary } else { Format::Text }
    }

    to_sql_checked!();
}

fn not_bytes(kind: &Type) -> EngineError {
    EngineError::new(ErrorClass::Constraint, format!("bytes cannot be a value of type `{}`", kind.name()))
}

/// A domain's own type; any other type itself.
fn base(kind: &Type) -> &Type {
    match kind.kind() {
        Kind::Domain(inner) => base(inner),
        _ => kind,
    }
}

/// A value as PostgreSQL's input functions read it.
fn spelling(value: &Value) -> Result<Option<String>, EngineError> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) if number.is_infinite() => if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => hexadecimal(bytes),
    };
    if text.contains('\0') {
        let message = "a text holds a NUL character, which PostgreSQL cannot store";
        return Err(EngineError::new(ErrorClass::Constraint, message).hint("store it as bytes (`bytea`)"));
    }
    Ok(Some(text))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).expect("four bits are one digit"));
        }
    }
    text
}

/// The statement with its placeholders replaced by literals of the types the server inferred: only a statement without
/// parameters comes back with its values as text.
pub(super) fn filled_in(sql: &str, statement: &Statement, values: &[Value]) -> Result<String, EngineError> {
    if values.is_empty() {
        return Ok(sql.to_owned());
    }
    let mut text = String::with_capacity(sql.len() + values.len() * 32);
    for token in stead_sql::tokens(sql, EngineKind::Postgres) {
        let number = token.text.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
        match number.filter(|_| token.kind == TokenKind::Parameter).and_then(|number| number.checked_sub(1)) {
            Some(index) if index < values.len() => text.push_str(&literal(&values[index], &statement.params()[index])?),
            _ => text.push_str(token.text),
        }
    }
    Ok(text)
}

fn literal(value: &Value, kind: &Type) -> Result<String, EngineError> {
    if matches!(value, Value::Blob(_)) && *base(kind) != Type::BYTEA {
        return Err(not_bytes(kind));
    }
    let quoted = |name: &str| stead_sql::quote::identifier(name, EngineKind::Postgres);
    let text = match spelling(value)? {
        Some(text) => stead_sql::quote::string(&text, EngineKind::Postgres).expect("a NUL was refused above"),
        None => "NULL".to_owned(),
    };
    Ok(format!(" CAST({text} AS {}.{}) ", quoted(kind.schema()), quoted(kind.name())))
}

/// Refuses a number of values that is not the number of placeholders.
pub(super) fn check_number(statement: &Statement, values: &[Value]) -> Result<(), EngineError> {
    let (expected, given) = (statement.params().len(), values.len());
    if expected == given {
        return Ok(());
    }
    Err(EngineError::new(
        ErrorClass::Bug,
        format!("the statement has {expected} placeholders, {given} values are given"),
    ))
}

/// The types of a statement's columns.
pub(super) fn types(statement: &Statement) -> Vec<Type> {
    statement.columns().iter().map(|column| base(column.type_()).clone()).collect()
}

/// A row of texts as values of those types.
pub(super) fn row(row: &SimpleQueryRow, types: &[Type]) -> Result<Row, EngineError> {
    types.iter().enumerate().map(|(index, kind)| value(row.get(index), kind)).collect()
}

fn value(text: Option<&str>, kind: &Type) -> Result<Value, EngineError> {
    let Some(text) = text else { return Ok(Value::Null) };
    let read = match *kind {
        Type::BOOL => Some(Value::Integer(i64::from(text == "t"))),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => text.parse().ok().map(Value::Integer),
        Type::FLOAT4 | Type::FLOAT8 => text.parse().ok().map(Value::Real),
        Type::BYTEA => bytes(text).map(Value::Blob),
        _ => Some(Value::Text(text.to_owned())),
    };
    read.ok_or_else(|| {
        EngineError::new(ErrorClass::Bug, format!("a value of type `{}` has an unknown form", kind.name()))
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(*pair.get(1)?)?).ok();
    digits.chunks(2).map(pair).collect()
}
