//! The rows of a SQLite file as lines of text, for comparison with what a story expects.
//! Read with the library and not with the `sqlite3` program, so that stories run where that is not installed.

use std::path::Path;

use anyhow::{Context, Result, bail};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Runs one statement on a file that must be there, and returns a line a row with `|` between the values; nothing
/// if the statement is of a kind that returns no rows.
///
/// NULL reads `NULL`, a blob `x'00ff'`, a text its characters. Newlines in a text read `\n`.
pub(super) fn query(file: &Path, statement: &str) -> Result<Option<Vec<String>>> {
    if !file.is_file() {
        bail!("there is no file `{}`", file.display());
    }
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut prepared = connection.prepare(statement).with_context(|| format!("preparing `{statement}`"))?;
    let columns = prepared.column_count();
    if columns == 0 {
        prepared.execute([])?;
        return Ok(None);
    }
    let mut rows = prepared.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|column| Ok(text(row.get_ref(column)?))).collect::<Result<Vec<String>>>()?;
        lines.push(values.join("|"));
    }
    Ok(Some(lines))
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).replace('\n', "\\n"),
        ValueRef::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
    }
}
