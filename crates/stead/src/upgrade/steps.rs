//! Taking the steps of a plan, one after the other. What a run leaves beside the ledger is the schema at its end, and reading a
//! schema costs more the larger it is: so only the last steps of a run do it, and a long history costs what its statements cost.

use std::collections::BTreeMap;
use std::time::Instant;

use stead_engine::{Access, Event, Session, TransactionKind};
use stead_revision::LedgerRow;
use stead_revision::plan::Step;

use super::{Course, Taken, database_of, taken};
use crate::environment::{Database, Environment};
use crate::error::{Error, Result};
use crate::journal::passed;
use crate::ledger;
use crate::revisions::Revisions;

/// How many steps at the end of a run on a database read the schema, each for itself. What cannot be represented is refused by
/// the revision that makes it where that is one of these, and the newest revisions are those that nobody has run before.
const LOOKED_AT: usize = 5;

/// A session on a database and what its ledger said when it was opened.
struct Opened {
    session: Box<dyn Session>,
    rows: Vec<LedgerRow>,
    /// The database itself and no copy.
    live: bool,
    /// A step of this run took the stored schema away, and none has stored another one since.
    bare: bool,
}

/// Takes the steps of a plan in their order, with one session for each database.
pub(crate) async fn carry_out(
    environment: &Environment,
    databases: &[Database],
    revisions: &Revisions,
    steps: &[Step],
) -> Result<Vec<Taken>> {
    let mut opened = open(environment, databases, steps).await?;
    let mut done = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        environment.still_held().await?;
        let database = database_of(databases, &step.target.database)?;
        let at = opened.get_mut(&database.name).expect("a session was opened for the database of each step");
        let later = steps[number + 1..].iter().filter(|later| later.target.database == database.name);
        let looks = later.take(LOOKED_AT).count() < LOOKED_AT;
        let transactional = database.server.capabilities().transactional_ddl;
        let course = Course { environment, revisions, transactional, live: at.live, looks };
        match take(&course, at, step).await {
            Ok(taken) => done.push(taken),
            Err(error) => {
                store_what_is_left(&mut opened).await;
                return Err(error);
            }
        }
        passed("upgrade.revision")?;
    }
    for at in opened.into_values() {
        at.session.close().await?;
    }
    Ok(done)
}

/// Opens every database that has a step, and only then writes into the first: what refuses one refuses the run.
async fn open(environment: &Environment, databases: &[Database], steps: &[Step]) -> Result<BTreeMap<String, Opened>> {
    let mut opened = BTreeMap::new();
    for step in steps {
        let database = database_of(databases, &step.target.database)?;
        if !opened.contains_key(&database.name) {
            let live = environment.database(&database.name)?.place == database.place;
            let session = database.open(Access::Write).await?;
            opened.insert(database.name.clone(), Opened { session, rows: Vec::new(), live, bare: false });
        }
    }
    for Opened { session, rows, .. } in opened.values_mut() {
        ledger::ensure(session.as_mut()).await?;
        // That our own tables are there already is no news to anybody.
        drop(session.notices());
        *rows = ledger::read(session.as_mut()).await?;
    }
    Ok(opened)
}

/// Takes one step, and tells of it.
async fn take(course: &Course<'_>, at: &mut Opened, step: &Step) -> Result<Taken> {
    let (environment, session) = (course.environment, at.session.as_mut());
    let taken = taken(course.revisions, step);
    let began = Instant::now();
    let row = at.rows.iter().find(|row| row.app == step.target.app && row.revision == step.id);
    let outcome = course.take(session, step, row).await;
    for line in session.notices() {
        environment.report(Event::Output { step: taken.to_string(), line });
    }
    match outcome {
        Ok(()) => environment.report(Event::Done {
            step: taken.to_string(),
            outcome: taken.title.clone(),
            took: began.elapsed(),
        }),
        Err(error) => {
            environment.report(Event::Failed { step: taken.to_string() });
            return Err(explained(course, session, error, &taken).await);
        }
    }
    at.bare = !course.looks;
    Ok(taken)
}

/// What people can do about a step that failed, beyond what the error itself says.
async fn explained(course: &Course<'_>, session: &mut dyn Session, error: Error, taken: &Taken) -> Error {
    if !course.live {
        return error;
    }
    if is_first_of_others(session).await {
        return adopted(error, taken);
    }
    // Then the revisions before this one were not looked at, and the one that fails need not be the one to blame.
    let unseen = error.code == UNSUPPORTED && matches!(ledger::stored_schema(session).await, Ok(None));
    match unseen {
        true => error.hint("of a long run only the last steps read the schema: an earlier revision may have made it"),
        false => error,
    }
}

/// The code of an error about what cannot be represented.
const UNSUPPORTED: &str = "unsupported";

/// True if no revision is applied, and yet there are tables. What cannot be asked is not said.
async fn is_first_of_others(session: &mut dyn Session) -> bool {
    let begun = |row: &LedgerRow| row.state.is_applied() || row.statements_done > 0;
    let none = ledger::read(session).await.is_ok_and(|rows| !rows.iter().any(begun));
    none && session.inspect().await.is_ok_and(|schema| !schema.tables.is_empty())
}

fn adopted(error: Error, taken: &Taken) -> Error {
    error.hint(format!(
        "the database has tables that stead did not make; if they are those of this revision, `stead stamp {} --app {}` \
         records it without running it",
        taken.revision, taken.app
    ))
}

/// Stores the schema where a run stops before one of its steps could. The error that stopped it is the one to tell: without
/// a stored schema `check` says that there is none, and the next step stores it.
async fn store_what_is_left(opened: &mut BTreeMap<String, Opened>) {
    for at in opened.values_mut().filter(|at| at.live && at.bare) {
        let _said_by_check = store(at.session.as_mut()).await;
    }
}

/// What a revision left that stopped half-way is no schema of any revision.
async fn store(session: &mut dyn Session) -> Result<()> {
    let rows = ledger::read(session).await?;
    if rows.iter().any(|row| !row.state.is_applied() && row.statements_done > 0) {
        return Ok(());
    }
    session.begin(TransactionKind::Write).await?;
    match ledger::store_schema(session).await {
        Ok(()) => Ok(session.commit().await?),
        Err(error) => {
            session.rollback().await?;
            Err(error)
        }
    }
}
