//! Databases that others designed: each is built in a scratch database, inspected, and built again from nothing but what
//! the inspection holds. The two must be equal, or the inspection dropped or bent something.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::future::Future;
use std::path::{Path, PathBuf};

use stead_engine::{EngineError, Server as _, Session, TransactionKind};
use stead_schema::model::TableKind;
use stead_schema::{EngineKind, Schema, compare};
use stead_sqlite::SqliteServer;

fn corpus(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("STEAD_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let path = root.join(part);
    if !path.exists() {
        stead_testkit::skip::skip("corpus", &format!("`{}` is not there", path.display()));
        return None;
    }
    Some(path)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Files with an ending below a folder, sorted by path.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Runs a script; statements that would end a transaction are left out when one is open.
async fn run(session: &mut dyn Session, script: &str, in_transaction: bool) -> Result<(), EngineError> {
    for statement in stead_sql::split(script, EngineKind::Sqlite).unwrap() {
        if !in_transaction || !statement.controls_transaction(EngineKind::Sqlite) {
            session.execute(&statement.text, &[]).await.map_err(|error| error.context(&statement.text))?;
        }
    }
    Ok(())
}

/// Every definition, tables first; shadow tables come with their owners.
async fn rebuild(schema: &Schema) -> Schema {
    let server = SqliteServer::new();
    let mut session = server.scratch().await.unwrap();
    let tables = schema.tables.iter().filter(|table| table.kind != TableKind::Shadow);
    let indexes = schema.tables.iter().flat_map(|table| &table.indexes).map(|index| &index.definition);
    let views = schema.views.iter().map(|view| &view.definition);
    let triggers = schema.triggers.iter().map(|trigger| &trigger.definition);
    let all = tables.map(|table| &table.definition).chain(indexes).chain(views).chain(triggers);
    for definition in all {
        session.execute(definition.as_ref().unwrap(), &[]).await.unwrap();
    }
    session.inspect().await.unwrap()
}

async fn comes_back(session: &mut dyn Session, name: &str) {
    let schema = session.inspect().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let again = rebuild(&schema).await;
    assert_eq!(compare(&again, &schema), [], "{name}");
}

#[test]
fn schemas_come_back() {
    let Some(folder) = corpus("schemas/sqlite") else { return };
    for file in files(&folder, ".sql") {
        let name = file.display().to_string();
        wait(async {
            let mut session = SqliteServer::new().scratch().await.unwrap();
            let script = std::fs::read_to_string(&file).unwrap();
            run(session.as_mut(), &script, false).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            comes_back(session.as_mut(), &name).await;
            session.verify().await.unwrap();
            assert!(!session.count_rows().await.unwrap().is_empty(), "{name} has no tables");
        });
    }
}

/// Real histories, each file one schema transaction, inspected after each step.
#[test]
fn histories_come_back_at_every_step() {
    let histories = [
        ("histories/gitness-sqlite", ".up.sql"),
        ("histories/authelia-sqlite", ".up.sql"),
        ("histories/memos-sqlite", "LATEST.sql"),
        ("histories/atuin/crates/atuin-client/record-migrations", ".sql"),
    ];
    let mut steps = 0;
    for (history, ending) in histories {
        let Some(folder) = corpus(history) else { continue };
        wait(async {
            let mut session = SqliteServer::new().scratch().await.unwrap();
            for file in files(&folder, ending).into_iter().filter(|file| !file.to_str().unwrap().ends_with(".down.sql"))
            {
                let name = file.display().to_string();
                let script = std::fs::read_to_string(&file).unwrap();
                session.begin(TransactionKind::Schema).await.unwrap();
                match run(session.as_mut(), &script, true).await {
                    // The application registers functions of its own; what follows builds on them.
                    Err(error) if error.message.contains("no such function") => break,
                    other => other.unwrap_or_else(|error| panic!("{name}: {error}")),
                }
                session.commit().await.unwrap_or_else(|error| panic!("{name}: {error}"));
                comes_back(session.as_mut(), &name).await;
                steps += 1;
            }
        });
    }
    if corpus("histories").is_some() {
        assert!(steps > 80, "only {steps} steps were found");
    }
}
