//! What a database looks like, written out so that two can be compared: the text of its schema, what SQLite itself makes of
//! that text, and every row of every table. stead's own tables are left out, and so is the moment of a clock.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Lines by the thing they are about.
pub(crate) type Picture = BTreeMap<String, Vec<String>>;

const OURS: &str = "name NOT LIKE 'stead\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'stead\\_%' ESCAPE '\\'";

/// Everything about a database.
#[track_caller]
pub(crate) fn whole(database: &Path) -> Picture {
    let connection = Connection::open(database).expect("the corpus and the files made from it are sound");
    let mut picture = schema_of(&connection);
    for table in tables_of(&connection) {
        picture.insert(format!("rows of {table}"), rows_of(&connection, &table));
    }
    if picture.contains_key("table sqlite_sequence") {
        let sequence = "SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE 'stead\\_%' ESCAPE '\\' ORDER BY 1";
        picture.insert("rows of sqlite_sequence".to_owned(), lines(&connection, sequence));
    }
    picture
}

/// The columns of every table without regard to their order and defaults, for two ways that shall lead to the same schema.
#[track_caller]
pub(crate) fn columns(database: &Path) -> Picture {
    let connection = Connection::open(database).expect("the corpus and the files made from it are sound");
    let columns = |table: &String| {
        let query = format!(
            "SELECT name, upper(type), \"notnull\", pk > 0 FROM pragma_table_xinfo({}) ORDER BY 1",
            text(table)
        );
        (table.clone(), lines(&connection, &query))
    };
    tables_of(&connection).iter().map(columns).collect()
}

/// The tables that hold people's rows.
#[track_caller]
pub(crate) fn tables(database: &Path) -> Vec<String> {
    tables_of(&Connection::open(database).expect("the corpus and the files made from it are sound"))
}

/// Objects in the order of their making: kind, name, text.
#[track_caller]
pub(crate) fn objects(database: &Path) -> Vec<[String; 3]> {
    let connection = Connection::open(database).expect("the corpus and the files made from it are sound");
    let query = format!(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND {OURS} ORDER BY rowid"
    );
    let mut statement = connection.prepare(&query).expect("the corpus and the files made from it are sound");
    let rows = statement
        .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
        .expect("the corpus and the files made from it are sound");
    rows.map(Result::unwrap).collect()
}

/// What SQLite finds wrong with the file; `ok` if nothing is.
#[track_caller]
pub(crate) fn integrity(database: &Path) -> String {
    let connection = Connection::open(database).expect("the corpus and the files made from it are sound");
    connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("the corpus and the files made from it are sound")
}

fn schema_of(connection: &Connection) -> Picture {
    let mut picture = Picture::new();
    let query = format!("SELECT type || ' ' || name, sql, tbl_name FROM sqlite_schema WHERE {OURS}");
    let mut statement = connection.prepare(&query).expect("the corpus and the files made from it are sound");
    let objects = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("the corpus and the files made from it are sound");
    for object in objects {
        let (key, sql): (String, Option<String>) = object.expect("the corpus and the files made from it are sound");
        picture.insert(key, vec![words(&sql.unwrap_or_default())]);
    }
    // Without one of its own tables a database may never have needed this one.
    let sequences = picture.keys().any(|key| key == "table sqlite_sequence");
    let used = picture.values().flatten().any(|sql| sql.to_uppercase().contains("AUTOINCREMENT"));
    if sequences && !used {
        picture.remove("table sqlite_sequence");
    }
    for table in tables_of(connection) {
        let name = text(&table);
        let mut facts = lines(connection, &format!("SELECT 'column', * FROM pragma_table_xinfo({name})"));
        facts.extend(lines(connection, &format!("SELECT 'key', * FROM pragma_foreign_key_list({name})")));
        facts.extend(lines(
            connection,
            &format!(
                "SELECT 'index', l.name, l.\"unique\", l.origin, l.partial, x.name, x.\"desc\", x.coll, x.key \
                 FROM pragma_index_list({name}) l, pragma_index_xinfo(l.name) x ORDER BY l.name, x.seqno"
            ),
        ));
        picture.insert(format!("facts of {table}"), facts);
    }
    picture
}

fn tables_of(connection: &Connection) -> Vec<String> {
    let query = format!(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND {OURS} ORDER BY 1"
    );
    let mut statement = connection.prepare(&query).expect("the corpus and the files made from it are sound");
    let rows = statement.query_map([], |row| row.get(0)).expect("the corpus and the files made from it are sound");
    rows.map(Result::unwrap).collect()
}

fn rows_of(connection: &Connection, table: &str) -> Vec<String> {
    let mut rows = lines(connection, &format!("SELECT * FROM \"{}\"", table.replace('"', "\"\"")));
    rows.sort();
    rows
}

#[track_caller]
fn lines(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap_or_else(|error| panic!("{error} in {query}"));
    let columns = statement.column_count();
    let mut rows = statement.query([]).expect("the corpus and the files made from it are sound");
    let mut found = Vec::new();
    while let Some(row) = rows.next().expect("the corpus and the files made from it are sound") {
        let values: Vec<String> = (0..columns)
            .map(|at| value(row.get_ref(at).expect("the corpus and the files made from it are sound")))
            .collect();
        found.push(values.join(" | "));
    }
    found
}

fn value(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) if is_now(number) => "just now".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("real {number:?}"),
        ValueRef::Text(bytes) => of_text(bytes),
        ValueRef::Blob(bytes) => format!("blob {} {}", bytes.len(), blake3::hash(bytes)),
    }
}

/// Texts as they are; a date and time of the last day is the clock's, and both sides looked at it at their own moment.
fn of_text(bytes: &[u8]) -> String {
    static DAYS: OnceLock<[String; 2]> = OnceLock::new();
    let text = String::from_utf8_lossy(bytes);
    let timed = bytes.len() >= 19 && bytes[10..].contains(&b':');
    let days = DAYS.get_or_init(|| [day("-1 day"), day("+0 days")]);
    if timed && days.iter().any(|day| text.starts_with(day)) { "just now".to_owned() } else { format!("{text:?}") }
}

fn day(moved: &str) -> String {
    let connection = Connection::open_in_memory().expect("the corpus and the files made from it are sound");
    connection
        .query_row("SELECT date('now', ?)", [moved], |row| row.get(0))
        .expect("the corpus and the files made from it are sound")
}

/// Seconds or milliseconds since 1970 that lie within the last day.
fn is_now(number: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
    let now = i64::try_from(now).expect("seconds of our time fit");
    (now - 86_400..=now).contains(&number) || (now - 86_400..=now).contains(&(number / 1000))
}

fn words(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(name: &str) -> String {
    format!("'{}'", name.replace('\'', "''"))
}
