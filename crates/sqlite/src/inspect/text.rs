//! The pieces of stored statements that no pragma tells: an index's expressions and condition, a view's query, a virtual
//! table's module. SQLite stores statements in a known shape (`CREATE INDEX name ON …`, comments kept), so walking the
//! tokens to the outermost parentheses and keywords is enough.

use stead_schema::EngineKind;
use stead_sql::lex::code;
use stead_sql::quote::unquoted;
use stead_sql::{Token, TokenKind, normal_form};

const ENGINE: EngineKind = EngineKind::Sqlite;

/// The text of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IndexText {
    /// Each part in normal form, without its collation and direction.
    pub(super) parts: Vec<String>,
    /// The condition of a partial index, in normal form.
    pub(super) condition: Option<String>,
}

/// The text of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ViewText {
    /// The list of its columns, in normal form.
    pub(super) columns: Option<String>,
    /// Its query, in normal form.
    pub(super) query: String,
}

/// Reads `CREATE [UNIQUE] INDEX name ON table (parts) [WHERE condition]`.
pub(super) fn index(sql: &str) -> Option<IndexText> {
    let tokens = code(sql, ENGINE);
    let on = tokens.iter().position(|token| token.is_word("ON"))?;
    let open = on + tokens[on..].iter().position(|token| token.is_symbol("("))?;
    let close = closing(&tokens, open)?;
    let parts = items(&tokens[open + 1..close]).into_iter().map(|part| normal(sql, undecorated(part))).collect();
    let rest = &tokens[close + 1..];
    let condition = rest.first().filter(|token| token.is_word("WHERE")).map(|_| normal(sql, &rest[1..]));
    Some(IndexText { parts, condition })
}

/// Reads `CREATE VIEW name [(columns)] AS query`.
pub(super) fn view(sql: &str) -> Option<ViewText> {
    let tokens = code(sql, ENGINE);
    let view = tokens.iter().position(|token| token.is_word("VIEW"))?;
    let start = view + 2;
    let open = tokens.get(start).filter(|token| token.is_symbol("("));
    let columns = open.and_then(|_| closing(&tokens, start));
    let after = columns.map_or(start, |close| close + 1);
    let word = after + tokens.get(after..)?.iter().position(|token| token.is_word("AS"))?;
    Some(ViewText {
        columns: columns.map(|close| normal(sql, &tokens[start + 1..close])),
        query: normal(sql, &tokens[word + 1..]),
    })
}

/// Reads `CREATE VIRTUAL TABLE name USING module(arguments)`: the module with its arguments.
pub(super) fn module(sql: &str) -> Option<String> {
    let tokens = code(sql, ENGINE);
    let using = tokens.iter().position(|token| token.is_word("USING"))?;
    Some(normal(sql, &tokens[using + 1..]))
}

fn normal(sql: &str, tokens: &[Token<'_>]) -> String {
    match tokens {
        [] => String::new(),
        [first, ..] => normal_form(&sql[first.offset..tokens[tokens.len() - 1].end()], ENGINE),
    }
}

/// The parenthesis that closes the one at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth -= 1;
            if depth == 0 {
                return Some(index);
            }
        }
    }
    None
}

/// Splits at the commas that stand in no parenthesis.
fn items<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0_i32;
    let split = tokens.split(move |token| {
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        depth == 0 && token.is_symbol(",")
    });
    split.collect()
}

/// A part without `COLLATE name` and `ASC` or `DESC`, which pragmas tell.
fn undecorated<'t, 'a>(mut part: &'t [Token<'a>]) -> &'t [Token<'a>] {
    if let [rest @ .., last] = part
        && (last.is_word("ASC") || last.is_word("DESC"))
    {
        part = rest;
    }
    if let [rest @ .., word, name] = part
        && word.is_word("COLLATE")
        && matches!(name.kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String)
        && !unquoted(name.text).is_empty()
    {
        part = rest;
    }
    part
}
