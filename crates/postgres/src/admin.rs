//! Databases as a whole: whether there is one, making, removing and measuring it, counting and checking what it holds. The
//! server is asked through its maintenance database, so that no answer depends on the database that is asked about.

use std::collections::BTreeMap;
use std::time::Duration;

use stead_engine::{EngineError, ErrorClass, Place};

use crate::apply::quoted;
use crate::bulk::names;
use crate::connect::address::Address;
use crate::connect::{Connection, driver};

#[cfg(test)]
mod tests;

/// The longest name PostgreSQL keeps; it cuts longer ones, and then two names are one.
pub(crate) const NAME_BYTES: usize = 63;
/// Databases from which the server makes others.
const TEMPLATES: [&str; 2] = ["template0", "template1"];
/// Tables that are counted by one query.
const COUNTED_AT_ONCE: usize = 250;
/// How every scratch database's name begins.
const SCRATCH: &str = "stead_scratch_";
/// Seconds after which a scratch database without a session belongs to nobody.
const SCRATCH_AGE: i64 = 120;
/// How long a dropped session waits for its scratch database to go.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database's name at a place; refused if the server would cut it.
pub(crate) fn name(place: &Place) -> Result<&str, EngineError> {
    let name = place.0.as_str();
    let wrong = match name.len() {
        0 => "is empty",
        length if length > NAME_BYTES => "is longer than 63 bytes",
        _ if name.contains('\0') => "holds a NUL character",
        _ if TEMPLATES.contains(&name) => "is one of the server's own templates",
        _ => return Ok(name),
    };
    Err(EngineError::new(ErrorClass::Refused, format!("the database's name `{}` {wrong}", name.escape_debug())))
}

/// A connection to the database that is asked about others.
pub(crate) async fn maintenance(address: &Address) -> Result<Connection, EngineError> {
    Connection::open(address, &address.maintenance, false).await
}

/// Whether an error of opening the maintenance database says that only this one database is closed to us. A pool that knows
/// other databases and not this one says `08P01`.
pub(crate) fn is_closed_to_us(error: &EngineError) -> bool {
    matches!(error.engine_code.as_deref(), Some("3D000" | "42501" | "28000" | "55000" | "08P01"))
}

/// Whether an error of opening a database says that there is none of that name.
pub(crate) fn is_missing(error: &EngineError) -> bool {
    error.engine_code.as_deref() == Some("3D000")
}

/// True if a database is there, false if surely none is.
pub(crate) async fn exists(address: &Address, place: &Place) -> Result<bool, EngineError> {
    let name = name(place)?;
    match maintenance(address).await {
        Ok(mut connection) => {
            let found = is_there(&mut connection, name).await?;
            connection.close().await?;
            Ok(found)
        }
        Err(error) if is_closed_to_us(&error) => match Connection::open(address, name, true).await {
            Ok(connection) => connection.close().await.map(|()| true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Whether the server lists a database of that name.
pub(crate) async fn is_there(connection: &mut Connection, name: &str) -> Result<bool, EngineError> {
    let sql = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1::text";
    Ok(!connection.rows(sql, &[&name]).await?.is_empty())
}

/// Makes an empty database with more clauses of `CREATE DATABASE`.
pub(crate) async fn create_by(connection: &mut Connection, name: &str, clauses: &str) -> Result<(), EngineError> {
    let sql = format!("CREATE DATABASE {} TEMPLATE template0 {clauses}", quoted(name));
    connection.batch(&sql).await.map_err(|error| {
        let error = error.context(format!("cannot make the database `{name}`"));
        match error.engine_code.as_deref() {
            Some("42501") if clauses.contains("TABLESPACE") => {
                error.hint("let the role make databases there: `GRANT CREATE ON TABLESPACE … TO …`")
            }
            Some("42501") => error.hint("let the role make databases: `ALTER ROLE … CREATEDB`"),
            _ => error,
        }
    })
}

/// Removes a database, and ends the sessions that are in it. Absent is fine.
pub(crate) async fn remove(address: &Address, place: &Place) -> Result<(), EngineError> {
    let name = name(place)?;
    let mut connection = maintenance(address).await?;
    remove_by(address, &mut connection, name).await?;
    connection.close().await
}

/// Subscriptions of a database that neither work nor have a slot elsewhere, as a load makes them: they are no more than a part
/// of the database.
const INERT: &str = "
    SELECT pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription AS s
    JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
    WHERE d.datname = $1::text AND NOT s.subenabled AND s.subslotname IS NULL";

/// Removes a database through a connection that is there.
pub(crate) async fn remove_by(address: &Address, connection: &mut Connection, name: &str) -> Result<(), EngineError> {
    drop_inert(address, connection, name).await?;
    if names::is_ours(name) {
        no_template(connection, name).await?;
    }
    let plain = format!("DROP DATABASE IF EXISTS {}", quoted(name));
    let mut removed = connection.batch(&format!("{plain} WITH (FORCE)")).await;
    // An autovacuum worker belongs to no role, so only superusers may end it; without the word the server itself sends it away.
    if removed.as_ref().is_err_and(|error| error.engine_code.as_deref() == Some("42501")) {
        let again = connection.batch(&plain).await;
        if again.is_ok() {
            removed = again;
        }
    }
    removed.map_err(|error| error.context(format!("cannot remove the database `{name}`")))
}

/// Takes a database for a template no more, which one that was replaced may have been: the server removes none.
async fn no_template(connection: &mut Connection, name: &str) -> Result<(), EngineError> {
    let sql = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1::text AND datistemplate";
    match connection.rows(sql, &[&name]).await?.is_empty() {
        true => Ok(()),
        false => connection.batch(&format!("ALTER DATABASE {} IS_TEMPLATE false", quoted(name))).await,
    }
}

/// Drops the subscriptions that do nothing: the server removes no database that has one.
async fn drop_inert(address: &Address, connection: &mut Connection, name: &str) -> Result<(), EngineError> {
    let inert = connection.rows(INERT, &[&name]).await?;
    if !inert.is_empty() {
        let mut inside = Connection::open(address, name, false).await?;
        for row in inert {
            inside.batch(&format!("DROP SUBSCRIPTION IF EXISTS {}", row.get::<_, &str>(0))).await?;
        }
        inside.close().await?;
    }
    Ok(())
}

/// Bytes that a database takes on the server's disk.
pub(crate) async fn size(address: &Address, place: &Place) -> Result<u64, EngineError> {
    let name = name(place)?;
    let mut connection = maintenance(address).await?;
    let sql = "SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database WHERE datname = $1::text";
    let rows = connection.rows(sql, &[&name]).await?;
    connection.close().await?;
    let bytes: i64 = rows.first().map_or(0, |row| row.get(0));
    Ok(u64::try_from(bytes).unwrap_or_default())
}

/// The server's version, for example `15.18`.
pub(crate) async fn version(address: &Address) -> Result<String, EngineError> {
    let mut connection = match maintenance(address).await {
        Err(error) if is_closed_to_us(&error) && address.database.is_some() => {
            Connection::open(address, address.database.as_deref().unwrap_or_default(), true).await?
        }
        other => other?,
    };
    let rows = connection.texts("SELECT pg_catalog.current_setting('server_version')").await?;
    connection.close().await?;
    let version = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
    // Distributions add words of their own after a blank.
    Ok(version.split(' ').next().unwrap_or(version).to_owned())
}

/// A scratch database that is there.
pub(crate) struct Scratch {
    address: Address,
    name: Option<String>,
}

impl Scratch {
    /// Makes one, and removes those of runs that are dead.
    pub(crate) async fn create(address: &Address) -> Result<Self, EngineError> {
        let mut connection = maintenance(address).await?;
        sweep(address, &mut connection).await?;
        let sql = format!(
            "SELECT '{SCRATCH}' || pg_catalog.to_hex(pg_catalog.date_part('epoch', pg_catalog.now())::int8) || '_' || \
             pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '')"
        );
        let rows = connection.texts(&sql).await?;
        let name = rows.first().and_then(|row| row.get(0)).unwrap_or_default().to_owned();
        create_by(&mut connection, &name, "ENCODING 'UTF8'").await?;
        let scratch = Self { address: address.clone(), name: Some(name) };
        connection.close().await?;
        Ok(scratch)
    }

    /// The database's name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// Removes it.
    pub(crate) async fn remove(mut self) -> Result<(), EngineError> {
        match self.name.take() {
            Some(name) => remove(&self.address, &Place(name)).await,
            None => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        let address = self.address.clone();
        let removal = async move {
            let _left_for_the_next_run = remove(&address, &Place(name)).await;
        };
        driver::run_blocking(removal, PATIENCE);
    }
}

/// Removes scratch databases that nobody is connected to and that are not just being made.
async fn sweep(address: &Address, connection: &mut Connection) -> Result<(), EngineError> {
    let sql = format!(
        "SELECT d.datname::text, pg_catalog.date_part('epoch', pg_catalog.now())::int8 \
         FROM pg_catalog.pg_database AS d WHERE pg_catalog.starts_with(d.datname::text, '{SCRATCH}') \
         AND pg_catalog.pg_has_role(d.datdba, 'USAGE') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.datid = d.oid)"
    );
    for row in connection.rows(&sql, &[]).await? {
        let (name, now): (String, i64) = (row.get(0), row.get(1));
        if born(&name).is_some_and(|born| now - born > SCRATCH_AGE) {
            // Somebody else may be removing it at this moment.
            let _gone_already = drop_inert(address, connection, &name).await;
            let _gone_already = connection.batch(&format!("DROP DATABASE IF EXISTS {}", quoted(&name))).await;
        }
    }
    Ok(())
}

/// When a scratch database was made, in seconds since 1970 by the server's clock.
fn born(name: &str) -> Option<i64> {
    let (seconds, _random) = name.strip_prefix(SCRATCH)?.split_once('_')?;
    i64::from_str_radix(seconds, 16).ok()
}

/// The tables with rows of their own, as two columns: the name for people, and the name as SQL. Tables that an extension
/// made count where the extension says that people's rows are in them.
const TABLES: &str = "
    SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_')
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
            AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
            AND (e.extconfig IS NULL OR c.oid <> ALL (e.extconfig)))";

/// States in which a table's file is missing or the disk does not give it back.
const UNREADABLE: [&str; 2] = ["58030", "58P01"];

/// Rows of each table, partitions and the children of an inheritance each by themselves.
pub(crate) async fn count_rows(connection: &mut Connection) -> Result<Vec<(String, u64)>, EngineError> {
    let mut tables = BTreeMap::new();
    for row in connection.rows(TABLES, &[]).await? {
        tables.insert(row.get::<_, String>(0), row.get::<_, String>(1));
    }
    let tables: Vec<(String, String)> = tables.into_iter().collect();
    let mut counts = Vec::with_capacity(tables.len());
    for some in tables.chunks(COUNTED_AT_ONCE) {
        let counting = |(index, (_, table)): (usize, &(String, String))| {
            format!("SELECT {index}, pg_catalog.count(*) FROM ONLY {table}")
        };
        let parts: Vec<String> = some.iter().enumerate().map(counting).collect();
        let counted = connection.rows(&format!("{} ORDER BY 1", parts.join(" UNION ALL ")), &[]).await;
        let rows = counted.map_err(|mut error| {
            error.damaged |= error.engine_code.as_deref().is_some_and(|code| UNREADABLE.contains(&code));
            error
        })?;
        for ((name, _), row) in some.iter().zip(&rows) {
            counts.push((name.clone(), u64::try_from(row.get::<_, i64>(1)).unwrap_or_default()));
        }
    }
    Ok(counts)
}

/// Reads every page of every table, which fails where a page's checksum or a row's header is wrong.
pub(crate) async fn verify(connection: &mut Connection) -> Result<(), EngineError> {
    let ways = ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"];
    let off: Vec<(&str, &str)> = ways.iter().map(|way| (*way, "off")).collect();
    connection.batch(&crate::connect::settings::set(&off)).await?;
    let counted = count_rows(connection).await;
    for way in ways {
        // In a transaction that failed this is refused, and the end of it restores the setting.
        let _restored_later = connection.batch(&format!("RESET {way}")).await;
    }
    counted.map(|_rows| ()).map_err(|error| match error.damaged {
        true => error.context(format!("`{}` is damaged", connection.database())),
        false => error,
    })
}
