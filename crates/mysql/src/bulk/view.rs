//! One consistent view of any number of databases of the server: a single transaction with a snapshot. Every table is touched
//! when the view begins, so that the server keeps the tables' definitions as they are until it ends, and tables that no
//! transaction covers are locked for reading meanwhile.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stead_engine::snapshot::{Advance, Guarantee, Sink, View};
use stead_engine::{EngineError, ErrorClass, Place, Session};

use super::plan::{Plan, TablePlan, plan};
use super::{PATIENCE, conflict, dump, patiently, ready};
use crate::admin;
use crate::apply::MysqlSession;
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};
use crate::error::number;
use crate::inspect;

/// How often a view is tried while tables change under it.
const ATTEMPTS: u32 = 6;
/// The pause between two tries to lock tables without transactions.
const PAUSE: Duration = Duration::from_millis(200);
/// Tables that one statement touches.
const TABLES: usize = 60;

/// An open transaction with a snapshot of the whole server.
pub(super) struct MysqlView {
    session: MysqlSession,
    members: Vec<(Place, Plan)>,
    /// Holds the locks on tables without transactions.
    holder: Option<Connection>,
}

impl MysqlView {
    /// Begins the view, again if a table is changed in that moment.
    pub(super) async fn open(address: &Arc<Address>, places: &[Place]) -> Result<Self, EngineError> {
        for attempt in 1.. {
            match Self::begin(address, places).await {
                Err(error) if error.class == ErrorClass::LockTimeout && attempt == ATTEMPTS => {
                    return Err(in_the_way(address, places, error).await);
                }
                Err(error) if error.class == ErrorClass::Conflict && attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(50) * attempt).await;
                }
                // Whoever waits to write to a table that we have locked goes first, before we have touched it.
                Err(error) if error.class == ErrorClass::LockTimeout && attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
        Err(conflict("the tables do not stop changing"))
    }

    async fn begin(address: &Arc<Address>, places: &[Place]) -> Result<Self, EngineError> {
        let mut connection = Connection::open(address, None, Purpose::Own).await?;
        let before = plans(&mut connection, places).await?;
        let holder = lock_plain_tables(address, &before).await?;
        connection.own("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        connection.own("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
        touch(&mut connection, &before).await?;
        let members = plans(&mut connection, places).await?;
        if let Some(changed) = changed(&before, &members) {
            return Err(inspect::changing(&format!("{changed} was changed while the dump began")));
        }
        Ok(Self { session: MysqlSession::inside(connection), members, holder })
    }
}

/// What is not as it was, for sentences. Counters go on while people write.
fn changed(before: &[(Place, Plan)], after: &[(Place, Plan)]) -> Option<String> {
    before.iter().zip(after).find_map(|((place, before), (_, after))| {
        let shape = |table: &TablePlan| TablePlan { counter: None, ..table.clone() };
        let other = |one: &Plan, other: &Plan| {
            let tables =
                one.tables.iter().filter(|table| !other.tables.iter().any(|found| shape(found) == shape(table)));
            let sequences = one.sequences.iter().filter(|name| !other.sequences.contains(name));
            tables.map(|table| &table.name).chain(sequences).next().cloned()
        };
        other(after, before).or_else(|| other(before, after)).map(|name| format!("`{name}` of `{place}`"))
    })
}

/// Says who holds the tables that a view waited for.
async fn in_the_way(address: &Arc<Address>, places: &[Place], error: EngineError) -> EngineError {
    let Ok(mut connection) = Connection::open(address, None, Purpose::Own).await else { return error };
    for place in places {
        if let Some(who) = ready::holders(&mut connection, &place.0).await {
            return error.context(format!("the tables of `{place}` cannot be read, for they are in use: {who}"));
        }
    }
    error
}

async fn plans(connection: &mut Connection, places: &[Place]) -> Result<Vec<(Place, Plan)>, EngineError> {
    let mut members = Vec::with_capacity(places.len());
    for place in places {
        // An absent database is an error here and not an empty list.
        connection.enter(admin::name(place)?).await?;
        ready::readable(connection, &place.0).await?;
        members.push((place.clone(), plan(connection, &place.0).await?));
    }
    Ok(members)
}

/// Locks the tables of other storage engines than InnoDB for reading, before the snapshot is taken.
async fn lock_plain_tables(
    address: &Arc<Address>,
    members: &[(Place, Plan)],
) -> Result<Option<Connection>, EngineError> {
    let plain = members.iter().flat_map(|(place, plan)| plan.tables.iter().map(move |table| (place, table)));
    let plain: Vec<_> = plain.filter(|(_, table)| !table.transactional() && !table.is_elsewhere()).collect();
    if plain.is_empty() {
        return Ok(None);
    }
    let locks: Vec<String> =
        plain.iter().map(|(place, table)| format!("{}.{} READ", quoted(&place.0), quoted(&table.name))).collect();
    let mut holder = Connection::open(address, None, Purpose::Own).await?;
    let lock = format!("LOCK TABLES {}", locks.join(", "));
    patiently(&mut holder, &lock, 1, PAUSE).await.map_err(|error| {
        let (place, table) = plain[0];
        error.hint(format!(
            "`{place}`.`{}` is a table of {}, which has no transactions, so it has to be locked while it is read; \
             `ALTER TABLE … ENGINE = InnoDB` makes that unnecessary",
            table.name, table.engine
        ))
    })?;
    Ok(Some(holder))
}

/// Reads a row of every table. What was changed since the snapshot is an error now, and what would change it later waits.
async fn touch(connection: &mut Connection, members: &[(Place, Plan)]) -> Result<(), EngineError> {
    connection.own(PATIENCE).await?;
    for (place, plan) in members {
        let tables: Vec<_> = plan.tables.iter().filter(|table| !table.is_elsewhere()).collect();
        let names: Vec<_> = tables.iter().map(|table| &table.name).chain(&plan.sequences).collect();
        for some in names.chunks(TABLES) {
            let reads: Vec<String> = some
                .iter()
                .map(|name| format!("(SELECT 1 FROM {}.{} LIMIT 1)", quoted(&place.0), quoted(name)))
                .collect();
            connection.texts(&reads.join(" UNION ALL ")).await.map_err(|error| match number(&error) {
                // It has gone, or has become another one since the snapshot.
                Some(1146 | 1412) => inspect::changing(&error.message),
                _ => error.context(format!("the tables of `{place}` cannot be read")),
            })?;
        }
    }
    connection.own("SET SESSION lock_wait_timeout = 10").await?;
    Ok(())
}

#[async_trait]
impl View for MysqlView {
    fn guarantee(&self) -> Guarantee {
        Guarantee::OneView
    }

    fn session(&mut self, place: &Place) -> Result<&mut dyn Session, EngineError> {
        let plan = member(&self.members, place)?;
        self.session.expect(plan.names());
        self.session.connection().turn_to(&place.0);
        Ok(&mut self.session)
    }

    async fn dump(&mut self, place: &Place, sink: Arc<dyn Sink>, advance: Advance) -> Result<(), EngineError> {
        let plan = member(&self.members, place)?;
        let connection = self.session.connection();
        connection.turn_to(&place.0);
        dump::dump(connection, &place.0, plan, sink.as_ref(), &advance).await
    }

    async fn close(mut self: Box<Self>) -> Result<(), EngineError> {
        if let Some(holder) = self.holder.take() {
            holder.close().await?;
        }
        Box::new(self.session).close().await
    }
}

impl MysqlView {
    /// What there is to dump of a database of the view.
    pub(super) fn plan(&self, place: &Place) -> Result<&Plan, EngineError> {
        member(&self.members, place)
    }
}

fn member<'a>(members: &'a [(Place, Plan)], place: &Place) -> Result<&'a Plan, EngineError> {
    let found = members.iter().find(|(known, _)| known == place);
    let unknown = || EngineError::new(ErrorClass::Bug, format!("`{place}` is not in the view"));
    found.map(|(_, plan)| plan).ok_or_else(unknown)
}
