//! Writes a schema as statements that make it in an empty database. The order comes from the dependencies the engine's
//! catalog gave and from what the shapes imply; the text comes from the structured parts of the schema and from what the
//! server itself printed, so that nothing here has to understand SQL.

mod mysql;
mod order;
mod postgres;
mod sqlite;

use std::collections::HashMap;

use stead_schema::model::{Name, Reference};
use stead_schema::{EngineKind, Schema};
use thiserror::Error;

use crate::quote::NulCharacter;
use crate::split::delimited;

#[cfg(test)]
mod tests;

/// When a statement runs in a bulk load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before the rows: tables, everything that a table cannot be made without, and all that computing a row's values may reach.
    Before,
    /// After the rows: keys, indexes, the rows of stored views, triggers, policies, comments, grants.
    After,
}

/// One statement of a written schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// When it runs. Statements with [`Phase::Before`] come first.
    pub phase: Phase,
    /// What it makes: `table`, `view`, `trigger`, a part of them (`index`, `primary key`, `foreign key` …) or the word for
    /// an object's kind (`owner`, `grant`, `function` …). `setting` is a statement for the session that runs the rest.
    pub kind: String,
    /// The object it makes, or the table or view that the part belongs to.
    pub name: Name,
    /// One statement, without a semicolon at its end.
    pub sql: String,
}

impl Statement {
    /// A statement that runs before the rows come.
    pub(crate) fn before(kind: &str, name: &Name, sql: String) -> Self {
        Self { phase: Phase::Before, kind: kind.to_owned(), name: name.clone(), sql }
    }

    /// A statement that runs when the rows are there.
    pub(crate) fn after(kind: &str, name: &Name, sql: String) -> Self {
        Self { phase: Phase::After, kind: kind.to_owned(), name: name.clone(), sql }
    }

    /// The statement as a line of a script, or several: with what ends it, for us and for the engine's own client. The clients of
    /// MySQL and MariaDB know nothing of bodies, so they are told where one ends.
    #[must_use]
    pub fn script(&self, engine: EngineKind) -> String {
        let mysql = matches!(engine, EngineKind::Mysql | EngineKind::Mariadb);
        let program = ["function", "procedure", "trigger", "event"].contains(&self.kind.as_str());
        // A comment may stand at the end of a body.
        if mysql && program && [";", "--", "#"].iter().any(|mark| self.sql.contains(mark)) {
            delimited(&self.sql)
        } else {
            format!("{};", self.sql)
        }
    }
}

/// What a reader may choose about a written schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// MySQL, MariaDB: who views, triggers, routines and events belong to.
    pub definer: Definer,
}

/// The account with whose rights a program of MySQL or MariaDB runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Definer {
    /// The one that it has. Making it for somebody else needs a right of its own (`SET_USER_ID`, `SET USER` or `SUPER`).
    #[default]
    Keep,
    /// The account that runs the statements.
    Current,
    /// This one, as SQL: `` `user`@`host` ``.
    Of(String),
}

/// A schema that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Objects need each other and none of them can be made in two steps.
    #[error("these objects need each other, and none can be made first: {}", listed(.objects))]
    Cycle {
        /// The objects, sorted.
        objects: Vec<Reference>,
    },
    /// Something was read in a way that leaves out what is needed to write it.
    #[error("the {kind} `{name}` cannot be written: {reason}")]
    Incomplete {
        /// Its kind.
        kind: String,
        /// Its name.
        name: Name,
        /// What is lacking.
        reason: String,
    },
    /// A text that the engine's literals cannot hold.
    #[error(transparent)]
    Nul(#[from] NulCharacter),
}

impl WriteError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cycle { .. } => "dependency-cycle",
            Self::Incomplete { .. } => "incomplete-schema",
            Self::Nul(error) => error.code(),
        }
    }

    /// What can be done.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Cycle { .. } => vec!["change one of them so that it does not need the others".to_owned()],
            Self::Incomplete { .. } => vec!["inspect the database again with this version".to_owned()],
            Self::Nul(error) => error.hints(),
        }
    }
}

fn listed(objects: &[Reference]) -> String {
    let named: Vec<String> = objects.iter().map(|object| format!("{} `{}`", object.kind, object.name)).collect();
    named.join(", ")
}

/// The statements that make `schema` in an empty database of its engine, in an order that works. Equal schemas give equal
/// statements. They run one by one, outside a transaction or in one; a bulk load runs those before the rows, brings the
/// rows and runs the others.
///
/// # Errors
/// Objects need each other in a circle, or the schema lacks a text that is needed.
pub fn write(schema: &Schema) -> Result<Vec<Statement>, WriteError> {
    write_with(schema, &WriteOptions::default())
}

/// The statements by the name of the object that they make. Each list stands by itself: it has the settings that its statements
/// need.
///
/// # Errors
/// As for [`write()`].
pub fn write_apart(schema: &Schema) -> Result<Vec<(Name, Vec<Statement>)>, WriteError> {
    match schema.engine {
        EngineKind::Mysql | EngineKind::Mariadb => return mysql::apart(schema),
        EngineKind::Postgres => return postgres::apart(schema),
        EngineKind::Sqlite => {}
    }
    let mut apart: Vec<(Name, Vec<Statement>)> = Vec::new();
    let mut places: HashMap<Name, usize> = HashMap::new();
    for statement in write(schema)? {
        let place = *places.entry(statement.name.clone()).or_insert_with(|| {
            apart.push((statement.name.clone(), Vec::new()));
            apart.len() - 1
        });
        apart[place].1.push(statement);
    }
    Ok(apart)
}

/// The statements of [`write()`], with choices.
///
/// # Errors
/// As for [`write()`].
pub fn write_with(schema: &Schema, options: &WriteOptions) -> Result<Vec<Statement>, WriteError> {
    match schema.engine {
        EngineKind::Postgres => postgres::statements(schema),
        EngineKind::Mysql | EngineKind::Mariadb => mysql::statements(schema, options),
        EngineKind::Sqlite => sqlite::statements(schema),
    }
}
