//! PostgreSQL's own regression suite as a source of schemas that nobody would think of. Each file is run statement by
//! statement, errors and all, and what it leaves behind must come back object by object, or be named in a refusal.

use std::path::Path;

use stead_engine::ErrorClass;
use stead_schema::{EngineKind, Schema, compare};

use crate::scene::{Scene, VERSIONS, corpus, figure, files, wait};

/// Files that change the cluster, wait for other sessions, or take minutes; the last two hold statements for defects that were
/// mended after 15.18 and 18.4, and end the server.
const LEFT_OUT: [&str; 11] = [
    "tablespace",
    "database",
    "subscription",
    "async",
    "infinite_recurse",
    "numa",
    "maintain_every",
    "password",
    "stats",
    "hash_part",
    "sqljson",
];
/// Files that make the most different objects in little time; the others run with the full number.
const SAMPLE: [&str; 4] = ["create_operator", "domain", "generated_stored", "rangetypes"];

/// What became of the objects of one or more files.
#[derive(Default)]
struct Tally {
    objects: usize,
    differing: Vec<String>,
    refused: Vec<String>,
}

#[test]
fn what_the_regression_suite_leaves_comes_back() {
    let full = stead_testkit::skip::full();
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "regress") else { continue };
        let Some(folder) = corpus("postgres-regress/postgres") else { continue };
        let mut tally = Tally::default();
        let mut number = 0;
        for file in files(&folder, ".sql") {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            if !LEFT_OUT.contains(&name.as_str()) && (full || SAMPLE.contains(&name.as_str())) {
                wait(trial(&scene, &folder, &file, &name, &mut tally));
                number += 1;
            }
        }
        let lost = tally.differing.len();
        let held = tally.objects - lost;
        figure(&format!(
            "{}: {held} of {} objects of {number} files came back; files refused by name: {:?}",
            version.key(),
            tally.objects,
            tally.refused
        ));
        assert!(tally.objects > if full { 1500 } else { 150 }, "only {} objects were made", tally.objects);
        assert!(tally.differing.is_empty(), "{:#?}", tally.differing);
    }
}

async fn trial(scene: &Scene, folder: &Path, file: &Path, name: &str, tally: &mut Tally) {
    let (first, second) = (scene.name("a"), scene.name("b"));
    drop(scene.database(&first).await);
    let maintenance = scene.connect("postgres").await;
    let limit = format!("ALTER DATABASE \"{first}\" SET statement_timeout = '4s'");
    maintenance.batch_execute(&limit).await.unwrap();
    for path in [folder.join("regression_suite/test_setup.sql"), file.to_path_buf()] {
        attempt(scene, &first, &std::fs::read_to_string(path).unwrap()).await;
    }
    end_prepared(scene, &first).await;
    match scene.inspect(&first).await {
        Ok(schema) => compare_copies(scene, &schema, &second, name, tally).await,
        Err(error) => {
            assert_eq!(error.class, ErrorClass::Unsupported, "{name}: {error}");
            tally.refused.push(format!("{name}: {error}"));
        }
    }
    scene.remove(&first).await;
    scene.remove(&second).await;
}

/// Runs what can be run without `psql`: lines for it are left out, and so is what would read rows from the client.
async fn attempt(scene: &Scene, database: &str, text: &str) {
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with('\\') || *line == "\\.").collect();
    let Ok(statements) = stead_sql::split(&kept.join("\n"), EngineKind::Postgres) else { return };
    let mut client = scene.connect(database).await;
    let _ = client.batch_execute("RESET statement_timeout").await;
    for statement in statements {
        let lower = statement.text.to_lowercase();
        let cluster = ["database", "system", "tablespace"]
            .iter()
            .any(|word| ["create", "alter", "drop"].iter().any(|verb| lower.starts_with(&format!("{verb} {word}"))));
        if cluster || lower.contains("from stdin") || lower.contains("to stdout") {
            continue;
        }
        let _its_error_is_part_of_the_test = client.batch_execute(&statement.text).await;
        if client.is_closed() {
            client = scene.connect(database).await;
        }
    }
}

/// Rolls back what a file has prepared and left: nobody else would, and the database could not be removed.
async fn end_prepared(scene: &Scene, database: &str) {
    let client = scene.connect(database).await;
    let prepared = "SELECT quote_literal(gid) FROM pg_prepared_xacts WHERE database = current_database()";
    for row in client.query(prepared, &[]).await.unwrap() {
        client.batch_execute(&format!("ROLLBACK PREPARED {}", row.get::<_, &str>(0))).await.unwrap();
    }
}

async fn compare_copies(scene: &Scene, schema: &Schema, copy: &str, name: &str, tally: &mut Tally) {
    let client = scene.database(copy).await;
    tally.objects += schema.tables.len() + schema.views.len() + schema.triggers.len() + schema.objects.len();
    let statements = stead_sql::write(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    for statement in statements {
        if let Err(error) = client.batch_execute(&statement.sql).await {
            tally.differing.push(format!("{name}: {}: {}", crate::scene::reason(&error), statement.sql));
        }
    }
    match scene.inspect(copy).await {
        Ok(again) => {
            let differences = compare(&again, schema).into_iter().map(|difference| format!("{name}: {difference}"));
            tally.differing.extend(differences);
        }
        Err(error) => tally.differing.push(format!("{name}: the copy is refused: {error}")),
    }
}
