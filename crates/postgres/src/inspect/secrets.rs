//! Secrets in options and connection strings. They are never read into a schema; what was left out is noted in a comment before
//! the statement, so that whoever reads or loads it knows what to set again.

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_schema::model::Name;
use stead_sql::quote::string;
use stead_sql::secret::is_secret;
use tokio_postgres::Row;

use super::catalog::Catalog;

#[cfg(test)]
mod tests;

/// A statement with what was left out of it said before.
pub(super) fn noted(left_out: &[String], statement: &str) -> Option<String> {
    comments(left_out).map(|comments| comments + statement)
}

/// What was left out, as comments of one line each.
pub(super) fn comments(left_out: &[String]) -> Option<String> {
    let line = |text: &String| format!("-- {}\n", text.split_whitespace().collect::<Vec<_>>().join(" "));
    (!left_out.is_empty()).then(|| left_out.iter().map(line).collect())
}

/// Reads the connections of subscriptions, where there are any. They are no part of what is compared: each environment has its
/// own, and only a superuser may read them.
pub(super) async fn connections(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    if !catalog.schema.objects.iter().any(|object| object.kind == "subscription") {
        return Ok(());
    }
    let readable = "SELECT has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT')";
    let allowed = catalog.rows(readable).await?.first().is_some_and(|row| row.get(0));
    let connection = if allowed { "s.subconninfo" } else { "NULL::text" };
    let sql = format!(
        "SELECT s.subname::text, quote_ident(s.subname), {connection} FROM pg_subscription s \
         WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
    );
    for row in catalog.rows(&sql).await? {
        connection_of(catalog, &row);
    }
    Ok(())
}

fn connection_of(catalog: &mut Catalog<'_>, row: &Row) {
    let (name, quoted): (String, String) = (row.get(0), row.get(1));
    let name = Name::flat(name);
    let objects = &mut catalog.schema.objects;
    let Some(object) = objects.iter_mut().find(|object| object.kind == "subscription" && object.name == name) else {
        return;
    };
    let begin = format!("CREATE SUBSCRIPTION {quoted} CONNECTION ");
    let Some(rest) = object.body.strip_prefix(&format!("{begin}''")) else { return };
    let (kept, left_out) = match row.get::<_, Option<String>>(2) {
        Some(text) => without_secrets(&text),
        None => (
            String::new(),
            vec!["the connection was left out: only a superuser may read it; set it after loading".to_owned()],
        ),
    };
    let literal = string(&kept, EngineKind::Postgres).unwrap_or_else(|_| "''".to_owned());
    let statement = format!("{begin}{literal}{rest}");
    object.definition = Some(noted(&left_out, &statement).unwrap_or(statement));
}

/// A connection string without its secrets, and what to say of them. What cannot be understood is left out as a whole.
fn without_secrets(text: &str) -> (String, Vec<String>) {
    let stripped = match text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")) {
        Some(rest) => without_secrets_of_url(&text[..text.len() - rest.len()], rest),
        None => without_secrets_of_words(text),
    };
    let note = |name: &String| {
        format!("the option `{name}` of the connection was left out: it is a secret; set it again after loading")
    };
    match stripped {
        Some((kept, names)) => (kept, names.iter().map(note).collect()),
        None => {
            let note = "the connection was left out: it may hold a secret; set it again after loading";
            (String::new(), vec![note.to_owned()])
        }
    }
}

/// `postgres://user:password@host/database?option=value&…`; what follows the scheme.
fn without_secrets_of_url(scheme: &str, rest: &str) -> Option<(String, Vec<String>)> {
    let mut left_out = Vec::new();
    let (before, parameters) = match rest.split_once('?') {
        Some((before, parameters)) => (before, Some(parameters)),
        None => (rest, None),
    };
    let (hosts, database) = before.split_at(before.find('/').unwrap_or(before.len()));
    // libpq would look for credentials elsewhere.
    if database.contains('@') || hosts.matches('@').count() > 1 || parameters.is_some_and(|text| text.contains('@')) {
        return None;
    }
    let mut kept = scheme.to_owned();
    match hosts.split_once('@') {
        Some((login, hosts)) => {
            let (user, password) = login.split_once(':').map_or((login, None), |(user, word)| (user, Some(word)));
            left_out.extend(password.map(|_| "password".to_owned()));
            kept += &format!("{user}@{hosts}");
        }
        None => kept += hosts,
    }
    kept += database;
    let mut gap = '?';
    for parameter in parameters.into_iter().flat_map(|parameters| parameters.split('&')) {
        let name = parameter.split('=').next().unwrap_or_default();
        if name.contains('%') {
            return None;
        }
        if is_secret(name) {
            left_out.push(name.to_owned());
        } else {
            kept.push(gap);
            kept += parameter;
            gap = '&';
        }
    }
    Some((kept, left_out))
}

/// `host=… user='…' password=…`, by the rules of libpq: blanks may stand around `=`, a value may be quoted, and a backslash
/// takes what follows it literally. What is kept stays as it was written.
fn without_secrets_of_words(text: &str) -> Option<(String, Vec<String>)> {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let equals = rest.find('=')?;
        let name = rest[..equals].trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        let value = rest[equals + 1..].trim_start();
        let length = value_length(value)?;
        let all = &rest[..rest.len() - value.len() + length];
        // A database may be named by a connection string of its own.
        if name == "dbname" && value[..length].contains(['=', '@']) {
            return None;
        }
        if is_secret(name) {
            left_out.push(name.to_owned());
        } else {
            kept.push(all);
        }
        rest = value[length..].trim_start();
    }
    Some((kept.join(" "), left_out))
}

/// How many bytes the value has that the text begins with; `None` where its quotes do not end.
fn value_length(text: &str) -> Option<usize> {
    let quoted = text.starts_with('\'');
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '\'' if quoted => return Some(place + 1),
            _ if !quoted && character.is_ascii_whitespace() => return Some(place),
            _ => {}
        }
    }
    (!quoted).then_some(text.len())
}
