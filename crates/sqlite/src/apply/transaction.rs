//! Beginning and ending transactions. A schema transaction rebuilds tables, which SQLite's enforcement of foreign keys
//! would take for deletions, so enforcement is off during it (it can be switched only outside of transactions) and the
//! rows are checked before the commit; see <https://sqlite.org/lang_altertable.html#otheralter>.

use std::sync::atomic::Ordering;

use stead_engine::{EngineError, ErrorClass, TransactionKind};

use super::foreign_keys::Violations;
use super::worker::Worker;

/// A transaction of ours.
pub(crate) struct Open {
    kind: TransactionKind,
    /// What was broken before it, for a schema transaction.
    violations: Option<Violations>,
}

impl Worker {
    /// Begins a transaction.
    pub(crate) fn begin(&mut self, kind: TransactionKind) -> Result<(), EngineError> {
        if self.transaction.is_some() {
            return Err(EngineError::new(ErrorClass::Bug, "a transaction is open already"));
        }
        if !self.handle()?.connection.is_autocommit() {
            return Err(EngineError::new(ErrorClass::Refused, "a transaction that a statement began is still open")
                .hint("end it with COMMIT in the same place where it was begun"));
        }
        match kind {
            TransactionKind::Read => self.own("BEGIN")?,
            TransactionKind::Write => self.own("BEGIN IMMEDIATE")?,
            TransactionKind::Schema => self.own("PRAGMA foreign_keys = OFF")?,
        }
        let violations = if kind == TransactionKind::Schema { Some(self.begin_schema()?) } else { None };
        self.handle()?.signals.transaction_guarded.store(true, Ordering::Relaxed);
        self.transaction = Some(Open { kind, violations });
        Ok(())
    }

    fn begin_schema(&mut self) -> Result<Violations, EngineError> {
        let begun = self.own("BEGIN IMMEDIATE").and_then(|()| Violations::count(self));
        if begun.is_err() {
            // The first error is the one to tell; these two only restore what was there.
            let _none_open = self.handle()?.batch("ROLLBACK");
            let _same_error = self.enforce();
        }
        begun
    }

    /// Ends the transaction and keeps its changes; if that fails, they are taken back.
    pub(crate) fn commit(&mut self) -> Result<(), EngineError> {
        let Some(open) = &self.transaction else {
            return Err(EngineError::new(ErrorClass::Refused, "there is no transaction to commit")
                .hint("it was taken back when a statement in it failed"));
        };
        let checked = open.violations.as_ref().map_or(Ok(()), |before| Violations::count(self)?.none_beyond(before));
        let committed = checked.and_then(|()| {
            self.handle()?.signals.transaction_guarded.store(false, Ordering::Relaxed);
            self.own("COMMIT")
        });
        if committed.is_err() {
            self.rollback()?;
            return committed;
        }
        self.forget()
    }

    /// Takes the transaction back; fine outside of one.
    pub(crate) fn rollback(&mut self) -> Result<(), EngineError> {
        let handle = self.handle()?;
        handle.signals.transaction_guarded.store(false, Ordering::Relaxed);
        if !handle.connection.is_autocommit() {
            self.own("ROLLBACK")?;
        }
        self.forget()
    }

    /// What follows the end of a transaction, however it ended.
    pub(super) fn forget(&mut self) -> Result<(), EngineError> {
        self.handle()?.signals.transaction_guarded.store(false, Ordering::Relaxed);
        if let Some(Open { kind: TransactionKind::Schema, .. }) = self.transaction.take() {
            self.enforce()?;
        }
        self.restore_outside()
    }

    fn enforce(&self) -> Result<(), EngineError> {
        self.own("PRAGMA foreign_keys = ON")
    }
}
