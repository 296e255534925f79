//! Writes names and values as SQL literals, and reads quoted names back. Names are always quoted: a list of reserved words
//! grows with every server version, and a name that is safe today is an error after an upgrade.

use stead_schema::EngineKind;
use thiserror::Error;

#[cfg(test)]
mod tests;

/// A value that the engine's literals cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a text with a NUL character cannot be written as a literal of {engine}")]
pub struct NulCharacter {
    /// The engine it was meant for.
    pub engine: EngineKind,
}

impl NulCharacter {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "nul-in-literal"
    }

    /// What can be done.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec!["remove the character, or store the value as a blob".to_owned()]
    }
}

/// `name` as a quoted identifier. Quotes inside are doubled, so no name can end the literal early. A NUL is kept: no
/// engine accepts it in a name, and each refuses the statement.
#[must_use]
pub fn identifier(name: &str, engine: EngineKind) -> String {
    match engine {
        EngineKind::Postgres | EngineKind::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        EngineKind::Mysql | EngineKind::Mariadb => format!("`{}`", name.replace('`', "``")),
    }
}

/// `value` as a string literal. MySQL and MariaDB read it with their default `sql_mode`; under `NO_BACKSLASH_ESCAPES`
/// backslashes would come out doubled, but nothing can end the literal early. PostgreSQL's form reads the same under
/// both settings of `standard_conforming_strings`.
///
/// # Errors
/// The value holds a NUL and the engine is PostgreSQL or SQLite.
pub fn string(value: &str, engine: EngineKind) -> Result<String, NulCharacter> {
    let quoted = value.replace('\'', "''");
    match engine {
        EngineKind::Postgres | EngineKind::Sqlite if value.contains('\0') => Err(NulCharacter { engine }),
        EngineKind::Postgres if value.contains('\\') => Ok(format!("E'{}'", quoted.replace('\\', "\\\\"))),
        EngineKind::Postgres | EngineKind::Sqlite => Ok(format!("'{quoted}'")),
        EngineKind::Mysql | EngineKind::Mariadb => {
            Ok(format!("'{}'", quoted.replace('\\', "\\\\").replace('\0', "\\0")))
        }
    }
}

/// `value` as a literal of the engine's binary type.
#[must_use]
pub fn blob(value: &[u8], engine: EngineKind) -> String {
    let hexadecimal: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    match engine {
        EngineKind::Postgres => format!("decode('{hexadecimal}', 'hex')"),
        EngineKind::Mysql | EngineKind::Mariadb | EngineKind::Sqlite => format!("x'{hexadecimal}'"),
    }
}

/// A name as it is meant: `"a""b"`, `` `a` ``, `[a]` and `'a'` lose their quotes, everything else stays as written.
#[must_use]
pub fn unquoted(name: &str) -> String {
    let inner = |open: char, close: char| name.strip_prefix(open)?.strip_suffix(close);
    if let Some(bracketed) = inner('[', ']') {
        return bracketed.to_owned();
    }
    let quotes = ['"', '`', '\''].into_iter();
    let found = quotes.filter_map(|quote| inner(quote, quote).map(|text| (quote, text))).next();
    found.map_or_else(|| name.to_owned(), |(quote, text)| text.replace(&format!("{quote}{quote}"), &quote.to_string()))
}
