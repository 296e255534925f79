//! Columns as clauses of `CREATE TABLE`, and what can only be said of a column once its table is there: how it is stored,
//! and where a column that a parent brings differs from the parent's.
//! Both halves stand together, because a property that one of them leaves out is the other one's to say.

use std::collections::HashMap;

use stead_schema::model::{Column, Name, Table};

use super::super::plan::{Around, parents, quoted};
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

/// The columns that parents bring for a column when the table is made. Parents that are added later bring nothing: what they
/// have and the column has not is no matter to the server, but for `NOT NULL`.
fn brought<'a>(table: &Table, around: &Around<'a>, column: &str) -> Vec<(&'a Table, &'a Column)> {
    if is_attached(table) {
        return Vec::new();
    }
    of_parents(table, around, column)
}

/// The parents' columns of that name.
fn of_parents<'a>(table: &Table, around: &Around<'a>, column: &str) -> Vec<(&'a Table, &'a Column)> {
    let found = table.inherits.iter().filter_map(|parent| {
        let parent = *around.tables.get(parent)?;
        Some((parent, parent.column(column)?))
    });
    found.collect()
}

/// True if children get the column's `NOT NULL` when they are made.
fn passes_not_null(column: &Column) -> bool {
    let has = |word: &str| column.options.contains_key(word);
    !column.nullable && !has("not null no inherit") && !is_not_valid(column)
}

/// True if the column may hold NULL although a parent's may not, as versions before 18 allow.
fn lacks_not_null(table: &Table, around: &Around<'_>, column: &Column) -> bool {
    column.nullable && of_parents(table, around, &column.name).iter().any(|(_, parent)| passes_not_null(parent))
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
    if let Some(compression) = column.options.get("compression").filter(|_| !around.is_parent(table)) {
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
        (Some(_), _) if identity_apart(table, around, column) => " DEFAULT NULL".to_owned(),
        (Some(identity), _) => identity_clause(table, column, identity),
        (None, Some(default)) if !separate && !around.is_late(table, column) => format!(" DEFAULT {default}"),
        // Else the column would get what a parent has, or the parents would be found to differ.
        (None, _) if brings_default(table, around, column) => " DEFAULT NULL".to_owned(),
        (None, _) => String::new(),
    }
}

fn brings_default(table: &Table, around: &Around<'_>, column: &Column) -> bool {
    brought(table, around, &column.name).iter().any(|(_, parent)| parent.default.is_some())
}

/// True if the rows are numbered in a column for which a parent brings a default. A column is not made with both, so the
/// default is first taken away.
fn identity_apart(table: &Table, around: &Around<'_>, column: &Column) -> bool {
    column.identity.is_some() && column.default.is_none() && brings_default(table, around, column)
}

/// A partition whose parent numbers the rows has no sequence of its own, and says nothing.
fn identity_clause(table: &Table, column: &Column, identity: &str) -> String {
    let Some(sequence) = column.options.get("sequence") else { return String::new() };
    let usual =
        Name { namespace: table.name.namespace.clone(), name: format!("{}_{}_seq", table.name.name, column.name) };
    let named = (*sequence != quoted(&usual)).then(|| format!("SEQUENCE NAME {sequence}"));
    // A sequence of another type than its column takes its limits with the type.
    let options = column.options.get("sequence options").filter(|_| !column.options.contains_key("sequence type"));
    let said: Vec<String> = named.into_iter().chain(options.cloned()).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(" ")) };
    format!(" GENERATED {} AS IDENTITY{said}", identity.to_uppercase())
}

fn not_null(table: &Table, around: &Around<'_>, column: &Column) -> String {
    // A parent is only added to a table whose columns are `NOT NULL` as well; it may be dropped again after that.
    if is_attached(table) && lacks_not_null(table, around, column) {
        return " NOT NULL".to_owned();
    }
    let elsewhere = ["not null not valid", "not null inherited"];
    if column.nullable || elsewhere.iter().any(|word| column.options.contains_key(*word)) {
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
        } else if identity_apart(table, around, column) {
            statements.extend(add_identity(table, column));
        }
        if !is_attached(table) && lacks_not_null(table, around, column) {
            statements.push(drop_not_null(table, column));
        }
        if !around.is_parent(table) {
            statements.extend(inherited_compression(table, column));
            statements.extend(settings(alter, &table.name, column));
        }
        statements.extend(sequence(column));
    }
    statements
}

/// What the sequence that numbers the rows has otherwise than its column and its table.
fn sequence(column: &Column) -> Vec<String> {
    let Some(sequence) = column.options.get("sequence").filter(|_| column.identity.is_some()) else {
        return Vec::new();
    };
    let own_type = column.options.get("sequence type").map(|own| {
        let options = column.options.get("sequence options").map(|options| format!(" {options}")).unwrap_or_default();
        format!("ALTER SEQUENCE {sequence} AS {own}{options} RESTART")
    });
    let persistence = column.options.get("sequence persistence");
    let persistence = persistence.map(|word| format!("ALTER SEQUENCE {sequence} SET {}", word.to_uppercase()));
    own_type.into_iter().chain(persistence).collect()
}

/// `NOT NULL` that rows may break which were there before: the column, the constraint's name and the statement, which runs when
/// the rows are there. What a parent's statement brings as well is left to that, unless it has a name of its own here.
pub(super) fn not_null_not_valid<'a>(table: &'a Table, around: &Around<'_>) -> Vec<(&'a str, String, String)> {
    let own = |column: &&Column| {
        is_not_valid(column)
            && (column.options.contains_key("not null constraint") || !gets_not_valid(table, around, &column.name))
    };
    let said = table.columns.iter().filter(own).map(|column| {
        let name = column.options.get("not null constraint").cloned();
        let name = name.unwrap_or_else(|| usual_name(table, column));
        let end = if column.options.contains_key("not null no inherit") { " NO INHERIT" } else { "" };
        let (own, constraint) = (quoted(&table.name), quote(&name));
        let sql =
            format!("ALTER TABLE {own} ADD CONSTRAINT {constraint} NOT NULL {}{end} NOT VALID", quote(&column.name));
        (column.name.as_str(), name, sql)
    });
    said.collect()
}

fn is_not_valid(column: &Column) -> bool {
    column.options.contains_key("not null not valid")
}

/// True if what is said of an ancestor brings the column's `NOT NULL` without holding it against the rows.
fn gets_not_valid(table: &Table, around: &Around<'_>, column: &str) -> bool {
    parents(table).iter().filter_map(|parent| around.tables.get(parent)).any(|parent| {
        let brings = |column: &Column| is_not_valid(column) && !column.options.contains_key("not null no inherit");
        parent.column(column).is_some_and(brings) || gets_not_valid(parent, around, column)
    })
}

/// Statements that follow the adding of a parent.
pub(super) fn after_attachment(table: &Table, around: &Around<'_>) -> Vec<String> {
    let lacking = table.columns.iter().filter(|column| lacks_not_null(table, around, column));
    lacking.map(|column| drop_not_null(table, column)).collect()
}

/// Statements that follow the attaching of a partition, which takes its own say in what its table says as well.
pub(super) fn after_partitioning(table: &Table) -> Vec<String> {
    let own = table.columns.iter().filter(|column| column.options.contains_key("not null own"));
    own.map(|column| format!("{} SET NOT NULL", begin(table, column))).collect()
}

fn begin(table: &Table, column: &Column) -> String {
    format!("ALTER TABLE ONLY {} ALTER COLUMN {}", quoted(&table.name), quote(&column.name))
}

fn drop_not_null(table: &Table, column: &Column) -> String {
    format!("{} DROP NOT NULL", begin(table, column))
}

fn add_identity(table: &Table, column: &Column) -> Option<String> {
    let clause = identity_clause(table, column, column.identity.as_ref()?);
    (!clause.is_empty()).then(|| format!("{} ADD{clause}", begin(table, column)))
}

/// An inherited column has no clause that could say how it is compressed.
fn inherited_compression(table: &Table, column: &Column) -> Option<String> {
    compression(table, column).filter(|_| column.options.contains_key("inherited"))
}

fn compression(table: &Table, column: &Column) -> Option<String> {
    let compression = column.options.get("compression")?;
    Some(format!("{} SET COMPRESSION {compression}", begin(table, column)))
}

/// How the columns of a parent are stored. It is said when all children are there: they would get it too, and could not be
/// made at all where parents differ.
pub(super) fn after_children(table: &Table) -> Vec<String> {
    let alter = if is_foreign(table) { "ALTER FOREIGN TABLE ONLY" } else { "ALTER TABLE ONLY" };
    let said = |column| compression(table, column).into_iter().chain(settings(alter, &table.name, column));
    table.columns.iter().flat_map(said).collect()
}

/// Where an inherited column is not as the parents have it.
fn differing(table: &Table, column: &Column, around: &Around<'_>, separate: bool) -> Vec<String> {
    let parents = brought(table, around, &column.name);
    let mut statements = Vec::new();
    let own = begin(table, column);
    // A default that a parent gets later is not the child's by that.
    if parents.iter().any(|(of, parent)| parent.default != column.default || around.is_late(of, parent)) {
        match &column.default {
            Some(default) if !separate && !around.is_late(table, column) => {
                statements.push(set_default(table, column, default));
            }
            Some(_) => {}
            None => statements.push(format!("{own} DROP DEFAULT")),
        }
    }
    if let Some(generated) = &column.generated
        && parents.iter().any(|(_, parent)| parent.generated.as_ref() != Some(generated))
    {
        statements.push(format!("{own} SET EXPRESSION AS ({})", generated.expression));
    }
    let elsewhere = ["not null constraint", "not null not valid"].iter().any(|word| column.options.contains_key(*word));
    let brings = || parents.iter().any(|(_, parent)| passes_not_null(parent));
    if !column.nullable && !elsewhere && (column.options.contains_key("not null own") || !brings()) {
        statements.push(format!("{own} SET NOT NULL"));
    }
    statements.extend(add_identity(table, column));
    statements
}

/// Defaults of parents that a table could not be made under, since it has no say of its own in the column and the parents
/// differ: such a default is set when the table is there. Each is the parent, its column and the table.
pub(crate) fn conflicting<'a>(
    table: &'a Table,
    tables: &HashMap<&'a Name, &'a Table>,
) -> Vec<(&'a Name, &'a str, &'a Name)> {
    let mut found = Vec::new();
    if is_attached(table) {
        return found;
    }
    for column in table.columns.iter().filter(|column| column.options.contains_key("inherited")) {
        let parents =
            table.inherits.iter().filter_map(|parent| Some((parent, tables.get(parent)?.column(&column.name)?)));
        let defaults: Vec<(&Name, &String)> =
            parents.filter_map(|(parent, column)| Some((parent, column.default.as_ref()?))).collect();
        if defaults.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            found.extend(defaults.into_iter().map(|(parent, _)| (parent, column.name.as_str(), &table.name)));
        }
    }
    found
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
