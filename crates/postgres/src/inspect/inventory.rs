//! Holds the schema against the catalog. Whatever the server lists as made by people must have become an object or a part
//! of one; the first thing that did not is refused by name, so that nothing is ever dropped silently.

use stead_engine::EngineError;

use super::catalog::{CONSTRAINTS, Catalog, RULES, TYPES};

/// Refuses what is in the catalog and not in the schema.
pub(super) async fn check(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    let mut missing = Vec::new();
    for row in catalog.rows(include_str!("sql/inventory.sql")).await? {
        let key: (u32, u32) = (row.get(0), row.get(1));
        let relation: u32 = row.get(2);
        let own = catalog.own.contains(&key.1) || catalog.own.contains(&relation);
        if !own && !catalog.left_out.contains(&key) && !catalog.entries.contains_key(&key) {
            missing.push(key);
        }
    }
    match missing.first() {
        None => Ok(()),
        Some(&(class, number)) => Err(described(catalog, class, number, missing.len()).await),
    }
}

async fn described(catalog: &mut Catalog<'_>, class: u32, number: u32, count: usize) -> EngineError {
    let sql = format!("SELECT pg_describe_object({class}, {number}, 0)");
    let name = match catalog.rows(&sql).await {
        Ok(rows) => {
            rows.first().and_then(|row| row.get::<_, Option<String>>(0)).unwrap_or_else(|| format!("{class}/{number}"))
        }
        Err(error) => return error,
    };
    let others = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    let kind = match class {
        TYPES => "type",
        CONSTRAINTS => "constraint",
        RULES => "rule",
        _ => "object",
    };
    super::unsupported(kind, &name, &format!("it has no place in the schema{others}"))
        .hint("nothing is dropped silently; remove the object")
}
