//! Columns copied into a temporary table, for what a server says of none but a row that has it: the labels of a list, and the default
//! of a column that is never `NULL` in a table without rows. The copy has the column's very type and default and no row but ours, and
//! goes with its connection.

use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;
use stead_schema::model::Table;

use super::super::batch::{Row, batch, text};
use super::super::{Settings, printed, unsupported};
use super::{What, digits, hexadecimal, labels, set_default};
use crate::connect::{Connection, quoted};

/// What is not known of the columns, by the places of tables and columns.
pub(super) async fn ask(
    connection: &Connection,
    database: &str,
    tables: &mut [Table],
    unknown: &[(usize, usize, What)],
) -> Result<(), EngineError> {
    if unknown.is_empty() {
        return Ok(());
    }
    let mut statements = Vec::new();
    for (number, (table, column, what)) in unknown.iter().enumerate() {
        statements.extend(copy(&tables[*table], *column, *what, number));
    }
    let mut other = connection.another(database).await?;
    let _restored_with_its_end = Settings::replace(&mut other).await?;
    // A server that does not keep what it logs of temporary tables apart lets few users say so.
    let _is_logged = other.own("SET SESSION sql_log_bin = OFF").await;
    let answers = match batch(&mut other, &statements).await {
        Err(error) if error.class == ErrorClass::Refused => {
            let (table, column, what) = unknown[0];
            return Err(unknowable(&tables[table], column, what, connection.kind()));
        }
        other => other?,
    };
    for ((table, column, what), rows) in unknown.iter().zip(answers.chunks(STEPS)) {
        let found: Option<Vec<Vec<u8>>> = rows[ANSWER].iter().map(value).collect();
        let table = &mut tables[*table];
        let filled = found.is_some_and(|found| fill(table, *column, *what, &found));
        if !filled {
            return Err(unknowable(table, *column, *what, connection.kind()));
        }
    }
    other.close().await
}

fn value(row: &Row) -> Option<Vec<u8>> {
    hexadecimal(&text(row, 0)?)
}

/// Statements for one column, and which of them answers.
const STEPS: usize = 4;
const ANSWER: usize = 2;

/// A table of one column, with the column's default in its row, or a row for each label.
fn copy(table: &Table, column: usize, what: What, number: usize) -> [String; STEPS] {
    let (name, column) = (quoted(&table.name.name), &table.columns[column]);
    let copy = format!("stead_exact_{number}");
    let rows = match (what, labels(&column.data_type)) {
        (What::Labels, Some((word, labels))) => {
            let number = |place: usize| if word == "set" { 1_u64 << place } else { place as u64 + 1 };
            let rows = (0..labels.len()).map(|place| format!("({place}, {})", number(place)));
            format!("(place, content) VALUES {}", rows.collect::<Vec<_>>().join(", "))
        }
        _ => "(place) VALUES (0)".to_owned(),
    };
    let content = digits(column, "content");
    [
        // A server may insist on a primary key.
        format!(
            "CREATE TEMPORARY TABLE {copy} (place INT PRIMARY KEY) AS SELECT {} AS content FROM {name} LIMIT 0",
            quoted(&column.name)
        ),
        format!("INSERT INTO {copy} {rows}"),
        format!("SELECT {content} FROM {copy} ORDER BY place"),
        format!("DROP TEMPORARY TABLE {copy}"),
    ]
}

/// Sets what was found; false if it cannot be that.
fn fill(table: &mut Table, column: usize, what: What, found: &[Vec<u8>]) -> bool {
    let column = &mut table.columns[column];
    match (what, labels(&column.data_type)) {
        (What::Default, _) => {
            let [bytes] = found else { return false };
            set_default(column, bytes);
        }
        (What::Labels, Some((word, known))) if known.len() == found.len() => {
            let same = known.iter().zip(found).all(|(known, found)| printed::unescaped(known).as_ref() == Some(found));
            if !same {
                let literals: Vec<String> = found.iter().map(|label| printed::literal(label)).collect();
                column.data_type = format!("{word}({})", literals.join(","));
            }
        }
        (What::Labels, _) => return false,
    }
    true
}

fn unknowable(table: &Table, column: usize, what: What, engine: EngineKind) -> EngineError {
    let part = if what == What::Labels { "labels" } else { "default" };
    let reason = format!(
        "the server prints a `?` in the {part} of `{}`, which may stand for a character that it does not print, and says what it \
         is only of a copy",
        table.columns[column].name
    );
    let grant = "`GRANT CREATE TEMPORARY TABLES` on the database lets a copy of the column be asked";
    unsupported("table", &table.name.name, &reason).hint(format!("{grant}; {engine} removes it at once"))
}
