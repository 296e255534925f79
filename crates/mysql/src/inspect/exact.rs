//! What servers do not print exactly: a character outside Unicode's first plane comes out as `?` in a default and in the labels of
//! an `ENUM` or a `SET`, and MariaDB keeps the reference system of geometries to itself. All of it is asked for, in one query for all
//! columns that may need it.

mod copies;

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_schema::model::{Column, Table};

use super::printed;
use super::table::is_wide;
use crate::connect::{Connection, quoted};
use crate::events::string_end;

/// Replaces defaults and labels in which a `?` may stand for another character by what the server says they are.
pub(super) async fn literals(
    connection: &mut Connection,
    database: &str,
    tables: &mut [Table],
) -> Result<(), EngineError> {
    let mut unknown = Vec::new();
    let mut columns = Vec::new();
    for (table_place, table) in tables.iter().enumerate() {
        for (place, column) in table.columns.iter().enumerate() {
            if is_doubtful_list(table, column) {
                unknown.push((table_place, place, What::Labels));
            }
            if is_doubtful(table, column) {
                columns.push((table_place, place));
            }
        }
    }
    for asked in columns.chunks(1000) {
        let query: Vec<String> = asked.iter().map(|(table, column)| question(&tables[*table], *column)).collect();
        let rows = connection.texts(&query.join(" UNION ALL ")).await?;
        for ((table, column), row) in asked.iter().zip(rows) {
            match row.into_iter().flatten().next().and_then(|digits| hexadecimal(&digits)) {
                Some(bytes) => set_default(&mut tables[*table].columns[*column], &bytes),
                None => unknown.push((*table, *column, What::Default)),
            }
        }
    }
    copies::ask(connection, database, tables, &unknown).await
}

/// What a server does not say of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Default,
    Labels,
}

fn set_default(column: &mut Column, bytes: &[u8]) {
    if column.default.as_deref().and_then(printed::unescaped).is_none_or(|known| known != bytes) {
        column.default = Some(printed::literal(bytes));
    }
}

fn is_doubtful(table: &Table, column: &Column) -> bool {
    let literal = column.default.as_ref().is_some_and(|default| default.starts_with('\'') && default.contains('?'));
    literal && is_wide(table, column)
}

fn is_doubtful_list(table: &Table, column: &Column) -> bool {
    column.data_type.contains('?') && labels(&column.data_type).is_some() && is_wide(table, column)
}

/// The word of a list of labels, and its labels as they are printed.
fn labels(data_type: &str) -> Option<(&str, Vec<&str>)> {
    let word = ["enum", "set"].into_iter().find(|word| data_type.starts_with(word))?;
    let mut rest = data_type[word.len()..].strip_prefix('(')?;
    let mut labels = Vec::new();
    while !rest.is_empty() && rest.starts_with('\'') {
        let (label, behind) = rest.split_at(string_end(rest, true)?);
        labels.push(label);
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
    (rest == ")").then_some((word, labels))
}

/// A value as hexadecimal digits of its UTF-8, or of its bytes where it is none.
fn digits(column: &Column, value: &str) -> String {
    let binary = ["binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob"];
    let bare = column.data_type.split('(').next().unwrap_or_default();
    if binary.contains(&bare) { format!("HEX({value})") } else { format!("HEX(CONVERT({value} USING utf8mb4))") }
}

/// A row that is not there has the default of each column that may be `NULL`; for others a row must be there.
fn question(table: &Table, column: usize) -> String {
    let (name, column) = (quoted(&table.name.name), &table.columns[column]);
    let value = digits(column, &format!("DEFAULT({name}.{})", quoted(&column.name)));
    let from = if column.nullable {
        format!("(SELECT 1) AS one LEFT JOIN {name} ON FALSE")
    } else {
        format!("{name} LIMIT 1")
    };
    format!("SELECT (SELECT {value} FROM {from})")
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Sets the reference systems of MariaDB's geometries.
pub(super) async fn systems(connection: &mut Connection, tables: &mut [Table]) -> Result<(), EngineError> {
    let any = tables.iter().flat_map(|table| &table.columns).any(is_geometry);
    if connection.kind() != EngineKind::Mariadb || !any {
        return Ok(());
    }
    let query = "SELECT G_TABLE_NAME, G_GEOMETRY_COLUMN, SRID FROM information_schema.GEOMETRY_COLUMNS \
                 WHERE G_TABLE_SCHEMA = DATABASE() AND SRID <> 0";
    for row in connection.texts(query).await? {
        let [Some(table), Some(column), Some(system)] = &row[..] else { continue };
        let columns = tables.iter_mut().filter(|found| found.name.name == *table).flat_map(|table| &mut table.columns);
        for column in columns.filter(|found| found.name == *column) {
            column.options.insert("ref_system_id".to_owned(), system.clone());
        }
    }
    Ok(())
}

fn is_geometry(column: &Column) -> bool {
    const TYPES: [&str; 8] = [
        "geometry",
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
        "geometrycollection",
    ];
    TYPES.contains(&column.data_type.as_str())
}
