//! The ledger as the use cases need it: reading and writing its rows through a session, and the schema that the last
//! upgrade left. The rows' meaning is in `stead-revision`, their SQL in `stead-sql`.

use std::collections::BTreeMap;

use serde_json::json;
use stead_engine::{Row, Session, Value};
use stead_revision::RevisionId;
use stead_revision::ledger::{LedgerError, LedgerRow, list_from_text, list_text};
use stead_schema::Schema;
use stead_sql::ledger as sql;

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// How hard the stored schema is compressed: it is small and read often.
const LEVEL: i32 = 3;

/// A stored schema may not claim to be larger than this when it is unpacked.
const LARGEST_SCHEMA: usize = 1 << 30;

/// PostgreSQL's state for a schema that is not there.
const NO_SCHEMA: &str = "3F000";

/// True if the database has that table of stead's own.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn has_table(session: &mut dyn Session, table: &str) -> Result<bool> {
    let rows = session.query(sql::table_exists(session.kind()), &[table.into()]).await?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_integer).unwrap_or_default() > 0)
}

/// Makes stead's own tables where they are missing.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn ensure(session: &mut dyn Session) -> Result<()> {
    for statement in sql::create(session.kind()) {
        session.execute(statement, &[]).await.map_err(|error| match error.engine_code.as_deref() {
            Some(NO_SCHEMA) => error.hint(
                "stead writes what it did into tables of the schema `public`: `CREATE SCHEMA public` brings it back, and nobody \
                 else needs a right to it",
            ),
            _ => error,
        })?;
    }
    Ok(())
}

/// Every row, oldest first; none if there is no ledger.
///
/// # Errors
///
/// Whatever the engine says, or a row that this version cannot read.
pub async fn read(session: &mut dyn Session) -> Result<Vec<LedgerRow>> {
    if !has_table(session, sql::LEDGER_TABLE).await? {
        return Ok(Vec::new());
    }
    let rows = session.query(sql::select_rows(session.kind()), &[]).await?;
    rows.iter().map(parse).collect()
}

fn parse(row: &Row) -> Result<LedgerRow> {
    let text = |at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default();
    let optional = |at: usize| row.get(at).and_then(Value::as_text).map(str::to_owned);
    let integer = |at: usize| row.get(at).and_then(Value::as_integer);
    let number = |at: usize| integer(at).and_then(|number| u64::try_from(number).ok());
    let unreadable = |error: LedgerError| unreadable(text(1), &error.to_string());
    Ok(LedgerRow {
        app: text(0).to_owned(),
        revision: RevisionId::new(text(1)).map_err(|error| self::unreadable(text(1), &error.to_string()))?,
        title: text(2).to_owned(),
        slug: text(3).to_owned(),
        number: number(4).unwrap_or_default(),
        parents: list_from_text(text(5)).map_err(unreadable)?,
        depends: list_from_text(text(6)).map_err(unreadable)?,
        replaces: list_from_text(text(7)).map_err(unreadable)?,
        checksum: text(8).to_owned(),
        state: text(9).parse().map_err(unreadable)?,
        statements_done: number(10).unwrap_or_default(),
        statements_total: number(11).unwrap_or_default(),
        last_statement_hash: optional(12),
        applied_by: text(13).to_owned(),
        started_at: text(14).to_owned(),
        took_ms: number(15),
        error: optional(16),
        down_script: optional(17),
        project: text(18).to_owned(),
        environment: text(19).to_owned(),
        tool_version: text(20).to_owned(),
        sequence: integer(21).unwrap_or_default(),
    })
}

fn unreadable(revision: &str, why: &str) -> Error {
    Error::failed("ledger-unreadable", format!("the ledger row of revision `{revision}` cannot be read: {why}"))
        .hint("a newer stead may have written it; use that version")
}

/// Writes a row, in place of the one of the same app and revision. A row with the sequence 0 keeps the one it has, and a
/// new one gets the next.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn put(session: &mut dyn Session, row: &LedgerRow) -> Result<()> {
    let count = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let values = [
        row.app.as_str().into(),
        row.revision.as_str().into(),
        row.title.as_str().into(),
        row.slug.as_str().into(),
        count(row.number),
        list_text(&row.parents).into(),
        list_text(&row.depends).into(),
        list_text(&row.replaces).into(),
        row.checksum.as_str().into(),
        row.state.word().into(),
        count(row.statements_done),
        count(row.statements_total),
        row.last_statement_hash.clone().into(),
        row.applied_by.as_str().into(),
        row.started_at.as_str().into(),
        row.took_ms.map_or(Value::Null, count),
        row.error.clone().into(),
        row.down_script.clone().into(),
        row.project.as_str().into(),
        row.environment.as_str().into(),
        row.tool_version.as_str().into(),
        if row.sequence == 0 { Value::Null } else { Value::Integer(row.sequence) },
    ];
    session.execute(sql::put_row(session.kind()), &values).await?;
    Ok(())
}

/// Removes a row.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn remove(session: &mut dyn Session, app: &str, revision: &str) -> Result<()> {
    let sql = sql::delete_row(session.kind());
    session.execute(sql, &[app.into(), revision.into()]).await?;
    Ok(())
}

/// Makes the rows of a loaded database this environment's own.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn move_to(session: &mut dyn Session, environment: &Environment) -> Result<()> {
    for row in read(session).await? {
        let project = environment.project.name.clone();
        let environment = environment.project.environment.clone();
        put(session, &LedgerRow { project, environment, ..row }).await?;
    }
    Ok(())
}

/// Refuses rows that another project or environment wrote: the database is not the one that is meant.
///
/// # Errors
///
/// Exit 4, naming both.
pub fn refuse_foreign(rows: &[LedgerRow], environment: &Environment, database: &str) -> Result<()> {
    let (project, name) = (&environment.project.name, &environment.project.environment);
    let Some(row) = rows.iter().find(|row| row.project != *project || row.environment != *name) else { return Ok(()) };
    let message = format!(
        "database `{database}` belongs to project `{}` in `{}`, this is project `{project}` in `{name}`",
        row.project, row.environment
    );
    Err(Error::refused("other-project", message)
        .hint("check the database's `url` and `--env`; to take the data over, dump it there and `stead load` it here"))
}

/// Refuses a revision that is under way or failed: what the database holds is neither the old schema nor the new one.
///
/// # Errors
///
/// Exit 6, naming the revision and how to go on.
pub fn refuse_unfinished(rows: &[LedgerRow], database: &str) -> Result<()> {
    let unfinished = rows.iter().find(|row| !row.state.is_applied());
    let Some(row) = unfinished else { return Ok(()) };
    let message = format!(
        "revision {} of app `{}` stopped on database `{database}` after {} of {} statements",
        row.revision, row.app, row.statements_done, row.statements_total
    );
    let verb = if row.goes_back() { "downgrade" } else { "upgrade" };
    let error = Error::new(Kind::HalfWay, "revision-unfinished", message)
        .hint(format!("`stead {verb}` goes on with the next statement"));
    Err(match &row.error {
        Some(text) => error.hint(format!("it said: {text}")),
        None => error,
    })
}

/// The schema that the last upgrade left.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSchema {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Applied revisions by app when it was stored, sorted.
    pub heads: BTreeMap<String, Vec<String>>,
    /// The schema itself.
    pub schema: Schema,
}

/// Reads the stored schema; none if nothing was stored.
///
/// # Errors
///
/// Whatever the engine says, or a row that this version cannot read.
pub async fn stored_schema(session: &mut dyn Session) -> Result<Option<StoredSchema>> {
    if !has_table(session, sql::SCHEMA_TABLE).await? {
        return Ok(None);
    }
    let rows = session.query(sql::read_schema(session.kind()), &[]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let [Value::Text(fingerprint), Value::Text(heads), Value::Blob(packed), ..] = row.as_slice() else {
        return Err(unreadable_schema("it has other columns"));
    };
    let heads = serde_json::from_str(heads).map_err(|error| unreadable_schema(&error.to_string()))?;
    let json = zstd::bulk::decompress(packed, LARGEST_SCHEMA).map_err(|error| unreadable_schema(&error.to_string()))?;
    let schema = serde_json::from_slice(&json).map_err(|error| unreadable_schema(&error.to_string()))?;
    Ok(Some(StoredSchema { fingerprint: fingerprint.clone(), heads, schema }))
}

fn unreadable_schema(why: &str) -> Error {
    Error::failed("stored-schema-unreadable", format!("the stored schema cannot be read: {why}"))
        .hint("the next `stead upgrade` that applies a revision stores it anew")
}

/// Stores the schema as it is now, with the revisions that are applied now. Belongs into the revision's transaction.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn store_schema(session: &mut dyn Session) -> Result<()> {
    let schema = session.inspect().await?;
    let heads = json!(applied(&read(session).await?)).to_string();
    let json = serde_json::to_vec(&schema).expect("a schema holds only strings, lists and maps");
    let packed = zstd::bulk::compress(&json, LEVEL)
        .map_err(|error| Error::failed("compression", format!("the schema cannot be compressed: {error}")))?;
    let values =
        [stead_schema::fingerprint(&schema).into(), heads.into(), Value::Blob(packed), crate::clock::now().into()];
    session.execute(sql::write_schema(session.kind()), &values).await?;
    Ok(())
}

/// Ends a step of a run on the schema. A step that looks stores what it left; any other takes away what is stored, since that
/// is not the schema of the revisions that are applied now, and a later step stores it. Belongs into the step's transaction.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn leave_schema(session: &mut dyn Session, looks: bool) -> Result<()> {
    if looks {
        return store_schema(session).await;
    }
    session.execute(sql::delete_schema(session.kind()), &[]).await?;
    Ok(())
}

/// The applied revisions by app, sorted.
#[must_use]
pub fn applied(rows: &[LedgerRow]) -> BTreeMap<String, Vec<String>> {
    let mut apps: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state.is_applied()) {
        apps.entry(row.app.clone()).or_default().push(row.revision.to_string());
    }
    apps.values_mut().for_each(|ids| ids.sort());
    apps
}
