//! One spelling for SQL that differs only in comments, blanks and the case of letters outside quotes. Servers keep the
//! text of views, triggers and checks more or less as it was written, so comparing them needs a form in which such
//! differences are gone; two texts with the same form mean the same, two with different forms may still.

use stead_schema::EngineKind;

use crate::lex::{Token, TokenKind, code};

#[cfg(test)]
mod tests;

/// Keywords after which a parenthesis stands apart; after any other word it is a call or a list of columns.
const APART: [&str; 36] = [
    "all",
    "and",
    "any",
    "as",
    "between",
    "by",
    "case",
    "check",
    "distinct",
    "else",
    "except",
    "exists",
    "from",
    "having",
    "in",
    "intersect",
    "is",
    "join",
    "key",
    "like",
    "limit",
    "not",
    "on",
    "or",
    "over",
    "returning",
    "select",
    "set",
    "some",
    "then",
    "union",
    "unique",
    "using",
    "values",
    "when",
    "where",
];

/// The normal form: comments dropped, words and numbers in lower case, single blanks, no delimiter at the end. Quoted
/// names, strings and dollar-quoted texts stay exactly as written. The result is SQL that means the same.
#[must_use]
pub fn normal_form(sql: &str, engine: EngineKind) -> String {
    let mut tokens = code(sql, engine);
    while tokens.last().is_some_and(|last| last.is_symbol(";")) {
        tokens.pop();
    }
    let text = normal_tokens(&tokens);
    // At the very start of a text the letter is a byte order mark, which the next reader would drop.
    if text.starts_with('\u{feff}') { format!(" {text}") } else { text }
}

/// The normal form of tokens that are all code.
pub(crate) fn normal_tokens(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    let mut previous: Option<&Token<'_>> = None;
    for token in tokens {
        if previous.is_some_and(|previous| !joins(previous, token)) {
            text.push(' ');
        }
        text.push_str(&spelling(token));
        previous = Some(token);
    }
    text
}

fn spelling(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::Word | TokenKind::Number => token.text.to_ascii_lowercase(),
        TokenKind::String => lower_prefix(token.text),
        TokenKind::Whitespace
        | TokenKind::Comment
        | TokenKind::QuotedIdentifier
        | TokenKind::Parameter
        | TokenKind::Symbol
        | TokenKind::DollarQuoted => token.text.to_owned(),
    }
}

/// `X'0A'` and `x'0a'` are one value; in other strings the prefix alone has no case.
fn lower_prefix(text: &str) -> String {
    let quote = text.find(['\'', '"']).unwrap_or(0);
    let (prefix, value) = text.split_at(quote);
    let hexadecimal = prefix.eq_ignore_ascii_case("x");
    format!(
        "{}{}",
        prefix.to_ascii_lowercase(),
        if hexadecimal { value.to_ascii_lowercase() } else { value.to_owned() }
    )
}

/// True when no blank stands between the two.
fn joins(previous: &Token<'_>, next: &Token<'_>) -> bool {
    let symbol = |token: &Token<'_>, symbols: &[&str]| symbols.iter().any(|one| token.is_symbol(one));
    // A dot beside a number becomes a part of it.
    if [(previous, next), (next, previous)]
        .iter()
        .any(|(one, other)| one.is_symbol(".") && other.kind == TokenKind::Number)
    {
        return false;
    }
    if symbol(next, &[",", ")", "]", ";", ".", "::"]) || symbol(previous, &["(", "[", ".", "::"]) {
        return true;
    }
    let called = match previous.kind {
        TokenKind::Word => !APART.iter().any(|keyword| previous.is_word(keyword)),
        TokenKind::QuotedIdentifier => true,
        _ => false,
    };
    (symbol(next, &["("]) && called) || symbol(next, &["["])
}
