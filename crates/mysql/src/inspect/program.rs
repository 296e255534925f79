//! What is made of statements: triggers, functions, procedures, events, and MariaDB's sequences. Their bodies are kept
//! exactly as the server keeps them; beside a body stand the settings it was made under, because they are a part of its meaning.

use std::collections::{BTreeMap, HashMap};

use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;
use stead_schema::model::{Name, Object, Trigger};
use stead_sql::normal_form;
use stead_sql::quote::identifier;

use super::batch::{Row, batch, bytes, text};
use super::reader::Reader;
use super::statement::Printed;
use super::{NOT_DROPPED, show, unsupported};
use crate::admin::same_database;
use crate::connect::Connection;
use crate::events::escapes;

type Options = BTreeMap<String, String>;

/// Every trigger with all that the catalog says of it.
const TRIGGERS: &str = "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, SQL_MODE, \
     DEFINER, COLLATION_CONNECTION FROM information_schema.TRIGGERS WHERE ";

/// Every trigger of the database, which has that collation.
pub(super) async fn triggers(connection: &mut Connection, database: &str) -> Result<Vec<Trigger>, EngineError> {
    let mut triggers = Vec::new();
    let listed = format!("{TRIGGERS}{}", same_database("TRIGGER_SCHEMA", "DATABASE()"));
    for row in connection.texts(&listed).await? {
        let row: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
        let [name, table, timing, event, order, sql_mode, definer, collation] = &row[..] else { continue };
        let options = [
            ("timing", timing.to_ascii_lowercase()),
            ("event", event.to_ascii_lowercase()),
            ("order", order.clone()),
            ("sql_mode", sql_mode.clone()),
            ("definer", account(definer)),
            ("collation_connection", collation.clone()),
        ];
        triggers.push(Trigger {
            name: Name::flat(name),
            table: Name::flat(table),
            options: options.into_iter().map(|(word, value)| (word.to_owned(), value)).collect(),
            ..Trigger::default()
        });
    }
    actions(connection, &mut triggers, database).await?;
    without_lone_order(&mut triggers);
    Ok(triggers)
}

/// Sets what each trigger does. The catalog's own column is no source: it has `?` for characters outside Unicode's first plane,
/// and MySQL's takes the doubled quotes out of strings. `SHOW CREATE TRIGGER` prints the statement, on MariaDB as it was written.
async fn actions(connection: &mut Connection, triggers: &mut [Trigger], database: &str) -> Result<(), EngineError> {
    let engine = connection.kind();
    let asked: Vec<String> = triggers.iter().map(|trigger| show("TRIGGER", &trigger.name.name)).collect();
    let shown = batch(connection, &asked).await?;
    for (trigger, rows) in triggers.iter_mut().zip(shown) {
        let name = trigger.name.name.clone();
        let row = rows.first().cloned().unwrap_or_default();
        // Columns: name, sql_mode, statement, character set, collation, collation of the database, moment.
        let source = statement("trigger", &name, &row, [1, 2], engine)?.ok_or_else(|| {
            unsupported("trigger", &name, "its text may not be read")
                .hint("the user needs the right `TRIGGER` on the table")
        })?;
        let action = action(&name, &source, engine)?;
        trigger.options.extend(made_in(&row, 5, database));
        trigger.body = body(&action, &trigger.options, engine);
        trigger.definition = Some(action);
    }
    Ok(())
}

/// The statement in a row, which is followed by the character set of the client that made it.
fn statement(
    kind: &str,
    name: &str,
    row: &Row,
    [mode, statement]: [usize; 2],
    engine: EngineKind,
) -> Result<Option<String>, EngineError> {
    let (client, sql_mode) = (text(row, statement + 1).unwrap_or_default(), text(row, mode).unwrap_or_default());
    let printed = Printed { kind, name, client: &client, sql_mode: &sql_mode, engine };
    bytes(row, statement).map(|bytes| printed.statement(bytes)).transpose()
}

/// The collation that the database had when the program was made, where it has another one now: parameters and variables without a
/// collation of their own have it for good. Both are kept, so that who makes the program again can say both.
fn made_in(row: &Row, column: usize, database: &str) -> Vec<(String, String)> {
    let was = text(row, column).filter(|was| was != database && !was.is_empty() && !database.is_empty());
    let options = |was| [("database_collation", was), ("database_collation_now", database.to_owned())];
    was.map(options).into_iter().flatten().map(|(word, value)| (word.to_owned(), value)).collect()
}

/// What stands behind `FOR EACH ROW` and the trigger's place among others.
fn action(name: &str, source: &str, engine: EngineKind) -> Result<String, EngineError> {
    let mut reader = Reader::new(source, engine, "trigger", name);
    while !reader.words("FOR EACH ROW") {
        reader.next()?;
    }
    if reader.words("FOLLOWS") || reader.words("PRECEDES") {
        reader.name()?;
    }
    Ok(reader.verbatim().to_owned())
}

/// The place of a trigger among those of the same moment says something only where there are several.
fn without_lone_order(triggers: &mut [Trigger]) {
    let moment = |trigger: &Trigger| {
        (trigger.table.name.clone(), trigger.options.get("timing").cloned(), trigger.options.get("event").cloned())
    };
    let mut counts = HashMap::new();
    triggers.iter().for_each(|trigger| *counts.entry(moment(trigger)).or_insert(0) += 1);
    for trigger in triggers {
        if counts.get(&moment(trigger)) == Some(&1) {
            trigger.options.remove("order");
        }
    }
}

/// `user@host` of the catalog as SQL; a role of MariaDB has no host.
pub(crate) fn account(definer: &str) -> String {
    let quoted = |name: &str| identifier(name, EngineKind::Mysql);
    definer.rsplit_once('@').map_or_else(
        || quoted(definer),
        |(user, host)| if host.is_empty() { quoted(user) } else { format!("{}@{}", quoted(user), quoted(host)) },
    )
}

/// A body as it is compared. Where backslashes are plain characters our rules for strings do not hold, so the text stays.
fn body(text: &str, options: &Options, engine: EngineKind) -> String {
    let plain = options.get("sql_mode").is_some_and(|mode| !escapes(mode));
    if plain { text.trim().to_owned() } else { normal_form(text, engine) }
}

/// Takes `DEFINER=account` if it stands here, as SQL.
pub(super) fn head(reader: &mut Reader<'_>) -> Result<Option<String>, EngineError> {
    if !reader.words("DEFINER") {
        return Ok(None);
    }
    reader.expect("=")?;
    let user = identifier(&reader.name()?, EngineKind::Mysql);
    // The lexer takes `@` and a quoted host for one variable.
    let Some(host) = reader.peek().filter(|token| token.text.starts_with('@')).copied() else { return Ok(Some(user)) };
    reader.next()?;
    let host = if host.text == "@" { reader.name()? } else { stead_sql::quote::unquoted(&host.text[1..]) };
    Ok(Some(format!("{user}@{}", identifier(&host, EngineKind::Mysql))))
}

/// Functions and procedures.
pub(super) async fn routines(connection: &mut Connection, database: &str) -> Result<Vec<Object>, EngineError> {
    let here = same_database("ROUTINE_SCHEMA", "DATABASE()");
    let listed = format!("SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE {here}");
    let (mut routines, mut others) = (Vec::new(), Vec::new());
    for row in connection.texts(&listed).await? {
        let [Some(kind), Some(name)] = &row[..] else { continue };
        let known = ["FUNCTION", "PROCEDURE"].contains(&kind.as_str());
        if known { &mut routines } else { &mut others }.push((kind.clone(), name.clone()));
    }
    // A package's text is in Oracle's language, where the rules by which statements are told apart do not hold.
    if !others.is_empty() {
        let message = format!("{} cannot be represented: routines of this kind are not known here", listing(&others));
        return Err(EngineError::new(ErrorClass::Unsupported, message).hint(NOT_DROPPED));
    }
    // Columns: name, sql_mode, statement, character set, collation, collation of the database.
    printed(connection, &routines, [1, 2], None, database).await
}

/// Scheduled events.
pub(super) async fn events(connection: &mut Connection, database: &str) -> Result<Vec<Object>, EngineError> {
    let here = same_database("EVENT_SCHEMA", "DATABASE()");
    let listed = format!("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE {here}");
    let names = connection.texts(&listed).await?.into_iter().flatten().flatten();
    let events: Vec<(String, String)> = names.map(|name| ("EVENT".to_owned(), name)).collect();
    // Columns: name, sql_mode, time_zone, statement, character set, collation, collation of the database.
    printed(connection, &events, [1, 3], Some(2), database).await
}

/// Objects by what the server prints for them; the columns are those of mode and statement, which is followed by the character set
/// of the client, its collation and that of the database.
async fn printed(
    connection: &mut Connection,
    listed: &[(String, String)],
    [mode, source]: [usize; 2],
    zone: Option<usize>,
    database: &str,
) -> Result<Vec<Object>, EngineError> {
    let engine = connection.kind();
    let asked: Vec<String> = listed.iter().map(|(kind, name)| show(kind, name)).collect();
    let mut objects = Vec::with_capacity(listed.len());
    let mut unreadable = Vec::new();
    for ((kind, name), rows) in listed.iter().zip(batch(connection, &asked).await?) {
        let row = rows.first().cloned().unwrap_or_default();
        let word = kind.to_ascii_lowercase();
        let Some(statement) = statement(&word, name, &row, [mode, source], engine)? else {
            unreadable.push((kind.clone(), name.clone()));
            continue;
        };
        let mut options = Options::new();
        let columns = [("sql_mode", Some(mode)), ("collation_connection", Some(source + 2)), ("time_zone", zone)];
        for (word, column) in columns {
            options.extend(column.and_then(|column| text(&row, column)).map(|value| (word.to_owned(), value)));
        }
        options.extend(made_in(&row, source + 3, database));
        objects.push(object(&word, name, &statement, options, engine)?);
    }
    if unreadable.is_empty() { Ok(objects) } else { Err(closed(connection, &unreadable)) }
}

/// Routines of other people, whose text a server gives only to whoever has a right of its own for that.
fn closed(connection: &Connection, unreadable: &[(String, String)]) -> EngineError {
    let right = match (connection.kind(), connection.version()) {
        (EngineKind::Mariadb, version) if version < (11, 3, 0) => "`GRANT SELECT ON mysql.proc TO …`",
        (EngineKind::Mariadb, _) => "`GRANT SHOW CREATE ROUTINE ON *.* TO …`",
        (_, version) if version < (8, 0, 20) => "`GRANT SELECT ON *.* TO …`",
        _ => "`GRANT SHOW_ROUTINE ON *.* TO …`",
    };
    let message = format!("the user of the database's URL may not read the text of {}", listing(unreadable));
    EngineError::new(ErrorClass::Refused, message)
        .hint(format!("{right} lets it read what others have made; whoever made a routine may read it anyway"))
}

/// Objects by kind and name, the first ten of them, for a sentence.
fn listing(objects: &[(String, String)]) -> String {
    const MOST: usize = 10;
    let named = |(kind, name): &(String, String)| format!("the {} `{name}`", kind.to_ascii_lowercase());
    let text = objects.iter().take(MOST).map(named).collect::<Vec<_>>().join(", ");
    match objects.len().saturating_sub(MOST) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// Reads `CREATE [DEFINER=…] statement`; the definition is the statement without its definer.
fn object(
    kind: &str,
    name: &str,
    source: &str,
    mut options: Options,
    engine: EngineKind,
) -> Result<Object, EngineError> {
    let mut reader = Reader::new(source, engine, "object", name);
    reader.expect_words("CREATE")?;
    options.extend(head(&mut reader)?.map(|definer| ("definer".to_owned(), definer)));
    let definition = format!("CREATE {}", reader.verbatim());
    let body = body(&definition, &options, engine);
    Ok(Object { kind: kind.to_owned(), name: Name::flat(name), body, options, definition: Some(definition) })
}

/// MariaDB's sequences. Where one stands is content; its first value, step and bounds are not.
pub(super) async fn sequences(connection: &mut Connection, names: &[String]) -> Result<Vec<Object>, EngineError> {
    let engine = connection.kind();
    let asked: Vec<String> = names.iter().map(|name| show("SEQUENCE", name)).collect();
    let mut sequences = Vec::with_capacity(names.len());
    for (name, rows) in names.iter().zip(batch(connection, &asked).await?) {
        let source = rows.first().and_then(|row| text(row, 1));
        let source = source.ok_or_else(|| unsupported("sequence", name, "the server prints nothing for it"))?;
        sequences.push(object("sequence", name, &source, Options::new(), engine)?);
    }
    Ok(sequences)
}
