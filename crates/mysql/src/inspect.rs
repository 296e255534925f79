//! What a database looks like, in a number of queries that does not grow with it. Lists come from the catalog; the shape of a
//! thing is what the server itself prints for it (`SHOW CREATE …`), all things of a kind asked for in one query.
//!
//! Why not the views of `information_schema` alone: they lack facts that tables have (a full-text index's parser, an index's
//! block size, periods and `WITHOUT OVERLAPS`, a column's compression, directories of partitions, defaults that are no text),
//! MySQL's spell expressions in a way that does not read back, and on MariaDB each of them opens every table once more. What a
//! server prints is made from its own dictionary in one spelling, so reading it interprets nothing that people wrote, and a word
//! that is not known here is an error that names the object: nothing can be left out by not asking for it.
//!
//! `AUTO_INCREMENT=n` is left out: where a counter stands is content and comes with the rows. So are the character set of the
//! client that made a view or a routine (the text is UTF-8 here).

mod batch;
mod column;
mod exact;
pub(crate) mod home;
mod key;
mod printed;
pub(crate) mod program;
mod reader;
mod rights;
pub(crate) mod statement;
mod table;
mod view;

use stead_engine::{EngineError, ErrorClass};
use stead_schema::Schema;
use stead_sql::ledger::own_tables;

use crate::connect::{Connection, quoted};

#[cfg(test)]
mod tests;

/// How often a database that changes while it is read is read again.
const ATTEMPTS: usize = 3;

/// The schema of the database the connection is in, without stead's own tables.
///
/// # Errors
///
/// `refused`, naming the rights, if the server may hide something from the user; `unsupported`, naming the object, if the
/// catalog lists one that the schema cannot hold; `conflict` if the database goes on changing while it is read.
pub(crate) async fn inspect(connection: &mut Connection) -> Result<Schema, EngineError> {
    let settings = Settings::replace(connection).await?;
    let mut schema = read(connection, &settings).await;
    for _attempt in 1..ATTEMPTS {
        match &schema {
            Err(error) if vanished(error) => schema = read(connection, &settings).await,
            _ => break,
        }
    }
    let restored = settings.restore(connection).await;
    let schema = schema.map_err(|error| if vanished(&error) { changing(&error.message) } else { error })?;
    restored.map(|()| schema)
}

async fn read(connection: &mut Connection, settings: &Settings) -> Result<Schema, EngineError> {
    let (kind, database, collation) = (connection.kind(), settings.database.as_str(), settings.collation.as_str());
    let relations = Relations::list(connection).await?;
    rights::sees_all(connection, database, &relations.tables).await?;
    let mut schema = Schema::empty(kind);
    schema.tables = table::tables(connection, database, &relations.tables).await?;
    schema.triggers = program::triggers(connection, collation).await?;
    schema.objects = program::sequences(connection, &relations.sequences).await?;
    schema.objects.extend(program::routines(connection, collation).await?);
    schema.objects.extend(program::events(connection, collation).await?);
    schema.views = view::views(connection, database, &relations.views).await?;
    schema.dependencies = view::dependencies(&schema);
    schema.sort();
    inventory(&relations, &schema)?;
    Ok(schema)
}

/// What stands in the database beside programs, by name.
struct Relations {
    tables: Vec<String>,
    views: Vec<String>,
    sequences: Vec<String>,
}

impl Relations {
    async fn list(connection: &mut Connection) -> Result<Self, EngineError> {
        let mut relations = Self { tables: Vec::new(), views: Vec::new(), sequences: Vec::new() };
        for row in connection.texts("SHOW FULL TABLES").await? {
            let [Some(name), Some(kind)] = &row[..] else { continue };
            match kind.as_str() {
                "BASE TABLE" | "SYSTEM VERSIONED" if own_tables().contains(&name.as_str()) => {}
                "BASE TABLE" | "SYSTEM VERSIONED" => relations.tables.push(name.clone()),
                "VIEW" => relations.views.push(name.clone()),
                "SEQUENCE" => relations.sequences.push(name.clone()),
                other => return Err(unsupported("table", name, &format!("the server calls it a `{other}`"))),
            }
        }
        Ok(relations)
    }
}

/// Holds the schema against the catalog's list: what is listed must be in it.
fn inventory(relations: &Relations, schema: &Schema) -> Result<(), EngineError> {
    let sequences = schema.objects.iter().filter(|object| object.kind == "sequence").count();
    let counts = [
        ("table", &relations.tables, schema.tables.len()),
        ("view", &relations.views, schema.views.len()),
        ("sequence", &relations.sequences, sequences),
    ];
    match counts.into_iter().find(|(_, listed, held)| listed.len() != *held) {
        None => Ok(()),
        Some((kind, listed, held)) => {
            let message = format!("of {} {kind}s in the catalog {held} were read", listed.len());
            Err(EngineError::new(ErrorClass::Bug, message))
        }
    }
}

/// The session's settings that change what a server prints, kept while ours hold.
struct Settings {
    database: String,
    /// The database's own, whatever the session has in its variable.
    collation: String,
    values: Vec<(&'static str, Option<String>)>,
}

impl Settings {
    async fn replace(connection: &mut Connection) -> Result<Self, EngineError> {
        let wanted = wanted();
        let asked: Vec<String> = wanted.iter().map(|(name, _)| format!("@@SESSION.{name}")).collect();
        let collation =
            "(SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE())";
        let mut rows = connection.texts(&format!("SELECT DATABASE(), {collation}, {}", asked.join(", "))).await?;
        let mut found = rows.pop().unwrap_or_default().into_iter();
        let database = found.next().flatten().ok_or_else(|| {
            EngineError::new(ErrorClass::Refused, "the session is in no database")
                .hint("name a database in the URL, or `USE` one")
        })?;
        let collation = found.next().flatten().unwrap_or_default();
        let values = wanted.iter().map(|(name, _)| *name).zip(found).collect();
        let set: Vec<String> = wanted.iter().map(|(name, value)| format!("SESSION {name} = {value}")).collect();
        connection.own(&format!("SET {}", set.join(", "))).await?;
        Ok(Self { database, collation, values })
    }

    async fn restore(&self, connection: &mut Connection) -> Result<(), EngineError> {
        let value = |value: &Option<String>| match value {
            None => "NULL".to_owned(),
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() => number.clone(),
            Some(text) => format!("'{}'", text.replace('\'', "''")),
        };
        let set: Vec<String> =
            self.values.iter().map(|(name, found)| format!("SESSION {name} = {}", value(found))).collect();
        connection.own(&format!("SET {}", set.join(", "))).await.map(|_outcome| ())
    }
}

/// Names quoted with backticks, times in UTC, and text as the dictionary has it: a server that converts what it prints puts `?`
/// for what does not fit.
fn wanted() -> Vec<(&'static str, &'static str)> {
    vec![
        ("sql_mode", "''"),
        ("time_zone", "'+00:00'"),
        ("sql_quote_show_create", "1"),
        ("character_set_results", "'utf8mb4'"),
    ]
}

/// True if something that was listed is not there any more.
fn vanished(error: &EngineError) -> bool {
    matches!(crate::error::number(error), Some(1146 | 1305 | 1360 | 1539 | 4091))
}

/// The error for a database whose schema is not still.
pub(crate) fn changing(what: &str) -> EngineError {
    EngineError::new(ErrorClass::Conflict, format!("the database changed while it was read: {what}"))
        .hint("something changes the schema at this moment: run the command again when that is done")
}

/// An object that the schema cannot hold.
fn unsupported(kind: &str, name: &str, reason: &str) -> EngineError {
    let message = format!("the {kind} `{name}` cannot be represented: {reason}");
    EngineError::new(ErrorClass::Unsupported, message).hint(NOT_DROPPED)
}

const NOT_DROPPED: &str = "nothing is dropped silently; change or remove the object";

/// `SHOW CREATE TABLE` and its kin for one object.
fn show(what: &str, name: &str) -> String {
    format!("SHOW CREATE {what} {}", quoted(name))
}
