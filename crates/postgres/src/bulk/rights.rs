//! Which rights a dump needs and the role lacks, found out before anything is read. Everything is told at once with what would
//! help, since whoever grants rights is seldom the one who dumps.

use stead_engine::{EngineError, ErrorClass};

use super::catalog::{PEOPLES_SEQUENCES, Relation};
use crate::apply::quoted;
use crate::connect::Connection;

#[cfg(test)]
mod tests;

/// Names that are told; of more there is only the number.
const TOLD: usize = 10;

/// What the role may not do, each by its names as SQL.
#[derive(Default)]
struct Lacking {
    schemas: Vec<String>,
    tables: Vec<String>,
    sequences: Vec<String>,
    hidden: Vec<String>,
}

/// Refuses what the role may not read.
pub(super) async fn check_readable(connection: &mut Connection, relations: &[Relation]) -> Result<(), EngineError> {
    let closed = relations.iter().filter(|relation| !relation.readable);
    let hidden = relations.iter().filter(|relation| relation.readable && relation.has_rows && relation.hides_rows);
    let mut lacking = Lacking {
        tables: closed.map(Relation::quoted).collect(),
        hidden: hidden.map(Relation::quoted).collect(),
        ..Lacking::default()
    };
    let sql = format!(
        "SELECT n.nspname::text, c.relname::text {PEOPLES_SEQUENCES}
           AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2"
    );
    let rows = connection.rows(&sql, &[]).await?;
    let named = |row: &tokio_postgres::Row| format!("{}.{}", quoted(row.get(0)), quoted(row.get(1)));
    lacking.sequences = rows.iter().map(named).collect();
    let sql = "
        SELECT n.nspname::text FROM pg_catalog.pg_namespace AS n
        WHERE n.nspname <> 'information_schema' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_')
          AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
          AND EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'S'))
        ORDER BY 1";
    lacking.schemas = names(connection, sql).await?.iter().map(|name| quoted(name)).collect();
    let role = names(connection, "SELECT pg_catalog.quote_ident(current_user)").await?;
    lacking.error(role.first().map_or("…", String::as_str)).map_or(Ok(()), Err)
}

async fn names(connection: &mut Connection, sql: &str) -> Result<Vec<String>, EngineError> {
    Ok(connection.rows(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
}

impl Lacking {
    fn error(&self, role: &str) -> Option<EngineError> {
        let all_of =
            |what: &str| format!("`GRANT SELECT ON ALL {what} IN SCHEMA …`, or membership in `pg_read_all_data`");
        let all = [
            ("the role lacks the right to read ", &self.tables, all_of("TABLES")),
            (
                "the role lacks the right to read the sequence ",
                &self.sequences,
                format!("`GRANT SELECT ON SEQUENCE {} TO {role}`, or {}", one(&self.sequences), all_of("SEQUENCES")),
            ),
            (
                "the role lacks the right to look into the schema ",
                &self.schemas,
                format!("`GRANT USAGE ON SCHEMA {} TO {role}`", one(&self.schemas)),
            ),
            (
                "row security hides rows from the role in ",
                &self.hidden,
                format!(
                    "no grant helps here: a superuser runs `ALTER ROLE {role} BYPASSRLS`, or the owner of the table dumps, for whom \
                     `FORCE ROW LEVEL SECURITY` is off"
                ),
            ),
        ];
        let found = all.into_iter().filter(|(_, names, _)| !names.is_empty());
        let (messages, hints): (Vec<String>, Vec<String>) =
            found.map(|(begin, names, hint)| (format!("{begin}{}", listed(names)), hint)).unzip();
        if messages.is_empty() {
            return None;
        }
        let mut error = EngineError::new(ErrorClass::Refused, messages.join("; "));
        error.hints = hints;
        Some(error)
    }
}

/// The only name, or dots for several.
fn one(names: &[String]) -> &str {
    match names {
        [name] => name,
        _ => "…",
    }
}

/// Names for people.
fn listed(names: &[String]) -> String {
    let told: Vec<String> = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(TOLD) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}
