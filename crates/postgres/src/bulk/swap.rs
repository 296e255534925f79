//! Putting a built database in the place of the live one: both renames in one transaction, which is one step for everybody. A
//! rename waits until nobody is in the database, so sessions are ended from a second connection until it has gone through;
//! whoever connects meanwhile waits too, and finds the new database under the name.

use std::time::Duration;

use stead_engine::snapshot::Swap;
use stead_engine::{EngineError, ErrorClass, Place};

use super::{passed, properties, ready};
use crate::admin;
use crate::apply::quoted;
use crate::connect::Connection;
use crate::connect::address::Address;

/// How often the renames are tried; the server gives up each after five seconds.
const TRIES: usize = 4;
/// Between two rounds of ending sessions.
const ROUND: Duration = Duration::from_millis(20);

/// A swap with its names, and which of them exist.
struct Plan<'a> {
    live: &'a str,
    built: Option<&'a str>,
    kept: Option<&'a str>,
    token: &'a str,
}

/// What is left to be done.
enum Stage<'a> {
    /// Nothing.
    After,
    /// There was no database: the new one takes the name.
    Put { built: &'a str },
    /// The live one is renamed away, and a new one takes the name if there is one.
    Exchange { built: Option<&'a str>, kept: &'a str },
}

fn conflict(message: String) -> EngineError {
    EngineError::new(ErrorClass::Conflict, message)
}

/// Carries a swap through, from wherever it stands.
pub(super) async fn swap(address: &Address, swap: &Swap) -> Result<(), EngineError> {
    let plan = Plan::new(swap)?;
    let mut connection = admin::maintenance(address).await?;
    match plan.stage(address, &mut connection).await? {
        Stage::After => {}
        Stage::Put { built } => {
            let sql = rename(built, plan.live);
            carry_out(address, &mut connection, &[built], &[sql]).await?;
        }
        Stage::Exchange { built, kept } => exchange(address, &mut connection, plan.live, built, kept).await?,
    }
    connection.close().await
}

async fn exchange(
    address: &Address,
    connection: &mut Connection,
    live: &str,
    built: Option<&str>,
    kept: &str,
) -> Result<(), EngineError> {
    ready::refuse_what_stays_behind(connection, live).await?;
    let mut statements = Vec::new();
    if let Some(built) = built {
        statements.extend(properties::statements(connection, live, built).await?);
    }
    statements.push(rename(live, kept));
    let mut names = vec![live];
    if let Some(built) = built {
        statements.push(rename(built, live));
        names.push(built);
    }
    carry_out(address, connection, &names, &statements).await
}

fn rename(from: &str, to: &str) -> String {
    format!("ALTER DATABASE {} RENAME TO {}", quoted(from), quoted(to))
}

/// Runs the statements in one transaction while sessions in those databases are ended.
async fn carry_out(
    address: &Address,
    connection: &mut Connection,
    names: &[&str],
    statements: &[String],
) -> Result<(), EngineError> {
    passed("swap.prepared", "the swap")?;
    let mut second = admin::maintenance(address).await?;
    let sql = format!("BEGIN; {}", statements.join("; "));
    let mut tries = 0;
    loop {
        tries += 1;
        end_sessions(&mut second, names).await?;
        let renaming = tokio::select! {
            renamed = connection.batch(&sql) => renamed,
            failed = keep_ending(&mut second, names) => failed,
        };
        match renaming {
            Ok(()) => break,
            Err(error) if error.engine_code.as_deref() == Some("55006") && tries < TRIES => {
                connection.batch("ROLLBACK").await?;
            }
            Err(error) if error.engine_code.as_deref() == Some("55006") => {
                connection.batch("ROLLBACK").await?;
                return Err(ready::in_the_way(&mut second, names).await?.unwrap_or(error));
            }
            Err(error) => return Err(error.context("the swap cannot go through, nothing was changed")),
        }
    }
    passed("swap.renamed", "the swap")?;
    connection.batch("COMMIT").await?;
    passed("swap.committed", "the swap")?;
    second.close().await
}

/// Ends sessions for ever; comes back with an error alone.
async fn keep_ending(connection: &mut Connection, names: &[&str]) -> Result<(), EngineError> {
    loop {
        tokio::time::sleep(ROUND).await;
        end_sessions(connection, names).await?;
    }
}

/// Ends every session in those databases that we may end; those that stay are named when the renames give up. The server's
/// own workers have no user; what kind a session of another role is, is not told to everybody.
async fn end_sessions(connection: &mut Connection, names: &[&str]) -> Result<(), EngineError> {
    let sql = "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = ANY ($1::text[]) \
               AND usesysid IS NOT NULL";
    for row in connection.rows(sql, &[&names]).await? {
        let end = format!("SELECT pg_catalog.pg_terminate_backend({})", row.get::<_, i32>(0));
        match connection.texts(&end).await {
            Err(error) if error.class != ErrorClass::Refused => return Err(error),
            _ended_or_not_ours => {}
        }
    }
    Ok(())
}

impl<'a> Plan<'a> {
    fn new(swap: &'a Swap) -> Result<Self, EngineError> {
        let name = |place: &'a Option<Place>| place.as_ref().map(admin::name).transpose();
        let (built, kept) = (name(&swap.built)?, name(&swap.kept)?);
        Ok(Self { live: admin::name(&swap.live)?, built, kept, token: &swap.token })
    }

    async fn stage(&self, address: &Address, connection: &mut Connection) -> Result<Stage<'a>, EngineError> {
        let Self { live, built, kept, .. } = *self;
        let live_exists = admin::is_there(connection, live).await?;
        let built_exists = is_there(connection, built).await?;
        let kept_exists = is_there(connection, kept).await?;
        let missing = || {
            let built = built.unwrap_or_default();
            Err(conflict(format!("`{built}`, which shall replace `{live}`, does not exist"))
                .hint("nothing was changed; build it again"))
        };
        match (live_exists, built, kept) {
            (true, Some(_), Some(kept)) | (true, None, Some(kept))
                if kept_exists && (built.is_none() || built_exists) =>
            {
                Err(conflict(format!("`{kept}`, where the old database shall be kept, exists already")))
            }
            (true, None, None) => Ok(Stage::After),
            (true, None, Some(kept)) => Ok(Stage::Exchange { built: None, kept }),
            (true, Some(built), Some(kept)) if built_exists => Ok(Stage::Exchange { built: Some(built), kept }),
            (true, Some(_), None) if built_exists => Err(conflict(format!("`{live}` has come into being meanwhile"))
                .hint("nothing was changed; run the command again")),
            // Only the renames take the built name away, and they are one step.
            (true, Some(_), Some(_)) if kept_exists => Ok(Stage::After),
            (true, Some(_), _) => match self.marked(address).await? {
                Some(token) if token == self.token => Ok(Stage::After),
                None if kept.is_none() => Ok(Stage::After),
                _ => missing(),
            },
            (false, Some(built), _) if built_exists && (kept_exists || kept.is_none()) => Ok(Stage::Put { built }),
            (false, Some(_), _) if !built_exists => missing(),
            (false, None, _) if kept_exists || kept.is_none() => Ok(Stage::After),
            (false, _, _) => Err(conflict(format!("`{live}` is gone, so it cannot be kept"))),
        }
    }

    /// The mark in the live database's marker row, if there is one.
    async fn marked(&self, address: &Address) -> Result<Option<String>, EngineError> {
        let mut connection = Connection::open(address, self.live, true).await?;
        let read = connection.rows("SELECT pg_catalog.max(swap_token) FROM public.stead_marker", &[]).await;
        connection.close().await?;
        match read {
            Ok(rows) => Ok(rows.first().and_then(|row| row.get(0))),
            Err(error) if error.class == ErrorClass::Syntax => Ok(None),
            Err(error) => Err(error),
        }
    }
}

async fn is_there(connection: &mut Connection, name: Option<&str>) -> Result<bool, EngineError> {
    match name {
        Some(name) => admin::is_there(connection, name).await,
        None => Ok(false),
    }
}
