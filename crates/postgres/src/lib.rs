//! PostgreSQL behind the ports of the engine: servers, sessions, inspection, dump, load and swap. What is here and why is
//! told in each module; the files have the same names as those of the other SQL adapters.

mod admin;
mod apply;
mod bulk;
mod connect;
mod error;
mod inspect;
mod lock;

pub use connect::PostgresServer;
