//! The rights of the user who is connected. `SHOW GRANTS` says which there are, those of the roles that are active included; the
//! catalog's tables of rights know nothing of roles.

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_sql::lex::code;
use stead_sql::quote::unquoted;
use stead_sql::{Token, TokenKind};

use crate::connect::Connection;
use crate::error::number;

/// Rights on a database, or on all, of which one lets a user see that a routine is there.
const OF_ROUTINES: [&str; 5] = ["EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE", "SHOW CREATE ROUTINE", "SHOW_ROUTINE"];

/// What the user may do, and where.
pub(crate) struct Rights(Vec<Grant>);

impl Rights {
    /// Reads them; nothing from a server that keeps no rights and so withholds nothing.
    pub(crate) async fn read(connection: &mut Connection) -> Result<Option<Self>, EngineError> {
        match connection.texts("SHOW GRANTS").await {
            Ok(rows) => Ok(Some(Self::of(rows.into_iter().flatten().flatten()))),
            Err(error) if number(&error).is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Those that the lines of `SHOW GRANTS` give.
    pub(crate) fn of(lines: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self(lines.into_iter().filter_map(|line| Grant::read(line.as_ref())).collect())
    }

    /// Whether there is one on the database as a whole.
    pub(crate) fn on(&self, name: &str, database: &str) -> bool {
        let mut given = self.0.iter().filter(|line| line.on.holds(database) && line.gives(name));
        // What is taken on a database counts more than what is given on all of them.
        let taken = given.clone().any(|line| line.revoked);
        given.any(|line| !(line.revoked || taken && line.on == Place::Everything))
    }

    /// Whether there is one on everything the server holds.
    pub(crate) fn everywhere(&self, name: &str) -> bool {
        self.0.iter().any(|line| line.on == Place::Everything && !line.revoked && line.gives(name))
    }

    /// Whether there is one on the table itself.
    pub(crate) fn on_table(&self, name: &str, database: &str, table: &str) -> bool {
        let this = |on: &Place| matches!(on, Place::Table(of, held) if of == database && held == table);
        self.0.iter().any(|line| this(&line.on) && line.gives(name))
    }

    /// Whether all routines of the database are listed.
    pub(crate) fn shows_routines(&self, database: &str, engine: EngineKind) -> bool {
        let of_all =
            engine == EngineKind::Mariadb && (self.on("SELECT", "mysql") || self.on_table("SELECT", "mysql", "proc"));
        OF_ROUTINES.iter().any(|name| self.on(name, database)) || self.everywhere("SELECT") || of_all
    }

    /// The rights among `needed` that are not there on the database as a whole.
    pub(crate) fn lacking<'a>(&self, needed: &[&'a str], database: &str) -> Vec<&'a str> {
        needed.iter().copied().filter(|right| !self.on(right, database)).collect()
    }
}

/// What rights are given on.
#[derive(PartialEq, Eq)]
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
