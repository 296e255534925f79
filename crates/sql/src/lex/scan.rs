//! How long the token at the start of a text is, one function for each kind of token. They work on bytes: everything
//! that opens or closes a token is ASCII, and no byte of a longer character is.

use stead_schema::EngineKind;

use super::TokenKind;

/// Operators of more than one character outside PostgreSQL, the longest first.
const OPERATORS: [&str; 14] = ["<=>", "->>", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>", "->", ":=", "::", "&&"];

/// Blanks and line ends; at the start of a text also the byte order mark.
pub(super) fn blank(rest: &str, at_start: bool) -> Option<usize> {
    if at_start && rest.starts_with('\u{feff}') {
        return Some('\u{feff}'.len_utf8());
    }
    let length = count(rest, |byte| byte.is_ascii_whitespace() || byte == 0x0b);
    (length > 0).then_some(length)
}

/// `/*!`, `/*!50003` and, for MariaDB, `/*M!100100`: what follows is code. The version has five or six digits.
pub(super) fn executable_comment(rest: &str, engine: EngineKind) -> Option<usize> {
    let prefix = match engine {
        EngineKind::Mysql | EngineKind::Mariadb if rest.starts_with("/*!") => 3,
        EngineKind::Mariadb if rest.starts_with("/*M!") => 4,
        EngineKind::Postgres | EngineKind::Mysql | EngineKind::Mariadb | EngineKind::Sqlite => return None,
    };
    let digits = count(&rest[prefix..], |byte| byte.is_ascii_digit()).min(6);
    Some(if digits >= 5 { prefix + digits } else { prefix })
}

/// Comments, strings, quoted names and dollar quotes; the last value is false when the text ends before they do.
pub(super) fn quoted(rest: &str, engine: EngineKind) -> Option<(TokenKind, usize, bool)> {
    comment(rest, engine)
        .or_else(|| string(rest, engine))
        .or_else(|| name(rest, engine))
        .or_else(|| dollar(rest, engine))
}

/// Everything that needs no closing mark: parameters, numbers, words, symbols.
pub(super) fn plain(rest: &str, engine: EngineKind) -> (TokenKind, usize) {
    if let Some(length) = parameter(rest, engine) {
        return (TokenKind::Parameter, length);
    }
    if let Some(found) = number(rest, engine) {
        return found;
    }
    match word_length(rest) {
        0 => (TokenKind::Symbol, symbol(rest, engine)),
        length => (TokenKind::Word, length),
    }
}

/// True for what may stand inside an unquoted name. All engines take every character beyond ASCII, and the dollar.
pub(super) fn is_word_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '$' || !character.is_ascii()
}

fn comment(rest: &str, engine: EngineKind) -> Option<(TokenKind, usize, bool)> {
    if starts_line_comment(rest, engine) {
        return Some((TokenKind::Comment, rest.find('\n').unwrap_or(rest.len()), true));
    }
    let (length, complete) = rest.starts_with("/*").then(|| block_comment(rest, engine == EngineKind::Postgres))?;
    Some((TokenKind::Comment, length, complete))
}

fn starts_line_comment(rest: &str, engine: EngineKind) -> bool {
    let dashes = rest.strip_prefix("--");
    match engine {
        EngineKind::Postgres | EngineKind::Sqlite => dashes.is_some(),
        EngineKind::Mysql | EngineKind::Mariadb => {
            // Without the blank, `5--1` is a subtraction of a negative number.
            rest.starts_with('#') || dashes.is_some_and(|after| after.bytes().next().is_none_or(|byte| byte <= b' '))
        }
    }
}

fn block_comment(rest: &str, nested: bool) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let (mut index, mut depth) = (2, 1);
    while index + 1 < bytes.len() {
        match (bytes[index], bytes[index + 1]) {
            (b'*', b'/') if depth == 1 => return (index + 2, true),
            (b'*', b'/') => (depth, index) = (depth - 1, index + 2),
            (b'/', b'*') if nested => (depth, index) = (depth + 1, index + 2),
            _ => index += 1,
        }
    }
    (rest.len(), false)
}

fn string(rest: &str, engine: EngineKind) -> Option<(TokenKind, usize, bool)> {
    let prefix = string_prefix(rest, engine);
    let quote = rest[prefix..].bytes().next().filter(|byte| is_string_quote(*byte, engine))?;
    let escapes = match engine {
        EngineKind::Postgres => prefix == 1 && rest.starts_with(['e', 'E']),
        EngineKind::Mysql | EngineKind::Mariadb => true,
        EngineKind::Sqlite => false,
    };
    let (mut length, mut complete) = closing(rest, prefix + 1, quote, escapes);
    // PostgreSQL goes on with the same rules when a string is continued on a later line.
    while complete && escapes && engine == EngineKind::Postgres {
        let Some(more) = continuation(&rest[length..]) else { break };
        (length, complete) = closing(rest, length + more, quote, escapes);
    }
    Some((TokenKind::String, length, complete))
}

fn string_prefix(rest: &str, engine: EngineKind) -> usize {
    let letters: &[u8] = match engine {
        EngineKind::Postgres => b"eEbBxXnN",
        EngineKind::Mysql | EngineKind::Mariadb => b"xXbBnN",
        EngineKind::Sqlite => b"xX",
    };
    match rest.as_bytes() {
        [letter, b'\'', ..] if letters.contains(letter) => 1,
        [b'u' | b'U', b'&', b'\'', ..] if engine == EngineKind::Postgres => 2,
        _ => 0,
    }
}

fn is_string_quote(byte: u8, engine: EngineKind) -> bool {
    byte == b'\'' || (byte == b'"' && matches!(engine, EngineKind::Mysql | EngineKind::Mariadb))
}

fn name(rest: &str, engine: EngineKind) -> Option<(TokenKind, usize, bool)> {
    let bytes = rest.as_bytes();
    let prefix = usize::from(engine == EngineKind::Postgres && matches!(bytes, [b'u' | b'U', b'&', b'"', ..])) * 2;
    let closed_by = match (bytes.get(prefix)?, engine) {
        (b'"', EngineKind::Postgres | EngineKind::Sqlite) => b'"',
        (b'`', EngineKind::Mysql | EngineKind::Mariadb | EngineKind::Sqlite) => b'`',
        (b'[', EngineKind::Sqlite) => return Some(bracketed(rest)),
        _ => return None,
    };
    let (length, complete) = closing(rest, prefix + 1, closed_by, false);
    Some((TokenKind::QuotedIdentifier, length, complete))
}

fn bracketed(rest: &str) -> (TokenKind, usize, bool) {
    let end = rest.find(']');
    (TokenKind::QuotedIdentifier, end.map_or(rest.len(), |index| index + 1), end.is_some())
}

/// One past the quote that closes what was opened before `start`; a doubled quote stands for itself.
fn closing(rest: &str, start: usize, quote: u8, escapes: bool) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let mut index = start;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' if escapes => index += 2,
            byte if byte == quote && bytes.get(index + 1) == Some(&quote) => index += 2,
            byte if byte == quote => return (index + 1, true),
            _ => index += 1,
        }
    }
    (rest.len(), false)
}

/// The distance to just after the quote that continues a string: blanks with a line end among them, then a quote.
fn continuation(rest: &str) -> Option<usize> {
    let blanks = blank(rest, false)?;
    let continues = rest[..blanks].contains('\n') && rest[blanks..].starts_with('\'');
    continues.then_some(blanks + 1)
}

fn dollar(rest: &str, engine: EngineKind) -> Option<(TokenKind, usize, bool)> {
    let inner = rest.strip_prefix('$')?;
    let tag = 2 + inner.find('$').filter(|end| is_tag(&inner[..*end]))?;
    let close = rest[tag..].find(&rest[..tag]);
    match engine {
        EngineKind::Postgres => {
            Some((TokenKind::DollarQuoted, close.map_or(rest.len(), |at| tag + at + tag), close.is_some()))
        }
        // MySQL knows dollar quotes since 8.0.32; before, and where nothing closes them, these are odd names.
        EngineKind::Mysql => close.map(|at| (TokenKind::DollarQuoted, tag + at + tag, true)),
        EngineKind::Mariadb | EngineKind::Sqlite => None,
    }
}

fn is_tag(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit()) && text.chars().all(is_word_character)
}

fn parameter(rest: &str, engine: EngineKind) -> Option<usize> {
    let bytes = rest.as_bytes();
    let tail = rest.get(1..).unwrap_or_default();
    match (bytes[0], engine) {
        (b'$', EngineKind::Postgres) => named(1, count(tail, |byte| byte.is_ascii_digit())),
        (b'?', EngineKind::Sqlite) => Some(1 + count(tail, |byte| byte.is_ascii_digit())),
        (b':' | b'@' | b'$', EngineKind::Sqlite) => named(1, word_length(tail)),
        (b'?', EngineKind::Mysql | EngineKind::Mariadb) => Some(1),
        (b'@', EngineKind::Mysql | EngineKind::Mariadb) => variable(rest),
        _ => None,
    }
}

/// `@name` and `@@global.name`; an `@` before a quote stays a symbol.
fn variable(rest: &str) -> Option<usize> {
    let signs = if rest.starts_with("@@") { 2 } else { 1 };
    named(signs, count_characters(&rest[signs..], |character| is_word_character(character) || character == '.'))
}

fn named(prefix: usize, length: usize) -> Option<usize> {
    (length > 0).then_some(prefix + length)
}

fn number(rest: &str, engine: EngineKind) -> Option<(TokenKind, usize)> {
    let bytes = rest.as_bytes();
    let starts = bytes[0].is_ascii_digit() || (bytes[0] == b'.' && bytes.get(1).is_some_and(u8::is_ascii_digit));
    if !starts {
        return None;
    }
    let numeric = exponent(rest, fraction(rest, digits(rest, 0)));
    let length = numeric + count_characters(&rest[numeric..], |next| is_word_character(next) && next != '$');
    let prefixed = matches!(bytes, [b'0', b'x' | b'X' | b'b' | b'B', ..]);
    let mysql = matches!(engine, EngineKind::Mysql | EngineKind::Mariadb);
    // A name may begin with a digit in MySQL and MariaDB.
    let kind = if mysql && length > numeric && !prefixed { TokenKind::Word } else { TokenKind::Number };
    Some((kind, length))
}

fn digits(rest: &str, from: usize) -> usize {
    from + count(&rest[from..], |byte| byte.is_ascii_digit() || byte == b'_')
}

fn fraction(rest: &str, from: usize) -> usize {
    let after = &rest.as_bytes()[from..];
    // `1..10` is a range of MariaDB's FOR, not two numbers with a point.
    if matches!(after, [b'.', b'.', ..]) || after.first() != Some(&b'.') { from } else { digits(rest, from + 1) }
}

fn exponent(rest: &str, from: usize) -> usize {
    match rest.as_bytes()[from..] {
        [b'e' | b'E', b'+' | b'-', digit, ..] if digit.is_ascii_digit() => digits(rest, from + 2),
        [b'e' | b'E', digit, ..] if digit.is_ascii_digit() => digits(rest, from + 1),
        _ => from,
    }
}

fn word_length(rest: &str) -> usize {
    count_characters(rest, is_word_character)
}

fn symbol(rest: &str, engine: EngineKind) -> usize {
    let known = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)).map_or(1, str::len);
    if engine == EngineKind::Postgres { known.max(postgres_operator(rest)) } else { known }
}

/// PostgreSQL manual 4.1.3: an operator is the longest run of these characters that holds no comment; it ends in `+` or
/// `-` only if it also holds one of the unusual ones.
fn postgres_operator(rest: &str) -> usize {
    let run = &rest[..count(rest, |byte| b"+-*/<>=~!@#%^&|`?".contains(&byte))];
    let comment = [run.find("--"), run.find("/*")].into_iter().flatten().min();
    let run = &run[..comment.unwrap_or(run.len())];
    let usual = !run.contains(['~', '!', '@', '#', '%', '^', '&', '|', '`', '?']);
    let kept = if usual && run.len() > 1 { run.trim_end_matches(['+', '-']) } else { run };
    kept.len().max(1)
}

fn count(text: &str, matches: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| matches(*byte)).count()
}

fn count_characters(text: &str, matches: impl Fn(char) -> bool) -> usize {
    text.find(|character| !matches(character)).unwrap_or(text.len())
}
