//! Rows into a table: by `LOAD DATA LOCAL`, fed while the stream is read on a thread of its own, or by prepared inserts
//! where the server takes no local files. `LOAD DATA LOCAL` turns errors into warnings even for strict sessions, so any
//! warning fails the load, and the number of rows is compared.

use std::io::{self, BufRead as _, BufReader};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt as _;
use stead_engine::snapshot::{Advance, Source};
use stead_engine::{EngineError, ErrorClass, Value, failpoint};
use tokio::sync::{mpsc, oneshot};

use super::plan::{Form, TablePlan};
use super::stream::{END, Head, Sum, Tail, VERSION, table_stream, values};
use super::{broken, documents, dump};
use crate::admin;
use crate::connect::{Connection, STRICT, quoted};
use crate::error::number;

/// Bytes that are handed on at once.
const PIECE: usize = 1 << 17;
/// Rows that one prepared statement inserts, and values it has at most.
const ROWS: usize = 200;
const PLACEHOLDERS: usize = 8_000;
/// What people's rows were worked out under who did not ask for more.
pub(super) const LAX: &str =
    "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'";
/// A value that an expression takes: as text, for the server guesses another type where nothing is said.
const UTF8: &str = "CONVERT(? USING utf8mb4)";

/// How far a load has come, over all streams.
pub(super) struct Progress {
    pub(super) done: AtomicU64,
    pub(super) total: u64,
    pub(super) advance: Advance,
}

impl Progress {
    fn add(&self, bytes: u64) -> io::Result<()> {
        let before = self.done.fetch_add(bytes, Ordering::Relaxed);
        (self.advance)(before + bytes, Some(self.total));
        if before <= self.total / 2 && self.total / 2 < before + bytes {
            failpoint("bulk.load.middle")?;
        }
        Ok(())
    }
}

/// A table that is filled.
pub(super) struct Filling<'a> {
    pub(super) database: &'a str,
    pub(super) table: &'a str,
    /// The server works something out for each row: a generated column, a check, a partition.
    pub(super) computes: bool,
    /// Its rows are kept somewhere else.
    pub(super) is_elsewhere: bool,
    /// The column whose value 0 the server takes for none when it works out others.
    pub(super) counted: Option<&'a str>,
}

/// The rows of a stream on their way from the thread that reads it.
struct Rows {
    head: Head,
    pieces: mpsc::Receiver<Bytes>,
    tail: oneshot::Receiver<io::Result<(Tail, Sum)>>,
}

/// Whether the server may warn of rows that are as people have them: of what it works out, or of an `ENUM` without a label.
fn may_warn(filling: &Filling<'_>, head: &Head) -> bool {
    filling.computes || is_odd(head)
}

fn is_odd(head: &Head) -> bool {
    is_typed(head) || head.columns.iter().any(|column| column.labels)
}

/// Whether some documents are put together anew, each in its own way.
fn is_typed(head: &Head) -> bool {
    head.columns.iter().any(|column| column.form == Form::Typed)
}

/// What the server says of rows that have come in.
struct Taken {
    rows: u64,
    /// How often it warned, and of what first.
    warned: Option<(u64, String)>,
}

/// Fills one table; what the stream says of it beside the rows.
pub(super) async fn fill(
    connection: &mut Connection,
    filling: &Filling<'_>,
    source: &Arc<dyn Source>,
    progress: &Arc<Progress>,
) -> Result<Head, EngineError> {
    let table = filling.table;
    let rows = open(filling, source, progress).await?;
    if rows.head.versions {
        connection.own("SET SESSION system_versioning_insert_history = ON").await?;
    }
    let Rows { head, pieces, tail } = rows;
    let pieces = Arc::new(Mutex::new(Some(pieces)));
    let came = match filling {
        Filling { is_elsewhere: true, .. } => none(&pieces).await,
        _ if may_warn(filling, &head) => {
            connection.own(LAX).await?;
            match bring(connection, filling, &head, &pieces).await {
                Ok(came) => {
                    connection.own(&format!("SET SESSION sql_mode = '{STRICT}'")).await?;
                    Ok(came)
                }
                // The session may be gone, and it ends with the load in any case.
                Err(error) => Err(error),
            }
        }
        _ => bring(connection, filling, &head, &pieces).await,
    };
    // What the server made of a stream that broke off matters less than that it broke off.
    drop(taken(&pieces));
    let tail =
        tail.await.map_err(|_| EngineError::new(ErrorClass::Bug, "the thread that reads the stream has ended"))?;
    let (tail, sum) = match (tail, came.as_ref().err()) {
        (Err(error), _) if error.kind() != io::ErrorKind::BrokenPipe => return Err(unread(table, &error)),
        (Err(error), None) => return Err(unread(table, &error)),
        (_, Some(_)) => return came.map(|_rows| head).map_err(|error| unwritten(error, table)),
        (Ok(tail), None) => tail,
    };
    let came = came?;
    if came.rows != tail.rows {
        let warned = came.warned.map(|(_, first)| format!(": {first}")).unwrap_or_default();
        return Err(broken(format!("`{table}` took {} of the {} rows in the snapshot{warned}", came.rows, tail.rows)));
    }
    let (warnings, first) = came.warned.unwrap_or_default();
    if warnings > 0 || is_typed(&head) {
        // What is worked out may be warned of as it was when people wrote the row; what they wrote must be what it was.
        let plan = TablePlan::of(table, &head);
        if !may_warn(filling, &head) || dump::sum(connection, filling.database, &plan).await? != sum {
            let message = match warnings {
                0 => "its JSON documents are not what they were".to_owned(),
                warnings => format!("{warnings} values do not fit: {first}"),
            };
            let error = EngineError::new(ErrorClass::Refused, message)
                .hint("the server is not what the snapshot was taken from, or the snapshot is broken");
            return Err(unwritten(error, table));
        }
    }
    Ok(head)
}

/// By whichever way the server takes.
async fn bring(
    connection: &mut Connection,
    filling: &Filling<'_>,
    head: &Head,
    pieces: &Arc<Mutex<Option<mpsc::Receiver<Bytes>>>>,
) -> Result<Taken, EngineError> {
    if is_typed(head)
        && let Some(pieces) = taken(pieces)
    {
        return by_inserts(connection, filling.table, head, pieces).await;
    }
    match by_file(connection, filling, head, pieces).await {
        Err(error) if takes_no_files(&error) => match taken(pieces) {
            Some(pieces) => by_inserts(connection, filling.table, head, pieces).await,
            None => Err(error),
        },
        other => other,
    }
}

/// Refuses rows that belong to somebody else, who has them still.
async fn none(pieces: &Mutex<Option<mpsc::Receiver<Bytes>>>) -> Result<Taken, EngineError> {
    let receiver = taken(pieces);
    if let Some(mut receiver) = receiver {
        while let Some(piece) = receiver.recv().await {
            if !piece.is_empty() {
                let message = "its rows are kept somewhere else and would be written there once more";
                return Err(EngineError::new(ErrorClass::Refused, message)
                    .hint("take the snapshot anew: such rows are left where they are"));
            }
        }
    }
    Ok(Taken { rows: 0, warned: None })
}

fn unwritten(error: EngineError, table: &str) -> EngineError {
    error.context(format!("`{table}` cannot be filled"))
}

/// Errors of a stream: what the bytes say, or what the disk says.
pub(super) fn unread(table: &str, error: &io::Error) -> EngineError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => {
            broken(format!("the rows of `{table}` cannot be read back: {error}"))
        }
        _ => EngineError::io(format!("the rows of `{table}` cannot be read back"), error),
    }
}

fn taken(pieces: &Mutex<Option<mpsc::Receiver<Bytes>>>) -> Option<mpsc::Receiver<Bytes>> {
    pieces.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// True where server or driver refuse `LOAD DATA LOCAL` as such (trap M2).
fn takes_no_files(error: &EngineError) -> bool {
    matches!(number(error), Some(1148 | 3948 | 4166))
}

async fn open(filling: &Filling<'_>, source: &Arc<dyn Source>, progress: &Arc<Progress>) -> Result<Rows, EngineError> {
    let (table, computes) = (filling.table, filling.computes);
    let (tell_head, head) = oneshot::channel();
    let (give, pieces) = mpsc::channel(4);
    let (tell_tail, tail) = oneshot::channel();
    let (source, progress, name) = (Arc::clone(source), Arc::clone(progress), table_stream(table));
    let reading = move || {
        let (mut reader, summed) = match source.open(&name).and_then(|stream| begin(stream)) {
            Ok((head, reader)) => {
                let summed = computes || is_odd(&head);
                let _nobody_waits = tell_head.send(Ok(head));
                (reader, summed)
            }
            Err(error) => {
                let _nobody_waits = tell_head.send(Err(error));
                return;
            }
        };
        let _nobody_waits = tell_tail.send(read(&mut reader, &give, &progress, summed));
    };
    std::thread::Builder::new()
        .name("mysql-stream".to_owned())
        .spawn(reading)
        .map_err(|error| EngineError::io("no thread can be started", &error))?;
    let head =
        head.await.map_err(|_| EngineError::new(ErrorClass::Bug, "the thread that reads the stream has ended"))?;
    let head = head.map_err(|error| unread(table, &error))?;
    Ok(Rows { head, pieces, tail })
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

type Reader = BufReader<Box<dyn io::Read + Send>>;

fn begin(stream: Box<dyn io::Read + Send>) -> io::Result<(Head, Reader)> {
    let mut reader = BufReader::with_capacity(PIECE, stream);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    let head: Head = serde_json::from_slice(&line).map_err(|_| invalid("its first line is not what was written"))?;
    if head.version != VERSION {
        return Err(invalid(format!("it has version {}, this program reads {VERSION}", head.version)));
    }
    Ok((head, reader))
}

/// Reads rows up to the last line, hands them on, and holds them against what that line says.
fn read(reader: &mut Reader, give: &mpsc::Sender<Bytes>, progress: &Progress, summed: bool) -> io::Result<(Tail, Sum)> {
    let (mut hash, mut rows, mut piece, mut line) = (blake3::Hasher::new(), 0, Vec::new(), Vec::new());
    let mut sum = Sum::default();
    let mut hand_on = |piece: &mut Vec<u8>| {
        hash.update(piece);
        progress.add(piece.len() as u64)?;
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes the rows any more");
        give.blocking_send(Bytes::from(std::mem::take(piece))).map_err(gone)
    };
    loop {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Err(invalid("it ends before its last line"));
        }
        if line.starts_with(END) {
            break;
        }
        rows += 1;
        if summed {
            sum.add(&line);
        }
        piece.extend_from_slice(&line);
        if piece.len() >= PIECE {
            hand_on(&mut piece)?;
        }
    }
    hand_on(&mut piece)?;
    let tail: Tail =
        serde_json::from_slice(&line[END.len()..]).map_err(|_| invalid("its last line is not what was written"))?;
    let found = Tail { rows, blake3: hash.finalize().to_hex().to_string() };
    if found != tail {
        return Err(invalid(format!("{} rows of other content than the {} that were written", found.rows, tail.rows)));
    }
    Ok((tail, sum))
}

/// `LOAD DATA LOCAL`; what came in.
async fn by_file(
    connection: &mut Connection,
    filling: &Filling<'_>,
    head: &Head,
    pieces: &Arc<Mutex<Option<mpsc::Receiver<Bytes>>>>,
) -> Result<Taken, EngineError> {
    let sql = statement(filling, head);
    let waiting = Arc::clone(pieces);
    connection.begin().await?.set_infile_handler(async move {
        let receiver = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A piece may be one row that is longer than what the server takes in one packet.
        let pieces = futures_util::stream::unfold((receiver, Bytes::new()), |(receiver, mut piece)| async move {
            let mut receiver = receiver?;
            if piece.is_empty() {
                piece = receiver.recv().await?;
            }
            let part = piece.split_to(piece.len().min(PIECE));
            Some((Ok(part), (Some(receiver), piece)))
        });
        Ok(pieces.boxed())
    });
    connection.done(Ok(()), &sql)?;
    let outcome = connection.own(&sql).await?;
    let warned = match outcome.warnings {
        0 => None,
        warnings => {
            let mut shown = connection.texts("SHOW WARNINGS LIMIT 1").await?;
            let first = shown.pop().and_then(|row| row.into_iter().nth(2).flatten()).unwrap_or_default();
            Some((u64::from(warnings), crate::error::one_line(&first)))
        }
    };
    Ok(Taken { rows: outcome.affected, warned })
}

fn statement(filling: &Filling<'_>, head: &Head) -> String {
    let mut assigned = Vec::new();
    let works_out = head.columns.iter().any(|column| column.assigned("").is_some());
    let is_counted = |name: &str| works_out && filling.counted == Some(name);
    let columns: Vec<String> = head
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let variable = format!("@stead_{index}");
            match column.assigned(&variable).or_else(|| is_counted(&column.name).then(|| variable.clone())) {
                None => quoted(&column.name),
                Some(expression) => {
                    assigned.push(format!("{} = {expression}", quoted(&column.name)));
                    variable
                }
            }
        })
        .collect();
    let columns = if columns.is_empty() { vec!["@stead_nothing".to_owned()] } else { columns };
    let set = if assigned.is_empty() { String::new() } else { format!(" SET {}", assigned.join(", ")) };
    format!(
        "LOAD DATA LOCAL INFILE 'rows' INTO TABLE {} CHARACTER SET binary \
         FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({}){set}",
        quoted(filling.table),
        columns.join(", ")
    )
}

/// Prepared inserts of many rows, with values as bytes that no character set is applied to.
async fn by_inserts(
    connection: &mut Connection,
    table: &str,
    head: &Head,
    mut pieces: mpsc::Receiver<Bytes>,
) -> Result<Taken, EngineError> {
    connection.own("SET NAMES binary").await?;
    let step = (PLACEHOLDERS / head.columns.len().max(1)).clamp(1, ROWS);
    let mut came = Taken { rows: 0, warned: None };
    while let Some(piece) = pieces.recv().await {
        let mut lines = piece.split_inclusive(|byte| *byte == b'\n').peekable();
        while lines.peek().is_some() {
            let mut insertion = Insertion::new(table, head);
            while insertion.rows < step
                && insertion.sql.len() < PIECE
                && let Some(line) = lines.next()
            {
                insertion.row(line.strip_suffix(b"\n").unwrap_or(line))?;
            }
            let outcome = connection.execute(&insertion.sql, &insertion.values).await?;
            if let Some(warning) = warned(connection, outcome.warnings).await? {
                came.warned.get_or_insert((0, warning)).0 += u64::from(outcome.warnings);
            }
            came.rows += outcome.affected;
        }
    }
    connection.own("SET NAMES utf8mb4").await?;
    Ok(came)
}

async fn warned(connection: &mut Connection, warnings: u16) -> Result<Option<String>, EngineError> {
    if warnings == 0 {
        return Ok(None);
    }
    Ok(admin::warnings(connection).await?.into_iter().next())
}

/// A statement that inserts some rows.
struct Insertion<'a> {
    head: &'a Head,
    sql: String,
    values: Vec<Value>,
    rows: usize,
}

impl<'a> Insertion<'a> {
    fn new(table: &str, head: &'a Head) -> Self {
        let names: Vec<String> = head.columns.iter().map(|column| quoted(&column.name)).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES ", quoted(table), names.join(", "));
        Self { head, sql, values: Vec::new(), rows: 0 }
    }

    /// Adds a row. A line without values is one empty value to whoever reads it.
    fn row(&mut self, line: &[u8]) -> Result<(), EngineError> {
        let mut marks = Vec::with_capacity(self.head.columns.len());
        for (column, value) in self.head.columns.iter().zip(values(line)) {
            let mut mark = column.assigned(UTF8).unwrap_or_else(|| "?".to_owned());
            self.values.push(match value {
                Some(mut travelled) if column.form == Form::Typed => {
                    let (length, expression) = documents::arriving(&travelled, &mark)
                        .ok_or_else(|| broken(format!("a document in `{}` is not what was written", column.name)))?;
                    mark = expression;
                    travelled.truncate(length);
                    Value::Blob(travelled)
                }
                value => value.map_or(Value::Null, Value::Blob),
            });
            marks.push(mark);
        }
        let comma = if self.rows > 0 { ", " } else { "" };
        self.sql.push_str(&format!("{comma}({})", marks.join(", ")));
        self.rows += 1;
        Ok(())
    }
}
