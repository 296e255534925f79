//! What servers do not print exactly: a character outside Unicode's first plane comes out as `?` in a default, and MariaDB keeps
//! the reference system of geometries to itself. Both are asked for, in one query for all columns that may need it.

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_schema::model::{Column, Table};

use super::table::is_wide;
use super::{printed, unsupported};
use crate::connect::{Connection, quoted};

/// Replaces defaults in which a `?` may stand for another character by what the server says they are.
pub(super) async fn defaults(connection: &mut Connection, tables: &mut [Table]) -> Result<(), EngineError> {
    let mut columns = Vec::new();
    for (table_place, table) in tables.iter().enumerate() {
        for (place, column) in table.columns.iter().enumerate() {
            if is_doubtful_list(table, column) {
                let reason = format!(
                    "the server prints a `?` in the values of `{}`, which may stand for a character that it does not print",
                    column.name
                );
                return Err(unsupported("table", &table.name.name, &reason));
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
            let table = &mut tables[*table];
            let column = &mut table.columns[*column];
            let Some(bytes) = row.into_iter().flatten().next().and_then(|digits| hexadecimal(&digits)) else {
                return Err(unknown_default(&table.name.name, &column.name));
            };
            if column.default.as_deref().and_then(printed::unescaped).is_none_or(|known| known != bytes) {
                column.default = Some(printed::literal(&bytes));
            }
        }
    }
    Ok(())
}

fn is_doubtful(table: &Table, column: &Column) -> bool {
    let literal = column.default.as_ref().is_some_and(|default| default.starts_with('\'') && default.contains('?'));
    literal && is_wide(table, column)
}

fn is_doubtful_list(table: &Table, column: &Column) -> bool {
    let list = column.data_type.starts_with("enum(") || column.data_type.starts_with("set(");
    list && column.data_type.contains('?') && is_wide(table, column)
}

fn unknown_default(table: &str, column: &str) -> EngineError {
    let reason = format!(
        "the server prints a `?` in the default of `{column}`, which may stand for a character that it does not print, and says \
         what it is only of columns that take NULL or where the table has a row"
    );
    unsupported("table", table, &reason)
}

/// A row that is not there has the default of each column that may be `NULL`; for others a row must be there.
fn question(table: &Table, column: usize) -> String {
    let (name, column) = (quoted(&table.name.name), &table.columns[column]);
    let binary = ["binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob"];
    let value = format!("DEFAULT({name}.{})", quoted(&column.name));
    let bare = column.data_type.split('(').next().unwrap_or_default();
    let value = if binary.contains(&bare) { value } else { format!("CONVERT({value} USING utf8mb4)") };
    let from = if column.nullable {
        format!("(SELECT 1) AS one LEFT JOIN {name} ON FALSE")
    } else {
        format!("{name} LIMIT 1")
    };
    format!("SELECT (SELECT HEX({value}) FROM {from})")
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
