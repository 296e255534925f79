//! How a document is kept in the index: its values as the query gave them, in one field of bytes. What comes out of an
//! index is therefore exactly what went in, so that it can be held against the database row by row.
//!
//! A value is a tag and its content, numbers little-endian: 0 nothing · 1 integer, 8 bytes · 2 real, 8 bytes · 3 text,
//! 4 bytes of length, then UTF-8. Bytes cannot be indexed and have no tag.

use stead_engine::Value;

/// Appends one value. A blob never gets here: its conversion was refused.
pub(crate) fn encode(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Blob(_) => bytes.push(0),
        Value::Integer(number) => {
            bytes.push(1);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Value::Real(number) => {
            bytes.push(2);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) => {
            let length = u32::try_from(text.len()).expect("texts of 4 GB were refused when they were converted");
            bytes.push(3);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

/// The values of a document, or `None` if the bytes are not one.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    while let Some((tag, rest)) = bytes.split_first() {
        bytes = rest;
        values.push(match tag {
            0 => Value::Null,
            1 => Value::Integer(i64::from_le_bytes(take(&mut bytes)?)),
            2 => Value::Real(f64::from_le_bytes(take(&mut bytes)?)),
            3 => text(&mut bytes)?,
            _ => return None,
        });
    }
    Some(values)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn text(bytes: &mut &[u8]) -> Option<Value> {
    let length = u32::from_le_bytes(take(bytes)?) as usize;
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Value::Text(std::str::from_utf8(head).ok()?.to_owned()))
}

#[cfg(test)]
mod tests;
