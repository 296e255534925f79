//! Which object needs which, as the server recorded it. Only what the shapes do not imply is read; members of extensions
//! stand for their extension.

use std::collections::HashMap;

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_schema::model::{Dependency, Name, Reference};
use stead_sql::quote::identifier;

use super::catalog::{Catalog, EXTENSIONS, FAMILY_FUNCTIONS, FAMILY_OPERATORS};

type Key = (u32, u32);

/// Reads dependencies into the schema.
pub(super) async fn read(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    let rows = catalog.rows(include_str!("sql/dependencies.sql")).await?;
    let rows: Vec<(Key, Key, String)> =
        rows.iter().map(|row| ((row.get(0), row.get(1)), (row.get(2), row.get(3)), row.get(4))).collect();
    let members = family_members(catalog, &rows);
    for (of, on, sort) in rows {
        let of = members.get(&of).copied().unwrap_or(of);
        let (Some(of), Some(on)) = (catalog.entries.get(&of), needed(catalog, on)) else { continue };
        if sort == "x" {
            let name = identifier(&on.name.name, EngineKind::Postgres);
            let address = of.address.clone().unwrap_or_default();
            let body = format!("ALTER {address} DEPENDS ON EXTENSION {name}");
            let (on, named) = (of.reference.clone(), Name::flat(format!("{address} ON {name}")));
            catalog.depend("extension dependency", &named, &on);
            catalog.object("extension dependency", named, body);
        } else if of.reference != on {
            let dependency = Dependency { of: of.reference.clone(), on };
            catalog.schema.dependencies.push(dependency);
        }
    }
    Ok(())
}

/// The object that is needed, or the extension that brings it.
fn needed(catalog: &Catalog<'_>, key: Key) -> Option<Reference> {
    let extension = catalog.members.get(&key).map(|&extension| (EXTENSIONS, extension));
    catalog.entries.get(&extension.unwrap_or(key)).map(|entry| entry.reference.clone())
}

/// Operators and functions that are written with their operator class, by the class.
fn family_members(catalog: &Catalog<'_>, rows: &[(Key, Key, String)]) -> HashMap<Key, Key> {
    let member = |of: &Key| (of.0 == FAMILY_OPERATORS || of.0 == FAMILY_FUNCTIONS) && !catalog.entries.contains_key(of);
    let owners = rows.iter().filter(|(of, _, sort)| member(of) && sort != "n");
    owners.map(|(of, on, _)| (*of, *on)).collect()
}
