//! Filling a new database from a snapshot. Every table's rows are counted by the server and held against the dump's facts; a
//! load that fails leaves no database, one that is killed leaves it under a name that `leftovers` finds.

use std::io::{ErrorKind, Read};

use async_trait::async_trait;
use bytes::Bytes;
use stead_engine::snapshot::{Advance, Source};
use stead_engine::{EngineError, ErrorClass, Place};
use stead_sql::ledger;

use super::building::{Building, Pieces};
use super::facts::{Facts, TableFacts, broken};
use super::home;
use crate::admin;
use crate::connect::address::Address;

/// Bytes that are read at once.
const PIECE: usize = 1 << 18;

/// How far a load has come.
struct Progress<'a> {
    advance: &'a Advance,
    done: u64,
    total: u64,
}

impl Progress<'_> {
    /// Notes so many bytes more.
    fn step(&mut self, bytes: u64) -> Result<(), EngineError> {
        let middle = self.total / 2;
        let passes = self.done <= middle && middle < self.done + bytes;
        self.done += bytes;
        (self.advance)(self.done, Some(self.total));
        if passes { super::passed("bulk.load.middle", "the load") } else { Ok(()) }
    }
}

/// Builds the database and fills it.
pub(super) async fn load(
    address: &Address,
    place: &Place,
    source: &dyn Source,
    advance: &Advance,
) -> Result<(), EngineError> {
    let name = admin::name(place)?;
    let facts = Facts::read(source)?;
    let schema = source.schema().ok_or_else(|| broken("the snapshot of this database does not say its schema"))?;
    let own: Vec<&str> = ledger::own_tables().into_iter().filter(|own| is_there(&facts, own)).collect();
    let mut building = Building::begin(address, name, None, &facts, schema, &own).await?;
    let total = facts.tables.iter().map(|table| table.bytes).sum();
    let mut progress = Progress { advance, done: 0, total };
    for table in &facts.tables {
        if let Err(error) = fill(&mut building, table, source, &mut progress).await {
            building.give_up().await;
            return Err(error);
        }
    }
    if total == 0 {
        progress.step(1)?;
    }
    building.finish(&facts.sequences).await?;
    home::settle(address, name, &facts.session).await?;
    advance(total, Some(total));
    Ok(())
}

fn is_there(facts: &Facts, own: &str) -> bool {
    facts.tables.iter().any(|table| table.namespace == "public" && table.name == own)
}

/// Takes one table's rows.
async fn fill(
    building: &mut Building,
    table: &TableFacts,
    source: &dyn Source,
    progress: &mut Progress<'_>,
) -> Result<(), EngineError> {
    let stream = source.open(&table.stream).map_err(|error| unreadable(table, &error))?;
    building.table(table).await?;
    let mut pieces = FromSnapshot { table, stream, progress, bytes: 0 };
    let rows = building.rows(table, &mut pieces).await?;
    let bytes = pieces.bytes;
    if (rows, bytes) == (table.rows, table.bytes) {
        return Ok(());
    }
    let TableFacts { namespace, name, rows: announced, .. } = table;
    Err(broken(format!(
        "`{namespace}.{name}` has {rows} rows in {bytes} bytes, {announced} in {} were dumped",
        table.bytes
    )))
}

/// One table's stream.
struct FromSnapshot<'a, 'b> {
    table: &'a TableFacts,
    stream: Box<dyn Read + Send>,
    progress: &'a mut Progress<'b>,
    bytes: u64,
}

#[async_trait]
impl Pieces for FromSnapshot<'_, '_> {
    async fn next(&mut self) -> Result<Option<Bytes>, EngineError> {
        let piece = piece(self.stream.as_mut()).map_err(|error| unreadable(self.table, &error))?;
        self.bytes += piece.len() as u64;
        self.progress.step(piece.len() as u64)?;
        Ok((!piece.is_empty()).then_some(piece))
    }
}

fn piece(stream: &mut (dyn Read + Send)) -> std::io::Result<Bytes> {
    let mut buffer = vec![0; PIECE];
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(Bytes::from(buffer))
}

fn unreadable(table: &TableFacts, error: &std::io::Error) -> EngineError {
    let what = format!("the rows of `{}.{}` cannot be read back", table.namespace, table.name);
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => broken(format!("{what}: {error}")),
        ErrorKind::NotFound => EngineError { class: ErrorClass::Refused, ..EngineError::io(what, error) },
        _ => EngineError::io(what, error),
    }
}
