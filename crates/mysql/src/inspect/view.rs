//! Views, from what `SHOW CREATE VIEW` prints, and what they are made of. A server prints a view's query from its own parse of
//! it, every table and function by its quoted name, so that the names can be found without understanding the query.

use std::collections::{BTreeMap, BTreeSet};

use stead_engine::EngineError;
use stead_schema::model::{Dependency, Name, Reference, View};
use stead_schema::{EngineKind, Schema};
use stead_sql::lex::code;
use stead_sql::quote::unquoted;
use stead_sql::{Token, TokenKind};

use super::batch::{Row, batch, bytes, text};
use super::program::head;
use super::reader::Reader;
use super::statement::Printed;
use super::{Settings, home, show, unsupported};
use crate::connect::Connection;
use crate::error::number;

/// The views of these names.
pub(super) async fn views(
    connection: &mut Connection,
    database: &str,
    names: &[String],
) -> Result<Vec<View>, EngineError> {
    let engine = connection.kind();
    // The warning that a view is broken belongs to the statement before it.
    let asked = names.iter().flat_map(|name| [show("VIEW", name), "SHOW WARNINGS".to_owned()]).collect::<Vec<_>>();
    let shown = match batch(connection, &asked).await {
        Err(error) if number(&error) == Some(READS_ONLY) => elsewhere(connection, database, &asked).await?,
        other => other?,
    };
    let mut views = Vec::with_capacity(names.len());
    for (name, sets) in names.iter().zip(shown.chunks(2)) {
        let [rows, warnings] = sets else { continue };
        let row = rows.first().ok_or_else(|| unsupported("view", name, "the server prints nothing for it"))?;
        if let Some(warning) = warnings.iter().find(|warning| text(warning, 1).as_deref() == Some("1356")) {
            return Err(broken(name, warning));
        }
        let source = bytes(row, 1).ok_or_else(|| unsupported("view", name, "the server prints nothing for it"))?;
        let client = text(row, 2).unwrap_or_default();
        let source = Printed { kind: "view", name, client: &client, sql_mode: "", engine }.statement(source)?;
        let mut view = view(name, &source, database, engine)?;
        view.options.extend(text(row, 3).map(|collation| ("collation_connection".to_owned(), collation)));
        views.push(view);
    }
    Ok(views)
}

/// A server looks into the functions of a view that it prints, and refuses one that writes, or takes a sequence's next value, to
/// whoever only reads; though nothing is run.
const READS_ONLY: u16 = 1792;

/// What a session says that may write. Views are not a part of what a transaction keeps, so it says what this one would.
async fn elsewhere(connection: &Connection, database: &str, asked: &[String]) -> Result<Vec<Vec<Row>>, EngineError> {
    let mut other = connection.another(database).await?;
    let _restored_with_its_end = Settings::replace(&mut other).await?;
    other.own("SET SESSION TRANSACTION READ WRITE").await?;
    let shown = batch(&mut other, asked).await?;
    other.close().await?;
    Ok(shown)
}

fn broken(name: &str, warning: &Row) -> EngineError {
    let said = text(warning, 2).map(|said| crate::error::one_line(&said)).unwrap_or_default();
    unsupported("view", name, &format!("it cannot be used as it is: {said}"))
        .hint("drop the view, or bring back what it names")
}

/// Reads `CREATE ALGORITHM=… DEFINER=… SQL SECURITY … VIEW name [(columns)] AS query [WITH … CHECK OPTION]`.
pub(super) fn view(name: &str, source: &str, database: &str, engine: EngineKind) -> Result<View, EngineError> {
    let mut reader = Reader::new(source, engine, "view", name);
    reader.expect_words("CREATE")?;
    let mut options = BTreeMap::new();
    if reader.words("ALGORITHM") {
        reader.expect("=")?;
        let algorithm = reader.text()?.to_ascii_lowercase();
        if algorithm != "undefined" {
            options.insert("algorithm".to_owned(), algorithm);
        }
    }
    options.extend(head(&mut reader)?.map(|definer| ("definer".to_owned(), definer)));
    reader.expect_words("SQL SECURITY")?;
    options.insert("security".to_owned(), reader.text()?.to_ascii_lowercase());
    reader.expect_words("VIEW")?;
    reader.name()?;
    if reader.peek().is_some_and(|token| token.is_symbol("(")) {
        options.insert("columns".to_owned(), reader.parenthesis()?);
    }
    reader.expect_words("AS")?;
    let (query, check) = without_check(reader.verbatim(), engine);
    options.extend(check.map(|check| ("check option".to_owned(), check)));
    let query = home::view(query, database, engine);
    Ok(View { name: Name::flat(name), query, options, ..View::default() })
}

/// The query without `WITH … CHECK OPTION` at its end, and the word that stood there.
fn without_check(query: &str, engine: EngineKind) -> (&str, Option<String>) {
    let tokens = code(query, engine);
    let [rest @ .., with, which, check, option] = &tokens[..] else { return (query, None) };
    let is_check = with.is_word("WITH") && check.is_word("CHECK") && option.is_word("OPTION");
    match rest.last() {
        Some(last) if is_check => (&query[..last.end()], Some(which.text.to_ascii_lowercase())),
        _ => (query, None),
    }
}

/// What each view needs: the tables, views, sequences and functions of this database that its query names.
pub(super) fn dependencies(schema: &Schema) -> Vec<Dependency> {
    let mut relations: BTreeMap<&str, &str> = BTreeMap::new();
    relations.extend(schema.tables.iter().map(|table| (table.name.name.as_str(), "table")));
    relations.extend(schema.views.iter().map(|view| (view.name.name.as_str(), "view")));
    let of_kind = |kind: &'static str| schema.objects.iter().filter(move |object| object.kind == kind);
    relations.extend(of_kind("sequence").map(|sequence| (sequence.name.name.as_str(), "sequence")));
    let functions: BTreeSet<&str> = of_kind("function").map(|function| function.name.name.as_str()).collect();
    let mut dependencies = Vec::new();
    for view in &schema.views {
        let of = Reference::new("view", view.name.clone());
        for (name, called) in named(&view.query, schema.engine) {
            let kind = if called {
                functions.get(name.as_str()).map(|_| "function")
            } else {
                relations.get(name.as_str()).copied()
            };
            let on = kind.map(|kind| Reference::new(kind, Name::flat(name)));
            dependencies.extend(on.filter(|on| *on != of).map(|on| Dependency { of: of.clone(), on }));
        }
    }
    dependencies
}

/// The names in a printed query that may be relations or, where the flag is set, functions: quoted, not a part of a longer
/// name, and not the alias that stands behind another name.
fn named(query: &str, engine: EngineKind) -> Vec<(String, bool)> {
    let tokens = code(query, engine);
    let is = |place: Option<usize>, test: &dyn Fn(&Token<'_>) -> bool| {
        place.and_then(|place| tokens.get(place)).is_some_and(test)
    };
    let mut found = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::QuotedIdentifier {
            continue;
        }
        let before = place.checked_sub(1);
        let aliased = |token: &Token<'_>| {
            token.is_symbol(".")
                || token.is_word("AS")
                || token.kind == TokenKind::QuotedIdentifier
                || token.is_symbol(")")
        };
        let part = is(before, &aliased) || is(Some(place + 1), &|token| token.is_symbol("."));
        if !part {
            found.push((unquoted(token.text), is(Some(place + 1), &|token| token.is_symbol("("))));
        }
    }
    found
}
