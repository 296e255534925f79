//! The statements of a table: the table itself with what its rows need, its place under its parents, and after the rows its
//! keys, indexes and properties.
//! A partition or a child is made as a table of its own and attached, so that its columns keep their order.

mod columns;

use std::collections::{BTreeMap, HashSet};

use stead_schema::EngineKind;
use stead_schema::model::{Check, Column, ForeignKey, Index, Key, Name, Reference, Table, TableKind};

use super::plan::{Around, Plan, quoted};
use crate::quote::{identifier, string};
use crate::write::WriteError;
pub(super) use columns::{conflicting, default_apart, settings};

/// The kind of the node that says how a parent's columns are stored.
pub(super) const COLUMN_SETTINGS: &str = "column settings";
/// The kind of the reference by which the `NOT NULL` of a column is found that is said when the rows are there.
pub(super) const NOT_NULL: &str = "not null of column";
/// The rank of what rows that are there may break.
pub(super) const NOT_VALID: u8 = 47;

type Options = BTreeMap<String, String>;

fn quote(name: &str) -> String {
    identifier(name, EngineKind::Postgres)
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
    quoted.join(", ")
}

/// Adds a table's nodes.
pub(super) fn add(
    plan: &mut Plan,
    table: &Table,
    around: &Around<'_>,
    apart: &HashSet<Reference>,
) -> Result<(), WriteError> {
    let own = Reference::new("table", table.name.clone());
    let separate = apart.contains(&own);
    let mut statements = vec![create(table, around, separate)];
    statements.extend(columns::later(table, around, separate));
    let named = |sql| ("table".to_owned(), table.name.clone(), sql);
    let node = plan.add(10, own, statements.into_iter().map(named).collect());
    for column in &table.columns {
        let part = Reference::part("default", &table.name, &column.name);
        match default_apart(table, column, separate || around.is_late(table, column)) {
            Some(sql) => {
                let default = plan.one(14, "default", &table.name, part, sql);
                plan.need(default, node);
            }
            None => plan.also(part, node),
        }
    }
    for check in &table.checks {
        add_check(plan, table, check, separate, node);
    }
    for (column, name, sql) in columns::not_null_not_valid(table, around) {
        let part = Reference::part("not null", &table.name, &name);
        let made = plan.one(NOT_VALID, "not null", &table.name, part, sql);
        plan.also(Reference::part(NOT_NULL, &table.name, column), made);
        plan.need(made, node);
    }
    attachment(plan, table, around, node);
    let settings = if around.is_parent(table) { columns::after_children(table) } else { Vec::new() };
    if !settings.is_empty() {
        let named = |sql| ("table".to_owned(), table.name.clone(), sql);
        let reference = Reference::new(COLUMN_SETTINGS, table.name.clone());
        let settings = plan.add(12, reference, settings.into_iter().map(named).collect());
        plan.need(settings, node);
    }
    keys(plan, table, node);
    for index in &table.indexes {
        add_index(plan, &table.name, index, node, 43)?;
    }
    properties(plan, table, node);
    comments(plan, table)
}

fn is_foreign(table: &Table) -> bool {
    matches!(table.kind, TableKind::Foreign(_))
}

fn is_partitioned(table: &Table) -> bool {
    matches!(table.kind, TableKind::Partitioned(_)) || table.options.contains_key("partition by")
}

/// True if the check cannot stand in `CREATE TABLE`.
fn check_apart(check: &Check, separate: bool) -> bool {
    separate || check.options.contains_key("not valid")
}

fn create(table: &Table, around: &Around<'_>, separate: bool) -> String {
    let checks = table.checks.iter().filter(|check| !check_apart(check, separate)).map(check_clause);
    let body: Vec<String> = columns::clauses(table, around, separate).into_iter().chain(checks).collect();
    let persistence = if table.options.contains_key("persistence") { "UNLOGGED " } else { "" };
    let foreign = if is_foreign(table) { "FOREIGN " } else { "" };
    // Comments on what could not be read.
    let noted = table.definition.as_deref().unwrap_or_default();
    let mut sql = format!("{noted}CREATE {persistence}{foreign}TABLE {}", quoted(&table.name));
    if let Some(row_type) = table.options.get("of type") {
        sql += &format!(" OF {row_type}");
    }
    if !body.is_empty() {
        sql += &format!(" (\n    {}\n)", body.join(",\n    "));
    } else if !table.options.contains_key("of type") {
        sql += " ()";
    }
    sql + &create_end(table)
}

fn create_end(table: &Table) -> String {
    let mut sql = String::new();
    if !table.inherits.is_empty() && !is_attached(table) {
        let parents: Vec<String> = table.inherits.iter().map(quoted).collect();
        sql += &format!("\nINHERITS ({})", parents.join(", "));
    }
    let own_partitions = table.options.get("partition by");
    if let (TableKind::Partitioned(clause), _) | (_, Some(clause)) = (&table.kind, own_partitions) {
        sql += &format!("\nPARTITION BY {clause}");
    }
    if let TableKind::Foreign(server) = &table.kind {
        sql += &format!("\nSERVER {}{}", quote(server), table.options.get("options").map_or("", String::as_str));
    }
    for (word, before, after) in
        [("access method", "USING ", ""), ("storage parameters", "WITH (", ")"), ("tablespace", "TABLESPACE ", "")]
    {
        if let Some(value) = table.options.get(word) {
            let value = if word == "storage parameters" { value.clone() } else { quote(value) };
            sql += &format!("\n{before}{value}{after}");
        }
    }
    sql
}

/// Has parents that are added after it was made.
pub(super) fn is_attached(table: &Table) -> bool {
    table.options.contains_key("inherits by") || table.options.contains_key("partition of")
}

fn check_clause(check: &Check) -> String {
    let name = check.name.as_ref().map(|name| format!("CONSTRAINT {} ", quote(name))).unwrap_or_default();
    let mut sql = format!("{name}CHECK ({})", check.expression);
    for (word, text) in [("no inherit", " NO INHERIT"), ("not valid", " NOT VALID"), ("not enforced", " NOT ENFORCED")]
    {
        if check.options.contains_key(word) {
            sql += text;
        }
    }
    sql
}

fn add_check(plan: &mut Plan, table: &Table, check: &Check, separate: bool, node: usize) {
    let part = Reference::part("constraint", &table.name, check.name.as_deref().unwrap_or_default());
    if !check_apart(check, separate) {
        plan.also(part, node);
        return;
    }
    let rank = if check.options.contains_key("not valid") { NOT_VALID } else { 13 };
    let sql = format!(
        "ALTER {}TABLE {} ADD {}",
        if is_foreign(table) { "FOREIGN " } else { "" },
        quoted(&table.name),
        check_clause(check)
    );
    let made = plan.one(rank, "check", &table.name, part, sql);
    plan.need(made, node);
}

/// Puts a partition into its table, or adds parents.
fn attachment(plan: &mut Plan, table: &Table, around: &Around<'_>, node: usize) {
    let own = quoted(&table.name);
    let bounds = match &table.kind {
        TableKind::Partition { parent, bounds } => Some((quoted(parent), bounds.clone())),
        _ => table.options.get("partition of").cloned().zip(table.options.get("bounds").cloned()),
    };
    let statements: Vec<String> = match bounds {
        Some((parent, bounds)) => {
            let attach = format!("ALTER TABLE ONLY {parent} ATTACH PARTITION {own} {bounds}");
            std::iter::once(attach).chain(columns::after_partitioning(table)).collect()
        }
        None if is_attached(table) => {
            let add = |parent| format!("ALTER TABLE {own} INHERIT {}", quoted(parent));
            table.inherits.iter().map(add).chain(columns::after_attachment(table, around)).collect()
        }
        None => return,
    };
    let named = |sql| ("partition".to_owned(), table.name.clone(), sql);
    let reference = Reference::new("attachment", table.name.clone());
    let attachment = plan.add(13, reference, statements.into_iter().map(named).collect());
    plan.need(attachment, node);
}

fn keys(plan: &mut Plan, table: &Table, node: usize) {
    let primary = table.primary_key.iter().map(|key| ("primary key", "PRIMARY KEY", 40, key));
    let unique = table.unique_keys.iter().map(|key| ("unique", "UNIQUE", 41, key));
    for (kind, words, rank, key) in primary.chain(unique) {
        let name = key.name.as_deref().unwrap_or_default();
        let sql = format!("ALTER TABLE ONLY {} ADD {}", quoted(&table.name), key_clause(words, key));
        let made = plan.one(rank, kind, &table.name, Reference::part("constraint", &table.name, name), sql);
        plan.need(made, node);
        let index = Name { namespace: table.name.namespace.clone(), name: name.to_owned() };
        plan.also(Reference::new("index", index.clone()), made);
        index_attachment(plan, &index, &key.options, made);
    }
    let only = if is_partitioned(table) { "" } else { "ONLY " };
    for key in &table.foreign_keys {
        let sql = format!("ALTER TABLE {only}{} ADD {}", quoted(&table.name), foreign_key_clause(key));
        let part = Reference::part("constraint", &table.name, key.name.as_deref().unwrap_or_default());
        let made = plan.one(46, "foreign key", &table.name, part, sql);
        plan.need(made, node);
    }
}

fn constraint_name(name: Option<&String>) -> String {
    name.map(|name| format!("CONSTRAINT {} ", quote(name))).unwrap_or_default()
}

fn deferral(options: &Options) -> &'static str {
    match options.get("deferrable").map(String::as_str) {
        Some("initially deferred") => " DEFERRABLE INITIALLY DEFERRED",
        Some(_) => " DEFERRABLE",
        None => "",
    }
}

fn key_clause(words: &str, key: &Key) -> String {
    let has = |word: &str| key.options.contains_key(word);
    let distinct = if has("nulls not distinct") { " NULLS NOT DISTINCT" } else { "" };
    let overlaps = if has("without overlaps") { " WITHOUT OVERLAPS" } else { "" };
    let mut sql = format!("{}{words}{distinct} ({}{overlaps})", constraint_name(key.name.as_ref()), list(&key.columns));
    let clauses = [("include", " INCLUDE (", ")"), ("storage parameters", " WITH (", ")")];
    for (word, before, after) in clauses {
        if let Some(value) = key.options.get(word) {
            sql += &format!("{before}{value}{after}");
        }
    }
    if let Some(tablespace) = key.options.get("tablespace") {
        sql += &format!(" USING INDEX TABLESPACE {}", quote(tablespace));
    }
    sql + deferral(&key.options)
}

fn foreign_key_clause(key: &ForeignKey) -> String {
    let period = |columns: &[String]| match columns.split_last() {
        Some((last, others)) if key.options.contains_key("period") => {
            let others = list(others);
            format!("{others}{}PERIOD {}", if others.is_empty() { "" } else { ", " }, quote(last))
        }
        _ => list(columns),
    };
    let mut sql = format!(
        "{}FOREIGN KEY ({}) REFERENCES {}({})",
        constraint_name(key.name.as_ref()),
        period(&key.columns),
        quoted(&key.target),
        period(&key.target_columns)
    );
    if key.options.contains_key("match") {
        sql += " MATCH FULL";
    }
    if key.on_update != "NO ACTION" {
        sql += &format!(" ON UPDATE {}", key.on_update);
    }
    if key.on_delete != "NO ACTION" {
        sql += &format!(" ON DELETE {}", key.on_delete);
        if let Some(columns) = key.options.get("on delete columns") {
            sql += &format!(" ({columns})");
        }
    }
    sql += deferral(&key.options);
    for (word, text) in [("not enforced", " NOT ENFORCED"), ("not valid", " NOT VALID")] {
        if key.options.contains_key(word) {
            sql += text;
        }
    }
    sql
}

/// Adds an index of a table or of a materialised view.
pub(super) fn add_index(plan: &mut Plan, owner: &Name, index: &Index, node: usize, rank: u8) -> Result<(), WriteError> {
    let name = Name { namespace: owner.namespace.clone(), name: index.name.clone() };
    let Some(definition) = index.definition.clone() else {
        let reason = "the statement that the server prints for it was not kept".to_owned();
        return Err(WriteError::Incomplete { kind: "index".to_owned(), name, reason });
    };
    let mut statements = vec![definition];
    if let Some(tablespace) = index.options.get("tablespace") {
        statements.push(format!("ALTER INDEX {} SET TABLESPACE {}", quoted(&name), quote(tablespace)));
    }
    for (word, target) in &index.options {
        if let Some(part) = word.strip_prefix("statistics of ") {
            statements.push(format!("ALTER INDEX {} ALTER COLUMN {part} SET STATISTICS {target}", quoted(&name)));
        }
    }
    let named = |sql| ("index".to_owned(), owner.clone(), sql);
    let made = plan.add(rank, Reference::new("index", name.clone()), statements.into_iter().map(named).collect());
    plan.need(made, node);
    index_attachment(plan, &name, &index.options, made);
    Ok(())
}

fn index_attachment(plan: &mut Plan, name: &Name, options: &Options, node: usize) {
    let Some(parent) = options.get("partition of") else { return };
    let sql = format!("ALTER INDEX {parent} ATTACH PARTITION {}", quoted(name));
    let attached = plan.one(45, "index attachment", name, Reference::new("index attachment", name.clone()), sql);
    plan.need(attached, node);
}

fn properties(plan: &mut Plan, table: &Table, node: usize) {
    let own = quoted(&table.name);
    let alter = if is_foreign(table) { "ALTER FOREIGN TABLE" } else { "ALTER TABLE" };
    if let Some(index) = table.options.get("clustered on") {
        let sql = format!("{alter} {own} CLUSTER ON {}", quote(index));
        on_index(plan, table, "cluster", index, sql, node);
    }
    match table.options.get("replica identity").map(|identity| (identity.as_str(), identity.strip_prefix("index "))) {
        Some((_, Some(index))) => {
            let sql = format!("{alter} ONLY {own} REPLICA IDENTITY USING INDEX {}", quote(index));
            on_index(plan, table, "replica identity", index, sql, node);
        }
        Some((word, None)) => {
            let sql = format!("{alter} ONLY {own} REPLICA IDENTITY {}", word.to_uppercase());
            property(plan, table, "replica identity", 50, sql, node);
        }
        None => {}
    }
    if table.options.contains_key("row security") {
        property(plan, table, "row security", 61, format!("{alter} {own} ENABLE ROW LEVEL SECURITY"), node);
    }
    if table.options.contains_key("force row security") {
        property(plan, table, "force row security", 62, format!("{alter} ONLY {own} FORCE ROW LEVEL SECURITY"), node);
    }
}

fn property(plan: &mut Plan, table: &Table, kind: &str, rank: u8, sql: String, node: usize) -> usize {
    let made = plan.one(rank, kind, &table.name, Reference::new(kind, table.name.clone()), sql);
    plan.need(made, node);
    made
}

fn on_index(plan: &mut Plan, table: &Table, kind: &str, index: &str, sql: String, node: usize) {
    let made = property(plan, table, kind, 50, sql, node);
    let index = Name { namespace: table.name.namespace.clone(), name: index.to_owned() };
    if let Some(index) = plan.place(&Reference::new("index", index)) {
        plan.need(made, index);
    }
}

fn comments(plan: &mut Plan, table: &Table) -> Result<(), WriteError> {
    let word = if is_foreign(table) { "FOREIGN TABLE" } else { "TABLE" };
    let mut statements = Vec::new();
    if let Some(comment) = &table.comment {
        let comment = string(comment, EngineKind::Postgres)?;
        statements.push(format!("COMMENT ON {word} {} IS {comment}", quoted(&table.name)));
    }
    statements.extend(column_comments(&table.name, &table.columns)?);
    if !statements.is_empty() {
        let named = |sql| ("comment".to_owned(), table.name.clone(), sql);
        let reference = Reference::new("comment of table", table.name.clone());
        plan.add(80, reference, statements.into_iter().map(named).collect());
    }
    Ok(())
}

/// Statements for the comments on columns.
pub(super) fn column_comments(owner: &Name, columns: &[Column]) -> Result<Vec<String>, WriteError> {
    let commented = columns.iter().filter_map(|column| column.comment.as_ref().map(|comment| (column, comment)));
    commented
        .map(|(column, comment)| {
            let comment = string(comment, EngineKind::Postgres)?;
            Ok(format!("COMMENT ON COLUMN {}.{} IS {comment}", quoted(owner), quote(&column.name)))
        })
        .collect()
}
