//! Whether a swap can go through, found out before anything long is done: the server's version, rights, foreign keys from
//! outside, and sessions that hold the live tables. Everything here only looks.

use std::sync::Arc;

use stead_engine::snapshot::Swap;
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use super::{conflict, objects, swap};
use crate::admin::{self, literal};
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};
use crate::error::number;

/// Whether the swap can go through now.
pub(super) async fn ready(address: &Arc<Address>, swap: &Swap) -> Result<(), EngineError> {
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    let live = admin::name(&swap.live)?;
    able(&connection)?;
    writable(&mut connection, live).await?;
    rights(&mut connection, swap).await?;
    if admin::exists(&mut connection, live).await? {
        let kept = swap.kept.as_ref().ok_or_else(|| appeared(live))?;
        if admin::exists(&mut connection, admin::name(kept)?).await? {
            return Err(kept_exists(&kept.0));
        }
        movable(&mut connection, live).await?;
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

/// Refuses what a rename cannot carry: foreign keys that cross the database's border (trap M14) and objects that the
/// server does not make again.
pub(super) async fn movable(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
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
    objects::read(connection, database).await.map(|_objects| ())
}

/// Whether every table can be had alone right now.
async fn free(connection: &mut Connection, live: &str) -> Result<(), EngineError> {
    let tables = swap::base_tables(connection, live).await?;
    if tables.is_empty() {
        return Ok(());
    }
    let locks: Vec<String> = tables.iter().map(|name| format!("{}.{} WRITE", quoted(live), quoted(name))).collect();
    connection.own("SET SESSION lock_wait_timeout = 1").await?;
    let locked = connection.own(&format!("LOCK TABLES {}", locks.join(", "))).await;
    match locked {
        Ok(_) => connection.own("UNLOCK TABLES").await.map(|_outcome| ()),
        Err(error) if error.class == ErrorClass::LockTimeout => Err(in_the_way(connection, live).await),
        Err(error) => Err(error),
    }
}

/// Names the sessions that use the live database, those with an open transaction first.
pub(super) async fn in_the_way(connection: &mut Connection, live: &str) -> EngineError {
    let error = |who: String| {
        conflict(format!("`{live}` is in use: {who}"))
            .hint("let those sessions end their transactions, or end the sessions, and run the command again")
    };
    let sessions = |join: &str| {
        format!(
            "SELECT p.ID, p.USER, p.HOST FROM information_schema.PROCESSLIST p {join} \
             WHERE p.ID <> CONNECTION_ID() AND p.DB = {} ORDER BY p.ID LIMIT 5",
            literal(live)
        )
    };
    let open = sessions("JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID");
    let mut rows = connection.texts(&open).await.unwrap_or_default();
    if rows.is_empty() {
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
    if named.is_empty() {
        named.push("by a session that this user may not see, for that takes the right PROCESS".to_owned());
    }
    error(named.join("; "))
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

/// Rights of which one lets a user make objects for others.
const FOR_OTHERS: [&str; 4] = ["SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"];

/// Rights of which one lets a user write where others may only read.
const FOR_CHANGES: [&str; 4] = ["SUPER", "CONNECTION_ADMIN", "READ ONLY ADMIN", "READ_ONLY ADMIN"];

/// Refuses a server that takes no changes, such as a replica.
async fn writable(connection: &mut Connection, live: &str) -> Result<(), EngineError> {
    let rows = connection.texts("SELECT @@GLOBAL.read_only + 0").await?;
    if rows.into_iter().flatten().flatten().next().as_deref() != Some("1") {
        return Ok(());
    }
    match granted(connection, live).await? {
        Some(granted) if lacking(&FOR_CHANGES, &granted).len() == FOR_CHANGES.len() => {
            Err(EngineError::new(ErrorClass::Refused, "the server is read-only")
                .hint("it is a replica, or `read_only` is set: name the server that takes changes in the URL"))
        }
        _ => Ok(()),
    }
}

/// A definer of the database's objects who is not the user.
async fn foreign_definer(connection: &mut Connection, database: &str) -> Result<Option<String>, EngineError> {
    let part = |table: &str, schema: &str| {
        format!(
            "SELECT DEFINER AS definer FROM information_schema.{table} \
             WHERE {schema} = {} AND DEFINER <> CURRENT_USER()",
            literal(database)
        )
    };
    let parts = [
        part("TRIGGERS", "TRIGGER_SCHEMA"),
        part("VIEWS", "TABLE_SCHEMA"),
        part("ROUTINES", "ROUTINE_SCHEMA"),
        part("EVENTS", "EVENT_SCHEMA"),
    ];
    let rows = connection.texts(&format!("{} LIMIT 1", parts.join(" UNION ALL "))).await?;
    Ok(rows.into_iter().flatten().flatten().next())
}

/// Rights without which the server hides tables, triggers, events and routines from its catalog, as if there were none.
const TO_SEE: [&str; 5] = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE"];

/// Refuses a database of which the user may not see everything: a dump of the rest would look whole.
pub(super) async fn readable(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
    let Some(granted) = granted(connection, database).await? else { return Ok(()) };
    let lacking = lacking(&TO_SEE, &granted);
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

/// The rights on a database as a whole. A role's rights are not listed by either server, so whoever uses roles finds out later.
async fn granted(connection: &mut Connection, database: &str) -> Result<Option<Vec<String>>, EngineError> {
    let role = connection.texts("SELECT CURRENT_ROLE()").await.unwrap_or_default();
    let role = role.into_iter().flatten().flatten().next().unwrap_or_default();
    if !matches!(role.as_str(), "" | "NONE") {
        return Ok(None);
    }
    let grantee = "CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')";
    let sql = format!(
        "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {grantee} \
         UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES \
         WHERE GRANTEE = {grantee} AND {} LIKE TABLE_SCHEMA",
        literal(database)
    );
    match connection.texts(&sql).await {
        Ok(rows) => Ok(Some(rows.into_iter().flatten().flatten().collect())),
        Err(error) if number(&error).is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

fn lacking<'a>(needed: &[&'a str], granted: &[String]) -> Vec<&'a str> {
    needed.iter().copied().filter(|right| !granted.iter().any(|granted| granted == right)).collect()
}

/// Tells a right that is missing.
async fn rights(connection: &mut Connection, swap: &Swap) -> Result<(), EngineError> {
    let mut places = vec![&swap.live.0];
    places.extend(swap.built.iter().chain(&swap.kept).map(|place| &place.0));
    let (mut needed, mut foreign) = (NEEDED.to_vec(), None);
    for place in places.iter().take(2) {
        for (sort, _name) in objects::list(connection, place).await? {
            needed.extend(sort.rights());
        }
        foreign = foreign.or(foreign_definer(connection, place).await?);
    }
    needed.sort_unstable();
    needed.dedup();
    for place in places {
        let Some(granted) = granted(connection, place).await? else { return Ok(()) };
        let lacking = lacking(&needed, &granted);
        if let Some(definer) = &foreign
            && !granted.iter().any(|granted| FOR_OTHERS.contains(&granted.as_str()))
        {
            let message = format!("objects of `{definer}` cannot be made again by the user of the database's URL");
            return Err(EngineError::new(ErrorClass::Refused, message).hint(format!(
                "one of the rights {} is needed, or definers that are that user",
                FOR_OTHERS.join(", ")
            )));
        }
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
