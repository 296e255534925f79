//! One column, as `SHOW CREATE TABLE` prints it. What stands after the type comes in an order that differs by engine and
//! version, so every clause is looked for wherever it may stand.

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_schema::model::{Check, Column, Generated};
use stead_sql::{Token, TokenKind};

use super::printed;
use super::reader::{Reader, without_database};

/// What reading a column needs to know.
pub(super) struct Context<'a> {
    pub(super) engine: EngineKind,
    pub(super) database: &'a str,
}

/// A column, and the check that MariaDB keeps with it.
pub(super) fn column(reader: &mut Reader<'_>, context: &Context<'_>) -> Result<(Column, Option<Check>), EngineError> {
    let mut column = Column { name: reader.name()?, nullable: true, ..Column::default() };
    column.data_type = data_type(reader)?;
    let mut check = None;
    let mut explicit_null = false;
    while reader.peek().is_some_and(|token| !token.is_symbol(",") && !token.is_symbol(")")) {
        if reader.words("NOT NULL") {
            column.nullable = false;
        } else if reader.words("NULL") {
            explicit_null = true;
        } else if reader.words("CHECK") {
            check = Some(of_column(&column.name, reader.parenthesis()?));
        } else if !value(reader, context, &mut column)? {
            property(reader, &mut column)?;
        }
    }
    let undecided = column.default.is_none() && column.generated.is_none() && !column.options.contains_key("row");
    match column.default.as_deref() {
        Some("NULL") => column.default = None,
        None if undecided && column.nullable && !explicit_null && prints_null(&column.data_type, context.engine) => {
            column.options.insert("no default".to_owned(), "true".to_owned());
        }
        _ => {}
    }
    Ok((column, check))
}

fn of_column(column: &str, expression: String) -> Check {
    let options = [("column".to_owned(), column.to_owned())].into_iter().collect();
    Check { name: None, expression, options }
}

/// MySQL prints no `DEFAULT NULL` for types that cannot have a literal default.
fn prints_null(data_type: &str, engine: EngineKind) -> bool {
    const SILENT: [&str; 17] = [
        "tinytext",
        "text",
        "mediumtext",
        "longtext",
        "tinyblob",
        "blob",
        "mediumblob",
        "longblob",
        "geometry",
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
        "geomcollection",
        "geometrycollection",
    ];
    engine != EngineKind::Mysql || !SILENT.contains(&data_type)
}

/// A type: its word, what is in parentheses, and `unsigned` and `zerofill`.
fn data_type(reader: &mut Reader<'_>) -> Result<String, EngineError> {
    let mut data_type = reader.text()?;
    if reader.peek().is_some_and(|token| token.is_symbol("(")) {
        data_type = format!("{data_type}({})", reader.parenthesis()?);
    }
    for word in ["unsigned", "zerofill"] {
        if reader.words(word) {
            data_type = format!("{data_type} {word}");
        }
    }
    Ok(data_type)
}

/// Clauses that say what the column holds when nothing is said.
fn value(reader: &mut Reader<'_>, context: &Context<'_>, column: &mut Column) -> Result<bool, EngineError> {
    if reader.words("DEFAULT") {
        let printed = reader.until(ends_value)?;
        column.default = Some(default(&printed, context));
    } else if reader.words("ON UPDATE") {
        let expression = reader.until(ends_value)?;
        column.options.insert("on update".to_owned(), expression);
    } else if reader.words("AUTO_INCREMENT") {
        column.identity = Some("auto_increment".to_owned());
    } else if reader.words("GENERATED ALWAYS AS ROW") {
        let end = reader.text()?.to_ascii_lowercase();
        column.options.insert("row".to_owned(), end);
    } else if reader.words("GENERATED ALWAYS AS") {
        let expression = reader.parenthesis()?;
        let stored = reader.words("STORED") || reader.words("PERSISTENT");
        if !stored {
            reader.expect_words("VIRTUAL")?;
        }
        column.generated = Some(Generated { expression, stored });
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// A default as it can be written: bytes that are no text become a binary literal.
fn default(printed: &str, context: &Context<'_>) -> String {
    if printed::bare_bytes(printed) > 0
        && let Some(bytes) = printed::unescaped(printed)
    {
        return printed::literal(&bytes);
    }
    without_database(printed, context.database, context.engine)
}

/// Words that begin the next clause; a default that is an expression may have any other.
fn ends_value(token: &Token<'_>) -> bool {
    const WORDS: [&str; 12] = [
        "ON",
        "COMMENT",
        "CHECK",
        "INVISIBLE",
        "AUTO_INCREMENT",
        "COLUMN_FORMAT",
        "STORAGE",
        "SRID",
        "WITHOUT",
        "WITH",
        "ENGINE_ATTRIBUTE",
        "SECONDARY_ENGINE_ATTRIBUTE",
    ];
    WORDS.iter().any(|word| token.is_word(word))
}

/// Everything else a column has.
fn property(reader: &mut Reader<'_>, column: &mut Column) -> Result<(), EngineError> {
    let mut option = |name: &str, value: String| {
        column.options.insert(name.to_owned(), value);
    };
    if reader.words("CHARACTER SET") {
        option("charset", reader.name()?);
    } else if reader.words("COLLATE") {
        column.collation = Some(reader.name()?);
    } else if reader.words("COMMENT") {
        column.comment = Some(comment(reader)?);
    } else if reader.words("INVISIBLE") {
        option("invisible", "true".to_owned());
    } else if reader.words("WITHOUT SYSTEM VERSIONING") {
        option("system versioning", "without".to_owned());
    } else if reader.words("WITH SYSTEM VERSIONING") {
        option("system versioning", "with".to_owned());
    } else if reader.words("COMPRESSED") {
        let method = if reader.symbol("=") { reader.text()? } else { "true".to_owned() };
        option("compressed", method);
    } else {
        for word in ["SRID", "COLUMN_FORMAT", "STORAGE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"] {
            if reader.words(word) {
                reader.symbol("=");
                option(&word.to_ascii_lowercase(), reader.text()?);
                return Ok(());
            }
        }
        let (name, value) = engine_option(reader)?;
        option(&name, value);
    }
    Ok(())
}

/// MariaDB: an option that the storage engine defines, `` `name`=value ``. The quotes stay, so that it cannot be taken for one
/// of the server's own.
pub(super) fn engine_option(reader: &mut Reader<'_>) -> Result<(String, String), EngineError> {
    let (Some(name), Some(sign)) = (reader.peek().copied(), reader.peek_second().copied()) else {
        return Err(reader.unknown());
    };
    if name.kind != TokenKind::QuotedIdentifier || !sign.is_symbol("=") {
        return Err(reader.unknown());
    }
    reader.next()?;
    reader.next()?;
    Ok((name.text.to_owned(), reader.text()?))
}

/// A comment's text.
pub(super) fn comment(reader: &mut Reader<'_>) -> Result<String, EngineError> {
    reader.symbol("=");
    let literal = reader.text()?;
    let bytes = printed::unescaped(&literal).ok_or_else(|| reader.unknown())?;
    String::from_utf8(bytes).map_err(|_| reader.refuse("its comment is no text"))
}
