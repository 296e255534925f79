//! Does everything match? (a) The databases against the schema their revisions left, (b) the ledgers against the revision
//! files, (c) the newest revisions against the models. Only (c) needs a scratch database, and only where the hash that a
//! revision carries is not today's.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stead_engine::{Access, Session};
use stead_revision::plan::Situation;
use stead_revision::{Condition, LedgerRow, status};
use stead_schema::Schema;

use crate::environment::{Database, Environment};
use crate::error::{Error, Result};
use crate::files;
use crate::ledger::{self, StoredSchema};
use crate::models::{self, Models};
use crate::revisions::Revisions;
use crate::upgrade::add_ledger;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `a`, `b` or `c`.
    pub label: char,
    /// `database NAME` or `app NAME on NAME`.
    pub subject: String,
    /// What differs.
    pub text: String,
}

/// Every difference, in the order a, b, c of each database.
///
/// # Errors
///
/// A database that is missing or cannot be reached, or files that are wrong.
pub async fn check(environment: &Environment) -> Result<Vec<Finding>> {
    check_all(environment, &mut Proved::read(environment)).await
}

/// The same for whoever holds the locks: that revisions lead to the models is remembered, so that the next check of the
/// same files needs no scratch database.
///
/// # Errors
///
/// As [`check`].
pub async fn check_and_remember(environment: &Environment) -> Result<Vec<Finding>> {
    let mut proved = Proved::read(environment);
    let before = proved.clone();
    let findings = check_all(environment, &mut proved).await?;
    if proved != before {
        proved.write(environment)?;
    }
    Ok(findings)
}

async fn check_all(environment: &Environment, proved: &mut Proved) -> Result<Vec<Finding>> {
    let revisions = Revisions::read(&environment.project)?;
    let mut findings = Vec::new();
    for database in &environment.databases {
        let mut session = database.open(Access::Read).await?;
        let rows = ledger::read(session.as_mut()).await?;
        ledger::refuse_foreign(&rows, environment, &database.name)?;
        let stored = ledger::stored_schema(session.as_mut()).await?;
        findings.extend(of_database(session.as_mut(), database, &rows, stored.as_ref()).await?);
        session.close().await?;
        findings.extend(of_ledger(environment, &revisions, database, &rows));
        findings.extend(of_models(environment, &revisions, database, proved).await?);
    }
    Ok(findings)
}

fn finding(label: char, subject: String, text: impl Into<String>) -> Finding {
    Finding { label, subject, text: text.into() }
}

/// (a) The database against the stored schema.
async fn of_database(
    session: &mut dyn Session,
    database: &Database,
    rows: &[LedgerRow],
    stored: Option<&StoredSchema>,
) -> Result<Vec<Finding>> {
    let subject = || format!("database {}", database.name);
    let Some(stored) = stored else {
        let text = "no schema is stored for its revisions; `stead upgrade` stores it with the next one";
        return Ok(if rows.is_empty() { Vec::new() } else { vec![finding('a', subject(), text)] });
    };
    if stored.heads != ledger::applied(rows) {
        let text = "the stored schema is not that of its revisions: the ledger was changed by other hands";
        return Ok(vec![finding('a', subject(), text)]);
    }
    let schema = session.inspect().await.map_err(|error| database.named(error))?;
    if stead_schema::fingerprint(&schema) == stored.fingerprint {
        return Ok(Vec::new());
    }
    let differences = database.differences(&schema, &stored.schema);
    Ok(differences.into_iter().map(|difference| finding('a', subject(), difference.to_string())).collect())
}

/// (b) The ledger against the revision files.
fn of_ledger(
    environment: &Environment,
    revisions: &Revisions,
    database: &Database,
    rows: &[LedgerRow],
) -> Vec<Finding> {
    let mut situation = Situation::new();
    add_ledger(&mut situation, environment, &database.name, rows);
    let mut findings = Vec::new();
    for target in situation.targets() {
        for line in status(&revisions.graph, &situation, target) {
            let id = &line.id;
            let text = match line.condition {
                Condition::Applied => continue,
                Condition::Pending => format!("revision {id} is pending"),
                Condition::Edited => format!("revision {id} was edited after it was applied"),
                Condition::MissingFile => format!("revision {id} is applied, but no file knows it"),
                Condition::Running | Condition::Failed => format!("revision {id} stopped half-way"),
            };
            findings.push(finding('b', format!("app {} on {}", target.app, target.database), text));
        }
    }
    findings
}

/// (c) What the revision files lead to against what the models say.
async fn of_models(
    environment: &Environment,
    revisions: &Revisions,
    database: &Database,
    proved: &mut Proved,
) -> Result<Vec<Finding>> {
    let apps = environment.project.apps_on(&database.name);
    let kind = database.server.kind();
    let models: Result<Vec<Models>> = apps.iter().map(|app| models::read(environment, app, kind)).collect();
    let models = models?;
    if models.iter().all(|models| models.files.is_empty() || revisions.carries_models_hash(&models.app, &models.hash)) {
        return Ok(Vec::new());
    }
    let key = key(database, revisions, &apps, &models).await?;
    if proved.keys.get(&database.name) == Some(&key) {
        return Ok(Vec::new());
    }
    let subject = || format!("revisions for {}", database.name);
    // Files that do not run are a difference too, and must not hide the others.
    let (reached, wanted) =
        match (replay(revisions, database, &apps).await, models::run(database.server.as_ref(), &models).await) {
            (Ok(reached), Ok(wanted)) => (reached, wanted),
            (Err(error), _) => {
                return Ok(vec![finding(
                    'c',
                    subject(),
                    format!("cannot be replayed on a scratch database: {}", placed(&error)),
                )]);
            }
            (_, Err(error)) => {
                return Ok(vec![finding('c', subject(), format!("the models cannot be run: {}", placed(&error)))]);
            }
        };
    let differences = stead_schema::compare(&reached, &wanted);
    if differences.is_empty() {
        proved.keys.insert(database.name.clone(), key);
    }
    let text = |difference: stead_schema::Difference| format!("{difference} (against the models)");
    Ok(differences.into_iter().map(|difference| finding('c', subject(), text(difference))).collect())
}

/// An error in one line, with its place.
fn placed(error: &Error) -> String {
    let Some(label) = error.labels.first() else { return error.to_string() };
    let (line, _column) = label.position();
    format!("{error} (`{}` line {line})", label.file.display())
}

/// Which revisions and models were found to agree. Only a shortcut: a record that cannot be read is as good as none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Proved {
    /// By database, the hash over everything that the comparison depends on.
    keys: BTreeMap<String, String>,
}

impl Proved {
    fn path(environment: &Environment) -> PathBuf {
        environment.state.folder().join("proved.json")
    }

    fn read(environment: &Environment) -> Self {
        let text = std::fs::read(Self::path(environment)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn write(&self, environment: &Environment) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).expect("a map of strings");
        files::write_whole(&Self::path(environment), &text)
    }
}

/// Engine, version, revision files and models of one database, as one hash.
async fn key(database: &Database, revisions: &Revisions, apps: &[String], models: &[Models]) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let version = database.server.version().await?;
    hasher.update(format!("{} {version} {}\n", database.server.kind(), crate::VERSION).as_bytes());
    for node in revisions.graph.order().into_iter().filter(|node| apps.contains(&node.app)) {
        hasher.update(format!("{} {} {}\n", node.app, node.id, node.checksum).as_bytes());
    }
    for models in models {
        hasher.update(format!("{} {}\n", models.app, models.hash).as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The schema that the revision files of these apps lead to, learned by running them on a scratch database.
async fn replay(revisions: &Revisions, database: &Database, apps: &[String]) -> Result<Schema> {
    let mut session = database.server.scratch().await?;
    for node in revisions.graph.order().into_iter().filter(|node| apps.contains(&node.app)) {
        crate::upgrade::rehearse(session.as_mut(), revisions.loaded(node)?).await?;
    }
    let schema = session.inspect().await?;
    session.close().await?;
    Ok(schema)
}
