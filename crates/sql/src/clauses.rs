//! What SQLite's pragmas do not tell about a table: collations, checks, generated expressions, names of constraints,
//! `AUTOINCREMENT`, conflict clauses, deferrable keys. All of it stands only in the `CREATE TABLE` text that SQLite
//! keeps, so that text is walked token by token; everything a pragma does tell is asked of the pragma instead.
//!
//! Grammar: SQLite `parse.y`, rules `create_table_args`, `columnlist`, `ccons` and `tcons`. The names here are folded to
//! lower case where they are matched against others, because SQLite compares names without case (ASCII only).

use std::collections::BTreeMap;

use stead_schema::EngineKind;

use crate::lex::{Token, TokenKind, code};
use crate::normal::normal_tokens;
use crate::quote::unquoted;

#[cfg(test)]
mod tests;
mod walk;

use walk::Walk;

/// The clauses of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableClauses {
    /// By the column's name in lower case; every column of the text has an entry.
    pub columns: BTreeMap<String, ColumnClauses>,
    /// The checks of the table as a whole, in the order of the text.
    pub checks: Vec<Check>,
    /// Primary key and unique constraints of columns and table, in the order of the text.
    pub keys: Vec<KeyClause>,
    /// Foreign keys of columns and table, in the order of the text. `PRAGMA foreign_key_list` numbers them backwards.
    pub foreign_keys: Vec<ForeignKeyClause>,
    /// True when the primary key says `AUTOINCREMENT`.
    pub autoincrement: bool,
}

/// The clauses of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnClauses {
    /// The collation as written, without quotes; the last one when there are several, as SQLite does.
    pub collation: Option<String>,
    /// The normal form of the expression of a generated column, without the parentheses around it.
    pub generated: Option<String>,
    /// The checks written at the column.
    pub checks: Vec<Check>,
    /// The conflict clause of `NOT NULL`, in lower case: `rollback`, `abort`, `fail`, `ignore` or `replace`.
    pub on_conflict: Option<String>,
    /// Names given to constraints that have no place for one: `CONSTRAINT x NOT NULL`, `CONSTRAINT x DEFAULT 1`.
    pub idle_names: Vec<String>,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The name, without quotes.
    pub name: Option<String>,
    /// The normal form of the condition, without the parentheses around it.
    pub expression: String,
}

/// What kind of key a [`KeyClause`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `PRIMARY KEY`.
    Primary,
    /// `UNIQUE`.
    Unique,
}

/// A primary key or a unique constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyClause {
    /// Which of the two.
    pub kind: KeyKind,
    /// The name, without quotes.
    pub name: Option<String>,
    /// The columns, in lower case.
    pub columns: Vec<String>,
    /// The conflict clause in lower case.
    pub on_conflict: Option<String>,
}

/// When a foreign key is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deferral {
    /// At every statement: nothing is said, or `NOT DEFERRABLE`.
    #[default]
    Never,
    /// `DEFERRABLE` or `DEFERRABLE INITIALLY IMMEDIATE`, which SQLite treats as [`Deferral::Never`].
    Immediate,
    /// At the end of the transaction: `DEFERRABLE INITIALLY DEFERRED`.
    Deferred,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKeyClause {
    /// The name, without quotes.
    pub name: Option<String>,
    /// The columns of this table, in lower case.
    pub columns: Vec<String>,
    /// The table it refers to, without quotes.
    pub table: String,
    /// When it is checked.
    pub deferral: Deferral,
}

/// Reads the text that `sqlite_schema` holds for a table. It never fails: a text that is no `CREATE TABLE` with a list
/// of columns (a virtual table, say) gives no clauses.
#[must_use]
pub fn sqlite_table_clauses(sql: &str) -> TableClauses {
    let tokens = code(sql, EngineKind::Sqlite);
    let mut clauses = TableClauses::default();
    let Some(definitions) = definitions(&tokens) else { return clauses };
    for definition in top_level_items(definitions) {
        if definition.first().is_some_and(begins_constraint) {
            table_constraints(&mut Walk::new(definition), &mut clauses);
        } else {
            column(&mut Walk::new(definition), &mut clauses);
        }
    }
    clauses
}

/// What stands between the outer parentheses.
fn definitions<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let table = tokens.iter().take(4).position(|token| token.is_word("TABLE"))?;
    let virtual_table = tokens[..table].iter().any(|token| token.is_word("VIRTUAL"));
    let open = tokens.iter().position(|token| token.is_symbol("(")).filter(|open| *open > table && !virtual_table)?;
    let select = tokens[table..open].iter().any(|token| token.is_word("AS"));
    (tokens[0].is_word("CREATE") && !select).then(|| Walk::new(&tokens[open..]).group())
}

/// Splits at the commas that stand in no parenthesis.
pub(super) fn top_level_items<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0_u32;
    let splits = tokens.split(move |token| {
        depth = depth.saturating_add_signed(i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")")));
        depth == 0 && token.is_symbol(",")
    });
    splits.filter(|item| !item.is_empty()).collect()
}

fn begins_constraint(token: &Token<'_>) -> bool {
    ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| token.is_word(word))
}

fn column(walk: &mut Walk<'_, '_>, clauses: &mut TableClauses) {
    let Some(name) = walk.take().map(|token| unquoted(token.text).to_ascii_lowercase()) else { return };
    let mut found = ColumnClauses::default();
    let mut constraint = None;
    while let Some(token) = walk.take() {
        if token.is_word("CONSTRAINT") {
            found.idle_names.extend(constraint.take());
            constraint = walk.name();
        } else {
            column_clause(token, walk, &mut constraint, &name, &mut found, clauses);
        }
    }
    found.idle_names.extend(constraint);
    clauses.columns.insert(name, found);
}

fn column_clause(
    token: &Token<'_>,
    walk: &mut Walk<'_, '_>,
    constraint: &mut Option<String>,
    name: &str,
    found: &mut ColumnClauses,
    clauses: &mut TableClauses,
) {
    match upper(token).as_str() {
        "PRIMARY" => clauses.autoincrement |= primary_key(walk, constraint.take(), name, &mut clauses.keys),
        "UNIQUE" => clauses.keys.push(walk.key(KeyKind::Unique, constraint.take(), vec![name.to_owned()])),
        "REFERENCES" => clauses.foreign_keys.extend(walk.foreign_key(constraint.take(), vec![name.to_owned()])),
        "CHECK" => found.checks.push(Check { name: constraint.take(), expression: normal_tokens(walk.group()) }),
        "DEFERRABLE" => defer(walk, &mut clauses.foreign_keys, true),
        "NOT" if walk.skip("DEFERRABLE") => defer(walk, &mut clauses.foreign_keys, false),
        _ => plain_clause(token, walk, constraint, found),
    }
}

/// Clauses that have no place for a name, and everything that is no clause: the words of the type.
fn plain_clause(
    token: &Token<'_>,
    walk: &mut Walk<'_, '_>,
    constraint: &mut Option<String>,
    found: &mut ColumnClauses,
) {
    match upper(token).as_str() {
        "COLLATE" => found.collation = walk.name(),
        "AS" if walk.peek_symbol("(") => found.generated = Some(normal_tokens(walk.group())),
        "DEFAULT" => walk.skip_value(),
        "NULL" => _ = walk.conflict(),
        "NOT" if walk.skip("NULL") => found.on_conflict = walk.conflict(),
        "(" => _ = walk.back().group(),
        _ => return,
    }
    found.idle_names.extend(constraint.take());
}

fn primary_key(walk: &mut Walk<'_, '_>, constraint: Option<String>, name: &str, keys: &mut Vec<KeyClause>) -> bool {
    walk.skip("KEY");
    let _direction = walk.skip("ASC") || walk.skip("DESC");
    keys.push(walk.key(KeyKind::Primary, constraint, vec![name.to_owned()]));
    walk.skip("AUTOINCREMENT")
}

fn table_constraints(walk: &mut Walk<'_, '_>, clauses: &mut TableClauses) {
    let mut constraint = None;
    while let Some(token) = walk.take() {
        match upper(token).as_str() {
            "CONSTRAINT" => constraint = walk.name(),
            "PRIMARY" | "UNIQUE" => table_key(token, walk, constraint.take(), clauses),
            "CHECK" => {
                clauses.checks.push(Check { name: constraint.take(), expression: normal_tokens(walk.group()) });
                _ = walk.conflict();
            }
            "FOREIGN" => table_foreign_key(walk, constraint.take(), clauses),
            "DEFERRABLE" => defer(walk, &mut clauses.foreign_keys, true),
            "NOT" if walk.skip("DEFERRABLE") => defer(walk, &mut clauses.foreign_keys, false),
            _ => (),
        }
    }
}

fn table_key(token: &Token<'_>, walk: &mut Walk<'_, '_>, name: Option<String>, clauses: &mut TableClauses) {
    let kind = if token.is_word("PRIMARY") { KeyKind::Primary } else { KeyKind::Unique };
    walk.skip("KEY");
    let group = walk.group();
    clauses.autoincrement |= group.last().is_some_and(|last| last.is_word("AUTOINCREMENT"));
    clauses.keys.push(walk.key(kind, name, column_names(group)));
}

fn table_foreign_key(walk: &mut Walk<'_, '_>, name: Option<String>, clauses: &mut TableClauses) {
    walk.skip("KEY");
    let columns = column_names(walk.group());
    if walk.skip("REFERENCES") {
        clauses.foreign_keys.extend(walk.foreign_key(name, columns));
    }
}

fn column_names(group: &[Token<'_>]) -> Vec<String> {
    let names = top_level_items(group).into_iter().filter_map(|item| item.first());
    names.map(|name| unquoted(name.text).to_ascii_lowercase()).collect()
}

/// `[NOT] DEFERRABLE [INITIALLY …]` speaks of the foreign key before it.
fn defer(walk: &mut Walk<'_, '_>, foreign_keys: &mut [ForeignKeyClause], deferrable: bool) {
    let deferred = walk.skip("INITIALLY") && walk.take().is_some_and(|token| token.is_word("DEFERRED"));
    if let Some(last) = foreign_keys.last_mut() {
        last.deferral = match (deferrable, deferred) {
            (false, _) => Deferral::Never,
            (true, false) => Deferral::Immediate,
            (true, true) => Deferral::Deferred,
        };
    }
}

/// A word in upper case or a symbol; quoted names and strings are neither.
fn upper(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::Word | TokenKind::Symbol => token.text.to_ascii_uppercase(),
        _ => String::new(),
    }
}
