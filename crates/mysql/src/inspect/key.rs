//! Keys, foreign keys, checks and periods, as `SHOW CREATE TABLE` prints them.
//! They are read word by word; a word that is not known here makes the table one that is refused by name.

use std::collections::BTreeMap;

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_schema::model::{Check, ForeignKey, Index, IndexPart, Key, Name, Table};
use stead_sql::TokenKind;

use super::column::{comment, engine_option};
use super::reader::Reader;

type Options = BTreeMap<String, String>;

/// Reads a part of a table that is no column.
pub(super) fn part(reader: &mut Reader<'_>, table: &mut Table, engine: EngineKind) -> Result<(), EngineError> {
    if reader.words("PRIMARY KEY") {
        table.primary_key = Some(primary(reader)?);
    } else if reader.words("UNIQUE KEY") {
        table.indexes.push(index(reader, true, "")?);
    } else if reader.words("FULLTEXT KEY") {
        table.indexes.push(index(reader, false, "fulltext")?);
    } else if reader.words("SPATIAL KEY") {
        table.indexes.push(index(reader, false, "spatial")?);
    } else if reader.words("KEY") {
        table.indexes.push(index(reader, false, "")?);
    } else if reader.words("PERIOD FOR") {
        let period = reader.name()?;
        let columns = reader.parenthesis()?;
        table.options.insert(format!("period {period}"), columns);
    } else {
        constraint(reader, table, engine)?;
    }
    Ok(())
}

fn primary(reader: &mut Reader<'_>) -> Result<Key, EngineError> {
    let parts = parts(reader)?;
    let (method, mut options) = properties(reader)?;
    if !method.is_empty() {
        options.insert("method".to_owned(), method);
    }
    let plain = |part: &IndexPart| !part.descending && !part.computed && part.options.is_empty();
    let columns = parts.iter().map(|part| part.expression.clone()).collect();
    let lists = [("descending", "descending"), ("prefix", "prefix"), ("without overlaps", "without overlaps")];
    for (word, option) in lists.into_iter().filter(|_| !parts.iter().all(plain)) {
        let said: Vec<String> =
            parts.iter().enumerate().filter_map(|(place, part)| of_part(word, place, part)).collect();
        if !said.is_empty() {
            options.insert(option.to_owned(), said.join(", "));
        }
    }
    Ok(Key { name: None, columns, options })
}

/// What a part of a primary key says beyond its column: the part's place, from 1, and a value where it has one.
fn of_part(word: &str, place: usize, part: &IndexPart) -> Option<String> {
    let place = place + 1;
    match word {
        "descending" => part.descending.then(|| place.to_string()),
        _ => part
            .options
            .get(word)
            .map(|value| if value == "true" { place.to_string() } else { format!("{place} {value}") }),
    }
}

fn index(reader: &mut Reader<'_>, unique: bool, method: &str) -> Result<Index, EngineError> {
    let name = reader.name()?;
    let parts = parts(reader)?;
    let (said, options) = properties(reader)?;
    let method = if method.is_empty() { said } else { method.to_owned() };
    Ok(Index { name, unique, method, parts, options, ..Index::default() })
}

fn parts(reader: &mut Reader<'_>) -> Result<Vec<IndexPart>, EngineError> {
    reader.expect("(")?;
    let mut parts = Vec::new();
    loop {
        parts.push(index_part(reader)?);
        if !reader.symbol(",") {
            break;
        }
    }
    reader.expect(")")?;
    Ok(parts)
}

fn index_part(reader: &mut Reader<'_>) -> Result<IndexPart, EngineError> {
    let computed = reader.peek().is_some_and(|token| token.is_symbol("("));
    let expression = if computed { reader.parenthesis()? } else { reader.name()? };
    let mut part = IndexPart { expression, computed, ..IndexPart::default() };
    if !computed && reader.peek().is_some_and(|token| token.is_symbol("(")) {
        part.options.insert("prefix".to_owned(), reader.parenthesis()?);
    }
    if reader.words("WITHOUT OVERLAPS") {
        part.options.insert("without overlaps".to_owned(), "true".to_owned());
    }
    part.descending = reader.words("DESC");
    if !part.descending {
        reader.words("ASC");
    }
    Ok(part)
}

/// The method that is named, and what else stands behind a key's columns.
fn properties(reader: &mut Reader<'_>) -> Result<(String, Options), EngineError> {
    let mut method = String::new();
    let mut options = Options::new();
    while reader.peek().is_some_and(|token| !token.is_symbol(",") && !token.is_symbol(")")) {
        if reader.words("USING") {
            method = reader.text()?.to_ascii_lowercase();
            continue;
        }
        let (name, value) = property(reader)?;
        options.insert(name, value);
    }
    Ok((method, options))
}

fn property(reader: &mut Reader<'_>) -> Result<(String, String), EngineError> {
    let pair = |name: &str, value: String| Ok((name.to_owned(), value));
    if reader.words("COMMENT") {
        return pair("comment", comment(reader)?);
    }
    if reader.words("WITH PARSER") {
        return pair("parser", reader.name()?);
    }
    if reader.words("INVISIBLE") {
        return pair("invisible", "true".to_owned());
    }
    if reader.words("IGNORED") {
        return pair("ignored", "true".to_owned());
    }
    for word in ["KEY_BLOCK_SIZE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"] {
        if reader.words(word) {
            reader.symbol("=");
            return pair(&word.to_ascii_lowercase(), reader.text()?);
        }
    }
    engine_option(reader)
}

fn constraint(reader: &mut Reader<'_>, table: &mut Table, engine: EngineKind) -> Result<(), EngineError> {
    let name = if reader.words("CONSTRAINT") { Some(reader.name()?) } else { None };
    if reader.words("FOREIGN KEY") {
        table.foreign_keys.push(foreign_key(reader, name, engine)?);
    } else if reader.words("CHECK") {
        let mut check = Check { name, expression: reader.parenthesis()?, ..Check::default() };
        if reader.words("NOT ENFORCED") {
            check.options.insert("not enforced".to_owned(), "true".to_owned());
        }
        table.checks.push(check);
    } else {
        return Err(reader.unknown());
    }
    Ok(())
}

fn foreign_key(reader: &mut Reader<'_>, name: Option<String>, engine: EngineKind) -> Result<ForeignKey, EngineError> {
    if reader.peek().is_some_and(|token| token.kind == TokenKind::QuotedIdentifier) {
        reader.name()?;
    }
    let columns = reader.names()?;
    reader.expect_words("REFERENCES")?;
    let target = reader.name()?;
    if reader.symbol(".") {
        return Err(reader.refuse(&format!("its foreign key refers to a table of the database `{target}`")));
    }
    let target_columns = reader.names()?;
    // What a server does when nothing is said, by the word that its catalog has for it.
    let silent = if engine == EngineKind::Mariadb { "RESTRICT" } else { "NO ACTION" };
    let mut key = ForeignKey {
        name,
        columns,
        target: Name::flat(target),
        target_columns,
        on_delete: silent.to_owned(),
        on_update: silent.to_owned(),
        options: Options::new(),
    };
    loop {
        if reader.words("ON DELETE") {
            key.on_delete = action(reader)?;
        } else if reader.words("ON UPDATE") {
            key.on_update = action(reader)?;
        } else if reader.words("MATCH") {
            key.options.insert("match".to_owned(), reader.text()?.to_ascii_lowercase());
        } else {
            return Ok(key);
        }
    }
}

fn action(reader: &mut Reader<'_>) -> Result<String, EngineError> {
    let actions = ["CASCADE", "RESTRICT", "NO ACTION", "SET NULL", "SET DEFAULT"];
    let found = actions.into_iter().find(|action| reader.words(action));
    found.map(str::to_owned).ok_or_else(|| reader.unknown())
}
