//! Databases as a whole: whether there is one, making, removing and measuring it, counting and checking what it holds.
//! Throwaway databases are here too, with the rule by which a later run knows that nobody uses one any more.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use stead_engine::{EngineError, ErrorClass, Place};
use stead_schema::EngineKind;

use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};
use crate::error::number;

/// Tables that one statement counts or checks.
const TABLES: usize = 100;
/// What the names of throwaway databases begin with.
const SCRATCH: &str = "stead_scratch_";

/// A text as a literal.
pub(crate) fn literal(text: &str) -> String {
    // Our own connections have no `sql_mode` that changes how backslashes are read.
    stead_sql::quote::string(text, EngineKind::Mysql).expect("MySQL's literals hold every character")
}

/// The condition that a column of the catalog names a database. MariaDB compares such names without their capitals where servers tell
/// databases by them.
pub(crate) fn same_database(column: &str, name: &str) -> String {
    format!(
        "{column} = {name} AND (@@lower_case_table_names <> 0 OR CAST({column} AS BINARY) = CAST({name} AS BINARY))"
    )
}

/// A name that nobody else has drawn.
pub(crate) fn random() -> String {
    let draw = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:016x}", draw() ^ u64::from(std::process::id()).rotate_left(32))
}

/// True if the database is there, false if it surely is not. The catalog shows only what the user has a right to.
pub(crate) async fn exists(connection: &mut Connection, name: &str) -> Result<bool, EngineError> {
    let listed = connection
        .texts(&format!("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}", literal(name)))
        .await?;
    if !listed.is_empty() {
        return Ok(true);
    }
    match connection.own(&format!("USE {}", quoted(name))).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(number(&error), Some(1049 | 1102)) => Ok(false),
        // The server does not say whether there is one to whoever has no right on it.
        Err(mut error) if number(&error) == Some(1044) => {
            error.hints.clear();
            Err(error.hint(format!(
                "`GRANT ALL ON {}.* TO …` gives the rights on it, whether it exists or not",
                quoted(name)
            )))
        }
        Err(error) => Err(error),
    }
}

/// Makes an empty database of four-byte UTF-8, with the server's own collation if that is one of these.
pub(crate) async fn create(connection: &mut Connection, name: &str) -> Result<(), EngineError> {
    let rows = connection.texts("SELECT @@GLOBAL.collation_server").await?;
    let collation = rows.into_iter().flatten().flatten().next().unwrap_or_default();
    let collation = if collation.starts_with("utf8mb4_") { format!(" COLLATE {collation}") } else { String::new() };
    let sql = format!("CREATE DATABASE {} CHARACTER SET utf8mb4{collation}", quoted(name));
    connection.own(&sql).await.map(|_outcome| ())
}

/// Removes a database; absent is fine.
pub(crate) async fn remove(connection: &mut Connection, name: &str) -> Result<(), EngineError> {
    let removed = connection.own(&format!("DROP DATABASE IF EXISTS {}", quoted(name))).await;
    removed.map(|_outcome| ()).map_err(|error| error.context(format!("`{name}` cannot be removed")))
}

/// Bytes of rows and indexes, as the storage engines estimate them; 0 if there is no such database.
pub(crate) async fn size(connection: &mut Connection, name: &str) -> Result<u64, EngineError> {
    let rows = connection
        .texts(&format!(
            "SELECT SUM(COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0)) FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = {}",
            literal(name)
        ))
        .await?;
    Ok(rows.into_iter().flatten().flatten().next().and_then(|sum| sum.parse().ok()).unwrap_or(0))
}

/// Makes a throwaway database that goes with its connection. The connection holds a named lock that dies with it, so a
/// database whose lock is free belongs to nobody any more.
pub(crate) async fn scratch(address: &Arc<Address>) -> Result<Connection, EngineError> {
    let mut connection = Connection::open(address, None, Purpose::People).await?;
    let abandoned = connection
        .texts(&format!(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA \
             WHERE CAST(SCHEMA_NAME AS BINARY) LIKE '{}%' AND IS_FREE_LOCK(SCHEMA_NAME)",
            SCRATCH.replace('_', "\\_")
        ))
        .await?;
    for name in abandoned.into_iter().flatten().flatten() {
        // Somebody else may be removing it at this moment, or hold it by a right that we lack.
        let _theirs = remove(&mut connection, &name).await;
    }
    let name = format!("{SCRATCH}{}", random());
    connection.own(&format!("DO GET_LOCK({}, 0)", literal(&name))).await?;
    create(&mut connection, &name).await.map_err(|error| match error.class {
        ErrorClass::Refused => error.hint("a user who tries SQL out needs the right to create and drop databases"),
        _ => error,
    })?;
    connection.scratch(name.clone());
    connection.enter(&name).await?;
    Ok(connection)
}

/// The tables of the connection's database that hold rows of their own, sorted.
pub(crate) async fn tables(connection: &mut Connection) -> Result<Vec<String>, EngineError> {
    let rows = connection
        .texts(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
        )
        .await?;
    let mut names: Vec<String> = rows.into_iter().flatten().flatten().collect();
    names.sort();
    Ok(names)
}

/// Storage engines whose tables show what is kept somewhere else, often on another server. Those rows are no part of the database.
pub(crate) const ELSEWHERE: [&str; 6] = ["CONNECT", "FEDERATED", "OQGRAPH", "SPHINX", "SPIDER", "VP"];

/// Rows in each table; none where they are kept somewhere else.
pub(crate) async fn count_rows(connection: &mut Connection) -> Result<Vec<(String, u64)>, EngineError> {
    let names = tables(connection).await?;
    let engines: Vec<String> = ELSEWHERE.map(literal).to_vec();
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND ENGINE IN ({})",
        engines.join(", ")
    );
    let elsewhere: Vec<String> = connection.texts(&sql).await?.into_iter().flatten().flatten().collect();
    let mut counts = Vec::with_capacity(names.len());
    for some in names.chunks(TABLES) {
        let count = |name: &String| match elsewhere.contains(name) {
            true => "0".to_owned(),
            false => format!("(SELECT COUNT(*) FROM {})", quoted(name)),
        };
        let columns: Vec<String> = some.iter().map(count).collect();
        let rows = connection.texts(&format!("SELECT {}", columns.join(", "))).await?;
        let values = rows.into_iter().flatten().map(|count| count.and_then(|count| count.parse().ok()).unwrap_or(0));
        counts.extend(some.iter().cloned().zip(values));
    }
    Ok(counts)
}

/// The server's `CHECK TABLE` on every table.
pub(crate) async fn verify(connection: &mut Connection) -> Result<(), EngineError> {
    let names = tables(connection).await?;
    for some in names.chunks(TABLES) {
        let list: Vec<String> = some.iter().map(|name| quoted(name)).collect();
        let rows = connection.texts(&format!("CHECK TABLE {} QUICK", list.join(", "))).await?;
        let mut findings = rows.into_iter().filter_map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let (table, _check, kind, text) = (row.next()?, row.next()?, row.next()?, row.next()?);
            matches!(kind.to_ascii_lowercase().as_str(), "error" | "warning").then_some((table, text))
        });
        if let Some((table, text)) = findings.next() {
            return Err(EngineError::new(ErrorClass::Refused, format!("`{table}` is damaged: {text}")).hint(format!(
                "`CHECK TABLE` has {} more findings; load a snapshot, or repair the table",
                findings.count()
            )));
        }
    }
    Ok(())
}

/// What the last statement was warned of, without mere notes.
pub(crate) async fn warnings(connection: &mut Connection) -> Result<Vec<String>, EngineError> {
    let rows = connection.texts("SHOW WARNINGS").await?;
    let texts = rows.into_iter().filter(|row| row.first().is_none_or(|level| level.as_deref() != Some("Note")));
    Ok(texts.filter_map(|row| row.into_iter().nth(2).flatten()).map(|text| crate::error::one_line(&text)).collect())
}

/// What the last statement was warned of, notes included.
pub(crate) async fn notices(connection: &mut Connection) -> Result<Vec<String>, EngineError> {
    let rows = connection.texts("SHOW WARNINGS LIMIT 20").await?;
    let line = |row: Vec<Option<String>>| {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let (level, _number, text) = (row.next()?, row.next()?, row.next()?);
        Some(format!("{}: {}", level.to_lowercase(), crate::error::one_line(&text)))
    };
    Ok(rows.into_iter().filter_map(line).collect())
}

/// The place's name, refused where no database can have it.
pub(crate) fn name(place: &Place) -> Result<&str, EngineError> {
    let refused = |why: &str| {
        Err(EngineError::new(ErrorClass::Refused, format!("`{place}` cannot be the name of a database: {why}")))
    };
    match place.0.as_str() {
        "" => refused("it is empty"),
        name if name.chars().count() > 64 => refused("it has more than 64 characters"),
        name if name.contains('\0') => refused("it holds a NUL character"),
        name if name.ends_with(' ') => refused("it ends with a blank"),
        name if SYSTEM.contains(&name.to_ascii_lowercase().as_str()) => refused("it belongs to the server"),
        name => Ok(name),
    }
}

/// Databases that are the server's own.
const SYSTEM: [&str; 4] = ["mysql", "information_schema", "performance_schema", "sys"];
