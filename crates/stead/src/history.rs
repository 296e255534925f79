//! Looking at revisions: in which order they apply, which of them each database has, which are the newest, and what one
//! says. Reads only.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;
use stead_engine::Access;
use stead_revision::graph::Node;
use stead_revision::plan::{Situation, Target};
use stead_revision::{Condition, StatusLine, resolve, status};

use crate::environment::{Database, Environment};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::revision::choose_app;
use crate::revisions::{Revisions, shown};
use crate::upgrade::{add_ledger, situation};

/// The state of revisions in a database that cannot be asked, because its server is one of the project's own and is not up.
pub const UNKNOWN: &str = "unknown";

/// A revision in one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The app.
    pub app: String,
    /// The database.
    pub database: String,
    /// The revision's id.
    pub revision: String,
    /// The stem of its file name.
    pub name: String,
    /// `applied`, `pending`, `edited`, `running`, `failed` or `missing file`; `unknown` while the database's server is not up.
    pub state: String,
    /// The first line of its message.
    pub message: String,
    /// When it was applied, if it was.
    pub applied_at: Option<String>,
}

/// Where an app stands in one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Current {
    /// The app.
    pub app: String,
    /// The database.
    pub database: String,
    /// The newest applied revisions.
    pub revisions: Vec<String>,
    /// Revisions that are not applied.
    pub pending: u64,
    /// Revisions that were begun and are neither done nor taken back.
    pub unfinished: Vec<String>,
}

/// A revision that no other one builds on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The app.
    pub app: String,
    /// The revision's id.
    pub revision: String,
    /// The stem of its file name.
    pub name: String,
    /// The first line of its message.
    pub message: String,
}

/// One revision with its place in the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The app.
    pub app: String,
    /// The revision's id.
    pub revision: String,
    /// Its file.
    pub path: PathBuf,
    /// Ids of the revisions it follows.
    pub parents: Vec<String>,
    /// Ids of the revisions that follow it.
    pub children: Vec<String>,
    /// The file's text.
    pub text: String,
}

/// Every revision in every database that its app is on.
///
/// # Errors
///
/// An unknown app or database, one that is missing, or revision files that are wrong.
pub async fn history(environment: &Environment, app: Option<&str>, database: Option<&str>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let stopped = stopped(environment, app, database)?;
    for (target, line) in lines(environment, app, database).await? {
        let state = if stopped.contains(&target.database) { UNKNOWN } else { line.condition.word() };
        entries.push(Entry {
            app: target.app,
            database: target.database,
            revision: line.id.to_string(),
            name: format!("{:04}_{}", line.number, line.slug),
            state: state.to_owned(),
            message: line.title,
            applied_at: line.row.map(|row| row.started_at),
        });
    }
    Ok(entries)
}

/// The chosen databases whose server is not up; whoever watches is told why nothing is known of them.
fn stopped(environment: &Environment, app: Option<&str>, database: Option<&str>) -> Result<BTreeSet<String>> {
    let names = chosen(environment, app, database)?.into_iter().map(|target| target.database);
    let stopped = names.collect::<BTreeSet<_>>().into_iter().filter_map(|name| {
        let error = environment.stopped(&name)?;
        environment.warn(format!("{}, so what it has is not known; `stead up` starts it", error.message));
        Some(name)
    });
    Ok(stopped.collect())
}

async fn lines(
    environment: &Environment,
    app: Option<&str>,
    database: Option<&str>,
) -> Result<Vec<(Target, StatusLine)>> {
    let revisions = Revisions::read(&environment.project)?;
    let targets = chosen(environment, app, database)?;
    let databases = environment.databases.iter().filter(|database| environment.stopped(&database.name).is_none());
    let databases: Vec<Database> = databases.cloned().collect();
    let situation = situation(environment, &databases, database).await?;
    let lines = |target: Target| {
        let lines = status(&revisions.graph, &situation, &target);
        lines.into_iter().map(move |line| (target.clone(), line))
    };
    Ok(targets.into_iter().flat_map(lines).collect())
}

fn chosen(environment: &Environment, app: Option<&str>, database: Option<&str>) -> Result<Vec<Target>> {
    if let Some(app) = app {
        choose_app(&environment.project, Some(app))?;
    }
    if let Some(database) = database {
        environment.database(database)?;
    }
    let targets = environment.project.targets().into_iter();
    let chosen = targets.filter(|target| {
        app.is_none_or(|app| target.app == app) && database.is_none_or(|database| target.database == database)
    });
    Ok(chosen.map(|target| Target { database: target.database, app: target.app }).collect())
}

/// Where each app stands.
///
/// # Errors
///
/// As [`history`].
pub async fn current(environment: &Environment, app: Option<&str>, database: Option<&str>) -> Result<Vec<Current>> {
    let revisions = Revisions::read(&environment.project)?;
    let targets = chosen(environment, app, database)?;
    let situation = situation(environment, &environment.databases, database).await?;
    Ok(targets.into_iter().map(|target| standing(&revisions, &situation, &target)).collect())
}

/// Where one app stands in one database.
#[must_use]
pub fn standing(revisions: &Revisions, situation: &Situation, target: &Target) -> Current {
    let lines = status(&revisions.graph, situation, target);
    let current = lines.iter().filter(|line| line.current).map(|line| line.id.to_string()).collect();
    let pending = lines.iter().filter(|line| line.condition == Condition::Pending).count();
    let begun = lines.iter().filter(|line| matches!(line.condition, Condition::Running | Condition::Failed));
    Current {
        app: target.app.clone(),
        database: target.database.clone(),
        revisions: current,
        pending: pending as u64,
        unfinished: begun.map(|line| line.id.to_string()).collect(),
    }
}

/// What the ledger of one database says, for looking at it alone.
///
/// # Errors
///
/// Whatever the engine says.
pub async fn situation_of(environment: &Environment, database: &crate::environment::Database) -> Result<Situation> {
    let mut session = database.open(Access::Read).await?;
    let rows = crate::ledger::read(session.as_mut()).await?;
    session.close().await?;
    let mut situation = Situation::new();
    add_ledger(&mut situation, environment, &database.name, &rows);
    Ok(situation)
}

/// The newest revisions of each app, or of one.
///
/// # Errors
///
/// An unknown app, or revision files that are wrong.
pub fn heads(project: &Project, app: Option<&str>) -> Result<Vec<Head>> {
    if let Some(app) = app {
        choose_app(project, Some(app))?;
    }
    let revisions = Revisions::read(project)?;
    let apps = revisions.graph.apps().into_iter().filter(|name| app.is_none_or(|app| *name == app));
    let heads = apps.flat_map(|app| revisions.graph.heads(app));
    Ok(heads.map(head).collect())
}

fn head(node: &Node) -> Head {
    Head { app: node.app.clone(), revision: node.id.to_string(), name: node.stem(), message: node.title().to_owned() }
}

/// One revision.
///
/// # Errors
///
/// A name that is none or not plain.
pub fn show(project: &Project, name: &str, app: Option<&str>) -> Result<Shown> {
    if let Some(app) = app {
        choose_app(project, Some(app))?;
    }
    let revisions = Revisions::read(project)?;
    let only = if project.apps.len() == 1 { project.apps.keys().next().map(String::as_str) } else { None };
    let point = resolve(&revisions.graph, name, app.or(only), &[])?;
    let node = point.revisions.first().and_then(|id| revisions.graph.node(&point.app, id.as_str()));
    let node = node.ok_or_else(|| {
        Error::usage("not-a-revision", format!("`{name}` is no revision: it stands before the first one"))
    })?;
    let loaded = revisions.loaded(node)?;
    let ids = |nodes: Vec<&Node>| nodes.into_iter().map(|node| node.id.to_string()).collect();
    Ok(Shown {
        app: node.app.clone(),
        revision: node.id.to_string(),
        path: shown(project, &loaded.path).into(),
        parents: ids(revisions.graph.parents(node)),
        children: ids(revisions.graph.children(node)),
        text: loaded.text.clone(),
    })
}
