//! Constraints and indexes of tables and materialised views. A key's properties lie in two catalogs, so both are read whole
//! and joined here by the server's numbers.

use std::collections::HashMap;

use stead_engine::EngineError;
use stead_schema::model::{Check, Dependency, ForeignKey, Index, IndexPart, Key, Name, Reference};
use tokio_postgres::Row;

use super::catalog::{CONSTRAINTS, Catalog, Options, RELATIONS, parameters, quoted, quoted_list, set};
use super::relations::{Relation, Relations};

/// Reads constraints. Keys are completed by [`indexes`].
pub(super) async fn constraints(catalog: &mut Catalog<'_>, relations: &mut Relations) -> Result<(), EngineError> {
    for row in catalog.rows(include_str!("sql/constraints.sql")).await? {
        let (number, table): (u32, u32) = (row.get(0), row.get(1));
        let Some(relation) = relations.look(table) else {
            refuse_key_of_member(relations, &row)?;
            continue;
        };
        let (name, owner): (String, Name) = (row.get(2), relation.table.name.clone());
        let kind = if row.get::<_, &str>(3) == "n" { "not null" } else { "constraint" };
        let address = format!("CONSTRAINT {} ON {}", quoted(&Name::flat(&name)), quoted(&owner));
        catalog.note((CONSTRAINTS, number), Reference::part(kind, &owner, &name), Some(address));
        match row.get::<_, &str>(3) {
            "f" => {
                let key = foreign_key(relations, &row, name)?;
                if let (Some(key), Some(relation)) = (key, relations.find(table)) {
                    relation.table.foreign_keys.push(key);
                }
            }
            "x" => exclusion(catalog, relation, &row, &name),
            kind => {
                let kind = kind.to_owned();
                let relation = relations.find(table).expect("it was just looked at");
                own(relation, &row, &kind, name);
            }
        }
    }
    Ok(())
}

/// A foreign key that leads from an extension's table to one of people's was made by people.
fn refuse_key_of_member(relations: &Relations, row: &Row) -> Result<(), EngineError> {
    let of = relations.members.get(&row.get(1)).filter(|_| row.get::<_, &str>(3) == "f");
    match of.zip(relations.look(row.get(11))) {
        Some((member, _)) => {
            let name = format!("{} on {}", row.get::<_, &str>(2), member.name);
            let reason = "it belongs to a table that an extension makes";
            Err(super::unsupported("foreign key", &name, reason).hint("put it on a table of your own"))
        }
        None => Ok(()),
    }
}

fn own(relation: &mut Relation, row: &Row, kind: &str, name: String) {
    let columns = relation.names(&row.get::<_, Option<Vec<i16>>>(10).unwrap_or_default());
    match kind {
        "p" => relation.table.primary_key = Some(Key { name: Some(name), columns, options: key_options(row) }),
        "u" => relation.table.unique_keys.push(Key { name: Some(name), columns, options: key_options(row) }),
        "c" => check(relation, row, name),
        _ => not_null(relation, row, &name),
    }
}

fn deferral(row: &Row) -> Option<&'static str> {
    match (row.get::<_, bool>(4), row.get::<_, bool>(5)) {
        (true, true) => Some("initially deferred"),
        (true, false) => Some("initially immediate"),
        (false, _) => None,
    }
}

fn key_options(row: &Row) -> Options {
    let mut options = Options::new();
    set(&mut options, "deferrable", deferral(row));
    set(&mut options, "without overlaps", row.get::<_, bool>(20).then_some("true"));
    options
}

fn check(relation: &mut Relation, row: &Row, name: String) {
    let (local, valid, enforced): (bool, bool, bool) = (row.get(7), row.get(6), row.get(19));
    // A check that was not held against the rows is added to the parent, and by that to its partitions.
    if !local && !valid && enforced {
        return;
    }
    if !local && !relation.is_partition() && !relation.is_attached() {
        return;
    }
    let mut options = Options::new();
    set(&mut options, "no inherit", row.get::<_, bool>(8).then_some("true"));
    set(&mut options, "not enforced", (!enforced).then_some("true"));
    set(&mut options, "not valid", (enforced && !valid).then_some("true"));
    relation.table.checks.push(Check {
        name: Some(name),
        expression: row.get::<_, Option<String>>(17).unwrap_or_default(),
        options,
    });
}

/// From version 18 on `NOT NULL` is a constraint with a name; the name is kept where it is not the one the server gives. Whether a
/// column would stay `NOT NULL` without its parents is kept where it is not as a statement makes it.
fn not_null(relation: &mut Relation, row: &Row, name: &str) {
    let Some(&number) = row.get::<_, Option<Vec<i16>>>(10).unwrap_or_default().first() else { return };
    let (local, valid, inherits) = (row.get::<_, bool>(7), row.get::<_, bool>(6), row.get::<_, i32>(23) > 0);
    let (table, partition, attached) =
        (relation.table.name.name.clone(), relation.is_partition(), relation.is_attached());
    let Some(column) = relation.column(number) else { return };
    let of_parent = column.options.contains_key("inherited");
    let usual = name == format!("{table}_{}_not_null", column.name);
    // Under a parent's that old rows may break, every valid one is the column's own once it was written again.
    let below_broken: bool = row.get(25);
    let merged = inherits && !local && !of_parent && !partition && !attached && !below_broken;
    let named = match (partition, valid) {
        // What is said of the parent gives its name.
        (true, false) if inherits => local || !row.get::<_, bool>(24),
        (true, _) => !usual,
        (false, _) => !usual && !merged && (local || !of_parent || (valid && below_broken)),
    };
    let own = inherits && local && valid && (partition || of_parent) && !below_broken;
    set(&mut column.options, "not null constraint", named.then_some(name));
    set(&mut column.options, "not null inherited", merged.then_some("true"));
    set(&mut column.options, "not null own", own.then_some("true"));
    set(&mut column.options, "not null no inherit", row.get::<_, bool>(8).then_some("true"));
    set(&mut column.options, "not null not valid", (!valid).then_some("true"));
}

fn action(letter: &str) -> String {
    let word = match letter {
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => "NO ACTION",
    };
    word.to_owned()
}

/// A foreign key; none where a partition has it from its parent, unless it has a name of its own there.
fn foreign_key(relations: &Relations, row: &Row, name: String) -> Result<Option<ForeignKey>, EngineError> {
    let (parent, attached): (u32, bool) = (row.get(9), row.get(22));
    let Some(relation) = relations.look(row.get(1)).filter(|_| parent == 0 || attached) else { return Ok(None) };
    let numbers = |column: usize| row.get::<_, Option<Vec<i16>>>(column).unwrap_or_default();
    let (target, target_columns) = match (relations.look(row.get(11)), relations.members.get(&row.get(11))) {
        (Some(target), _) => (target.table.name.clone(), target.names(&numbers(12))),
        (None, Some(target)) => (target.name.clone(), target.names(&numbers(12))),
        (None, None) => {
            let name = format!("{name} on {}", relation.table.name);
            let reason = "it refers to a table that is no part of the schema";
            return Err(
                super::unsupported("foreign key", &name, reason).hint("drop it: stead's own tables come and go")
            );
        }
    };
    let mut options = Options::new();
    set(&mut options, "deferrable", deferral(row));
    set(&mut options, "attached", attached.then_some("true"));
    set(&mut options, "match", (row.get::<_, &str>(15) == "f").then_some("full"));
    let chosen = relation.names(&numbers(18));
    set(&mut options, "on delete columns", (!chosen.is_empty()).then(|| quoted_list(&chosen)));
    let enforced: bool = row.get(19);
    set(&mut options, "not enforced", (!enforced).then_some("true"));
    // Rows came by without being held against a key whose triggers do not fire. One of a partitioned table must be valid.
    let passed = row.get::<_, bool>(21) && parent == 0 && relation.kind == "r";
    set(&mut options, "not valid", (enforced && (passed || !row.get::<_, bool>(6))).then_some("true"));
    set(&mut options, "period", row.get::<_, bool>(20).then_some("true"));
    Ok(Some(ForeignKey {
        name: Some(name),
        columns: relation.names(&numbers(10)),
        target,
        target_columns,
        on_delete: action(row.get(14)),
        on_update: action(row.get(13)),
        options,
    }))
}

fn exclusion(catalog: &mut Catalog<'_>, relation: &Relation, row: &Row, name: &str) {
    // A partition has it from its parent: the server cannot attach the index of such a constraint to another one.
    if row.get::<_, u32>(9) != 0 {
        return;
    }
    let owner = &relation.table.name;
    let definition: Option<String> = row.get(17);
    let body = format!(
        "ALTER TABLE {} ADD CONSTRAINT {} {}",
        quoted(owner),
        quoted(&Name::flat(name)),
        definition.unwrap_or_default()
    );
    let name = Reference::part("constraint", owner, name).name;
    catalog.depend("exclusion constraint", &name, &Reference::new("table", owner.clone()));
    catalog.object("exclusion constraint", name, body);
}

/// Reads indexes, and completes keys with what their indexes know.
pub(super) async fn indexes(catalog: &mut Catalog<'_>, relations: &mut Relations) -> Result<(), EngineError> {
    let classes: HashMap<u32, (String, bool)> = catalog
        .rows(include_str!("sql/operator_classes.sql"))
        .await?
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect();
    let collations: HashMap<u32, String> =
        catalog.rows(include_str!("sql/collations.sql")).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    for row in catalog.rows(include_str!("sql/indexes.sql")).await? {
        let Some(relation) = relations.find(row.get(1)) else { continue };
        let name = Name::within(row.get::<_, &str>(2), row.get::<_, &str>(3));
        let address = format!("INDEX {}", quoted(&name));
        catalog.note((RELATIONS, row.get(0)), Reference::new("index", name.clone()), Some(address));
        if !row.get::<_, bool>(7) && relation.kind != "p" {
            let reason = "it is invalid, as an interrupted `CREATE INDEX CONCURRENTLY` leaves it";
            return Err(super::unsupported("index", &name.to_string(), reason).hint("`REINDEX INDEX` it, or drop it"));
        }
        if row.get::<_, bool>(8) {
            set(&mut relation.table.options, "replica identity", Some(format!("index {}", name.name)));
        }
        set(&mut relation.table.options, "clustered on", row.get::<_, bool>(6).then(|| name.name.clone()));
        let own = own_options(relation, &row);
        if row.get::<_, Option<u32>>(20).is_some() {
            if row.get::<_, &str>(24) == "x" {
                of_exclusion(catalog, relation, &name, &own);
            } else {
                complete(relation, &name, own);
            }
        } else {
            let index = index(relation, &row, own, &classes, &collations);
            relation.table.indexes.push(index);
        }
    }
    Ok(())
}

/// What a plain index and the index of a key have alike.
fn own_options(relation: &Relation, row: &Row) -> Options {
    let mut options = Options::new();
    let keys = usize::try_from(row.get::<_, i16>(10)).unwrap_or_default();
    let numbers: Vec<i16> = row.get(11);
    let included = relation.names(numbers.get(keys..).unwrap_or_default());
    set(&mut options, "include", (!included.is_empty()).then(|| quoted_list(&included)));
    set(&mut options, "nulls not distinct", row.get::<_, bool>(9).then_some("true"));
    let stored: Option<Vec<String>> = row.get(16);
    set(&mut options, "storage parameters", parameters(stored.as_ref(), None));
    set(&mut options, "tablespace", row.get::<_, Option<String>>(17));
    if let (Some(namespace), Some(name)) = (row.get::<_, Option<&str>>(21), row.get::<_, Option<&str>>(22)) {
        set(&mut options, "partition of", Some(quoted(&Name::within(namespace, name))));
    }
    let settings: Vec<String> = row.get::<_, Option<Vec<String>>>(23).unwrap_or_default();
    for setting in settings {
        let mut parts = setting.splitn(3, ':');
        let (number, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        set(&mut options, &format!("statistics of {number}"), (!target.is_empty()).then_some(target));
        let parameters = parts.next().unwrap_or_default();
        set(
            &mut options,
            &format!("operator class parameters of {number}"),
            (!parameters.is_empty()).then_some(parameters),
        );
    }
    options
}

/// What the statement of an exclusion constraint does not say of its index.
fn of_exclusion(catalog: &mut Catalog<'_>, relation: &Relation, index: &Name, own: &Options) {
    let on =
        Reference::new("exclusion constraint", Reference::part("constraint", &relation.table.name, &index.name).name);
    let said = own.iter().filter_map(|(word, value)| {
        let place = || quoted(&Name::flat(value));
        match word.strip_prefix("statistics of ") {
            Some(part) => Some((word, format!("ALTER COLUMN {part} SET STATISTICS {value}"))),
            None => (word == "tablespace").then(|| (word, format!("SET TABLESPACE {}", place()))),
        }
    });
    for (word, change) in said {
        let name = Name { namespace: index.namespace.clone(), name: format!("{word} {}", index.name) };
        let of = Reference::new("index setting", name.clone());
        catalog.object("index setting", name, format!("ALTER INDEX {} {change}", quoted(index)));
        catalog.schema.dependencies.push(Dependency { of, on: on.clone() });
    }
}

/// Gives a key what its index knows. The statement of an exclusion constraint says everything by itself.
fn complete(relation: &mut Relation, name: &Name, own: Options) {
    let mut keys = relation.table.primary_key.iter_mut().chain(&mut relation.table.unique_keys);
    if let Some(key) = keys.find(|key| key.name.as_deref() == Some(&name.name)) {
        key.options.extend(own);
    }
}

fn index(
    relation: &Relation,
    row: &Row,
    options: Options,
    classes: &HashMap<u32, (String, bool)>,
    collations: &HashMap<u32, String>,
) -> Index {
    let keys = usize::try_from(row.get::<_, i16>(10)).unwrap_or_default();
    let (numbers, directions): (Vec<i16>, Vec<i16>) = (row.get(11), row.get(14));
    let (class, collation): (Vec<u32>, Vec<u32>) = (row.get(12), row.get(13));
    let expressions: Option<Vec<String>> = row.get(19);
    let part = |place: usize| {
        let named = relation.numbered.iter().position(|column| column.number == numbers[place]);
        let expression = match (named, &expressions) {
            (Some(column), _) => relation.table.columns[column].name.clone(),
            (None, Some(expressions)) => expressions[place].clone(),
            (None, None) => String::new(),
        };
        let own_collation = named.map_or(0, |column| relation.numbered[column].collation);
        let other = collation[place] != own_collation && named.is_some();
        let mut options = Options::new();
        let class = classes.get(&class[place]).filter(|(_, default)| !default);
        set(&mut options, "operator class", class.map(|(name, _)| name.clone()));
        let (descending, first) = (directions[place] & 1 != 0, directions[place] & 2 != 0);
        set(&mut options, "nulls", (descending != first).then_some(if first { "first" } else { "last" }));
        IndexPart {
            expression,
            computed: named.is_none(),
            descending,
            collation: if other { collations.get(&collation[place]).cloned() } else { None },
            options,
        }
    };
    Index {
        name: row.get(3),
        unique: row.get(5),
        method: row.get(4),
        parts: (0..keys).map(part).collect(),
        condition: row.get(15),
        options,
        definition: row.get(18),
    }
}
