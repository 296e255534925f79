//! Settings of a database that decide what its rows and stored views come out as when they are computed again. They belong to the
//! database, so one that is being built has none of them: a dump notes them, and the session that builds takes them over.

use std::collections::BTreeMap;

use stead_engine::EngineError;

use crate::connect::Connection;

/// Settings under which a session can build: where the text of a function finds what it names without a schema, what a day and
/// a word is, and how a value is written. What rows and statements hold is understood under any of them.
const NAMES: [&str; 8] = [
    "bytea_output",
    "datestyle",
    "default_text_search_config",
    "extra_float_digits",
    "intervalstyle",
    "search_path",
    "timezone",
    "timezone_abbreviations",
];
/// Settings under which rows and statements would be misread, so that they hold while a view's query runs and no longer.
const OF_VIEWS: [&str; 7] = [
    "array_nulls",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "standard_conforming_strings",
    "transform_null_equals",
    "xmloption",
];
/// What the name of somebody's own setting holds if its value is nobody else's business.
const OF_SECRETS: [&str; 9] = ["pass", "pwd", "secret", "token", "key", "credential", "auth", "jwt", "salt"];
/// The longest value of somebody's own setting that is noted: a UUID still, and no key.
const LONGEST: usize = 36;

/// The server's words that it does not know a setting or its value, that it cannot be set in a session, and that the role lacks
/// the right.
pub(super) const LEFT_OUT: [&str; 5] = ["22023", "42501", "42602", "42704", "55P02"];

/// Names and values.
pub(super) type Session = BTreeMap<String, String>;

/// Whether a setting is people's own or an extension's, as `app.factor`.
fn is_own(name: &str) -> bool {
    name.contains('.')
}

/// Whether somebody's own setting may be noted in a dump. A login in an address may have a password in it.
fn may_be_noted(name: &str, value: &str) -> bool {
    let has_login = value.contains("://") && value.contains('@');
    !has_login && !OF_SECRETS.iter().any(|part| name.contains(part)) && value.chars().count() <= LONGEST
}

/// What a dump notes of the settings of the connection's database.
pub(super) async fn read(connection: &mut Connection) -> Result<Session, EngineError> {
    let name = connection.database().to_owned();
    let mut session = all(connection, &name).await?;
    session.retain(|name, value| {
        let known = NAMES.contains(&name.as_str()) || OF_VIEWS.contains(&name.as_str());
        known || (is_own(name) && may_be_noted(name, value))
    });
    Ok(session)
}

/// People's own settings of a database, those with secrets too: a database that is built on the same server may see them.
pub(super) async fn own(connection: &mut Connection, database: &str) -> Result<Session, EngineError> {
    let mut session = all(connection, database).await?;
    session.retain(|name, _| is_own(name));
    Ok(session)
}

/// What was set for a database. What a role is used to goes with the role, and shows in no dump.
async fn all(connection: &mut Connection, database: &str) -> Result<Session, EngineError> {
    let sql = "SELECT pg_catalog.lower(pg_catalog.split_part(c.said, '=', 1)), \
                      pg_catalog.substr(c.said, pg_catalog.strpos(c.said, '=') + 1) \
               FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS c (said) \
               WHERE s.setrole = 0 AND s.setdatabase = \
                 (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = $1::text)";
    let rows = connection.rows(sql, &[&database]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Brings a session that builds to what was read, as far as it can build under it.
pub(super) async fn take_over(connection: &mut Connection, session: &Session) -> Result<(), EngineError> {
    for (name, value) in session.iter().filter(|(name, _)| NAMES.contains(&name.as_str()) || is_own(name)) {
        // The statements that build are written for the server's own names to come first.
        let own_first = name == "search_path" && value.contains("pg_catalog");
        let value = if own_first { format!("pg_catalog, {value}") } else { value.clone() };
        set(connection, name, &value).await?;
    }
    Ok(())
}

/// Runs the statement that fills a view under what was read, all of it.
pub(super) async fn fill(connection: &mut Connection, session: &Session, sql: &str) -> Result<(), EngineError> {
    let noted = session.iter().filter(|(name, _)| OF_VIEWS.contains(&name.as_str()));
    let noted: Vec<(&String, &String)> = noted.collect();
    let mut before = Vec::new();
    for (name, value) in &noted {
        let rows = connection.rows("SELECT pg_catalog.current_setting($1)", &[name]).await?;
        before.extend(rows.first().map(|row| ((*name).clone(), row.get::<_, String>(0))));
        set(connection, name, value).await?;
    }
    connection.batch(sql).await?;
    for (name, value) in before {
        set(connection, &name, &value).await?;
    }
    Ok(())
}

/// Sets one for the session. A value that this server does not know is left out, and so is one that the role may not set: then
/// its own is the best that there is.
async fn set(connection: &mut Connection, name: &str, value: &str) -> Result<(), EngineError> {
    let set = connection.rows("SELECT pg_catalog.set_config($1, $2, false)", &[&name, &value]).await;
    match set {
        Err(error) if LEFT_OUT.iter().any(|code| error.engine_code.as_deref() == Some(code)) => Ok(()),
        set => set.map(drop),
    }
}

/// Has the server write every name with its schema until the transaction ends, or until [`give_back`]: a session of another
/// database may look elsewhere. Gives what it was.
pub(super) async fn write_names_in_full(connection: &mut Connection) -> Result<String, EngineError> {
    let sql = "SELECT pg_catalog.current_setting('search_path'), pg_catalog.set_config('search_path', '', true)";
    let rows = connection.rows(sql, &[]).await?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

/// Sets the path back to what it was.
pub(super) async fn give_back(connection: &mut Connection, path: &str) -> Result<(), EngineError> {
    connection.rows("SELECT pg_catalog.set_config('search_path', $1, true)", &[&path]).await.map(drop)
}
