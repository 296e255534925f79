//! Random schemas: what is written and made is inspected as what was written. The generator spells types and defaults as the
//! server does, so equality is asked of the whole, not only of what comes back twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stead_schema::model::{Check, Column, ForeignKey, Generated, Index, IndexPart, Key, Name, Table, Trigger, View};
use stead_schema::{EngineKind, Schema, compare};

use crate::judge::texts;
use crate::on_servers;
use crate::scene::Scene;

on_servers! {
    random_schemas_come_back / property_random_schemas_come_back_mariadb / property_random_schemas_come_back_mysql;
}

/// At most so many schemas, and at most so long, whatever the machine; many with `STEAD_TORTURE=full`.
fn limits() -> (u32, Duration) {
    if stead_testkit::skip::full() { (400, Duration::from_secs(150)) } else { (40, Duration::from_secs(8)) }
}

async fn random_schemas_come_back(scene: Scene) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let surroundings = Surroundings::of(&scene).await;
    let (most, time) = limits();
    let (start, mut cases) = (Instant::now(), 0);
    while cases < most && start.elapsed() < time {
        let shape = schemas().new_tree(&mut runner).unwrap().current();
        let schema = built(&shape, &surroundings);
        let mut session = scene.written(&schema).await;
        let mut inspected = session.inspect().await.unwrap();
        inspected.dependencies.clear();
        assert_eq!(compare(&inspected, &schema), [], "case {cases}");
        session.close().await.unwrap();
        cases += 1;
    }
    assert!(cases > 2, "only {cases} schemas in {time:?}");
}

/// What a server adds to what is written.
struct Surroundings {
    engine: EngineKind,
    definer: String,
    charset: String,
    collation: String,
    connection: String,
}

impl Surroundings {
    async fn of(scene: &Scene) -> Self {
        let mut session = scene.scratch().await;
        session.execute("SET NAMES utf8mb4", &[]).await.unwrap();
        let row = texts(
            session.as_mut(),
            "SELECT CURRENT_USER(), @@character_set_database, @@collation_database, @@collation_connection",
        )
        .await
        .remove(0);
        let (user, host) = row[0].rsplit_once('@').unwrap();
        let definer = format!("`{user}`@`{host}`");
        let [_, charset, collation, connection] = row.try_into().unwrap();
        Self { engine: scene.engine, definer, charset, collation, connection }
    }
}

#[derive(Clone, Debug)]
struct ColumnShape {
    sort: usize,
    nullable: bool,
    default: bool,
    comment: Option<String>,
    generated: Option<bool>,
    invisible: bool,
    checked: bool,
}

#[derive(Clone, Debug)]
struct TableShape {
    columns: BTreeMap<String, ColumnShape>,
    keyed: bool,
    indexes: BTreeMap<String, (Vec<prop::sample::Index>, bool, bool)>,
    refers: Option<(prop::sample::Index, u8)>,
    trigger: bool,
    view: bool,
    comment: Option<String>,
}

/// Names with all that a name may have: quotes, blanks inside, letters of other alphabets, words that are reserved.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_][a-z0-9_]{0,20}",
        "[a-z`'\"\\\\ я漢.,();%-]{1,20}[a-z]",
        Just("select".to_owned()),
        Just("order by".to_owned()),
        Just("a".repeat(60)),
    ]
    .prop_map(|name| name.trim().to_lowercase())
    .prop_filter("a name", |name| !name.is_empty())
}

fn comments() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[a-zA-Z'\"\\\\`;\n é?]{1,30}")
}

fn columns() -> impl Strategy<Value = ColumnShape> {
    (0_usize..SORTS, any::<bool>(), any::<bool>(), comments(), prop::option::weighted(0.2, any::<bool>()), any::<u8>())
        .prop_map(|(sort, nullable, default, comment, generated, chance)| ColumnShape {
            sort,
            nullable,
            default,
            comment,
            generated,
            invisible: chance % 7 == 0,
            checked: chance % 5 == 0,
        })
}

fn tables() -> impl Strategy<Value = TableShape> {
    let indexes = btree_map(names(), (vec(any::<prop::sample::Index>(), 1..4), any::<bool>(), any::<bool>()), 0..4);
    let refers = prop::option::of((any::<prop::sample::Index>(), 0_u8..4));
    (btree_map(names(), columns(), 1..9), any::<bool>(), indexes, refers, any::<bool>(), any::<bool>(), comments())
        .prop_map(|(columns, keyed, indexes, refers, trigger, view, comment)| TableShape {
            columns,
            keyed,
            indexes,
            refers,
            trigger,
            view,
            comment,
        })
}

fn schemas() -> impl Strategy<Value = BTreeMap<String, TableShape>> {
    btree_map(names().prop_map(|name| name.chars().take(40).collect::<String>().trim().to_owned()), tables(), 0..5)
}

const SORTS: usize = 10;

/// A type as each server spells it, with a default of it.
fn sort(sort: usize, engine: EngineKind) -> (&'static str, &'static str) {
    let mariadb = engine == EngineKind::Mariadb;
    match sort {
        0 if mariadb => ("int(11)", "5"),
        0 => ("int", "'5'"),
        1 if mariadb => ("bigint(20) unsigned", "18446744073709551615"),
        1 => ("bigint unsigned", "'18446744073709551615'"),
        2 => ("varchar(40)", "'it''s \\\\ \"x\"\\n'"),
        3 if mariadb => ("decimal(12,3)", "-1.500"),
        3 => ("decimal(12,3)", "'-1.500'"),
        4 if mariadb => ("datetime(3)", "current_timestamp(3)"),
        4 => ("datetime(3)", "CURRENT_TIMESTAMP(3)"),
        5 => ("enum('a','b''c','\\\\')", "'b''c'"),
        6 => ("date", "'2020-02-29'"),
        7 => ("varbinary(20)", "x'ff00fe'"),
        8 => ("bit(5)", "b'10101'"),
        _ => ("char(8)", "''"),
    }
}

fn flags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn quoted(name: &str) -> String {
    stead_sql::quote::identifier(name, EngineKind::Mysql)
}

/// The schema of a shape.
fn built(shape: &BTreeMap<String, TableShape>, surroundings: &Surroundings) -> Schema {
    let mut schema = Schema::empty(surroundings.engine);
    let keyed: Vec<&String> = shape.iter().filter(|(_, table)| table.keyed).map(|(name, _)| name).collect();
    for (place, (name, table)) in shape.iter().enumerate() {
        schema.tables.push(table_of(name, table, place, &keyed, surroundings));
        if table.trigger {
            schema.triggers.push(trigger_of(name, place, surroundings));
        }
        if table.view {
            schema.views.push(view_of(name, table, place, surroundings));
        }
    }
    schema.sort();
    schema
}

fn table_of(name: &str, shape: &TableShape, place: usize, keyed: &[&String], surroundings: &Surroundings) -> Table {
    let options = [("engine", "InnoDB"), ("charset", &surroundings.charset), ("collation", &surroundings.collation)];
    let mut table =
        Table { name: Name::flat(name), options: flags(&options), comment: shape.comment.clone(), ..Table::default() };
    if shape.keyed {
        let data_type = sort(1, surroundings.engine).0.to_owned();
        let identity = Some("auto_increment".to_owned());
        table.columns.push(Column { name: "id0".to_owned(), data_type, identity, ..Column::default() });
        table.primary_key = Some(Key { columns: vec!["id0".to_owned()], ..Key::default() });
    }
    let first = table.columns.len();
    for (name, shape) in &shape.columns {
        let column = column_of(name, shape, surroundings.engine);
        if shape.checked && shape.sort == 0 {
            table.checks.push(check_of(name, place, table.checks.len(), surroundings.engine));
        }
        table.columns.push(column);
    }
    // A table needs a column that can be seen.
    table.columns[0].options.remove("invisible");
    for (name, (parts, unique, descending)) in &shape.indexes {
        let mut names: Vec<String> = parts
            .iter()
            .map(|part| table.columns[first + part.index(table.columns.len() - first)].name.clone())
            .collect();
        names.sort();
        names.dedup();
        table.indexes.push(index_of(name, &names, *unique, *descending));
    }
    if let (Some((target, action)), false) = (&shape.refers, keyed.is_empty()) {
        refer(&mut table, place, keyed[target.index(keyed.len())], *action, surroundings.engine);
    }
    table
}

fn column_of(name: &str, shape: &ColumnShape, engine: EngineKind) -> Column {
    let (data_type, default) = sort(shape.sort, engine);
    let mut column = Column {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        nullable: shape.nullable,
        comment: shape.comment.clone(),
        ..Column::default()
    };
    if shape.invisible && (shape.nullable || shape.default) {
        column.options.insert("invisible".to_owned(), "true".to_owned());
    }
    match shape.generated {
        Some(stored) if shape.sort == 0 => {
            let expression = if engine == EngineKind::Mariadb { "5 + 1" } else { "(5 + 1)" };
            column.generated = Some(Generated { expression: expression.to_owned(), stored });
            column.nullable = true;
        }
        _ if shape.default => column.default = Some(default.to_owned()),
        _ => {}
    }
    column
}

fn check_of(column: &str, place: usize, number: usize, engine: EngineKind) -> Check {
    let inner = format!("{} > 5", quoted(column));
    let expression = if engine == EngineKind::Mariadb { inner } else { format!("({inner})") };
    Check { name: Some(format!("check {place} {number}")), expression, ..Check::default() }
}

fn index_of(name: &str, columns: &[String], unique: bool, descending: bool) -> Index {
    let part = |(place, column): (usize, &String)| IndexPart {
        expression: column.clone(),
        descending: descending && place == 0,
        ..IndexPart::default()
    };
    let parts = columns.iter().enumerate().map(part).collect();
    Index { name: format!("i {name}"), unique, parts, ..Index::default() }
}

fn refer(table: &mut Table, place: usize, target: &str, chosen: u8, engine: EngineKind) {
    let data_type = sort(1, engine).0.to_owned();
    let name = "refers".to_owned();
    table.columns.push(Column { name: name.clone(), data_type, nullable: true, ..Column::default() });
    table.indexes.push(index_of("refers", std::slice::from_ref(&name), false, false));
    let actions = ["CASCADE", "SET NULL", if engine == EngineKind::Mariadb { "RESTRICT" } else { "NO ACTION" }];
    let chosen = actions[usize::from(chosen % 3)];
    table.foreign_keys.push(ForeignKey {
        name: Some(format!("key {place}")),
        columns: vec![name],
        target: Name::flat(target),
        target_columns: vec!["id0".to_owned()],
        on_delete: chosen.to_owned(),
        on_update: actions[2].to_owned(),
        ..ForeignKey::default()
    });
}

const MODE: &str = "ANSI_QUOTES,STRICT_ALL_TABLES";

fn trigger_of(table: &str, place: usize, surroundings: &Surroundings) -> Trigger {
    let action = format!("SET @a = 'it''s \u{1f600}', @b = {place}");
    let options = [
        ("timing", "before"),
        ("event", "update"),
        ("sql_mode", MODE),
        ("definer", &surroundings.definer),
        ("collation_connection", &surroundings.connection),
    ];
    Trigger {
        name: Name::flat(format!("trigger {place}")),
        table: Name::flat(table),
        body: stead_sql::normal_form(&action, surroundings.engine),
        options: flags(&options),
        definition: Some(action),
    }
}

fn view_of(table: &str, shape: &TableShape, place: usize, surroundings: &Surroundings) -> View {
    let column = shape.columns.keys().next().unwrap();
    let (table, column) = (quoted(table), quoted(column));
    let options = [
        ("security", "invoker"),
        ("definer", surroundings.definer.as_str()),
        ("collation_connection", surroundings.connection.as_str()),
    ];
    View {
        name: Name::flat(format!("view {place}")),
        query: format!("select {table}.{column} AS {column} from {table}"),
        options: flags(&options),
        ..View::default()
    }
}
