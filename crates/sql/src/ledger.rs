//! The SQL of stead's own tables: the ledger of revisions, the marker that says whether a database was seeded, and the
//! schema that the last upgrade left. The text lives here, beside the other knowledge about dialects; what the rows mean
//! lives in `stead-revision`, and who runs the statements in `stead`. Format: `docs/format/ledger.md`.
//!
//! Lists (`parents`, `depends`, `replaces`, `heads`) are JSON texts, times are RFC 3339 texts in UTC, durations are
//! milliseconds. Parameters are in the order each function states. On PostgreSQL the tables live in `public`, by name,
//! because a search path may lead anywhere.

use stead_schema::EngineKind;

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

/// stead's own tables. They are no part of an application's schema.
#[must_use]
pub fn own_tables() -> [&'static str; 3] {
    [LEDGER_TABLE, MARKER_TABLE, SCHEMA_TABLE]
}

/// True if a table of that name, as `Session::count_rows` gives names, is one of stead's own.
#[must_use]
pub fn is_own(table: &str) -> bool {
    own_tables().contains(&table.strip_prefix("public.").unwrap_or(table))
}

/// Statements that create the three tables where they are missing.
#[must_use]
pub fn create(engine: EngineKind) -> [&'static str; 3] {
    match engine {
        EngineKind::Sqlite => [
            include_str!("ledger/sqlite/create_ledger.sql"),
            include_str!("ledger/sqlite/create_marker.sql"),
            include_str!("ledger/sqlite/create_schema.sql"),
        ],
        EngineKind::Postgres => [
            include_str!("ledger/postgres/create_ledger.sql"),
            include_str!("ledger/postgres/create_marker.sql"),
            include_str!("ledger/postgres/create_schema.sql"),
        ],
        EngineKind::Mysql | EngineKind::Mariadb => [
            include_str!("ledger/mysql/create_ledger.sql"),
            include_str!("ledger/mysql/create_marker.sql"),
            include_str!("ledger/mysql/create_schema.sql"),
        ],
    }
}

/// Says whether a table exists: one row with the number of tables (0 or 1). Parameter: the table's name.
#[must_use]
pub fn table_exists(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite => "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = ?1",
        EngineKind::Postgres => {
            "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = $1::text"
        }
        EngineKind::Mysql | EngineKind::Mariadb => {
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
        }
    }
}

/// Writes a ledger row, in place of the one with the same app and revision. Parameters: the values of
/// [`LEDGER_COLUMNS`]. With NULL as the sequence, the last of them, a row keeps the one it has, and a new row gets the next.
#[must_use]
pub fn put_row(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite => include_str!("ledger/sqlite/put_row.sql"),
        EngineKind::Postgres => include_str!("ledger/postgres/put_row.sql"),
        EngineKind::Mysql | EngineKind::Mariadb => include_str!("ledger/mysql/put_row.sql"),
    }
}

/// All ledger rows, the columns as in [`LEDGER_COLUMNS`], in the order in which they were written. No parameters.
#[must_use]
pub fn select_rows(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite => include_str!("ledger/sqlite/select_rows.sql"),
        EngineKind::Postgres => include_str!("ledger/postgres/select_rows.sql"),
        EngineKind::Mysql | EngineKind::Mariadb => include_str!("ledger/mysql/select_rows.sql"),
    }
}

/// Removes a ledger row. Parameters: app, revision.
#[must_use]
pub fn delete_row(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite => "DELETE FROM stead_ledger WHERE app = ?1 AND revision = ?2",
        EngineKind::Postgres => "DELETE FROM public.stead_ledger WHERE app = $1 AND revision = $2",
        EngineKind::Mysql | EngineKind::Mariadb => "DELETE FROM stead_ledger WHERE app = ? AND revision = ?",
    }
}

/// Reads the marker: state, at, source, swap token; no row when nothing was recorded. No parameters.
#[must_use]
pub fn read_marker(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite | EngineKind::Mysql | EngineKind::Mariadb => {
            "SELECT state, at, source, swap_token FROM stead_marker WHERE id = 1"
        }
        EngineKind::Postgres => "SELECT state, at, source, swap_token FROM public.stead_marker WHERE id = 1",
    }
}

/// Writes the marker. Parameters: state (`seeded` or `skipped`), at, source, swap token; the last two may be NULL.
#[must_use]
pub fn write_marker(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite => {
            "INSERT OR REPLACE INTO stead_marker (id, state, at, source, swap_token) VALUES (1, ?1, ?2, ?3, ?4)"
        }
        EngineKind::Postgres => {
            "INSERT INTO public.stead_marker (id, state, at, source, swap_token) VALUES (1, $1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, at = excluded.at, source = excluded.source, \
             swap_token = excluded.swap_token"
        }
        EngineKind::Mysql | EngineKind::Mariadb => {
            "REPLACE INTO stead_marker (id, state, at, source, swap_token) VALUES (1, ?, ?, ?, ?)"
        }
    }
}

/// Reads the stored schema: fingerprint, heads, schema, at; no row when nothing was stored. No parameters.
#[must_use]
pub fn read_schema(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite => "SELECT fingerprint, heads, \"schema\", at FROM stead_schema WHERE id = 1",
        EngineKind::Postgres => "SELECT fingerprint, heads, \"schema\", at FROM public.stead_schema WHERE id = 1",
        EngineKind::Mysql | EngineKind::Mariadb => {
            "SELECT fingerprint, heads, `schema`, at FROM stead_schema WHERE id = 1"
        }
    }
}

/// Writes the stored schema. Parameters: fingerprint, heads, the schema as a compressed blob, at.
#[must_use]
pub fn write_schema(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite => {
            "INSERT OR REPLACE INTO stead_schema (id, fingerprint, heads, \"schema\", at) VALUES (1, ?1, ?2, ?3, ?4)"
        }
        EngineKind::Postgres => {
            "INSERT INTO public.stead_schema (id, fingerprint, heads, \"schema\", at) VALUES (1, $1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, heads = excluded.heads, \
             \"schema\" = excluded.\"schema\", at = excluded.at"
        }
        EngineKind::Mysql | EngineKind::Mariadb => {
            "REPLACE INTO stead_schema (id, fingerprint, heads, `schema`, at) VALUES (1, ?, ?, ?, ?)"
        }
    }
}

/// Removes the stored schema. No parameters.
#[must_use]
pub fn delete_schema(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sqlite | EngineKind::Mysql | EngineKind::Mariadb => "DELETE FROM stead_schema",
        EngineKind::Postgres => "DELETE FROM public.stead_schema",
    }
}
