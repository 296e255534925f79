//! The SQL of stead's own tables: the ledger of revisions, the marker that says whether a database was seeded, and the
//! schema that the last upgrade left. The text lives here, beside the other knowledge about dialects; what the rows mean
//! lives in `stead-revision`, and who runs the statements in `stead`. Format: `docs/format/ledger.md`.
//!
//! Lists (`parents`, `depends`, `replaces`, `heads`) are JSON texts, times are RFC 3339 texts in UTC, durations are
//! milliseconds. Parameters are written `?1`, `?2`, …, in the order each function states.

use stead_schema::EngineKind;
use thiserror::Error;

#[cfg(test)]
mod tests;

/// The table with a row for each app and revision.
pub const LEDGER_TABLE: &str = "stead_ledger";
/// The table with the one row that says whether the database was seeded.
pub const MARKER_TABLE: &str = "stead_marker";
/// The table with the one row that holds the schema the last upgrade left.
pub const SCHEMA_TABLE: &str = "stead_schema";

/// The columns of the ledger, in the order in which [`put_row`] takes and [`select_rows`] gives them.
pub const LEDGER_COLUMNS: [&str; 22] = [
    "app",
    "revision",
    "title",
    "slug",
    "number",
    "parents",
    "depends",
    "replaces",
    "checksum",
    "state",
    "statements_done",
    "statements_total",
    "last_statement_hash",
    "applied_by",
    "started_at",
    "took_ms",
    "error",
    "down_script",
    "project",
    "environment",
    "tool_version",
    "sequence",
];

/// Something that is not built for this engine.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} is not built for {engine} yet")]
pub struct Unsupported {
    /// The engine that was asked for.
    pub engine: EngineKind,
    /// What is missing, as the subject of a sentence.
    pub what: &'static str,
}

impl Unsupported {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "unsupported"
    }

    /// What can be done.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![format!("use an engine it is built for: {}", EngineKind::Sqlite.word())]
    }
}

/// stead's own tables. They are no part of an application's schema.
#[must_use]
pub fn own_tables() -> [&'static str; 3] {
    [LEDGER_TABLE, MARKER_TABLE, SCHEMA_TABLE]
}

/// Statements that create the three tables where they are missing.
///
/// # Errors
/// The engine is not built yet; so for every function here.
pub fn create(engine: EngineKind) -> Result<[&'static str; 3], Unsupported> {
    Ok([
        for_sqlite(engine, include_str!("ledger/create_ledger.sql"))?,
        for_sqlite(engine, include_str!("ledger/create_marker.sql"))?,
        for_sqlite(engine, include_str!("ledger/create_schema.sql"))?,
    ])
}

/// Says whether a table exists: one row with the number of tables (0 or 1). Parameter: ?1 the table's name.
///
/// # Errors
/// The engine is not built yet.
pub fn table_exists(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = ?1")
}

/// Writes a ledger row, in place of the one with the same app and revision. Parameters ?1 to ?22: the values of
/// [`LEDGER_COLUMNS`]. With NULL as the sequence (?22) a row keeps the one it has, and a new row gets the next.
///
/// # Errors
/// The engine is not built yet.
pub fn put_row(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, include_str!("ledger/put_row.sql"))
}

/// All ledger rows, the columns as in [`LEDGER_COLUMNS`], in the order in which they were written. No parameters.
///
/// # Errors
/// The engine is not built yet.
pub fn select_rows(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, include_str!("ledger/select_rows.sql"))
}

/// Removes a ledger row. Parameters: ?1 app, ?2 revision.
///
/// # Errors
/// The engine is not built yet.
pub fn delete_row(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, "DELETE FROM stead_ledger WHERE app = ?1 AND revision = ?2")
}

/// Records how far a run has come. Parameters: ?1 app, ?2 revision, ?3 state, ?4 statements done, ?5 hash of the last
/// statement, ?6 milliseconds, ?7 error; the last three may be NULL.
///
/// # Errors
/// The engine is not built yet.
pub fn update_state(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(
        engine,
        "UPDATE stead_ledger SET state = ?3, statements_done = ?4, last_statement_hash = ?5, took_ms = ?6, error = ?7 \
         WHERE app = ?1 AND revision = ?2",
    )
}

/// Reads the marker: state, at, source, swap_token; no row when nothing was recorded. No parameters.
///
/// # Errors
/// The engine is not built yet.
pub fn read_marker(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, "SELECT state, at, source, swap_token FROM stead_marker WHERE id = 1")
}

/// Writes the marker. Parameters: ?1 state (`seeded` or `skipped`), ?2 at, ?3 source, ?4 swap token; the last two may be
/// NULL.
///
/// # Errors
/// The engine is not built yet.
pub fn write_marker(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(
        engine,
        "INSERT OR REPLACE INTO stead_marker (id, state, at, source, swap_token) VALUES (1, ?1, ?2, ?3, ?4)",
    )
}

/// Removes the marker. No parameters.
///
/// # Errors
/// The engine is not built yet.
pub fn clear_marker(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, "DELETE FROM stead_marker")
}

/// Reads the stored schema: fingerprint, heads, schema, at; no row when nothing was stored. No parameters.
///
/// # Errors
/// The engine is not built yet.
pub fn read_schema(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, "SELECT fingerprint, heads, \"schema\", at FROM stead_schema WHERE id = 1")
}

/// Writes the stored schema. Parameters: ?1 fingerprint, ?2 heads, ?3 the schema as a compressed blob, ?4 at.
///
/// # Errors
/// The engine is not built yet.
pub fn write_schema(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(
        engine,
        "INSERT OR REPLACE INTO stead_schema (id, fingerprint, heads, \"schema\", at) VALUES (1, ?1, ?2, ?3, ?4)",
    )
}

/// Removes the stored schema. No parameters.
///
/// # Errors
/// The engine is not built yet.
pub fn clear_schema(engine: EngineKind) -> Result<&'static str, Unsupported> {
    for_sqlite(engine, "DELETE FROM stead_schema")
}

fn for_sqlite(engine: EngineKind, sql: &'static str) -> Result<&'static str, Unsupported> {
    match engine {
        EngineKind::Sqlite => Ok(sql),
        EngineKind::Postgres | EngineKind::Mysql | EngineKind::Mariadb => {
            Err(Unsupported { engine, what: "the ledger" })
        }
    }
}
