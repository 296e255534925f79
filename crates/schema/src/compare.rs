//! What differs between two schemas, for people: which object, and in what. This is the reader's view; turning a
//! difference into statements is the work of a diff.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Schema;
use crate::fingerprint::comparable;
use crate::model::{Column, Index, Table};

/// How an object differs from what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// It is expected and not there.
    Missing,
    /// It is there and not expected.
    Unexpected,
    /// It is there, but not as expected.
    Different,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Difference {
    /// `table`, `table.column`, `index NAME on table`, `view NAME` …
    pub object: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// What was found and what was expected; empty where the kind says it all.
    pub detail: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DifferenceKind::Missing => write!(formatter, "`{}` is missing", self.object),
            DifferenceKind::Unexpected => write!(formatter, "`{}` is not expected", self.object),
            DifferenceKind::Different => write!(formatter, "`{}` differs: {}", self.object, self.detail),
        }
    }
}

/// Every difference of `found` from `expected`, sorted by object. Empty exactly if their fingerprints are equal.
#[must_use]
pub fn compare(found: &Schema, expected: &Schema) -> Vec<Difference> {
    let (found, expected) = (comparable(found), comparable(expected));
    let mut differences = Vec::new();
    pair(&found.tables, &expected.tables, |table| table.name.to_string(), tables, &mut differences);
    pair(
        &found.views,
        &expected.views,
        |view| format!("view {}", view.name),
        |left, right| whole(&format!("view {}", right.name), left, right),
        &mut differences,
    );
    pair(
        &found.triggers,
        &expected.triggers,
        |trigger| format!("trigger {} on {}", trigger.name, trigger.table),
        |left, right| whole(&format!("trigger {} on {}", right.name, right.table), left, right),
        &mut differences,
    );
    pair(
        &found.objects,
        &expected.objects,
        |object| format!("{} {}", object.kind, object.name),
        |left, right| whole(&format!("{} {}", right.kind, right.name), left, right),
        &mut differences,
    );
    differences.sort();
    differences
}

/// Matches two lists by name; what stands on one side only is reported, what stands on both is looked into.
fn pair<T: PartialEq>(
    found: &[T],
    expected: &[T],
    name: impl Fn(&T) -> String,
    inner: impl Fn(&T, &T) -> Vec<Difference>,
    differences: &mut Vec<Difference>,
) {
    let mut found: BTreeMap<String, &T> = found.iter().map(|item| (name(item), item)).collect();
    for item in expected {
        let key = name(item);
        match found.remove(&key) {
            None => differences.push(bare(key, DifferenceKind::Missing)),
            Some(other) if other != item => differences.extend(inner(other, item)),
            Some(_) => {}
        }
    }
    differences.extend(found.into_keys().map(|key| bare(key, DifferenceKind::Unexpected)));
}

fn bare(object: String, kind: DifferenceKind) -> Difference {
    Difference { object, kind, detail: String::new() }
}

fn different(object: &str, what: &str, found: &str, expected: &str) -> Difference {
    let detail = format!("{what} is {found}, expected {expected}");
    Difference { object: object.to_owned(), kind: DifferenceKind::Different, detail }
}

fn whole<T: serde::Serialize>(object: &str, found: &T, expected: &T) -> Vec<Difference> {
    vec![different(object, "definition", &text(found), &text(expected))]
}

/// A short rendering for a sentence; JSON is what every part of the model can be shown as.
fn text<T: serde::Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).expect("a schema holds only strings, lists and maps");
    if text == "null" { "absent".to_owned() } else { format!("`{text}`") }
}

fn tables(found: &Table, expected: &Table) -> Vec<Difference> {
    let table = expected.name.to_string();
    let mut differences = Vec::new();
    let column = |column: &Column| format!("{table}.{}", column.name);
    pair(&found.columns, &expected.columns, column, |left, right| columns(&table, left, right), &mut differences);
    let index = |index: &Index| format!("index {} on {table}", index.name);
    pair(&found.indexes, &expected.indexes, index, |left, right| whole(&index(right), left, right), &mut differences);
    let mut part = |what: &str, left: String, right: String| {
        if left != right {
            differences.push(different(&table, what, &left, &right));
        }
    };
    part("kind", text(&found.kind), text(&expected.kind));
    part("inherits", text(&found.inherits), text(&expected.inherits));
    part("primary key", text(&found.primary_key), text(&expected.primary_key));
    part("unique keys", text(&found.unique_keys), text(&expected.unique_keys));
    part("foreign keys", text(&found.foreign_keys), text(&expected.foreign_keys));
    part("checks", text(&found.checks), text(&expected.checks));
    part("options", text(&found.options), text(&expected.options));
    part("comment", text(&found.comment), text(&expected.comment));
    if differences.is_empty() {
        differences.push(different(&table, "column order", &order(found), &order(expected)));
    }
    differences
}

fn order(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    format!("`{}`", names.join(", "))
}

fn columns(table: &str, found: &Column, expected: &Column) -> Vec<Difference> {
    let object = format!("{table}.{}", expected.name);
    let parts = [
        ("type", text(&found.data_type), text(&expected.data_type)),
        ("nullable", text(&found.nullable), text(&expected.nullable)),
        ("default", text(&found.default), text(&expected.default)),
        ("generated", text(&found.generated), text(&expected.generated)),
        ("collation", text(&found.collation), text(&expected.collation)),
        ("identity", text(&found.identity), text(&expected.identity)),
        ("options", text(&found.options), text(&expected.options)),
        ("comment", text(&found.comment), text(&expected.comment)),
    ];
    let differing = parts.into_iter().filter(|(_, left, right)| left != right);
    differing.map(|(what, left, right)| different(&object, what, &left, &right)).collect()
}

#[cfg(test)]
mod tests;
