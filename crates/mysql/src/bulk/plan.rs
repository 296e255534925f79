//! What there is to dump in a database: its tables, the columns that hold values of their own, and how a value travels
//! so that it comes back exactly. Read from the catalog in a fixed number of queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use super::documents;
use super::stream::Head;
use crate::admin::{self, literal};
use crate::connect::{Connection, quoted};
use crate::error::number;
use crate::inspect;

/// How a column's values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// The bytes of the column's own character set, or the decimal text of a number or time.
    Plain,
    /// Text in UTF-8, whatever the column's type keeps: JSON of MySQL, UUID and network addresses of MariaDB.
    Text,
    /// A JSON document in UTF-8, and beside it what its text cannot hold.
    Typed,
    /// The number behind it: `BIT`, `ENUM`, `SET`.
    Number,
    /// Four digits: as a number from 0 to 99 a year would be taken for an abbreviation.
    Year,
}

/// A column that is dumped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ColumnPlan {
    pub(super) name: String,
    pub(super) form: Form,
    /// An `ENUM`, whose number 0 stands for a value that was wrong, and which servers warn of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) labels: bool,
    /// A JSON document of MySQL, which may hold values that JSON's text has no spelling for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) document: bool,
}

/// A table that is dumped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TablePlan {
    pub(super) name: String,
    pub(super) columns: Vec<ColumnPlan>,
    /// The primary key, by which rows are ordered.
    pub(super) key: Vec<String>,
    /// The storage engine.
    pub(super) engine: String,
    /// The next number of the counter, where the table has one.
    pub(super) counter: Option<u64>,
    /// MariaDB keeps former versions of the rows.
    pub(super) versioned: bool,
}

/// A whole database as it is dumped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) tables: Vec<TablePlan>,
    /// Sequences of MariaDB.
    pub(super) sequences: Vec<String>,
}

impl Plan {
    /// The names of everything that has a stream.
    pub(super) fn names(&self) -> Vec<String> {
        self.tables.iter().map(|table| &table.name).chain(&self.sequences).cloned().collect()
    }
}

impl TablePlan {
    /// The plan by which rows that have come in are read back.
    pub(super) fn of(name: &str, head: &Head) -> Self {
        Self {
            name: name.to_owned(),
            columns: head.columns.clone(),
            key: Vec::new(),
            engine: String::new(),
            counter: None,
            versioned: head.versions,
        }
    }

    /// True if a snapshot of the server's transactions holds for the table.
    pub(super) fn transactional(&self) -> bool {
        self.engine.eq_ignore_ascii_case("InnoDB")
    }

    /// True for a table that has no rows of its own.
    fn shows_others(&self) -> bool {
        self.engine.eq_ignore_ascii_case("MRG_MyISAM") || self.is_elsewhere()
    }

    /// True for a table whose rows are kept somewhere else.
    pub(super) fn is_elsewhere(&self) -> bool {
        is_elsewhere(&self.engine)
    }

    /// The query for its rows.
    pub(super) fn select(&self, database: &str) -> String {
        let mut columns: Vec<String> = self.columns.iter().map(ColumnPlan::selected).collect();
        // What tells the types of a document stands behind all columns.
        let typed = self.columns.iter().filter(|column| column.form == Form::Typed);
        columns.extend(typed.map(|column| documents::types(&quoted(&column.name))));
        if columns.is_empty() {
            // All of its values are worked out.
            columns.push("NULL".to_owned());
        }
        let versions = if self.versioned { " FOR SYSTEM_TIME ALL" } else { "" };
        let key: Vec<String> = self.key.iter().map(|column| quoted(column)).collect();
        let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
        // The rows of a table that only shows those of others come with the others, or stay where they are.
        let none = if self.shows_others() { " WHERE FALSE" } else { "" };
        format!("SELECT {} FROM {}.{}{versions}{none}{order}", columns.join(", "), quoted(database), quoted(&self.name))
    }
}

/// True for a storage engine whose tables show what is kept somewhere else.
pub(super) fn is_elsewhere(engine: &str) -> bool {
    admin::ELSEWHERE.iter().any(|name| name.eq_ignore_ascii_case(engine))
}

impl ColumnPlan {
    fn selected(&self) -> String {
        let name = quoted(&self.name);
        match self.form {
            Form::Plain | Form::Year => name,
            Form::Text | Form::Typed => format!("CAST({name} AS CHAR CHARACTER SET utf8mb4)"),
            Form::Number => format!("CAST({name} AS UNSIGNED)"),
        }
    }

    /// The expression that makes the column's value of what travelled; `None` where it is just that.
    pub(super) fn assigned(&self, travelled: &str) -> Option<String> {
        match self.form {
            Form::Plain | Form::Year => None,
            Form::Text | Form::Typed => Some(format!("CONVERT({travelled} USING utf8mb4)")),
            Form::Number => Some(format!("CAST({travelled} AS UNSIGNED)")),
        }
    }
}

/// Reads what there is to dump.
pub(super) async fn plan(connection: &mut Connection, database: &str) -> Result<Plan, EngineError> {
    let (mut columns, bounds) = columns(connection, database).await?;
    let mut keys = keys(connection, database).await?;
    let sql = format!(
        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, AUTO_INCREMENT FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {} AND TABLE_TYPE NOT LIKE '%VIEW'",
        literal(database)
    );
    let mut plan = Plan { tables: Vec::new(), sequences: Vec::new() };
    for row in connection.texts(&sql).await? {
        let mut row = row.into_iter();
        let mut next = || row.next().flatten();
        let (name, kind) = (next().unwrap_or_default(), next().unwrap_or_default());
        let (engine, counter) = (next(), next().and_then(|number| number.parse().ok()));
        if kind == "SEQUENCE" {
            plan.sequences.push(name);
            continue;
        }
        let Some(engine) = engine else { return Err(unreadable(connection, database, &name).await) };
        let counter = counter.filter(|_| !is_elsewhere(&engine));
        let columns = columns.remove(&name).unwrap_or_default();
        let key = keys.remove(&name).unwrap_or_default();
        plan.tables.push(TablePlan { columns, key, engine, counter, versioned: kind == "SYSTEM VERSIONED", name });
    }
    if plan.tables.iter().any(|table| table.versioned) {
        versions(connection, &mut plan, &bounds)?;
    }
    plan.tables.sort_by(|left, right| left.name.cmp(&right.name));
    plan.sequences.sort();
    Ok(plan)
}

/// The catalog says nothing of a table that is damaged, and of one that is made or dropped at this moment.
async fn unreadable(connection: &mut Connection, database: &str, table: &str) -> EngineError {
    let look = format!("SELECT 1 FROM {}.{} LIMIT 0", quoted(database), quoted(table));
    match connection.texts(&look).await {
        Err(error) if error.class == ErrorClass::Interrupted => error,
        Err(error) if number(&error) != Some(1146) => {
            let message = format!("the server cannot open the table `{database}`.`{table}`: {}", error.message);
            EngineError::new(ErrorClass::Refused, message)
                .hint(format!("`CHECK TABLE {}` says what is wrong with it", quoted(table)))
        }
        _ => inspect::changing(&format!("`{table}` of `{database}` was made or dropped in that moment")),
    }
}

/// Former versions of rows come back only where the server lets a session write them.
fn versions(connection: &Connection, plan: &mut Plan, bounds: &BTreeMap<String, Bounds>) -> Result<(), EngineError> {
    let versioned = || plan.tables.iter().filter(|table| table.versioned);
    if connection.version() < (10, 11, 0) {
        let names: Vec<&str> = versioned().map(|table| table.name.as_str()).collect();
        let message = format!("former versions of rows cannot be carried over by this server: {}", names.join(", "));
        return Err(EngineError::new(ErrorClass::Unsupported, message).hint("MariaDB can from version 10.11 on"));
    }
    for table in plan.tables.iter_mut().filter(|table| table.versioned) {
        let named =
            |name: &str| ColumnPlan { name: name.to_owned(), form: Form::Plain, labels: false, document: false };
        // Bounds that the table names are among its columns, and in its key.
        let Some(bounds) = bounds.get(&table.name) else {
            let (start, end) = ("row_start", "row_end");
            table.columns.extend([named(start), named(end)]);
            if !table.key.is_empty() {
                table.key.push(end.to_owned());
            }
            continue;
        };
        if !bounds.moments {
            let message = format!(
                "former versions of the rows of `{}` cannot be carried over: they are bound to transactions of this server",
                table.name
            );
            return Err(EngineError::new(ErrorClass::Unsupported, message)
                .hint("give the columns of its period the type `TIMESTAMP(6)`, or drop the versioning"));
        }
    }
    Ok(())
}

/// The columns between which a version of a row lives, where a table has named them.
struct Bounds {
    /// They are moments, and no numbers of transactions.
    moments: bool,
}

/// The columns with values of their own, by table, and the tables with bounds of versions among them.
type Columns = (BTreeMap<String, Vec<ColumnPlan>>, BTreeMap<String, Bounds>);

async fn columns(connection: &mut Connection, database: &str) -> Result<Columns, EngineError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COALESCE(GENERATION_EXPRESSION, '') \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME, ORDINAL_POSITION",
        literal(database)
    );
    let (mut found, mut bounds) = Columns::default();
    let mariadb = connection.kind() == EngineKind::Mariadb;
    for row in connection.texts(&sql).await? {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (table, name, data_type, generated) = (next(), next(), next().to_ascii_lowercase(), next());
        // The server computes generated columns again; the bounds of a version's life are values.
        match generated.as_str() {
            "" => {}
            "ROW START" | "ROW END" => {
                bounds.insert(table.clone(), Bounds { moments: data_type == "timestamp" });
            }
            _ => continue,
        }
        let form = match data_type.as_str() {
            "bit" | "enum" | "set" => Form::Number,
            "year" => Form::Year,
            "json" => Form::Text,
            "uuid" | "inet4" | "inet6" if mariadb => Form::Text,
            _ => Form::Plain,
        };
        let (labels, document) = (data_type == "enum", data_type == "json");
        found.entry(table).or_default().push(ColumnPlan { name, form, labels, document });
    }
    Ok((found, bounds))
}

async fn keys(connection: &mut Connection, database: &str) -> Result<BTreeMap<String, Vec<String>>, EngineError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS \
         WHERE TABLE_SCHEMA = {} AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX",
        literal(database)
    );
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in connection.texts(&sql).await? {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let (table, column) = (row.next().unwrap_or_default(), row.next().unwrap_or_default());
        found.entry(table).or_default().push(column);
    }
    Ok(found)
}
