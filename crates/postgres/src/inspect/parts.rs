//! What belongs to other objects: sequences of columns, triggers, comments, security labels and grants. They are found by the
//! server's numbers, so this runs when everything they belong to is known.

use std::collections::BTreeMap;

use stead_engine::EngineError;
use stead_schema::model::{Dependency, Name, Object, Reference, Trigger};
use stead_schema::{EngineKind, OF_EXTENSION, ROLE};
use stead_sql::quote::{identifier, string};
use tokio_postgres::Row;

use super::catalog::{CONSTRAINTS, Catalog, RELATIONS, ROUTINES, TRIGGERS, TYPES, quoted, set};
use super::query::FIRST_USER_NUMBER;
use super::relations::Relations;

/// Reads sequences: those of identity columns become properties of the column, the others objects.
pub(super) async fn sequences(catalog: &mut Catalog<'_>, relations: &mut Relations) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/sequences.sql")).await? {
        let name = Name::within(row.get::<_, &str>(1), row.get::<_, &str>(2));
        let (table, deptype): (Option<u32>, Option<&str>) = (row.get(3), row.get(5));
        if table.is_some_and(|table| catalog.own.contains(&table)) {
            catalog.own.insert(row.get(0));
        } else if deptype == Some("i") {
            identity(catalog, relations, &row, &name);
        } else {
            sequence(catalog, relations, &row, name);
        }
    }
    Ok(())
}

fn identity(catalog: &mut Catalog<'_>, relations: &mut Relations, row: &Row, name: &Name) {
    let (table, column): (Option<u32>, Option<i16>) = (row.get(3), row.get(4));
    let (Some(table), Some(number)) = (table, column) else { return };
    let Some(relation) = relations.find(table) else { return };
    let reference = Reference::new("table", relation.table.name.clone());
    catalog.note((RELATIONS, row.get(0)), reference, Some(format!("SEQUENCE {}", quoted(name))));
    if let Some(column) = relation.column(number) {
        set(&mut column.options, "sequence", Some(quoted(name)));
        let settings: String = row.get(6);
        set(&mut column.options, "sequence options", (!settings.is_empty()).then_some(settings));
        set(&mut column.options, "sequence persistence", row.get::<_, Option<String>>(10));
        set(&mut column.options, "sequence type", row.get::<_, Option<String>>(11));
    }
}

fn sequence(catalog: &mut Catalog<'_>, relations: &mut Relations, row: &Row, name: Name) {
    let (owner, table_owner): (u32, Option<u32>) = (row.get(8), row.get(9));
    let address = format!("SEQUENCE {}", quoted(&name));
    if table_owner != Some(owner) {
        catalog.owned(&address, &Reference::new("sequence", name.clone()), owner);
    }
    let settings: String = row.get(6);
    let (unlogged, gap) = (row.get::<_, bool>(7), if settings.is_empty() { "" } else { " " });
    let body = format!("CREATE {}{address}{gap}{settings}", if unlogged { "UNLOGGED " } else { "" });
    let belongs = row.get::<_, Option<u32>>(3).zip(row.get::<_, Option<i16>>(4));
    let owner = belongs.and_then(|(table, number)| {
        let relation = relations.find(table)?;
        let on = Reference::new(relation.word(), relation.table.name.clone());
        let column = relation.column(number)?;
        let column = identifier(&column.name, EngineKind::Postgres);
        Some((format!("ALTER {address} OWNED BY {}.{column}", quoted(&on.name)), on))
    });
    if let Some((body, on)) = owner {
        let of = Reference::new("sequence owner", name.clone());
        catalog.object("sequence owner", name.clone(), body);
        catalog.schema.dependencies.push(Dependency { of, on });
    }
    catalog.note((RELATIONS, row.get(0)), Reference::new("sequence", name.clone()), Some(address));
    catalog.object("sequence", name, body);
}

/// Reads triggers. Those that a partition has from its parent are left out unless they are enabled in another way.
pub(super) async fn triggers(catalog: &mut Catalog<'_>, relations: &Relations) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/triggers.sql")).await? {
        let function: u32 = row.get(6);
        let table = match (relations.look(row.get(1)), relations.members.get(&row.get(1))) {
            (Some(relation), _) => relation.table.name.clone(),
            // On a table of an extension the extension's own triggers call its own functions, or the server's.
            (None, Some(member))
                if function >= FIRST_USER_NUMBER && !catalog.members.contains_key(&(ROUTINES, function)) =>
            {
                member.name.clone()
            }
            _ => continue,
        };
        let name = Name { namespace: table.namespace.clone(), name: row.get(2) };
        let address = format!("TRIGGER {} ON {}", identifier(&name.name, EngineKind::Postgres), quoted(&table));
        catalog.note((TRIGGERS, row.get(0)), Reference::part("trigger", &table, &name.name), Some(address));
        // What a partition has as its table has it comes with that.
        let Some(body) = row.get::<_, Option<String>>(3) else { continue };
        let mut options = BTreeMap::new();
        let state = match row.get::<_, &str>(4) {
            "D" => Some("disabled"),
            "R" => Some("replica"),
            "A" => Some("always"),
            _ => None,
        };
        let inherited: bool = row.get(5);
        set(&mut options, "enabled", state.or(inherited.then_some("origin")));
        set(&mut options, "inherited", inherited.then_some("true"));
        catalog.schema.triggers.push(Trigger { name, table, body, options, definition: None });
    }
    Ok(())
}

/// Reads which of the triggers do not fire as usual by which the server itself holds keys. Their names differ between databases, so
/// the statement looks for them.
pub(super) async fn constraint_triggers(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/constraint_triggers.sql")).await? {
        let key = (CONSTRAINTS, row.get(0));
        let Some(on) = catalog.entries.get(&key).map(|entry| entry.reference.clone()) else { continue };
        let (function, change): (&str, &str) = (row.get(6), row.get(7));
        let literal = |text: &str| string(text, EngineKind::Postgres).unwrap_or_default();
        let [constraint, table, watched] = [3, 4, 5].map(|place| literal(row.get(place)));
        let find = format!(
            "DECLARE its name;\nBEGIN\n    SELECT t.tgname INTO STRICT its FROM pg_catalog.pg_trigger t \
             JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint\n    \
             WHERE k.conname = {constraint} AND k.conrelid = {table}::pg_catalog.regclass \
             AND t.tgrelid = {watched}::pg_catalog.regclass AND t.tgfoid = {}::pg_catalog.regproc;\n    \
             EXECUTE pg_catalog.format({}, {watched}, its);\nEND",
            literal(&format!("pg_catalog.{}", identifier(function, EngineKind::Postgres))),
            literal(&format!("ALTER TABLE ONLY %s {change} TRIGGER %I")),
        );
        let name =
            Name::within(row.get::<_, &str>(1), format!("{} {function} on {}", on.name.name, row.get::<_, &str>(5)));
        let of = Reference::new("constraint trigger state", name.clone());
        catalog.object("constraint trigger state", name, format!("DO {}", literal(&find)));
        catalog.schema.dependencies.push(Dependency { of, on });
    }
    Ok(())
}

/// Reads comments and security labels.
pub(super) async fn comments(catalog: &mut Catalog<'_>, relations: &mut Relations) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/comments.sql")).await? {
        let (class, number, part): (u32, u32, i32) = (row.get(0), row.get(1), row.get(2));
        let (text, provider): (Option<String>, Option<String>) = (row.get(3), row.get(4));
        let key = (class, number);
        if catalog.own.contains(&number) || catalog.members.contains_key(&key) || catalog.left_out.contains(&key) {
            continue;
        }
        if class == RELATIONS
            && relations.look(number).is_some_and(|relation| relation.word() == "table" || part > 0)
            && provider.is_none()
        {
            of_table(relations, number, part, text.unwrap_or_default());
            continue;
        }
        let of_type: Option<String> = row.get(5);
        let known = of_type.or_else(|| address(catalog, relations, class, number, part));
        let Some(address) = known else { continue };
        let on = row.get::<_, Option<u32>>(6).map_or(key, |of_type| (TYPES, of_type));
        let on = catalog.entries.get(&on).map(|entry| entry.reference.clone());
        // `public` alone comes here without a text: a new database brings a comment on it, which people have removed.
        let literal = match &text {
            Some(text) => string(text, EngineKind::Postgres).unwrap_or_default(),
            None => "NULL".to_owned(),
        };
        let (kind, name, body) = match provider {
            None => ("comment", Name::flat(&address), format!("COMMENT ON {address} IS {literal}")),
            Some(provider) => {
                let provider = identifier(&provider, EngineKind::Postgres);
                let body = format!("SECURITY LABEL FOR {provider} ON {address} IS {literal}");
                ("security label", Name::flat(format!("{address} FOR {provider}")), body)
            }
        };
        // An extension may have made such a part, and then the comment too.
        let (kind, name) = match &on {
            Some(on) if on.kind == OF_EXTENSION => (OF_EXTENSION, Name::flat(format!("{kind}: {}", name.name))),
            _ => (kind, name),
        };
        if let Some(on) = on {
            catalog.depend(kind, &name, &on);
        }
        catalog.object(kind, name, body);
    }
    Ok(())
}

fn of_table(relations: &mut Relations, number: u32, part: i32, text: String) {
    let Some(relation) = relations.find(number) else { return };
    if part == 0 {
        relation.table.comment = Some(text);
    } else if let Some(column) = i16::try_from(part).ok().and_then(|part| relation.column(part)) {
        column.comment = Some(text);
    }
}

fn address(catalog: &Catalog<'_>, relations: &mut Relations, class: u32, number: u32, part: i32) -> Option<String> {
    if class == RELATIONS && part > 0 {
        let relation = relations.find(number)?;
        let table = quoted(&relation.table.name);
        let column = relation.column(i16::try_from(part).ok()?)?;
        return Some(format!("COLUMN {table}.{}", identifier(&column.name, EngineKind::Postgres)));
    }
    catalog.entries.get(&(class, number))?.address.clone()
}

/// Reads grants that differ from what an object of its kind has by itself.
pub(super) async fn grants(catalog: &mut Catalog<'_>) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/grants.sql")).await? {
        let (class, number): (u32, u32) = (row.get(0), row.get(1));
        if !catalog.own.contains(&number) && !catalog.left_out.contains(&(class, number)) {
            let (name, body): (String, String) = (row.get(2), row.get(3));
            let definition = Some(row.get::<_, String>(4)).filter(|written| *written != body);
            if let Some(on) = catalog.entries.get(&(class, number)).map(|entry| entry.reference.clone()) {
                catalog.depend("grant", &Name::flat(&name), &on);
            }
            catalog.schema.objects.push(Object {
                kind: "grant".to_owned(),
                name: Name::flat(name),
                body,
                definition,
                ..Object::default()
            });
        }
    }
    for row in catalog.rows(include_str!("sql/grantees.sql")).await? {
        let (number, role, class): (u32, String, u32) = (row.get(0), row.get(1), row.get(2));
        if catalog.own.contains(&number) || catalog.left_out.contains(&(class, number)) {
            continue;
        }
        // What a statement cannot do without its role is said, so that this can be asked before anything is made.
        if let Some(of) = catalog.entries.get(&(class, number)).map(|entry| entry.reference.clone())
            && ["policy", "default privileges"].contains(&of.kind.as_str())
        {
            catalog.schema.dependencies.push(Dependency { of, on: Reference::new(ROLE, Name::flat(&role)) });
        }
        catalog.schema.roles.push(role);
    }
    Ok(())
}
