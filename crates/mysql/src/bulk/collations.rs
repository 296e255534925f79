//! Character sets and collations that a snapshot names and a server may not know: another version of the server has other ones,
//! and the other vendor too. They are looked up before anything is made, so that a load does not fail in the middle.

use std::collections::{BTreeMap, BTreeSet};

use stead_engine::{EngineError, ErrorClass};
use stead_schema::Schema;

use crate::connect::Connection;

/// Refuses a schema that the server has no collation or character set for, with all of them and where each is used.
pub(super) async fn known(
    connection: &mut Connection,
    schema: &Schema,
    charset: &str,
    collation: &str,
) -> Result<(), EngineError> {
    let mut named = used(schema);
    named.entry(charset.to_owned()).or_insert_with(|| "the database".to_owned());
    named.entry(collation.to_owned()).or_insert_with(|| "the database".to_owned());
    let known = names(connection).await?;
    let unknown: Vec<String> = named
        .iter()
        .filter(|(name, _)| !known.contains(&name.to_ascii_lowercase()))
        .map(|(name, place)| format!("`{name}` ({place})"))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("the server does not know these character sets or collations: {}", unknown.join(", "));
    Err(EngineError::new(ErrorClass::Unsupported, message).hint(format!(
        "the server is {} {}; load into a version that has them, or change them where the snapshot came from and dump again",
        connection.kind(),
        connection.version_text()
    )))
}

/// Every name, with one place where it is used.
fn used(schema: &Schema) -> BTreeMap<String, String> {
    let mut used = BTreeMap::new();
    let mut note = |name: Option<&String>, place: String| {
        if let Some(name) = name {
            used.entry(name.clone()).or_insert(place);
        }
    };
    for table in &schema.tables {
        for option in ["charset", "collation"] {
            note(table.options.get(option), format!("table `{}`", table.name));
        }
        for column in &table.columns {
            let place = || format!("column `{}` of `{}`", column.name, table.name);
            note(column.options.get("charset"), place());
            note(column.collation.as_ref(), place());
        }
    }
    let views = schema.views.iter().map(|view| (&view.options, "view", &view.name));
    let triggers = schema.triggers.iter().map(|trigger| (&trigger.options, "trigger", &trigger.name));
    let objects = schema.objects.iter().map(|object| (&object.options, object.kind.as_str(), &object.name));
    for (options, kind, name) in views.chain(triggers).chain(objects) {
        note(options.get("collation_connection"), format!("{kind} `{name}`"));
    }
    used
}

/// What the server knows, in small letters. MariaDB lists collations that serve several character sets by a short name, and by
/// the whole one in the second table.
async fn names(connection: &mut Connection) -> Result<BTreeSet<String>, EngineError> {
    let mut known = BTreeSet::new();
    for sql in [
        "SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS",
        "SELECT COLLATION_NAME FROM information_schema.COLLATIONS",
    ] {
        known.extend(connection.texts(sql).await?.into_iter().flatten().flatten());
    }
    let whole = "SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY";
    if connection.kind() == stead_schema::EngineKind::Mariadb && connection.version() >= (10, 10, 1) {
        known.extend(connection.texts(whole).await?.into_iter().flatten().flatten());
    }
    Ok(known.into_iter().map(|name| name.to_ascii_lowercase()).collect())
}
