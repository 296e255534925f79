//! The lock that keeps two runs of stead off one database: an advisory lock of the server, in the maintenance database so that
//! it needs no database of that name, held by a connection of its own. The server frees it when that connection ends.
//!
//! Who holds it is read from the connection's name in `pg_stat_activity`. That a run was cut off shows in a row it could not
//! remove again, in the table `public.stead_lock` of the maintenance database; a role that may not make it goes without, and so
//! does a server whose maintenance database is a template.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use stead_engine::{EngineError, ErrorClass, Holder, Lock, LockRequest, Place};
use tokio::sync::Mutex;
use tokio_postgres::Row;

use crate::admin::{self, NAME_BYTES};
use crate::connect::address::Address;
use crate::connect::{Connection, driver};

#[cfg(test)]
mod tests;

/// The first pause between two tries.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// After how long whoever waits is told whom it waits for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a dropped lock waits until the server has freed it.
const FAREWELL: Duration = Duration::from_secs(5);

/// A lock that is held.
struct AdvisoryLock {
    connection: Mutex<Option<Connection>>,
    name: String,
    left_behind: Option<Holder>,
}

#[async_trait]
impl Lock for AdvisoryLock {
    fn left_behind(&self) -> Option<&Holder> {
        self.left_behind.as_ref()
    }

    /// It is held as long as its session is there.
    async fn still_held(&self) -> Result<(), EngineError> {
        match self.connection.lock().await.as_mut() {
            Some(connection) => connection.rows("SELECT 1", &[]).await.map(|_rows| ()),
            None => Ok(()),
        }
    }
}

impl Drop for AdvisoryLock {
    /// Says that this run ended in order; the end of the connection frees the lock.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.get_mut().take() else { return };
        let name = std::mem::take(&mut self.name);
        let farewell = async move {
            let sql = "DELETE FROM public.stead_lock WHERE name = $1";
            let _no_such_table = connection.rows(sql, &[&name]).await;
            // A pool may keep the session when we are gone, and would keep the lock with it for a moment.
            let _with_the_connection =
                connection.rows("SELECT pg_catalog.pg_advisory_unlock($1)", &[&key(&name)]).await;
            let _cut_off = connection.close().await;
        };
        driver::run_blocking(farewell, FAREWELL);
    }
}

/// Takes the lock of the database at a place, which need not exist yet.
pub(crate) async fn acquire(
    address: &Address,
    place: &Place,
    mut request: LockRequest<'_>,
) -> Result<Box<dyn Lock>, EngineError> {
    let name = admin::name(place)?;
    let mut named = address.clone();
    named.application = application(&request.holder);
    let (mut connection, shared) = match admin::maintenance(&named).await {
        Err(closed) if admin::is_closed_to_us(&closed) => match Connection::open(&named, name, false).await {
            // A database that is still to be made cannot stand in for the one that is closed.
            Err(error) if admin::is_missing(&error) => {
                return Err(closed.hint("`?maintenance=NAME` in the URL names another database to ask in"));
            }
            opened => (opened?, false),
        },
        opened => (opened?, true),
    };
    wait(&mut connection, name, &mut request).await?;
    let left_behind = match shared {
        // What is written into the database itself would be taken for the application's.
        true if connection.database() != name => sign(&mut connection, name, &request.holder).await,
        _ => None,
    };
    Ok(Box::new(AdvisoryLock { connection: Mutex::new(Some(connection)), name: name.to_owned(), left_behind }))
}

/// The lock's number: 64 bits of a digest of the name. Two names that share one only wait for each other.
fn key(name: &str) -> i64 {
    let digest = blake3::hash(format!("stead\0{name}").as_bytes());
    let bytes: [u8; 8] = digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes");
    i64::from_be_bytes(bytes)
}

async fn wait(connection: &mut Connection, name: &str, request: &mut LockRequest<'_>) -> Result<(), EngineError> {
    let (began, key) = (Instant::now(), key(name));
    let (mut pause, mut told) = (FIRST_PAUSE, false);
    loop {
        let rows = connection.rows("SELECT pg_catalog.pg_try_advisory_lock($1)", &[&key]).await?;
        if rows.first().is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        let waited = began.elapsed();
        if waited >= request.timeout {
            return Err(timed_out(name, request.timeout, holder(connection, key).await?));
        }
        if waited >= PATIENCE && !told {
            told = true;
            let holder = holder(connection, key).await?;
            (request.on_wait)(holder.as_ref());
        }
        tokio::time::sleep(pause.min(request.timeout - waited)).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

fn timed_out(name: &str, timeout: Duration, holder: Option<Holder>) -> EngineError {
    let who = holder.map_or_else(|| "another run".to_owned(), |holder| holder.to_string());
    EngineError::new(ErrorClass::LockTimeout, format!("the database `{name}` is locked by {who}"))
        .hint(format!("waited {:.1} s; wait longer with `--lock-timeout`, or stop that run", timeout.as_secs_f64()))
}

/// Who holds the lock now. The server keeps the two halves of the number in two columns.
const HOLDER: &str = "
    SELECT a.application_name, a.usename::text,
           pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
    FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (
          SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND ((l.classid::int8 << 32) | l.objid::int8) = $1";

async fn holder(connection: &mut Connection, key: i64) -> Result<Option<Holder>, EngineError> {
    let rows = connection.rows(HOLDER, &[&key]).await?;
    Ok(rows.first().map(read))
}

fn read(row: &Row) -> Holder {
    let text = |column| row.get::<_, Option<String>>(column).unwrap_or_default();
    let (command, process, host) = parted(&text(0));
    Holder { process, host, user: text(1), command, since: text(2) }
}

/// The holder as a connection's name: `stead upgrade [4711@host]`, of which the server keeps 63 bytes.
fn application(holder: &Holder) -> String {
    let process = format!(" [{}@", holder.process);
    let room = NAME_BYTES - process.len() - 1;
    let command = head(&holder.command, room.saturating_sub(16));
    let host = head(&holder.host, room.saturating_sub(command.len()));
    format!("{command}{process}{host}]")
}

/// The first bytes of a text, at most so many, whole characters, and only those the server keeps in a name.
fn head(text: &str, bytes: usize) -> String {
    let plain = |letter: char| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '?' };
    text.chars().map(plain).take(bytes).collect()
}

/// The command, the process and the host in a connection's name; what is not written by us is a command.
fn parted(name: &str) -> (String, u32, String) {
    let parts = || {
        let (command, rest) = name.strip_suffix(']')?.rsplit_once(" [")?;
        let (process, host) = rest.split_once('@')?;
        Some((command.to_owned(), process.parse().ok()?, host.to_owned()))
    };
    parts().unwrap_or_else(|| (name.to_owned(), 0, "an unknown host".to_owned()))
}

/// Writes down who holds the lock, and gives back whoever is still written there: a run that was cut off. Where the role may
/// not do that, nobody is known.
async fn sign(connection: &mut Connection, name: &str, holder: &Holder) -> Option<Holder> {
    let text = serde_json::to_string(holder).ok()?;
    let read = "SELECT holder FROM public.stead_lock WHERE name = $1";
    let found = match connection.rows(read, &[&name]).await {
        Ok(rows) => rows.first().map(|row| row.get::<_, String>(0)),
        Err(error) if error.class == ErrorClass::Syntax => {
            // What is in a template is in every database that is made from it.
            let sql = "SELECT datistemplate FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()";
            if connection.rows(sql, &[]).await.ok()?.first().is_none_or(|row| row.get(0)) {
                return None;
            }
            let create = "CREATE TABLE IF NOT EXISTS public.stead_lock (name text PRIMARY KEY, holder text NOT NULL)";
            connection.batch(create).await.ok()?;
            None
        }
        Err(_not_ours) => return None,
    };
    let write = "INSERT INTO public.stead_lock (name, holder) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder";
    connection.rows(write, &[&name, &text]).await.ok()?;
    serde_json::from_str(&found?).ok()
}
