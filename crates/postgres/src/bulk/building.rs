//! A database that is being built: made empty with the locale it had, then what rows need, the rows table by table, and last
//! what is dear or dangerous to have while rows come in (indexes, keys, triggers). It is removed again unless it was finished.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::SinkExt as _;
use stead_engine::{EngineError, ErrorClass};
use stead_schema::{EngineKind, Schema};
use stead_sql::ledger;
use stead_sql::write::{Phase, Statement};

use super::dump::column_list;
use super::facts::{Creation, Facts, SequenceFacts, TableFacts};
use super::session::Session;
use super::{extensions, roles, session};

use super::home::{Home, Owners};
use crate::admin;
use crate::apply::quoted;
use crate::connect::address::Address;
use crate::connect::{Connection, driver, settings};

#[cfg(test)]
mod tests;

/// How long a building that was given up waits until its database is gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a session that builds needs beside what every session has. Nothing has to be durable before the end, function
/// bodies may name what is not there yet, event triggers are for others, and texts mean what they meant where they were
/// written, whatever the role is used to.
const SETTINGS: [(&str, &str); 11] = [
    ("synchronous_commit", "off"),
    ("check_function_bodies", "off"),
    ("default_tablespace", ""),
    ("default_table_access_method", "heap"),
    ("client_min_messages", "warning"),
    ("row_security", "off"),
    ("lc_monetary", "C"),
    ("event_triggers", "off"),
    ("array_nulls", "on"),
    ("transform_null_equals", "off"),
    ("session_replication_role", "origin"),
];

/// Whether tables have parts on other servers, and the list of those that have none.
const HERE: &str = "
    WITH RECURSIVE above AS (
      SELECT i.inhparent AS oid FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
      WHERE c.relkind = 'f'
      UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN above ON above.oid = i.inhrelid)
    SELECT EXISTS (SELECT FROM above),
           pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', ')
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
      AND c.oid NOT IN (SELECT above.oid FROM above)";

/// The first version in which a database says with what it compares texts.
const LOCALE_PROVIDERS: i32 = 150_000;

/// Kinds of statements that come after what the schema does not say the owner of, but for event triggers.
const OF_OWNERS: [&str; 3] = ["grant", "default privileges", "event trigger"];

/// Gives the rows of a table piece by piece, cut anywhere.
#[async_trait]
pub(super) trait Pieces: Send {
    /// The next piece; `None` when there are no more.
    async fn next(&mut self) -> Result<Option<Bytes>, EngineError>;
}

/// A database on its way.
pub(super) struct Building {
    address: Address,
    name: String,
    /// `None` once it was closed.
    connection: Option<Connection>,
    /// The owners that the schema says.
    owners: Owners,
    home: Option<Home>,
    /// The settings that values are computed with.
    session: Session,
    after: Vec<Statement>,
    finished: bool,
}

impl Building {
    /// Makes the database with everything that rows need. `own` are the tables of stead itself that have rows to come, `from`
    /// the database that it is a copy of, if not of a dump.
    pub(super) async fn begin(
        address: &Address,
        name: &str,
        from: Option<&str>,
        facts: &Facts,
        schema: &Schema,
        own: &[&str],
    ) -> Result<Self, EngineError> {
        let statements = stead_sql::write(schema).map_err(|error| {
            let mut unwritable = EngineError::new(ErrorClass::Unsupported, error.to_string());
            unwritable.hints = error.hints();
            unwritable
        })?;
        let mut server = admin::maintenance(address).await?;
        roles::check(&mut server, schema).await?;
        let versions = extensions::offered(&mut server, &facts.extensions).await?;
        let home = match from {
            Some(from) => Home::of(&mut server, from).await?,
            None => Home::of_replaced(&mut server, name).await?,
        };
        let place = home.as_ref().map(Home::clause).unwrap_or_default();
        let clauses = clauses(&facts.database, server.version()) + &place;
        admin::create_by(&mut server, name, &clauses).await?;
        let statements = statements.into_iter().map(|statement| extensions::of_version(statement, &versions));
        let (before, after) = statements.partition(|statement| statement.phase == Phase::Before);
        let (address, name) = (address.clone(), name.to_owned());
        let mut building = Self {
            address,
            name,
            connection: None,
            owners: Owners::of_schema(schema),
            session: facts.session.clone(),
            home,
            after,
            finished: false,
        };
        server.close().await?;
        let mut connection = Connection::open(&building.address, &building.name, false).await?;
        connection.batch(&settings::set(&SETTINGS)).await?;
        building.connection = Some(connection);
        building.run(before).await?;
        building.make_own(own).await?;
        // A search must be there before it can be the usual one.
        if let Some(home) = &building.home {
            for (name, value) in &home.own {
                building.session.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let noted = building.session.clone();
        session::take_over(building.connection(), &noted).await?;
        Ok(building)
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is closed by `finish` alone, which takes the building")
    }

    async fn run(&mut self, statements: Vec<Statement>) -> Result<(), EngineError> {
        for Statement { kind, name, sql, .. } in statements {
            let fills = kind == "view" && sql.starts_with("REFRESH MATERIALIZED VIEW ");
            let connection =
                self.connection.as_mut().expect("it is closed by `finish` alone, which takes the building");
            let run = match fills {
                true => session::fill(connection, &self.session, &sql).await,
                false => connection.batch(&sql).await,
            };
            run.map_err(|mut error| {
                error.offset = None;
                match fills {
                    true => error.context(format!("the rows of the view `{name}` cannot be computed")).hint(
                        "where they came from something outside of the database: `REFRESH MATERIALIZED VIEW … WITH NO DATA` \
                         before the dump",
                    ),
                    false => error.context(format!("the {kind} `{name}` cannot be made")),
                }
            })?;
        }
        Ok(())
    }

    /// The tables of stead itself are no part of a schema.
    async fn make_own(&mut self, own: &[&str]) -> Result<(), EngineError> {
        if own.is_empty() {
            return Ok(());
        }
        for (statement, table) in ledger::create(EngineKind::Postgres).iter().zip(ledger::own_tables()) {
            if own.contains(&table) {
                self.connection().batch(statement).await?;
            }
        }
        Ok(())
    }

    /// Begins to take one table's rows. The table is truncated in the same transaction, so that the server may store the
    /// rows frozen and need not log them twice.
    pub(super) async fn table(&mut self, table: &TableFacts) -> Result<(), EngineError> {
        if table.of_extension {
            return extensions::empty(self.connection(), table).await;
        }
        let sql = match table.root {
            None => format!("BEGIN; TRUNCATE ONLY {}.{}", quoted(&table.namespace), quoted(&table.name)),
            Some(_) => "BEGIN".to_owned(),
        };
        self.connection().batch(&sql).await
    }

    /// Takes the rows of a table that was begun from something that gives them piece by piece; the number of rows.
    pub(super) async fn rows(&mut self, table: &TableFacts, pieces: &mut dyn Pieces) -> Result<u64, EngineError> {
        let sql = statement(table);
        let connection = self.connection();
        let client = connection.begin().await?;
        let mut theirs = None;
        let taken = take(client, &sql, pieces, &mut theirs).await;
        if let Some(error) = theirs {
            return Err(error);
        }
        let rows = connection.end(taken, "").map_err(|error| unreadable(table, error))?;
        connection.batch("COMMIT").await?;
        Ok(rows)
    }

    /// Makes the rest, sets the sequences, and has everything on disk.
    pub(super) async fn finish(mut self, sequences: &[SequenceFacts]) -> Result<(), EngineError> {
        for sequence in sequences {
            let SequenceFacts { namespace, name, last_value, is_called } = sequence;
            let regclass = format!("{}.{}", quoted(namespace), quoted(name));
            let sql = "SELECT pg_catalog.setval($1::text::pg_catalog.regclass, $2, $3)";
            self.connection().rows(sql, &[&regclass, last_value, is_called]).await?;
        }
        let mut made = std::mem::take(&mut self.after);
        // What an owner has by himself depends on who it is, so owners come before grants.
        let owned = made.iter().position(|statement| OF_OWNERS.contains(&statement.kind.as_str()));
        let rest = made.split_off(owned.unwrap_or(made.len()));
        self.run(made).await?;
        if let (Some(home), Some(connection)) = (&self.home, self.connection.as_mut()) {
            home.hand_over(connection, &self.owners).await?;
        }
        let again = rest.iter().any(|statement| statement.kind == "event trigger");
        self.run(rest).await?;
        if let (true, Some(home), Some(connection)) = (again, &self.home, self.connection.as_mut()) {
            home.hand_over_event_triggers(connection).await?;
        }
        // The first commit that is waited for makes all those before it durable.
        self.connection().batch("SET synchronous_commit = on").await?;
        self.analyze().await?;
        super::passed("bulk.load.synced", "the load")?;
        if let Some(connection) = self.connection.take() {
            connection.close().await?;
        }
        self.finished = true;
        Ok(())
    }

    /// Counts what is there for the planner. A table with parts on another server would be counted with rows fetched from there,
    /// so it is left out, and its parts that are here are counted by themselves.
    async fn analyze(&mut self) -> Result<(), EngineError> {
        let rows = self.connection().rows(HERE, &[]).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        match (row.get::<_, bool>(0), row.get::<_, Option<String>>(1)) {
            (false, _) => self.connection().batch("ANALYZE").await,
            (true, Some(tables)) => self.connection().batch(&format!("ANALYZE {tables}")).await,
            (true, None) => Ok(()),
        }
    }

    /// Removes what was built, when something went wrong; the error of that is the one to tell.
    pub(super) async fn give_up(mut self) {
        drop(self.connection.take());
        let _left_over = remove(self.address.clone(), self.name.clone()).await;
        self.finished = true;
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        drop(self.connection.take());
        let removal = remove(self.address.clone(), self.name.clone());
        let removal = async move {
            let _left_over = removal.await;
        };
        driver::run_blocking(removal, PATIENCE);
    }
}

async fn remove(address: Address, name: String) -> Result<(), EngineError> {
    admin::remove(&address, &stead_engine::Place(name)).await
}

/// The clauses of `CREATE DATABASE` that make a database like the one that was dumped, on a server of that version. What is not
/// said is as in the cluster, which may compare texts with something else.
pub(super) fn clauses(creation: &Creation, version: i32) -> String {
    let Creation { encoding, provider, collate, ctype, locale, rules } = creation;
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut clauses =
        format!("ENCODING {} LC_COLLATE {} LC_CTYPE {}", literal(encoding), literal(collate), literal(ctype));
    let mut add = |word: &str, text: &str| clauses.push_str(&format!(" {word} {}", literal(text)));
    match (provider.as_str(), locale) {
        ("i", Some(locale)) => {
            add("LOCALE_PROVIDER", "icu");
            add("ICU_LOCALE", locale);
        }
        ("b", Some(locale)) => {
            add("LOCALE_PROVIDER", "builtin");
            add("BUILTIN_LOCALE", locale);
        }
        _ if version >= LOCALE_PROVIDERS => add("LOCALE_PROVIDER", "libc"),
        _ => {}
    }
    if let Some(rules) = rules {
        add("ICU_RULES", rules);
    }
    clauses
}

/// The statement that takes a table's rows.
fn statement(table: &TableFacts) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(column)).collect();
    let (namespace, name) = table.root.as_ref().map_or((&table.namespace, &table.name), |(left, right)| (left, right));
    let mut options = Vec::new();
    if table.binary {
        options.push("FORMAT binary");
    }
    if !table.of_extension && table.root.is_none() {
        options.push("FREEZE");
    }
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(", ")) };
    format!("COPY {}.{}{} FROM STDIN{options}", quoted(namespace), quoted(name), column_list(&columns))
}

/// Sends pieces until there are no more. An error of whoever gives them is put aside, and the server is told to forget the rows.
async fn take(
    client: &tokio_postgres::Client,
    sql: &str,
    pieces: &mut dyn Pieces,
    theirs: &mut Option<EngineError>,
) -> Result<u64, tokio_postgres::Error> {
    let mut sink = std::pin::pin!(client.copy_in::<_, Bytes>(sql).await?);
    loop {
        match pieces.next().await {
            Ok(Some(piece)) => {
                if sink.send(piece).await.is_err() {
                    // The connection is gone; the end says why.
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                *theirs = Some(error);
                return Ok(0);
            }
        }
    }
    sink.finish().await
}

/// Rows that a server refuses were not what a dump wrote.
fn unreadable(table: &TableFacts, mut error: EngineError) -> EngineError {
    if matches!(error.class, ErrorClass::Constraint | ErrorClass::Syntax | ErrorClass::Bug | ErrorClass::Unsupported) {
        error.class = ErrorClass::Refused;
        // The snapshot is to blame and not the server.
        error.engine_code = None;
    }
    error.context(format!("the rows of `{}.{}` cannot be loaded", table.namespace, table.name))
}
