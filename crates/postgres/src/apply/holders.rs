//! Who holds locks on the tables of a database: what to tell somebody whose statement waited in vain. Every role may see the
//! locks, and the names of the sessions that hold them.

use stead_engine::EngineError;

use crate::connect::Connection;

/// Sessions with locks on tables that are no catalogs, longest transaction first where its begin may be seen.
const HOLDERS: &str = "
    SELECT a.pid, a.application_name, COALESCE(a.usename::text, a.backend_type, 'the server'),
           COALESCE(CASE WHEN a.state IN ('active', 'idle') THEN NULL ELSE a.state END, ''),
           pg_catalog.array_agg(DISTINCT l.relation::pg_catalog.regclass::text)
    FROM pg_catalog.pg_locks AS l
    JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm', 'f')
    WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid() AND c.oid >= 16384
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    GROUP BY a.pid, a.application_name, 3, 4, a.xact_start
    ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 5";

/// The tables that one session is shown with.
const TABLES: usize = 3;

pub(super) async fn holders(connection: &mut Connection) -> Result<Vec<String>, EngineError> {
    let rows = connection.rows(HOLDERS, &[]).await?;
    Ok(rows.iter().map(told).collect())
}

fn told(row: &tokio_postgres::Row) -> String {
    let (process, application): (i32, String) = (row.get(0), row.get(1));
    let (user, state): (String, String) = (row.get(2), row.get(3));
    let tables: Vec<String> = row.get(4);
    let mut shown: Vec<String> = tables.iter().take(TABLES).map(|table| format!("`{table}`")).collect();
    if tables.len() > TABLES {
        shown.push(format!("{} more", tables.len() - TABLES));
    }
    let state = if state.is_empty() { String::new() } else { format!(", {state}") };
    format!("session {process} (`{application}` of {user}{state}) holds {}", shown.join(", "))
}
