//! One table, put together from the catalog's rows and from the clauses of its statement. What the pragmas tell wins;
//! the clauses only add what they leave out.

use std::collections::BTreeMap;

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_schema::model::{Check, Column, ForeignKey, Generated, Index, IndexPart, Key, Name, Table, TableKind};
use stead_sql::clauses::{Deferral, KeyKind};
use stead_sql::{TableClauses, normal_form, sqlite_table_clauses};

use super::catalog::{Catalog, ColumnRow, Entry, ForeignKeyRow, IndexRow, PartRow};
use super::{text, unsupported};
use crate::connect::opening::Handle;

type Options = BTreeMap<String, String>;

/// What SQLite knows of a column beyond the pragmas.
struct Property {
    collation: String,
    autoincrement: bool,
}

/// The table of a catalog entry.
pub(super) fn table(handle: &Handle, catalog: &Catalog, entry: &Entry) -> Result<Table, EngineError> {
    let mut table = bare(entry, kind(catalog, entry)?);
    let Some(rows) = catalog.columns.get(&entry.name) else { return Ok(table) };
    let clauses = sqlite_table_clauses(&entry.sql);
    let mut collations = BTreeMap::new();
    for row in rows {
        let property = property(handle, &entry.name, &row.name)?;
        table.columns.push(column(row, &property, &clauses));
        collations.insert(row.name.to_ascii_lowercase(), property.collation);
    }
    let indexes = catalog.indexes.get(&entry.name).map(Vec::as_slice).unwrap_or_default();
    table.primary_key = primary_key(rows, indexes, &clauses, &collations);
    table.unique_keys = indexes
        .iter()
        .filter(|index| index.origin == "u")
        .map(|index| unique_key(index, &clauses, &collations))
        .collect();
    table.foreign_keys = foreign_keys(catalog.foreign_keys.get(&entry.name), &clauses);
    table.checks = checks(&clauses);
    table.options = options(catalog, entry);
    for row in indexes.iter().filter(|index| index.origin == "c") {
        table.indexes.push(index(catalog, row, &collations)?);
    }
    Ok(table)
}

fn bare(entry: &Entry, kind: TableKind) -> Table {
    Table { name: Name::flat(&entry.name), kind, definition: Some(entry.sql.clone()), ..Table::default() }
}

/// A virtual table is its module with the arguments: its columns are made from them, and by a module that this build
/// may not have.
fn kind(catalog: &Catalog, entry: &Entry) -> Result<TableKind, EngineError> {
    if entry.is_virtual() {
        let module = text::module(&entry.sql).ok_or_else(|| unsupported(entry, "its statement names no module"))?;
        return Ok(TableKind::Virtual(module));
    }
    match catalog.kinds.get(&entry.name).map(|kind| kind.word.as_str()) {
        Some("table") => Ok(TableKind::Ordinary),
        Some("shadow") => Ok(TableKind::Shadow),
        Some(other) => Err(unsupported(entry, &format!("SQLite calls it a {other}"))),
        None => Err(unsupported(entry, "SQLite does not list it as a table")),
    }
}

/// Asks SQLite itself, without a query.
fn property(handle: &Handle, table: &str, column: &str) -> Result<Property, EngineError> {
    let (_, collation, _, _, autoincrement) =
        handle.connection.column_metadata(Some("main"), table, column).map_err(|error| handle.classify(&error))?;
    let collation = collation.map_or_else(|| "BINARY".to_owned(), |name| name.to_string_lossy().to_ascii_uppercase());
    Ok(Property { collation, autoincrement })
}

fn column(row: &ColumnRow, property: &Property, clauses: &TableClauses) -> Column {
    let clause = clauses.columns.get(&row.name.to_ascii_lowercase());
    let mut options = Options::new();
    if let Some(conflict) = clause.and_then(|clause| clause.on_conflict.clone()) {
        options.insert("on conflict".to_owned(), conflict);
    }
    if row.hidden == 1 {
        options.insert("hidden".to_owned(), "true".to_owned());
    }
    let expression = clause.and_then(|clause| clause.generated.clone());
    Column {
        name: row.name.clone(),
        data_type: row.data_type.clone(),
        nullable: !row.not_null,
        default: row.default.as_ref().map(|default| normal_form(default, EngineKind::Sqlite)),
        generated: (row.hidden >= 2)
            .then(|| Generated { expression: expression.unwrap_or_default(), stored: row.hidden == 3 }),
        collation: Some(property.collation.clone()).filter(|collation| collation != "BINARY"),
        identity: property.autoincrement.then(|| "autoincrement".to_owned()),
        options,
        comment: None,
    }
}

fn primary_key(
    rows: &[ColumnRow],
    indexes: &[IndexRow],
    clauses: &TableClauses,
    collations: &BTreeMap<String, String>,
) -> Option<Key> {
    let mut members: Vec<&ColumnRow> = rows.iter().filter(|row| row.key > 0).collect();
    members.sort_by_key(|row| row.key);
    let clause = clauses.keys.iter().find(|key| key.kind == KeyKind::Primary);
    let mut key = Key {
        name: clause.and_then(|clause| clause.name.clone()),
        columns: members.iter().map(|row| row.name.clone()).collect(),
        options: conflict(clause.and_then(|clause| clause.on_conflict.as_ref())),
    };
    if let Some(index) = indexes.iter().find(|index| index.origin == "pk") {
        key.options.extend(part_options(&index.parts, collations));
    }
    (!key.columns.is_empty()).then_some(key)
}

fn unique_key(row: &IndexRow, clauses: &TableClauses, collations: &BTreeMap<String, String>) -> Key {
    let columns: Vec<String> = row.parts.iter().filter_map(|part| part.column.clone()).collect();
    let folded: Vec<String> = columns.iter().map(|column| column.to_ascii_lowercase()).collect();
    let clause = clauses.keys.iter().find(|key| key.kind == KeyKind::Unique && key.columns == folded);
    let mut options = conflict(clause.and_then(|clause| clause.on_conflict.as_ref()));
    options.extend(part_options(&row.parts, collations));
    Key { name: clause.and_then(|clause| clause.name.clone()), columns, options }
}

fn conflict(word: Option<&String>) -> Options {
    word.map(|word| ("on conflict".to_owned(), word.clone())).into_iter().collect()
}

/// Directions and collations inside a constraint, where they are not what the columns say.
fn part_options(parts: &[PartRow], collations: &BTreeMap<String, String>) -> Options {
    let named = |part: &PartRow| part.column.clone().unwrap_or_default();
    let descending: Vec<String> = parts.iter().filter(|part| part.descending).map(named).collect();
    let collated: Vec<String> = parts
        .iter()
        .filter_map(|part| other_collation(part, collations).map(|collation| format!("{} {collation}", named(part))))
        .collect();
    let lists = [("descending", descending), ("collation", collated)];
    lists
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(word, list)| (word.to_owned(), list.join(", ")))
        .collect()
}

/// The collation of a part where it is not its column's own.
fn other_collation(part: &PartRow, collations: &BTreeMap<String, String>) -> Option<String> {
    let own = part.column.as_ref().and_then(|column| collations.get(&column.to_ascii_lowercase()));
    let collation = part.collation.to_ascii_uppercase();
    (own.map_or("BINARY", String::as_str) != collation).then_some(collation)
}

fn foreign_keys(rows: Option<&Vec<ForeignKeyRow>>, clauses: &TableClauses) -> Vec<ForeignKey> {
    let mut groups: BTreeMap<i64, Vec<&ForeignKeyRow>> = BTreeMap::new();
    rows.into_iter().flatten().for_each(|row| groups.entry(row.id).or_default().push(row));
    // The pragma numbers the keys backwards.
    let clauses = clauses.foreign_keys.iter().rev().map(Some).chain(std::iter::repeat(None));
    groups
        .values()
        .zip(clauses)
        .map(|(rows, clause)| {
            let mut options = Options::new();
            if rows[0].matching != "NONE" {
                options.insert("match".to_owned(), rows[0].matching.to_ascii_lowercase());
            }
            if clause.is_some_and(|clause| clause.deferral == Deferral::Deferred) {
                options.insert("deferrable".to_owned(), "initially deferred".to_owned());
            }
            ForeignKey {
                name: clause.and_then(|clause| clause.name.clone()),
                columns: rows.iter().map(|row| row.from.clone()).collect(),
                target: Name::flat(&rows[0].target),
                target_columns: rows.iter().filter_map(|row| row.to.clone()).collect(),
                on_delete: rows[0].on_delete.clone(),
                on_update: rows[0].on_update.clone(),
                options,
            }
        })
        .collect()
}

fn checks(clauses: &TableClauses) -> Vec<Check> {
    let of_columns = clauses.columns.values().flat_map(|column| &column.checks);
    let all = of_columns.chain(&clauses.checks);
    all.map(|check| Check { name: check.name.clone(), expression: check.expression.clone(), options: Options::new() })
        .collect()
}

fn options(catalog: &Catalog, entry: &Entry) -> Options {
    let Some(kind) = catalog.kinds.get(&entry.name) else { return Options::new() };
    let words = [("strict", kind.strict), ("without rowid", kind.without_rowid)];
    words.into_iter().filter(|(_, set)| *set).map(|(word, _)| (word.to_owned(), "true".to_owned())).collect()
}

fn index(catalog: &Catalog, row: &IndexRow, collations: &BTreeMap<String, String>) -> Result<Index, EngineError> {
    let Some(entry) = catalog.index_entry(&row.name) else {
        return Err(EngineError::new(
            stead_engine::ErrorClass::Bug,
            format!("the index `{}` is not in the catalog", row.name),
        ));
    };
    let text = text::index(&entry.sql).ok_or_else(|| unsupported(entry, "its statement cannot be read"))?;
    if text.parts.len() != row.parts.len() {
        return Err(unsupported(entry, "its statement has another number of parts than SQLite says"));
    }
    let parts = row.parts.iter().zip(&text.parts).map(|(part, text)| IndexPart {
        expression: part.column.clone().unwrap_or_else(|| text.clone()),
        computed: part.column.is_none(),
        descending: part.descending,
        collation: other_collation(part, collations),
        options: Options::new(),
    });
    Ok(Index {
        name: row.name.clone(),
        unique: row.unique,
        method: String::new(),
        parts: parts.collect(),
        condition: text.condition,
        options: Options::new(),
        definition: Some(entry.sql.clone()),
    })
}
