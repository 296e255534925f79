use std::collections::BTreeMap;

use super::{Difference, DifferenceKind, compare};
use crate::model::{Column, Name, Schema, Table, TableKind, View};
use crate::{EngineKind, fingerprint};

fn column(name: &str, data_type: &str) -> Column {
    Column {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        nullable: true,
        default: None,
        generated: None,
        collation: None,
        identity: None,
        options: BTreeMap::new(),
        comment: None,
    }
}

fn table(name: &str, columns: Vec<Column>) -> Table {
    Table {
        name: Name::flat(name),
        kind: TableKind::Ordinary,
        inherits: Vec::new(),
        columns,
        primary_key: None,
        unique_keys: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        indexes: Vec::new(),
        options: BTreeMap::new(),
        comment: None,
        definition: Some(format!("CREATE TABLE {name} (…)")),
    }
}

fn schema(tables: Vec<Table>) -> Schema {
    Schema { tables, ..Schema::empty(EngineKind::Sqlite) }
}

#[test]
fn equal_schemas_have_no_difference_and_one_fingerprint() {
    let left = schema(vec![table("a", vec![column("id", "INTEGER")]), table("b", vec![])]);
    let mut right = schema(vec![table("b", vec![]), table("a", vec![column("id", "INTEGER")])]);
    right.tables[0].definition = Some("create table b()".to_owned());
    assert_eq!(compare(&left, &right), vec![]);
    assert_eq!(fingerprint(&left), fingerprint(&right));
}

#[test]
fn a_missing_column_is_named_with_its_table() {
    let found = schema(vec![table("addons", vec![column("id", "INTEGER")])]);
    let expected = schema(vec![table("addons", vec![column("id", "INTEGER"), column("name", "TEXT")])]);
    let difference = &compare(&found, &expected)[0];
    assert_eq!(difference.to_string(), "`addons.name` is missing");
    assert_ne!(fingerprint(&found), fingerprint(&expected));
}

#[test]
fn a_changed_type_says_both_types() {
    let found = schema(vec![table("addons", vec![column("id", "TEXT")])]);
    let expected = schema(vec![table("addons", vec![column("id", "INTEGER")])]);
    let expected_text = "`addons.id` differs: type is `\"TEXT\"`, expected `\"INTEGER\"`";
    assert_eq!(compare(&found, &expected)[0].to_string(), expected_text);
}

#[test]
fn column_order_is_a_difference() {
    let found = schema(vec![table("t", vec![column("a", ""), column("b", "")])]);
    let expected = schema(vec![table("t", vec![column("b", ""), column("a", "")])]);
    assert_eq!(compare(&found, &expected)[0].to_string(), "`t` differs: column order is `a, b`, expected `b, a`");
}

#[test]
fn an_extra_view_is_not_expected() {
    let mut found = schema(vec![]);
    let (name, query) = (Name::flat("v"), "select 1".to_owned());
    found.views.push(View { name, query, ..View::default() });
    let expected = schema(vec![]);
    let object = "view v".to_owned();
    let wanted = Difference { object, kind: DifferenceKind::Unexpected, detail: String::new() };
    assert_eq!(compare(&found, &expected), vec![wanted]);
}

#[test]
fn the_order_of_keys_is_kept_and_no_difference() {
    let key = |name: &str| crate::model::Index { name: name.to_owned(), unique: true, ..Default::default() };
    let with = |engine: EngineKind, names: [&str; 2]| {
        let mut table = table("t", vec![]);
        table.indexes = names.map(key).to_vec();
        let mut schema = Schema { tables: vec![table], ..Schema::empty(engine) };
        schema.sort();
        schema
    };
    for engine in [EngineKind::Mysql, EngineKind::Mariadb] {
        let (left, right) = (with(engine, ["z", "a"]), with(engine, ["a", "z"]));
        assert_eq!(left.tables[0].indexes[0].name, "z");
        assert_eq!(compare(&left, &right), vec![]);
        assert_eq!(fingerprint(&left), fingerprint(&right));
    }
    assert_eq!(with(EngineKind::Postgres, ["z", "a"]), with(EngineKind::Postgres, ["a", "z"]));
}
