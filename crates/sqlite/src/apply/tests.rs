//! What statements can do to a session's transaction, and what is said about it.

use stead_engine::{EngineError, ErrorClass, Session, TransactionKind, Value};

use super::SqliteSession;
use crate::connect::Settings;

/// Runs statements one after the other and gives the first error.
async fn all(session: &mut SqliteSession, statements: &[&str]) -> Result<(), EngineError> {
    for statement in statements {
        session.execute(statement, &[]).await?;
    }
    Ok(())
}

async fn scratch(statements: &[&str]) -> SqliteSession {
    let mut session = SqliteSession::scratch(&Settings::default()).await.unwrap();
    all(&mut session, statements).await.unwrap();
    session
}

async fn number(session: &mut SqliteSession, sql: &str) -> i64 {
    session.query(sql, &[]).await.unwrap()[0][0].as_integer().unwrap()
}

#[tokio::test]
async fn statements_that_return_rows_can_be_executed() {
    let mut session = scratch(&["CREATE TABLE a (b)", "PRAGMA user_version", "SELECT 1"]).await;
    assert_eq!(session.execute("INSERT INTO a VALUES (1), (2) RETURNING b", &[]).await.unwrap(), 2);
    assert_eq!(session.execute("SELECT * FROM a", &[]).await.unwrap(), 0);
    let rows = session.query("UPDATE a SET b = b + ?1 RETURNING b", &[Value::Integer(5)]).await.unwrap();
    assert_eq!(rows, [[Value::Integer(6)], [Value::Integer(7)]]);
}

#[tokio::test]
async fn one_statement_at_a_time() {
    let mut session = scratch(&[]).await;
    let error = session.execute("CREATE TABLE a (b); CREATE TABLE c (d)", &[]).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Syntax);
    session.execute("CREATE TABLE a (b); -- and that is all\n", &[]).await.unwrap();
    for nothing in ["", " ", ";", "/* nothing */"] {
        session.execute(nothing, &[]).await.unwrap();
    }
}

/// `ON CONFLICT ROLLBACK` ends the transaction with an error; what follows must not run outside of one unnoticed.
#[tokio::test]
async fn a_transaction_that_sqlite_took_back_is_over() {
    let mut session = scratch(&["CREATE TABLE a (b UNIQUE ON CONFLICT ROLLBACK)", "INSERT INTO a VALUES (1)"]).await;
    for kind in [TransactionKind::Write, TransactionKind::Schema] {
        session.begin(kind).await.unwrap();
        session.execute("INSERT INTO a VALUES (2)", &[]).await.unwrap();
        let error = session.execute("INSERT INTO a VALUES (1)", &[]).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Constraint);
        assert!(error.hints.iter().any(|hint| hint.contains("taken the whole transaction back")), "{error:?}");
        assert_eq!(session.commit().await.unwrap_err().class, ErrorClass::Refused);
        session.rollback().await.unwrap();
        assert_eq!(number(&mut session, "SELECT count(*) FROM a").await, 1);
        assert_eq!(number(&mut session, "PRAGMA foreign_keys").await, 1);
    }
}

#[tokio::test]
async fn savepoints_are_let_through() {
    let mut session = scratch(&["CREATE TABLE a (b)"]).await;
    session.begin(TransactionKind::Schema).await.unwrap();
    let statements = ["SAVEPOINT one", "INSERT INTO a VALUES (1)", "ROLLBACK TO one", "RELEASE one"];
    all(&mut session, &statements).await.unwrap();
    session.execute("INSERT INTO a VALUES (2)", &[]).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(number(&mut session, "SELECT sum(b) FROM a").await, 2);
}

#[tokio::test]
async fn every_word_that_ends_a_transaction_is_refused() {
    let mut session = scratch(&["CREATE TABLE a (b)"]).await;
    for word in ["COMMIT", "END", "end transaction", "ROLLBACK", "BEGIN", "/* x */ commit"] {
        session.begin(TransactionKind::Schema).await.unwrap();
        session.execute("INSERT INTO a VALUES (1)", &[]).await.unwrap();
        let error = session.execute(word, &[]).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Refused, "{word}");
        assert_eq!(number(&mut session, "SELECT count(*) FROM a").await, 0, "{word} has kept something");
        session.rollback().await.unwrap();
    }
    all(&mut session, &["BEGIN", "INSERT INTO a VALUES (1)"]).await.unwrap();
    assert_eq!(session.begin(TransactionKind::Write).await.unwrap_err().class, ErrorClass::Refused);
    all(&mut session, &["COMMIT"]).await.unwrap();
    assert_eq!(number(&mut session, "SELECT count(*) FROM a").await, 1);
}

const FAMILY: [&str; 4] = [
    "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent)",
    "INSERT INTO parent VALUES (1), (2)",
    "INSERT INTO child VALUES (10, 1), (20, 2)",
];

async fn broken_family() -> SqliteSession {
    let mut session = scratch(&FAMILY).await;
    all(&mut session, &["PRAGMA foreign_keys = OFF", "DELETE FROM parent WHERE id = 2", "PRAGMA foreign_keys = ON"])
        .await
        .unwrap();
    session
}

async fn revision(session: &mut SqliteSession, statements: &[&str]) -> Result<(), EngineError> {
    session.begin(TransactionKind::Schema).await?;
    all(session, statements).await?;
    session.commit().await
}

#[tokio::test]
async fn new_orphans_are_refused_and_named() {
    let mut session = scratch(&FAMILY).await;
    let error = revision(&mut session, &["DELETE FROM parent WHERE id = 2"]).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Constraint);
    for word in ["`child`", "rowid 20", "`parent`", "1 row "] {
        assert!(error.message.contains(word), "{error}");
    }
    assert_eq!(number(&mut session, "SELECT count(*) FROM parent").await, 2);
    assert_eq!(number(&mut session, "PRAGMA foreign_keys").await, 1);
}

#[tokio::test]
async fn old_orphans_are_tolerated_under_any_name() {
    let mut session = broken_family().await;
    revision(&mut session, &["ALTER TABLE child ADD COLUMN note"]).await.unwrap();
    revision(&mut session, &["ALTER TABLE child RENAME TO offspring"]).await.unwrap();
    revision(&mut session, &["ALTER TABLE parent RENAME TO ancestor"]).await.unwrap();
    let error = revision(&mut session, &["DELETE FROM ancestor"]).await.unwrap_err();
    assert!(error.message.contains("1 row of `offspring`"), "{error}");
    revision(&mut session, &["DELETE FROM offspring WHERE id = 20", "DELETE FROM offspring WHERE id = 10"])
        .await
        .unwrap();
}

/// A key to columns that are not unique makes SQLite refuse every check, not only its own.
#[tokio::test]
async fn keys_that_make_no_sense_do_not_hide_the_others() {
    let mut session = scratch(&FAMILY).await;
    all(&mut session, &["CREATE TABLE target (name)", "CREATE TABLE odd (name REFERENCES target (name))"])
        .await
        .unwrap();
    revision(&mut session, &["CREATE TABLE more (x)"]).await.unwrap();
    let error = revision(&mut session, &["DELETE FROM parent"]).await.unwrap_err();
    assert!(error.message.contains("`child`"), "{error}");
    let error = revision(&mut session, &["CREATE TABLE newer (name REFERENCES target (name))"]).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Constraint);
    assert!(error.message.contains("`newer`") && error.message.contains("mismatch"), "{error}");
}

#[tokio::test]
async fn deferred_violations_fail_the_commit_and_leave_nothing_open() {
    let mut session = scratch(&["CREATE TABLE parent (id INTEGER PRIMARY KEY)"]).await;
    let child = "CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)";
    all(&mut session, &[child]).await.unwrap();
    session.begin(TransactionKind::Write).await.unwrap();
    session.execute("INSERT INTO child VALUES (7)", &[]).await.unwrap();
    assert_eq!(session.commit().await.unwrap_err().class, ErrorClass::Constraint);
    assert_eq!(number(&mut session, "SELECT count(*) FROM child").await, 0);
    session.begin(TransactionKind::Write).await.unwrap();
    session.commit().await.unwrap();
}

#[tokio::test]
async fn a_stream_reports_an_error_in_the_middle() {
    let mut session = scratch(&["CREATE TABLE a (b)", "INSERT INTO a VALUES ('x'), (CAST(x'ff' AS TEXT))"]).await;
    let mut stream = session.stream("SELECT b FROM a", 1).await.unwrap();
    assert_eq!(stream.next().await.unwrap(), [[Value::from("x")]]);
    let error = stream.next().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert!(stream.next().await.unwrap().is_empty());
    drop(stream);
    assert_eq!(number(&mut session, "SELECT count(*) FROM a").await, 2);
}

/// Dropping the stream cuts the query short, and nothing of that reaches the next statement.
#[tokio::test]
async fn an_abandoned_stream_leaves_no_interrupt_behind() {
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i % 1000003 = 0";
    let mut session = scratch(&["CREATE TABLE a (b)"]).await;
    for _time in 0..20 {
        let mut stream = session.stream(endless, 1).await.unwrap();
        stream.next().await.unwrap();
        drop(stream);
        session.execute("INSERT INTO a VALUES (1)", &[]).await.unwrap();
    }
    assert_eq!(number(&mut session, "SELECT count(*) FROM a").await, 20);
}

#[tokio::test]
async fn a_dropped_session_cuts_its_query_short() {
    let session = scratch(&[]).await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let began = std::time::Instant::now();
    let query = session.run(move |worker| worker.query(endless, &[]));
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(100), query).await;
    assert!(given_up.is_err());
    drop(session);
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}
