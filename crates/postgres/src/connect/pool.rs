//! Whether a session of ours is one session of the server. A pool that gives every transaction another one makes all of this crate
//! wrong without a word: locks stay where nobody gives them back, and settings reach the sessions of others.
//!
//! A session is marked by what only the server itself reads when it starts a session. Where the mark is not found somebody
//! stands between, and two sessions side by side show whether each of them keeps its own.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use stead_engine::{EngineError, ErrorClass};
use tokio_postgres::Config;

use super::address::Address;
use super::connection::Connection;

/// The setting that is the mark. The server takes any name with a point in it, and nobody but us asks for it.
pub(super) const MARK: &str = "stead.session";
/// How often both sessions are looked at. A pool that is idle shows itself at once, one that is busy after a few looks.
const ROUNDS: usize = 4;
/// How a pool refuses what it cannot hand on to a session that is there already.
const REFUSED: [&str; 2] = ["08P01", "0A000"];

/// A mark that no other session has.
pub(super) fn mark() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    format!("{}.{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// What to connect with so that the server knows the mark.
pub(super) fn marked(config: &Config, mark: &str) -> Config {
    let given = config.get_options().unwrap_or_default();
    let mut config = config.clone();
    config.options(format!("{given} -c{MARK}={mark}").trim_start());
    config
}

/// Whether connecting may have failed because of the mark.
pub(super) fn refuses_marks(error: &EngineError) -> bool {
    error.engine_code.as_deref().is_some_and(|code| REFUSED.contains(&code))
}

/// Refuses a pool that does not keep a session for whoever has one. Nothing was set or locked yet.
pub(super) async fn refuse_shared(
    address: &Address,
    one: &mut Connection,
    other: &mut Connection,
) -> Result<(), EngineError> {
    match tokio::time::timeout(address.connect_timeout, keep_apart(one, other)).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(shared(address)),
        Ok(Err(error)) => Err(error),
        Err(_elapsed) => {
            let (limit, message) = (address.connect_timeout, format!("the pool at {address} has no second session"));
            Err(EngineError::new(ErrorClass::Unreachable, format!("{message} for us within {limit:?}"))
                .hint("a lock and the work under it need one each: let the pool have more, or name the server itself"))
        }
    }
}

fn shared(address: &Address) -> EngineError {
    let message = format!("{address} is a pool that gives every transaction another session of the server");
    EngineError::new(ErrorClass::Refused, message)
        .hint("what a session locks and sets would be lost there, and found by others: nothing was sent")
        .hint("name the server itself in the URL, or a pool that keeps sessions (`pool_mode = session` of PgBouncer)")
}

/// Whether both keep a process of their own. Asking twice in a row finds pools that go round, asking in turn those that give the
/// session which was used last; one answer that differs from those before is proof.
async fn keep_apart(one: &mut Connection, other: &mut Connection) -> Result<bool, EngineError> {
    let (first, second) = (process(one).await?, process(other).await?);
    for _round in 0..ROUNDS {
        for _twice in 0..2 {
            if process(one).await? != first {
                return Ok(false);
            }
        }
        for _twice in 0..2 {
            if process(other).await? != second {
                return Ok(false);
            }
        }
    }
    Ok(first != second)
}

/// The server's process behind a session at this moment.
async fn process(connection: &mut Connection) -> Result<String, EngineError> {
    let rows = connection.texts("SELECT pg_catalog.pg_backend_pid()").await?;
    Ok(rows.first().and_then(|row| row.get(0)).unwrap_or_default().to_owned())
}
