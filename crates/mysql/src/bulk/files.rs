//! Tables of MariaDB whose files lie in a directory that the table names. InnoDB leaves them, and the note of where they are, under
//! the old name when such a table is renamed into another database: that database cannot be dropped any more, and a table of that
//! name cannot be made in it again. So they are refused while nothing has happened yet.

use stead_engine::{EngineError, ErrorClass};
use stead_schema::model::{Table, TableKind};
use stead_schema::{EngineKind, Schema};

use crate::admin::literal;
use crate::connect::{Connection, quoted};

/// How a table says it.
const DIRECTORY: &str = "DATA DIRECTORY";

/// Refuses a schema with such tables, which would be built and could not take the live name.
pub(super) fn placeable(schema: &Schema) -> Result<(), EngineError> {
    let innodb =
        |table: &&Table| table.options.get("engine").is_some_and(|engine| engine.eq_ignore_ascii_case("InnoDB"));
    let aside = |table: &&Table| {
        let parts =
            matches!(&table.kind, TableKind::Partitioned(text) if text.to_ascii_uppercase().contains(DIRECTORY));
        parts || table.options.contains_key(&DIRECTORY.to_ascii_lowercase())
    };
    let first = schema.tables.iter().filter(innodb).find(aside);
    match first.filter(|_| schema.engine == EngineKind::Mariadb) {
        None => Ok(()),
        Some(table) => Err(refused(&table.name.name)
            .hint("take `DATA DIRECTORY` from the table where the snapshot comes from, and dump again")),
    }
}

/// Refuses a database with such tables, which could not be kept.
pub(super) async fn movable(connection: &mut Connection, database: &str) -> Result<(), EngineError> {
    if connection.kind() != EngineKind::Mariadb {
        return Ok(());
    }
    let sql = format!(
        "SELECT TABLE_NAME, CREATE_OPTIONS FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND ENGINE = 'InnoDB' \
         AND (CREATE_OPTIONS LIKE '%{DIRECTORY}%' OR CREATE_OPTIONS LIKE '%partitioned%')",
        literal(database)
    );
    for row in connection.texts(&sql).await? {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let (table, mut said) = (row.next().unwrap_or_default(), row.next().unwrap_or_default());
        let name = format!("{}.{}", quoted(database), quoted(&table));
        if !said.contains(DIRECTORY) {
            let shown = connection.texts(&format!("SHOW CREATE TABLE {name}")).await?;
            said = shown.into_iter().flatten().nth(1).flatten().unwrap_or_default();
        }
        if said.contains(DIRECTORY) {
            return Err(refused(&table).hint(
                "make it anew in the server's own directory: with the same columns and keys, and `INSERT … SELECT`",
            ));
        }
    }
    Ok(())
}

fn refused(table: &str) -> EngineError {
    let message = format!(
        "the files of the table `{table}` lie in a directory that the table names, and the server leaves them behind when it is \
         renamed"
    );
    EngineError::new(ErrorClass::Unsupported, message)
}
