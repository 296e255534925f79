//! Objects that have no shape of their own: the server writes each as one statement, and that statement is what is kept.
//! Kinds that the diff must understand part by part have shapes and live elsewhere.

use stead_engine::EngineError;
use stead_schema::model::{Name, Reference};
use stead_sql::ledger::own_tables;
use tokio_postgres::Row;

use super::catalog::{Catalog, EXTENSIONS, RELATIONS, TEXT_SEARCH};
use super::secrets;

/// Each gives rows of: catalog, number, kind, schema, name, statement (absent where something else makes the object), how
/// `COMMENT ON` names it, owner.
const QUERIES: [&str; 7] = [
    include_str!("sql/schemas.sql"),
    include_str!("sql/types.sql"),
    include_str!("sql/routines.sql"),
    include_str!("sql/operators.sql"),
    include_str!("sql/languages.sql"),
    include_str!("sql/text_search.sql"),
    include_str!("sql/events.sql"),
];

/// Reads what stands on its own.
pub(super) async fn read(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/members.sql")).await? {
        catalog.members.insert((row.get(0), row.get(1)), row.get(2));
    }
    let own: Vec<String> = own_tables().iter().map(|name| format!("'{name}'")).collect();
    for row in catalog.rows(&include_str!("sql/left_out.sql").replace("$own", &own.join(", "))).await? {
        catalog.left_out.insert((row.get(0), row.get(1)));
    }
    for sql in QUERIES {
        for row in catalog.rows(sql).await? {
            take(catalog, &row);
        }
    }
    for row in catalog.rows(include_str!("sql/foreign.sql")).await? {
        take(catalog, &row);
        // Each of these rows is an object with a statement.
        if let Some(object) = catalog.schema.objects.iter_mut().rfind(|object| object.kind == row.get::<_, &str>(2)) {
            object.definition = secrets::noted(&row.get::<_, Vec<String>>(8), &object.body);
        }
    }
    Ok(())
}

/// Reads what belongs to tables, once the tables are known.
pub(super) async fn read_of_tables(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/rules.sql")).await? {
        let (relation, kind, name): (u32, &str, &str) = (row.get(8), row.get(2), row.get(4));
        if kind == "rule" && name.ends_with(".\"_RETURN\"") {
            let reason = "only the rule of a view may have this name when it is made";
            return Err(super::unsupported("rule", name, reason).hint("rename the rule"));
        }
        if catalog.own.contains(&relation) {
            continue;
        }
        take(catalog, &row);
        if let Some(entry) = catalog.entries.get(&(RELATIONS, relation)).filter(|_| ["policy", "rule"].contains(&kind))
        {
            let on = entry.reference.clone();
            catalog.depend(kind, &Name { namespace: row.get(3), name: name.to_owned() }, &on);
        }
    }
    Ok(())
}

fn take(catalog: &mut Catalog<'_>, row: &Row) {
    let (class, number, kind): (u32, u32, &str) = (row.get(0), row.get(1), row.get(2));
    if catalog.left_out.contains(&(class, number)) {
        return;
    }
    let name = Name { namespace: row.get(3), name: row.get(4) };
    let (body, address, owner): (Option<String>, Option<String>, Option<u32>) = (row.get(5), row.get(6), row.get(7));
    let reference = Reference::new(if class == EXTENSIONS { "extension" } else { kind }, name.clone());
    if let (Some(address), Some(owner)) = (&address, owner) {
        if kind == "schema" && name.name == "public" {
            if owner != catalog.owner_of_public() {
                catalog.owner(address, &reference, owner);
            }
        } else if body.is_some() {
            catalog.owned(address, &reference, owner);
        }
    }
    match kind {
        "rule state" => catalog.depend(kind, &name, &Reference::new("rule", name.clone())),
        "text search mapping" => {
            if let Some(entry) = catalog.entries.get(&(TEXT_SEARCH, number)) {
                let on = entry.reference.clone();
                catalog.depend(kind, &name, &on);
            }
        }
        _ => {}
    }
    if class != 0 {
        catalog.note((class, number), reference, address);
    }
    if let Some(body) = body {
        catalog.object(kind, name, body);
    }
}
