//! Columns as clauses of `CREATE TABLE`, and what can only be said of a column once its table is there: how it is stored,
//! and where a column that a parent brings differs from the parent's.
//! Both halves stand together, because a property that one of them leaves out is the other one's to say.

use stead_schema::model::{Column, Name, Table};

use super::super::plan::{Around, quoted};
use super::{is_attached, is_foreign, quote};

/// The clauses of the columns that the table itself defines.
pub(super) fn clauses(table: &Table, around: &Around<'_>, separate: bool) -> Vec<String> {
    let typed = table.options.contains_key("of type");
    let clause = |column: &Column| {
        if column.options.contains_key("inherited") {
            return own_not_null(column);
        }
        if typed {
            typed_clause(table, around, column, separate)
        } else {
            Some(clause(table, around, column, separate))
        }
    };
    table.columns.iter().filter_map(clause).collect()
}

/// A name that the table itself gave to the `NOT NULL` of a column that a parent brings.
fn own_not_null(column: &Column) -> Option<String> {
    let name =
        column.options.get("not null constraint").filter(|_| !column.options.contains_key("not null not valid"))?;
    let end = if column.options.contains_key("not null no inherit") { " NO INHERIT" } else { "" };
    Some(format!("CONSTRAINT {} NOT NULL {}{end}", quote(name), quote(&column.name)))
}

fn clause(table: &Table, around: &Around<'_>, column: &Column, separate: bool) -> String {
    let mut sql = format!("{} {}", quote(&column.name), column.data_type);
    if let Some(options) = column.options.get("options") {
        sql += options;
    }
    if let Some(compression) = column.options.get("compression") {
        sql += &format!(" COMPRESSION {compression}");
    }
    if let Some(collation) = &column.collation {
        sql += &format!(" COLLATE {collation}");
    }
    sql + &value(table, around, column, separate) + &not_null(table, around, column)
}

/// A column of a typed table is named only if there is something to say of it.
fn typed_clause(table: &Table, around: &Around<'_>, column: &Column, separate: bool) -> Option<String> {
    let said = value(table, around, column, separate) + &not_null(table, around, column);
    (!said.is_empty()).then(|| format!("{} WITH OPTIONS{said}", quote(&column.name)))
}

fn value(table: &Table, around: &Around<'_>, column: &Column, separate: bool) -> String {
    if let Some(generated) = &column.generated {
        // A parent brings its expression, and older servers do not take it a second time.
        let of_parent = |parent: &Name| around.tables.get(parent)?.column(&column.name)?.generated.as_ref();
        if !is_attached(table) && table.inherits.iter().any(|parent| of_parent(parent) == Some(generated)) {
            return String::new();
        }
        let kept = if generated.stored { "STORED" } else { "VIRTUAL" };
        return format!(" GENERATED ALWAYS AS ({}) {kept}", generated.expression);
    }
    match (&column.identity, &column.default) {
        (Some(identity), _) => identity_clause(table, column, identity),
        (None, Some(default)) if !separate => format!(" DEFAULT {default}"),
        (None, _) => String::new(),
    }
}

/// A partition whose parent numbers the rows has no sequence of its own, and says nothing.
fn identity_clause(table: &Table, column: &Column, identity: &str) -> String {
    let Some(sequence) = column.options.get("sequence") else { return String::new() };
    let usual =
        Name { namespace: table.name.namespace.clone(), name: format!("{}_{}_seq", table.name.name, column.name) };
    let named = (*sequence != quoted(&usual)).then(|| format!("SEQUENCE NAME {sequence}"));
    let said: Vec<String> = named.into_iter().chain(column.options.get("sequence options").cloned()).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(" ")) };
    format!(" GENERATED {} AS IDENTITY{said}", identity.to_uppercase())
}

fn not_null(table: &Table, around: &Around<'_>, column: &Column) -> String {
    if column.nullable || column.options.contains_key("not null not valid") {
        return String::new();
    }
    let usual = usual_name(table, column);
    let taken = around.given.contains(&(table.name.namespace.as_deref(), usual.as_str()));
    let name = column.options.get("not null constraint").or(taken.then_some(&usual));
    let name = name.map(|name| format!(" CONSTRAINT {}", quote(name)));
    let end = if column.options.contains_key("not null no inherit") { " NO INHERIT" } else { "" };
    format!("{} NOT NULL{end}", name.unwrap_or_default())
}

/// The name that the server gives to `NOT NULL` from version 18 on.
fn usual_name(table: &Table, column: &Column) -> String {
    format!("{}_{}_not_null", table.name.name, column.name)
}

/// A default that is set by a statement of its own, where the table is made in two steps.
pub(crate) fn default_apart(table: &Table, column: &Column, separate: bool) -> Option<String> {
    let default =
        column.default.as_ref().filter(|_| separate && column.identity.is_none() && column.generated.is_none())?;
    Some(set_default(table, column, default))
}

fn set_default(table: &Table, column: &Column, default: &str) -> String {
    let alter = if is_foreign(table) { "ALTER FOREIGN TABLE" } else { "ALTER TABLE" };
    format!("{alter} ONLY {} ALTER COLUMN {} SET DEFAULT {default}", quoted(&table.name), quote(&column.name))
}

/// Statements that follow the table's own.
pub(super) fn later(table: &Table, around: &Around<'_>, separate: bool) -> Vec<String> {
    let alter = if is_foreign(table) { "ALTER FOREIGN TABLE ONLY" } else { "ALTER TABLE ONLY" };
    let mut statements = Vec::new();
    for column in &table.columns {
        if column.options.contains_key("inherited") {
            statements.extend(differing(table, column, around, separate));
        }
        statements.extend(settings(alter, &table.name, column));
        if column.options.contains_key("not null not valid") {
            let name = column.options.get("not null constraint").cloned();
            let name = name.unwrap_or_else(|| usual_name(table, column));
            let (own, name, column) = (quoted(&table.name), quote(&name), quote(&column.name));
            statements.push(format!("ALTER TABLE {own} ADD CONSTRAINT {name} NOT NULL {column} NOT VALID"));
        }
    }
    statements
}

/// Where an inherited column is not as the parents have it.
fn differing(table: &Table, column: &Column, around: &Around<'_>, separate: bool) -> Vec<String> {
    let parents = table.inherits.iter().filter_map(|parent| around.tables.get(parent)?.column(&column.name));
    let parents: Vec<&Column> = parents.collect();
    let mut statements = Vec::new();
    let own = format!("ALTER TABLE ONLY {} ALTER COLUMN {}", quoted(&table.name), quote(&column.name));
    if parents.iter().any(|parent| parent.default != column.default) {
        match &column.default {
            Some(default) if !separate => statements.push(set_default(table, column, default)),
            Some(_) => {}
            None => statements.push(format!("{own} DROP DEFAULT")),
        }
    }
    let named = column.options.contains_key("not null constraint");
    if !column.nullable && !named && parents.iter().all(|parent| parent.nullable) {
        statements.push(format!("{own} SET NOT NULL"));
    }
    statements
}

/// How a column is stored and analysed; `alter` begins the statement.
pub(crate) fn settings(alter: &str, owner: &Name, column: &Column) -> Vec<String> {
    let begin = format!("{alter} {} ALTER COLUMN {}", quoted(owner), quote(&column.name));
    let set = |word: &str, make: &dyn Fn(&str) -> String| {
        column.options.get(word).map(|value| format!("{begin} {}", make(value)))
    };
    let all = [
        set("storage", &|value| format!("SET STORAGE {}", value.to_uppercase())),
        set("statistics", &|value| format!("SET STATISTICS {value}")),
        set("attributes", &|value| format!("SET ({value})")),
    ];
    all.into_iter().flatten().collect()
}
