//! The keywords a statement begins with. They tell what kind of statement it is (for messages, for the splitter and for
//! lint rules) without an interpretation of the rest: `CREATE OR REPLACE TEMP TRIGGER x …` begins with `CREATE TRIGGER`.

use crate::lex::{Token, TokenKind};

/// Words between CREATE, ALTER or DROP and the kind of object.
const MODIFIERS: [&str; 26] = [
    "OR",
    "REPLACE",
    "TEMP",
    "TEMPORARY",
    "GLOBAL",
    "LOCAL",
    "UNLOGGED",
    "UNIQUE",
    "FULLTEXT",
    "SPATIAL",
    "CLUSTERED",
    "CONSTRAINT",
    "TRUSTED",
    "PROCEDURAL",
    "RECURSIVE",
    "DEFINER",
    "INVOKER",
    "ALGORITHM",
    "SQL",
    "SECURITY",
    "ONLINE",
    "OFFLINE",
    "AGGREGATE",
    "NONCLUSTERED",
    "IGNORE",
    "VECTOR",
];

/// Pairs of words that say more than the first one alone.
const PAIRS: [(&str, &str); 12] = [
    ("MATERIALIZED", "VIEW"),
    ("VIRTUAL", "TABLE"),
    ("FOREIGN", "TABLE"),
    ("FOREIGN", "DATA"),
    ("EVENT", "TRIGGER"),
    ("TEXT", "SEARCH"),
    ("ACCESS", "METHOD"),
    ("USER", "MAPPING"),
    ("START", "TRANSACTION"),
    ("PREPARE", "TRANSACTION"),
    ("SET", "AUTOCOMMIT"),
    ("BEGIN", "NOT"),
];

/// How many tokens are looked at: `DEFINER = …` and `ALGORITHM = …` are the longest things in between.
const REACH: usize = 40;

/// The first keywords in upper case, joined by single blanks; empty when the statement does not begin with a word.
pub(crate) fn leading<'a>(tokens: impl Iterator<Item = Token<'a>>) -> String {
    let statement = tokens.filter(Token::is_code).take_while(|token| !token.is_symbol(";"));
    let code: Vec<Token<'a>> = statement.take(REACH).collect();
    let start = code.iter().position(|token| token.kind != TokenKind::Symbol).unwrap_or(code.len());
    let Some((first, rest)) = code[start..].split_first().filter(|(first, _)| first.kind == TokenKind::Word) else {
        return String::new();
    };
    let verb = first.text.to_uppercase();
    if !matches!(verb.as_str(), "CREATE" | "ALTER" | "DROP") {
        return paired(verb, rest);
    }
    match object(rest) {
        Some(place) => format!("{verb} {}", paired(rest[place].text.to_uppercase(), &rest[place + 1..])),
        None => verb,
    }
}

/// `word`, with the next word when the two belong together. Symbols in between are borders of executable comments.
fn paired(word: String, rest: &[Token<'_>]) -> String {
    let next = rest.iter().find(|token| token.kind != TokenKind::Symbol);
    let pair = PAIRS.iter().find(|(left, right)| *left == word && next.is_some_and(|token| token.is_word(right)));
    match pair {
        Some((_, right)) => format!("{word} {right}"),
        None => word,
    }
}

/// The place of the word that names the kind of object.
fn object(rest: &[Token<'_>]) -> Option<usize> {
    let names_object = |place: &usize| {
        let assigned = *place > 0 && rest[place - 1].is_symbol("=");
        rest[*place].kind == TokenKind::Word && !assigned && !is_modifier(rest, *place)
    };
    (0..rest.len()).find(names_object)
}

fn is_modifier(rest: &[Token<'_>], place: usize) -> bool {
    let modifier = MODIFIERS.iter().any(|word| rest[place].is_word(word));
    // PostgreSQL creates aggregates, MySQL aggregate functions; PostgreSQL has languages that are procedural.
    let object_itself =
        rest[place].is_word("AGGREGATE") && !rest.get(place + 1).is_some_and(|next| next.is_word("FUNCTION"));
    modifier && !object_itself
}
