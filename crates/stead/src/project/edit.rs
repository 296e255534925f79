//! Changing one setting in the text of a project file. Comments, order and spacing of everything else stay as people
//! wrote them, because a file that a program has rewritten is a file that nobody reads any more.

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use super::error::{Problem, ProjectError};
use super::layers;
use super::path::word;

/// `file_text` with the setting at the dotted `path` set to `value`, which is TOML, or else is taken as a string.
/// Tables on the way are made where they are missing.
///
/// # Errors
/// When the text is not TOML, the path is no path, or the value would replace or go through something that is not a
/// table. A broken text is reported without a place: load the file for that.
pub fn set_value(file_text: &str, path: &str, value: &str) -> Result<String, ProjectError> {
    let mut document: DocumentMut = file_text.parse().map_err(|error: toml_edit::TomlError| {
        ProjectError::unplaced(Problem::Syntax { reason: error.message().replace('\n', ", ") })
    })?;
    let keys = layers::argument_keys(path)
        .map_err(|reason| ProjectError::unplaced(Problem::SettingPath { written: word(path), reason }))?;
    let refuse = |reason: String| {
        let path = layers::setting_path(&keys).to_string();
        ProjectError::unplaced(Problem::NotEditable { path, reason })
    };
    let (last, tables) = keys.split_last().expect("a parsed path has at least one key");
    let table = descend(document.as_item_mut(), tables).map_err(refuse)?;
    put(table, last, parsed(value).map_err(refuse)?).map_err(refuse)?;
    Ok(document.to_string())
}

fn parsed(text: &str) -> Result<Value, String> {
    match text.trim().parse::<Value>() {
        Ok(mut value) => {
            value.decor_mut().clear();
            Ok(value)
        }
        Err(error) if text.trim_start().starts_with(['[', '{', '"', '\'']) => {
            Err(format!("the value is not valid TOML: {}", error.message().replace('\n', ", ")))
        }
        Err(_) => Ok(Value::from(text)),
    }
}

/// The table at `keys`, made where it is missing: inline inside inline tables, with a header of its own elsewhere.
fn descend<'a>(item: &'a mut Item, keys: &[String]) -> Result<&'a mut Item, String> {
    let Some((key, rest)) = keys.split_first() else { return Ok(item) };
    let (is_inline, refusal) = (item.is_inline_table(), not_a_table(item));
    let table = item.as_table_like_mut().ok_or(refusal)?;
    if !table.contains_key(key) {
        let made = if is_inline { Item::Value(InlineTable::new().into()) } else { header(rest.is_empty()) };
        table.insert(key, made);
    }
    descend(table.get_mut(key).expect("the key is there or was just made"), rest)
}

fn not_a_table(item: &Item) -> String {
    format!("a part of the path is {}", described(item))
}

/// A table that shows its header only if it gets values of its own.
fn header(is_last: bool) -> Item {
    let mut table = Table::new();
    table.set_implicit(!is_last);
    Item::Table(table)
}

/// Sets one key of the table `item`; the comment behind an old value stays behind the new one.
fn put(item: &mut Item, key: &str, mut value: Value) -> Result<(), String> {
    let refusal = not_a_table(item);
    if let Some(table) = item.as_inline_table_mut().filter(|table| !table.contains_key(key)) {
        close_gap(table);
    }
    let table = item.as_table_like_mut().ok_or(refusal)?;
    let Some(old) = table.get_mut(key) else {
        table.insert(key, Item::Value(value));
        return Ok(());
    };
    let found = described(old);
    let old = old.as_value_mut().ok_or_else(|| format!("it is {found}"))?;
    *value.decor_mut() = old.decor().clone();
    *old = value;
    Ok(())
}

/// The space before a closing brace would stand before the comma, once another value follows.
fn close_gap(table: &mut InlineTable) {
    if let Some((_, last)) = table.iter_mut().last() {
        let suffix = last.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default();
        if suffix.chars().all(|letter| letter == ' ') {
            last.decor_mut().set_suffix("");
        }
    }
}

fn described(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Value(_) => "a value, not a table",
        Item::Table(_) => "a table",
        Item::ArrayOfTables(_) => "an array of tables",
    }
}
