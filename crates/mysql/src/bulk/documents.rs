//! JSON documents of MySQL. Besides JSON's own values they hold decimals, dates, times and bytes, as `JSON_OBJECT('price', price)`
//! puts them there; their text looks like that of a number or a string, and read back it would be one (trap M5). So the server is
//! asked of what type each value is, what is not JSON's own travels beside the text, and is put back by its own type.
//!
//! Which documents have such values is found in two steps, since to look into each is slow. Such a value takes another number of
//! bytes than what its text is read back as. It takes more, or it looks like a number with a point, a date, a time, or bytes; where
//! there is none of these, no sum of differences is zero.

use stead_engine::{EngineError, ErrorClass};

use super::plan::{Form, TablePlan};
use crate::admin::literal;
use crate::connect::{Connection, quoted};
use crate::error::number;

#[cfg(test)]
mod tests;

/// The types that are not JSON's own.
const TYPES: &str = "'DECIMAL', 'DATE', 'TIME', 'DATETIME', 'TIMESTAMP', 'BLOB', 'BIT', 'OPAQUE', 'GEOMETRY'";
/// The type of a number that is not negative, which alone makes no document special: it is told in those that are special anyway.
const UNSIGNED: &str = "UNSIGNED INTEGER";
/// What the text of bytes begins with, before the number of their type.
const BYTES: &str = "base64:type";
/// Bytes up to which a document is short.
const SHORT: usize = 8_000;
/// What is between the text of a document and what it cannot hold. No text has one: in JSON's strings it is escaped.
const BESIDE: u8 = b'\n';

/// The same table, whose columns are marked where documents hold values that are not JSON's own.
pub(super) async fn marked(
    connection: &mut Connection,
    database: &str,
    table: &TablePlan,
) -> Result<TablePlan, EngineError> {
    let mut marked = table.clone();
    for column in marked.columns.iter_mut().filter(|column| column.document) {
        let name = quoted(&column.name);
        let within =
            |path: &str| format!("EXISTS (SELECT 1 FROM {} WHERE JSON_TYPE(stead.v) IN ({TYPES}))", each(&name, path));
        let sql = format!(
            "SELECT 1 FROM {}.{} WHERE {} AND (JSON_TYPE({name}) IN ({TYPES}) OR {} OR {}) LIMIT 1",
            quoted(database),
            quoted(&table.name),
            doubtful(&name),
            within(MEMBERS),
            within(CELLS)
        );
        let found = connection.texts(&sql).await.map_err(|error| match number(&error) {
            // A server that has no `JSON_TABLE` cannot be asked.
            Some(1064 | 1305) => {
                unsupported(&table.name, &column.name, "this server does not say what is in its documents")
            }
            _ => error.context(format!("the documents of `{}` in `{}` cannot be read", column.name, table.name)),
        })?;
        if !found.is_empty() {
            column.form = Form::Typed;
        }
    }
    Ok(marked)
}

/// All members of all objects, and all elements of all arrays, wherever in a document.
const MEMBERS: &str = "$**.*";
const CELLS: &str = "$**[*]";

fn each(name: &str, path: &str) -> String {
    format!("JSON_TABLE({name}, '{path}' COLUMNS (v JSON PATH '$')) AS stead")
}

/// The condition that a document may hold values that are not JSON's own. A server gives up to look for a pattern in a long text.
fn doubtful(name: &str) -> String {
    let (text, size) = (format!("CAST({name} AS CHAR CHARACTER SET utf8mb4)"), format!("JSON_STORAGE_SIZE({name})"));
    let number = r"(^|[ \\[])-?[0-9]+[.][0-9]";
    let pattern = format!(r#"{number}|:[0-9]{{2}}[.][0-9]{{6}}"|"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"|{BYTES}"#);
    format!(
        "({size} <> JSON_STORAGE_SIZE(CAST({text} AS JSON)) \
         OR CASE WHEN {size} < {SHORT} THEN {text} REGEXP '{pattern}' ELSE TRUE END)"
    )
}

/// The types of everything in a document: of itself, of the members, of the elements.
pub(super) fn types(name: &str) -> String {
    let all = |path: &str| format!("(SELECT JSON_ARRAYAGG(JSON_TYPE(stead.v)) FROM {})", each(name, path));
    format!(
        "CASE WHEN {} THEN CAST(JSON_ARRAY(JSON_TYPE({name}), {}, {}) AS CHAR CHARACTER SET utf8mb4) END",
        doubtful(name),
        all(MEMBERS),
        all(CELLS)
    )
}

fn unsupported(table: &str, column: &str, why: &str) -> EngineError {
    let message = format!("the JSON documents in `{column}` of `{table}` cannot be carried over: {why}");
    EngineError::new(ErrorClass::Unsupported, message).hint(format!(
        "`UPDATE {table} SET {column} = CAST(CAST({column} AS CHAR) AS JSON)` makes numbers and strings of all values",
    ))
}

/// The types as [`types`] gives them.
type Types = (String, Option<Vec<String>>, Option<Vec<String>>);

/// A document as it travels: its text, and beside it the values that are not JSON's own, each with its path and its type.
pub(super) fn travelling(text: &[u8], types: Option<&[u8]>, table: &str, column: &str) -> Result<Vec<u8>, EngineError> {
    let mut travels = text.to_vec();
    let Some(types) = types else { return Ok(travels) };
    let confused = || unsupported(table, column, "what the server says of one of them does not fit its text");
    let (own, members, cells): Types = serde_json::from_slice(types).map_err(|_| confused())?;
    let text = std::str::from_utf8(text).map_err(|_| confused())?;
    let whole = Reading { rest: text }.document().ok_or_else(confused)?;
    let mut places = (Vec::new(), Vec::new());
    whole.walk("$", &mut places.0, &mut places.1);
    let (members, cells) = (members.unwrap_or_default(), cells.unwrap_or_default());
    if places.0.len() != members.len() || places.1.len() != cells.len() {
        return Err(confused());
    }
    let places = std::iter::once(("$".to_owned(), &whole)).chain(places.0).chain(places.1);
    let mut beside = Vec::new();
    for ((path, value), name) in places.zip(std::iter::once(own).chain(members).chain(cells)) {
        if !value.may_be(&name) {
            return Err(confused());
        }
        // A number that is not negative may be one that never is; its text is read back as one that might be.
        let unsigned = |text: &str| name == UNSIGNED && text.parse::<i64>().is_ok();
        let Value::Scalar(text) = value else { continue };
        if !(TYPES.contains(&format!("'{name}'")) || unsigned(text)) {
            continue;
        }
        let typed = (path, name, text.trim_matches('"').to_owned());
        if put_back(&typed).is_none() {
            return Err(unsupported(table, column, &format!("one of them holds a value `{}`", typed.2)));
        }
        beside.push(typed);
    }
    if !beside.is_empty() {
        travels.push(BESIDE);
        travels.extend(serde_json::to_vec(&beside).map_err(|_| confused())?);
    }
    Ok(travels)
}

/// A value that is not JSON's own: its path, its type, its text.
type Typed = (String, String, String);

/// The bytes of a document's text in what travelled, and the expression that makes the document of that text, which stands as `?`.
pub(super) fn arriving(travelled: &[u8], text: &str) -> Option<(usize, String)> {
    let Some(end) = travelled.iter().position(|byte| *byte == BESIDE) else {
        return Some((travelled.len(), text.to_owned()));
    };
    let beside: Vec<Typed> = serde_json::from_slice(&travelled[end + 1..]).ok()?;
    let mut expression = format!("JSON_SET({text}");
    for typed in &beside {
        expression.push_str(", _utf8mb4");
        expression.push_str(&literal(&typed.0));
        expression.push_str(", ");
        expression.push_str(&put_back(typed)?);
    }
    expression.push(')');
    Some((end, expression))
}

/// The expression that has this type in a document.
fn put_back((_, name, text): &Typed) -> Option<String> {
    let cast = |to: &str| Some(format!("CAST({} AS {to})", literal(text)));
    // A column of a table made for the moment is the only way to have a value of some types, and to take it for JSON at once the
    // only way to keep it so. The literals say their character set, for the session may have none.
    let column = |to: &str, value: &str| {
        let made =
            format!("JSON_TABLE(JSON_ARRAY({value}), _utf8mb4'$[*]' COLUMNS (v {to} PATH _utf8mb4'$')) AS stead");
        Some(format!("(SELECT JSON_EXTRACT(JSON_ARRAY(v), _utf8mb4'$[0]') FROM {made})"))
    };
    match name.as_str() {
        "DECIMAL" => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let scale = text.split_once('.').map_or(0, |(_, scale)| scale.len());
            cast(&format!("DECIMAL({digits}, {scale})"))
        }
        UNSIGNED => cast("UNSIGNED"),
        "DATE" => cast("DATE"),
        "TIME" => cast("TIME(6)"),
        "DATETIME" => cast("DATETIME(6)"),
        "TIMESTAMP" => column("TIMESTAMP(6)", &format!("_utf8mb4{}", literal(text))),
        _ => {
            let (kind, digits) = text.strip_prefix(BYTES)?.split_once(':')?;
            let (bytes, length) = decoded(digits)?;
            let hexadecimal = format!("x'{bytes}'");
            match kind {
                "15" => Some(format!("CAST({hexadecimal} AS BINARY)")),
                "16" => column(&format!("BIT({})", length * 8), &u64::from_str_radix(&bytes, 16).ok()?.to_string()),
                "249" => column("TINYBLOB", &hexadecimal),
                "250" => column("MEDIUMBLOB", &hexadecimal),
                "251" => column("LONGBLOB", &hexadecimal),
                "252" => column("BLOB", &hexadecimal),
                "254" => column(&format!("BINARY({length})"), &hexadecimal),
                _ => None,
            }
        }
    }
}

/// Base64 as hexadecimal digits, and the number of bytes.
fn decoded(text: &str) -> Option<(String, usize)> {
    use std::fmt::Write as _;
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut digits, mut length) = (0_u32, 0, String::new(), 0);
    // The server breaks long texts into lines, which are escaped.
    let letters = text.replace("\\n", "");
    for letter in letters.trim_end_matches('=').bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        bits = (bits << 6 | u32::try_from(value).ok()?) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            // Writing to a text cannot fail.
            let _written = write!(digits, "{:02x}", bits >> held & 0xff);
            length += 1;
        }
    }
    Some((digits, length))
}

/// A value in the text of a document, as MySQL prints it.
enum Value<'a> {
    /// Members by their names as they are printed, with quotes.
    Object(Vec<(&'a str, Value<'a>)>),
    Array(Vec<Value<'a>>),
    Scalar(&'a str),
}

impl<'a> Value<'a> {
    /// Lists members and elements in the order in which the server finds them: those of a value before those within them.
    fn walk<'v>(&'v self, path: &str, members: &mut Vec<(String, &'v Self)>, cells: &mut Vec<(String, &'v Self)>) {
        let within: Vec<(String, &'v Self)> = match self {
            Self::Object(held) => held.iter().map(|(name, value)| (format!("{path}.{name}"), value)).collect(),
            Self::Array(held) => {
                held.iter().enumerate().map(|(place, value)| (format!("{path}[{place}]"), value)).collect()
            }
            Self::Scalar(_) => return,
        };
        let list = if matches!(self, Self::Object(_)) { &mut *members } else { &mut *cells };
        list.extend(within.iter().cloned());
        for (path, value) in within {
            value.walk(&path, members, cells);
        }
    }

    /// Whether a value of that type is printed like this.
    fn may_be(&self, name: &str) -> bool {
        match self {
            Self::Object(_) => name == "OBJECT",
            Self::Array(_) => name == "ARRAY",
            Self::Scalar("true" | "false") => name == "BOOLEAN",
            Self::Scalar("null") => name == "NULL",
            Self::Scalar(text) if text.starts_with('"') => {
                !["OBJECT", "ARRAY", "BOOLEAN", "NULL", "INTEGER", "UNSIGNED INTEGER", "DOUBLE", "DECIMAL"]
                    .contains(&name)
            }
            Self::Scalar(_) => ["INTEGER", "UNSIGNED INTEGER", "DOUBLE", "DECIMAL"].contains(&name),
        }
    }
}

/// The rest of a document's text.
struct Reading<'a> {
    rest: &'a str,
}

impl<'a> Reading<'a> {
    fn document(mut self) -> Option<Value<'a>> {
        let value = self.value()?;
        self.rest.is_empty().then_some(value)
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let rest = self.rest.strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn string(&mut self) -> Option<&'a str> {
        let mut escaped = false;
        let inside = self.rest.strip_prefix('"')?;
        let end = inside.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        self.take(end + 2)
    }

    fn value(&mut self) -> Option<Value<'a>> {
        if self.symbol("{") {
            let mut held = Vec::new();
            while !self.symbol("}") {
                if !held.is_empty() && !self.symbol(", ") {
                    return None;
                }
                let name = self.string()?;
                held.push((name, self.symbol(": ").then(|| self.value())??));
            }
            return Some(Value::Object(held));
        }
        if self.symbol("[") {
            let mut held = Vec::new();
            while !self.symbol("]") {
                if !held.is_empty() && !self.symbol(", ") {
                    return None;
                }
                held.push(self.value()?);
            }
            return Some(Value::Array(held));
        }
        if self.rest.starts_with('"') {
            return self.string().map(Value::Scalar);
        }
        let end = self.rest.find([',', ']', '}']).unwrap_or(self.rest.len());
        self.take(end).filter(|text| !text.is_empty()).map(Value::Scalar)
    }
}
