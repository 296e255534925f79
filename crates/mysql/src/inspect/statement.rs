//! The statement that a server prints for a program or a view, as it can be sent again. A server keeps it in the bytes of the client
//! that made it and prints it in UTF-8, and it prints its own words with escapes though the program may know none; where that makes
//! another statement of it, it is put right, or refused by name.

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_sql::TokenKind;
use stead_sql::lex::code;

use super::{printed, unsupported};
use crate::events::{self, escapes, string_end};

#[cfg(test)]
mod tests;

/// What a server prints for one object.
pub(crate) struct Printed<'a> {
    /// `view`, `trigger`, `function`, `procedure` or `event`.
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    /// The character set that the client which made it spoke.
    pub(crate) client: &'a str,
    pub(crate) sql_mode: &'a str,
    pub(crate) engine: EngineKind,
}

impl Printed<'_> {
    /// The statement that makes the object for a client that speaks UTF-8, in a session of its `sql_mode`; an event as it is where
    /// its database is at home.
    ///
    /// # Errors
    ///
    /// `unsupported`, naming the object, if no such client can say it.
    pub(crate) fn statement(&self, bytes: Vec<u8>) -> Result<String, EngineError> {
        let text = String::from_utf8(bytes).map_err(|_| {
            self.refused("its text holds bytes that are no text: they came from a client that spoke `binary`")
        })?;
        if let Some(string) = self.introduced(&text) {
            let reason = format!(
                "`{string}` means the bytes that a client sent in `{}`, and would be others in UTF-8",
                self.client
            );
            return Err(self.refused(&reason));
        }
        let text = if self.kind == "event" { events::awake(&text, self.name) } else { text };
        if escapes(self.sql_mode) {
            return Ok(text);
        }
        Ok(match self.kind {
            "event" => plain_event(&text, self.name),
            "function" | "procedure" => plain_routine(&text, self.engine),
            _ => text,
        })
    }

    fn refused(&self, reason: &str) -> EngineError {
        unsupported(self.kind, self.name, reason)
            .hint("make it again from a client that speaks `utf8mb4`, with `x'…'` for bytes that are no text")
    }

    /// A string whose character set is named, so that its bytes are taken as they were sent, and whose bytes are others in UTF-8.
    fn introduced(&self, text: &str) -> Option<String> {
        if text.is_ascii() || self.client.starts_with("utf8") || self.client == "binary" {
            return None;
        }
        let tokens = code(text, self.engine);
        let pairs = tokens.windows(2).filter(|pair| pair[0].kind == TokenKind::Word && pair[0].text.starts_with('_'));
        let mut strings = pairs.filter(|pair| pair[1].kind == TokenKind::String && !pair[1].text.is_ascii());
        strings.next().map(|pair| text[pair[0].offset..pair[1].end()].to_owned())
    }
}

/// A string with escapes as one in which a backslash is a backslash.
fn plain(literal: &str) -> String {
    let bytes = printed::unescaped(literal).and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.map_or_else(|| literal.to_owned(), |text| format!("'{}'", text.replace('\'', "''")))
}

/// A text with all its strings in single quotes made plain.
fn plain_strings(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(quote) = rest.find('\'') {
        let Some(length) = string_end(&rest[quote..], true) else { break };
        result.push_str(&rest[..quote]);
        result.push_str(&plain(&rest[quote..quote + length]));
        rest = &rest[quote + length..];
    }
    result.push_str(rest);
    result
}

/// An event's comment is the server's own text; its body is as it was sent.
fn plain_event(text: &str, name: &str) -> String {
    let Some((head, between, body)) = events::apart(text, name) else { return text.to_owned() };
    format!("{head}{}{body}", plain_strings(between))
}

/// A routine's parameters and its body are as they were sent; what stands between them, the type of its result and its comment,
/// is the server's own text, a line for each clause.
fn plain_routine(text: &str, engine: EngineKind) -> String {
    let tokens = code(text, engine);
    let named = tokens.iter().position(|token| token.is_word("FUNCTION") || token.is_word("PROCEDURE"));
    let open = named.and_then(|named| tokens[named..].iter().find(|token| token.is_symbol("(")));
    let Some(from) = open.and_then(|open| Some(open.offset + parameters(&text[open.offset..])?)) else {
        return text.to_owned();
    };
    let mut lines = text[from..].split_inclusive('\n');
    let first = lines.next().map_or(0, str::len);
    let to = from + first + lines.take_while(|line| line.starts_with("    ")).map(str::len).sum::<usize>();
    format!("{}{}{}", &text[..from], plain_strings(&text[from..to]), &text[to..])
}

/// The length of a list of parameters as it was sent, in which a backslash is a backslash.
fn parameters(text: &str) -> Option<usize> {
    let (mut depth, mut place) = (0_usize, 0);
    while let Some(character) = text[place..].chars().next() {
        match character {
            '(' => depth += 1,
            ')' if depth == 1 => return Some(place + 1),
            ')' => depth = depth.saturating_sub(1),
            '\'' | '"' | '`' => {
                // A doubled quote ends one string and begins the next.
                place += 1 + text[place + 1..].find(character)?;
            }
            '/' if text[place..].starts_with("/*") => place += text[place..].find("*/")?,
            '#' => place += text[place..].find('\n')?,
            '-' if text[place..].starts_with("-- ") => place += text[place..].find('\n')?,
            _ => {}
        }
        place += text[place..].chars().next().map_or(1, char::len_utf8);
    }
    None
}
