use proptest::prelude::*;

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

proptest! {
    #[test]
    fn no_text_makes_it_panic(tail in texts(), words in "(CONSTRAINT|CHECK|\\(|\\)|,|DEFAULT|REFERENCES|AS|NOT|ON|KEY|PRIMARY| |a){0,30}") {
        _ = sqlite_table_clauses(&format!("CREATE TABLE t ({words}{tail}"));
        _ = sqlite_table_clauses(&tail);
    }
}
