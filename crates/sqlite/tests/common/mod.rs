//! SQLite in the conformance suite. One test for each case, so that a failure has a name; the list is compared with the
//! suite's own, so that a new case cannot be forgotten. The suite runs twice, because SQLite's two ways of keeping a
//! transaction share hardly a line of what matters to copies and swaps.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use stead_engine::{Access, EngineError, ErrorClass, Place, Server, Session, TransactionKind};
use stead_sqlite::SqliteServer;
use stead_testkit::conformance::{ITEMS, Subject};

/// SQLite with databases in one of its journal modes.
pub(crate) struct Sqlite {
    /// The mode, as `PRAGMA journal_mode` spells it.
    pub(crate) mode: &'static str,
}

#[async_trait]
impl Subject for Sqlite {
    fn server(&self) -> Arc<dyn Server> {
        Arc::new(SqliteServer::new())
    }

    fn place(&self, folder: &Path, name: &str) -> Place {
        Place(folder.join(format!("{name}.db")).display().to_string())
    }

    fn placeholder(&self, number: usize) -> String {
        format!("?{number}")
    }

    async fn furnish(&self, session: &mut dyn Session) -> Result<()> {
        session.query(&format!("PRAGMA journal_mode = {}", self.mode), &[]).await?;
        Ok(())
    }

    async fn outage(&self, place: &Place) -> Result<Option<Arc<dyn Server>>> {
        std::fs::write(&place.0, "a file, but no database: ".repeat(100))?;
        Ok(None)
    }

    async fn provoke(&self, class: ErrorClass, folder: &Path) -> Result<Option<EngineError>> {
        let place = self.place(folder, &format!("provoke_{class}"));
        match class {
            ErrorClass::Refused => {
                std::fs::write(&place.0, "no database")?;
                Ok(self.server().open(&place, Access::Read).await.err())
            }
            ErrorClass::Conflict => outdated_snapshot(&place).await,
            ErrorClass::LockTimeout => locked(&place).await,
            ErrorClass::Interrupted => full(&place).await,
            ErrorClass::Unsupported => {
                let mut session = self.server().scratch().await?;
                Ok(session.execute("CREATE VIRTUAL TABLE x USING nothing_like_that(a)", &[]).await.err())
            }
            ErrorClass::Bug => {
                let mut session = self.server().scratch().await?;
                session.begin(TransactionKind::Write).await?;
                Ok(session.begin(TransactionKind::Write).await.err())
            }
            _ => Ok(None),
        }
    }

    fn child_arguments(&self) -> Vec<String> {
        ["--exact", "child_process", "--test-threads", "1"].map(str::to_owned).to_vec()
    }

    fn dump_failpoints(&self) -> &'static [&'static str] {
        &["bulk.dump.middle"]
    }

    fn load_failpoints(&self) -> &'static [&'static str] {
        &["bulk.load.middle", "bulk.load.synced"]
    }

    fn swap_failpoints(&self) -> &'static [&'static str] {
        &["swap.checkpointed", "swap.exclusive", "swap.kept", "swap.renamed", "swap.committed"]
    }

    fn occupied_swap_failpoints(&self) -> &'static [&'static str] {
        &["swap.into.copied", "swap.into.restored"]
    }
}

/// A transaction that has read in WAL mode cannot write once somebody else has.
async fn outdated_snapshot(place: &Place) -> Result<Option<EngineError>> {
    let server = SqliteServer::new();
    server.create(place).await?;
    let mut first = server.open(place, Access::Write).await?;
    let mut second = server.open(place, Access::Write).await?;
    first.execute("PRAGMA journal_mode = WAL", &[]).await?;
    first.execute(ITEMS, &[]).await?;
    first.begin(TransactionKind::Read).await?;
    first.query("SELECT count(*) FROM items", &[]).await?;
    second.execute("INSERT INTO items (id, name) VALUES (1, 'a')", &[]).await?;
    Ok(first.execute("INSERT INTO items (id, name) VALUES (2, 'b')", &[]).await.err())
}

async fn locked(place: &Place) -> Result<Option<EngineError>> {
    let server = SqliteServer::new().busy_timeout(Duration::from_millis(100));
    server.create(place).await?;
    let mut first = server.open(place, Access::Write).await?;
    let mut second = server.open(place, Access::Write).await?;
    first.begin(TransactionKind::Write).await?;
    Ok(second.begin(TransactionKind::Write).await.err())
}

async fn full(place: &Place) -> Result<Option<EngineError>> {
    let server = SqliteServer::new();
    server.create(place).await?;
    let mut session = server.open(place, Access::Write).await?;
    session.execute(ITEMS, &[]).await?;
    session.query("PRAGMA max_page_count = 3", &[]).await?;
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
               INSERT INTO items (id, name) SELECT i, 'long enough to need pages' FROM n";
    Ok(session.execute(sql, &[]).await.err())
}

/// Writes the tests of one journal mode.
macro_rules! suite {
    ($mode:literal: $($name:ident)*) => {
        const SUBJECT: common::Sqlite = common::Sqlite { mode: $mode };

        /// Plays the part of the other process; does nothing in an ordinary run.
        #[test]
        fn child_process() -> anyhow::Result<()> {
            stead_testkit::conformance::child::play(&SUBJECT)
        }

        $(
            #[test]
            fn $name() -> anyhow::Result<()> {
                stead_testkit::conformance::run(&SUBJECT, stringify!($name))
            }
        )*

        #[test]
        fn every_case_is_run() {
            let listed = [$(stringify!($name)),*];
            let known: Vec<&str> = stead_testkit::conformance::cases().iter().map(|case| case.name).collect();
            assert_eq!(listed.as_slice(), known.as_slice());
        }
    };
}

/// Every case of the suite for one journal mode.
macro_rules! every_case {
    ($mode:literal) => {
        suite! { $mode:
            each_class_is_reported
            syntax_errors_say_where
            an_outage_is_never_an_absence
            a_missing_database_is_not_made
            create_refuses_what_exists
            remove_is_repeatable
            values_come_back_as_they_went
            execute_counts_changed_rows
            streams_deliver_every_row
            streams_can_be_left
            an_insert_that_fails_names_its_row
            readers_cannot_write
            scratch_is_empty_and_gone_afterwards
            rows_are_counted
            a_sound_database_verifies
            rollback_takes_back
            a_dropped_session_takes_back
            ddl_is_transactional_as_claimed
            a_table_can_be_rebuilt_under_its_references
            schema_commit_refuses_new_orphans
            schema_commit_tolerates_old_orphans
            statements_cannot_end_our_transaction
            a_read_transaction_sees_one_moment
            a_writer_waits_for_another
            a_killed_writer_leaves_nothing
            a_lock_names_its_holder
            a_waiting_run_gets_the_lock
            a_killed_holder_frees_the_lock_as_claimed
            a_lock_needs_no_database
            an_inspection_is_complete
            an_inspection_costs_the_same_for_any_size
            a_loaded_dump_is_the_same_database
            a_dump_is_one_moment
            a_copy_is_the_same_database
            a_load_refuses_what_exists
            a_broken_stream_leaves_nothing
            a_full_disk_leaves_nothing
            a_killed_dump_harms_nothing
            a_killed_load_leaves_a_leftover
            a_swap_replaces_and_keeps
            a_swap_can_be_repeated
            an_empty_database_can_be_swapped
            a_swap_can_be_taken_back
            the_first_database_is_put_in_place
            a_database_can_be_taken_away
            a_ready_swap_changes_nothing
            a_killed_swap_is_old_or_new
            a_killed_first_swap_is_old_or_new
            a_swap_under_an_open_session_loses_nothing
            a_killed_swap_under_an_open_session_is_old_or_new
            a_failing_swap_leaves_the_old_one
        }
    };
}
