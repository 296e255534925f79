//! What a database looks like, in a fixed number of queries over the server's catalog. Shapes (tables, columns, keys, checks,
//! indexes, views, triggers) become data; everything else is the statement that the server's own functions print for it.
//! At the end the schema is held against the catalog: what is in neither the schema nor an extension is refused by name.

mod catalog;
mod dependencies;
mod inventory;
mod keys;
mod members;
mod objects;
mod parts;
mod query;
mod relations;
mod secrets;
mod unprintable;

use stead_engine::{EngineError, ErrorClass};
use stead_schema::Schema;

use crate::connect::Connection;
use catalog::Catalog;

#[cfg(test)]
mod tests;

/// The code of `SAVEPOINT` outside a transaction.
const NO_TRANSACTION: &str = "25P01";

/// The schema of the connection's database, without stead's own tables and what extensions own. Inside a transaction it is
/// what that transaction sees; else one read-only transaction is begun and ended.
///
/// # Errors
///
/// `unsupported`, naming the object, if the catalog lists one that the schema cannot hold or the server cannot print.
pub(crate) async fn inspect(connection: &mut Connection) -> Result<Schema, EngineError> {
    let inside = match connection.batch("SAVEPOINT stead_inspection").await {
        Ok(()) => true,
        Err(error) if error.engine_code.as_deref() == Some(NO_TRANSACTION) => false,
        Err(error) => return Err(error),
    };
    if !inside {
        connection.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SAVEPOINT stead_inspection").await?;
    }
    let mut schema = read(connection).await;
    if let Err(error) = &schema
        && unprintable::is_meant(error)
    {
        schema = Err(unprintable::named(connection, error.clone()).await);
    }
    // Going back to the savepoint also takes back the settings that were made for the reading.
    let end =
        if inside { "ROLLBACK TO SAVEPOINT stead_inspection; RELEASE SAVEPOINT stead_inspection" } else { "ROLLBACK" };
    let ended = connection.batch(end).await;
    schema.and_then(|schema| ended.map(|()| schema))
}

async fn read(connection: &mut Connection) -> Result<Schema, EngineError> {
    let mut catalog = Catalog::open(connection).await?;
    objects::read(&mut catalog).await?;
    secrets::connections(&mut catalog).await?;
    let mut relations = relations::read(&mut catalog).await?;
    parts::sequences(&mut catalog, &mut relations).await?;
    keys::constraints(&mut catalog, &mut relations).await?;
    keys::indexes(&mut catalog, &mut relations).await?;
    objects::read_of_tables(&mut catalog).await?;
    members::read(&mut catalog).await?;
    parts::triggers(&mut catalog, &relations).await?;
    parts::constraint_triggers(&mut catalog).await?;
    parts::comments(&mut catalog, &mut relations).await?;
    parts::grants(&mut catalog).await?;
    dependencies::read(&mut catalog).await?;
    inventory::check(&mut catalog).await?;
    relations.finish(&mut catalog.schema);
    catalog.schema.sort();
    Ok(catalog.schema)
}

fn bug(message: &str) -> EngineError {
    EngineError::new(ErrorClass::Bug, message)
}

fn unsupported(kind: &str, name: &str, reason: &str) -> EngineError {
    EngineError::new(ErrorClass::Unsupported, format!("the {kind} `{name}` cannot be represented: {reason}"))
}
