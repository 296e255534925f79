//! Whether an event fires, in the statement that the server prints for it. A database that is built or kept beside has the
//! events of its live one, and there none may fire, not even between its making and a second statement.

use stead_schema::EngineKind;
use stead_sql::quote::identifier;

#[cfg(test)]
mod tests;

/// The words for an event that rests as those of a replica do: it is one that fires where the database is at home.
const RESTING: [&str; 2] = ["DISABLE ON SLAVE", "DISABLE ON REPLICA"];

/// The statement with an event that fires put to rest.
pub(crate) fn resting(source: &str, name: &str) -> String {
    with_status(source, name, &["ENABLE"], RESTING[0])
}

/// The statement with an event that rests made to fire.
pub(crate) fn awake(source: &str, name: &str) -> String {
    with_status(source, name, &RESTING, "ENABLE")
}

fn with_status(source: &str, name: &str, from: &[&str], to: &str) -> String {
    let Some(start) = status(source, name) else { return source.to_owned() };
    let (head, rest) = source.split_at(start);
    let found = from.iter().find_map(|words| rest.strip_prefix(words));
    found.map_or_else(|| source.to_owned(), |rest| format!("{head}{to}{rest}"))
}

/// Where the status stands. What follows the name up to there is the server's own text, and so are these words, which come
/// before the comment and the body.
fn status(source: &str, name: &str) -> Option<usize> {
    let name = identifier(name, EngineKind::Mysql);
    let after_name = source.find(&name).map_or(0, |place| place + name.len());
    let words = [" ON COMPLETION ", "PRESERVE "];
    words.iter().try_fold(after_name, |from, word| Some(from + source[from..].find(word)? + word.len()))
}
