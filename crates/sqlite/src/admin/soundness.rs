//! Whether a database file is sound. SQLite's own check is asked, which looks at more than the file: it holds the rows against
//! their constraints and the columns' types, and asks virtual tables, for which it needs the collations, functions and modules
//! of the application. None of that says anything about the file, and a copy must be as loadable as the original was usable.

use stead_engine::{EngineError, ErrorClass};

use super::{count, ordinary_tables};
use crate::apply::Worker;

/// How the findings begin that are about the file: a tree of pages, an index against its table, a record that is none. The
/// others are about values (`NULL value in …`, `NUMERIC value in …`) and virtual tables.
const OF_FILE: [&str; 3] = ["*** in database ", "wrong # of entries in index ", "database disk image is malformed"];

/// SQLite's `quick_check`, as far as it is about the file.
pub(crate) fn verify(worker: &mut Worker) -> Result<(), EngineError> {
    let ignored: i64 = worker.value("PRAGMA ignore_check_constraints")?;
    worker.own("PRAGMA ignore_check_constraints = ON")?;
    let verified = match check(worker, "100") {
        Err(error) if is_of_application(&error) => by_table(worker),
        whole => whole,
    };
    worker.own(&format!("PRAGMA ignore_check_constraints = {ignored}"))?;
    verified
}

/// Checks one thing after the other, since one that needs the application fails the check of all.
fn by_table(worker: &Worker) -> Result<(), EngineError> {
    for table in ordinary_tables(worker)? {
        match check(worker, &crate::apply::quoted(&table)) {
            // All its pages are read at least.
            Err(error) if is_of_application(&error) => drop(count(worker, &table)?),
            checked => checked?,
        }
    }
    Ok(())
}

/// A collation, function or tokenizer is missing.
fn is_of_application(error: &EngineError) -> bool {
    !error.damaged && matches!(error.class, ErrorClass::Unsupported | ErrorClass::Syntax)
}

fn check(worker: &Worker, what: &str) -> Result<(), EngineError> {
    let findings = worker.texts(&format!("PRAGMA main.quick_check({what})"))?;
    let of_file: Vec<&String> =
        findings.iter().filter(|finding| OF_FILE.iter().any(|beginning| finding.starts_with(beginning))).collect();
    let Some(first) = of_file.first() else { return Ok(()) };
    let name = worker.name();
    let first = first.lines().last().unwrap_or(first);
    let mut error = EngineError::new(ErrorClass::Refused, format!("{name} is damaged: {first}"))
        .hint(format!("`PRAGMA quick_check` has {} findings", of_file.len()))
        .hint("load a snapshot, or take what can be read out of it with the `.recover` command of `sqlite3`");
    error.damaged = true;
    Err(error)
}
