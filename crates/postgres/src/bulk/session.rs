//! Settings of a database that decide what its rows and stored views come out as when they are computed again. They belong to the
//! database, so one that is being built has none of them: a dump notes them, and the session that builds takes them over.

use std::collections::BTreeMap;

use stead_engine::EngineError;

use crate::connect::Connection;

/// The settings: where the text of a function finds what it names without a schema, what a day is, and what a word is.
const NAMES: [&str; 3] = ["default_text_search_config", "search_path", "timezone"];

/// Names and values.
pub(super) type Session = BTreeMap<String, String>;

/// What was set for the connection's database. What a role is used to goes with the role, and shows in no dump.
pub(super) async fn read(connection: &mut Connection) -> Result<Session, EngineError> {
    let sql = "SELECT pg_catalog.lower(pg_catalog.split_part(c.said, '=', 1)), \
                      pg_catalog.substr(c.said, pg_catalog.strpos(c.said, '=') + 1) \
               FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS c (said) \
               WHERE s.setrole = 0 AND s.setdatabase = \
                 (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())";
    let rows = connection.rows(sql, &[]).await?;
    let all = rows.iter().map(|row| (row.get::<_, String>(0), row.get(1)));
    Ok(all.filter(|(name, _)| NAMES.contains(&name.as_str())).collect())
}

/// Brings a session that builds to what was read. A value that this server does not know is left out: then its own is the best
/// that there is.
pub(super) async fn take_over(connection: &mut Connection, session: &Session) -> Result<(), EngineError> {
    for (name, value) in session.iter().filter(|(name, _)| NAMES.contains(&name.as_str())) {
        // The statements that build are written for the server's own names to come first.
        let own_first = name == "search_path" && value.contains("pg_catalog");
        let value = if own_first { format!("pg_catalog, {value}") } else { value.clone() };
        let set = connection.rows("SELECT pg_catalog.set_config($1, $2, false)", &[name, &value]).await;
        match set {
            Err(error) if error.engine_code.as_deref() == Some("22023") => {}
            set => drop(set?),
        }
    }
    Ok(())
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
