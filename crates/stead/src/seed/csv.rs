//! A seed step that is a CSV file: a header that names columns of the table, a marker for `NULL`, and values that
//! must fit the columns' types before the first one is written. A file with one wrong value inserts nothing.

use std::path::{Path, PathBuf};

use stead_engine::{Row, Session, TransactionKind, Value};
use stead_schema::model::{Column, Table};
use stead_schema::{EngineKind, Schema};

use crate::engines::{self, Affinity};
use crate::error::{Error, Label, Result};

/// Rows in one insert batch.
const BATCH: usize = 1_000;

/// What a CSV step says.
pub(super) struct CsvStep<'a> {
    /// The file.
    pub(super) path: &'a Path,
    /// The table.
    pub(super) table: &'a str,
    /// The text that stands for `NULL`.
    pub(super) null: &'a str,
    /// The byte between fields.
    pub(super) delimiter: u8,
}

/// Runs the step in one transaction; the number of rows.
///
/// # Errors
///
/// A header that names no column of the table, a value that does not fit its column, or whatever the engine refuses;
/// nothing of the file is inserted then.
pub(super) async fn run(session: &mut dyn Session, step: &CsvStep<'_>) -> Result<u64> {
    let source = crate::files::read_text(step.path)?;
    let schema = session.inspect().await?;
    let table = named(&schema, step)?;
    let mut rows = Rows::open(step, &source, table, session.kind())?;
    session.begin(TransactionKind::Write).await?;
    match insert(session, &mut rows, table).await {
        Ok(count) => {
            session.commit().await?;
            Ok(count)
        }
        Err(error) => {
            session.rollback().await?;
            Err(error)
        }
    }
}

/// The table, by its name with its namespace, or by its name alone where only one has it.
fn named<'a>(schema: &'a Schema, step: &CsvStep<'_>) -> Result<&'a Table> {
    let file = format!("`{}`", step.path.display());
    let whole = schema.tables.iter().find(|table| table.name.to_string() == step.table);
    let alike: Vec<&Table> = schema.tables.iter().filter(|table| table.name.name == step.table).collect();
    match (whole, alike.as_slice()) {
        (Some(table), _) => Ok(table),
        (None, [table]) => Ok(*table),
        (None, []) => {
            let known = schema.tables.iter().map(|table| table.name.name.as_str());
            let alone = step.table.rsplit_once('.').and_then(|(_, name)| known.clone().find(|known| *known == name));
            let error = crate::environment::unknown("table", step.table, known).context(file);
            Err(match alone {
                Some(name) => error.hint(format!("a table of the step's own database is named by itself: `{name}`")),
                None => error,
            })
        }
        (None, several) => {
            let names: Vec<String> = several.iter().map(|table| format!("`{}`", table.name)).collect();
            let message = format!("{file}: several tables are called `{}`: {}", step.table, names.join(", "));
            Err(Error::usage("csv-table", message).hint("name the one that is meant as it is written there"))
        }
    }
}

async fn insert(session: &mut dyn Session, rows: &mut Rows<'_>, table: &Table) -> Result<u64> {
    let columns: Vec<String> = rows.columns.iter().map(|column| column.name.clone()).collect();
    let mut count = 0;
    loop {
        let (first, batch) = rows.batch()?;
        if batch.is_empty() {
            return Ok(count);
        }
        let inserted = session.insert(&table.name, &columns, batch).await;
        count += inserted.map_err(|error| {
            let file = rows.path.display();
            Error::from(error).context(format!("`{file}`, in the rows from line {first} on"))
        })?;
    }
}

struct Rows<'a> {
    path: PathBuf,
    source: &'a str,
    null: &'a str,
    engine: EngineKind,
    columns: Vec<&'a Column>,
    records: csv::StringRecordsIntoIter<&'a [u8]>,
}

impl<'a> Rows<'a> {
    fn open(step: &CsvStep<'a>, source: &'a str, table: &'a Table, engine: EngineKind) -> Result<Self> {
        // All places are counted in the text after a byte order mark.
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let mut reader = csv::ReaderBuilder::new().delimiter(step.delimiter).from_reader(source.as_bytes());
        let path = step.path.to_owned();
        let header = reader.headers().map_err(|error| malformed(&path, source, &error))?.clone();
        if header.is_empty() {
            let message =
                format!("`{}` is empty: the first line must name columns of `{}`", path.display(), table.name);
            return Err(Error::usage("csv-header", message).hint("write the header, or take the step out"));
        }
        let columns: Result<Vec<&Column>> = header.iter().map(|name| column(&path, source, table, name)).collect();
        let columns = columns?;
        for (position, column) in columns.iter().enumerate() {
            if columns[..position].iter().any(|other| other.name == column.name) {
                let message = format!("`{}` names the column `{}` twice", path.display(), column.name);
                return Err(Error::usage("csv-header", message).hint("name each column of the first line once"));
            }
        }
        Ok(Self { path, source, null: step.null, engine, columns, records: reader.into_records() })
    }

    /// The next rows with the line of the first one.
    fn batch(&mut self) -> Result<(u64, Vec<Row>)> {
        let (mut first, mut rows) = (0, Vec::new());
        while rows.len() < BATCH {
            let Some(record) = self.records.next() else { break };
            let record = record.map_err(|error| malformed(&self.path, self.source, &error))?;
            let line = record.position().map_or(0, csv::Position::line);
            first = if first == 0 { line } else { first };
            let values: Result<Row> =
                record.iter().zip(&self.columns).map(|(text, column)| self.value(text, column, line)).collect();
            rows.push(values?);
        }
        Ok((first, rows))
    }

    fn value(&self, text: &str, column: &Column, line: u64) -> Result<Value> {
        if text == self.null {
            return if column.nullable { Ok(Value::Null) } else { Err(self.misfit(text, column, line)) };
        }
        let value = match engines::affinity(self.engine, &column.data_type) {
            Affinity::Integer => text.parse().map(Value::Integer).ok(),
            Affinity::Real => real(text),
            Affinity::Number => number(text),
            Affinity::Decimal => decimal(text),
            Affinity::Truth => truth(text).or_else(|| small(self.engine, text)),
            Affinity::Text => Some(Value::Text(text.to_owned())),
            Affinity::Bytes => bytes(text),
        };
        value.ok_or_else(|| self.misfit(text, column, line))
    }

    fn misfit(&self, text: &str, column: &Column, line: u64) -> Error {
        let file = self.path.display();
        let kind = if column.data_type.is_empty() { "any" } else { &column.data_type };
        let not_null = if column.nullable { "" } else { " NOT NULL" };
        let message =
            format!("`{file}` line {line}: `{text}` does not fit column `{}` ({kind}{not_null})", column.name);
        Error::usage("csv-value", message).label(self.line(line, text))
    }

    fn line(&self, line: u64, text: &str) -> Label {
        let before = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let start: usize = self.source.split_inclusive('\n').take(before).map(str::len).sum();
        let rest = &self.source[start..];
        let content = rest.lines().next().unwrap_or_default();
        let (offset, length) = match content.find(text) {
            Some(offset) if !text.is_empty() => (offset, text.len()),
            _ => (0, content.len()),
        };
        let span = start + offset..start + offset + length;
        Label { file: self.path.clone(), source: self.source.to_owned(), span, text: String::new() }
    }
}

fn column<'a>(path: &Path, source: &str, table: &'a Table, name: &str) -> Result<&'a Column> {
    let found = table.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name.trim()));
    found.ok_or_else(|| {
        let known = table.columns.iter().map(|column| column.name.as_str());
        let start = source.find(name).unwrap_or(0);
        let span = start..start + name.len();
        let label = Label { file: path.to_owned(), source: source.to_owned(), span, text: String::new() };
        let error = crate::environment::unknown("column", name, known);
        let error = Error { message: format!("table `{}` has no column `{name}`", table.name), ..error };
        error.hint("the first line of the file must name columns of the table").label(label)
    })
}

fn number(text: &str) -> Option<Value> {
    text.parse().map(Value::Integer).ok().or_else(|| real(text))
}

/// A number that every engine can hold: not-a-number and the infinities are none.
fn real(text: &str) -> Option<Value> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Real)
}

/// Every digit of a decimal number counts, so it stays text.
fn decimal(text: &str) -> Option<Value> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(left, right)| (left, Some(right)));
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let plain = digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let numeric = plain && digits.matches('.').count() <= 1 && digits.contains(|letter: char| letter.is_ascii_digit());
    let scaled = exponent.is_none_or(|exponent| exponent.parse::<i16>().is_ok());
    (numeric && scaled).then(|| Value::Text(text.to_owned()))
}

/// MySQL's truth values are small numbers.
fn small(engine: EngineKind, text: &str) -> Option<Value> {
    let has_small_numbers = matches!(engine, EngineKind::Mysql | EngineKind::Mariadb);
    text.parse().ok().filter(|_| has_small_numbers).map(|number: u8| Value::Integer(number.into()))
}

/// Truth values are the numbers 0 and 1, in whatever common spelling they come.
fn truth(text: &str) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" => Some(Value::Integer(1)),
        "0" | "false" | "f" | "no" => Some(Value::Integer(0)),
        _ => None,
    }
}

/// Bytes are written as `\x` and hexadecimal digits.
fn bytes(text: &str) -> Option<Value> {
    let digits = text.strip_prefix("\\x").filter(|digits| digits.len().is_multiple_of(2))?;
    let digits = Some(digits).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    let pairs = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    pairs.collect::<Result<Vec<u8>, _>>().map(Value::Blob).ok()
}

fn malformed(path: &Path, source: &str, error: &csv::Error) -> Error {
    let message = format!("`{}` is not a CSV file with a header: {error}", path.display());
    let error_place = error.position().map(|position| usize::try_from(position.byte()).unwrap_or(0));
    let error = Error::usage("csv-malformed", message);
    match error_place {
        Some(start) if start <= source.len() => {
            let end = source[start..].find('\n').map_or(source.len(), |length| start + length);
            error.label(Label {
                file: path.to_owned(),
                source: source.to_owned(),
                span: start..end,
                text: String::new(),
            })
        }
        _ => error,
    }
}
