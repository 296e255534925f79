//! Beginning and ending transactions. The server answers `COMMIT` after a failed statement by taking everything back, without an
//! error, so what happened in between is remembered here.

use stead_engine::{EngineError, ErrorClass, TransactionKind};
use stead_schema::EngineKind;

use super::{PostgresSession, bug};

#[cfg(test)]
mod tests;

/// A transaction of ours.
pub(super) struct Open {
    /// The last statement in it failed; the server takes nothing but the end of it, or of a savepoint.
    failed: bool,
}

impl PostgresSession {
    /// Whether a transaction is open.
    pub(super) fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    pub(super) async fn begin_transaction(&mut self, kind: TransactionKind) -> Result<(), EngineError> {
        if self.transaction.is_some() {
            return Err(bug("a transaction is open already"));
        }
        let sql = match kind {
            TransactionKind::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            TransactionKind::Write => "BEGIN",
            TransactionKind::Schema => "BEGIN; SET CONSTRAINTS ALL DEFERRED",
        };
        self.connection.batch(sql).await?;
        self.transaction = Some(Open { failed: false });
        Ok(())
    }

    pub(super) async fn commit_transaction(&mut self) -> Result<(), EngineError> {
        let Some(open) = &self.transaction else {
            return Err(EngineError::new(ErrorClass::Refused, "there is no transaction to commit"));
        };
        if open.failed {
            self.rollback_transaction().await?;
            return Err(EngineError::new(ErrorClass::Refused, "there is no transaction to commit")
                .hint("it was taken back when a statement in it failed"));
        }
        // Whether the commit works or not, there is no transaction any more.
        self.transaction = None;
        self.connection.batch("COMMIT").await
    }

    pub(super) async fn rollback_transaction(&mut self) -> Result<(), EngineError> {
        match self.transaction.take() {
            Some(_) => self.connection.batch("ROLLBACK").await,
            None => Ok(()),
        }
    }

    /// Remembers how the last statement ended.
    pub(super) fn note<T>(&mut self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        if let Some(open) = &mut self.transaction {
            open.failed = result.is_err();
        }
        result
    }

    /// A statement that ends the transaction would leave the work after it without one.
    pub(super) fn refuse_end(&self, sql: &str) -> Result<(), EngineError> {
        if self.transaction.is_none() || !begins_or_ends(sql) {
            return Ok(());
        }
        let message = "the statement begins or ends a transaction, inside of one that is not its own";
        Err(EngineError::new(ErrorClass::Refused, message)
            .hint("leave BEGIN, COMMIT, END and ROLLBACK out: each revision is one transaction")
            .hint("a revision with `-- transaction: none` runs without one"))
    }
}

/// Whether a statement is one of the few that control transactions. They begin with these words and nothing else does;
/// `ROLLBACK TO` a savepoint stays inside.
fn begins_or_ends(sql: &str) -> bool {
    let mut words = stead_sql::tokens(sql, EngineKind::Postgres).into_iter().filter(stead_sql::Token::is_code);
    let Some(first) = words.next() else { return false };
    let is_one_of = |list: &[&str]| list.iter().any(|word| first.is_word(word));
    if is_one_of(&["COMMIT", "END", "ABORT", "BEGIN", "ROLLBACK"]) {
        return !words.take(2).any(|word| word.is_word("TO"));
    }
    is_one_of(&["START", "PREPARE"]) && words.next().is_some_and(|word| word.is_word("TRANSACTION"))
}
