//! Tables, from what `SHOW CREATE TABLE` prints. A word that is not known here refuses the table by name.

use stead_engine::EngineError;
use stead_schema::model::{Name, Table, TableKind};
use stead_sql::TokenKind;

use super::batch::batch;
use super::column::{Context, column, comment, engine_option};
use super::reader::Reader;
use super::{exact, key, printed, show, unsupported};
use crate::connect::Connection;

/// The tables of these names.
pub(super) async fn tables(
    connection: &mut Connection,
    database: &str,
    names: &[String],
) -> Result<Vec<Table>, EngineError> {
    let engine = connection.kind();
    let context = Context { engine, database };
    // The dictionary's own bytes: where they are converted, MySQL prints `?` for what it keeps of a generated column's text.
    connection.own("SET SESSION character_set_results = NULL").await?;
    let shown = batch(connection, &names.iter().map(|name| show("TABLE", name)).collect::<Vec<_>>()).await?;
    connection.own("SET SESSION character_set_results = 'utf8mb4'").await?;
    let mut tables = Vec::with_capacity(names.len());
    for (name, rows) in names.iter().zip(shown) {
        let bytes = rows.first().and_then(|row| row.get(1)?.as_ref());
        let bytes = bytes.ok_or_else(|| unsupported("table", name, "the server prints nothing for it"))?;
        tables.push(table(name, &printed::text(bytes), &context)?);
    }
    exact::literals(connection, database, &mut tables).await?;
    exact::systems(connection, &mut tables).await?;
    Ok(tables)
}

/// Reads one table.
pub(super) fn table(name: &str, source: &str, context: &Context<'_>) -> Result<Table, EngineError> {
    let mut reader = Reader::new(source, context.engine, "table", name);
    if !reader.words("CREATE TABLE") {
        return Err(reader.refuse("a temporary table of this session hides it, or the server calls it something else"));
    }
    let mut table = Table { name: Name::flat(reader.name()?), ..Table::default() };
    reader.expect("(")?;
    loop {
        if reader.peek().is_some_and(|token| token.kind == TokenKind::QuotedIdentifier) {
            let (column, check) = column(&mut reader, context)?;
            table.columns.push(column);
            table.checks.extend(check);
        } else {
            key::part(&mut reader, &mut table, context.engine)?;
        }
        if !reader.symbol(",") {
            break;
        }
    }
    reader.expect(")")?;
    options(&mut reader, &mut table)?;
    implied_collations(&mut table);
    held(source, &reader, &table)?;
    Ok(table)
}

/// Options come in any order, the partitions last.
fn options(reader: &mut Reader<'_>, table: &mut Table) -> Result<(), EngineError> {
    while !reader.is_done() {
        if reader.peek().is_some_and(|token| token.is_word("PARTITION")) {
            table.kind = TableKind::Partitioned(reader.rest());
            return Ok(());
        }
        if reader.words("COMMENT") {
            table.comment = Some(comment(reader)?);
        } else if reader.words("WITH SYSTEM VERSIONING") {
            table.options.insert("system versioning".to_owned(), "with".to_owned());
        } else if let Some(name) = named(reader) {
            reader.symbol("=");
            let value = value(reader)?;
            // Where the counter stands is content. A table that is not encrypted says so where others of its database would be.
            if name != "auto_increment" && !(name == "encryption" && value.eq_ignore_ascii_case("'N'")) {
                table.options.insert(name, value);
            }
        } else {
            let (name, value) = engine_option(reader)?;
            table.options.insert(name, value);
        }
    }
    Ok(())
}

/// Options that a server has, by the words it prints.
const OPTIONS: [&str; 31] = [
    "ENGINE",
    "AUTO_INCREMENT",
    "DEFAULT CHARSET",
    "CHARSET",
    "COLLATE",
    "MIN_ROWS",
    "MAX_ROWS",
    "AVG_ROW_LENGTH",
    "PACK_KEYS",
    "STATS_PERSISTENT",
    "STATS_AUTO_RECALC",
    "STATS_SAMPLE_PAGES",
    "CHECKSUM",
    "PAGE_CHECKSUM",
    "DELAY_KEY_WRITE",
    "ROW_FORMAT",
    "KEY_BLOCK_SIZE",
    "TRANSACTIONAL",
    "COMPRESSION",
    "ENCRYPTION",
    "AUTOEXTEND_SIZE",
    "TABLESPACE",
    "DATA DIRECTORY",
    "INDEX DIRECTORY",
    "INSERT_METHOD",
    "UNION",
    "CONNECTION",
    "STORAGE",
    "ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE",
];

/// The option that stands here, by the model's word.
fn named(reader: &mut Reader<'_>) -> Option<String> {
    let found = OPTIONS.into_iter().find(|option| reader.words(option))?;
    Some(match found {
        "DEFAULT CHARSET" | "CHARSET" => "charset".to_owned(),
        "COLLATE" => "collation".to_owned(),
        other => other.to_ascii_lowercase(),
    })
}

fn value(reader: &mut Reader<'_>) -> Result<String, EngineError> {
    match reader.peek() {
        Some(token) if token.is_symbol("(") => reader.parenthesis().map(|list| format!("({list})")),
        _ => reader.text(),
    }
}

/// A collation that is printed alone and is the table's own says nothing about the column.
fn implied_collations(table: &mut Table) {
    let own = table.options.get("collation");
    for column in &mut table.columns {
        if !column.options.contains_key("charset") && column.collation.as_ref() == own {
            column.collation = None;
        }
    }
}

/// Bytes that are no text are the defaults of binary columns, which were read as such; anywhere else they cannot be written.
fn held(source: &str, reader: &Reader<'_>, table: &Table) -> Result<(), EngineError> {
    if printed::bare_bytes(source) == 0 {
        return Ok(());
    }
    let left = serde_json::to_string(table).expect("a table holds only strings, lists and maps");
    if printed::bare_bytes(&left) > 0 {
        return Err(reader.refuse("a part of it is no text"));
    }
    Ok(())
}

/// True for a character set whose texts may hold characters that servers print as `?`.
pub(super) fn is_wide(table: &Table, column: &stead_schema::model::Column) -> bool {
    let charset = column.options.get("charset").or_else(|| table.options.get("charset"));
    charset.is_none_or(|charset| {
        charset.starts_with("utf8mb4")
            || charset.starts_with("utf16")
            || charset.starts_with("utf32")
            || charset == "gb18030"
    })
}
