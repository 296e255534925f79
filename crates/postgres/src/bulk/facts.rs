//! What the rows alone do not tell: which stream belongs to which table and in which form, how many rows it has, where the
//! sequences stand, and how the database was made. It is the stream `facts` of a dump, JSON in UTF-8, version 1.

use serde::{Deserialize, Serialize};
use stead_engine::{EngineError, ErrorClass};

use super::session::Session;

#[cfg(test)]
mod tests;

/// The stream's name.
pub(super) const STREAM: &str = "facts";
/// The version that is written.
const VERSION: u32 = 1;
/// A database with a million tables has facts shorter than this.
const LONGEST: u64 = 1 << 30;

/// Everything about a dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// The version of this format.
    pub(super) version: u32,
    /// The server's version as one number.
    pub(super) server: i32,
    pub(super) database: Creation,
    pub(super) tables: Vec<TableFacts>,
    pub(super) sequences: Vec<SequenceFacts>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) extensions: Vec<ExtensionFacts>,
    /// Settings of the database that values are computed with.
    #[serde(default, skip_serializing_if = "Session::is_empty")]
    pub(super) session: Session,
}

/// An extension, which a server has in some versions and not in others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExtensionFacts {
    pub(super) name: String,
    pub(super) version: String,
    /// It has tables with people's rows, which only fit tables of the same version.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) with_rows: bool,
}

/// What `CREATE DATABASE` has to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Creation {
    pub(super) encoding: String,
    /// `c`, `i` or `b`: the C library, ICU, or the server itself.
    pub(super) provider: String,
    pub(super) collate: String,
    pub(super) ctype: String,
    /// The locale of ICU or of the server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) locale: Option<String>,
    /// Rules that were added to ICU's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<String>,
}

/// One table's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableFacts {
    pub(super) stream: String,
    pub(super) namespace: String,
    pub(super) name: String,
    /// The columns in the order of the values; generated ones are left out.
    pub(super) columns: Vec<String>,
    /// `COPY`'s binary form; else its text form.
    pub(super) binary: bool,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The table that the rows are to be sent to instead, schema and name: which partition a row belongs to may differ
    /// between servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<(String, String)>,
    /// An extension made the table and may have put rows of its own into it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) of_extension: bool,
}

/// Where a sequence stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SequenceFacts {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) last_value: i64,
    pub(super) is_called: bool,
}

impl Facts {
    pub(super) fn new(server: i32, database: Creation) -> Self {
        let (tables, sequences, extensions, session) = (Vec::new(), Vec::new(), Vec::new(), Session::new());
        Self { version: VERSION, server, database, tables, sequences, extensions, session }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("facts are texts and numbers")
    }

    /// Reads the facts of a dump; anything that is not exactly that is refused.
    pub(super) fn read(source: &dyn stead_engine::snapshot::Source) -> Result<Self, EngineError> {
        let streams = source.streams();
        let length = streams.iter().find(|(name, _)| name == STREAM).map(|(_, length)| *length);
        let length = length.ok_or_else(|| broken("the snapshot of this database has no stream `facts`"))?;
        if length > LONGEST {
            return Err(broken("the stream `facts` is too long to be one"));
        }
        let unreadable = |error: std::io::Error| broken(format!("the stream `facts` cannot be read: {error}"));
        let mut bytes = Vec::new();
        let mut stream = source.open(STREAM).map_err(unreadable)?;
        std::io::Read::read_to_end(&mut std::io::Read::take(&mut stream, LONGEST), &mut bytes).map_err(unreadable)?;
        let facts: Self = serde_json::from_slice(&bytes)
            .map_err(|error| broken(format!("the stream `facts` cannot be understood: {error}")))?;
        if facts.version != VERSION {
            return Err(broken(format!("the dump has version {}, this program reads {VERSION}", facts.version)));
        }
        match facts.tables.iter().find(|table| !streams.iter().any(|(name, _)| *name == table.stream)) {
            Some(table) => Err(broken(format!("the snapshot lacks the rows of `{}.{}`", table.namespace, table.name))),
            None => Ok(facts),
        }
    }
}

/// An error of a snapshot that is not what it should be.
pub(super) fn broken(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorClass::Refused, message.into())
        .hint("`stead snapshots verify` tells which part of a snapshot is broken")
}
