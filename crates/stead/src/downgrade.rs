//! Taking revisions back: the down section of the file, or the script that the ledger kept if the file is gone, in
//! one transaction with the removal of the ledger row. So a ledger never claims a revision whose changes are gone.

use std::path::PathBuf;

use stead_engine::{Session, TransactionKind};
use stead_revision::file::TransactionMode;
use stead_revision::plan::{self, Plan, Step, Target};
use stead_sql::split::split;

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::ledger;
use crate::revision::choose_app;
use crate::revisions::Revisions;
use crate::upgrade::{Script, Taken, carry_out, missing_section, situation, taken};

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

/// Takes one revision back.
pub(crate) async fn down(
    revisions: &Revisions,
    session: &mut dyn Session,
    step: &Step,
    script: Option<&str>,
) -> Result<()> {
    match script {
        Some(script) => from_ledger(session, step, script).await,
        None => from_file(revisions, session, step).await,
    }
}

async fn from_file(revisions: &Revisions, session: &mut dyn Session, step: &Step) -> Result<()> {
    let node = crate::upgrade::node_of(revisions, step)?;
    let loaded = revisions.loaded(node)?;
    let kind = session.kind();
    let section = loaded.file.down(kind).ok_or_else(|| missing_section(loaded, "down", kind))?;
    let script = Script::new(loaded, section, kind)?;
    let one = loaded.file.transaction == TransactionMode::One;
    if one {
        session.begin(TransactionKind::Schema).await?;
    }
    for (done, statement) in script.statements.iter().enumerate() {
        if let Err(error) = session.execute(&statement.text, &[]).await {
            let error = script.located(error, statement);
            if one {
                session.rollback().await?;
                return Err(error);
            }
            return Err(half_way(error, done, script.statements.len()));
        }
    }
    finish(session, step).await?;
    if one { script.commit(session).await } else { Ok(()) }
}

/// Without a transaction the statements before the failing one stay done, and the ledger still has the revision.
fn half_way(error: Error, done: usize, all: usize) -> Error {
    if done == 0 {
        return error;
    }
    Error { kind: Kind::HalfWay, ..error }
        .hint(format!(
            "{done} of {all} statements of the down section are done and stay; the ledger still has the revision"
        ))
        .hint("take those statements out of the section, mend this one, and run the downgrade again")
}

/// The file is gone; what it said is in the ledger.
async fn from_ledger(session: &mut dyn Session, step: &Step, script: &str) -> Result<()> {
    let path = PathBuf::from(format!("the down script of revision {} in the ledger", step.id));
    let statements = split(script, session.kind())
        .map_err(|error| Error::failed(error.code(), format!("{}: {error}", path.display())))?;
    session.begin(TransactionKind::Schema).await?;
    for statement in &statements {
        if let Err(error) = session.execute(&statement.text, &[]).await {
            session.rollback().await?;
            return Err(crate::seed::sql::located(error, &path, script, statement));
        }
    }
    finish(session, step).await?;
    Ok(session.commit().await?)
}

async fn finish(session: &mut dyn Session, step: &Step) -> Result<()> {
    ledger::remove(session, &step.target.app, step.id.as_str()).await?;
    ledger::store_schema(session).await
}
