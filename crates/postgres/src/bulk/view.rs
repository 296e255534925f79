//! Consistent views. DDL is kept out first, by a lock on every table, and only then the moment is taken: a table that was
//! truncated in between would give no rows and no error. Several databases of one server are seen at one moment where the
//! server says that the same transactions are visible in each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use stead_engine::snapshot::{Advance, Guarantee, Sink, View};
use stead_engine::{EngineError, ErrorClass, Place, Session, TransactionKind};

use super::catalog::{self, Relation};
use super::{dump, rights};
use crate::admin;
use crate::apply::PostgresSession;
use crate::connect::address::Address;
use crate::connect::{Connection, settings};

/// How often a view is begun anew when tables change under it.
const TRIES: usize = 5;
/// How often one moment for several databases is looked for. Half of the tries succeed at thousands of transactions a second.
const MOMENTS: usize = 100;
/// Tables that are locked by one statement.
const LOCKED_AT_ONCE: usize = 500;
/// What a session that dumps needs beside what every session has: rows in a stable order, none hidden, money without a
/// currency, and no endless wait for DDL.
const SETTINGS: [(&str, &str); 4] =
    [("synchronize_seqscans", "off"), ("row_security", "off"), ("lc_monetary", "C"), ("lock_timeout", "60s")];

/// Open read transactions, one for each database.
pub(super) struct PostgresView {
    members: Vec<Member>,
    guarantee: Guarantee,
}

/// One database in a view.
pub(super) struct Member {
    place: Place,
    pub(super) session: PostgresSession,
    pub(super) relations: Vec<Relation>,
    /// When its transaction began: from then on the server keeps every row that it could see.
    pub(super) began: Instant,
}

impl PostgresView {
    /// Begins the transactions.
    pub(super) async fn open(address: &Address, places: &[Place]) -> Result<Self, EngineError> {
        for _again in 1..TRIES {
            match Self::begin(address, places).await {
                // A table that was dropped or made between the list and the locks.
                Err(error) if changed(&error) => {}
                other => return other,
            }
        }
        Self::begin(address, places).await.map_err(|mut error| {
            if changed(&error) {
                error.class = ErrorClass::Conflict;
                error.hints.push("tables are made and dropped all the time: try again when that is over".to_owned());
            }
            error
        })
    }

    async fn begin(address: &Address, places: &[Place]) -> Result<Self, EngineError> {
        let mut members = Vec::with_capacity(places.len());
        for place in places {
            members.push(Member::lock(address, place).await?);
        }
        let guarantee = match members.len() {
            0 | 1 => Guarantee::OneView,
            _ => one_moment(address, &mut members).await?,
        };
        for member in &mut members {
            member.look().await?;
        }
        Ok(Self { members, guarantee })
    }

    /// The part of a view that is one database.
    pub(super) fn member(&mut self, place: &Place) -> Result<&mut Member, EngineError> {
        let unknown = || EngineError::new(ErrorClass::Bug, format!("`{place}` is not in the view"));
        self.members.iter_mut().find(|member| member.place == *place).ok_or_else(unknown)
    }
}

fn changed(error: &EngineError) -> bool {
    matches!(error.engine_code.as_deref(), Some(MADE_MEANWHILE | "42P01" | "3F000"))
}

/// Our own mark on an error, in the place of an SQLSTATE.
const MADE_MEANWHILE: &str = "made-meanwhile";

impl Member {
    /// Begins the transaction and locks every table, without taking the moment yet.
    async fn lock(address: &Address, place: &Place) -> Result<Self, EngineError> {
        let mut connection = Connection::open(address, admin::name(place)?, true).await?;
        connection.batch(&settings::set(&SETTINGS)).await?;
        let relations = catalog::relations(&mut connection).await?;
        rights::check_readable(&mut connection, &relations).await?;
        catalog::refuse_large_objects(&mut connection).await?;
        let mut session = PostgresSession::new(connection);
        session.begin(TransactionKind::Read).await?;
        for some in relations.chunks(LOCKED_AT_ONCE) {
            let names: Vec<String> = some.iter().map(|relation| format!("ONLY {}", relation.quoted())).collect();
            let sql = format!("LOCK TABLE {} IN ACCESS SHARE MODE", names.join(", "));
            session.connection.batch(&sql).await.map_err(locking)?;
        }
        Ok(Self { place: place.clone(), session, relations, began: Instant::now() })
    }

    /// Takes the moment, and looks whether every table that is seen is locked.
    async fn look(&mut self) -> Result<(), EngineError> {
        let seen = catalog::relations(&mut self.session.connection).await?;
        let locked: BTreeSet<u32> = self.relations.iter().map(|relation| relation.oid).collect();
        if let Some(new) = seen.iter().find(|relation| !locked.contains(&relation.oid)) {
            let message = format!("the table {} was made while the dump began", new.quoted());
            let mut error = EngineError::new(ErrorClass::Conflict, message);
            error.engine_code = Some(MADE_MEANWHILE.to_owned());
            return Err(error);
        }
        self.relations = seen;
        Ok(())
    }
}

fn locking(error: EngineError) -> EngineError {
    match error.engine_code.as_deref() {
        Some("53200") => error.hint("raise `max_locks_per_transaction`: every table is locked while it is dumped"),
        Some("55P03") => error.hint("a statement that changes a table takes longer than a minute: try again after it"),
        _ => error,
    }
}

/// Looks for a moment at which the same transactions are visible in every database, and puts all members there. Without such
/// a moment each member takes its own.
async fn one_moment(address: &Address, members: &mut [Member]) -> Result<Guarantee, EngineError> {
    let mut watchers = Vec::with_capacity(members.len());
    for member in &*members {
        watchers.push(Connection::open(address, &member.place.0, true).await?);
    }
    let mut found = false;
    for _again in 0..MOMENTS {
        found = same_moment(&mut watchers).await?;
        if found {
            break;
        }
    }
    if found {
        for (member, watcher) in members.iter_mut().zip(&mut watchers) {
            let exported: String = value(watcher, "SELECT pg_catalog.pg_export_snapshot()").await?;
            member.session.connection.batch(&format!("SET TRANSACTION SNAPSHOT '{exported}'")).await?;
        }
    }
    for watcher in watchers {
        watcher.close().await?;
    }
    Ok(if found { Guarantee::OneView } else { Guarantee::OneViewEach })
}

async fn same_moment(watchers: &mut [Connection]) -> Result<bool, EngineError> {
    for watcher in &mut *watchers {
        watcher.batch("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    }
    let looking = watchers.iter_mut().map(|watcher| value(watcher, "SELECT pg_catalog.pg_current_snapshot()::text"));
    let moments = futures_util::future::try_join_all(looking).await?;
    Ok(moments.windows(2).all(|pair| pair[0] == pair[1]))
}

async fn value(connection: &mut Connection, sql: &str) -> Result<String, EngineError> {
    let rows = connection.texts(sql).await?;
    let text = rows.first().and_then(|row| row.get(0)).map(str::to_owned);
    text.ok_or_else(|| EngineError::new(ErrorClass::Bug, "the server has no answer about its moment"))
}

#[async_trait]
impl View for PostgresView {
    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn session(&mut self, place: &Place) -> Result<&mut dyn Session, EngineError> {
        Ok(&mut self.member(place)?.session)
    }

    async fn dump(&mut self, place: &Place, sink: Arc<dyn Sink>, advance: Advance) -> Result<(), EngineError> {
        dump::dump(self.member(place)?, sink.as_ref(), &advance).await
    }

    async fn close(self: Box<Self>) -> Result<(), EngineError> {
        for mut member in self.members {
            member.session.rollback().await?;
            Box::new(member.session).close().await?;
        }
        Ok(())
    }
}
