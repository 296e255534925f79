//! What people put on tables that an extension makes: columns, indexes, constraints, policies, rules. The server notes the extension for the
//! table alone, so what it made itself is told by the transaction; where that says nothing any more, as after an upgrade of the
//! server, a part is written so that nothing happens where the extension has made it already.

use stead_engine::EngineError;
use stead_schema::model::{Dependency, Name, Reference};
use stead_schema::{EngineKind, OF_EXTENSION};
use stead_sql::quote::{identifier, string};

use super::catalog::{Catalog, EXTENSIONS};

/// Reads the parts.
pub(super) async fn read(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/member_parts.sql")).await? {
        let key: (u32, u32) = (row.get(0), row.get(1));
        let [namespace, table, part, sort] = [2, 3, 4, 5].map(|place| row.get::<_, &str>(place));
        let (relation, statement): (Option<&str>, &str) = (row.get(7), row.get(8));
        let name = Name::within(namespace, format!("{table}: {sort} {part}"));
        let of = Reference::new(OF_EXTENSION, name.clone());
        if let Some(extension) = catalog.entries.get(&(EXTENSIONS, row.get(6))) {
            let on = extension.reference.clone();
            catalog.schema.dependencies.push(Dependency { of: of.clone(), on });
        }
        let quoted = identifier(part, EngineKind::Postgres);
        let address = relation.map(|relation| match sort {
            "index" => format!("INDEX {}.{quoted}", identifier(namespace, EngineKind::Postgres)),
            sort => format!("{} {quoted} ON {relation}", sort.to_uppercase()),
        });
        if key != (0, 0) {
            catalog.note(key, of, address);
        }
        let body = once(sort, part, relation.unwrap_or_default(), statement);
        catalog.object(OF_EXTENSION, name, body);
    }
    Ok(())
}

/// The statement in a form that does nothing where the part is there.
fn once(sort: &str, part: &str, relation: &str, statement: &str) -> String {
    let literal = |text: &str| string(text, EngineKind::Postgres).unwrap_or_default();
    let (catalog, named, of) = match sort {
        "index" => return statement.replacen(" INDEX ", " INDEX IF NOT EXISTS ", 1),
        "constraint" => ("pg_constraint", "conname", "conrelid"),
        "trigger" => ("pg_trigger", "tgname", "tgrelid"),
        "policy" => ("pg_policy", "polname", "polrelid"),
        "rule" => ("pg_rewrite", "rulename", "ev_class"),
        _ => return statement.to_owned(),
    };
    let body = format!(
        "BEGIN\n    IF NOT EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {named} = {} AND {of} = {}::pg_catalog.regclass) THEN\n        \
         EXECUTE {};\n    END IF;\nEND",
        literal(part),
        literal(relation),
        literal(statement)
    );
    format!("DO {}", literal(&body))
}
