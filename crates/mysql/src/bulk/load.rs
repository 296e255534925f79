//! A database built from a snapshot: what rows need first, then the rows, then everything else. Whatever fails on the way,
//! the half-built database is removed; a process that is killed leaves it under a name that `leftovers` finds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::Deserialize;
use stead_engine::snapshot::{Advance, Source};
use stead_engine::{EngineError, ErrorClass, failpoint};
use stead_schema::{EngineKind, Schema};
use stead_sql::write::{Phase, Statement, write};

use super::infile::{self, Progress};
use super::orphans::Orphans;
use super::stream::{self, Head};
use super::{broken, collations, orphans};
use crate::admin::{self, literal};
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};
use crate::events;

#[cfg(test)]
mod tests;

/// What the stream of the database as a whole says.
#[derive(Debug, Deserialize)]
struct Settings {
    charset: String,
    collation: String,
    comment: String,
    /// Rows that referred to nothing when the dump was taken.
    #[serde(default)]
    orphans: Vec<Orphans>,
}

/// Where a sequence stood.
#[derive(Debug, Deserialize)]
struct Sequence {
    next: Option<i64>,
    cycle: Option<i64>,
}

/// Fills a database that does not exist yet.
pub(super) async fn load(
    address: &Arc<Address>,
    name: &str,
    source: Arc<dyn Source>,
    advance: Advance,
) -> Result<(), EngineError> {
    let schema = source.schema().ok_or_else(|| broken("the snapshot of this database has no schema"))?.clone();
    if schema.engine != address.kind {
        let message = format!("the snapshot is one of {}, the server is {}", schema.engine, address.kind);
        return Err(EngineError::new(ErrorClass::Unsupported, message));
    }
    let statements = write(&schema).map_err(|error| {
        let written = EngineError::new(ErrorClass::Unsupported, error.to_string());
        error.hints().into_iter().fold(written, EngineError::hint)
    })?;
    let settings = settings(source.as_ref())?;
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    told_apart(&mut connection, &schema).await?;
    collations::known(&mut connection, &schema, &settings.charset, &settings.collation).await?;
    create(&mut connection, name, &settings).await?;
    let building = Building { address, name, schema: &schema, statements: &statements, orphans: &settings.orphans };
    let built = building.build(&mut connection, &source, advance).await;
    let failed = match built {
        Ok(()) => return connection.close().await,
        Err(error) => error,
    };
    drop(connection);
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    let _the_first_error_is_the_one_to_tell = admin::remove(&mut connection, name).await;
    Err(failed)
}

fn settings(source: &dyn Source) -> Result<Settings, EngineError> {
    let text = text(source, stream::DATABASE)?;
    let settings: Settings = serde_json::from_str(&text)
        .map_err(|_| broken("the stream of the database's settings is not what was written"))?;
    let plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain(&settings.charset) && plain(&settings.collation) {
        return Ok(settings);
    }
    Err(broken("the snapshot names a character set that cannot be one"))
}

fn text(source: &dyn Source, stream: &str) -> Result<String, EngineError> {
    use std::io::Read as _;
    let mut text = String::new();
    let read = source.open(stream).and_then(|stream| stream.take(1 << 20).read_to_string(&mut text));
    read.map(|_length| text).map_err(|error| infile::unread(stream, &error))
}

/// Refuses tables whose names differ in capitals alone where the server does not tell them apart (trap M32).
async fn told_apart(connection: &mut Connection, schema: &Schema) -> Result<(), EngineError> {
    let rows = connection.texts("SELECT @@lower_case_table_names").await?;
    let tells_apart = rows.into_iter().flatten().flatten().next().as_deref() == Some("0");
    let names = schema.tables.iter().map(|table| table.name.name.as_str());
    match colliding(names.chain(schema.views.iter().map(|view| view.name.name.as_str()))) {
        Some((one, other)) if !tells_apart => {
            let message = format!("the server takes `{one}` and `{other}` for the same table");
            Err(EngineError::new(ErrorClass::Unsupported, message)
                .hint("load into a server with `lower_case_table_names = 0`, or rename one of them before the dump"))
        }
        _ => Ok(()),
    }
}

/// Two names that differ in capitals alone.
fn colliding<'a>(names: impl Iterator<Item = &'a str>) -> Option<(&'a str, &'a str)> {
    let mut seen = std::collections::BTreeMap::new();
    names.filter_map(|name| seen.insert(name.to_lowercase(), name).map(|earlier| (earlier, name))).next()
}

async fn create(connection: &mut Connection, name: &str, settings: &Settings) -> Result<(), EngineError> {
    let comment = match connection.kind() {
        EngineKind::Mariadb if !settings.comment.is_empty() => format!(" COMMENT {}", literal(&settings.comment)),
        _ => String::new(),
    };
    let sql = format!(
        "CREATE DATABASE {} CHARACTER SET {} COLLATE {}{comment}",
        quoted(name),
        settings.charset,
        settings.collation
    );
    connection.own(&sql).await?;
    Ok(())
}

struct Building<'a> {
    address: &'a Arc<Address>,
    name: &'a str,
    schema: &'a Schema,
    statements: &'a [Statement],
    orphans: &'a [Orphans],
}

impl Building<'_> {
    async fn build(
        &self,
        connection: &mut Connection,
        source: &Arc<dyn Source>,
        advance: Advance,
    ) -> Result<(), EngineError> {
        connection.enter(self.name).await?;
        // Tables that refer to each other can only be made in an order that is none. Duplicates are looked for in any case.
        connection.own("SET SESSION foreign_key_checks = OFF, SESSION unique_checks = ON").await?;
        // A table may have options that the server took with a warning when it was made.
        let _needs_a_right = connection.own("SET SESSION innodb_strict_mode = OFF").await;
        self.run(connection, Phase::Before).await?;
        self.own_tables(connection, source.as_ref()).await?;
        let heads = self.rows(source, advance).await?;
        self.run(connection, Phase::After).await?;
        orphans::none_but(connection, self.name, self.orphans).await?;
        self.finish(source.as_ref(), &heads).await?;
        failpoint("bulk.load.synced").map_err(|error| EngineError::io("the load was stopped", &error))
    }

    async fn run(&self, connection: &mut Connection, phase: Phase) -> Result<(), EngineError> {
        for statement in self.statements.iter().filter(|statement| statement.phase == phase) {
            let sql = match statement.kind.as_str() {
                "event" => Cow::Owned(events::resting(&statement.sql, &statement.name.name)),
                _ => Cow::Borrowed(&statement.sql),
            };
            let made = connection.own(&sql).await;
            made.map_err(|error| error.context(format!("the {} `{}`", statement.kind, statement.name)))?;
        }
        Ok(())
    }

    /// Makes stead's own tables, which no schema lists, where the snapshot has rows of them.
    async fn own_tables(&self, connection: &mut Connection, source: &dyn Source) -> Result<(), EngineError> {
        let streams = source.streams();
        let there = |table: &str| streams.iter().any(|(name, _)| *name == stream::table_stream(table));
        if !stead_sql::ledger::own_tables().into_iter().any(there) {
            return Ok(());
        }
        let statements = stead_sql::ledger::create(self.address.kind).into_iter();
        for (statement, table) in statements.zip(stead_sql::ledger::own_tables()) {
            if there(table) {
                connection.own(statement).await?;
            }
        }
        Ok(())
    }

    /// Brings the rows of every stream, and refuses a snapshot that lacks one.
    async fn rows(&self, source: &Arc<dyn Source>, advance: Advance) -> Result<Vec<(String, Head)>, EngineError> {
        let streams = source.streams();
        let total = streams.iter().map(|(_, length)| *length).sum();
        let progress = Arc::new(Progress { done: AtomicU64::new(0), total, advance });
        let tables: Vec<String> = streams.iter().filter_map(|(name, _)| stream::owner(name, "table")).collect();
        if let Some(table) = self.schema.tables.iter().find(|table| !tables.contains(&table.name.name)) {
            return Err(broken(format!("the snapshot has no rows of `{}`", table.name)));
        }
        let mut connection = self.writer().await?;
        let mut heads = Vec::with_capacity(tables.len());
        for table in tables {
            let head = infile::fill(&mut connection, &table, source, &progress).await?;
            heads.push((table, head));
        }
        connection.close().await?;
        Ok(heads)
    }

    /// A connection that writes rows without looking at what they refer to.
    async fn writer(&self) -> Result<Connection, EngineError> {
        let mut connection = Connection::open(self.address, Some(self.name), Purpose::Own).await?;
        connection.own("SET SESSION foreign_key_checks = OFF, SESSION unique_checks = ON").await?;
        Ok(connection)
    }

    /// Puts counters and sequences where they stood.
    async fn finish(&self, source: &dyn Source, heads: &[(String, Head)]) -> Result<(), EngineError> {
        let mut connection = self.writer().await?;
        for (table, head) in heads {
            if let Some(counter) = head.counter.filter(|counter| *counter > 1) {
                connection.own(&format!("ALTER TABLE {} AUTO_INCREMENT = {counter}", quoted(table))).await?;
            }
        }
        for (stream, _) in source.streams() {
            if let Some(name) = stream::owner(&stream, "sequence") {
                let state: Sequence = serde_json::from_str(&text(source, &stream)?)
                    .map_err(|_| broken(format!("the stream of the sequence `{name}` is not what was written")))?;
                let (next, cycle) = (state.next.unwrap_or(1), state.cycle.unwrap_or(0));
                let sql = format!("SELECT SETVAL({}, {next}, 0, {cycle})", quoted(&name));
                connection.texts(&sql).await?;
            }
        }
        for sql in self.forgotten() {
            connection.own(&sql).await?;
        }
        connection.close().await
    }

    /// MariaDB forgets an option of InnoDB tables, which does nothing there and yet is printed, with every change that does not
    /// name it; the keys are such a change.
    fn forgotten(&self) -> impl Iterator<Item = String> {
        let tables = self.schema.tables.iter().filter(|_| self.address.kind == EngineKind::Mariadb);
        tables.filter_map(|table| {
            let sql = forgotten(&table.options)?;
            Some(format!("ALTER TABLE {} {sql}", quoted(&table.name.name)))
        })
    }
}

/// The option of a MariaDB table that a change of it has to name for it to stay.
pub(super) fn forgotten(options: &BTreeMap<String, String>) -> Option<String> {
    let innodb = options.get("engine").is_some_and(|engine| engine.eq_ignore_ascii_case("InnoDB"));
    let value = options.get("page_checksum").filter(|_| innodb)?;
    Some(format!("PAGE_CHECKSUM = {value}"))
}
