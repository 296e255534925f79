//! The rights that people have to a single routine. MySQL takes them away with the routine, so a swap that puts another one of the
//! same name in its place gives them back; MariaDB keeps them when it replaces a routine. The server tells them only to whoever may
//! read its table of them: for other users they cannot be known, and go with a routine that is replaced, which is said before.

use serde::{Deserialize, Serialize};
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use super::objects::Sort;
use crate::admin::literal;
use crate::connect::{Connection, quoted};
use crate::error::number;

/// Rights to a routine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Granted {
    pub(super) sort: Sort,
    pub(super) name: String,
    user: String,
    host: String,
    rights: Vec<String>,
}

/// Those that are given on the routines of a database and would go with them.
pub(super) async fn read(connection: &mut Connection, database: &str) -> Result<Vec<Granted>, EngineError> {
    if connection.kind() == EngineKind::Mariadb {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT Routine_type, Routine_name, User, Host, Proc_priv FROM mysql.procs_priv WHERE Db = {}",
        literal(database)
    );
    let rows = match connection.texts(&sql).await {
        Err(error) if error.class == ErrorClass::Refused => return Ok(Vec::new()),
        other => other?,
    };
    let granted = |row: Vec<Option<String>>| {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (sort, name, user, host, rights) = (next(), next(), next(), next(), next());
        let sort = [Sort::Function, Sort::Procedure].into_iter().find(|found| found.word() == sort)?;
        Some(Granted { sort, name, user, host, rights: rights.split(',').map(str::to_ascii_uppercase).collect() })
    };
    Ok(rows.into_iter().filter_map(granted).collect())
}

/// Whether the rights that a routine would take with it are told to the user, or need not be.
pub(super) async fn are_told(connection: &mut Connection) -> Result<bool, EngineError> {
    if connection.kind() == EngineKind::Mariadb {
        return Ok(true);
    }
    match connection.texts("SELECT 1 FROM mysql.procs_priv LIMIT 0").await {
        Err(error) if error.class == ErrorClass::Refused => Ok(false),
        other => other.map(|_rows| true),
    }
}

impl Granted {
    /// Gives the rights, which may be there already. An account that has gone needs none.
    pub(super) async fn give(&self, connection: &mut Connection, database: &str) -> Result<(), EngineError> {
        let (passed_on, rights): (Vec<&str>, Vec<&str>) = self
            .rights
            .iter()
            .map(String::as_str)
            .filter(|right| !right.is_empty())
            .partition(|right| *right == "GRANT");
        let rights = if rights.is_empty() { "USAGE".to_owned() } else { rights.join(", ") };
        let sql = format!(
            "GRANT {rights} ON {} {}.{} TO {}@{}{}",
            self.sort.word(),
            quoted(database),
            quoted(&self.name),
            literal(&self.user),
            literal(&self.host),
            if passed_on.is_empty() { "" } else { " WITH GRANT OPTION" }
        );
        match connection.own(&sql).await {
            Err(error) if matches!(number(&error), Some(1410 | 1133)) => Ok(()),
            Err(error) => Err(error
                .context(format!("the rights of `{}`@`{}` to the routine `{}`", self.user, self.host, self.name))
                .hint("the server takes them away with the routine, which is replaced: a user with the right GRANT OPTION can give them back")),
            Ok(_) => Ok(()),
        }
    }
}
