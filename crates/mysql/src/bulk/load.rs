//! A database built from a snapshot: what rows need first, then the rows, then everything else. Whatever fails on the way,
//! the half-built database is removed; a process that is killed leaves it under a name that `leftovers` finds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::Deserialize;
use stead_engine::snapshot::{Advance, Source};
use stead_engine::{EngineError, ErrorClass, failpoint};
use stead_schema::model::{Table, TableKind};
use stead_schema::{EngineKind, Schema};
use stead_sql::write::{Phase, Statement, write};

use super::allowed::Needs;
use super::histograms::Histogram;
use super::infile::{self, Progress};
use super::orphans::Orphans;
use super::plan::is_elsewhere;
use super::stream::{self, Head};
use super::{broken, collations, files, histograms, orphans, past};
use crate::admin::{self, literal};
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};
use crate::error::number;
use crate::events;
use crate::rights::Rights;

#[cfg(test)]
mod tests;

/// `ER_DUP_ENTRY`.
const DUPLICATE: u16 = 1062;
/// `EE_CANTCREATEFILE`: MariaDB's for a file that is there.
const CANNOT_CREATE: u16 = 1;

/// What the stream of the database as a whole says.
#[derive(Debug, Deserialize)]
struct Settings {
    charset: String,
    collation: String,
    comment: String,
    /// Tables that people make in it are encrypted. Those of the snapshot say what they are.
    #[serde(default)]
    encrypted: bool,
    /// Rows that referred to nothing when the dump was taken.
    #[serde(default)]
    orphans: Vec<Orphans>,
    /// Columns whose values the server had counted.
    #[serde(default)]
    histograms: Vec<Histogram>,
}

/// Where a sequence stood.
#[derive(Debug, Deserialize)]
struct Sequence {
    next: Option<i128>,
    cycle: Option<i128>,
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
    files::placeable(&schema)?;
    let settings = settings(source.as_ref())?;
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    told_apart(&mut connection, &schema).await?;
    if let Some(rights) = Rights::read(&mut connection).await? {
        Needs::of_schema(&mut connection, &schema).await?.met(&mut connection, &rights).await?;
    }
    collations::known(&mut connection, &schema, &settings.charset, &settings.collation).await?;
    create(&mut connection, name, &settings).await?;
    let building = Building { address, name, schema: &schema, statements: &statements, settings: &settings };
    let mut built = building.build(&mut connection, &source, advance).await;
    if built.is_ok() && settings.encrypted {
        let sql = format!("ALTER DATABASE {} DEFAULT ENCRYPTION 'Y'", quoted(name));
        built = connection.own(&sql).await.map(|_outcome| ());
    }
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
    settings: &'a Settings,
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
        connection.own(self.unchecked()).await?;
        self.run(connection, Phase::Before).await?;
        self.own_tables(connection, source.as_ref()).await?;
        let heads = self.rows(source, advance).await?;
        self.run(connection, Phase::After).await?;
        orphans::none_but(connection, self.name, &self.settings.orphans).await?;
        self.finish(source.as_ref(), &heads).await?;
        histograms::make(connection, &self.settings.histograms).await?;
        failpoint("bulk.load.synced").map_err(|error| EngineError::io("the load was stopped", &error))
    }

    async fn run(&self, connection: &mut Connection, phase: Phase) -> Result<(), EngineError> {
        let statements: Vec<&Statement> = self.statements.iter().filter(|statement| statement.phase == phase).collect();
        let last_view = statements.iter().rposition(|statement| statement.kind == "view");
        let mut waiting = Vec::new();
        for (place, statement) in statements.iter().enumerate() {
            match make(connection, statement).await {
                Err(error) if statement.kind == "view" && error.class != ErrorClass::Interrupted => waiting.push(place),
                other => other?,
            }
            if last_view == Some(place) && !waiting.is_empty() {
                again(connection, &statements[..=place], std::mem::take(&mut waiting)).await?;
            }
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
            let stated = self.schema.tables.iter().find(|stated| stated.name.name == table);
            let filling = infile::Filling {
                database: self.name,
                table: &table,
                computes: stated.is_some_and(computes),
                is_elsewhere: stated
                    .is_some_and(|table| table.options.get("engine").is_some_and(|engine| is_elsewhere(engine))),
                counted: stated.filter(|_| self.address.kind == EngineKind::Mariadb).and_then(counted),
            };
            let head = infile::fill(&mut connection, &filling, source, &progress).await?;
            heads.push((table, head));
        }
        connection.close().await?;
        Ok(heads)
    }

    /// A connection that writes rows without looking at what they refer to.
    async fn writer(&self) -> Result<Connection, EngineError> {
        let mut connection = Connection::open(self.address, Some(self.name), Purpose::Own).await?;
        connection.own("SET SESSION foreign_key_checks = OFF, SESSION unique_checks = ON").await?;
        connection.own(self.unchecked()).await?;
        Ok(connection)
    }

    /// Lets rows in that break a check: MariaDB's may look at the clock, and can be switched off by whoever writes.
    fn unchecked(&self) -> &'static str {
        match self.address.kind {
            EngineKind::Mariadb => "SET SESSION check_constraint_checks = OFF",
            _ => "DO 0",
        }
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
                stand(&mut connection, &name, &state).await?;
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

/// Puts a sequence where it stood. One that was set back behind its first value has passed that place to the server's mind.
async fn stand(connection: &mut Connection, name: &str, state: &Sequence) -> Result<(), EngineError> {
    let (next, cycle) = (state.next.unwrap_or(1), state.cycle.unwrap_or(0));
    let set = format!("SELECT SETVAL({}, {next}, 0, {cycle})", quoted(name));
    if connection.texts(&set).await?.into_iter().flatten().flatten().next().is_none() {
        connection.own(&format!("ALTER SEQUENCE {} RESTART WITH {next}", quoted(name))).await?;
        if cycle > 0 {
            connection.texts(&set).await?;
        }
    }
    Ok(())
}

async fn make(connection: &mut Connection, statement: &Statement) -> Result<(), EngineError> {
    let name = &statement.name.name;
    let made = match statement.kind.as_str() {
        "event" => {
            let mode = connection.texts("SELECT @@SESSION.sql_mode").await?.into_iter().flatten().flatten().next();
            let resting = events::resting(&statement.sql, name, &mode.unwrap_or_default());
            past::make(connection, name, &resting).await
        }
        "index" => index(connection, &statement.sql).await,
        "table" => table(connection, &statement.sql).await,
        _ => connection.own(&statement.sql).await.map(|_outcome| ()),
    };
    made.map_err(|error| error.context(format!("the {} `{}`", statement.kind, statement.name)))
}

/// Makes a table. The files of one with a directory of its own have no name of a database with them.
async fn table(connection: &mut Connection, sql: &str) -> Result<(), EngineError> {
    match connection.own(sql).await {
        Err(mut error) if number(&error) == Some(CANNOT_CREATE) => {
            error.class = ErrorClass::Unsupported;
            Err(error.hint(
                "its files lie in a directory that the table names, where two tables of one name cannot stand side by side: \
                 take `DATA DIRECTORY` and `INDEX DIRECTORY` from the table, or give it the engine InnoDB, and dump again",
            ))
        }
        other => other.map(|_outcome| ()),
    }
}

/// Adds keys. One may be of an expression that a strict server does not work out for rows that were written to a lax one.
async fn index(connection: &mut Connection, sql: &str) -> Result<(), EngineError> {
    match connection.own(sql).await {
        Err(error) if error.class == ErrorClass::Constraint && number(&error) != Some(DUPLICATE) => {
            connection.own("SET @stead_mode = @@SESSION.sql_mode").await?;
            connection.own(infile::LAX).await?;
            let made = connection.own(sql).await;
            connection.own("SET SESSION sql_mode = @stead_mode").await?;
            made.map(|_outcome| ())
        }
        other => other.map(|_outcome| ()),
    }
}

/// Makes views that could not be made at their place: a function that they call may look at views that come later.
async fn again(
    connection: &mut Connection,
    statements: &[&Statement],
    mut waiting: Vec<usize>,
) -> Result<(), EngineError> {
    while !waiting.is_empty() {
        let (mut later, mut told) = (Vec::new(), None);
        for place in &waiting {
            set(connection, &statements[..*place]).await?;
            if let Err(error) = make(connection, statements[*place]).await {
                later.push(*place);
                told.get_or_insert(error);
            }
        }
        match told {
            Some(error) if later.len() == waiting.len() => return Err(error),
            _ => waiting = later,
        }
    }
    set(connection, statements).await
}

/// Sets the session as the settings among the statements leave it; those that keep what was found are not repeated.
async fn set(connection: &mut Connection, statements: &[&Statement]) -> Result<(), EngineError> {
    let settings = statements.iter().filter(|statement| statement.kind == "setting");
    for setting in settings.filter(|setting| !setting.sql.starts_with("SET @")) {
        connection.own(&setting.sql).await?;
    }
    Ok(())
}

/// True for a table in which the server works something out for each row.
fn computes(table: &Table) -> bool {
    let parts = || table.indexes.iter().flat_map(|index| &index.parts);
    table.columns.iter().any(|column| column.generated.is_some())
        || !table.checks.is_empty()
        || table.kind != TableKind::Ordinary
        || parts().any(|part| part.computed)
}

/// The column of a table whose values the server makes up where none is given. MariaDB forgets that one was given when it works out
/// other columns of the row, so that its 0 would become the next number.
fn counted(table: &Table) -> Option<&str> {
    table.columns.iter().find(|column| column.identity.is_some()).map(|column| column.name.as_str())
}

/// The option of a MariaDB table that a change of it has to name for it to stay.
pub(super) fn forgotten(options: &BTreeMap<String, String>) -> Option<String> {
    let innodb = options.get("engine").is_some_and(|engine| engine.eq_ignore_ascii_case("InnoDB"));
    let value = options.get("page_checksum").filter(|_| innodb)?;
    Some(format!("PAGE_CHECKSUM = {value}"))
}
