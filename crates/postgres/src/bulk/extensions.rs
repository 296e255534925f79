//! Extensions in a database that is being built. Whether the server offers them is asked before anything is made, and their
//! configuration tables, in which people keep rows beside those of the extension, take exactly the rows that were dumped.

use std::collections::BTreeMap;

use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;
use stead_sql::write::Statement;

use super::facts::{ExtensionFacts, TableFacts};
use crate::apply::quoted;
use crate::connect::Connection;

/// The extensions that the server offers in the very version they had. One that it does not offer at all is refused, and one
/// with people's rows that it offers in other versions only.
pub(super) async fn offered(
    server: &mut Connection,
    extensions: &[ExtensionFacts],
) -> Result<BTreeMap<String, String>, EngineError> {
    let names: Vec<&str> = extensions.iter().map(|extension| extension.name.as_str()).collect();
    let sql = "SELECT name::text, version FROM pg_catalog.pg_available_extension_versions \
               WHERE name::text = ANY ($1::text[]) ORDER BY 1, 2";
    let rows = server.rows(sql, &[&names]).await?;
    let found: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut same = BTreeMap::new();
    let mut missing = Vec::new();
    for ExtensionFacts { name, version, with_rows } in extensions {
        let versions: Vec<&str> =
            found.iter().filter(|(other, _)| other == name).map(|(_, version)| &**version).collect();
        if versions.contains(&version.as_str()) {
            same.insert(name.clone(), version.clone());
        } else if versions.is_empty() {
            missing.push(format!("`{name}` {version}"));
        } else if *with_rows {
            missing.push(format!("`{name}` {version} (it has {})", versions.join(", ")));
        }
    }
    if missing.is_empty() {
        return Ok(same);
    }
    Err(EngineError::new(
        ErrorClass::Unsupported,
        format!("the server does not offer the extension {}", missing.join(", ")),
    )
    .hint("install it there in that version, or update it where the snapshot came from and dump again"))
}

/// The statement that makes an extension, in the version it had where the server offers that.
pub(super) fn of_version(mut statement: Statement, versions: &BTreeMap<String, String>) -> Statement {
    if statement.kind == "extension"
        && statement.sql.starts_with("CREATE EXTENSION ")
        && let Some(version) = versions.get(&statement.name.name)
        && let Ok(version) = stead_sql::quote::string(version, EngineKind::Postgres)
    {
        statement.sql = format!("{} VERSION {version}", statement.sql.trim_end().trim_end_matches(';'));
    }
    statement
}

/// Begins a transaction in which a configuration table is without the rows that a dump takes. `CREATE EXTENSION` may have put
/// some of them there. Whatever the extension's triggers and foreign keys say to that, the rows are those of the dump.
pub(super) async fn empty(connection: &mut Connection, table: &TableFacts) -> Result<(), EngineError> {
    let name = format!("{}.{}", quoted(&table.namespace), quoted(&table.name));
    let sql = "SELECT e.extcondition[x.place] FROM pg_catalog.pg_extension AS e, \
               pg_catalog.unnest(e.extconfig) WITH ORDINALITY AS x (relation, place) \
               WHERE x.relation = $1::text::pg_catalog.regclass";
    let rows = connection.rows(sql, &[&name]).await?;
    let Some(row) = rows.first() else {
        let message = format!("`{name}` is no configuration table of the extension here, and has rows in the snapshot");
        return Err(
            EngineError::new(ErrorClass::Unsupported, message).hint("install the version that the snapshot had")
        );
    };
    let condition = row.get::<_, Option<String>>(0).unwrap_or_default();
    let batch = format!(
        "BEGIN; SELECT pg_catalog.set_config('session_replication_role', 'replica', true) \
         WHERE pg_catalog.current_setting('is_superuser') = 'on'; DELETE FROM ONLY {name} {condition}"
    );
    connection.batch(&batch).await.map_err(|error| error.context(format!("the rows of `{name}`")))
}
