//! An empty environment: databases without any object, storage leaves without files, no index. What was there becomes an
//! undo point, as with every destructive command.

use crate::environment::Environment;
use crate::error::Result;
use crate::replacement::{Replacement, refuse_without_undo_room};

/// Refuses where a reset is not allowed, before anybody is asked.
///
/// # Errors
///
/// A protected environment.
pub fn allowed(environment: &Environment) -> Result<()> {
    environment.refuse_protected("reset")
}

/// What a reset would do.
#[must_use]
pub fn plan(environment: &Environment) -> Vec<String> {
    let databases = environment.databases.iter().map(|database| format!("empty database {}", database.name));
    let leaves = environment.project.storage.iter().flat_map(|storage| &storage.leaves);
    let leaves = leaves.map(|leaf| format!("empty storage {leaf}"));
    let indexes = environment.project.indexes.keys().map(|name| format!("drop index {name}"));
    databases.chain(leaves).chain(indexes).collect()
}

/// Empties the environment.
///
/// # Errors
///
/// A protected environment, or whatever stops the building, which leaves everything as it was.
pub async fn reset(environment: &Environment) -> Result<()> {
    allowed(environment)?;
    let _held = environment.hold().await?;
    refuse_without_undo_room(environment).await?;
    let mut replacement = Replacement::new(environment, "reset");
    replacement.all_ready().await?;
    let built = build(environment, &mut replacement).await;
    replacement.swap_if_built(built).await
}

async fn build(environment: &Environment, replacement: &mut Replacement<'_>) -> Result<()> {
    for database in &environment.databases {
        let place = replacement.beside(&database.name)?;
        database.server.create(&place).await?;
        replacement.put_database(&database.name, Some(place)).await?;
    }
    replacement.empty_leaves()?;
    for index in environment.project.indexes.keys() {
        replacement.put_index(index, None).await?;
    }
    Ok(())
}
