//! What every SQL engine has to prove, engine by engine, on a real server. The cases speak to the ports alone, so a new
//! adapter passes them unchanged or is not done; what differs between engines is asked of a [`Subject`], and what an engine
//! claims in its capabilities is compared with what it does.
//!
//! Several cases need another process: to hold a lock, to be killed in the middle of work. They start the running test
//! program again (see [`child`]), so the adapter's test program needs one test that calls [`child::play`].

pub mod child;
mod copies;
mod errors;
mod inspection;
mod locks;
mod sessions;
pub mod streams;
mod swaps;
mod transactions;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use stead_engine::{Access, EngineError, ErrorClass, Place, Server, Session, Value};
use stead_schema::model::Name;
use tempfile::TempDir;

/// An engine under test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The server.
    fn server(&self) -> Arc<dyn Server>;

    /// The place of that name in a case's folder; the same for every process of the case, and different between folders.
    fn place(&self, folder: &Path, name: &str) -> Place;

    /// The placeholder of that number, from 1.
    fn placeholder(&self, number: usize) -> String;

    /// The type of a column of bytes.
    fn bytes_type(&self) -> &'static str {
        "BLOB"
    }

    /// The engine's own spelling of a column's type that was written in this way.
    fn declared(&self, written: &str) -> String {
        written.to_owned()
    }

    /// Whether a swap ends the sessions that are in the live database, so that nobody can be in its way; else they stay,
    /// and either see the new content or make the swap a conflict.
    fn swap_ends_sessions(&self) -> bool {
        false
    }

    /// Brings a new database into the state in which this subject shall be tested: a storage mode, a setting.
    ///
    /// # Errors
    ///
    /// Whatever the engine says.
    async fn furnish(&self, session: &mut dyn Session) -> Result<()>;

    /// Makes a place impossible to reach or to use, as an outage would: there is something, but it does not answer. Where no
    /// single place can be treated so, the server through which none is reached.
    ///
    /// # Errors
    ///
    /// Whatever stops the test from doing so.
    async fn outage(&self, place: &Place) -> Result<Option<Arc<dyn Server>>>;

    /// What an error says of a process of this machine that is in the way: its number, where the engine can know it.
    fn in_the_way(&self, process: u32) -> String {
        process.to_string()
    }

    /// An error of the class, provoked by means of the engine's own where the common ones of the suite do not reach;
    /// `None` if this engine cannot have one.
    async fn provoke(&self, class: ErrorClass, folder: &Path) -> Result<Option<EngineError>>;

    /// The arguments that make the running test program call [`child::play`] and nothing else.
    fn child_arguments(&self) -> Vec<String>;

    /// Names of the failpoints that a dump passes.
    fn dump_failpoints(&self) -> &'static [&'static str];

    /// Names of the failpoints that a load passes.
    fn load_failpoints(&self) -> &'static [&'static str];

    /// Names of the failpoints that a swap passes while nobody else uses the live database.
    fn swap_failpoints(&self) -> &'static [&'static str];

    /// Names of the failpoints that a swap passes while another process has the live database open.
    fn occupied_swap_failpoints(&self) -> &'static [&'static str];
}

/// A case while it runs.
pub struct Scene<'a> {
    /// The engine under test.
    pub subject: &'a dyn Subject,
    /// Its server.
    pub server: Arc<dyn Server>,
    folder: TempDir,
}

impl Scene<'_> {
    /// The case's own folder, gone after it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The place of that name.
    #[must_use]
    pub fn place(&self, name: &str) -> Place {
        self.subject.place(self.folder(), name)
    }

    /// A database with a table `items(id, name)` of so many rows.
    ///
    /// # Errors
    ///
    /// Whatever the engine says.
    pub async fn database(&self, name: &str, rows: i64) -> Result<Place> {
        let place = self.place(name);
        self.server.create(&place).await?;
        let mut session = self.write(&place).await?;
        self.subject.furnish(session.as_mut()).await?;
        session.execute(ITEMS, &[]).await?;
        fill(session.as_mut(), 1, rows).await?;
        session.close().await?;
        Ok(place)
    }

    /// A session that reads.
    ///
    /// # Errors
    ///
    /// Whatever the engine says.
    pub async fn read(&self, place: &Place) -> Result<Box<dyn Session>, EngineError> {
        self.server.open(place, Access::Read).await
    }

    /// A session that writes.
    ///
    /// # Errors
    ///
    /// Whatever the engine says.
    pub async fn write(&self, place: &Place) -> Result<Box<dyn Session>, EngineError> {
        self.server.open(place, Access::Write).await
    }

    /// The rows of `items` in a database.
    ///
    /// # Errors
    ///
    /// Whatever the engine says.
    pub async fn count(&self, place: &Place) -> Result<i64> {
        let mut session = self.read(place).await?;
        let count = count(session.as_mut(), "items").await?;
        session.close().await?;
        Ok(count)
    }
}

/// The table most cases use.
pub const ITEMS: &str = "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(200) NOT NULL)";

/// Adds rows to `items`, numbered upwards from the first, in one transaction.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn fill(session: &mut dyn Session, first: i64, rows: i64) -> Result<()> {
    let columns = ["id".to_owned(), "name".to_owned()];
    let values = (first..first + rows).map(|id| vec![Value::Integer(id), Value::Text(format!("item {id}"))]).collect();
    session.begin(stead_engine::TransactionKind::Write).await?;
    session.insert(&Name::flat("items"), &columns, values).await?;
    session.commit().await?;
    Ok(())
}

/// The rows of a table.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn count(session: &mut dyn Session, table: &str) -> Result<i64> {
    let rows = session.query(&format!("SELECT count(*) FROM {table}"), &[]).await?;
    rows.first().and_then(|row| row.first()).and_then(Value::as_integer).context("a count is one integer")
}

/// A running case.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A case: its name and what it does.
pub struct Case {
    /// The name, an identifier.
    pub name: &'static str,
    run: for<'a> fn(&'a Scene<'a>) -> Running<'a>,
}

/// Writes one test for each case, so that a failure has a name, and one that plays the part of the other process: `$play` is a
/// function without arguments for that, `$case` one that runs the case of the name it is given. Both return an [`anyhow::Result`].
#[macro_export]
macro_rules! conformance {
    ($play:expr, $case:expr) => {
        $crate::each_conformance_case! { conformance_tests ($play, $case) }
    };
}

/// The list of the cases, handed to another macro of this crate behind what it is given.
#[doc(hidden)]
#[macro_export]
macro_rules! each_conformance_case {
    ($then:ident $given:tt) => {
        $crate::$then! { $given
            errors::each_class_is_reported
            errors::syntax_errors_say_where
            errors::an_outage_is_never_an_absence
            errors::a_missing_database_is_not_made
            errors::create_refuses_what_exists
            errors::remove_is_repeatable
            sessions::values_come_back_as_they_went
            sessions::execute_counts_changed_rows
            sessions::streams_deliver_every_row
            sessions::streams_can_be_left
            sessions::an_insert_that_fails_names_its_row
            sessions::readers_cannot_write
            sessions::scratch_is_empty_and_gone_afterwards
            sessions::rows_are_counted
            sessions::a_sound_database_verifies
            transactions::rollback_takes_back
            transactions::a_dropped_session_takes_back
            transactions::ddl_is_transactional_as_claimed
            transactions::a_table_can_be_rebuilt_under_its_references
            transactions::schema_commit_refuses_new_orphans
            transactions::schema_commit_tolerates_old_orphans
            transactions::statements_cannot_end_our_transaction
            transactions::a_read_transaction_sees_one_moment
            transactions::a_writer_waits_for_another
            transactions::a_limited_wait_is_given_up
            transactions::a_killed_writer_leaves_nothing
            locks::a_lock_names_its_holder
            locks::a_waiting_run_gets_the_lock
            locks::a_killed_holder_frees_the_lock_as_claimed
            locks::a_lock_needs_no_database
            inspection::an_inspection_is_complete
            inspection::an_inspection_costs_the_same_for_any_size
            copies::a_loaded_dump_is_the_same_database
            copies::a_dump_is_one_moment
            copies::a_copy_is_the_same_database
            copies::a_load_refuses_what_exists
            copies::a_broken_stream_leaves_nothing
            copies::a_full_disk_leaves_nothing
            copies::a_killed_dump_harms_nothing
            copies::a_killed_load_leaves_a_leftover
            swaps::a_swap_replaces_and_keeps
            swaps::a_swap_can_be_repeated
            swaps::an_empty_database_can_be_swapped
            swaps::a_swap_can_be_taken_back
            swaps::the_first_database_is_put_in_place
            swaps::a_database_can_be_taken_away
            swaps::a_ready_swap_changes_nothing
            swaps::a_killed_swap_is_old_or_new
            swaps::a_killed_first_swap_is_old_or_new
            swaps::a_swap_under_an_open_session_loses_nothing
            swaps::a_killed_swap_under_an_open_session_is_old_or_new
            swaps::a_failing_swap_leaves_the_old_one
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    (($play:expr, $case:expr) $($module:ident :: $name:ident)*) => {
        /// Plays the part of the other process; does nothing in an ordinary run.
        #[test]
        fn child_process() -> ::anyhow::Result<()> {
            $play()
        }

        $(
            #[test]
            fn $name() -> ::anyhow::Result<()> {
                $case(stringify!($name))
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_functions {
    (() $($module:ident :: $name:ident)*) => {
        vec![$(Case { name: stringify!($name), run: |scene| Box::pin($module::$name(scene)) }),*]
    };
}

/// Every case, in the order of the modules.
#[must_use]
pub fn cases() -> Vec<Case> {
    crate::each_conformance_case! { conformance_functions () }
}

/// Runs the case of that name.
///
/// # Errors
///
/// What the case found wrong, or that there is no such case.
pub fn run(subject: &dyn Subject, name: &str) -> Result<()> {
    let case = cases().into_iter().find(|case| case.name == name).with_context(|| format!("no case `{name}`"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let scene = Scene { subject, server: subject.server(), folder: tempfile::tempdir()? };
    runtime.block_on((case.run)(&scene))
}
