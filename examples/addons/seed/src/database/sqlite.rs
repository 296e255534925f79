//! SQLite: a prepared statement for each table, run once a row. The program is the only writer of a file that has just been
//! made, so nothing else is needed to be fast.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::types::{Null, ToSql, ToSqlOutput};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{Database, Row, Table, Value};

/// A file of SQLite.
pub(super) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens a file that is there, with foreign keys checked and room for the indexes in memory.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connect = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "cache_size", -65_536)?;
            connection.execute_batch("BEGIN")?;
            Ok(connection)
        };
        let connection = connect().with_context(|| format!("cannot open the database `{}`", path.display()))?;
        Ok(Self { connection })
    }
}

impl Database for Sqlite {
    fn number(&mut self, query: &str) -> Result<i64> {
        Ok(self.connection.query_row(query, [], |row| row.get(0))?)
    }

    fn numbers(&mut self, query: &str) -> Result<BTreeMap<String, i64>> {
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        let marks = vec!["?"; table.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", table.name, table.columns.join(", "));
        let mut insert = self.connection.prepare_cached(&sql)?;
        for row in rows {
            insert.execute(params_from_iter(row))?;
        }
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null => Ok(ToSqlOutput::from(Null)),
            Self::Integer(number) => Ok(ToSqlOutput::from(*number)),
            Self::Text(text) => Ok(ToSqlOutput::from(text.as_ref())),
            Self::Moment(text) => Ok(ToSqlOutput::from(text.as_str())),
        }
    }
}
