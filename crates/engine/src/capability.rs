//! What an engine can do, as data. Every field is a claim that the conformance suite compares with what the server
//! really does, so a wrong claim fails a test of the adapter that makes it.

use serde::{Deserialize, Serialize};

/// The facts about an engine that use cases branch on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// DDL takes part in transactions: a failed revision leaves nothing behind.
    pub transactional_ddl: bool,
    /// Several sessions can read one view of a database at once, so a dump can be parallel.
    pub shared_views: bool,
    /// A dump of several databases of one server can be one view.
    pub view_spans_databases: bool,
    /// What a lock does when its holder dies.
    pub lock_release: LockRelease,
    /// Foreign keys can be switched off for the length of one transaction.
    pub deferred_foreign_keys: bool,
    /// A database's swap is one atomic step for everybody.
    pub atomic_swap: bool,
    /// The longest identifier, in bytes; `None` where there is no limit worth naming.
    pub identifier_bytes: Option<u32>,
}

/// What happens to a lock when the process that holds it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockRelease {
    /// The operating system releases it at once.
    WithProcess,
    /// The server releases it when it notices that the connection is gone.
    WithConnection,
}
