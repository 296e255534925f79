//! Waiting until every server answers. An answer is a real query on a database that exists, or the sure knowledge that it
//! does not exist yet; anything else is tried again with growing pauses.

use std::collections::BTreeSet;
use std::time::Duration;

use stead_engine::{Access, ErrorClass, TransactionKind};

use crate::environment::{Database, Environment};
use crate::error::{Error, Kind, Result};

/// Pauses grow by this factor.
const GROWTH: f64 = 1.618;

/// How often and how patiently to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// The first pause.
    pub pause: Duration,
}

impl Default for Patience {
    /// Eight attempts over about twelve seconds.
    fn default() -> Self {
        Self { attempts: 8, pause: Duration::from_millis(250) }
    }
}

/// Waits until every database's server answers.
///
/// # Errors
///
/// Exit 7 after the last attempt, naming each that does not answer and why; at once where waiting cannot help.
pub async fn wait(environment: &Environment, patience: Patience) -> Result<()> {
    let mut missing: Vec<&Database> = environment.databases.iter().collect();
    let mut pause = patience.pause;
    for attempt in 1.. {
        let mut problems = Vec::new();
        for database in missing {
            if let Err(error) = probe(database).await {
                if error.class != ErrorClass::Unreachable && error.class != ErrorClass::LockTimeout {
                    return Err(Error { kind: Kind::Unreachable, ..database.named(error).into() });
                }
                problems.push((database, error));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        if attempt >= patience.attempts.max(1) {
            return Err(unanswered(&problems, attempt));
        }
        missing = problems.into_iter().map(|(database, _)| database).collect();
        tokio::time::sleep(pause).await;
        pause = pause.mul_f64(GROWTH);
    }
    Ok(())
}

/// Opens an environment and waits until every database's server answers. One of the project's own servers that is not up yet has
/// no address, so the environment is opened as often as it takes.
///
/// # Errors
///
/// As [`wait`], or whatever keeps the environment from being opened for another reason.
pub async fn open(mut patience: Patience, open: impl Fn() -> Result<Environment>) -> Result<Environment> {
    loop {
        match open() {
            Ok(environment) => {
                wait(&environment, patience).await?;
                return Ok(environment);
            }
            Err(error) if error.kind != Kind::Unreachable || patience.attempts <= 1 => return Err(error),
            Err(_not_up) => {
                patience.attempts -= 1;
                tokio::time::sleep(patience.pause).await;
                patience.pause = patience.pause.mul_f64(GROWTH);
            }
        }
    }
}

/// A real query, because a file or a port that can be opened is no answer yet.
async fn probe(database: &Database) -> Result<(), stead_engine::EngineError> {
    if database.server.exists(&database.place).await? {
        let mut session = database.server.open(&database.place, Access::Read).await?;
        session.begin(TransactionKind::Read).await?;
        session.query("SELECT 1", &[]).await?;
        session.rollback().await?;
        session.close().await?;
    }
    Ok(())
}

fn unanswered(problems: &[(&Database, stead_engine::EngineError)], attempts: u32) -> Error {
    let texts: Vec<String> = problems.iter().map(|(database, error)| format!("`{}`: {error}", database.name)).collect();
    let times = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    let message = format!("no answer after {times} from database {}", texts.join("; database "));
    // Databases of one server have one reason.
    let hints: BTreeSet<String> = problems.iter().flat_map(|(_, error)| error.hints.clone()).collect();
    Error::new(Kind::Unreachable, "unreachable", message).with_hints(hints)
}
