//! The independent judge: every object of a database as the server prints it, found through `information_schema` and not through
//! our inspection. Left out are the database's own name, where a counter stands, and the order of constraints in a
//! table and of a storage engine's options, which is no part of the schema: they are sorted.

use std::collections::BTreeMap;

use stead_engine::{Session, Value};
use stead_sql::quote::identifier;

/// Objects by kind and name, with all the server says of them.
pub(crate) async fn judge(session: &mut dyn Session) -> BTreeMap<String, String> {
    apply_settings(session).await;
    let database = texts(session, "SELECT DATABASE()").await.remove(0).remove(0);
    let mut objects = BTreeMap::new();
    let listed = "SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";
    for row in texts(session, listed).await {
        let what = if row[0] == "VIEW" { "VIEW" } else { "TABLE" };
        let shown = show(session, what, &row[1]).await;
        let text = if what == "VIEW" { format!("{} {}", shown[1], shown[3]) } else { table(&shown[1]) };
        objects.insert(format!("{} {}", row[0], row[1]), text.replace(&format!("`{database}`."), ""));
    }
    let listed = "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()";
    for row in texts(session, listed).await {
        let shown = show(session, &row[0], &row[1]).await;
        objects.insert(row.join(" "), format!("{} {} {} {}", shown[1], shown[2], shown[4], shown[5]));
    }
    let listed = "SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()";
    for row in texts(session, listed).await {
        let shown = show(session, "EVENT", &row[1]).await;
        objects.insert(row.join(" "), format!("{} {} {} {} {}", shown[1], shown[2], shown[3], shown[5], shown[6]));
    }
    let listed = "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, ACTION_STATEMENT, \
                  SQL_MODE, DEFINER, COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()";
    for row in texts(session, listed).await {
        objects.insert(format!("TRIGGER {}", row[0]), row.join("\n"));
    }
    objects
}

async fn apply_settings(session: &mut dyn Session) {
    session.execute("SET sql_mode = '', time_zone = '+00:00'", &[]).await.unwrap();
}

async fn show(session: &mut dyn Session, what: &str, name: &str) -> Vec<String> {
    let query = format!("SHOW CREATE {what} {}", identifier(name, session.kind()));
    texts(session, &query).await.remove(0)
}

pub(crate) async fn texts(session: &mut dyn Session, query: &str) -> Vec<Vec<String>> {
    let rows = session.query(query, &[]).await.unwrap_or_else(|error| panic!("{error:?}: {query}"));
    let text = |value: Value| match value {
        Value::Text(text) => text,
        Value::Null => "NULL".to_owned(),
        Value::Blob(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => format!("{other:?}"),
    };
    rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}

/// A table's text with its constraints sorted and without the counter.
fn table(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect();
    let is_constraint = |line: &String| line.starts_with("  CONSTRAINT ");
    let mut constraints: Vec<String> = lines.iter().filter(|line| is_constraint(line)).cloned().collect();
    constraints.sort();
    let mut constraints = constraints.into_iter();
    lines.iter_mut().filter(|line| is_constraint(line)).for_each(|line| *line = constraints.next().unwrap());
    let counter = |line: &String| match line.split_once(" AUTO_INCREMENT=") {
        Some((head, tail)) if line.starts_with(')') => {
            format!("{head}{}", tail.trim_start_matches(|letter: char| letter.is_ascii_digit()))
        }
        _ => line.clone(),
    };
    let sorted = |line: String| match line.split_once(" `") {
        // MariaDB prints the options of a storage engine in the order in which they were first said.
        Some((head, tail)) if line.starts_with(") ENGINE") => {
            let mut options: Vec<&str> = tail.split(" `").collect();
            options.sort_unstable();
            format!("{head} `{}", options.join(" `"))
        }
        _ => line,
    };
    lines.iter().map(counter).map(sorted).collect::<Vec<_>>().join("\n")
}
