//! MySQL and MariaDB: what a database there looks like, by what the server itself prints of every object, and rows to put
//! into it. Where a counter stands counts as rows; the order of the keys of a table is no part of its schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use stead_testkit::servers::TestServer;

use super::client::Client;
use crate::picture::Picture;

/// Everything that has a `SHOW CREATE`: kind, name.
const LISTED: &str = "SELECT IF(TABLE_TYPE = 'VIEW', 'VIEW', 'TABLE'), TABLE_NAME FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'stead\\_%'
UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
UNION ALL SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE();
";

/// What `SHOW CREATE TRIGGER` leaves out, and the settings of the database itself.
const BESIDES: &str = "SELECT CONCAT('trigger order ', TRIGGER_NAME), CONCAT_WS(' ', EVENT_OBJECT_TABLE, ACTION_TIMING,
  EVENT_MANIPULATION, ACTION_ORDER) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE();
SELECT 'database', CONCAT_WS(' ', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA
  WHERE SCHEMA_NAME = DATABASE();
";

/// A column that can be written to.
struct Column {
    name: String,
    /// `int`, `varchar`, …
    kind: String,
    /// With its length and values, as in `enum('a','b')`.
    full: String,
    /// Characters, where it has that many.
    length: Option<usize>,
}

/// A step in one piece, so that the server finds the ends of its statements and not the client, which would see one in the
/// middle of a procedure. A text that tells the client what ends a statement is left as it is.
pub(crate) fn step(text: &str) -> String {
    if text.contains("DELIMITER") { format!("{text}\n") } else { format!("DELIMITER ~~~\n{text}\n~~~\nDELIMITER ;\n") }
}

/// Everything about a database; `masked` leaves out what the clock made.
pub(crate) fn picture(client: &Client, database: &str, masked: bool) -> Picture {
    let mut picture = Picture::new();
    let listed = client.rows(database, &[], LISTED);
    let mut script = "SET sql_mode = '', time_zone = '+00:00';\n".to_owned();
    for object in &listed {
        let (kind, name) = (&object[0], &object[1]);
        writeln!(script, "SELECT '\u{1e}', '{kind}', {};\nSHOW CREATE {kind} {};", text(name), quoted(name))
            .expect("a text grows");
    }
    let mut thing = String::new();
    for row in client.rows(database, &[], &script) {
        if row[0] == "\u{1e}" {
            thing = row[1..].join(" ");
            continue;
        }
        let lines =
            row.iter().flat_map(|value| value.split("\\n")).map(|line| line.replace(&format!("`{database}`."), ""));
        picture.insert(thing.clone(), without_order(&thing, lines.collect()));
    }
    let tables = columns(client, database);
    let rows = tables.iter().map(|(table, columns)| digest(table, columns, masked)).collect::<String>();
    for row in client.rows(database, &[], &format!("{BESIDES}{}{rows}", counters(&tables))) {
        picture.entry(row[0].clone()).or_default().push(row[1..].join(" "));
    }
    picture
}

/// A table's lines without its counter, and with its keys and constraints sorted: in which order they were made says nothing.
/// A trigger's lines without the moment of its making.
fn without_order(thing: &str, mut lines: Vec<String>) -> Vec<String> {
    if thing.starts_with("TRIGGER ") {
        lines.retain(|line| line.len() < 10 || !line.as_bytes()[..4].iter().all(u8::is_ascii_digit));
    }
    if !thing.starts_with("TABLE ") {
        return lines;
    }
    for line in &mut lines {
        if let Some((head, tail)) = line.split_once(" AUTO_INCREMENT=") {
            *line = format!("{head}{}", tail.trim_start_matches(|letter: char| letter.is_ascii_digit()));
        }
        *line = line.trim_end_matches(',').to_owned();
    }
    let is_key = |line: &&String| line.starts_with("  ") && !line.starts_with("  `");
    let mut keys: Vec<String> = lines.iter().filter(is_key).cloned().collect();
    keys.sort();
    lines.retain(|line| !is_key(&line));
    lines.extend(keys);
    lines
}

/// Where the counters of tables that have one stand. MySQL looks only now and then unless it is told to.
fn counters(tables: &BTreeMap<String, Vec<Column>>) -> String {
    if tables.is_empty() {
        return String::new();
    }
    "SET /*!80000 information_schema_stats_expiry = 0, */ @unused = 0;
     SELECT CONCAT('counter of ', TABLE_NAME), AUTO_INCREMENT FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND AUTO_INCREMENT IS NOT NULL AND TABLE_NAME NOT LIKE 'stead\\_%';\n"
        .to_owned()
}

/// The columns of every table that are not computed, in their order.
fn columns(client: &Client, database: &str) -> BTreeMap<String, Vec<Column>> {
    let query = "SELECT c.TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, EXTRA
      FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND c.TABLE_NAME NOT LIKE 'stead\\_%'
      ORDER BY c.TABLE_NAME, ORDINAL_POSITION;";
    let documents = documents(client, database);
    let mut tables = BTreeMap::<String, Vec<Column>>::new();
    for row in client.rows(database, &[], query) {
        let [table, name, mut kind, full, length, extra] =
            <[String; 6]>::try_from(row).expect("as many as were asked for");
        if documents.contains(&format!("{table} json_valid({})", quoted(&name))) {
            kind = "json".to_owned();
        }
        let columns = tables.entry(table).or_default();
        if !["VIRTUAL GENERATED", "STORED GENERATED"].iter().any(|computed| extra.contains(computed)) {
            columns.push(Column { name, kind, full, length: length.parse().ok() });
        }
    }
    tables
}

/// Columns for JSON are texts with a check on MariaDB: the table and what is checked.
fn documents(client: &Client, database: &str) -> BTreeSet<String> {
    if client.server != TestServer::Mariadb {
        return BTreeSet::new();
    }
    let query = "SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE();";
    client.rows(database, &[], query).into_iter().map(|row| row.join(" ")).collect()
}

/// How many rows a table has, and a sum over all of them that does not depend on their order. Numbers that are not exact go
/// through the type that prints all their digits, since the other one does not.
fn digest(table: &str, columns: &[Column], masked: bool) -> String {
    let value = |column: &Column| {
        let name = quoted(&column.name);
        let value = match column.kind.as_str() {
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "binary" | "varbinary"
            | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry" | "point" | "linestring" | "polygon"
            | "multipoint" | "multilinestring" | "multipolygon" | "geometrycollection" => format!("HEX({name})"),
            "float" | "double" => format!("CAST({name} + 0e0 AS CHAR)"),
            "bit" => format!("CAST({name} + 0 AS CHAR)"),
            "timestamp" | "datetime" if masked => {
                format!("IF(ABS(TIMESTAMPDIFF(HOUR, {name}, UTC_TIMESTAMP())) < 24, 'now', CAST({name} AS CHAR))")
            }
            _ => format!("CAST({name} AS CHAR)"),
        };
        format!("IFNULL({value}, 'null')")
    };
    let values = columns.iter().map(value).collect::<Vec<_>>().join(", ");
    let hash = format!("CAST(CONV(LEFT(MD5(CONCAT_WS('|', {values})), 15), 16, 10) AS DECIMAL(30))");
    let name = text(&format!("rows of {table}"));
    format!("SELECT {name}, CONCAT(COUNT(*), ' rows ', IFNULL(SUM({hash}), '')) FROM {};\n", quoted(table))
}

/// A database without rows.
pub(crate) fn damage(client: &Client, database: &str) -> Result<(), String> {
    let tables = columns(client, database);
    let deletes: String = tables.keys().map(|table| format!("DELETE FROM {};\n", quoted(table))).collect();
    client.run(database, &format!("SET foreign_key_checks = 0;\n{deletes}"))
}

/// Three made-up rows for each table, as far as its constraints let them in. A column that refers to another one gets what
/// that one gets, and a table comes after those it refers to.
pub(crate) fn fill(client: &Client, database: &str, longest: usize) -> Result<(), String> {
    let tables = columns(client, database);
    let query = "SELECT TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
      FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL
      ORDER BY CONSTRAINT_NAME DESC;";
    let keys: BTreeMap<(String, String), (String, String)> = client
        .rows(database, &[], query)
        .into_iter()
        .map(|row| <[String; 4]>::try_from(row).expect("as many as were asked for"))
        .map(|[table, column, other, referred]| ((table, column), (other, referred)))
        .collect();
    let mut script = String::new();
    for table in in_order(&tables, &keys) {
        let columns = &tables[&table];
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        for number in 1..=3 {
            let made = |column: &Column| {
                let (mut place, mut found) = ((table.clone(), column.name.clone()), column);
                while let Some(next) = keys.get(&place).filter(|next| **next != place) {
                    place = next.clone();
                    found = tables[&place.0].iter().find(|column| column.name == place.1).unwrap_or(found);
                }
                made_up(found, column.length, number, longest)
            };
            let values: Vec<String> = columns.iter().map(made).collect();
            let (names, values) = (names.join(", "), values.join(", "));
            writeln!(script, "INSERT IGNORE INTO {} ({names}) VALUES ({values});", quoted(&table))
                .expect("a text grows");
        }
    }
    client.run(database, &script)
}

/// Tables after those that they refer to; what refers to each other in a circle comes last.
fn in_order(
    tables: &BTreeMap<String, Vec<Column>>,
    keys: &BTreeMap<(String, String), (String, String)>,
) -> Vec<String> {
    let mut left: BTreeSet<&String> = tables.keys().collect();
    let mut order = Vec::new();
    loop {
        let waits =
            |table: &String| keys.iter().any(|((from, _), (to, _))| from == table && to != table && left.contains(to));
        let ready: Vec<&String> = left.iter().copied().filter(|table| !waits(table)).collect();
        if ready.is_empty() {
            break;
        }
        for table in ready {
            left.remove(table);
            order.push(table.clone());
        }
    }
    order.extend(left.into_iter().cloned());
    // What no other table knows may be filled by a trigger.
    let known = |table: &String| keys.iter().any(|((from, _), (to, _))| from == table || to == table);
    order.sort_by_key(|table| !known(table));
    order
}

fn made_up(column: &Column, length: Option<usize>, number: usize, longest: usize) -> String {
    match column.kind.as_str() {
        "float" | "double" => format!("{number} / 3e0"),
        "decimal" => format!("{number}.25"),
        "date" | "datetime" | "timestamp" => format!("'2021-0{number}-17 08:30:00.123456'"),
        "time" => format!("'-0{number}:30:00'"),
        "year" => format!("{}", 2000 + number),
        "json" => format!("'{{\"b\": {number}, \"a\": [null, \"\u{e4}\"]}}'"),
        "enum" | "set" => column.full.split('\'').nth(1).map_or_else(|| "''".to_owned(), text),
        "point" | "geometry" => format!("ST_GeomFromText('POINT({number} 2.5)')"),
        kind if kind.contains("blob") || kind.contains("binary") => {
            let bytes = format!("00ff0a5c{number:02x}00{number:02x}");
            format!("x'{}'", &bytes[..bytes.len().min(2 * length.unwrap_or(7))])
        }
        kind if kind.contains("char") || kind.contains("text") => {
            // A quote, letters of two and four bytes, and what text formats write for null and the ends of things.
            let whole = format!("{number}{} 'q' \u{e4}\u{1f40c} \\N\t\n\"", column.name);
            text(&whole.chars().take(longest.min(length.unwrap_or(200))).collect::<String>())
        }
        _ => number.to_string(),
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
