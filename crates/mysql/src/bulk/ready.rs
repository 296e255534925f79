//! Whether a swap can go through, found out before anything long is done: the server's version, rights, foreign keys from
//! outside, and sessions that hold the live tables. Everything here only looks.

use std::sync::Arc;

use stead_engine::snapshot::Swap;
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use super::allowed::Needs;
use super::{conflict, files, grants, locks, objects, swap};
use crate::admin::{self, literal};
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};
use crate::rights::Rights;

/// Whether the swap can go through now.
pub(super) async fn ready(address: &Arc<Address>, swap: &Swap) -> Result<(), EngineError> {
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    let live = admin::name(&swap.live)?;
    able(&connection)?;
    writable(&mut connection).await?;
    rights(&mut connection, swap).await?;
    if admin::exists(&mut connection, live).await? {
        let kept = swap.kept.as_ref().ok_or_else(|| appeared(live))?;
        if admin::exists(&mut connection, admin::name(kept)?).await? {
            return Err(kept_exists(&kept.0));
        }
        leavable(&mut connection, live).await?;
        free(&mut connection, live).await?;
    }
    if let Some(built) = &swap.built
        && admin::exists(&mut connection, admin::name(built)?).await?
    {
        movable(&mut connection, &built.0).await?;
    }
    connection.close().await
}

pub(super) fn appeared(live: &str) -> EngineError {
    conflict(format!("`{live}` has come into being meanwhile"))
}

pub(super) fn kept_exists(kept: &str) -> EngineError {
    conflict(format!("`{kept}`, where the old database shall be kept, exists already"))
}

/// Older servers do not undo a rename of many tables that a crash has cut off (trap M16).
pub(super) fn able(connection: &Connection) -> Result<(), EngineError> {
    let (needed, since) = match connection.kind() {
        EngineKind::Mariadb => ((10, 6, 1), "10.6.1"),
        _ => ((8, 0, 0), "8.0"),
    };
    if connection.version() >= needed {
        return Ok(());
    }
    let message =
        format!("{} {} does not rename several tables in one step", connection.kind(), connection.version_text());
    Err(EngineError::new(ErrorClass::Unsupported, message).hint(format!("it does from version {since} on")))
}

/// Refuses what a rename cannot carry into a database: what it cannot take out of one, and objects that the server does not make
/// again.
pub(super) async fn movable(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
    leavable(connection, database).await?;
    objects::read(connection, database).await.map(|_objects| ())
}

/// What of the live database goes with a swap: views that do not work, which no server makes again, and on MySQL rights to routines
/// that this user may not see.
pub(super) async fn lost(address: &Arc<Address>, swap: &Swap) -> Result<Vec<String>, EngineError> {
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    let live = admin::name(&swap.live)?;
    let mut lost = Vec::new();
    if admin::exists(&mut connection, live).await? {
        let (old, broken) = objects::told_apart(&mut connection, live).await?;
        for (name, error) in broken {
            let statement = objects::printed(&mut connection, live, &name).await?;
            lost.push(format!("{}, so it cannot be kept; it was made by `{statement}`", error.message));
        }
        let new = match &swap.built {
            Some(built) if admin::exists(&mut connection, admin::name(built)?).await? => {
                objects::told_apart(&mut connection, &built.0).await?.0
            }
            _ => Vec::new(),
        };
        let routines = old.iter().filter(|made| made.sort.is_program() && !new.contains(made));
        let names: Vec<String> = routines.map(|made| format!("`{}`", made.name)).collect();
        if !names.is_empty() && !grants::are_told(&mut connection).await? {
            lost.push(format!(
                "`{live}` gets another {}: rights that others were given to it are dropped with the old one by the server, which \
                 does not show them to the user of the database's URL (`SELECT` on `mysql.procs_priv` does)",
                names.join(", ")
            ));
        }
    }
    connection.close().await?;
    Ok(lost)
}

/// Refuses what a rename cannot carry out of a database: foreign keys that cross its border (trap M14), and tables whose files
/// stay behind.
pub(super) async fn leavable(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
    files::movable(connection, database).await?;
    let sql = format!(
        "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_SCHEMA \
         FROM information_schema.REFERENTIAL_CONSTRAINTS \
         WHERE (CONSTRAINT_SCHEMA = {0} OR UNIQUE_CONSTRAINT_SCHEMA = {0}) \
         AND CONSTRAINT_SCHEMA <> UNIQUE_CONSTRAINT_SCHEMA LIMIT 1",
        literal(database)
    );
    if let Some(row) = connection.texts(&sql).await?.into_iter().next() {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (from, table, key, to) = (next(), next(), next(), next());
        let message = format!("the foreign key `{key}` of `{from}`.`{table}` refers to a table of `{to}`");
        return Err(EngineError::new(ErrorClass::Unsupported, message)
            .hint("foreign keys between databases would follow the old tables: drop it, and add it again afterwards"));
    }
    Ok(())
}

/// Whether every table can be had alone right now.
async fn free(connection: &mut Connection, live: &str) -> Result<(), EngineError> {
    let tables = swap::base_tables(connection, live).await?;
    if tables.is_empty() {
        return Ok(());
    }
    // Whoever looks at the server's sessions sees in which database this one waits.
    connection.enter(live).await?;
    // Without `autocommit` InnoDB's own locks are asked for as well: on MariaDB a prepared transaction holds no others.
    connection
        .own("SET SESSION lock_wait_timeout = 1, SESSION innodb_lock_wait_timeout = 1, SESSION autocommit = OFF")
        .await?;
    let locked = match lock(connection, live, &tables, &[]).await {
        // A lock for reading asks for nothing that triggers name, and waits for whoever writes as well.
        Err(error) if locks::lacks(&error) => match locks::hindered(connection, live).await {
            Ok(hindered) => lock(connection, live, &tables, &hindered).await,
            Err(error) => Err(error),
        },
        other => other,
    };
    match locked {
        Ok(()) => {
            connection.own("UNLOCK TABLES").await?;
            connection.own("SET SESSION autocommit = ON").await.map(|_outcome| ())
        }
        Err(error) if error.class == ErrorClass::LockTimeout => Err(in_the_way(connection, live).await),
        Err(error) => Err(error),
    }
}

async fn lock(
    connection: &mut Connection,
    database: &str,
    tables: &[String],
    read: &[String],
) -> Result<(), EngineError> {
    let lock = |name: &String| if read.contains(name) { "READ" } else { "WRITE" };
    let locks = tables.iter().map(|name| format!("{}.{} {}", quoted(database), quoted(name), lock(name)));
    let sql = format!("LOCK TABLES {}", locks.collect::<Vec<_>>().join(", "));
    connection.own(&sql).await.map(|_outcome| ())
}

/// Names what uses the live database, sessions with an open transaction first.
pub(super) async fn in_the_way(connection: &mut Connection, live: &str) -> EngineError {
    let who = holders(connection, live).await;
    let who =
        who.unwrap_or_else(|| "by a session that this user may not see, for that takes the right PROCESS".to_owned());
    conflict(format!("`{live}` is in use: {who}"))
        .hint("let those sessions end their transactions, or end the sessions, and run the command again")
}

/// The sessions that use a database and the transactions that nobody may have ended, for sentences.
pub(super) async fn holders(connection: &mut Connection, database: &str) -> Option<String> {
    let sessions = |join: &str| {
        format!(
            "SELECT p.ID, p.USER, p.HOST FROM information_schema.PROCESSLIST p {join} \
             WHERE p.ID <> CONNECTION_ID() AND p.DB = {} ORDER BY p.ID LIMIT 5",
            literal(database)
        )
    };
    let open = sessions("JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID");
    let mut rows = connection.texts(&open).await.unwrap_or_default();
    let prepared = prepared(connection).await;
    if rows.is_empty() && prepared.is_none() {
        rows = connection.texts(&sessions("")).await.unwrap_or_default();
    }
    let mut named = Vec::new();
    for row in rows {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (id, user, host) = (next(), next(), next());
        let process = process(connection, &id).await.map(|number| format!(", process {number}")).unwrap_or_default();
        named.push(format!("connection {id} of {user} from {host}{process}"));
    }
    named.extend(prepared);
    (!named.is_empty()).then(|| named.join("; "))
}

/// Transactions that were prepared and then left: they hold their locks until somebody ends them, through restarts of the server.
/// A server tells their names and not their tables.
async fn prepared(connection: &mut Connection) -> Option<String> {
    let rows = connection.texts("XA RECOVER CONVERT XID").await;
    let rows = match rows {
        Err(_not_known) => connection.texts("XA RECOVER FORMAT = 'SQL'").await.ok()?,
        Ok(rows) => rows,
    };
    let names: Vec<String> = rows.into_iter().filter_map(xid).collect();
    let first = names.first()?;
    Some(format!(
        "perhaps by a prepared XA transaction, {}, which `XA COMMIT {first}` or `XA ROLLBACK {first}` ends",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    ))
}

/// The name of a transaction as `XA COMMIT` takes it: MariaDB prints it so, MySQL as bytes with the lengths of its parts.
fn xid(row: Vec<Option<String>>) -> Option<String> {
    let [Some(format), Some(length), _, Some(data)] = &row[..] else { return None };
    let Some(digits) = data.strip_prefix("0x") else { return Some(data.clone()) };
    let (global, branch) = digits.split_at_checked(length.parse::<usize>().ok()? * 2)?;
    Some(format!("X'{global}',X'{branch}',{format}"))
}

/// The process behind a connection, where the server keeps what clients say of themselves.
async fn process(connection: &mut Connection, id: &str) -> Option<String> {
    let sql = format!(
        "SELECT ATTR_VALUE FROM performance_schema.session_connect_attrs \
         WHERE PROCESSLIST_ID = {id} AND ATTR_NAME = '_pid'"
    );
    connection.texts(&sql).await.ok()?.into_iter().flatten().flatten().next()
}

/// Rights that every swap needs on each of its databases, besides those that its objects need.
const NEEDED: [&str; 6] = ["SELECT", "INSERT", "CREATE", "ALTER", "DROP", "LOCK TABLES"];

/// Rights of which one lets a user write where others may only read.
const FOR_CHANGES: [&str; 4] = ["SUPER", "CONNECTION_ADMIN", "READ ONLY ADMIN", "READ_ONLY ADMIN"];

/// The settings that keep changes away, as far as they are set. The first is that of people with rights too.
const SET_AGAINST_CHANGES: &str = "SHOW VARIABLES WHERE Variable_name IN \
    ('super_read_only', 'transaction_read_only', 'tx_read_only', 'read_only') AND Value NOT IN ('OFF', '0')";

/// Refuses a server that takes no changes, such as a replica.
pub(crate) async fn writable(connection: &mut Connection) -> Result<(), EngineError> {
    let rows = connection.texts(SET_AGAINST_CHANGES).await?;
    let set: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    if let Some(name) = set.iter().find(|name| *name != "read_only") {
        return Err(EngineError::new(ErrorClass::Refused, format!("the server is read-only: `{name}` is set"))
            .hint("it is a replica, or was made to take no changes: name the server that takes changes in the URL"));
    }
    if set.is_empty() {
        return Ok(());
    }
    match Rights::read(connection).await? {
        Some(rights) if !FOR_CHANGES.iter().any(|right| rights.everywhere(right)) => {
            Err(EngineError::new(ErrorClass::Refused, "the server is read-only")
                .hint("it is a replica, or `read_only` is set: name the server that takes changes in the URL"))
        }
        _ => Ok(()),
    }
}

/// Refuses a database of which the user may not see everything: a dump of the rest would look whole.
pub(super) async fn readable(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
    let Some(rights) = Rights::read(connection).await? else { return Ok(()) };
    let mut lacking = rights.lacking(&["SELECT", "TRIGGER", "EVENT"], database);
    if !rights.shows_routines(database, connection.kind()) {
        lacking.push("EXECUTE");
    }
    if !rights.on("SHOW VIEW", database) {
        let views =
            format!("SELECT 1 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {} LIMIT 1", literal(database));
        if !connection.texts(&views).await?.is_empty() {
            lacking.push("SHOW VIEW");
        }
    }
    if lacking.is_empty() {
        return Ok(());
    }
    let message = format!("the user of the database's URL lacks {} on `{database}`", lacking.join(", "));
    Err(EngineError::new(ErrorClass::Refused, message).hint(format!(
        "`GRANT {} ON {}.* TO …`: what a user has no right to, the server hides, so that it would be missing from the dump",
        lacking.join(", "),
        quoted(database)
    )))
}

/// Tells a right that is missing.
async fn rights(connection: &mut Connection, swap: &Swap) -> Result<(), EngineError> {
    let Some(rights) = Rights::read(connection).await? else { return Ok(()) };
    let mut places = vec![&swap.live.0];
    places.extend(swap.built.iter().chain(&swap.kept).map(|place| &place.0));
    let mut needed = NEEDED.to_vec();
    for place in places.iter().take(2) {
        for (sort, _name) in objects::list(connection, place).await? {
            needed.extend(sort.rights());
        }
        Needs::of_database(connection, place).await?.met(connection, &rights).await?;
    }
    needed.sort_unstable();
    needed.dedup();
    for place in places {
        let lacking = rights.lacking(&needed, place);
        if !lacking.is_empty() {
            let message = format!("the user of the database's URL lacks {} on `{place}`", lacking.join(", "));
            let hint = match *place == swap.live.0 {
                true => format!("`GRANT ALL ON {}.* TO …` gives them", quoted(place)),
                false => "`GRANT ALL ON `stead\\_%`.* TO …` gives them: built and kept databases begin with `stead_`"
                    .to_owned(),
            };
            return Err(EngineError::new(ErrorClass::Refused, message).hint(hint));
        }
    }
    Ok(())
}
