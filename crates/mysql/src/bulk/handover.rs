//! Renaming tables that have triggers. No server moves a trigger to another database, so a table has none between the moment
//! its triggers are dropped and the moment they are made again; whoever wants to write to a table that has become live waits
//! until it has them.
//!
//! MySQL renames tables under the locks of the session that does it, so nobody writes to any table meanwhile. MariaDB refuses
//! that. There the rename is held back before the last of its locks while `CREATE TRIGGER` stands in line behind it for every
//! trigger, and the server lets those go before whoever wants to write. On the old tables, which are kept, a write that has
//! waited for the swap may get in between without its trigger.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;
use stead_sql::lex::code;
use stead_sql::quote::unquoted;
use tokio::task::JoinHandle;

use super::journal::Journal;
use super::objects::{self, Made, Sort};
use super::swap::{Exchange, passed};
use super::{conflict, locks};
use crate::admin::literal;
use crate::connect::{Connection, Purpose, quoted};
use crate::error::number;

/// Triggers that stand in line one by one at most. Each takes a connection, of which a server has 151 unless it is told otherwise.
const IN_LINE: usize = 60;
/// Connections that a line takes at most, however many triggers each has.
const POSTS: usize = 100;
/// Between two looks at who waits for what.
const ROUND: Duration = Duration::from_millis(1);
/// How long the rename is held back at most.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Tables that change places, with their triggers.
pub(super) struct Handover<'a> {
    pub(super) exchange: &'a Exchange<'a>,
    pub(super) journal: &'a Journal,
    /// The statement that renames all of them.
    pub(super) rename: &'a str,
}

fn triggers(objects: &[Made]) -> impl Iterator<Item = &Made> {
    objects.iter().filter(|made| made.sort == Sort::Trigger)
}

impl Handover<'_> {
    /// Renames the tables once, and makes the triggers of those that are live then. An error of class `lock-timeout` means that
    /// somebody holds a table, and that everything is as it was.
    pub(super) async fn carry_out(&self, connection: &mut Connection) -> Result<(), EngineError> {
        if triggers(&self.journal.old_objects).chain(triggers(&self.journal.new_objects)).next().is_none() {
            return self.unguarded(connection).await;
        }
        match connection.kind() {
            EngineKind::Mariadb => self.in_line(connection).await,
            _ if connection.version() >= (8, 0, 13) => self.under_lock(connection).await,
            _ => self.unguarded(connection).await,
        }
    }

    async fn drop_triggers(
        &self,
        connection: &mut Connection,
        of: Option<&str>,
        objects: &[Made],
    ) -> Result<(), EngineError> {
        let Some(database) = of else { return Ok(()) };
        for made in triggers(objects) {
            objects::drop_one(connection, database, made.sort, &made.name).await?;
        }
        Ok(())
    }

    /// The rename alone: there are no triggers, or more tables than can be guarded.
    async fn unguarded(&self, connection: &mut Connection) -> Result<(), EngineError> {
        self.renamed(connection).await?;
        passed("swap.renamed")
    }

    async fn renamed(&self, connection: &mut Connection) -> Result<(), EngineError> {
        self.drop_triggers(connection, Some(self.exchange.live), &self.journal.old_objects).await?;
        self.drop_triggers(connection, self.exchange.built, &self.journal.new_objects).await?;
        passed("swap.cleared")?;
        connection.own(self.rename).await.map(|_outcome| ())
    }

    /// All tables of both databases, as `LOCK TABLES` has them.
    fn all(&self) -> Vec<String> {
        let names = |database: &str, tables: &[String]| -> Vec<String> {
            tables.iter().map(|table| format!("{}.{} WRITE", quoted(database), quoted(table))).collect()
        };
        let mut all = Vec::new();
        if self.exchange.kept.is_some() {
            all = names(self.exchange.live, &self.journal.old_tables);
        }
        all.extend(self.exchange.built.map(|built| names(built, &self.journal.new_tables)).unwrap_or_default());
        all
    }

    /// MySQL: everything in one session that has all tables for itself.
    async fn under_lock(&self, connection: &mut Connection) -> Result<(), EngineError> {
        let all = self.all();
        if all.is_empty() {
            return self.unguarded(connection).await;
        }
        self.lock(connection, &all).await?;
        let exchanged = self.exchange(connection).await;
        let unlocked = connection.own("UNLOCK TABLES").await;
        exchanged.and(unlocked.map(|_outcome| ()))
    }

    /// Locks tables for writing. Triggers that name what is not there go first: nobody can do what they watch.
    async fn lock(&self, connection: &mut Connection, tables: &[String]) -> Result<(), EngineError> {
        let sql = format!("LOCK TABLES {}", tables.join(", "));
        match connection.own(&sql).await {
            Err(error) if locks::lacks(&error) => {}
            other => return other.map(|_outcome| ()),
        }
        let live = self.exchange.kept.map(|_kept| self.exchange.live);
        let mut locked = Ok(());
        for database in [live, self.exchange.built].into_iter().flatten() {
            locked = locked.and(locks::unhinder(connection, database).await);
        }
        if locked.is_ok() {
            locked = connection.own(&sql).await.map(|_outcome| ());
        }
        if locked.is_err() {
            let old: Vec<&Made> = triggers(&self.journal.old_objects).collect();
            let _the_first_error_is_the_one_to_tell = objects::make(connection, self.exchange.live, &old).await;
        }
        locked
    }

    async fn exchange(&self, connection: &mut Connection) -> Result<(), EngineError> {
        let old: Vec<&Made> = triggers(&self.journal.old_objects).collect();
        let new: Vec<&Made> = triggers(&self.journal.new_objects).collect();
        if let Err(error) = self.renamed(connection).await {
            let _the_first_error_is_the_one_to_tell =
                objects::make_under_lock(connection, self.exchange.live, &old).await;
            return Err(error);
        }
        passed("swap.renamed")?;
        if self.exchange.built.is_some() {
            objects::make_under_lock(connection, self.exchange.live, &new).await?;
        }
        match self.exchange.kept {
            Some(kept) => objects::make_under_lock(connection, kept, &old).await,
            None => Ok(()),
        }
    }

    /// MariaDB: the old triggers are dropped while nobody else has a table, and the new ones wait for the rename.
    async fn in_line(&self, connection: &mut Connection) -> Result<(), EngineError> {
        self.drop_triggers(connection, self.exchange.built, &self.journal.new_objects).await?;
        let tables = super::swap::base_tables(connection, self.exchange.live).await?;
        if self.exchange.kept.is_some() && !tables.is_empty() {
            let live = quoted(self.exchange.live);
            let locks: Vec<String> = tables.iter().map(|table| format!("{live}.{} WRITE", quoted(table))).collect();
            // Without `autocommit` InnoDB's own locks are asked for as well: a prepared transaction holds no others.
            connection.own("SET SESSION autocommit = OFF").await?;
            let locked = self.lock(connection, &locks).await;
            connection.own("SET SESSION autocommit = ON").await?;
            locked?;
        }
        let exchanged = self.exchanged_in_line(connection).await;
        if exchanged.is_err() {
            connection.own("UNLOCK TABLES").await?;
            self.exchange.unwatch(connection, self.journal).await?;
            let old: Vec<&Made> = triggers(&self.journal.old_objects).collect();
            let _the_first_error_is_the_one_to_tell = objects::make(connection, self.exchange.live, &old).await;
        }
        exchanged?;
        passed("swap.renamed")
    }

    async fn exchanged_in_line(&self, connection: &mut Connection) -> Result<(), EngineError> {
        let mut line = self.line(connection).await?;
        self.drop_triggers(connection, Some(self.exchange.live), &self.journal.old_objects).await?;
        passed("swap.cleared")?;
        if let Some(line) = &mut line {
            line.hold_back().await?;
        }
        // One packet: whoever waited for a table has no more than a moment before the rename stands in line for it.
        let sql = format!("UNLOCK TABLES; {}", self.rename);
        let Some(line) = &mut line else { return connection.own(&sql).await.map(|_outcome| ()) };
        let renamed = tokio::select! {
            renamed = connection.own(&sql) => renamed.map(|_outcome| ()),
            () = line.stand() => Err(conflict("the line of triggers has come to an end")),
        };
        if renamed.is_err() {
            line.leave().await;
        }
        line.made().await;
        renamed
    }

    /// Refuses to make so many triggers after the rename while somebody may write in between.
    async fn nobody_writes(&self, connection: &mut Connection, triggers: usize) -> Result<(), EngineError> {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND DB = {}",
            literal(self.exchange.live)
        );
        let rows = connection.texts(&sql).await?;
        match rows.into_iter().flatten().flatten().next().as_deref() {
            None | Some("0") => Ok(()),
            Some(sessions) => Err(conflict(format!(
                "`{}` has {triggers} triggers, too many to make at once, and {sessions} sessions use it, whose rows would \
                 miss them",
                self.exchange.live
            ))
            .hint("end those sessions for a moment; with more connections, `max_connections`, fewer triggers are too many")),
        }
    }

    /// The triggers of what will be live, and the table at which the rename is held back: the last one it locks, which is the
    /// last one by the names of databases and tables. `None` where nobody can be kept waiting.
    async fn line(&self, connection: &mut Connection) -> Result<Option<Line>, EngineError> {
        let Some(built) = self.exchange.built else { return Ok(None) };
        let last =
            |database: &str, tables: &[String]| tables.iter().max().map(|table| (database.to_owned(), table.clone()));
        let tables = [last(built, &self.journal.new_tables), last(self.exchange.live, &self.journal.old_tables)];
        let Some((database, table)) = tables.into_iter().flatten().max() else { return Ok(None) };
        let waiting: Vec<&Made> = triggers(&self.journal.new_objects).collect();
        if waiting.is_empty() {
            return Ok(None);
        }
        let orders = orders(&waiting, self.exchange.live);
        if orders.len() > POSTS {
            return self.nobody_writes(connection, waiting.len()).await.map(|()| None);
        }
        let mut connections = Vec::with_capacity(orders.len() + 2);
        for _each in 0..orders.len() + 2 {
            match Connection::open(self.exchange.address, None, Purpose::Own).await {
                Ok(connection) => connections.push(connection),
                // The server has no more connections for us.
                Err(error) if matches!(number(&error), Some(1040 | 1203 | 1226)) => {
                    drop(connections);
                    return self.nobody_writes(connection, waiting.len()).await.map(|()| None);
                }
                Err(error) => return Err(error),
            }
        }
        let (holder, watch) = (connections.pop().map(|connection| Post::Free(Some(connection))), connections.pop());
        let (Some(holder), Some(mut watch)) = (holder, watch) else { return Ok(None) };
        watch.own("SET SESSION lock_wait_timeout = 0").await?;
        let name = format!("{}.{}", quoted(&database), quoted(&table));
        let places =
            orders.into_iter().zip(connections.into_iter().map(|connection| Post::Free(Some(connection)))).collect();
        Ok(Some(Line { name, holder, watch, places }))
    }
}

/// What each place in the line does. Few triggers have a place each. Of many, those of a table share one: it waits to have the table
/// for itself, and gives it back when it has made them.
fn orders(triggers: &[&Made], live: &str) -> Vec<Vec<String>> {
    let enter = format!("USE {}", quoted(live));
    if triggers.len() <= IN_LINE {
        return triggers.iter().map(|made| [vec![enter.clone()], made.statements().to_vec()].concat()).collect();
    }
    let mut tables: BTreeMap<String, Vec<&Made>> = BTreeMap::new();
    for made in triggers {
        tables.entry(table(made)).or_default().push(made);
    }
    let order = |(table, triggers): (&String, &Vec<&Made>)| {
        let mut order = vec![enter.clone(), format!("LOCK TABLES {} WRITE", quoted(table))];
        order.extend(triggers.iter().flat_map(|made| made.statements()));
        order.push("UNLOCK TABLES".to_owned());
        order
    };
    tables.iter().map(order).collect()
}

/// The table of a trigger, which stands before `FOR EACH ROW`.
fn table(made: &Made) -> String {
    let tokens = code(&made.statement, EngineKind::Mariadb);
    let is = |place: usize, word: &str| tokens.get(place).is_some_and(|token| token.is_word(word));
    let body = (1..tokens.len()).find(|place| is(*place, "FOR") && is(place + 1, "EACH") && is(place + 2, "ROW"));
    body.map_or_else(String::new, |place| unquoted(tokens[place - 1].text))
}

/// Statements that stand in line behind a rename.
struct Line {
    /// The table at which the rename is held back, as SQL.
    name: String,
    holder: Post,
    watch: Connection,
    /// What each of them does, and who does it.
    places: Vec<(Vec<String>, Post)>,
}

/// A session and what it is at.
enum Post {
    Free(Option<Connection>),
    /// It waits for the server.
    Waiting(u32, JoinHandle<(Connection, Result<(), EngineError>)>),
    Gone,
}

impl Line {
    /// Opens the table, or stands in line for it, in a transaction that is not ended.
    async fn hold_back(&mut self) -> Result<(), EngineError> {
        let look = format!("SELECT 1 FROM {} LIMIT 0", self.name);
        self.holder.begin(vec!["START TRANSACTION".to_owned(), look]);
        self.holder.settled(&mut self.watch).await.map(|_in_time| ())
    }

    /// Waits until the rename wants the table, puts the triggers in line behind it, and lets it go on; comes to no end by itself.
    async fn stand(&mut self) {
        let began = Instant::now();
        while !self.wanted().await && began.elapsed() < PATIENCE {
            tokio::time::sleep(ROUND).await;
        }
        if began.elapsed() < PATIENCE {
            for (order, post) in &mut self.places {
                post.begin(std::mem::take(order));
                // Triggers of one table fire in the order in which they were made.
                if !matches!(post.settled(&mut self.watch).await, Ok(true)) {
                    break;
                }
            }
        }
        self.holder.end().await;
        std::future::pending().await
    }

    /// Whether somebody waits to have the table alone. To prepare a statement is what the server allows beside a reader, and
    /// not before a rename.
    async fn wanted(&mut self) -> bool {
        let probe = format!("PREPARE probe FROM {}", literal(&format!("SELECT 1 FROM {}", self.name)));
        matches!(self.watch.own(&probe).await, Err(error) if error.class == ErrorClass::LockTimeout)
    }

    /// Ends what stands in line. What was quicker is there, on tables that have not become others.
    async fn leave(&mut self) {
        for (_order, post) in &self.places {
            if let Post::Waiting(number, _) = post {
                let _it_may_have_ended = self.watch.own(&format!("KILL {number}")).await;
            }
        }
    }

    /// Waits for the triggers. One that could not be made is made by whoever completes the swap.
    async fn made(&mut self) {
        self.holder.end().await;
        for (_order, post) in &mut self.places {
            if let Post::Waiting(_, waiting) = post {
                let _made_later = waiting.await;
                *post = Post::Gone;
            }
        }
    }
}

impl Post {
    /// Begins to run statements on the session.
    fn begin(&mut self, statements: Vec<String>) {
        let Self::Free(connection) = &mut *self else { return };
        let Some(mut connection) = connection.take() else { return };
        let number = connection.id();
        let working = tokio::spawn(async move {
            for statement in statements {
                if let Err(error) = connection.own(&statement).await {
                    return (connection, Err(error));
                }
            }
            (connection, Ok(()))
        });
        *self = Self::Waiting(number, working);
    }

    /// Waits until the session is done or waits for a table itself; false if it does neither in time.
    async fn settled(&self, watch: &mut Connection) -> Result<bool, EngineError> {
        let Self::Waiting(number, working) = self else { return Ok(true) };
        let sql = format!(
            "SELECT 1 FROM information_schema.PROCESSLIST \
             WHERE ID = {number} AND STATE = 'Waiting for table metadata lock'"
        );
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if working.is_finished() || !watch.texts(&sql).await?.is_empty() {
                return Ok(true);
            }
            tokio::time::sleep(ROUND).await;
        }
        Ok(false)
    }

    /// Ends the session's transaction, or the session.
    async fn end(&mut self) {
        if let Self::Waiting(_, working) = self {
            if !working.is_finished() {
                working.abort();
            } else if let Ok((mut connection, _looked)) = working.await {
                let _gone_with_the_session = connection.own("ROLLBACK").await;
            }
        }
        *self = Self::Gone;
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if let Self::Waiting(_, working) = self {
            working.abort();
        }
    }
}
