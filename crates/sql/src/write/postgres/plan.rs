//! The objects of a schema as nodes, with their rank (what comes first where the order is free), their statements, and what
//! they need. What the catalog recorded and what the shapes imply is brought together here.

use std::collections::{HashMap, HashSet};

use stead_schema::model::{Column, Dependency, ForeignKey, Name, Object, Reference, Table, TableKind, Trigger, View};
use stead_schema::{EngineKind, OF_EXTENSION, Schema};

use super::{tables, views};
use crate::quote::identifier;
use crate::write::WriteError;

/// An object, or a part of one that is made by itself.
pub(super) struct Node {
    /// By which other nodes find it.
    pub(super) reference: Reference,
    /// Lower ranks come first.
    pub(super) rank: u8,
    /// Kind, name and text of each statement.
    pub(super) statements: Vec<(String, Name, String)>,
    needs: HashSet<usize>,
}

/// All nodes.
pub(super) struct Plan {
    /// In the order of the schema's lists.
    pub(super) nodes: Vec<Node>,
    places: HashMap<Reference, usize>,
}

/// Nodes of these ranks exist before the rows come, and so does all that they need.
const LAST_BEFORE: u8 = 19;
/// Nodes of these ranks too, unless they need something that comes after the rows (a view that groups by a key). Computing a
/// default, a generated column, a check or a value of a `reg` type may reach any of them through the body of a function, which
/// the server does not record.
const LAST_REACHABLE: u8 = 39;

/// The first rank of tables and their parts.
const FIRST_OF_TABLES: u8 = 10;
/// The rank of routines and operators that need no table: the server may put a routine's text in the place of a call while it
/// makes a table, and asks then for what the text names, which is recorded nowhere.
const ROUTINES_ALONE: u8 = 9;

/// The rank of a domain's constraint that holds for all rows: right after the domain.
const DOMAIN_CONSTRAINT: u8 = 7;

/// The rank of an object without a shape, by its kind.
fn rank(object: &Object) -> u8 {
    match object.kind.as_str() {
        "schema" => 1,
        "extension" => 2,
        "collation" => 3,
        "shell type" => 4,
        "enum" => 5,
        "domain" | "composite type" | "range" | "base type" => 6,
        "sequence" => 8,
        // Rows that were there before may break it; else it is made before anything is stored in the domain's type, because
        // the server does not check rows that hold the domain inside of another type.
        "domain constraint" if object.body.ends_with(" NOT VALID") => 47,
        "domain constraint" => DOMAIN_CONSTRAINT,
        // The rows of the extension's table hold the columns of people.
        OF_EXTENSION
            if object.body.starts_with("ALTER TABLE ") && object.body.contains(" ADD COLUMN IF NOT EXISTS ") =>
        {
            9
        }
        "sequence owner" => 15,
        // An expression names the types of a cast and not the cast, so nothing is recorded as needing it: casts come as early as
        // their types and functions can. One with a function may rely on one that converts nothing.
        "cast" if object.body.contains(") WITHOUT FUNCTION") => 4,
        "cast" => 5,
        "access method" | "language" => 20,
        "foreign data wrapper" => 21,
        "server" => 22,
        "user mapping" => 23,
        // What sorts or groups values of a type names no operator class either.
        "operator family" => 24,
        "operator class" => 25,
        "operator family member" => 26,
        "function" | "procedure" => 27,
        "operator" => 28,
        "aggregate" | "transform" | "conversion" => 29,
        "text search parser" | "text search template" => 30,
        "text search dictionary" => 31,
        "text search configuration" => 32,
        "text search mapping" => 33,
        "exclusion constraint" => 42,
        "index setting" => 43,
        "statistics" => 48,
        "statistics target" => 49,
        "rule" => 56,
        "rule state" => 57,
        "constraint trigger state" | OF_EXTENSION => 59,
        "policy" => 60,
        "publication" => 63,
        "publication table" | "publication schema" => 64,
        "subscription" => 65,
        "large object" => 66,
        "extension dependency" => 67,
        "event trigger" => 90,
        "event trigger state" => 91,
        "default privileges" => 86,
        "owner" | "grant" | "comment" | "security label" => attached(object),
        _ => 68,
    }
}

/// Event triggers are made last, so that they see none of this; so what belongs to them comes after everything else.
fn attached(object: &Object) -> u8 {
    // Whoever is given something in a schema, or hands on a right to it, must have his rights to the schema.
    let of_schema = object.name.name.starts_with("SCHEMA ");
    let place = match object.kind.as_str() {
        "comment" => 0,
        "security label" => 1,
        "owner" if of_schema => 2,
        "grant" if of_schema => 3,
        "owner" => 4,
        _ => 5,
    };
    if object.name.name.starts_with("EVENT TRIGGER ") { 92 + place } else { 80 + place }
}

/// What a table has to know of the others.
pub(super) struct Around<'a> {
    /// Every table by its name.
    pub(super) tables: HashMap<&'a Name, &'a Table>,
    /// Names that were given to `NOT NULL`, with their schema. The server must not be left to choose one of them.
    pub(super) given: HashSet<(Option<&'a str>, &'a str)>,
    /// Tables by the parent whose columns they get when they are made.
    children: HashMap<&'a Name, Vec<&'a Name>>,
    /// Defaults that are set when another table has been made: the table, the column, and the other table.
    conflicting: Vec<(&'a Name, &'a str, &'a Name)>,
    /// All defaults that are set by a statement of their own, by table and column.
    late: HashSet<(&'a Name, &'a str)>,
}

impl<'a> Around<'a> {
    fn new(schema: &'a Schema, apart: &HashSet<Reference>) -> Self {
        let tables: HashMap<&Name, &Table> = schema.tables.iter().map(|table| (&table.name, table)).collect();
        let columns = schema.tables.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)));
        let named = columns.filter_map(|(table, column)| {
            let name = column.options.get("not null constraint")?;
            Some((table.name.namespace.as_deref(), name.as_str()))
        });
        let given = named.collect();
        let conflicting: Vec<_> = schema.tables.iter().flat_map(|table| tables::conflicting(table, &tables)).collect();
        let separate =
            schema.tables.iter().filter(|table| apart.contains(&Reference::new("table", table.name.clone())));
        let separate =
            separate.flat_map(|table| table.columns.iter().map(|column| (&table.name, column.name.as_str())));
        let late = separate.chain(conflicting.iter().map(|(table, column, _)| (*table, *column))).collect();
        let mut children: HashMap<&Name, Vec<&Name>> = HashMap::new();
        for table in schema.tables.iter().filter(|table| !tables::is_attached(table)) {
            for parent in &table.inherits {
                children.entry(parent).or_default().push(&table.name);
            }
        }
        Self { tables, given, children, conflicting, late }
    }

    /// True if others get the table's columns when they are made.
    pub(super) fn is_parent(&self, table: &Table) -> bool {
        self.children.contains_key(&table.name)
    }

    /// True if the column's default is set by a statement of its own.
    pub(super) fn is_late(&self, table: &Table, column: &Column) -> bool {
        self.late.contains(&(&table.name, column.name.as_str()))
    }
}

impl Plan {
    /// Makes the nodes. Objects in `apart` are made in two steps where they can be.
    pub(super) fn new(schema: &Schema, apart: &HashSet<Reference>) -> Result<Self, WriteError> {
        let mut plan = Self { nodes: Vec::new(), places: HashMap::new() };
        for object in &schema.objects {
            plan.object(object, apart)?;
        }
        let around = Around::new(schema, apart);
        for table in &schema.tables {
            tables::add(&mut plan, table, &around, apart)?;
        }
        plan.connect_parents(&around);
        for view in &schema.views {
            views::add(&mut plan, view, apart)?;
        }
        for trigger in &schema.triggers {
            plan.trigger(trigger);
        }
        plan.connect(schema, apart);
        Ok(plan)
    }

    /// Adds a node; its place.
    pub(super) fn add(&mut self, rank: u8, reference: Reference, statements: Vec<(String, Name, String)>) -> usize {
        let place = self.nodes.len();
        self.places.entry(reference.clone()).or_insert(place);
        self.nodes.push(Node { reference, rank, statements, needs: HashSet::new() });
        place
    }

    /// Adds a node of one statement.
    pub(super) fn one(&mut self, rank: u8, kind: &str, name: &Name, reference: Reference, sql: String) -> usize {
        self.add(rank, reference, vec![(kind.to_owned(), name.clone(), sql)])
    }

    /// Lets another reference lead to a node.
    pub(super) fn also(&mut self, reference: Reference, place: usize) {
        self.places.insert(reference, place);
    }

    /// Says that a node needs another one.
    pub(super) fn need(&mut self, node: usize, other: usize) {
        if node != other {
            self.nodes[node].needs.insert(other);
        }
    }

    /// The place of a node.
    pub(super) fn place(&self, reference: &Reference) -> Option<usize> {
        self.places.get(reference).copied()
    }

    /// What the statements are named after that each reference leads to.
    pub(super) fn names(&self) -> HashMap<Reference, Name> {
        let named = self.places.iter().filter_map(|(reference, &place)| {
            let (_, name, _) = self.nodes[place].statements.first()?;
            Some((reference.clone(), name.clone()))
        });
        named.collect()
    }

    /// What each node needs, sorted.
    pub(super) fn needs(&self) -> Vec<Vec<usize>> {
        let sorted = |node: &Node| {
            let mut needs: Vec<usize> = node.needs.iter().copied().collect();
            needs.sort_unstable();
            needs
        };
        self.nodes.iter().map(sorted).collect()
    }

    /// Which nodes are made before the rows come: tables and what they need, what that needs, and whatever else computing a
    /// row's values may reach.
    pub(super) fn before(&self, needs: &[Vec<usize>]) -> Vec<bool> {
        let surely = |node: &Node| node.rank <= LAST_BEFORE && node.reference.kind != "cast";
        let mut before: Vec<bool> = self.nodes.iter().map(surely).collect();
        let mut open: Vec<usize> = (0..before.len()).filter(|&node| before[node]).collect();
        while let Some(node) = open.pop() {
            for &other in &needs[node] {
                if !std::mem::replace(&mut before[other], true) {
                    open.push(other);
                }
            }
        }
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
        for (node, needed) in needs.iter().enumerate() {
            needed.iter().for_each(|&other| needed_by[other].push(node));
        }
        let mut late: Vec<bool> = self.nodes.iter().map(|node| node.rank > LAST_REACHABLE).collect();
        let mut open: Vec<usize> = (0..late.len()).filter(|&node| late[node] && !before[node]).collect();
        while let Some(node) = open.pop() {
            for &other in &needed_by[node] {
                if !std::mem::replace(&mut late[other], true) {
                    open.push(other);
                }
            }
        }
        before.iter().zip(&late).map(|(before, late)| *before || !late).collect()
    }

    /// The rank of each node, or of what needs it where that is lower: what comes early has what it needs earlier.
    pub(super) fn ranks(&self, needs: &[Vec<usize>], before: &[bool]) -> Vec<(bool, u8)> {
        let of_tables = self.needing_tables();
        let routine = |node: &Node| ["function", "procedure", "operator"].contains(&node.reference.kind.as_str());
        let own = |place: usize, node: &Node| {
            if routine(node) && !of_tables[place] { ROUTINES_ALONE } else { node.rank }
        };
        let mut ranks: Vec<(bool, u8)> =
            self.nodes.iter().enumerate().map(|(place, node)| (!before[place], own(place, node))).collect();
        let mut open: Vec<usize> = (0..ranks.len()).collect();
        while let Some(node) = open.pop() {
            for &other in &needs[node] {
                if ranks[node] < ranks[other] {
                    ranks[other] = ranks[node];
                    open.push(other);
                }
            }
        }
        ranks
    }

    /// Which nodes are tables or need one, be it through others.
    fn needing_tables(&self) -> Vec<bool> {
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (node, made) in self.nodes.iter().enumerate() {
            made.needs.iter().for_each(|&other| needed_by[other].push(node));
        }
        let of_tables = |node: &Node| (FIRST_OF_TABLES..=LAST_BEFORE).contains(&node.rank);
        let mut found: Vec<bool> = self.nodes.iter().map(of_tables).collect();
        let mut open: Vec<usize> = (0..found.len()).filter(|&node| found[node]).collect();
        while let Some(node) = open.pop() {
            for &other in &needed_by[node] {
                if !std::mem::replace(&mut found[other], true) {
                    open.push(other);
                }
            }
        }
        found
    }

    fn object(&mut self, object: &Object, apart: &HashSet<Reference>) -> Result<(), WriteError> {
        let reference = Reference::new(&object.kind, object.name.clone());
        let text = object.definition.as_ref().unwrap_or(&object.body);
        let several = matches!(object.kind.as_str(), "grant" | "default privileges");
        let statements = if several { several_statements(object, text)? } else { vec![text.clone()] };
        let named = |sql| (object.kind.clone(), object.name.clone(), sql);
        let place = self.add(rank(object), reference.clone(), statements.into_iter().map(named).collect());
        if object.kind == "exclusion constraint" {
            self.also(Reference::new("constraint", object.name.clone()), place);
        }
        if apart.contains(&reference) && matches!(object.kind.as_str(), "range" | "base type") {
            let sql = format!("CREATE TYPE {}", quoted(&object.name));
            let shell = Reference::new("shell type", object.name.clone());
            let shell = self.one(4, "shell type", &object.name, shell, sql);
            self.need(place, shell);
        }
        Ok(())
    }

    fn trigger(&mut self, trigger: &Trigger) {
        let reference = Reference::part("trigger", &trigger.table, &trigger.name.name);
        let inherited = trigger.options.contains_key("inherited");
        let (table, name) = (quoted(&trigger.table), identifier(&trigger.name.name, EngineKind::Postgres));
        let state = trigger.options.get("enabled").map(|state| match state.as_str() {
            "disabled" => format!("ALTER TABLE {table} DISABLE TRIGGER {name}"),
            "replica" => format!("ALTER TABLE {table} ENABLE REPLICA TRIGGER {name}"),
            "always" => format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"),
            _ => format!("ALTER TABLE {table} ENABLE TRIGGER {name}"),
        });
        let text = trigger.definition.as_ref().unwrap_or(&trigger.body).clone();
        let made = (!inherited).then_some(("trigger", text));
        let all = made.into_iter().chain(state.map(|state| ("trigger state", state)));
        let statements = all.map(|(kind, sql)| (kind.to_owned(), trigger.name.clone(), sql)).collect();
        let node = self.add(if inherited { 59 } else { 58 }, reference, statements);
        self.need_relation(node, &trigger.table);
    }

    /// Says that a node needs a table or a view.
    pub(super) fn need_relation(&mut self, node: usize, name: &Name) {
        let found = ["table", "view"].iter().find_map(|kind| self.place(&Reference::new(*kind, name.clone())));
        if let Some(other) = found {
            self.need(node, other);
        }
    }

    /// Draws the edges that the catalog recorded, and those that the shapes imply.
    fn connect(&mut self, schema: &Schema, apart: &HashSet<Reference>) {
        for dependency in &schema.dependencies {
            let Some(on) = self.needed(&dependency.on, &dependency.of, apart) else { continue };
            if let Some(of) = self.needing(&dependency.of) {
                self.need(of, on);
            }
        }
        let tables: Vec<(&Name, Vec<Name>)> = schema.tables.iter().map(|table| (&table.name, parents(table))).collect();
        for (name, parents) in tables {
            for parent in parents {
                // A partition could be made before its table, but then the server might find that a name it would give
                // to a constraint of the table is taken already.
                let nodes = ["attachment", "table"].map(|kind| self.place(&Reference::new(kind, name.clone())));
                for node in nodes.into_iter().flatten() {
                    self.need_relation(node, &parent);
                }
            }
        }
        self.connect_objects(schema);
        self.connect_domains(schema);
        self.connect_inherited(schema);
        self.connect_foreign_keys(schema);
        self.connect_rows(schema);
    }

    /// What is said of a parent reaches its children. The state of a trigger is said of the children after that, where theirs is
    /// another one; a constraint that old rows may break is given to a child of its own before, since it could not have it twice.
    fn connect_inherited(&mut self, schema: &Schema) {
        let of_tables: HashMap<&Name, Vec<Name>> =
            schema.tables.iter().map(|table| (&table.name, parents(table))).collect();
        for trigger in schema.triggers.iter().filter(|trigger| trigger.options.contains_key("inherited")) {
            for ancestor in ancestors(&of_tables, &trigger.table) {
                let nodes = [&trigger.table, &ancestor]
                    .map(|table| self.place(&Reference::part("trigger", table, &trigger.name.name)));
                if let [Some(child), Some(parent)] = nodes {
                    self.need(child, parent);
                }
            }
        }
        for table in &schema.tables {
            let not_valid = table.checks.iter().filter(|check| check.options.contains_key("not valid"));
            let names = not_valid.map(|check| ("constraint", check.name.as_deref().unwrap_or_default()));
            let columns = table.columns.iter().map(|column| (tables::NOT_NULL, column.name.as_str()));
            for (kind, name) in names.chain(columns) {
                let Some(child) = self.place(&Reference::part(kind, &table.name, name)) else { continue };
                for ancestor in ancestors(&of_tables, &table.name) {
                    let parent = self.place(&Reference::part(kind, &ancestor, name));
                    if let Some(parent) = parent.filter(|parent| self.nodes[*parent].rank == tables::NOT_VALID) {
                        self.need(parent, child);
                    }
                }
            }
        }
    }

    /// A partition's foreign key with a name of its own is there before that of its table, which takes it in.
    fn connect_foreign_keys(&mut self, schema: &Schema) {
        let of_tables: HashMap<&Name, Vec<Name>> =
            schema.tables.iter().map(|table| (&table.name, parents(table))).collect();
        let tables: HashMap<&Name, &Table> = schema.tables.iter().map(|table| (&table.name, table)).collect();
        let place = |plan: &Self, table: &Table, key: &ForeignKey| {
            plan.place(&Reference::part("constraint", &table.name, key.name.as_deref().unwrap_or_default()))
        };
        for table in &schema.tables {
            for key in table.foreign_keys.iter().filter(|key| key.options.contains_key("attached")) {
                let above = ancestors(&of_tables, &table.name);
                for parent in above.iter().filter_map(|parent| tables.get(parent)) {
                    for other in parent.foreign_keys.iter().filter(|other| other.columns == key.columns) {
                        if let Some((first, second)) = place(self, table, key).zip(place(self, parent, other)) {
                            self.need(second, first);
                        }
                    }
                }
            }
        }
    }

    /// The rows of a materialised view come after those of the ones it reads, be it through other views or functions.
    fn connect_rows(&mut self, schema: &Schema) {
        let stored = schema.views.iter().filter_map(|view| {
            let places = ["view", views::ROWS].map(|kind| self.place(&Reference::new(kind, view.name.clone())));
            places[0].zip(places[1])
        });
        let stored: HashMap<usize, usize> = stored.collect();
        let halves =
            |view: &View| ["view", "view query"].map(|kind| self.place(&Reference::new(kind, view.name.clone())));
        let second = schema.views.iter().map(halves).filter_map(|[first, second]| first.zip(second)).collect();
        for (&view, &rows) in &stored {
            for read in self.reached(view, &second) {
                if let Some(&other) = stored.get(&read) {
                    self.need(rows, other);
                }
            }
        }
    }

    /// What is said of a parent when its children are there.
    fn connect_parents(&mut self, around: &Around<'_>) {
        let defaults = around
            .conflicting
            .iter()
            .map(|(parent, column, child)| (Reference::part("default", parent, column), *child));
        let settings = around.children.iter().flat_map(|(parent, children)| {
            let reference = Reference::new(tables::COLUMN_SETTINGS, (*parent).clone());
            children.iter().map(move |child| (reference.clone(), *child))
        });
        for (of, child) in defaults.chain(settings) {
            let child = self.place(&Reference::new("table", child.clone()));
            if let Some((of, child)) = self.place(&of).zip(child) {
                self.need(of, child);
            }
        }
    }

    /// Objects that say in their name what they belong to.
    fn connect_objects(&mut self, schema: &Schema) {
        for object in &schema.objects {
            let owner = match object.kind.as_str() {
                "sequence owner" => "sequence",
                "statistics target" => "statistics",
                "rule state" => "rule",
                "event trigger state" => "event trigger",
                _ => continue,
            };
            let reference = Reference::new(&object.kind, object.name.clone());
            let places = self.place(&reference).zip(self.place(&Reference::new(owner, object.name.clone())));
            if let Some((node, other)) = places {
                self.need(node, other);
            }
        }
    }

    /// Tables and types that hold a domain come after the domain's constraints, unless such a constraint needs them itself.
    fn connect_domains(&mut self, schema: &Schema) {
        let mut constraints: HashMap<usize, Vec<usize>> = HashMap::new();
        for Dependency { of, on } in &schema.dependencies {
            let Some((node, domain)) = self.place(of).zip(self.place(on)) else { continue };
            if self.nodes[node].rank == DOMAIN_CONSTRAINT && on.kind == "domain" {
                constraints.entry(domain).or_default().push(node);
            }
        }
        let holds = |kind: &str| matches!(kind, "table" | "composite type" | "domain" | "range");
        for Dependency { of, on } in schema.dependencies.iter().filter(|dependency| holds(&dependency.of.kind)) {
            let Some((holder, domain)) = self.place(of).zip(self.place(on)) else { continue };
            for &constraint in constraints.get(&domain).into_iter().flatten() {
                if !self.reaches(constraint, holder) {
                    self.need(holder, constraint);
                }
            }
        }
    }

    /// True if a node needs another one, be it through others.
    fn reaches(&self, from: usize, to: usize) -> bool {
        self.reached(from, &HashMap::new()).contains(&to)
    }

    /// The node and all that it needs, be it through others. What is made in two steps has its second one in the map.
    fn reached(&self, from: usize, second: &HashMap<usize, usize>) -> HashSet<usize> {
        let (mut seen, mut open) = (HashSet::from([from]), vec![from]);
        while let Some(node) = open.pop() {
            let all = self.nodes[node].needs.iter().chain(second.get(&node)).copied();
            open.extend(all.filter(|&other| seen.insert(other)));
        }
        seen
    }

    /// The node that an edge begins at: a view's second half, a default that stands alone, else the table it belongs to.
    fn needing(&self, of: &Reference) -> Option<usize> {
        let second = Reference::new("view query", of.name.clone());
        if of.kind == "view"
            && let Some(place) = self.place(&second)
        {
            return Some(place);
        }
        self.place(of)
    }

    /// The node that an edge ends at. A routine needs no more of a type than its shell.
    fn needed(&self, on: &Reference, of: &Reference, apart: &HashSet<Reference>) -> Option<usize> {
        let shell = Reference::new("shell type", on.name.clone());
        let routine = of.kind == "function" || of.kind == "aggregate";
        if routine
            && apart.contains(of)
            && apart.contains(on)
            && let Some(place) = self.place(&shell)
        {
            return Some(place);
        }
        self.place(on)
    }
}

/// Tables that must be there before a table or its attachment.
pub(super) fn parents(table: &Table) -> Vec<Name> {
    match &table.kind {
        TableKind::Partition { parent, .. } => vec![parent.clone()],
        _ => table.inherits.clone(),
    }
}

/// The parents of a table, their parents, and so on.
fn ancestors(parents: &HashMap<&Name, Vec<Name>>, table: &Name) -> Vec<Name> {
    let mut found: Vec<Name> = Vec::new();
    let mut open = vec![table];
    while let Some(name) = open.pop() {
        for parent in parents.get(name).into_iter().flatten() {
            if !found.contains(parent) {
                found.push(parent.clone());
                open.push(parent);
            }
        }
    }
    found
}

fn several_statements(object: &Object, text: &str) -> Result<Vec<String>, WriteError> {
    let split = crate::split::split(text, EngineKind::Postgres).map_err(|error| WriteError::Incomplete {
        kind: object.kind.clone(),
        name: object.name.clone(),
        reason: error.to_string(),
    })?;
    Ok(split.into_iter().map(|statement| statement.text.trim().to_owned()).collect())
}

/// A name with its schema, quoted.
pub(super) fn quoted(name: &Name) -> String {
    let schema = name.namespace.iter().map(|namespace| identifier(namespace, EngineKind::Postgres) + ".");
    schema.collect::<String>() + &identifier(&name.name, EngineKind::Postgres)
}
