//! Whether a swap can go through, found out before anything long is done: the rights it needs, and what would stay behind with
//! the old database without anybody being told. Everything here only looks.

use stead_engine::snapshot::Swap;
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use super::properties;
use crate::admin;
use crate::apply::quoted;
use crate::connect::Connection;
use crate::connect::address::Address;

/// Looks for what would stop the swap.
pub(super) async fn ready(address: &Address, swap: &Swap) -> Result<(), EngineError> {
    let live = admin::name(&swap.live)?;
    let mut connection = admin::maintenance(address).await?;
    may_write(&mut connection).await?;
    may_rename(&mut connection, live).await?;
    if let Some(kept) = &swap.kept
        && admin::is_there(&mut connection, admin::name(kept)?).await?
    {
        let message = format!("`{kept}`, where the old database shall be kept, exists already");
        return Err(EngineError::new(ErrorClass::Conflict, message));
    }
    refuse_what_stays_behind(&mut connection, live).await?;
    if swap.built.is_some() && admin::is_there(&mut connection, live).await? {
        properties::rehearse(&mut connection, live).await?;
    }
    let stuck = beyond_us(&mut connection, live).await?;
    // As many sessions at once as the swap will have: role and server may have a limit.
    let second = admin::maintenance(address).await?;
    second.close().await?;
    connection.close().await?;
    stuck.map_or(Ok(()), Err)
}

fn lacks(what: &str, hint: String) -> EngineError {
    EngineError::new(ErrorClass::Refused, format!("the role lacks the right to {what}")).hint(hint)
}

/// A standby takes no changes, and neither does a role that was made to read.
pub(crate) async fn may_write(connection: &mut Connection) -> Result<(), EngineError> {
    let sql =
        "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')::bool";
    let rows = connection.rows(sql, &[]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    match (row.get::<_, bool>(0), row.get::<_, bool>(1)) {
        (true, _) => Err(EngineError::new(ErrorClass::Refused, "the server is a standby and takes no changes")
            .hint("name the primary server in the URL")),
        (_, true) => Err(EngineError::new(ErrorClass::Refused, "the role's sessions are read-only")
            .hint("`default_transaction_read_only` is set for the role, for the database or for the whole server")),
        _ => Ok(()),
    }
}

/// A rename needs the right to make databases, and the ownership of the one that is there.
async fn may_rename(connection: &mut Connection, live: &str) -> Result<(), EngineError> {
    let sql = "SELECT r.rolsuper, r.rolcreatedb, r.rolname::text,
                      (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') FROM pg_catalog.pg_database AS d
                       WHERE d.datname = $1::text), pg_catalog.current_database()::text = $1::text
               FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user";
    let rows = connection.rows(sql, &[&live]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (everything, makes, role): (bool, bool, String) = (row.get(0), row.get(1), row.get(2));
    if row.get::<_, bool>(4) {
        let message = format!("`{live}` is the maintenance database, which cannot be renamed while we ask in it");
        return Err(EngineError::new(ErrorClass::Refused, message)
            .hint("name another one in the URL: `?maintenance=NAME`; an empty one that is made for it will do"));
    }
    if !everything && !makes {
        return Err(lacks("make and rename databases", format!("a superuser runs `ALTER ROLE {role} CREATEDB`")));
    }
    if !everything && row.get::<_, Option<bool>>(3) == Some(false) {
        let hint = format!("a superuser runs `ALTER DATABASE … OWNER TO {role}`");
        return Err(lacks(&format!("rename `{live}`, which belongs to another"), hint));
    }
    Ok(())
}

/// Things that are tied to the old database and would silently go on with it. A subscription that neither works nor has a slot
/// elsewhere, as a load makes it, is no more than a part of the database, and moves with it.
pub(super) async fn refuse_what_stays_behind(connection: &mut Connection, live: &str) -> Result<(), EngineError> {
    let sql = "
        SELECT 'the replication slot', slot_name::text FROM pg_catalog.pg_replication_slots WHERE database = $1::text
        UNION ALL SELECT 'the prepared transaction', gid FROM pg_catalog.pg_prepared_xacts WHERE database = $1::text
        UNION ALL SELECT 'the subscription', s.subname::text FROM pg_catalog.pg_subscription AS s
                  JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
                  WHERE d.datname = $1::text AND (s.subenabled OR s.subslotname IS NOT NULL)
        ORDER BY 1, 2";
    let rows = connection.rows(sql, &[&live]).await?;
    let found: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    if found.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = found.iter().map(|(what, name)| format!("{what} `{name}`")).collect();
    let (verbs, named) = (if found.len() == 1 { "belongs" } else { "belong" }, named.join(", "));
    let message = format!("{named} {verbs} to `{live}` and would stay with the old one");
    let mut error = EngineError::new(ErrorClass::Conflict, message);
    for (what, name) in &found {
        error.hints.push(ending(what, name)?);
    }
    Err(error.hint("nothing was changed"))
}

/// The statements, to be run in the database, after which a thing is in nobody's way.
fn ending(what: &str, name: &str) -> Result<String, EngineError> {
    let literal = stead_sql::quote::string(name, EngineKind::Postgres)
        .map_err(|error| EngineError::new(ErrorClass::Bug, error.to_string()))?;
    Ok(match what {
        "the replication slot" => format!("`SELECT pg_drop_replication_slot({literal})` ends it"),
        "the prepared transaction" => format!("`ROLLBACK PREPARED {literal}` ends it, or `COMMIT PREPARED {literal}`"),
        _ => {
            let name = quoted(name);
            format!(
                "`ALTER SUBSCRIPTION {name} DISABLE; ALTER SUBSCRIPTION {name} SET (slot_name = NONE)` lets go of it, \
                 or `DROP SUBSCRIPTION {name}`"
            )
        }
    })
}

/// Sessions that we may not end, as an error.
async fn beyond_us(connection: &mut Connection, live: &str) -> Result<Option<EngineError>, EngineError> {
    let sql = "
        SELECT a.pid, COALESCE(a.usename::text, ''), a.application_name
        FROM pg_catalog.pg_stat_activity AS a LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.usesysid
        WHERE a.datname = $1::text AND a.usesysid IS NOT NULL
          AND NOT (SELECT u.rolsuper FROM pg_catalog.pg_roles AS u WHERE u.rolname = current_user)
          AND (COALESCE(r.rolsuper, true) OR NOT (pg_catalog.pg_has_role(a.usesysid, 'USAGE')
               OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')))
        ORDER BY 1";
    let rows = connection.rows(sql, &[&live]).await?;
    Ok(named(&rows, live)
        .map(|error| error.hint("the role may not end these sessions: end them, or grant it `pg_signal_backend`")))
}

/// Whoever is in those databases, as an error that names them.
pub(super) async fn in_the_way(
    connection: &mut Connection,
    names: &[&str],
) -> Result<Option<EngineError>, EngineError> {
    let sql = "SELECT pid, COALESCE(usename::text, backend_type, 'the server'), application_name
               FROM pg_catalog.pg_stat_activity WHERE datname = ANY ($1::text[]) ORDER BY 1";
    let rows = connection.rows(sql, &[&names]).await?;
    Ok(named(&rows, names.first().copied().unwrap_or_default()))
}

fn named(rows: &[tokio_postgres::Row], live: &str) -> Option<EngineError> {
    let session = |row: &tokio_postgres::Row| {
        let (process, user, application): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
        format!("{process} (`{application}` of {user})")
    };
    let sessions: Vec<String> = rows.iter().take(5).map(session).collect();
    if sessions.is_empty() {
        return None;
    }
    let message = format!("`{live}` is used by {} sessions: {}", rows.len(), sessions.join(", "));
    Some(EngineError::new(ErrorClass::Conflict, message))
}
