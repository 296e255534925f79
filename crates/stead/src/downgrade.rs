//! Taking revisions back: the down section of the file, or the script that the ledger kept if the file is gone, in
//! one transaction with the removal of the ledger row. So a ledger never claims a revision whose changes are gone.

use std::path::PathBuf;

use stead_engine::{EngineError, Session, TransactionKind};
use stead_revision::file::TransactionMode;
use stead_revision::plan::{self, Plan, Step, Target};
use stead_revision::{LedgerRow, LedgerState};
use stead_sql::split::{Statement, split};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::journal::passed;
use crate::ledger;
use crate::revision::choose_app;
use crate::revisions::Revisions;
use crate::upgrade::{Course, Script, Taken, carry_out, hash, missing_section, situation, taken};

/// What to take back and how far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DowngradeOptions {
    /// The revision to stop at, or `base`.
    pub target: String,
    /// The app; the only one if absent.
    pub app: Option<String>,
    /// The database; each one the app is on if absent.
    pub database: Option<String>,
}

/// What a downgrade would do.
///
/// # Errors
///
/// As [`downgrade`], as far as it can be known beforehand.
pub async fn plan(environment: &Environment, options: &DowngradeOptions) -> Result<Vec<Taken>> {
    let revisions = Revisions::read(&environment.project)?;
    let plan = make_plan(environment, &revisions, options).await?;
    Ok(plan.steps.iter().map(|step| taken(&revisions, step)).collect())
}

/// Takes revisions back.
///
/// # Errors
///
/// A protected environment, a target that is not applied, a revision without a down section, or the first that fails.
pub async fn downgrade(environment: &Environment, options: &DowngradeOptions) -> Result<Vec<Taken>> {
    environment.refuse_protected("downgrade")?;
    let _held = environment.hold().await?;
    let revisions = Revisions::read(&environment.project)?;
    let plan = make_plan(environment, &revisions, options).await?;
    carry_out(environment, &environment.databases, &revisions, &plan.steps).await
}

async fn make_plan(environment: &Environment, revisions: &Revisions, options: &DowngradeOptions) -> Result<Plan> {
    let targets = targets(environment, options.app.as_deref(), options.database.as_deref())?;
    let situation = situation(environment, &environment.databases, options.database.as_deref()).await?;
    let mut whole = Plan::default();
    for target in targets {
        let plan = plan::downgrade(&revisions.graph, &situation, &target, &options.target)?;
        whole.steps.extend(plan.steps);
    }
    Ok(whole)
}

/// The app on the named database, or on each that has it.
pub(crate) fn targets(environment: &Environment, app: Option<&str>, database: Option<&str>) -> Result<Vec<Target>> {
    let app = choose_app(&environment.project, app)?;
    if let Some(database) = database {
        environment.database(database)?;
    }
    let all = environment.project.targets().into_iter();
    let chosen = all.filter(|target| target.app == app && database.is_none_or(|database| target.database == database));
    let targets: Vec<Target> = chosen.map(|target| Target { database: target.database, app: target.app }).collect();
    if targets.is_empty() {
        let message = format!("app `{app}` is not on database `{}`", database.unwrap_or_default());
        return Err(Error::usage("app-not-on-database", message));
    }
    Ok(targets)
}

/// Takes one revision back, in one transaction where the engine and the file allow that, else statement by statement, each
/// recorded, so that a downgrade that was cut off goes on at the exact statement.
pub(crate) async fn down(
    course: &Course<'_>,
    session: &mut dyn Session,
    step: &Step,
    kept: Option<&str>,
    row: Option<&LedgerRow>,
) -> Result<()> {
    let (revisions, looks) = (course.revisions, course.looks);
    let kind = session.kind();
    if let Some(text) = kept {
        let path = PathBuf::from(format!("the down script of revision {} in the ledger", step.id));
        let statements =
            split(text, kind).map_err(|error| Error::failed(error.code(), format!("{}: {error}", path.display())))?;
        let located = |error, statement: &Statement| crate::seed::sql::located(error, &path, text, statement);
        let way = Way { step, statements: &statements, located: &located, looks };
        return way.go(session, row, course.transactional).await;
    }
    let loaded = revisions.loaded(crate::upgrade::node_of(revisions, step)?)?;
    let section = loaded.file.down(kind).ok_or_else(|| missing_section(loaded, "down", kind))?;
    let script = Script::new(loaded, section, kind)?;
    let located = |error, statement: &Statement| script.located(error, statement);
    let one = course.transactional && loaded.file.transaction == TransactionMode::One;
    Way { step, statements: &script.statements, located: &located, looks }.go(session, row, one).await
}

/// The way back of one revision.
struct Way<'a> {
    step: &'a Step,
    statements: &'a [Statement],
    located: &'a (dyn Fn(EngineError, &Statement) -> Error + Sync),
    /// As that of the course.
    looks: bool,
}

impl Way<'_> {
    async fn go(&self, session: &mut dyn Session, row: Option<&LedgerRow>, in_one_transaction: bool) -> Result<()> {
        match row {
            Some(row) if !in_one_transaction || row.goes_back() => self.step_by_step(session, row).await,
            _ => self.in_one_transaction(session).await,
        }
    }

    async fn in_one_transaction(&self, session: &mut dyn Session) -> Result<()> {
        session.begin(TransactionKind::Schema).await?;
        for statement in self.statements {
            if let Err(error) = session.execute(&statement.text, &[]).await {
                let error = (self.located)(error, statement);
                session.rollback().await?;
                return Err(error);
            }
        }
        session.restore_settings().await?;
        self.finish(session).await?;
        if let Err(error) = session.commit().await {
            session.rollback().await?;
            return Err(Error::from(error.context(format!("taking back revision {}", self.step.id))));
        }
        Ok(())
    }

    async fn step_by_step(&self, session: &mut dyn Session, row: &LedgerRow) -> Result<()> {
        let first = self.first(row)?;
        let total = self.statements.len() as u64;
        let mut now = row.going_back(first as u64, total, row.last_done().filter(|_| row.goes_back()));
        ledger::put(session, &now).await?;
        for statement in &self.statements[first..] {
            if let Err(error) = session.execute(&statement.text, &[]).await {
                return Err(self.stopped(session, row, now, (self.located)(error, statement)).await);
            }
            now = row.going_back(now.statements_done + 1, total, Some(&hash(statement)));
            ledger::put(session, &now).await?;
            passed("downgrade.statement")?;
        }
        session.restore_settings().await?;
        session.begin(TransactionKind::Write).await?;
        self.finish(session).await?;
        Ok(session.commit().await?)
    }

    /// Where the statements before the failing one stay done, the ledger says so; if there are none, nothing has happened.
    async fn stopped(&self, session: &mut dyn Session, before: &LedgerRow, now: LedgerRow, error: Error) -> Error {
        let (done, all) = (now.statements_done, now.statements_total);
        if done == 0 {
            // If the ledger cannot be written either, the row says `running` after no statement, which is as true.
            let _unwritten = ledger::put(session, before).await;
            return error;
        }
        let row = LedgerRow { state: LedgerState::Failed, error: Some(error.message.clone()), ..now };
        let _unwritten = ledger::put(session, &row).await;
        Error { kind: Kind::HalfWay, ..error }.hint(format!(
            "{done} of {all} statements of the down section are done and stay; mend this one, then the same downgrade goes on with it"
        ))
    }

    /// The statement to go on with, if the ones before it are still the same.
    fn first(&self, row: &LedgerRow) -> Result<usize> {
        if !row.goes_back() {
            return Ok(0);
        }
        let first = usize::try_from(row.statements_done).unwrap_or(usize::MAX);
        let last = first.checked_sub(1).map(|last| self.statements.get(last).map(hash));
        if last.is_none_or(|last| last.as_deref() == row.last_done()) {
            return Ok(first.min(self.statements.len()));
        }
        let id = &self.step.id;
        let message =
            format!("the {first} statements that are taken back are not the first {first} of revision {id} any more");
        Err(Error::refused("revision-edited", message)
            .hint("bring those statements back as they were; only the ones after them may be changed"))
    }

    async fn finish(&self, session: &mut dyn Session) -> Result<()> {
        ledger::remove(session, &self.step.target.app, self.step.id.as_str()).await?;
        ledger::leave_schema(session, self.looks).await
    }
}
