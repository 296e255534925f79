//! Inspections of what SQLite can hold, and of what stands in no pragma.

use stead_engine::{ErrorClass, Session as _};
use stead_schema::Schema;
use stead_schema::model::{Table, TableKind};

use super::text;
use crate::apply::SqliteSession;
use crate::connect::Settings;

async fn inspected(statements: &[&str]) -> Schema {
    let mut session = SqliteSession::scratch(&Settings::default()).await.unwrap();
    for statement in statements {
        session.execute(statement, &[]).await.unwrap();
    }
    session.inspect().await.unwrap()
}

async fn table(statements: &[&str]) -> Table {
    inspected(statements).await.tables.remove(0)
}

#[tokio::test]
async fn columns_say_everything() {
    let table = table(&["CREATE TABLE t (\n\
         id INTEGER PRIMARY KEY AUTOINCREMENT,\n\
         name VARCHAR(20) NOT NULL ON CONFLICT IGNORE COLLATE nocase DEFAULT 'a,b(',\n\
         at TEXT DEFAULT CURRENT_TIMESTAMP, bare, -- has no type\n\
         twice INT GENERATED ALWAYS AS (id*2) STORED, thrice INT AS (id * 3))"])
    .await;
    let column = |name: &str| table.column(name).unwrap();
    assert_eq!(column("id").identity.as_deref(), Some("autoincrement"));
    let name = column("name");
    assert_eq!((name.data_type.as_str(), name.nullable), ("VARCHAR(20)", false));
    assert_eq!(name.collation.as_deref(), Some("NOCASE"));
    assert_eq!(name.default.as_deref(), Some("'a,b('"));
    assert_eq!(name.options["on conflict"], "ignore");
    assert_eq!(column("at").default.as_deref(), Some("current_timestamp"));
    assert_eq!((column("bare").data_type.as_str(), column("bare").collation.clone()), ("", None));
    let generated = |name: &str| column(name).generated.clone().map(|made| (made.expression, made.stored));
    assert_eq!(generated("twice"), Some(("id * 2".to_owned(), true)));
    assert_eq!(generated("thrice"), Some(("id * 3".to_owned(), false)));
    assert_eq!(column("twice").data_type, "INT");
}

#[tokio::test]
async fn keys_say_everything() {
    let schema = inspected(&[
        "CREATE TABLE p (a TEXT, b TEXT COLLATE NOCASE, c, CONSTRAINT main PRIMARY KEY (b, a DESC) ON CONFLICT REPLACE, \
         CONSTRAINT once UNIQUE (c, a COLLATE RTRIM)) WITHOUT ROWID",
        "CREATE TABLE q (x, y, z REFERENCES \"p\", CONSTRAINT both FOREIGN KEY (x, y) REFERENCES p (b, a) \
         ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED)",
    ])
    .await;
    let p = schema.table("p").unwrap();
    let key = p.primary_key.as_ref().unwrap();
    assert_eq!((key.name.as_deref(), key.columns.as_slice()), (Some("main"), &["b".to_owned(), "a".to_owned()][..]));
    assert_eq!(key.options["on conflict"], "replace");
    assert_eq!(key.options["descending"], "a");
    let once = &p.unique_keys[0];
    assert_eq!((once.name.as_deref(), once.columns.as_slice()), (Some("once"), &["c".to_owned(), "a".to_owned()][..]));
    assert_eq!(once.options["collation"], "a RTRIM");
    assert_eq!(p.options.keys().collect::<Vec<_>>(), ["without rowid"]);
    let q = schema.table("q").unwrap();
    let both = q.foreign_keys.iter().find(|key| key.columns.len() == 2).unwrap();
    assert_eq!(both.name.as_deref(), Some("both"));
    assert_eq!((both.on_delete.as_str(), both.on_update.as_str()), ("SET NULL", "CASCADE"));
    assert_eq!(both.target_columns, ["b", "a"]);
    assert_eq!(both.options["deferrable"], "initially deferred");
    let single = q.foreign_keys.iter().find(|key| key.columns == ["z"]).unwrap();
    assert_eq!((single.name.as_deref(), single.target_columns.len(), single.options.len()), (None, 0, 0));
}

#[tokio::test]
async fn indexes_say_everything() {
    let table = table(&[
        "CREATE TABLE t (a TEXT COLLATE NOCASE, b, c)",
        "CREATE UNIQUE INDEX i1 ON t (a, b DESC, c COLLATE NOCASE) WHERE b > 1 AND c IN ('x', ',)')",
        "CREATE INDEX \"odd \"\"ON\"\" name\" ON t (substr(a, 1, 3) COLLATE RTRIM DESC, b || '(' , a COLLATE BINARY)",
    ])
    .await;
    let first = &table.indexes[0];
    assert!(first.unique);
    assert_eq!(first.condition.as_deref(), Some("b > 1 and c in ('x', ',)')"));
    let parts: Vec<_> =
        first.parts.iter().map(|part| (part.expression.as_str(), part.computed, part.descending)).collect();
    assert_eq!(parts, [("a", false, false), ("b", false, true), ("c", false, false)]);
    let collations: Vec<_> = first.parts.iter().map(|part| part.collation.as_deref()).collect();
    assert_eq!(collations, [None, None, Some("NOCASE")]);
    let odd = &table.indexes[1];
    assert_eq!(odd.name, "odd \"ON\" name");
    let parts: Vec<_> =
        odd.parts.iter().map(|part| (part.expression.as_str(), part.computed, part.descending)).collect();
    assert_eq!(parts, [("substr(a, 1, 3)", true, true), ("b || '('", true, false), ("a", false, false)]);
    let collations: Vec<_> = odd.parts.iter().map(|part| part.collation.as_deref()).collect();
    assert_eq!(collations, [Some("RTRIM"), None, Some("BINARY")]);
}

#[tokio::test]
async fn checks_views_and_triggers_are_read() {
    let schema = inspected(&[
        "CREATE TABLE t (a INT CHECK (a > 0), b INT CONSTRAINT small CHECK (b < 9), CHECK (a <> b))",
        "CREATE VIEW v (x, y) AS SELECT a,  b -- both\nFROM t AS u",
        "CREATE TRIGGER g AFTER INSERT ON t WHEN new.a > 1 BEGIN UPDATE t SET b = 1; DELETE FROM t WHERE a = 2; END",
        "CREATE TRIGGER h INSTEAD OF DELETE ON v BEGIN SELECT 1; END",
    ])
    .await;
    let checks: Vec<_> =
        schema.tables[0].checks.iter().map(|check| (check.name.as_deref(), check.expression.as_str())).collect();
    assert_eq!(checks, [(None, "a <> b"), (None, "a > 0"), (Some("small"), "b < 9")]);
    assert_eq!(schema.views[0].query, "select a, b from t as u");
    assert_eq!(schema.views[0].options["columns"], "x, y");
    let triggers: Vec<_> =
        schema.triggers.iter().map(|trigger| (trigger.name.to_string(), trigger.table.to_string())).collect();
    assert_eq!(triggers, [("g".to_owned(), "t".to_owned()), ("h".to_owned(), "v".to_owned())]);
}

#[tokio::test]
async fn own_tables_are_left_out_and_others_on_them_are_not() {
    let mut session = SqliteSession::scratch(&Settings::default()).await.unwrap();
    for statement in stead_sql::ledger::create(stead_schema::EngineKind::Sqlite) {
        session.execute(statement, &[]).await.unwrap();
    }
    session.execute("CREATE TABLE stead_of_mind (x)", &[]).await.unwrap();
    let schema = session.inspect().await.unwrap();
    assert_eq!(schema.tables.iter().map(|table| table.name.to_string()).collect::<Vec<_>>(), ["stead_of_mind"]);
    session.execute("CREATE VIEW spy AS SELECT * FROM stead_ledger", &[]).await.unwrap();
    session.execute("CREATE INDEX people_made ON stead_ledger (app)", &[]).await.unwrap();
    let error = session.inspect().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert!(error.message.contains("`people_made`"), "{error}");
    session.execute("DROP INDEX people_made", &[]).await.unwrap();
    assert_eq!(session.inspect().await.unwrap().views.len(), 1);
}

/// Broken views, unknown collations and odd names are no reason to fail.
#[tokio::test]
async fn odd_things_are_read() {
    let schema = inspected(&[
        "CREATE VIEW broken AS SELECT * FROM nothing_like_that",
        "CREATE TABLE \"quo\"\"te'd tab\nle\" (\"co'l\" \"odd type\" DEFAULT (1 + 1), \"select\", \u{fc}ber)",
        "CREATE TABLE copied AS SELECT 1 AS a, 'x' AS b",
        "CREATE VIRTUAL TABLE f USING fts5(title, body, tokenize = 'porter ascii')",
        "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)",
    ])
    .await;
    let odd = schema.table("quo\"te'd tab\nle").unwrap();
    assert_eq!(
        odd.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(),
        ["co'l", "select", "\u{fc}ber"]
    );
    assert_eq!(odd.columns[0].default.as_deref(), Some("1 + 1"));
    assert_eq!(schema.table("copied").unwrap().columns.len(), 2);
    assert!(matches!(&schema.table("f").unwrap().kind, TableKind::Virtual(module) if module.starts_with("fts5(")));
    assert_eq!(schema.table("f_data").unwrap().kind, TableKind::Shadow);
    assert_eq!(schema.table("r_node").unwrap().kind, TableKind::Shadow);
}

#[test]
fn statements_that_are_none_are_not_read() {
    for sql in ["", "CREATE INDEX", "CREATE INDEX i ON t", "CREATE INDEX i ON t (a", "SELECT 1"] {
        assert_eq!(text::index(sql), None, "{sql}");
    }
    for sql in ["", "CREATE VIEW", "CREATE VIEW v", "CREATE VIEW v (a"] {
        assert_eq!(text::view(sql), None, "{sql}");
    }
    assert_eq!(text::module("CREATE TABLE t (a)"), None);
}

/// SQLite writes a table's new name in quotes wherever the old one stood.
#[tokio::test]
async fn a_renamed_table_is_like_one_that_was_made_so() {
    let objects = |table: &str| {
        [
            format!("CREATE TABLE {table} (a INT, b TEXT, s TEXT AS (b || 'x'), CHECK ({table}.a > 0))"),
            format!("CREATE TABLE other (x REFERENCES {table}, kind TEXT CHECK (kind IN ('goods', 'x')))"),
            format!("CREATE INDEX i ON {table} (lower(b)) WHERE a > 1"),
            format!(
                "CREATE VIEW v AS SELECT {table}.a, 'goods' AS kind FROM {table} JOIN other ON {table}.a = other.x"
            ),
            format!(
                "CREATE TRIGGER g AFTER UPDATE OF a ON {table} WHEN new.a > 1 BEGIN \
                     INSERT INTO {table} (a) SELECT a FROM {table} WHERE {table}.b = 'goods'; \
                     UPDATE {table} SET b = 1; DELETE FROM {table} WHERE a = 2; END"
            ),
        ]
    };
    let made = objects("goods");
    let mut renamed = objects("things").to_vec();
    renamed.push("ALTER TABLE things RENAME TO goods".to_owned());
    let made = inspected(&made.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let renamed = inspected(&renamed.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(renamed.views[0].definition.as_ref().unwrap().contains("\"goods\""), "{:?}", renamed.views);
    assert_eq!(stead_schema::compare(&renamed, &made), []);
    // What may be a text keeps its quotes.
    let text =
        inspected(&["CREATE TABLE goods (a)", "CREATE VIEW v AS SELECT \"goods\" AS kind, \"Goods\".a FROM \"goods\""]);
    assert_eq!(text.await.views[0].query, "select \"goods\" as kind, goods.a from goods");
}
