//! What the inspection has learned so far: the schema it builds, and which row of the catalog became which object, so that
//! comments, grants, dependencies and the inventory find their objects by the server's numbers.
//! Nothing here asks the server anything.

use std::collections::{BTreeMap, HashMap, HashSet};

use stead_engine::EngineError;
use stead_schema::model::{Dependency, Name, Object, Reference};
use stead_schema::{EngineKind, ROLE, Schema};
use stead_sql::quote::identifier;
use tokio_postgres::Row;

use super::query;
use crate::connect::Connection;

/// Numbers of the system's catalogs; they are the same on every server (`src/include/catalog/*.h`).
pub(super) const TYPES: u32 = 1247;
/// `pg_class`.
pub(super) const RELATIONS: u32 = 1259;
/// `pg_proc`.
pub(super) const ROUTINES: u32 = 1255;
/// `pg_amop`.
pub(super) const FAMILY_OPERATORS: u32 = 2602;
/// `pg_amproc`.
pub(super) const FAMILY_FUNCTIONS: u32 = 2603;
/// `pg_attrdef`.
pub(super) const DEFAULTS: u32 = 2604;
/// `pg_constraint`.
pub(super) const CONSTRAINTS: u32 = 2606;
/// `pg_rewrite`.
pub(super) const RULES: u32 = 2618;
/// `pg_trigger`.
pub(super) const TRIGGERS: u32 = 2620;
/// `pg_ts_config`.
pub(super) const TEXT_SEARCH: u32 = 3602;
/// `pg_extension`.
pub(super) const EXTENSIONS: u32 = 3079;

/// What became of a row of the catalog.
pub(super) struct Entry {
    /// The object, or the one it is a part of.
    pub(super) reference: Reference,
    /// How `COMMENT ON` and its kin name it; absent where they cannot.
    pub(super) address: Option<String>,
}

/// The schema that is being built, with the way back to the catalog.
pub(super) struct Catalog<'a> {
    connection: &'a mut Connection,
    major: i32,
    owner: u32,
    /// By number, as SQL writes them and as they are called.
    roles: HashMap<u32, (String, String)>,
    /// The schema as far as it is known.
    pub(super) schema: Schema,
    /// By the number of the catalog and of the row.
    pub(super) entries: HashMap<(u32, u32), Entry>,
    /// Objects that extensions own, with the number of the extension.
    pub(super) members: HashMap<(u32, u32), u32>,
    /// stead's own tables, by number.
    pub(super) own: HashSet<u32>,
    /// What goes with the session that made it, and what belongs to stead's own tables, by the number of the catalog and of the
    /// row. Sessions come and go while others inspect, and stead's tables are made by stead.
    pub(super) left_out: HashSet<(u32, u32)>,
}

impl<'a> Catalog<'a> {
    /// Brings the transaction into a state where the server's own deparsers write every name in full and every value alike,
    /// and learns whom the database belongs to.
    pub(super) async fn open(connection: &'a mut Connection) -> Result<Self, EngineError> {
        let rows = connection.rows(include_str!("sql/settings.sql"), &[]).await?;
        let row = rows.first().ok_or_else(|| super::bug("the server does not say its version"))?;
        let (version, owner): (i32, u32) = (row.get(0), row.get(1));
        let roles = connection.rows("SELECT oid, quote_ident(rolname), rolname::text FROM pg_roles", &[]).await?;
        let roles = roles.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
        let schema = Schema::empty(EngineKind::Postgres);
        let (entries, members, own, left_out) = (HashMap::new(), HashMap::new(), HashSet::new(), HashSet::new());
        Ok(Self { connection, major: version / 10_000, owner, roles, schema, entries, members, own, left_out })
    }

    /// Sends one of the queries.
    pub(super) async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, EngineError> {
        self.connection.rows(&query::for_version(sql, self.major), &[]).await
    }

    /// Takes note of what a row of the catalog is.
    pub(super) fn note(&mut self, key: (u32, u32), reference: Reference, address: Option<String>) {
        self.entries.insert(key, Entry { reference, address });
    }

    /// Adds an object without a shape of its own.
    pub(super) fn object(&mut self, kind: &str, name: Name, body: String) {
        self.schema.objects.push(Object { kind: kind.to_owned(), name, body, ..Object::default() });
    }

    /// Says that an object cannot do without another one, or belongs to it.
    pub(super) fn depend(&mut self, kind: &str, name: &Name, on: &Reference) {
        let of = Reference::new(kind, name.clone());
        self.schema.dependencies.push(Dependency { of, on: on.clone() });
    }

    /// Adds who owns an object, unless it is the database's owner, who owns everything that is not said.
    pub(super) fn owned(&mut self, address: &str, of: &Reference, owner: u32) {
        if owner != self.owner {
            self.owner(address, of, owner);
        }
    }

    /// Adds who owns an object.
    pub(super) fn owner(&mut self, address: &str, of: &Reference, owner: u32) {
        if let Some((written, role)) = self.roles.get(&owner) {
            let body = format!("ALTER {address} OWNER TO {written}");
            let (name, role) = (Name::flat(address), role.clone());
            self.depend("owner", &name, &Reference::new(ROLE, Name::flat(&role)));
            self.depend("owner", &name, of);
            self.schema.roles.push(role);
            self.object("owner", name, body);
        }
    }

    /// The owner that schema `public` has in a new database.
    pub(super) fn owner_of_public(&self) -> u32 {
        const BOOTSTRAP: u32 = 10;
        const DATABASE_OWNER: u32 = 6171;
        if self.major >= 15 { DATABASE_OWNER } else { BOOTSTRAP }
    }
}

/// A name in its schema, quoted.
pub(super) fn quoted(name: &Name) -> String {
    let schema = name.namespace.iter().map(|namespace| identifier(namespace, EngineKind::Postgres) + ".");
    schema.collect::<String>() + &identifier(&name.name, EngineKind::Postgres)
}

/// Names quoted, with commas between.
pub(super) fn quoted_list<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| identifier(name, EngineKind::Postgres)).collect();
    quoted.join(", ")
}

/// Storage parameters as SQL: `fillfactor=70, toast.autovacuum_enabled=false`.
pub(super) fn parameters(own: Option<&Vec<String>>, toast: Option<&Vec<String>>) -> Option<String> {
    let prefixed = |prefix: &str, option: &String| {
        let (name, value) = option.split_once('=').unwrap_or((option, "true"));
        let plain = value.chars().all(|character| character.is_ascii_alphanumeric() || "_.-".contains(character));
        let value =
            if plain && !value.is_empty() { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) };
        format!("{prefix}{}={value}", parameter_name(name))
    };
    let own = own.into_iter().flatten().map(|option| prefixed("", option));
    let toast = toast.into_iter().flatten().map(|option| prefixed("toast.", option));
    let all: Vec<String> = own.chain(toast).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn parameter_name(name: &str) -> String {
    let plain =
        name.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_');
    if plain { name.to_owned() } else { identifier(name, EngineKind::Postgres) }
}

/// Properties by their words.
pub(super) type Options = BTreeMap<String, String>;

/// Sets a property that is there.
pub(super) fn set(options: &mut Options, word: &str, value: Option<impl Into<String>>) {
    if let Some(value) = value {
        options.insert(word.to_owned(), value.into());
    }
}
