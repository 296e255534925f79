//! Whether an event fires, in the statement that the server prints for it. A database that is built or kept beside has the
//! events of its live one, and there none may fire, not even between its making and a second statement.

use stead_schema::EngineKind;
use stead_sql::quote::identifier;

#[cfg(test)]
mod tests;

/// The words for an event that fires elsewhere, which is what a server of another version prints as well.
const RESTING: [&str; 2] = ["DISABLE ON SLAVE", "DISABLE ON REPLICA"];

/// What the body of an event begins with that fires where its database is at home. Its owner may want an event to rest just
/// so, and the state alone would not tell whose wish it was; a comment in the body goes wherever the event goes.
const MARK: &str = "/* put to rest by stead */ ";

/// The statement with an event that fires put to rest, and marked as one that does. It is read as by a session of its `sql_mode`.
pub(crate) fn resting(source: &str, name: &str, sql_mode: &str) -> String {
    let Some(parts) = Parts::of(source, name, escapes(sql_mode)) else { return source.to_owned() };
    let Some(between) = parts.between.strip_prefix("ENABLE") else { return source.to_owned() };
    format!("{}{}{between}{MARK}{}", parts.head, RESTING[0], parts.unmarked())
}

/// The statement that a server prints, with an event that was put to rest made to fire. One that its owner wants to rest stays as
/// it is. Whatever the event's `sql_mode`, a server prints its comment with escapes.
pub(crate) fn awake(source: &str, name: &str) -> String {
    let Some(parts) = Parts::of(source, name, true).filter(|parts| parts.body.starts_with(MARK)) else {
        return source.to_owned();
    };
    let rested = RESTING.iter().find_map(|words| parts.between.strip_prefix(words));
    let between = rested.map_or_else(|| parts.between.to_owned(), |between| format!("ENABLE{between}"));
    format!("{}{between}{}", parts.head, parts.unmarked())
}

/// A statement as a server prints it, in three parts: up to the event's status; status, comment and `DO`; the body.
pub(crate) fn apart<'a>(source: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    Parts::of(source, name, true).map(|parts| (parts.head, parts.between, parts.body))
}

/// Whether a backslash in a string of a session of that `sql_mode` begins an escape.
pub(crate) fn escapes(sql_mode: &str) -> bool {
    !sql_mode.split(',').any(|mode| mode == "NO_BACKSLASH_ESCAPES")
}

/// The place behind the string in single quotes with which a text begins.
pub(crate) fn string_end(text: &str, escapes: bool) -> Option<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' if escapes => drop(characters.next()),
            '\'' if characters.next_if(|(_, next)| *next == '\'').is_none() => return Some(place + 1),
            _ => {}
        }
    }
    None
}

/// A statement taken apart: everything before the status, the status and what stands between it and the body, the body.
struct Parts<'a> {
    head: &'a str,
    between: &'a str,
    body: &'a str,
}

impl<'a> Parts<'a> {
    /// What follows the name up to the body is the server's own text: status, comment, `DO`.
    fn of(source: &'a str, name: &str, escapes: bool) -> Option<Self> {
        let name = identifier(name, EngineKind::Mysql);
        let after_name = source.find(&name).map_or(0, |place| place + name.len());
        let words = [" ON COMPLETION ", "PRESERVE "];
        let status =
            words.iter().try_fold(after_name, |from, word| Some(from + source[from..].find(word)? + word.len()))?;
        let (head, rest) = source.split_at(status);
        // A comment is one string, and nothing else before the body has quotes.
        let comment = rest.find('\'').filter(|quote| !rest[..*quote].contains(" DO "));
        let from = comment.map_or(Some(0), |quote| Some(quote + string_end(&rest[quote..], escapes)?))?;
        let body = rest[from + rest[from..].find(" DO ")? + " DO ".len()..].trim_start();
        Some(Self { head, between: &rest[..rest.len() - body.len()], body })
    }

    fn unmarked(&self) -> &'a str {
        self.body.strip_prefix(MARK).unwrap_or(self.body)
    }
}
