//! What a server prints names the database it stands in at places where the same thing in another database means that one's. A swap
//! makes things again in another database, so the name is taken out of what the swap carries.

use std::collections::BTreeMap;

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_sql::TokenKind;
use stead_sql::lex::code;
use stead_sql::quote::{identifier, unquoted};

use super::batch::batch;
use super::column::Context;
use super::reader::{compact, of_sequence, without_database};
use super::{printed, show, table, unsupported};
use crate::connect::Connection;

#[cfg(test)]
mod tests;

/// A view's statement or query without the database's name.
pub(crate) fn view(statement: &str, database: &str, engine: EngineKind) -> String {
    without_database(&compact(statement, database, engine), database, engine)
}

/// A trigger's statement without the database's name before the trigger and the table. MariaDB prints it as it was written;
/// what the trigger does is nobody's but its owner's.
pub(crate) fn trigger(statement: &str, engine: EngineKind) -> String {
    let tokens = code(statement, engine);
    let words = |place: usize, words: &[&str]| {
        let ahead = tokens[place..].iter().zip(words).filter(|(token, word)| token.is_word(word));
        ahead.count() == words.len()
    };
    let head = (0..tokens.len()).find(|place| words(*place, &["FOR", "EACH", "ROW"])).unwrap_or(0);
    let mut result = String::with_capacity(statement.len());
    let mut from = 0;
    for place in 1..head {
        // A name behind a dot may begin with a digit, and is then one token with its dot.
        let Some(joined) = tokens[place].text.strip_prefix('.') else { continue };
        let name = if joined.is_empty() { tokens[place + 1] } else { tokens[place] };
        result.push_str(&statement[from..tokens[place - 1].offset]);
        from = name.end();
        // Behind a dot every word is a name; alone it may be one of the language's.
        match name.kind {
            TokenKind::QuotedIdentifier | TokenKind::String => result.push_str(name.text),
            _ => result.push_str(&identifier(name.text.trim_start_matches('.'), engine)),
        }
    }
    result.push_str(&statement[from..]);
    result
}

/// A column whose default takes a number from a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) column: String,
    /// The default without the name of the database that the sequences are in.
    pub(crate) default: String,
    /// The sequences of that database.
    pub(crate) sequences: Vec<String>,
}

/// The columns of a table of the connection's database whose defaults take numbers from sequences of the database `named`, and
/// the table's options.
pub(crate) async fn numbered(
    connection: &mut Connection,
    name: &str,
    named: &str,
) -> Result<(Vec<Numbered>, BTreeMap<String, String>), EngineError> {
    let engine = connection.kind();
    // The dictionary's own bytes, as where tables are inspected.
    connection.own("SET SESSION character_set_results = NULL").await?;
    let shown = batch(connection, &[show("TABLE", name)]).await;
    connection.own("SET SESSION character_set_results = 'utf8mb4'").await?;
    let shown = shown?;
    let bytes = shown.first().and_then(|rows| rows.first()?.get(1)?.as_ref());
    let bytes = bytes.ok_or_else(|| unsupported("table", name, "the server prints nothing for it"))?;
    // No database is called nothing, so every name stays.
    let table = table::table(name, &printed::text(bytes), &Context { engine, database: "" })?;
    let of = |column: stead_schema::model::Column| {
        let printed = column.default?;
        let sequences = sequences(&printed, named, engine);
        let default = without_database(&printed, named, engine);
        (!sequences.is_empty()).then_some(Numbered { column: column.name, default, sequences })
    };
    Ok((table.columns.into_iter().filter_map(of).collect(), table.options))
}

/// The sequences of a database that an expression names, `nextval(`db`.`sequence`)`.
fn sequences(text: &str, database: &str, engine: EngineKind) -> Vec<String> {
    let tokens = code(text, engine);
    let named = |place: usize| {
        let of = of_sequence(&tokens, place) && unquoted(tokens[place].text) == database;
        let dot = tokens.get(place + 1).is_some_and(|token| token.is_symbol("."));
        tokens.get(place + 2).filter(|_| of && dot).map(|token| unquoted(token.text))
    };
    (0..tokens.len()).filter_map(named).collect()
}
