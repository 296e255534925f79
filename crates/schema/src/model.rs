//! What a database looks like: tables, views, triggers and the rest, as plain values. The shapes are the union of what
//! the four engines have; an adapter fills what its engine knows and leaves the rest empty, and whatever has no field
//! of its own travels as an [`Object`], so that nothing is dropped silently.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::EngineKind;

/// The name of an object, with its namespace where the engine has them inside a database (PostgreSQL's schemas).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name {
    /// PostgreSQL's schema; absent on engines whose databases are flat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name inside the namespace, as the catalog spells it.
    pub name: String,
}

impl Name {
    /// A name in a database without namespaces.
    #[must_use]
    pub fn flat(name: impl Into<String>) -> Self {
        Self { namespace: None, name: name.into() }
    }

    /// A name in one of PostgreSQL's schemas.
    #[must_use]
    pub fn within(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), name: name.into() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{namespace}.{}", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}

/// A whole database. Lists are sorted by name, but for those whose order means something; [`crate::compare`] says whether two
/// are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The engine it was read from; types and expressions are in that engine's spelling.
    pub engine: EngineKind,
    /// Tables of every kind.
    pub tables: Vec<Table>,
    /// Views and materialised views.
    pub views: Vec<View>,
    /// Triggers on tables and views.
    pub triggers: Vec<Trigger>,
    /// Everything else that the catalog lists.
    pub objects: Vec<Object>,
    /// Which object needs which other one to be there first, as far as the engine's catalog says. Used to write the schema
    /// in an order that works, never to compare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// The server's roles that things here belong to or are granted to, by name, sorted. Used to ask whether another server has
    /// them, never to compare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// An object that cannot be made before another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dependency {
    /// The object that needs.
    pub of: Reference,
    /// The object that is needed.
    pub on: Reference,
}

/// An object of a schema by its kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// `table`, `view`, `trigger`, [`ROLE`](crate::ROLE), or the word for an [`Object`]'s kind; on PostgreSQL also a part of a table (`default`,
    /// `constraint`, `index`), whose name is the one [`Reference::part`] gives.
    pub kind: String,
    /// Its name, as the schema has it.
    pub name: Name,
}

impl Reference {
    /// An object by its kind and name.
    #[must_use]
    pub fn new(kind: impl Into<String>, name: Name) -> Self {
        Self { kind: kind.into(), name }
    }

    /// A part of a table or view that can be made apart from it: a column's `default`, a `constraint`. Both names are quoted
    /// in the part's name, so that no two parts share one.
    #[must_use]
    pub fn part(kind: impl Into<String>, owner: &Name, part: &str) -> Self {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let name = format!("{}.{}", quoted(&owner.name), quoted(part));
        Self { kind: kind.into(), name: Name { namespace: owner.namespace.clone(), name } }
    }
}

impl Schema {
    /// A database without any object.
    #[must_use]
    pub fn empty(engine: EngineKind) -> Self {
        Self {
            engine,
            tables: Vec::new(),
            views: Vec::new(),
            triggers: Vec::new(),
            objects: Vec::new(),
            dependencies: Vec::new(),
            roles: Vec::new(),
        }
    }

    /// True if there is no object at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.views.is_empty() && self.triggers.is_empty() && self.objects.is_empty()
    }

    /// The table of that name, if there is one.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.name == name)
    }

    /// Puts every list into its canonical order; adapters call it last. Where the engine says in which order it looks into a
    /// table's indexes, they stay as they are: MySQL and MariaDB tell by it which row an upsert changes and, without a primary
    /// key, how rows lie.
    pub fn sort(&mut self) {
        self.tables.sort_by(|left, right| left.name.cmp(&right.name));
        self.views.sort_by(|left, right| left.name.cmp(&right.name));
        self.triggers.sort_by(|left, right| (&left.table, &left.name).cmp(&(&right.table, &right.name)));
        self.dependencies.sort();
        self.dependencies.dedup();
        self.roles.sort();
        self.roles.dedup();
        self.objects.sort_by(|left, right| (&left.kind, &left.name).cmp(&(&right.kind, &right.name)));
        let ordered = matches!(self.engine, EngineKind::Mysql | EngineKind::Mariadb);
        for table in &mut self.tables {
            table.sort();
            if !ordered {
                table.sort_indexes();
            }
        }
        for view in &mut self.views {
            view.indexes.sort_by(|left, right| left.name.cmp(&right.name));
        }
    }
}

/// What sort of table it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// Rows of its own.
    #[default]
    Ordinary,
    /// SQLite: rows made by a module; the text is the module with its arguments, in normal form.
    Virtual(String),
    /// SQLite: made and owned by the virtual table that the name begins with.
    Shadow,
    /// PostgreSQL, MySQL, MariaDB: rows live in partitions; the text is the partitioning clause.
    Partitioned(String),
    /// PostgreSQL: a partition, with the name of its parent and its bounds. One that is partitioned again has its own
    /// clause in the option `partition by`.
    Partition {
        /// The table it is a part of.
        parent: Name,
        /// The bounds as the server prints them.
        bounds: String,
    },
    /// PostgreSQL: rows live on another server, whose name this is. One that is a partition as well has its parent and
    /// bounds in the options `partition of` and `bounds`.
    Foreign(String),
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// What sort of table it is.
    pub kind: TableKind,
    /// PostgreSQL: the tables whose columns it has too, in their order. Partitions say their parent in `kind`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<Name>,
    /// Columns in their order.
    pub columns: Vec<Column>,
    /// The primary key, if there is one.
    pub primary_key: Option<Key>,
    /// Unique constraints (not unique indexes made by `CREATE INDEX`).
    pub unique_keys: Vec<Key>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Check constraints, of columns and of the table.
    pub checks: Vec<Check>,
    /// Indexes made by `CREATE INDEX`; on MySQL and MariaDB all keys but the primary one, in the server's order. The order is no
    /// difference: a revision adds a key at the end that models may state elsewhere.
    pub indexes: Vec<Index>,
    /// Properties of the table by the engine's own word: `strict`, `without rowid`, `engine`, `charset`, `fillfactor` …
    pub options: BTreeMap<String, String>,
    /// The comment on the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The statement the server keeps or prints for the table, verbatim. Used to write it again, never to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

impl Table {
    /// The column of that name, if there is one.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn sort(&mut self) {
        self.unique_keys.sort_by(|left, right| (&left.name, &left.columns).cmp(&(&right.name, &right.columns)));
        self.foreign_keys.sort();
        self.checks.sort();
    }

    /// Puts the indexes into the order of their names.
    pub(crate) fn sort_indexes(&mut self) {
        self.indexes.sort_by(|left, right| left.name.cmp(&right.name));
    }
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, as spelt.
    pub name: String,
    /// The type in the engine's spelling; empty where SQLite's column has none.
    pub data_type: String,
    /// True if `NULL` is allowed.
    pub nullable: bool,
    /// The default's expression, in the engine's spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The expression that makes the value, for a generated column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// The collation, where it is not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// How the engine numbers rows by itself: `autoincrement`, `always`, `by default`, `auto_increment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Other properties by the engine's own word: `hidden`, `invisible`, `on update`, `compression` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// The comment on the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// How a generated column's value is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// The expression in normal form.
    pub expression: String,
    /// True if the value is stored, false if it is computed when read.
    pub stored: bool,
}

/// A primary or unique key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The constraint's name, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Columns in key order.
    pub columns: Vec<String>,
    /// Properties by the engine's own word: `deferrable`, `on conflict`, `nulls not distinct` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A foreign key. It never leaves its database.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The constraint's name, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to.
    pub target: Name,
    /// The columns referred to; empty where the statement left them out.
    pub target_columns: Vec<String>,
    /// What a delete does, in capitals: `NO ACTION`, `CASCADE` …
    pub on_delete: String,
    /// What an update does, in capitals.
    pub on_update: String,
    /// Properties by the engine's own word: `match`, `deferrable`, `not valid` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A check constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Check {
    /// The constraint's name, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The expression in normal form.
    pub expression: String,
    /// Properties by the engine's own word: `no inherit`, `not valid`, `not enforced` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// An index made by `CREATE INDEX`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// True if it refuses equal keys.
    pub unique: bool,
    /// The method by the engine's word: `btree`, `gin`, `fulltext` …; empty where there is only one.
    pub method: String,
    /// The parts of the key in order.
    pub parts: Vec<IndexPart>,
    /// The condition of a partial index, in normal form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Properties by the engine's own word: `include`, `nulls not distinct`, `invisible` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// The statement the server keeps or prints for the index, verbatim. Used to write it again, never to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// One part of an index's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexPart {
    /// A column's name, or an expression in normal form.
    pub expression: String,
    /// True if the part is an expression.
    pub computed: bool,
    /// True if larger keys come first.
    pub descending: bool,
    /// The collation, where it is not the column's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Properties by the engine's own word: `opclass`, `nulls`, `prefix` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// True if its rows are stored.
    pub materialised: bool,
    /// PostgreSQL: the columns that the query gives, with what belongs to the view's own columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// The query in normal form.
    pub query: String,
    /// Indexes, where the rows are stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// Properties by the engine's own word: `security definer`, `check option` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// The statement the server keeps or prints for the view, verbatim. Used to write it again, never to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// A trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: Name,
    /// The table or view it watches.
    pub table: Name,
    /// The whole statement in normal form.
    pub body: String,
    /// Properties by the engine's own word: `enabled`, `definer`, `order` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// The statement the server keeps or prints for the trigger, verbatim. Used to write it again, never to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// An object that has no shape of its own here: sequence, type, routine, extension, policy, grant …
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The engine's word for its kind: `sequence`, `function`, `enum`, `extension` …
    pub kind: String,
    /// Its name; functions carry their argument types.
    pub name: Name,
    /// What it is, in normal form; compared as text.
    pub body: String,
    /// Properties by the engine's own word: `definer`, `sql_mode`, `time_zone` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// The statement the server keeps or prints for it, verbatim. Used to write it again, never to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}
