//! The swap of databases. All tables of both change places in one `RENAME TABLE`, which both servers do whole or not at all,
//! even through a crash. Triggers cannot move, views look at whatever table has the name, and routines and events stay, so
//! they are written down in a journal and made again after; whoever finds a journal takes the swap back before the rename,
//! or completes it after.

use std::sync::Arc;
use std::time::Duration;

use stead_engine::snapshot::Swap;
use stead_engine::{EngineError, ErrorClass, failpoint};

use super::handover::Handover;
use super::journal::{self, Journal};
use super::objects::{self, Made, Sort};
use super::{PATIENCE, conflict, grants, ready, sequences};
use crate::admin::{self, literal};
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose, quoted};

/// How often the tables are tried for while other sessions hold them, and the pause in which those who queue behind us get
/// their turn.
pub(super) const ATTEMPTS: u32 = 5;
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Carries out a swap, or carries on with one that was cut off.
pub(super) async fn swap(address: &Arc<Address>, swap: &Swap) -> Result<(), EngineError> {
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    let exchange = Exchange::of(address, swap)?;
    let done = exchange.run(&mut connection).await;
    match done {
        Ok(()) => connection.close().await,
        Err(error) => Err(error),
    }
}

/// The names of a swap.
pub(super) struct Exchange<'a> {
    pub(super) address: &'a Arc<Address>,
    pub(super) live: &'a str,
    pub(super) built: Option<&'a str>,
    pub(super) kept: Option<&'a str>,
}

/// Passes a place where a test may want something to happen.
pub(super) fn passed(name: &str) -> Result<(), EngineError> {
    failpoint(name).map_err(|error| EngineError::io("the swap was stopped", &error))
}

/// Tables and sequences of a database, without a journal.
pub(super) async fn tables(connection: &mut Connection, database: &str) -> Result<Vec<String>, EngineError> {
    listed(connection, database, "TABLE_TYPE NOT LIKE '%VIEW'").await
}

/// Tables of a database that hold rows, without a journal.
pub(super) async fn base_tables(connection: &mut Connection, database: &str) -> Result<Vec<String>, EngineError> {
    listed(connection, database, "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')").await
}

async fn listed(connection: &mut Connection, database: &str, of: &str) -> Result<Vec<String>, EngineError> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND {of} AND TABLE_NAME <> '{}'",
        literal(database),
        journal::TABLE
    );
    let mut names: Vec<String> = connection.texts(&sql).await?.into_iter().flatten().flatten().collect();
    names.sort();
    Ok(names)
}

impl<'a> Exchange<'a> {
    fn of(address: &'a Arc<Address>, swap: &'a Swap) -> Result<Self, EngineError> {
        let name = |place: &'a Option<stead_engine::Place>| place.as_ref().map(admin::name).transpose();
        Ok(Self { address, live: admin::name(&swap.live)?, built: name(&swap.built)?, kept: name(&swap.kept)? })
    }

    /// Where the journal is: a database that is ours alone.
    fn desk(&self) -> Result<&'a str, EngineError> {
        let nothing = || EngineError::new(ErrorClass::Bug, "a swap without a new and without a kept database");
        self.kept.or(self.built).ok_or_else(nothing)
    }

    async fn run(&self, connection: &mut Connection) -> Result<(), EngineError> {
        ready::able(connection)?;
        let desk = self.desk()?;
        match journal::read(connection, desk).await? {
            Some(journal) if self.renamed(connection, &journal).await? => self.complete(connection, &journal).await,
            Some(journal) => {
                self.take_back(connection, &journal).await?;
                self.begin(connection).await
            }
            None if self.is_done(connection).await? => Ok(()),
            None => self.begin(connection).await,
        }
    }

    async fn there(&self, connection: &mut Connection, name: Option<&str>) -> Result<bool, EngineError> {
        match name {
            Some(name) => admin::exists(connection, name).await,
            None => Ok(false),
        }
    }

    /// Whether there is nothing to do any more.
    async fn is_done(&self, connection: &mut Connection) -> Result<bool, EngineError> {
        let live = self.there(connection, Some(self.live)).await?;
        let built = self.there(connection, self.built).await?;
        let kept = self.there(connection, self.kept).await?;
        if built {
            return Ok(false);
        }
        match (self.built, self.kept) {
            (Some(_), Some(_)) if live && kept => Ok(true),
            (Some(_), None) if live => Ok(true),
            (None, Some(_)) if !live && kept => Ok(true),
            (None, _) if live => Ok(false),
            (Some(name), _) => Err(missing(name)),
            (None, _) => Err(missing(self.live)),
        }
    }

    /// Whether the tables have changed places. It is one step, so one table tells it for all.
    async fn renamed(&self, connection: &mut Connection, journal: &Journal) -> Result<bool, EngineError> {
        if let (Some(first), Some(kept)) = (journal.old_tables.first(), self.kept) {
            return Ok(tables(connection, kept).await?.contains(first));
        }
        match (journal.new_tables.first(), self.built) {
            (Some(first), Some(built)) => Ok(!tables(connection, built).await?.contains(first)),
            // Two databases without tables have changed places when we say so.
            _ => Ok(true),
        }
    }

    async fn begin(&self, connection: &mut Connection) -> Result<(), EngineError> {
        let live = self.there(connection, Some(self.live)).await?;
        if !live && self.kept.is_some() {
            return Err(missing(self.live));
        }
        // With nothing kept there was no database; an empty one is what we made before we were cut off.
        let taken = live && self.kept.is_none() && !self.is_empty(connection, self.live).await?;
        if taken {
            return Err(ready::appeared(self.live));
        }
        let journal = self.journal(connection, live).await?;
        self.prepare(connection, &journal).await?;
        if let Err(error) = self.exchange(connection, &journal).await {
            // Before the rename everything can be put back; after it, whoever comes next completes the swap.
            if matches!(self.renamed(connection, &journal).await, Ok(false)) {
                let _first_error_is_the_one_to_tell = self.take_back(connection, &journal).await;
            }
            return Err(error);
        }
        self.complete(connection, &journal).await
    }

    async fn is_empty(&self, connection: &mut Connection, database: &str) -> Result<bool, EngineError> {
        Ok(tables(connection, database).await?.is_empty() && objects::list(connection, database).await?.is_empty())
    }

    /// Looks at both databases; nothing is changed.
    async fn journal(&self, connection: &mut Connection, live: bool) -> Result<Journal, EngineError> {
        let mut journal = Journal {
            old_tables: Vec::new(),
            new_tables: Vec::new(),
            old_objects: Vec::new(),
            new_objects: Vec::new(),
            old_attributes: String::new(),
            new_attributes: String::new(),
            granted: Vec::new(),
        };
        if live {
            ready::leavable(connection, self.live).await?;
            journal.old_tables = tables(connection, self.live).await?;
            // A view that does not work was named before, and goes.
            journal.old_objects = objects::told_apart(connection, self.live).await?.0;
            journal.old_attributes = objects::attributes(connection, self.live).await?;
        }
        if let Some(built) = self.built {
            ready::movable(connection, built).await?;
            journal.new_tables = tables(connection, built).await?;
            journal.new_objects = objects::read(connection, built).await?;
            journal.new_attributes = objects::attributes(connection, built).await?;
        }
        if live {
            journal.granted = grants::read(connection, self.live).await?;
            let replaced = |sort: Sort, name: &str| {
                let same = |made: &&Made| made.sort == sort && made.name.eq_ignore_ascii_case(name);
                journal.new_objects.iter().find(same).is_some_and(|made| !journal.old_objects.contains(made))
            };
            journal.granted.retain(|granted| replaced(granted.sort, &granted.name));
            // Who cannot give what is given already could not give it back.
            for granted in &journal.granted {
                granted.give(connection, self.live).await?;
            }
        }
        Ok(journal)
    }

    /// Makes the databases that are missing and writes the journal.
    async fn prepare(&self, connection: &mut Connection, journal: &Journal) -> Result<(), EngineError> {
        if let Some(kept) = self.kept {
            if admin::exists(connection, kept).await? {
                // An empty one was made by a run that was cut off at once.
                if !self.is_empty(connection, kept).await? {
                    return Err(ready::kept_exists(kept));
                }
            } else {
                connection.own(&format!("CREATE DATABASE {} {}", quoted(kept), journal.old_attributes)).await?;
            }
        } else if !admin::exists(connection, self.live).await? {
            connection.own(&format!("CREATE DATABASE {} {}", quoted(self.live), journal.new_attributes)).await?;
        }
        passed("swap.prepared")?;
        journal::write(connection, self.desk()?, journal).await?;
        passed("swap.journaled")
    }

    /// Makes room for the new names and renames the tables. The views of the live name stay: they look at the new tables until
    /// they are replaced themselves.
    async fn exchange(&self, connection: &mut Connection, journal: &Journal) -> Result<(), EngineError> {
        if let Some(built) = self.built {
            sequences::point(connection, built, built, self.live).await?;
        }
        // Triggers are made at once after the rename, and variables in them take the collation of their database.
        self.attributes(connection, &journal.new_attributes, &journal.old_attributes).await?;
        for (sort, name) in objects::list(connection, self.live).await? {
            if sort == Sort::View && journal.new_tables.contains(&name) {
                objects::drop_one(connection, self.live, sort, &name).await?;
            }
        }
        let rename = self.rename(journal);
        let Some(rename) = rename else {
            passed("swap.cleared")?;
            return passed("swap.renamed");
        };
        let handover = Handover { exchange: self, journal, rename: &rename };
        for attempt in 1.. {
            connection.own(PATIENCE).await?;
            connection.own("SET SESSION innodb_lock_wait_timeout = 2").await?;
            match handover.carry_out(connection).await {
                Err(error) if error.class == ErrorClass::LockTimeout && attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) if error.class == ErrorClass::LockTimeout => {
                    return Err(ready::in_the_way(connection, self.live).await);
                }
                other => return other,
            }
        }
        Err(conflict(format!("`{}` stays in use", self.live)))
    }

    /// Gives the live database character set, collation and comment, if it had others.
    async fn attributes(&self, connection: &mut Connection, wanted: &str, had: &str) -> Result<(), EngineError> {
        if self.built.is_none() || had.is_empty() || wanted.is_empty() || wanted == had {
            return Ok(());
        }
        let sql = format!("ALTER DATABASE {} {wanted}", quoted(self.live));
        connection.own(&sql).await.map(|_outcome| ())
    }

    /// The statement that renames every table, if there is one.
    fn rename(&self, journal: &Journal) -> Option<String> {
        let pair =
            |table: &String, from: &str, to: &str| format!("{}.{2} TO {}.{2}", quoted(from), quoted(to), quoted(table));
        let mut pairs = Vec::new();
        if let Some(kept) = self.kept {
            pairs.extend(journal.old_tables.iter().map(|table| pair(table, self.live, kept)));
        }
        if let Some(built) = self.built {
            pairs.extend(journal.new_tables.iter().map(|table| pair(table, built, self.live)));
        }
        (!pairs.is_empty()).then(|| format!("RENAME TABLE {}", pairs.join(", ")))
    }

    /// Puts back what was dropped, and removes the journal and what was made for it.
    async fn take_back(&self, connection: &mut Connection, journal: &Journal) -> Result<(), EngineError> {
        self.attributes(connection, &journal.old_attributes, &journal.new_attributes).await?;
        self.unwatch(connection, journal).await?;
        let resting: Vec<Made> = journal.new_objects.iter().map(Made::resting).collect();
        let sides = [(Some(self.live), &journal.old_objects), (self.built, &resting)];
        for (database, objects) in sides {
            let Some(database) = database else { continue };
            if objects.is_empty() || !admin::exists(connection, database).await? {
                continue;
            }
            let there = objects::list(connection, database).await?;
            let gone = |made: &&Made| !there.iter().any(|(sort, name)| *sort == made.sort && *name == made.name);
            let gone: Vec<&Made> = objects.iter().filter(gone).collect();
            objects::make(connection, database, &gone).await?;
        }
        if let Some(built) = self.built {
            sequences::point(connection, built, self.live, built).await?;
        }
        journal::remove(connection, self.desk()?).await?;
        match self.kept {
            Some(kept) if tables(connection, kept).await?.is_empty() => admin::remove(connection, kept).await,
            _ => Ok(()),
        }
    }

    /// Drops triggers of the new tables that stand on the old ones: they waited for a rename that was not to be.
    pub(super) async fn unwatch(&self, connection: &mut Connection, journal: &Journal) -> Result<(), EngineError> {
        let new = |made: &Made| made.sort == Sort::Trigger && journal.new_objects.contains(made);
        if !journal.new_objects.iter().any(new) || !admin::exists(connection, self.live).await? {
            return Ok(());
        }
        let (there, _broken) = objects::told_apart(connection, self.live).await?;
        for made in there.iter().filter(|made| new(made) && !journal.old_objects.contains(made)) {
            objects::drop_one(connection, self.live, made.sort, &made.name).await?;
        }
        Ok(())
    }

    /// Everything after the rename. Each step can be done again.
    async fn complete(&self, connection: &mut Connection, journal: &Journal) -> Result<(), EngineError> {
        // First of all: these are the tables that people write to.
        if let Some(built) = self.built {
            sequences::point(connection, self.live, built, self.live).await?;
        }
        if let Some(kept) = self.kept {
            sequences::point(connection, kept, self.live, kept).await?;
            // A run that was cut off may have left another collation, in which an object was being made.
            connection.own(&format!("ALTER DATABASE {} {}", quoted(kept), journal.old_attributes)).await?;
            let old: Vec<Made> = journal.old_objects.iter().map(Made::resting).collect();
            objects::make(connection, kept, &old.iter().collect::<Vec<_>>()).await?;
        }
        passed("swap.kept")?;
        match self.built {
            Some(built) => {
                self.renew(connection, journal).await?;
                passed("swap.restored")?;
                if admin::exists(connection, built).await? {
                    if let Some(left) = tables(connection, built).await?.first() {
                        return Err(conflict(format!("`{built}` has got a table `{left}` while it was swapped in")));
                    }
                    admin::remove(connection, built).await?;
                }
            }
            None => {
                if admin::exists(connection, self.live).await? {
                    if let Some(left) = tables(connection, self.live).await?.first() {
                        return Err(conflict(format!("`{}` has got a table `{left}` meanwhile", self.live)));
                    }
                    admin::remove(connection, self.live).await?;
                }
            }
        }
        if let Some(kept) = self.kept {
            journal::remove(connection, kept).await?;
        }
        passed("swap.committed")
    }

    /// Makes the live database's objects those of the new one.
    async fn renew(&self, connection: &mut Connection, journal: &Journal) -> Result<(), EngineError> {
        connection.own(&format!("ALTER DATABASE {} {}", quoted(self.live), journal.new_attributes)).await?;
        let wanted =
            |sort: Sort, name: &str| journal.new_objects.iter().any(|made| made.sort == sort && made.name == name);
        for (sort, name) in objects::list(connection, self.live).await? {
            if !wanted(sort, &name) {
                objects::drop_one(connection, self.live, sort, &name).await?;
            }
        }
        // What is the same as before stays, with the rights that people have to it.
        let stays = |made: &&Made| made.sort.is_program() && journal.old_objects.contains(made);
        let there = objects::list(connection, self.live).await?;
        let stays = |made: &&Made| stays(made) && there.contains(&(made.sort, made.name.clone()));
        let new: Vec<&Made> = journal.new_objects.iter().filter(|made| !stays(made)).collect();
        objects::make(connection, self.live, &new).await?;
        for granted in &journal.granted {
            granted.give(connection, self.live).await?;
        }
        Ok(())
    }
}

fn missing(name: &str) -> EngineError {
    EngineError::new(ErrorClass::Unreachable, format!("there is no database `{name}` to swap"))
}
