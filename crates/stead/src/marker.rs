//! The marker: one row in each database that says whether it was seeded, when, and from what. It is what keeps `init`
//! from seeding twice, and from ever seeding a database that was adopted.

use serde::Serialize;
use stead_engine::{Access, Place, Session, Value};
use stead_sql::ledger as sql;

use crate::environment::Database;
use crate::error::Result;

/// What the marker row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Marker {
    /// True if it was seeded, false if seeding was skipped.
    pub seeded: bool,
    /// When, UTC, RFC 3339.
    pub at: String,
    /// From what: a snapshot's name, `seed`, `--skip-seed` …
    pub source: String,
}

impl Marker {
    /// A marker with today's time.
    #[must_use]
    pub fn now(seeded: bool, source: impl Into<String>) -> Self {
        Self { seeded, at: crate::clock::now(), source: source.into() }
    }
}

impl std::fmt::Display for Marker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = if self.seeded { "seeded" } else { "seed skipped" };
        write!(formatter, "{word} {} from {}", self.at, self.source)
    }
}

/// Reads the marker; none if there is no row or no table.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn read(session: &mut dyn Session) -> Result<Option<Marker>> {
    if !crate::ledger::has_table(session, sql::MARKER_TABLE).await? {
        return Ok(None);
    }
    let rows = session.query(sql::read_marker(session.kind()), &[]).await?;
    Ok(rows.first().map(|row| {
        let text = |position: usize| row.get(position).and_then(Value::as_text).unwrap_or_default().to_owned();
        Marker { seeded: text(0) == "seeded", at: text(1), source: text(2) }
    }))
}

/// Writes the marker, making its table if needed.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn write(session: &mut dyn Session, marker: &Marker) -> Result<()> {
    crate::ledger::ensure(session).await?;
    let state = if marker.seeded { "seeded" } else { "skipped" };
    let values = [state.into(), marker.at.as_str().into(), marker.source.as_str().into(), Value::Null];
    session.execute(sql::write_marker(session.kind()), &values).await?;
    Ok(())
}

/// Writes the mark of a swap into a built database, so that a later process can tell whether the swap has happened.
/// A database without a marker row gets none, and so does one that is damaged: it is still told apart by its file.
///
/// # Errors
///
/// Whatever the engine says.
pub(crate) async fn set_swap_token(database: &Database, place: &Place, token: &str) -> Result<()> {
    let mut session = match database.server.open(place, Access::Write).await {
        Err(error) if error.damaged => return Ok(()),
        opened => opened?,
    };
    let found = match read(session.as_mut()).await {
        Err(error) if error.is_damage() => None,
        found => found?,
    };
    if let Some(marker) = found {
        let state = if marker.seeded { "seeded" } else { "skipped" };
        let values = [state.into(), marker.at.as_str().into(), marker.source.as_str().into(), token.into()];
        session.execute(sql::write_marker(session.kind()), &values).await?;
    }
    session.close().await?;
    Ok(())
}
