//! Tables, foreign tables and views with their columns. What inherits is written as it was made where its columns stand in
//! the order that inheriting gives; where they do not, every column counts as the table's own and the parent is added later.

use std::collections::{HashMap, HashSet};

use stead_engine::EngineError;
use stead_schema::Schema;
use stead_schema::model::{Column, Generated, Name, Reference, Table, TableKind, View};
use stead_sql::ledger::own_tables;
use tokio_postgres::Row;

use super::catalog::{Catalog, DEFAULTS, RELATIONS, RULES, parameters, quoted, set};
use super::secrets;

/// A column as the rest of the catalog refers to it.
pub(super) struct Numbered {
    /// `attnum`.
    pub(super) number: i16,
    /// The number of its collation.
    pub(super) collation: u32,
    /// Defined in the table itself, not only in a parent.
    local: bool,
    inherited: bool,
}

/// A table or view that is being read.
pub(super) struct Relation {
    /// Its number in `pg_class`.
    pub(super) number: u32,
    /// `relkind`.
    pub(super) kind: String,
    /// Everything that tables and views have in common, and what only tables have.
    pub(super) table: Table,
    /// What a view asks.
    query: Option<String>,
    /// In the order of the table's columns.
    pub(super) numbered: Vec<Numbered>,
    parents: Vec<u32>,
}

impl Relation {
    /// The column with that number.
    pub(super) fn column(&mut self, number: i16) -> Option<&mut Column> {
        let place = self.numbered.iter().position(|column| column.number == number)?;
        self.table.columns.get_mut(place)
    }

    /// The names of columns with these numbers.
    pub(super) fn names(&self, numbers: &[i16]) -> Vec<String> {
        let place = |number: &i16| self.numbered.iter().position(|column| column.number == *number);
        numbers.iter().filter_map(place).map(|place| self.table.columns[place].name.clone()).collect()
    }

    /// A part of a table that is partitioned.
    pub(super) fn is_partition(&self) -> bool {
        matches!(self.table.kind, TableKind::Partition { .. }) || self.table.options.contains_key("partition of")
    }

    /// Inherits in a way that has to be written as adding a parent afterwards.
    pub(super) fn is_attached(&self) -> bool {
        self.table.options.contains_key("inherits by")
    }

    /// `table` or `view`, the words of references.
    pub(super) fn word(&self) -> &'static str {
        if self.query.is_some() { "view" } else { "table" }
    }
}

/// A table that an extension made, as far as what people made refers to it.
pub(super) struct Member {
    /// Its name.
    pub(super) name: Name,
    /// The names of its columns, by their numbers from 1 on.
    columns: Vec<String>,
}

impl Member {
    /// The names of columns with these numbers.
    pub(super) fn names(&self, numbers: &[i16]) -> Vec<String> {
        let place = |number: &i16| usize::try_from(*number).ok()?.checked_sub(1);
        numbers.iter().filter_map(place).filter_map(|place| self.columns.get(place).cloned()).collect()
    }
}

/// All relations that are read, by number.
pub(super) struct Relations {
    all: Vec<Relation>,
    places: HashMap<u32, usize>,
    /// Tables of extensions, by number.
    pub(super) members: HashMap<u32, Member>,
}

impl Relations {
    /// The relation with that number.
    pub(super) fn find(&mut self, number: u32) -> Option<&mut Relation> {
        self.places.get(&number).map(|&place| &mut self.all[place])
    }

    /// The relation with that number, to look at.
    pub(super) fn look(&self, number: u32) -> Option<&Relation> {
        self.places.get(&number).map(|&place| &self.all[place])
    }

    /// Moves them into the schema.
    pub(super) fn finish(self, schema: &mut Schema) {
        for relation in self.all {
            match relation.query {
                None => schema.tables.push(relation.table),
                Some(query) => schema.views.push(View {
                    name: relation.table.name,
                    materialised: relation.kind == "m",
                    columns: relation.table.columns,
                    query,
                    indexes: relation.table.indexes,
                    options: relation.table.options,
                    definition: None,
                }),
            }
        }
    }
}

/// Reads relations and columns.
pub(super) async fn read(catalog: &mut Catalog<'_>) -> Result<Relations, EngineError> {
    let mut relations = Relations { all: Vec::new(), places: HashMap::new(), members: HashMap::new() };
    for row in catalog.rows(include_str!("sql/member_tables.sql")).await? {
        let name = Name::within(row.get::<_, &str>(1), row.get::<_, &str>(2));
        relations.members.insert(row.get(0), Member { name, columns: row.get(3) });
    }
    for row in catalog.rows(include_str!("sql/relations.sql")).await? {
        let relation = relation(&row);
        if relation.table.name.namespace.as_deref() == Some("public")
            && own_tables().contains(&relation.table.name.name.as_str())
        {
            catalog.own.insert(relation.number);
            continue;
        }
        let (rule, owner): (Option<u32>, u32) = (row.get(21), row.get(17));
        note(catalog, &relation, rule, owner);
        relations.places.insert(relation.number, relations.all.len());
        relations.all.push(relation);
    }
    for row in catalog.rows(include_str!("sql/columns.sql")).await? {
        column(catalog, &mut relations, &row);
    }
    inheritance(&mut relations);
    Ok(relations)
}

fn note(catalog: &mut Catalog<'_>, relation: &Relation, rule: Option<u32>, owner: u32) {
    let reference = || Reference::new(relation.word(), relation.table.name.clone());
    let word = match relation.kind.as_str() {
        "v" => "VIEW",
        "m" => "MATERIALIZED VIEW",
        "f" => "FOREIGN TABLE",
        _ => "TABLE",
    };
    let address = format!("{word} {}", quoted(&relation.table.name));
    catalog.owned(&address, &reference(), owner);
    catalog.note((RELATIONS, relation.number), reference(), Some(address));
    if let Some(rule) = rule {
        catalog.note((RULES, rule), reference(), None);
    }
}

fn relation(row: &Row) -> Relation {
    let kind: String = row.get(3);
    let mut table = Table { name: Name::within(row.get::<_, &str>(1), row.get::<_, &str>(2)), ..Table::default() };
    let options = &mut table.options;
    let (own, toast): (Option<Vec<String>>, Option<Vec<String>>) = (row.get(5), row.get(6));
    set(options, "persistence", (row.get::<_, &str>(4) == "u").then_some("unlogged"));
    set(options, "storage parameters", parameters(own.as_ref(), toast.as_ref()));
    set(options, "access method", row.get::<_, Option<String>>(7));
    set(options, "tablespace", row.get::<_, Option<String>>(8));
    let replica = match row.get::<_, &str>(9) {
        "n" if kind != "f" && kind != "v" => Some("nothing"),
        "f" => Some("full"),
        _ => None,
    };
    set(options, "replica identity", replica.filter(|_| kind != "m"));
    set(options, "row security", row.get::<_, bool>(10).then_some("enabled"));
    set(options, "force row security", row.get::<_, bool>(11).then_some("true"));
    set(options, "of type", row.get::<_, Option<String>>(14));
    set(options, "options", row.get::<_, Option<String>>(16).filter(|text| !text.is_empty()));
    table.definition = secrets::comments(&row.get::<_, Vec<String>>(23));
    // What a view read on another server, or in a view that was filled then, a load cannot read again.
    let populated = match (kind == "m", row.get(20), row.get(24)) {
        (true, _, true) => Some("elsewhere"),
        (true, false, _) => Some("false"),
        _ => None,
    };
    set(options, "populated", populated);
    Relation {
        number: row.get(0),
        table: Table { kind: table_kind(row, &kind, options), ..table },
        query: row.get(19),
        kind,
        numbered: Vec::new(),
        parents: row.get(18),
    }
}

/// The kind without the parent's name, which is known when all relations are.
fn table_kind(row: &Row, kind: &str, options: &mut super::catalog::Options) -> TableKind {
    let (bounds, partitioning): (Option<String>, Option<String>) = (row.get(12), row.get(13));
    match (kind, bounds, partitioning) {
        ("f", bounds, _) => {
            set(options, "bounds", bounds);
            TableKind::Foreign(row.get::<_, Option<String>>(15).unwrap_or_default())
        }
        (_, Some(bounds), partitioning) => {
            set(options, "partition by", partitioning);
            TableKind::Partition { parent: Name::default(), bounds }
        }
        (_, None, Some(partitioning)) => TableKind::Partitioned(partitioning),
        (_, None, None) => TableKind::Ordinary,
    }
}

fn column(catalog: &mut Catalog<'_>, relations: &mut Relations, row: &Row) {
    let Some(relation) = relations.find(row.get(0)) else { return };
    let name: String = row.get(2);
    let expression: Option<String> = row.get(7);
    let stored = match row.get::<_, &str>(6) {
        "s" => Some(true),
        "v" => Some(false),
        _ => None,
    };
    if let Some(number) = row.get::<_, Option<u32>>(8) {
        let reference = Reference::part("default", &relation.table.name, &name);
        catalog.note((DEFAULTS, number), reference, None);
    }
    let identity = match row.get::<_, &str>(5) {
        "a" => Some("always"),
        "d" => Some("by default"),
        _ => None,
    };
    let mut column = Column {
        name,
        data_type: row.get(3),
        nullable: !row.get::<_, bool>(4),
        collation: row.get(9),
        identity: identity.map(str::to_owned),
        ..Column::default()
    };
    match (expression, stored) {
        (Some(expression), Some(stored)) => column.generated = Some(Generated { expression, stored }),
        (expression, _) => column.default = expression,
    }
    details(&mut column, row);
    let left_out: Vec<String> = row.get::<_, Option<_>>(18).unwrap_or_default();
    if !left_out.is_empty() {
        let of = format!("of the column {}:", quoted(&Name::flat(&column.name)));
        let comments = secrets::comments(&[&[of], left_out.as_slice()].concat()).unwrap_or_default();
        relation.table.definition.get_or_insert_default().push_str(&comments);
    }
    let (local, inherited) = (row.get(15), row.get::<_, i32>(16) > 0);
    relation.numbered.push(Numbered { number: row.get(1), collation: row.get(17), local, inherited });
    relation.table.columns.push(column);
}

fn details(column: &mut Column, row: &Row) {
    let compression = match row.get::<_, &str>(10) {
        "p" => Some("pglz"),
        "l" => Some("lz4"),
        _ => None,
    };
    let storage = match row.get::<_, Option<&str>>(11) {
        Some("p") => Some("plain"),
        Some("e") => Some("external"),
        Some("m") => Some("main"),
        Some("x") => Some("extended"),
        _ => None,
    };
    set(&mut column.options, "compression", compression);
    set(&mut column.options, "storage", storage);
    set(&mut column.options, "statistics", row.get::<_, Option<i32>>(12).map(|target| target.to_string()));
    let attributes: Option<Vec<String>> = row.get(13);
    set(&mut column.options, "attributes", parameters(attributes.as_ref(), None));
    set(&mut column.options, "options", row.get::<_, Option<String>>(14).filter(|text| !text.is_empty()));
}

/// Fills in the names of parents, and says of each column whether a parent brings it.
fn inheritance(relations: &mut Relations) {
    for place in 0..relations.all.len() {
        let numbers = &relations.all[place].parents;
        let named = |parent: &u32| match relations.look(*parent) {
            Some(relation) => Some(relation.table.name.clone()),
            None => relations.members.get(parent).map(|member| member.name.clone()),
        };
        let names: Vec<Name> = numbers.iter().filter_map(named).collect();
        if names.is_empty() {
            continue;
        }
        let of_extension = numbers.iter().any(|parent| relations.members.contains_key(parent));
        let parents: Vec<usize> = numbers.iter().filter_map(|parent| relations.places.get(parent).copied()).collect();
        let brought = brought(relations, &parents);
        let relation = &mut relations.all[place];
        let bounds = relation.table.options.get("bounds").cloned();
        match (&mut relation.table.kind, bounds) {
            (TableKind::Partition { parent, .. }, _) => *parent = names[0].clone(),
            (TableKind::Foreign(_), Some(_)) => {
                let parent = quoted(&names[0]);
                set(&mut relation.table.options, "partition of", Some(parent));
                relation.table.inherits = names;
            }
            _ => {
                relation.table.inherits = names;
                if of_extension {
                    // What the columns of such a parent are like is not known, so they are all said.
                    set(&mut relation.table.options, "inherits by", Some("adding"));
                } else {
                    inherit(relation, &brought);
                }
            }
        }
    }
}

/// The columns that the parents bring, each once, in their order.
fn brought(relations: &Relations, parents: &[usize]) -> Vec<String> {
    let mut seen = HashSet::new();
    let columns = parents.iter().flat_map(|&parent| relations.all[parent].table.columns.iter());
    columns.map(|column| column.name.clone()).filter(|name| seen.insert(name.clone())).collect()
}

fn inherit(relation: &mut Relation, brought: &[String]) {
    let own = relation.table.columns.iter().map(|column| &column.name).filter(|name| !brought.contains(name));
    let natural: Vec<&String> = brought.iter().chain(own).collect();
    let actual: Vec<&String> = relation.table.columns.iter().map(|column| &column.name).collect();
    if natural != actual || relation.table.options.contains_key("of type") {
        set(&mut relation.table.options, "inherits by", Some("adding"));
        return;
    }
    for (column, numbered) in relation.table.columns.iter_mut().zip(&relation.numbered) {
        let only = numbered.inherited && !numbered.local;
        set(&mut column.options, "inherited", only.then_some("true"));
    }
}
