//! Writing one database of a view into a sink: a stream of `COPY` for each table that has rows of its own, then the facts. The
//! rows of a table come in the order in which they lie, so an unchanged database gives the same bytes again.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use stead_engine::snapshot::{Advance, Sink};
use stead_engine::{EngineError, ErrorClass, failpoint};

use super::catalog::{self, Forms, Relation};
use super::facts::{self, Facts, TableFacts};
use super::format::Counter;
use super::session;
use super::view::Member;
use crate::apply::quoted;
use crate::connect::Connection;

#[cfg(test)]
mod tests;

/// Writes everything.
pub(super) async fn dump(member: &mut Member, sink: &dyn Sink, advance: &Advance) -> Result<(), EngineError> {
    let connection = &mut member.session.connection;
    let forms = Forms::read(connection).await?;
    let mut facts = Facts::new(connection.version(), catalog::creation(connection).await?);
    facts.extensions = catalog::extensions(connection).await?;
    facts.session = session::read(connection).await?;
    let path = session::write_names_in_full(connection).await?;
    let relations: Vec<&Relation> = member.relations.iter().filter(|relation| relation.has_rows).collect();
    let middle = relations.len() / 2;
    let mut done = 0;
    for (number, relation) in relations.iter().enumerate() {
        if number == middle {
            failpoint("bulk.dump.middle").map_err(|error| unwritten(connection, &error))?;
        }
        let before = done;
        let mut count = |bytes| {
            done += bytes;
            advance(done, None);
        };
        let table = rows(connection, relation, forms.binary(relation), sink, &mut count).await;
        let table = table.map_err(|error| told(error, forms.binary(relation), member.began.elapsed()))?;
        done = before + table.bytes;
        facts.tables.push(table);
    }
    session::give_back(connection, &path).await?;
    facts.sequences = catalog::sequences(connection).await?;
    let bytes = facts.to_bytes();
    let written = sink.stream(facts::STREAM).and_then(|mut stream| {
        stream.write_all(&bytes)?;
        stream.finish()
    });
    written.map_err(|error| unwritten(connection, &error))?;
    advance(done + bytes.len() as u64, Some(done + bytes.len() as u64));
    Ok(())
}

/// What people can do about an error of reading rows. `age` is how long the view has been open, which is what a standby and
/// its vacuum look at.
pub(super) fn told(mut error: EngineError, binary: bool, age: Duration) -> EngineError {
    match error.engine_code.as_deref() {
        // A read-only transaction meets no other conflict than with what a standby replays.
        Some("40001") => {
            error.message = format!("{}, {} s after the dump's view began", error.message, age.as_secs());
            error.hint("on a standby, rows that are vacuumed away on the primary end long reads: set \
                        `hot_standby_feedback = on` there or raise `max_standby_streaming_delay`, or dump from the primary")
        }
        // The text form takes a `bytea` twice as many bytes and one more, and no message is longer than a gigabyte.
        Some(code) if code == "54000" || (code == "XX000" && !binary) => {
            error.class = ErrorClass::Unsupported;
            error.hint(match binary {
                true => "a row may have 1 GB in all when it is read: split the value, or store it as a file",
                false => {
                    "a `bytea` may have 512 MB in a table that has no binary form (for types of people's own, \
                          all but enums and domains): split the value, or store it as a file"
                }
            })
        }
        _ => error,
    }
}

fn unwritten(connection: &Connection, error: &std::io::Error) -> EngineError {
    EngineError::io(format!("cannot write the copy of `{}`", connection.database()), error)
}

/// Writes one table's rows.
async fn rows(
    connection: &mut Connection,
    relation: &Relation,
    binary: bool,
    sink: &dyn Sink,
    advance: &mut (dyn FnMut(u64) + Send),
) -> Result<TableFacts, EngineError> {
    let stream = relation.stream();
    let mut out = sink.stream(&stream).map_err(|error| unwritten(connection, &error))?;
    let mut table = described(relation, binary);
    let mut counter = Counter::new(binary);
    let mut failed = None;
    let mut take = |piece: &Bytes| {
        let written = counter.see(piece).and_then(|()| {
            out.write_all(piece).map_err(|error| EngineError::io("cannot write the copy of a table", &error))
        });
        table.bytes += piece.len() as u64;
        advance(piece.len() as u64);
        written.map_err(|error| failed = Some(error)).is_ok()
    };
    send(connection, relation, binary, &mut take).await?;
    if let Some(error) = failed {
        return Err(error.context(format!("`{}`", relation.quoted())));
    }
    table.rows = counter.rows()?;
    out.finish().map_err(|error| unwritten(connection, &error))?;
    Ok(table)
}

/// What the facts say of a table before its rows were counted.
pub(super) fn described(relation: &Relation, binary: bool) -> TableFacts {
    TableFacts {
        stream: relation.stream(),
        namespace: relation.namespace.clone(),
        name: relation.name.clone(),
        columns: relation.columns.clone(),
        binary,
        rows: 0,
        bytes: 0,
        root: relation.root.clone(),
        of_extension: relation.condition.is_some(),
    }
}

/// Hands on the pieces of `COPY … TO STDOUT` until there are no more, or nobody wants them.
async fn send(
    connection: &mut Connection,
    relation: &Relation,
    binary: bool,
    take: &mut (dyn FnMut(&Bytes) -> bool + Send),
) -> Result<(), EngineError> {
    let sql = statement(relation, binary);
    let client = connection.begin().await?;
    let mut wanted = true;
    let sent = async {
        let mut pieces = std::pin::pin!(client.copy_out(&sql).await?);
        while let Some(piece) = pieces.next().await {
            wanted = take(&piece?);
            if !wanted {
                break;
            }
        }
        Ok(())
    };
    let sent = sent.await;
    if !wanted {
        // The rest is on its way; the connection is left as busy, and the next call has the server stop.
        return Ok(());
    }
    connection.end(sent, "").map_err(|error| error.context(format!("the rows of `{}`", relation.quoted())))
}

/// The statement that reads a table's own rows, without those of its partitions and children.
pub(super) fn statement(relation: &Relation, binary: bool) -> String {
    let columns: Vec<String> = relation.columns.iter().map(|column| quoted(column)).collect();
    let form = if binary { " (FORMAT binary)" } else { "" };
    match &relation.condition {
        Some(condition) if !condition.is_empty() => {
            format!("COPY (SELECT {} FROM ONLY {} {condition}) TO STDOUT{form}", columns.join(", "), relation.quoted())
        }
        _ => format!("COPY {}{} TO STDOUT{form}", relation.quoted(), column_list(&columns)),
    }
}

/// Columns in parentheses; nothing where there are none, which `COPY` takes for all that are stored.
pub(super) fn column_list(quoted: &[String]) -> String {
    if quoted.is_empty() { String::new() } else { format!(" ({})", quoted.join(", ")) }
}
