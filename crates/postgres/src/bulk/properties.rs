//! What belongs to a database and not to its content: owner, grants, settings, connection limit, comment. It stays with the old
//! database when names are exchanged, so it is written onto the new one, in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;
use tokio_postgres::Row;

use super::roles::TO_BECOME;
use super::session::{LEFT_OUT, Session};
use crate::apply::quoted;
use crate::connect::Connection;

#[cfg(test)]
mod tests;

/// Settings whose value is a list of names, which the server keeps quoted; the list is in `guc_tables.c`, `GUC_LIST_QUOTE`.
const LISTS: [&str; 7] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
    "oauth_validator_libraries",
];

/// What would keep us from building.
const IN_THE_WAY: &str = "default_transaction_read_only";

/// Gives a database that is being built what decides how people's SQL goes there: owner, grants and settings. How many may
/// connect, and the comment, come with the swap.
pub(super) async fn lend(connection: &mut Connection, from: &str, to: &str) -> Result<(), EngineError> {
    let (mut wanted, has) = (Properties::read(connection, from).await?, Properties::read(connection, to).await?);
    wanted.options.clone_from(&has.options);
    wanted.comment.clone_from(&has.comment);
    for settings in wanted.settings.values_mut() {
        settings.retain(|(name, _)| !name.eq_ignore_ascii_case(IN_THE_WAY));
    }
    at_once(connection, &wanted.statements_over(&has, &quoted(to))?).await
}

/// Gives a database the settings that its values were computed with, as far as they are known here and the role may.
pub(super) async fn give(connection: &mut Connection, database: &str, session: &Session) -> Result<(), EngineError> {
    for (name, text) in session {
        let sql = format!("ALTER DATABASE {} SET {} TO {}", quoted(database), variable(name), value(name, text)?);
        match connection.batch(&sql).await {
            Err(error) if LEFT_OUT.iter().any(|code| error.engine_code.as_deref() == Some(code)) => {}
            given => given?,
        }
    }
    Ok(())
}

/// Runs the statements in one transaction, if there are any.
async fn at_once(connection: &mut Connection, statements: &[String]) -> Result<(), EngineError> {
    if statements.is_empty() {
        return Ok(());
    }
    connection.batch(&format!("BEGIN; {}; COMMIT", statements.join("; "))).await
}

/// Gives one database the properties of another.
pub(super) async fn carry(connection: &mut Connection, from: &str, to: &str) -> Result<(), EngineError> {
    let statements = statements(connection, from, to).await?;
    at_once(connection, &statements).await
}

/// The statements that do it; none where both are alike.
pub(super) async fn statements(connection: &mut Connection, from: &str, to: &str) -> Result<Vec<String>, EngineError> {
    let (wanted, has) = (Properties::read(connection, from).await?, Properties::read(connection, to).await?);
    wanted.statements_over(&has, &quoted(to))
}

/// Finds out whether a database that is made for the live one can be given its properties, by giving them to the live one itself
/// and taking that back. Some settings are a superuser's alone, and so may be those of another role.
pub(super) async fn rehearse(connection: &mut Connection, live: &str) -> Result<(), EngineError> {
    let wanted = Properties::read(connection, live).await?;
    let sql = format!(
        "SELECT r.rolname::text, r.rolsuper, \
                      pg_catalog.pg_has_role($1::text::regrole::oid, {TO_BECOME}) \
               FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user"
    );
    let rows = connection.rows(&sql, &[&quoted(&wanted.owner)]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (role, everything): (String, bool) = (row.get(0), row.get(1));
    if everything {
        return Ok(());
    }
    if role != wanted.owner && !row.get::<_, bool>(2) {
        let message =
            format!("the role lacks the right to make a database for `{}`, to whom `{live}` belongs", wanted.owner);
        let hint = format!("a superuser runs `GRANT {} TO {}`", quoted(&wanted.owner), quoted(&role));
        return Err(EngineError::new(ErrorClass::Refused, message).hint(hint));
    }
    for statement in wanted.statements_over(&Properties::of_new(&wanted.owner), &quoted(live))? {
        let done = connection.batch(&format!("BEGIN; {statement}")).await;
        connection.batch("ROLLBACK").await?;
        if let Err(error) = done {
            // A setting's value may be a secret.
            let shown = statement.split('\'').next().unwrap_or_default().trim_end();
            let shown = shown.strip_suffix(" TO").or_else(|| shown.strip_suffix(" IS")).unwrap_or(shown);
            let hint = "a superuser lends the role that right, or takes the property off the database";
            let what = format!("a new `{live}` cannot be given what the old one has, `{shown}`");
            return Err(error.context(what).hint(hint));
        }
    }
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Properties {
    owner: String,
    /// Connection limit and whether connections are allowed, as clauses.
    options: String,
    comment: Option<String>,
    grants: BTreeSet<Grant>,
    settings: Settings,
}

/// Names and values by role, `None` for everybody, in the order the server keeps.
type Settings = BTreeMap<Option<String>, Vec<(String, String)>>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    /// As SQL: a quoted name, or `PUBLIC`.
    to: String,
    right: String,
    grantable: bool,
}

const DATABASE: &str = "
    SELECT pg_catalog.pg_get_userbyid(datdba)::text, datconnlimit, datallowconn, datistemplate,
           pg_catalog.shobj_description(oid, 'pg_database')
    FROM pg_catalog.pg_database WHERE datname = $1::text";

/// Rights as they are in force, the owner's own left out unless they are less than all.
const GRANTS: &str = r#"
    SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC'
                          ELSE '"' || pg_catalog.replace(pg_catalog.pg_get_userbyid(a.grantee)::text, '"', '""') || '"' END,
           a.privilege_type, a.is_grantable
    FROM pg_catalog.pg_database AS d,
         pg_catalog.aclexplode(COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba))) AS a
    WHERE d.datname = $1::text"#;

const SETTINGS: &str = "
    SELECT CASE WHEN s.setrole <> 0 THEN pg_catalog.pg_get_userbyid(s.setrole)::text END, s.setconfig
    FROM pg_catalog.pg_db_role_setting AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
    WHERE d.datname = $1::text";

impl Properties {
    async fn read(connection: &mut Connection, name: &str) -> Result<Self, EngineError> {
        let rows = connection.rows(DATABASE, &[&name]).await?;
        let row = rows.first().ok_or_else(|| {
            EngineError::new(ErrorClass::Conflict, format!("the database `{name}` does not exist any more"))
        })?;
        let options = options(row.get(1), row.get(2), row.get(3));
        let (owner, comment) = (row.get(0), row.get(4));
        let grants = connection.rows(GRANTS, &[&name]).await?;
        let grants = grants.iter().map(|row| Grant { to: row.get(0), right: row.get(1), grantable: row.get(2) });
        let settings = connection.rows(SETTINGS, &[&name]).await?.iter().map(settings).collect();
        Ok(Self { owner, options, comment, grants: grants.collect(), settings })
    }

    /// Those of a database that its owner has just made.
    fn of_new(owner: &str) -> Self {
        let grant = |to: &str, right: &str| Grant { to: to.to_owned(), right: right.to_owned(), grantable: false };
        let own = quoted(owner);
        let owners = ["CREATE", "CONNECT", "TEMPORARY"].map(|right| grant(&own, right));
        let everybodys = ["CONNECT", "TEMPORARY"].map(|right| grant("PUBLIC", right));
        Self {
            owner: owner.to_owned(),
            options: options(-1, true, false),
            comment: None,
            grants: owners.into_iter().chain(everybodys).collect(),
            settings: Settings::new(),
        }
    }

    /// The statements that make a database which has other properties have these.
    fn statements_over(&self, has: &Self, database: &str) -> Result<Vec<String>, EngineError> {
        let mut statements = Vec::new();
        if self.owner != has.owner {
            statements.push(format!("ALTER DATABASE {database} OWNER TO {}", quoted(&self.owner)));
        }
        if self.options != has.options {
            statements.push(format!("ALTER DATABASE {database} WITH {}", self.options));
        }
        if self.comment != has.comment {
            let text = self.comment.as_deref().map_or_else(|| Ok("NULL".to_owned()), literal)?;
            statements.push(format!("COMMENT ON DATABASE {database} IS {text}"));
        }
        statements.extend(self.grants_over(has, database));
        statements.extend(self.settings_over(has, database)?);
        Ok(statements)
    }

    /// Takes away what the other has and shall not have, and grants what it lacks.
    fn grants_over(&self, has: &Self, database: &str) -> Vec<String> {
        // The new owner takes over the old one's rights.
        let renamed = |grant: &Grant| {
            let mut grant = grant.clone();
            if grant.to == quoted(&has.owner) {
                grant.to = quoted(&self.owner);
            }
            grant
        };
        let has: BTreeSet<Grant> = has.grants.iter().map(renamed).collect();
        let revoked = has.difference(&self.grants);
        let revoked =
            revoked.map(|grant| format!("REVOKE {} ON DATABASE {database} FROM {} CASCADE", grant.right, grant.to));
        let granted = self.grants.difference(&has).map(|grant| {
            let option = if grant.grantable { " WITH GRANT OPTION" } else { "" };
            format!("GRANT {} ON DATABASE {database} TO {}{option}", grant.right, grant.to)
        });
        revoked.chain(granted).collect()
    }

    fn settings_over(&self, has: &Self, database: &str) -> Result<Vec<String>, EngineError> {
        let mut statements = Vec::new();
        let roles: BTreeSet<&Option<String>> = self.settings.keys().chain(has.settings.keys()).collect();
        for role in roles.into_iter().filter(|role| self.settings.get(*role) != has.settings.get(*role)) {
            let place = match role {
                Some(role) => format!("ALTER ROLE {} IN DATABASE {database}", quoted(role)),
                None => format!("ALTER DATABASE {database}"),
            };
            statements.push(format!("{place} RESET ALL"));
            for (name, text) in self.settings.get(role).into_iter().flatten() {
                statements.push(format!("{place} SET {} TO {}", variable(name), value(name, text)?));
            }
        }
        Ok(statements)
    }
}

fn options(limit: i32, allowed: bool, is_template: bool) -> String {
    format!("CONNECTION LIMIT {limit} ALLOW_CONNECTIONS {allowed} IS_TEMPLATE {is_template}")
}

fn settings(row: &Row) -> (Option<String>, Vec<(String, String)>) {
    let entries: Vec<String> = row.get(1);
    let split = |entry: &String| entry.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    (row.get(0), entries.iter().filter_map(split).collect())
}

fn literal(text: &str) -> Result<String, EngineError> {
    stead_sql::quote::string(text, EngineKind::Postgres)
        .map_err(|error| EngineError::new(ErrorClass::Bug, error.to_string()))
}

/// A setting's name; those of extensions have a point in them.
fn variable(name: &str) -> String {
    name.split('.').map(quoted).collect::<Vec<_>>().join(".")
}

/// A setting's value as SQL. A list is written element by element, else it would become one name with commas in it.
fn value(name: &str, value: &str) -> Result<String, EngineError> {
    if !LISTS.contains(&name.to_lowercase().as_str()) {
        return literal(value);
    }
    let elements = elements(value);
    if elements.is_empty() {
        return Ok("''".to_owned());
    }
    Ok(elements.iter().map(|element| literal(element)).collect::<Result<Vec<_>, _>>()?.join(", "))
}

/// The elements of a list of names, without their quotes.
fn elements(list: &str) -> Vec<String> {
    let mut elements = Vec::new();
    let mut letters = list.chars().peekable();
    while letters.peek().is_some() {
        let mut element = String::new();
        let mut is_quoted = false;
        while let Some(letter) = letters.next() {
            match letter {
                '"' if is_quoted && letters.next_if_eq(&'"').is_some() => element.push('"'),
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => break,
                letter if letter.is_whitespace() && !is_quoted => {}
                letter => element.push(letter),
            }
        }
        elements.push(element);
    }
    elements
}
