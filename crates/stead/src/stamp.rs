//! Saying where a database stands without running anything: for schemas that are right already, and for ledgers that
//! name revisions which no file knows. It is the repair that other errors point to.

use stead_revision::plan::{self, Plan};

use crate::downgrade::targets;
use crate::environment::Environment;
use crate::error::Result;
use crate::revisions::Revisions;
use crate::upgrade::{carry_out, situation, taken};

/// What to stamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StampOptions {
    /// The revision, or `base`.
    pub target: String,
    /// The app; the only one if absent.
    pub app: Option<String>,
    /// The database; each one the app is on if absent.
    pub database: Option<String>,
}

/// What a stamp would record.
///
/// # Errors
///
/// As [`stamp`], as far as it can be known beforehand.
pub async fn plan(environment: &Environment, options: &StampOptions) -> Result<Vec<String>> {
    let revisions = Revisions::read(&environment.project)?;
    let plan = make_plan(environment, &revisions, options).await?;
    Ok(plan.steps.iter().map(|step| taken(&revisions, step).to_string()).collect())
}

/// Records; each row that was written or removed, in words.
///
/// # Errors
///
/// An app or a target that is not plain, or whatever the engine says.
pub async fn stamp(environment: &Environment, options: &StampOptions) -> Result<Vec<String>> {
    environment.refuse_protected("stamp")?;
    let _held = environment.hold().await?;
    let revisions = Revisions::read(&environment.project)?;
    let plan = make_plan(environment, &revisions, options).await?;
    let done = carry_out(environment, &environment.databases, &revisions, &plan.steps).await?;
    Ok(done.iter().map(ToString::to_string).collect())
}

async fn make_plan(environment: &Environment, revisions: &Revisions, options: &StampOptions) -> Result<Plan> {
    let targets = targets(environment, options.app.as_deref(), options.database.as_deref())?;
    let situation = situation(environment, &environment.databases, options.database.as_deref()).await?;
    let mut whole = Plan::default();
    for target in targets {
        whole.steps.extend(plan::stamp(&revisions.graph, &situation, &target, &options.target)?.steps);
    }
    Ok(whole)
}
