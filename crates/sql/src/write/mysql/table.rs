//! Tables with their keys. What a bulk load is faster without is written apart: secondary keys, which are then built in one pass
//! over the rows, and foreign keys, which may form circles.

use std::collections::BTreeMap;

use stead_schema::EngineKind;
use stead_schema::model::{Check, Column, ForeignKey, Index, IndexPart, Key, Table, TableKind};

use super::{incomplete, list, quoted, string};
use crate::write::{Statement, WriteError};

type Options = BTreeMap<String, String>;

/// The statements that make a table for its rows.
pub(super) fn create(table: &Table, engine: EngineKind) -> Result<Vec<Statement>, WriteError> {
    let mut parts = Vec::new();
    for found in &table.columns {
        let check = table.checks.iter().find(|check| check.options.get("column") == Some(&found.name));
        parts.push(column(found, check, engine));
    }
    parts.extend(table.primary_key.as_ref().map(primary_key));
    parts.extend(table.indexes.iter().filter(|found| is_first(found, table)).map(index));
    for (name, value) in &table.options {
        parts
            .extend(name.strip_prefix("period ").map(|period| format!("PERIOD FOR {} ({value})", period_name(period))));
    }
    parts.extend(table.checks.iter().filter(|check| !check.options.contains_key("column")).map(check));
    let clause = match &table.kind {
        TableKind::Ordinary => String::new(),
        TableKind::Partitioned(clause) => format!("\n{clause}"),
        _ => return Err(incomplete("table", &table.name, "tables of its kind are not known to the engine")),
    };
    let name = quoted(&table.name.name);
    let sql = format!("CREATE TABLE {name} (\n  {}\n){}{clause}", parts.join(",\n  "), options(table));
    let mut statements = vec![Statement::before("table", &table.name, sql)];
    statements.extend(without_defaults(table));
    Ok(statements)
}

/// `SYSTEM_TIME` is a word and no name.
fn period_name(period: &str) -> String {
    if period.eq_ignore_ascii_case("system_time") { "SYSTEM_TIME".to_owned() } else { quoted(period) }
}

/// A column that takes `NULL` but has no default cannot be made so at once.
fn without_defaults(table: &Table) -> Option<Statement> {
    let columns = table.columns.iter().filter(|column| column.options.contains_key("no default"));
    let dropped: Vec<String> =
        columns.map(|column| format!("ALTER COLUMN {} DROP DEFAULT", quoted(&column.name))).collect();
    let sql = || format!("ALTER TABLE {} {}", quoted(&table.name.name), dropped.join(", "));
    (!dropped.is_empty()).then(|| Statement::before("default", &table.name, sql()))
}

fn column(column: &Column, check: Option<&Check>, engine: EngineKind) -> String {
    let mut text = format!("{} {}", quoted(&column.name), column.data_type);
    let mut add = |clause: String| {
        text.push(' ');
        text.push_str(&clause);
    };
    let option = |name: &str| column.options.get(name);
    option("charset").into_iter().for_each(|charset| add(format!("CHARACTER SET {charset}")));
    column.collation.iter().for_each(|collation| add(format!("COLLATE {collation}")));
    match option("compressed").map(String::as_str) {
        Some("true") => add("COMPRESSED".to_owned()),
        Some(method) => add(format!("COMPRESSED={method}")),
        None => {}
    }
    option("ref_system_id").into_iter().for_each(|system| add(format!("REF_SYSTEM_ID={system}")));
    if let Some(generated) = &column.generated {
        let stored = if generated.stored { "STORED" } else { "VIRTUAL" };
        add(format!("GENERATED ALWAYS AS ({}) {stored}", generated.expression));
    }
    option("row").into_iter().for_each(|end| add(format!("GENERATED ALWAYS AS ROW {}", end.to_ascii_uppercase())));
    // MariaDB takes no NOT NULL behind a generated column, and a row's start and end are never NULL.
    if !column.nullable && option("row").is_none() {
        add("NOT NULL".to_owned());
    } else if column.data_type.starts_with("timestamp") && column.generated.is_none() && option("row").is_none() {
        add("NULL".to_owned());
    }
    value_clauses(column, engine).into_iter().for_each(&mut add);
    if let Some(check) = check {
        add(format!("CHECK ({})", check.expression));
    }
    text
}

fn value_clauses(column: &Column, engine: EngineKind) -> Vec<String> {
    let mut clauses = Vec::new();
    let option = |name: &str| column.options.get(name);
    clauses.extend(option("srid").map(|system| format!("SRID {system}")));
    clauses.extend(option("invisible").map(|_| "INVISIBLE".to_owned()));
    clauses.extend(column.default.as_ref().map(|default| format!("DEFAULT {default}")));
    clauses.extend(option("on update").map(|expression| format!("ON UPDATE {expression}")));
    clauses.extend(column.identity.as_ref().map(|_| "AUTO_INCREMENT".to_owned()));
    clauses.extend(option("column_format").map(|format| format!("COLUMN_FORMAT {format}")));
    clauses.extend(option("storage").map(|storage| format!("STORAGE {storage}")));
    for name in ["engine_attribute", "secondary_engine_attribute"] {
        clauses.extend(option(name).map(|value| format!("{} {value}", name.to_ascii_uppercase())));
    }
    clauses.extend(engine_options(&column.options));
    clauses.extend(column.comment.as_ref().map(|comment| format!("COMMENT {}", string(comment))));
    if engine == EngineKind::Mariadb {
        let versioning = option("system versioning");
        clauses.extend(versioning.map(|word| format!("{} SYSTEM VERSIONING", word.to_ascii_uppercase())));
    }
    clauses
}

/// Options that a storage engine defines keep their quotes in the model.
fn engine_options(options: &Options) -> impl Iterator<Item = String> {
    options.iter().filter(|(name, _)| name.starts_with('`')).map(|(name, value)| format!("{name}={value}"))
}

fn primary_key(key: &Key) -> String {
    let parts = key.columns.iter().enumerate().map(|(place, column)| {
        let said = |option: &str| key.options.get(option).into_iter().flat_map(|list| list.split(", "));
        let place = (place + 1).to_string();
        let mut text = quoted(column);
        for prefix in said("prefix").filter_map(|entry| entry.split_once(' ')).filter(|(of, _)| *of == place) {
            text = format!("{text}({})", prefix.1);
        }
        for (option, word) in [("without overlaps", "WITHOUT OVERLAPS"), ("descending", "DESC")] {
            if said(option).any(|entry| entry == place) {
                text = format!("{text} {word}");
            }
        }
        text
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    format!("PRIMARY KEY ({parts}){}", key_options(key.options.get("method").map_or("", String::as_str), &key.options))
}

fn index(index: &Index) -> String {
    let (word, method) = match index.method.as_str() {
        "fulltext" => ("FULLTEXT KEY", ""),
        "spatial" => ("SPATIAL KEY", ""),
        method if index.unique => ("UNIQUE KEY", method),
        method => ("KEY", method),
    };
    let parts = index.parts.iter().map(index_part).collect::<Vec<_>>().join(", ");
    format!("{word} {} ({parts}){}", quoted(&index.name), key_options(method, &index.options))
}

fn index_part(part: &IndexPart) -> String {
    let mut text = if part.computed { format!("({})", part.expression) } else { quoted(&part.expression) };
    if let Some(prefix) = part.options.get("prefix") {
        text = format!("{text}({prefix})");
    }
    if part.options.contains_key("without overlaps") {
        text.push_str(" WITHOUT OVERLAPS");
    }
    if part.descending {
        text.push_str(" DESC");
    }
    text
}

fn key_options(method: &str, options: &Options) -> String {
    let mut clauses = Vec::new();
    if !method.is_empty() {
        clauses.push(format!("USING {}", method.to_ascii_uppercase()));
    }
    for name in ["key_block_size", "engine_attribute", "secondary_engine_attribute"] {
        clauses.extend(options.get(name).map(|value| format!("{}={value}", name.to_ascii_uppercase())));
    }
    clauses.extend(options.get("parser").map(|parser| format!("WITH PARSER {}", quoted(parser))));
    clauses.extend(options.get("comment").map(|comment| format!("COMMENT {}", string(comment))));
    clauses.extend(options.get("invisible").map(|_| "INVISIBLE".to_owned()));
    clauses.extend(options.get("ignored").map(|_| "IGNORED".to_owned()));
    clauses.extend(engine_options(options));
    clauses.into_iter().map(|clause| format!(" {clause}")).collect()
}

fn check(check: &Check) -> String {
    let name = check.name.as_ref().map(|name| format!("CONSTRAINT {} ", quoted(name))).unwrap_or_default();
    let enforced = if check.options.contains_key("not enforced") { " NOT ENFORCED" } else { "" };
    format!("{name}CHECK ({}){enforced}", check.expression)
}

fn options(table: &Table) -> String {
    let mut text = String::new();
    let mut add = |clause: String| {
        text.push(' ');
        text.push_str(&clause);
    };
    let option = |name: &str| table.options.get(name);
    // A tablespace stands first, as servers print it.
    option("tablespace").into_iter().for_each(|space| add(format!("TABLESPACE {space}")));
    let first = [("engine", "ENGINE"), ("charset", "DEFAULT CHARSET"), ("collation", "COLLATE")];
    for (name, word) in first {
        option(name).into_iter().for_each(|value| add(format!("{word}={value}")));
    }
    let apart = ["tablespace", "engine", "charset", "collation", "system versioning"];
    for (name, value) in &table.options {
        let plain = !apart.contains(&name.as_str()) && !name.starts_with("period ") && !name.starts_with('`');
        if plain {
            add(format!("{}={value}", name.to_ascii_uppercase()));
        }
    }
    engine_options(&table.options).for_each(&mut add);
    table.comment.iter().for_each(|comment| add(format!("COMMENT={}", string(comment))));
    option("system versioning").into_iter().for_each(|_| add("WITH SYSTEM VERSIONING".to_owned()));
    text
}

/// True for keys that the table is made with: all of them where rows cannot come first, the one that numbers rows, and what the
/// engine sorts rows by where there is no primary key.
fn is_first(index: &Index, table: &Table) -> bool {
    if is_whole(table) {
        return true;
    }
    let counter = table.columns.iter().find(|column| column.identity.is_some());
    let numbers = |index: &Index| {
        counter.is_some_and(|counter| index.parts[0].expression == counter.name && !numbered_by_primary(table))
    };
    // A server lists unique keys before others and each sort in the order in which it is made.
    let stands = |test: &dyn Fn(&Index) -> bool| table.indexes.iter().position(test);
    let ahead = || {
        let first = stands(&|other| numbers(other) && other.unique == index.unique);
        first.is_some_and(|first| {
            index.method != "fulltext" && stands(&|other| other == index).is_some_and(|at| at < first)
        })
    };
    numbers(index) || ahead() || (table.primary_key.is_none() && index.unique && never_null(index, table))
}

/// Tables of other storage engines and tables with a history are made whole.
fn is_whole(table: &Table) -> bool {
    let innodb = table.options.get("engine").is_none_or(|engine| engine.eq_ignore_ascii_case("innodb"));
    let timed = table.options.keys().any(|name| name == "system versioning" || name.starts_with("period "));
    !innodb || timed
}

fn numbered_by_primary(table: &Table) -> bool {
    let first = table.primary_key.as_ref().and_then(|key| key.columns.first());
    first.and_then(|first| table.column(first)).is_some_and(|column| column.identity.is_some())
}

fn never_null(index: &Index, table: &Table) -> bool {
    let column = |part: &IndexPart| table.column(&part.expression).is_some_and(|column| !column.nullable);
    index.parts.iter().all(|part| !part.computed && part.options.is_empty() && column(part))
}

/// The statements that make the other keys. A full-text key has one of its own: InnoDB builds one at a time.
pub(super) fn keys(table: &Table) -> Vec<Statement> {
    let later = || table.indexes.iter().filter(|index| !is_first(index, table));
    let (fulltext, others): (Vec<&Index>, Vec<&Index>) = later().partition(|index| index.method == "fulltext");
    let mut statements = Vec::new();
    for group in std::iter::once(others).chain(fulltext.into_iter().map(|index| vec![index])) {
        let added: Vec<String> = group.into_iter().map(|found| format!("ADD {}", index(found))).collect();
        if !added.is_empty() {
            let sql = format!("ALTER TABLE {}\n  {}", quoted(&table.name.name), added.join(",\n  "));
            statements.push(Statement::after("index", &table.name, sql));
        }
    }
    statements
}

/// The statement that makes the foreign keys. Rows are not held against them (`foreign_key_checks` is off): a database may have
/// rows that break one, and a key may refer to a table that is not there.
pub(super) fn foreign_keys(table: &Table, engine: EngineKind) -> Option<Statement> {
    let added: Vec<String> = table.foreign_keys.iter().map(|key| format!("ADD {}", foreign_key(key, engine))).collect();
    let sql = || format!("ALTER TABLE {}\n  {}", quoted(&table.name.name), added.join(",\n  "));
    (!added.is_empty()).then(|| Statement::after("foreign key", &table.name, sql()))
}

fn foreign_key(key: &ForeignKey, engine: EngineKind) -> String {
    let name = key.name.as_ref().map(|name| format!("CONSTRAINT {} ", quoted(name))).unwrap_or_default();
    let (columns, target) = (list(&key.columns), quoted(&key.target.name));
    let silent = if engine == EngineKind::Mariadb { "RESTRICT" } else { "NO ACTION" };
    let action = |word: &str, action: &str| {
        if action == silent { String::new() } else { format!(" ON {word} {action}") }
    };
    let matching = key.options.get("match").map(|word| format!(" MATCH {}", word.to_ascii_uppercase()));
    format!(
        "{name}FOREIGN KEY ({columns}) REFERENCES {target} ({}){}{}{}",
        list(&key.target_columns),
        matching.unwrap_or_default(),
        action("DELETE", &key.on_delete),
        action("UPDATE", &key.on_update)
    )
}
