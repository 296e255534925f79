//! The splitter and the reading of clauses on schemas that others wrote. The corpus is no part of the repository; without it
//! the test says so and passes.

use std::path::{Path, PathBuf};

use stead_schema::EngineKind;
use stead_sql::{split, sqlite_table_clauses};

/// Where the corpus of real schemas lies, if it does.
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let path = std::env::var_os("STEAD_CORPUS").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

fn sql_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the corpus") {
        let path = entry.expect("an entry of the corpus").path();
        if path.is_dir() {
            sql_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

#[test]
fn every_table_of_the_corpus_has_columns() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus of schemas at ../shared/corpus or in STEAD_CORPUS");
        return;
    };
    let mut files = Vec::new();
    sql_files(&corpus.join("schemas/sqlite"), &mut files);
    for history in ["authelia-sqlite", "gitness-sqlite", "memos-sqlite", "atuin/crates/atuin-client"] {
        sql_files(&corpus.join("histories").join(history), &mut files);
    }
    let mut tables = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let statements = split(&text, EngineKind::Sqlite).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for statement in statements.iter().filter(|one| one.leading == "CREATE TABLE") {
            tables += 1;
            let selects = statement.text.to_lowercase().contains("as\nselect")
                || statement.text.to_lowercase().contains("as select");
            let clauses = sqlite_table_clauses(&statement.text);
            assert!(selects || !clauses.columns.is_empty(), "{}: {}", file.display(), statement.text);
            let words = ["constraint", "primary", "unique", "check", "foreign", ""];
            assert!(words.iter().all(|word| !clauses.columns.contains_key(*word)), "{}", statement.text);
        }
    }
    assert!(files.len() > 100 && tables > 100, "{} files, {tables} tables", files.len());
}
