//! What is there: databases with their revisions, storage, indexes, snapshots and undo points. It reads without locks, so
//! it can be asked while other work goes on.

use std::time::Duration;

use serde::Serialize;
use stead_engine::Access;
use stead_engine::file_lock::is_held;

use crate::environment::{Database, Environment};
use crate::error::Result;
use crate::reindex::{self, IndexStatus};
use crate::revisions::Revisions;
use crate::{history, marker, snapshots, undo, volume};

/// How often a database is looked at whose sessions somebody ends, and how long it is left alone in between.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// What there is in an environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The project.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// The project's local servers, in name order.
    pub servers: Vec<ServerStatus>,
    /// Its databases.
    pub databases: Vec<DatabaseStatus>,
    /// Its storage leaves.
    pub leaves: Vec<LeafStatus>,
    /// Its indexes.
    pub indexes: Vec<IndexStatus>,
    /// Names of its snapshots, oldest first.
    pub snapshots: Vec<String>,
    /// Its undo points, newest first.
    pub undo: Vec<PointStatus>,
    /// The operation that was cut off half-way, if any.
    pub interrupted: Option<String>,
    /// True while a command that writes is at work.
    pub busy: bool,
}

/// A local server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerStatus {
    /// Its name in the project.
    pub name: String,
    /// Its kind, as the project file writes it.
    pub kind: &'static str,
    /// The state of its volume: `absent`, `half-made`, `stopped`, `running`, `cut-off` or `unreadable`.
    pub state: &'static str,
    /// The port of the loopback address, kept between starts.
    pub port: Option<u16>,
}

/// A database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatabaseStatus {
    /// The name in the project.
    pub name: String,
    /// The engine.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// Where it is.
    pub place: String,
    /// False if there is none.
    pub exists: bool,
    /// Why it was not looked at: its server is one of the project's own and is not up. The rest says nothing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Whether it was seeded, when and from what.
    pub marker: Option<String>,
    /// Its apps.
    pub apps: Vec<AppStatus>,
}

/// An app on a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppStatus {
    /// The app.
    pub app: String,
    /// Its newest applied revisions.
    pub current: Vec<String>,
    /// Revisions that are not applied yet.
    pub pending: u64,
    /// Revisions that were begun and are neither done nor taken back.
    pub unfinished: Vec<String>,
}

impl Status {
    /// True if a database was not looked at, because its server is not up.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.databases.iter().any(|database| database.stopped.is_some())
    }

    /// True if a revision stopped half-way; while somebody works here it may be one that is under way.
    #[must_use]
    pub fn has_unfinished(&self) -> bool {
        !self.busy && self.databases.iter().flat_map(|database| &database.apps).any(|app| !app.unfinished.is_empty())
    }
}

/// A storage leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeafStatus {
    /// Its name.
    pub name: String,
    /// False if the folder is missing.
    pub exists: bool,
}

/// An undo point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PointStatus {
    /// The command it takes back.
    pub operation: String,
    /// When that ran.
    pub at: String,
}

/// Looks.
///
/// # Errors
///
/// A database that cannot be reached, or revision files that are wrong.
pub async fn status(environment: &Environment) -> Result<Status> {
    let busy_before = is_held(&environment.state.lock());
    let revisions = Revisions::read(&environment.project)?;
    let mut databases = Vec::new();
    for database in &environment.databases {
        databases.push(patiently(environment, database, &revisions).await?);
    }
    let mut indexes = Vec::new();
    for name in reindex::names(environment).await? {
        indexes.push(reindex::status(environment, &name).await?);
    }
    let points = undo::list(&environment.state)?;
    let points = points.into_iter().rev().map(|point| PointStatus { operation: point.operation, at: point.at });
    Ok(Status {
        project: environment.project.name.clone(),
        environment: environment.project.environment.clone(),
        servers: volume::servers(&environment.project),
        databases,
        leaves: leaves(environment),
        indexes,
        snapshots: snapshots::list(environment)?.into_iter().map(|entry| entry.name).collect(),
        undo: points.collect(),
        interrupted: environment.interrupted()?,
        // What ends or begins while this looks is under way as far as this has seen.
        busy: busy_before || is_held(&environment.state.lock()),
    })
}

/// Looks, and looks again if the session was ended meanwhile: a `load` of somebody else puts another database in this one's
/// place, and ends the sessions of the old one.
async fn patiently(environment: &Environment, database: &Database, revisions: &Revisions) -> Result<DatabaseStatus> {
    let mut again = LOOKS;
    loop {
        again -= 1;
        match look(environment, database, revisions).await {
            Err(error) if error.code == "interrupted" && again > 0 => tokio::time::sleep(PAUSE).await,
            looked => return looked,
        }
    }
}

async fn look(environment: &Environment, database: &Database, revisions: &Revisions) -> Result<DatabaseStatus> {
    let mut status = DatabaseStatus {
        name: database.name.clone(),
        engine: database.server.kind().to_string(),
        version: String::new(),
        place: environment.shown(&database.place),
        exists: false,
        stopped: environment.stopped(&database.name).map(|error| error.message),
        bytes: 0,
        marker: None,
        apps: Vec::new(),
    };
    if status.stopped.is_some() {
        return Ok(status);
    }
    status.version = database.server.version().await?;
    status.exists = database.server.exists(&database.place).await?;
    if status.exists {
        let mut session = database.open(Access::Read).await?;
        status.bytes = database.server.size(&database.place).await?;
        status.marker = marker::read(session.as_mut()).await?.map(|marker| marker.to_string());
        session.close().await?;
        let situation = history::situation_of(environment, database).await?;
        for target in situation.targets() {
            let standing = history::standing(revisions, &situation, target);
            status.apps.push(AppStatus {
                app: standing.app,
                current: standing.revisions,
                pending: standing.pending,
                unfinished: standing.unfinished,
            });
        }
    }
    Ok(status)
}

fn leaves(environment: &Environment) -> Vec<LeafStatus> {
    let Some(storage) = &environment.project.storage else { return Vec::new() };
    let leaves = storage.leaves.iter();
    leaves.map(|leaf| LeafStatus { name: leaf.clone(), exists: storage.path.join(leaf).is_dir() }).collect()
}
