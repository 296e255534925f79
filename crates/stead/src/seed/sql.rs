//! A seed step that is a file of SQL: its statements run in one transaction, and an error points at the statement. A
//! file that fails half-way leaves nothing of itself.

use std::path::Path;

use stead_engine::{EngineError, Session, TransactionKind};
use stead_schema::EngineKind;
use stead_sql::split::{Statement, split};

use crate::error::{Error, Kind, Label, Result};

/// Runs the file; the number of statements.
///
/// # Errors
///
/// A file that cannot be read or split, or the first statement that fails, with its place in the file.
pub async fn run(session: &mut dyn Session, path: &Path) -> Result<u64> {
    let text = crate::files::read_text(path)?;
    let statements = statements(path, &text, session.kind())?;
    session.begin(TransactionKind::Write).await?;
    for statement in &statements {
        if let Err(error) = session.execute(&statement.text, &[]).await {
            session.rollback().await?;
            return Err(located(error, path, &text, statement));
        }
    }
    session.commit().await?;
    Ok(statements.len() as u64)
}

fn statements(path: &Path, text: &str, kind: EngineKind) -> Result<Vec<Statement>> {
    let label = |start: usize, length: usize| Label {
        file: path.to_owned(),
        source: text.to_owned(),
        span: start..start + length,
        text: String::new(),
    };
    let statements = split(text, kind).map_err(|error| {
        let at = label(error.position().offset, 0);
        Error::usage(error.code(), error.to_string()).with_hints(error.hints()).label(at)
    })?;
    let Some(control) = statements.iter().find(|statement| statement.controls_transaction(kind)) else {
        return Ok(statements);
    };
    let first = control.text.lines().next().unwrap_or_default();
    let message = format!("a seed file runs in one transaction, so it cannot say `{first}`");
    Err(Error::usage("transaction-control", message)
        .hint("leave the statement out")
        .label(label(control.position.offset, first.len())))
}

/// An engine's error, pointing at the statement in the file it came from.
#[must_use]
pub fn located(error: EngineError, path: &Path, text: &str, statement: &Statement) -> Error {
    let start = statement.position.offset + error.offset.unwrap_or(0).min(statement.text.len());
    let end = match error.offset {
        Some(_) => start + 1,
        None => start + statement.text.lines().next().unwrap_or_default().len(),
    };
    let label = Label { file: path.to_owned(), source: text.to_owned(), span: start..end, text: String::new() };
    let failed = Error::from(error);
    // What an engine says about a statement is no outage, whatever its class is elsewhere.
    let kind = if failed.kind == Kind::Unreachable { Kind::Failed } else { failed.kind };
    Error { kind, ..failed }.label(label)
}
