//! The databases that are filled, behind one small trait: rows go in table by table, and each engine takes them the way
//! it is fastest at. The catalogue and the counts above know tables and values, and nothing of any engine.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};

#[cfg(feature = "servers")]
mod mysql;
#[cfg(feature = "servers")]
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

/// An open database, inside one transaction. What is dropped without [`Database::commit`] was never there.
pub(crate) trait Database {
    /// The one number that a query answers.
    fn number(&mut self, query: &str) -> Result<i64>;

    /// The answer to a query for names and numbers.
    fn numbers(&mut self, query: &str) -> Result<BTreeMap<String, i64>>;

    /// Writes rows, in their order.
    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<()>;

    /// Lets tables that number their rows go on behind the highest number that was written. Most engines see to that
    /// themselves.
    fn go_on_counting(&mut self, _tables: &[&str]) -> Result<()> {
        Ok(())
    }

    /// Ends the transaction and keeps what was written.
    fn commit(self: Box<Self>) -> Result<()>;
}

/// A table with the columns that are written.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str],
}

/// The values of a row, in the order of the table's columns.
pub(crate) type Row = Vec<Value>;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(Cow<'static, str>),
    /// A moment in UTC as `YYYY-MM-DDTHH:MM:SSZ`.
    Moment(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Where a database is. A URL may hold a password, so this cannot be printed.
pub(crate) enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a database on a server.
    Postgres(String),
    /// The URL of a database on a server, MariaDB's too.
    Mysql(String),
}

impl Location {
    /// Reads a URL: `sqlite:PATH`, `postgres://…`, `mysql://…` or `mariadb://…`.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        const EXPECTED: &str = "expected `sqlite:PATH`, `postgres://…`, `mysql://…` or `mariadb://…`";
        match url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            Some(("mysql" | "mariadb", rest)) => Ok(Self::Mysql(format!("mysql:{rest}"))),
            Some((scheme, _)) => bail!("{EXPECTED}, found a URL that begins with `{scheme}:`"),
            None => bail!("{EXPECTED}, found no scheme"),
        }
    }

    /// Opens a database that is there, and begins a transaction.
    #[cfg(feature = "servers")]
    pub(crate) fn open(&self) -> Result<Box<dyn Database>> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(sqlite::Sqlite::open(path)?),
            Self::Postgres(url) => Box::new(postgres::Postgres::open(url)?),
            Self::Mysql(url) => Box::new(mysql::Mysql::open(url)?),
        })
    }

    /// Opens a database that is there, and begins a transaction.
    #[cfg(not(feature = "servers"))]
    pub(crate) fn open(&self) -> Result<Box<dyn Database>> {
        match self {
            Self::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path)?)),
            Self::Postgres(url) | Self::Mysql(url) => {
                let scheme = url.split(':').next().unwrap_or_default();
                bail!(
                    "this program was built for SQLite alone, not for `{scheme}:`; build it with `--features servers`"
                )
            }
        }
    }
}
