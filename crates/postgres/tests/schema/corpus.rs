//! Databases that others designed: each is built by its own SQL, inspected, written into an empty database and inspected again.

use std::path::Path;

use stead_schema::compare;

use crate::judge;
use crate::scene::{Scene, VERSIONS, corpus, figure, files, reason, wait};

/// A database and the scripts that make it.
struct Specimen {
    name: String,
    scripts: Vec<String>,
}

fn read(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let kept = text.lines().filter(|line| !line.starts_with('\\'));
    kept.collect::<Vec<_>>().join("\n")
}

/// The part of a goose file that goes forward.
fn upward(text: &str) -> String {
    let upward = text.split("-- +goose Down").next().unwrap_or_default();
    upward.lines().filter(|line| !line.contains("+goose")).collect::<Vec<_>>().join("\n")
}

fn schemas(newest: bool) -> Vec<Specimen> {
    let Some(folder) = corpus("schemas/postgres") else { return Vec::new() };
    let fits = |path: &Path| newest || !path.to_str().unwrap().contains("-18.");
    let found = files(&folder, ".sql").into_iter().filter(|path| fits(path));
    found
        .map(|path| Specimen {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            scripts: vec![read(&path)],
        })
        .collect()
}

/// Diesel's order: by the digits of the folder's name, whether they are written with dashes or not.
fn version(path: &Path) -> String {
    let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    folder.split('_').next().unwrap_or_default().replace('-', "")
}

/// The end of every history.
fn histories() -> Vec<Specimen> {
    let kinds = [
        ("crates.io-postgres", "up.sql"),
        ("authelia-postgres", ".up.sql"),
        ("gitness-postgres", ".up.sql"),
        ("hatchet-postgres", ".sql"),
        ("memos-postgres", "LATEST.sql"),
        ("atuin/crates/atuin-server-postgres/migrations", ".sql"),
    ];
    let mut found = Vec::new();
    for (folder, ending) in kinds {
        let Some(path) = corpus(&format!("histories/{folder}")) else { continue };
        let mut scripts: Vec<_> =
            files(&path, ending).into_iter().filter(|path| !path.to_str().unwrap().ends_with("down.sql")).collect();
        let name = folder.split('/').next().unwrap_or_default().to_owned();
        if name == "crates.io-postgres" {
            scripts.sort_by_key(|path| version(path));
        }
        let hatchet = name == "hatchet-postgres";
        if hatchet {
            // What follows needs steps that its own program takes.
            scripts.truncate(181);
        }
        let text = |path: &std::path::PathBuf| if hatchet { upward(&read(path)) } else { read(path) };
        found.push(Specimen { name, scripts: scripts.iter().map(text).collect() });
    }
    found
}

/// Each once, half of them on either version; with the full number all of them on both.
#[test]
fn schemas_and_histories_come_back() {
    let full = stead_testkit::skip::full();
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "corpus") else { continue };
        let newest = version == stead_testkit::servers::TestServer::Postgres18;
        let mut specimens: Vec<Specimen> = schemas(newest).into_iter().chain(histories()).collect();
        if !full {
            // What only the newest version can build is not counted, so that both versions count alike.
            let mut number = usize::from(newest);
            specimens.retain(|specimen| {
                let newest_only = specimen.name.ends_with("-18");
                number += usize::from(!newest_only);
                newest_only || number % 2 == 1
            });
        }
        let mut passed = 0;
        for specimen in &specimens {
            wait(comes_back(&scene, specimen));
            passed += 1;
        }
        figure(&format!("{}: {passed} of {} schemas and histories came back", version.key(), specimens.len()));
    }
}

async fn comes_back(scene: &Scene, specimen: &Specimen) {
    let (first, second) = (scene.name("a"), scene.name("b"));
    build(scene, specimen, &first).await;
    let schema = scene.inspect(&first).await.unwrap_or_else(|error| panic!("{}: {error}", specimen.name));
    assert!(schema.tables.len() >= 5, "{} has only {} tables", specimen.name, schema.tables.len());
    let again = scene.rebuild(&schema, &second).await;
    assert_eq!(compare(&again, &schema), [], "{}", specimen.name);
    judge::agree(scene, &first, &second);
    scene.remove(&first).await;
    scene.remove(&second).await;
}

/// Builds the database as its own tool does: statement by statement. What the corpus is known to lack is passed over: rows of
/// files that are not there, and an extension that the server does not have.
async fn build(scene: &Scene, specimen: &Specimen, name: &str) {
    let client = scene.database(name).await;
    for script in &specimen.scripts {
        let statements = stead_sql::split(script, stead_schema::EngineKind::Postgres);
        for statement in statements.unwrap_or_else(|error| panic!("{}: {error}", specimen.name)) {
            if let Err(error) = client.batch_execute(&statement.text).await {
                let reason = reason(&error);
                let known = reason.contains("vector")
                    || reason.contains("film_embedding")
                    || reason.contains("violates foreign key");
                assert!(
                    known || reason.contains("LOCK TABLE can only"),
                    "{}: {reason}: {}",
                    specimen.name,
                    statement.text
                );
            }
        }
    }
}
