//! Whether the user sees all that a database holds. A server leaves out of its lists what a user has no right to, as if it were
//! not there, so a schema that was read without those rights would look whole; `SHOW GRANTS` says which rights there are, those
//! of the roles that are active included.

use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;
use stead_sql::lex::code;
use stead_sql::quote::unquoted;
use stead_sql::{Token, TokenKind};

use crate::connect::{Connection, quoted};
use crate::error::number;

/// Rights on a database of which one lets a user see that a table or a view is there.
const OF_TABLES: [&str; 12] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE VIEW",
    "SHOW VIEW",
    "TRIGGER",
];

/// Rights on a database, or on all, of which one lets a user see that a routine is there.
const OF_ROUTINES: [&str; 5] = ["EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE", "SHOW CREATE ROUTINE", "SHOW_ROUTINE"];

/// Refuses a database of which something may be hidden from the user. `tables` are those that can be seen.
pub(super) async fn sees_all(
    connection: &mut Connection,
    database: &str,
    tables: &[String],
) -> Result<(), EngineError> {
    let rows = match connection.texts("SHOW GRANTS").await {
        Ok(rows) => rows,
        // A server that knows no rights hides nothing.
        Err(error) if number(&error).is_some() => return Ok(()),
        Err(error) => return Err(error),
    };
    let engine = connection.kind();
    let lines: Vec<Grant> = rows.into_iter().flatten().flatten().filter_map(|line| Grant::read(&line)).collect();
    let lacking = lacking(&lines, database, tables, engine);
    if lacking.is_empty() { Ok(()) } else { Err(refused(&lacking, database)) }
}

fn refused(lacking: &[&str], database: &str) -> EngineError {
    let lacking = lacking.join(", ");
    let message = format!("the user of the database's URL lacks {lacking} on `{database}`");
    EngineError::new(ErrorClass::Refused, message).hint(format!(
        "`GRANT {lacking} ON {}.* TO …`: what a user has no right to, the server hides, and the schema would look whole without it",
        quoted(database)
    ))
}

/// The rights without which something may be hidden.
fn lacking(lines: &[Grant], database: &str, tables: &[String], engine: EngineKind) -> Vec<&'static str> {
    let one = |name: &str| {
        let mut given = lines.iter().filter(|line| line.on.holds(database) && line.gives(name));
        // What is taken on a database counts more than what is given on all of them.
        let taken = given.clone().any(|line| line.revoked);
        given.any(|line| !(line.revoked || taken && line.on == Place::Everything))
    };
    let has = |names: &[&str]| names.iter().any(|name| one(name));
    let on_tables = tables.iter().all(|table| {
        lines.iter().any(|line| {
            line.gives("TRIGGER") && matches!(&line.on, Place::Table(of, name) if of == database && name == table)
        })
    });
    let everywhere = |name: &str| lines.iter().any(|line| line.on == Place::Everything && line.gives(name));
    let procedures = engine == EngineKind::Mariadb
        && lines.iter().any(|line| match &line.on {
            Place::Database(name) => name == "mysql" && line.gives("SELECT"),
            Place::Table(of, name) => of == "mysql" && name == "proc" && line.gives("SELECT"),
            _ => false,
        });
    let sees = [
        ("SELECT", has(&OF_TABLES)),
        ("TRIGGER", has(&["TRIGGER"]) || on_tables),
        ("EVENT", has(&["EVENT"])),
        ("EXECUTE", has(&OF_ROUTINES) || everywhere("SELECT") || procedures),
    ];
    sees.into_iter().filter(|(_, sees)| !sees).map(|(right, _)| right).collect()
}

/// What rights are given on.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Everything,
    /// A pattern as `LIKE` has it.
    Database(String),
    Table(String, String),
}

impl Place {
    /// True if it is the database or all of them.
    fn holds(&self, database: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Database(pattern) => like(&lower(database), &lower(pattern)),
            Self::Table(..) => false,
        }
    }
}

/// Servers differ in whether the letters of a database's name have a size.
fn lower(name: &str) -> Vec<char> {
    name.to_lowercase().chars().collect()
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| like(&text[skipped..], rest)),
        ['_', rest @ ..] => !text.is_empty() && like(&text[1..], rest),
        ['\\', letter, rest @ ..] | [letter, rest @ ..] => text.first() == Some(letter) && like(&text[1..], rest),
    }
}

/// A line of `SHOW GRANTS` that is about rights on tables or databases.
#[derive(Debug, PartialEq, Eq)]
struct Grant {
    revoked: bool,
    rights: Vec<String>,
    on: Place,
}

impl Grant {
    /// Reads `GRANT right, right (columns), … ON place TO …`, or `REVOKE … FROM …`; no other line is about what can be seen.
    fn read(line: &str) -> Option<Self> {
        let tokens = code(line, EngineKind::Mysql);
        let (first, rest) = tokens.split_first()?;
        let revoked = first.is_word("REVOKE");
        let end = rest.iter().position(|token| token.is_word("ON") || token.is_word("TO") || token.is_word("FROM"))?;
        let (rights, place) = rest.split_at(end);
        let place = place.strip_prefix(&place[..1]).filter(|_| place[0].is_word("ON"))?;
        let on = on(place)?;
        // A right on some columns is none on the others.
        let rights: Vec<String> = rights.split(|token| token.is_symbol(",")).filter_map(right).collect();
        Some(Self { revoked, rights, on })
    }

    fn gives(&self, name: &str) -> bool {
        self.rights.iter().any(|right| right == name || right == "ALL PRIVILEGES" || right == "ALL")
    }
}

fn right(tokens: &[Token<'_>]) -> Option<String> {
    let words = tokens.iter().all(|token| token.kind == TokenKind::Word);
    let spelt = || tokens.iter().map(|token| token.text.to_ascii_uppercase()).collect::<Vec<_>>().join(" ");
    (words && !tokens.is_empty()).then(spelt)
}

/// Reads `*.*`, `` `database`.* `` or `` `database`.`table` ``; a routine's place is none of them.
fn on(tokens: &[Token<'_>]) -> Option<Place> {
    let (database, rest) = tokens.split_first()?;
    let (point, rest) = rest.split_first()?;
    if database.is_symbol("*") || database.text.starts_with("*.") {
        return Some(Place::Everything);
    }
    let table = rest.first().filter(|_| database.kind == TokenKind::QuotedIdentifier && point.is_symbol("."))?;
    let name = unquoted(database.text);
    Some(match table.kind {
        TokenKind::QuotedIdentifier => Place::Table(name, unquoted(table.text)),
        _ => Place::Database(name),
    })
}

#[cfg(test)]
mod tests;
