//! Settings of a connection that people's SQL can change for itself: they hold to the end of its own file, and neither the next
//! file nor what stead does after it may depend on them. Some can be put back inside a transaction, the others wait for its end.

use stead_engine::EngineError;

use super::quoted;
use super::worker::Worker;

/// What SQLite begins with; `query_only` and `foreign_keys` are set by us.
const SETTINGS: [(&str, &str); 15] = [
    ("automatic_index", "ON"),
    ("case_sensitive_like", "OFF"),
    ("cell_size_check", "OFF"),
    ("count_changes", "OFF"),
    ("empty_result_callbacks", "OFF"),
    ("full_column_names", "OFF"),
    ("ignore_check_constraints", "OFF"),
    ("legacy_alter_table", "OFF"),
    ("locking_mode", "NORMAL"),
    ("read_uncommitted", "OFF"),
    ("recursive_triggers", "OFF"),
    ("reverse_unordered_selects", "OFF"),
    ("short_column_names", "ON"),
    ("trusted_schema", "ON"),
    ("wal_autocheckpoint", "1000"),
];

impl Worker {
    /// Puts back what a connection begins with: settings, no temporary tables, no other databases.
    pub(crate) fn restore_settings(&mut self) -> Result<(), EngineError> {
        let handle = self.handle()?;
        let query_only = if handle.read_only { "ON" } else { "OFF" };
        handle.batch(&format!("PRAGMA query_only = {query_only}"))?;
        for (name, value) in SETTINGS {
            handle.batch(&format!("PRAGMA {name} = {value}"))?;
        }
        if handle.value::<i64>("PRAGMA writable_schema")? != 0 {
            handle.batch("PRAGMA writable_schema = RESET")?;
        }
        self.handle_mut()?.wait_for_locks()?;
        self.drop_temporary()?;
        self.unrestored = true;
        self.restore_outside()
    }

    /// The rest, which no transaction allows; it is done as soon as none is open.
    pub(super) fn restore_outside(&mut self) -> Result<(), EngineError> {
        let handle = self.handle()?;
        if !self.unrestored || self.transaction.is_some() || !handle.connection.is_autocommit() {
            return Ok(());
        }
        let attached = self.texts("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")?;
        for name in attached {
            handle.batch(&format!("DETACH {}", quoted(&name)))?;
        }
        handle.batch("PRAGMA foreign_keys = ON; PRAGMA main.synchronous = FULL")?;
        // These belong to the connection and not to the file: without a journal nothing could be taken back.
        let mode: String = handle.value("PRAGMA main.journal_mode")?;
        if handle.path.is_some() && ["off", "memory"].contains(&mode.as_str()) {
            handle.batch("PRAGMA main.journal_mode = DELETE")?;
        }
        self.unrestored = false;
        Ok(())
    }

    fn drop_temporary(&self) -> Result<(), EngineError> {
        let handle = self.handle()?;
        let sql = "SELECT type, name FROM temp.sqlite_schema WHERE type IN ('table', 'view', 'trigger') \
                   AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let found: Vec<(String, String)> = self.rows(sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (kind, name) in found {
            // A virtual table takes its shadow tables along, a table its triggers.
            handle.batch(&format!("DROP {kind} IF EXISTS temp.{}", quoted(&name)))?;
        }
        Ok(())
    }
}
