//! Rows out of a view into streams. They are read in the binary protocol, where numbers are exact, and in each column's own
//! character set, so that no conversion comes between what is stored and what is kept.

use std::io::Write as _;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Column, Row as DriverRow, Value as DriverValue};
use stead_engine::snapshot::{Advance, Sink, SinkStream};
use stead_engine::{EngineError, ErrorClass, failpoint};

use super::plan::{ColumnPlan, Form, Plan, TablePlan};
use super::stream::{self, END, Head, Sum, Tail, VERSION};
use super::{documents, histograms, objects, orphans};
use crate::admin::literal;
use crate::apply::values::moment_text;
use crate::connect::{Connection, quoted};

/// Bytes that are written at once.
const PIECE: usize = 1 << 16;

/// Writes the streams of one database.
pub(super) async fn dump(
    connection: &mut Connection,
    database: &str,
    plan: &Plan,
    sink: &dyn Sink,
    advance: &Advance,
) -> Result<(), EngineError> {
    let mut out = Out { database, sink, advance, done: 0 };
    let settings = settings(connection, database).await?;
    out.small(stream::DATABASE, &settings)?;
    for sequence in &plan.sequences {
        let state = sequence_state(connection, database, sequence).await?;
        out.small(&stream::sequence_stream(sequence), &state)?;
    }
    for table in &plan.tables {
        let table = &documents::marked(connection, database, table).await?;
        connection.own("SET SESSION character_set_results = NULL").await?;
        let dumped = out.table(connection, table).await;
        connection.own("SET SESSION character_set_results = utf8mb4").await?;
        dumped?;
    }
    Ok(())
}

/// What a database has besides its objects: character set, collation and, on MariaDB, a comment; on MySQL, whether tables that
/// people make in it are encrypted.
async fn settings(connection: &mut Connection, database: &str) -> Result<serde_json::Value, EngineError> {
    let comment = match connection.kind() {
        stead_schema::EngineKind::Mariadb => "SCHEMA_COMMENT",
        _ => "''",
    };
    let sql = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, {comment}, {} FROM information_schema.SCHEMATA \
         WHERE SCHEMA_NAME = {}",
        objects::encryption(connection),
        literal(database)
    );
    let row = connection.texts(&sql).await?.into_iter().next().unwrap_or_default();
    let mut row = row.into_iter().map(Option::unwrap_or_default);
    let mut next = || row.next().unwrap_or_default();
    let orphans = orphans::count(connection, database).await?;
    let histograms = histograms::read(connection, database).await?;
    let (charset, collation, comment, encrypted) = (next(), next(), next(), next() == "YES");
    let mut settings = serde_json::json!({
        "version": VERSION, "charset": charset, "collation": collation, "comment": comment, "encrypted": encrypted,
        "orphans": orphans
    });
    if !histograms.is_empty() {
        settings["histograms"] = serde_json::json!(histograms);
    }
    Ok(settings)
}

/// Where a sequence of MariaDB stands. Numbers that a server has taken in advance are not given out again.
async fn sequence_state(
    connection: &mut Connection,
    database: &str,
    sequence: &str,
) -> Result<serde_json::Value, EngineError> {
    let sql = format!("SELECT next_not_cached_value, cycle_count FROM {}.{}", quoted(database), quoted(sequence));
    let row = connection.texts(&sql).await?.into_iter().next().unwrap_or_default();
    let mut numbers = row.into_iter().flatten().map(|text| serde_json::from_str::<serde_json::Number>(&text).ok());
    let (Some(Some(next)), Some(Some(cycle))) = (numbers.next(), numbers.next()) else {
        let message = format!("the server does not say where the sequence `{sequence}` stands");
        return Err(EngineError::new(ErrorClass::Unsupported, message));
    };
    Ok(serde_json::json!({"version": VERSION, "next": next, "cycle": cycle}))
}

struct Out<'a> {
    database: &'a str,
    sink: &'a dyn Sink,
    advance: &'a Advance,
    done: u64,
}

impl Out<'_> {
    fn unwritten(&self) -> impl Fn(std::io::Error) -> EngineError + use<> {
        let database = self.database.to_owned();
        move |error| EngineError::io(format!("cannot write the copy of `{database}`"), &error)
    }

    fn small(&mut self, name: &str, content: &serde_json::Value) -> Result<(), EngineError> {
        let unwritten = self.unwritten();
        let mut stream = self.sink.stream(name).map_err(&unwritten)?;
        stream.write_all(content.to_string().as_bytes()).map_err(&unwritten)?;
        stream.finish().map_err(&unwritten)
    }

    async fn table(&mut self, connection: &mut Connection, table: &TablePlan) -> Result<(), EngineError> {
        let unwritten = self.unwritten();
        let mut stream = self.sink.stream(&stream::table_stream(&table.name)).map_err(&unwritten)?;
        let head = Head {
            version: VERSION,
            columns: table.columns.clone(),
            counter: table.counter,
            versions: table.versioned,
        };
        write_json(&mut *stream, &head).map_err(&unwritten)?;
        let tail = self.rows(connection, table, &mut *stream).await?;
        stream.write_all(END).map_err(&unwritten)?;
        write_json(&mut *stream, &tail).map_err(&unwritten)?;
        stream.finish().map_err(&unwritten)
    }

    async fn rows(
        &mut self,
        connection: &mut Connection,
        table: &TablePlan,
        stream: &mut dyn SinkStream,
    ) -> Result<Tail, EngineError> {
        let (mut hash, mut rest) = (blake3::Hasher::new(), Vec::new());
        let mut rows = 0;
        if !table.is_elsewhere() {
            rows = each(connection, self.database, table, |piece, is_last| {
                if is_last {
                    rest = std::mem::take(piece);
                } else if piece.len() >= PIECE {
                    self.flush(piece, &mut hash, stream)?;
                }
                Ok(())
            })
            .await?;
        }
        self.flush(&mut rest, &mut hash, stream)?;
        Ok(Tail { rows, blake3: hash.finalize().to_hex().to_string() })
    }

    fn flush(
        &mut self,
        piece: &mut Vec<u8>,
        hash: &mut blake3::Hasher,
        stream: &mut dyn SinkStream,
    ) -> Result<(), EngineError> {
        hash.update(piece);
        stream.write_all(piece).map_err(self.unwritten())?;
        self.done += piece.len() as u64;
        (self.advance)(self.done, None);
        if !piece.is_empty() {
            failpoint("bulk.dump.middle").map_err(self.unwritten())?;
        }
        piece.clear();
        Ok(())
    }
}

/// Reads the rows of a table. `take` gets the lines that were not taken yet after each row, and once more at the end.
async fn each(
    connection: &mut Connection,
    database: &str,
    table: &TablePlan,
    mut take: impl FnMut(&mut Vec<u8>, bool) -> Result<(), EngineError>,
) -> Result<u64, EngineError> {
    let sql = table.select(database);
    let statement = connection.begin().await?.prep(&sql).await;
    let statement = connection.done(statement, &sql)?;
    let (mut rows, mut lines) = (0, Vec::with_capacity(PIECE * 2));
    let result = connection.begin().await?.exec_iter(statement, ()).await;
    let mut result = match result {
        Ok(result) => result,
        Err(error) => return connection.done(Err(error), &sql),
    };
    let columns = result.columns();
    let read = loop {
        match result.next().await {
            Ok(Some(row)) => encode(row, table, columns.as_deref().unwrap_or_default(), &mut lines)?,
            other => break other.map(|_end| ()),
        }
        rows += 1;
        take(&mut lines, false)?;
    };
    drop(result);
    connection.done(read, &sql).map_err(|error| error.context(format!("table `{}` cannot be read", table.name)))?;
    take(&mut lines, true)?;
    Ok(rows)
}

/// What the rows of a table come to, in whatever order the server gives them.
pub(super) async fn sum(connection: &mut Connection, database: &str, table: &TablePlan) -> Result<Sum, EngineError> {
    let mut sum = Sum::default();
    connection.own("SET SESSION character_set_results = NULL").await?;
    let read = each(connection, database, table, |line, is_last| {
        if !is_last {
            sum.add(line);
            line.clear();
        }
        Ok(())
    })
    .await;
    connection.own("SET SESSION character_set_results = utf8mb4").await?;
    read.map(|_rows| sum)
}

fn write_json(stream: &mut dyn SinkStream, content: &impl serde::Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(content)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// Adds a row as a line.
fn encode(row: DriverRow, table: &TablePlan, columns: &[Column], line: &mut Vec<u8>) -> Result<(), EngineError> {
    let mut values = mysql_async::Row::unwrap(row);
    let mut types = values.split_off(table.columns.len().min(values.len())).into_iter();
    for (index, ((value, plan), column)) in values.into_iter().zip(&table.columns).zip(columns).enumerate() {
        if index > 0 {
            line.push(b'\t');
        }
        match (plan.form, value) {
            (Form::Typed, DriverValue::Bytes(text)) => {
                let types = match types.next() {
                    Some(DriverValue::Bytes(types)) => Some(types),
                    _ => None,
                };
                let travels = documents::travelling(&text, types.as_deref(), &table.name, &plan.name)?;
                stream::escape(&travels, line);
            }
            (form, value) => {
                let _none_of_no_document = (form == Form::Typed).then(|| types.next());
                encode_value(value, plan, column, line);
            }
        }
    }
    line.push(b'\n');
    Ok(())
}

fn encode_value(value: DriverValue, plan: &ColumnPlan, column: &Column, line: &mut Vec<u8>) {
    use std::io::Write as _;
    // Writing to a vector cannot fail.
    let _written = match value {
        DriverValue::NULL => line.write_all(b"\\N"),
        DriverValue::Int(number) if plan.form == Form::Year => write!(line, "{number:04}"),
        DriverValue::UInt(number) if plan.form == Form::Year => write!(line, "{number:04}"),
        DriverValue::Int(number) => write!(line, "{number}"),
        DriverValue::UInt(number) => write!(line, "{number}"),
        // The shortest text that means this very number as a double, which every `FLOAT` is as well (trap M4).
        DriverValue::Float(number) => write!(line, "{:e}", f64::from(number)),
        DriverValue::Double(number) => write!(line, "{number:e}"),
        DriverValue::Bytes(bytes) => {
            stream::escape(&bytes, line);
            Ok(())
        }
        moment => line.write_all(moment_text(&moment, column).as_bytes()),
    };
}
