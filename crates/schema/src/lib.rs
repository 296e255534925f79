//! A database's schema as plain data. Everything here is pure: no input or output, no clock, no environment; what a
//! database looks like is learned by an adapter and handed over as these values.

mod compare;
pub mod engine;
mod fingerprint;
pub mod model;
mod roles;

pub use compare::{Difference, DifferenceKind, compare};
pub use engine::EngineKind;
pub use fingerprint::{OF_EXTENSION, fingerprint};
pub use model::Schema;
pub use roles::ROLE;
