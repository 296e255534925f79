//! Rows that break a foreign key, counted before and after a schema transaction. A database may hold such rows from a time
//! when nobody enforced its keys; a revision is answerable only for those it adds.

use std::collections::{BTreeMap, BTreeSet};

use stead_engine::{EngineError, ErrorClass};

use super::worker::Worker;

/// The rows of one table that refer to rows of another which do not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Broken {
    rows: i64,
    /// The first of them; absent in tables without rowids.
    first: Option<i64>,
}

/// Every broken foreign key of a database.
#[derive(Clone, Debug, Default)]
pub(super) struct Violations {
    /// By table and the table referred to.
    broken: BTreeMap<(String, String), Broken>,
    /// Tables whose keys SQLite cannot check, with its reason: `foreign key mismatch` above all.
    unchecked: BTreeMap<String, String>,
    tables: BTreeSet<String>,
}

const GROUPED: &str = "SELECT \"table\", \"parent\", count(*), min(rowid)";

impl Violations {
    /// Counts them.
    pub(super) fn count(worker: &Worker) -> Result<Self, EngineError> {
        let tables: BTreeSet<String> =
            worker.texts("SELECT name FROM main.sqlite_schema WHERE type = 'table'")?.into_iter().collect();
        let mut violations = Self { tables, ..Self::default() };
        let whole = grouped(worker, &format!("{GROUPED} FROM pragma_foreign_key_check GROUP BY 1, 2"));
        match whole {
            Ok(broken) => violations.broken.extend(broken),
            // One key that cannot be checked fails the check of all; the others are then checked one by one.
            Err(error) if matches!(error.class, ErrorClass::Syntax | ErrorClass::Unsupported) => {
                violations.count_by_table(worker)?;
            }
            Err(error) => return Err(error),
        }
        Ok(violations)
    }

    fn count_by_table(&mut self, worker: &Worker) -> Result<(), EngineError> {
        for table in &self.tables {
            let name = table.replace('\'', "''");
            match grouped(worker, &format!("{GROUPED} FROM pragma_foreign_key_check('{name}') GROUP BY 1, 2")) {
                Ok(broken) => self.broken.extend(broken),
                Err(error) if error.class == ErrorClass::Syntax => {
                    self.unchecked.insert(table.clone(), error.message);
                }
                // A key whose columns have a collation of the application's can be checked by the application alone.
                Err(error) if error.class == ErrorClass::Unsupported => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Fails with class `constraint` if there are more than before.
    pub(super) fn none_beyond(&self, before: &Self) -> Result<(), EngineError> {
        if let Some((table, reason)) = self.unchecked.iter().find(|(table, _)| !before.unchecked.contains_key(*table)) {
            return Err(EngineError::new(
                ErrorClass::Constraint,
                format!("the foreign keys of `{table}` make no sense: {reason}"),
            )
            .hint("the columns referred to must be a primary key or have a unique index of exactly those columns"));
        }
        let grown = self.rows() > before.rows();
        let risen = self.broken.iter().find(|((table, parent), broken)| {
            let known = before.broken.get(&(table.clone(), parent.clone())).map_or(0, |broken| broken.rows);
            // Under a new name of a table its old violations look like new ones; then only the sum tells.
            let renamed = !before.tables.contains(table) || !before.tables.contains(parent);
            broken.rows > known && (grown || !renamed)
        });
        risen.map_or(Ok(()), |((table, parent), broken)| Err(self.error(before, table, parent, broken)))
    }

    fn rows(&self) -> i64 {
        self.broken.values().map(|broken| broken.rows).sum()
    }

    fn error(&self, before: &Self, table: &str, parent: &str, broken: &Broken) -> EngineError {
        let known = before.broken.get(&(table.to_owned(), parent.to_owned())).map_or(0, |broken| broken.rows);
        let count = broken.rows - known;
        let rows = if count == 1 { "row" } else { "rows" };
        let first = match broken.first {
            Some(rowid) if known == 0 => format!(" (rowid {rowid} first)"),
            _ => String::new(),
        };
        let gone = if self.tables.contains(parent) { "" } else { ", a table that does not exist" };
        let message = format!("{count} {rows} of `{table}`{first} would refer to no row of `{parent}`{gone}");
        EngineError::new(ErrorClass::Constraint, message)
            .hint(format!(
                "delete or mend these rows in the same revision: `PRAGMA foreign_key_check({table})` lists them"
            ))
            .hint("nothing of the revision was kept")
    }
}

fn grouped(worker: &Worker, sql: &str) -> Result<BTreeMap<(String, String), Broken>, EngineError> {
    let rows =
        worker.rows(sql, |row| Ok(((row.get(0)?, row.get(1)?), Broken { rows: row.get(2)?, first: row.get(3)? })))?;
    Ok(rows.into_iter().collect())
}
