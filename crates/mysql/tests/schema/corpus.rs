//! Databases that others designed, from the corpus beside the project.

use std::path::{Path, PathBuf};

use stead_engine::Session;
use stead_sql::split;

use crate::on_servers;
use crate::scene::Scene;

on_servers! {
    corpus_schemas_come_back / corpus_schemas_come_back_mariadb / corpus_schemas_come_back_mysql;
    corpus_histories_come_back / corpus_histories_come_back_mariadb / corpus_histories_come_back_mysql;
}

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

/// Runs a script without its rows, in the session's own database whatever it names: Sakila qualifies some of its own tables.
async fn run(session: &mut dyn Session, script: &str) -> Result<(), String> {
    let script = script.replace("sakila.", "");
    for statement in split(&script, session.kind()).unwrap() {
        let elsewhere = ["CREATE DATABASE", "CREATE SCHEMA", "DROP DATABASE", "DROP SCHEMA", "USE", "INSERT"];
        if elsewhere.iter().any(|leading| statement.leading.starts_with(leading)) {
            continue;
        }
        let done = session.execute(&statement.text, &[]).await;
        done.map_err(|error| format!("{error}: {}", statement.text))?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figure is what the test is run for")]
fn tell(what: &str, scene: &Scene, passed: usize, total: usize, refused: &[String]) {
    println!("{what} on {}: {passed} passed of {total}", scene.engine);
    for refusal in refused {
        println!("  refused by the server itself: {refusal}");
    }
}

async fn corpus_schemas_come_back(scene: Scene) {
    let folders = [format!("schemas/{}", scene.engine.word()), "schemas/mysql".to_owned()];
    let Some(folder) =
        folders.iter().find(|part| Path::new(part).exists()).or(folders.last()).and_then(|part| corpus(part))
    else {
        return;
    };
    let all = files(&folder, ".sql");
    assert!(!all.is_empty());
    for file in &all {
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut session = scene.scratch().await;
        run(session.as_mut(), &std::fs::read_to_string(file).unwrap())
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let schema = scene.comes_back(session.as_mut(), name).await;
        assert!(!schema.tables.is_empty(), "{name} has no tables");
        session.close().await.unwrap();
    }
    tell("corpus schemas", &scene, all.len(), all.len(), &[]);
}

/// The end state of each history, and every state on the way to it.
async fn corpus_histories_come_back(scene: Scene) {
    let (mut passed, mut total, mut refused) = (0, 0, Vec::new());
    for (history, ending) in [("histories/authelia-mysql", ".up.sql"), ("histories/memos-mysql", "LATEST.sql")] {
        let Some(folder) = corpus(history) else { return };
        let steps = files(&folder, ending);
        assert!(!steps.is_empty(), "{history} has no steps");
        let mut session = scene.scratch().await;
        total += 1;
        let mut whole = true;
        for (place, step) in steps.iter().enumerate() {
            let name = step.display().to_string();
            if let Err(error) = run(session.as_mut(), &std::fs::read_to_string(step).unwrap()).await {
                refused.push(format!("{name}: {error}"));
                whole = false;
                break;
            }
            if place + 1 == steps.len() || place % 8 == 0 {
                scene.comes_back(session.as_mut(), &name).await;
            }
        }
        passed += usize::from(whole);
        session.close().await.unwrap();
    }
    tell("histories", &scene, passed, total, &refused);
    assert_eq!(passed + refused.len(), total);
}
