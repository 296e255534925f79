use std::path::{Path, PathBuf};

use proptest::prelude::*;
use stead_schema::EngineKind::Sqlite;

use super::{Check, Deferral, KeyKind, sqlite_table_clauses};
use crate::lex::tests::texts;

fn check(name: Option<&str>, expression: &str) -> Check {
    Check { name: name.map(str::to_owned), expression: expression.to_owned() }
}

#[test]
fn columns_tell_what_the_pragmas_do_not() {
    let found = sqlite_table_clauses(
        "CREATE TABLE \"Add Ons\" (
            [Id] INTEGER CONSTRAINT pk PRIMARY KEY ASC ON CONFLICT REPLACE AUTOINCREMENT,
            name VARCHAR(10, 2) CONSTRAINT nn NOT NULL ON CONFLICT IGNORE DEFAULT ('a, b') COLLATE BINARY COLLATE \"NoCase\",
            total INT GENERATED ALWAYS AS ( Price *  2 ) STORED CHECK (total > 0) CONSTRAINT small CHECK(total<10),
            price DEFAULT -1.5 CONSTRAINT one UNIQUE ON CONFLICT FAIL
        )",
    );
    assert_eq!(found.columns.keys().collect::<Vec<_>>(), ["id", "name", "price", "total"]);
    assert!(found.autoincrement);
    let name = &found.columns["name"];
    assert_eq!(name.collation.as_deref(), Some("NoCase"));
    assert_eq!((name.on_conflict.as_deref(), &name.idle_names[..]), (Some("ignore"), &["nn".to_owned()][..]));
    let total = &found.columns["total"];
    assert_eq!(total.generated.as_deref(), Some("price * 2"));
    assert_eq!(total.checks, [check(None, "total > 0"), check(Some("small"), "total < 10")]);
    let keys: Vec<_> =
        found.keys.iter().map(|key| (key.kind, key.name.as_deref(), key.on_conflict.as_deref())).collect();
    assert_eq!(keys, [(KeyKind::Primary, Some("pk"), Some("replace")), (KeyKind::Unique, Some("one"), Some("fail"))]);
    assert_eq!(found.keys[1].columns, ["price"]);
}

#[test]
fn foreign_keys_tell_names_and_deferral() {
    let found = sqlite_table_clauses(
        "create table t (a int references u(x) on delete set default on update no action match full deferrable initially deferred,
         b int constraint fb references \"W\" not deferrable initially deferred default 3 check (b),
         constraint k foreign key (a, B) references v (a,b) on delete set null deferrable,
         constraint p primary key (a collate nocase desc, b) on conflict abort unique (b), check (a > ')') constraint last check (b or a))",
    );
    let keys: Vec<_> =
        found.foreign_keys.iter().map(|key| (key.name.as_deref(), key.table.as_str(), key.deferral)).collect();
    assert_eq!(
        keys,
        [(None, "u", Deferral::Deferred), (Some("fb"), "W", Deferral::Never), (Some("k"), "v", Deferral::Immediate)]
    );
    assert_eq!(found.foreign_keys[2].columns, ["a", "b"]);
    assert_eq!(found.columns["b"].checks, [check(None, "b")]);
    assert_eq!(found.checks, [check(None, "a > ')'"), check(Some("last"), "b or a")]);
    assert_eq!(found.keys[0].columns, ["a", "b"]);
    assert_eq!((found.keys[0].name.as_deref(), found.keys[1].name.as_deref()), (Some("p"), None));
}

#[test]
fn other_texts_give_nothing() {
    assert_eq!(sqlite_table_clauses("CREATE VIRTUAL TABLE f USING fts5(a, b)"), super::TableClauses::default());
    assert_eq!(sqlite_table_clauses("CREATE INDEX i ON t (a)"), super::TableClauses::default());
    assert_eq!(sqlite_table_clauses(""), super::TableClauses::default());
}

/// Where the corpus of real schemas lies, if it does.
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let path = std::env::var_os("STEAD_CORPUS").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

fn sql_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
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
        let statements = crate::split(&text, Sqlite).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
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

proptest! {
    #[test]
    fn no_text_makes_it_panic(tail in texts(), words in "(CONSTRAINT|CHECK|\\(|\\)|,|DEFAULT|REFERENCES|AS|NOT|ON|KEY|PRIMARY| |a){0,30}") {
        _ = sqlite_table_clauses(&format!("CREATE TABLE t ({words}{tail}"));
        _ = sqlite_table_clauses(&tail);
    }
}
