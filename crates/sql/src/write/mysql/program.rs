//! Views, triggers, routines, events and sequences. Each is made under the settings it was first made under, because they are a
//! part of what its text means; they are set only where they change.

use std::collections::BTreeMap;

use stead_schema::model::{Object, Trigger, View};

use super::{SQL_MODE, incomplete, quoted, string};
use crate::write::{Definer, Statement, WriteError, WriteOptions};

/// What the session is set to.
#[derive(Default)]
pub(super) struct Setting {
    values: Vec<(&'static str, String)>,
}

impl Setting {
    /// The statement that sets what differs from now, if anything does.
    fn change(&mut self, wanted: &[(&'static str, Option<&String>)]) -> Option<Statement> {
        let mut set = Vec::new();
        for (name, value) in wanted {
            let Some(value) = value else { continue };
            let known = self.values.iter_mut().find(|(known, _)| known == name);
            match known {
                Some((_, known)) if known == *value => continue,
                Some((_, known)) => *known = (*value).clone(),
                None => self.values.push((name, (*value).clone())),
            }
            set.push(format!("{name} = {}", string(value)));
        }
        let sql = || format!("SET {}", set.join(", "));
        (!set.is_empty()).then(|| Statement::after("setting", &stead_schema::model::Name::default(), sql()))
    }
}

/// `DEFINER=account ` as the options choose, or nothing.
fn definer(kept: Option<&String>, options: &WriteOptions) -> String {
    match &options.definer {
        Definer::Keep => kept.map(|account| format!("DEFINER={account} ")).unwrap_or_default(),
        Definer::Current => String::new(),
        Definer::Of(account) => format!("DEFINER={account} "),
    }
}

/// The statement, while the database has the collation that it had when the program was first made. What takes its collation from
/// the database has it from that moment on, and no session's variable counts.
fn in_its_collation(statement: Statement, options: &BTreeMap<String, String>) -> Result<Vec<Statement>, WriteError> {
    let (Some(was), Some(now)) = (options.get("database_collation"), options.get("database_collation_now")) else {
        return Ok(vec![statement]);
    };
    let word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !(word(was) && word(now)) {
        return Err(incomplete(&statement.kind, &statement.name, "the collation of its database cannot be one"));
    }
    let alter = |collation: &str| {
        let sql = format!("ALTER DATABASE COLLATE {collation}");
        Statement::after("setting", &stead_schema::model::Name::default(), sql)
    };
    Ok(vec![alter(was), statement, alter(now)])
}

/// A sequence; it stands before the tables, whose defaults may ask it.
pub(super) fn sequence(sequence: &Object) -> Result<Statement, WriteError> {
    let definition = sequence.definition.clone();
    let sql = definition.ok_or_else(|| incomplete("sequence", &sequence.name, "its statement was not kept"))?;
    Ok(Statement::before("sequence", &sequence.name, sql))
}

/// A routine, a package or an event.
pub(super) fn object(
    object: &Object,
    setting: &mut Setting,
    options: &WriteOptions,
) -> Result<Vec<Statement>, WriteError> {
    let kept = object.definition.as_deref().and_then(|definition| definition.strip_prefix("CREATE "));
    let rest = kept.ok_or_else(|| incomplete(&object.kind, &object.name, "its statement was not kept"))?;
    let option = |name: &str| object.options.get(name);
    let change = setting.change(&[
        ("sql_mode", option("sql_mode")),
        ("collation_connection", option("collation_connection")),
        ("time_zone", option("time_zone")),
    ]);
    let sql = format!("CREATE {}{rest}", definer(option("definer"), options));
    let made = in_its_collation(Statement::after(&object.kind, &object.name, sql), &object.options)?;
    Ok(change.into_iter().chain(made).collect())
}

/// A view.
pub(super) fn view(view: &View, setting: &mut Setting, options: &WriteOptions) -> Vec<Statement> {
    let option = |name: &str| view.options.get(name);
    let mode = SQL_MODE.to_owned();
    let change = setting.change(&[("sql_mode", Some(&mode)), ("collation_connection", option("collation_connection"))]);
    let algorithm = option("algorithm").map(|word| format!("ALGORITHM={} ", word.to_ascii_uppercase()));
    let security = option("security").map(|word| format!("SQL SECURITY {} ", word.to_ascii_uppercase()));
    let columns = option("columns").map(|columns| format!(" ({columns})"));
    let check = option("check option").map(|word| format!(" WITH {} CHECK OPTION", word.to_ascii_uppercase()));
    let sql = format!(
        "CREATE {}{}{}VIEW {}{} AS {}{}",
        algorithm.unwrap_or_default(),
        definer(option("definer"), options),
        security.unwrap_or_default(),
        quoted(&view.name.name),
        columns.unwrap_or_default(),
        view.query,
        check.unwrap_or_default()
    );
    change.into_iter().chain([Statement::after("view", &view.name, sql)]).collect()
}

/// Triggers of one moment in the order in which they fire, which is the order in which they are made.
pub(super) fn in_order(triggers: &[Trigger]) -> Vec<&Trigger> {
    let place =
        |trigger: &Trigger| trigger.options.get("order").and_then(|order| order.parse::<u64>().ok()).unwrap_or(1);
    let mut ordered: Vec<&Trigger> = triggers.iter().collect();
    ordered
        .sort_by(|left, right| (&left.table, place(left), &left.name).cmp(&(&right.table, place(right), &right.name)));
    ordered
}

/// A trigger.
pub(super) fn trigger(
    trigger: &Trigger,
    setting: &mut Setting,
    options: &WriteOptions,
) -> Result<Vec<Statement>, WriteError> {
    let option = |name: &str| trigger.options.get(name);
    let lacking = |what: &str| incomplete("trigger", &trigger.name, &format!("its {what} was not kept"));
    let action = trigger.definition.as_ref().ok_or_else(|| lacking("action"))?;
    let timing = option("timing").ok_or_else(|| lacking("time"))?.to_ascii_uppercase();
    let event = option("event").ok_or_else(|| lacking("event"))?.to_ascii_uppercase();
    let change =
        setting.change(&[("sql_mode", option("sql_mode")), ("collation_connection", option("collation_connection"))]);
    let (definer, name) = (definer(option("definer"), options), quoted(&trigger.name.name));
    let table = quoted(&trigger.table.name);
    let sql = format!("CREATE {definer}TRIGGER {name} {timing} {event} ON {table} FOR EACH ROW {action}");
    let made = in_its_collation(Statement::after("trigger", &trigger.name, sql), &trigger.options)?;
    Ok(change.into_iter().chain(made).collect())
}
