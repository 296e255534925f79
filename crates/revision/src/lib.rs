//! The graph of revisions as a pure object: revision files as text, the graph they form, the references people type,
//! the rows of the ledger as values, and the plans that lead from one to the other. Nothing here reads a file, a
//! database, a clock or the environment, so every rule about order, squashing and repair is tested without a server.

pub mod file;
pub mod graph;
pub mod ledger;
pub mod name;
mod near;
pub mod plan;
pub mod reference;
pub mod status;
mod walk;

pub use file::{FileError, NewRevision, NewSection, RevisionFile, Section, checksum, parse, render};
pub use graph::{Graph, GraphError, Node};
pub use ledger::{Applied, LedgerRow, LedgerState};
pub use name::{FileName, RevisionId, slug};
pub use plan::{Action, Edited, Goal, Plan, PlanError, Resume, Situation, Step, Target, downgrade, stamp, upgrade};
pub use reference::{Point, ReferenceError, resolve};
pub use status::{Condition, StatusLine, status};
