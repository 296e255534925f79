//! MySQL and MariaDB behind the ports. A server is one address with one login, a place is a database's name on it, and
//! every session owns one connection; the two engines share this crate and differ by [`stead_schema::EngineKind`].

mod admin;
mod apply;
mod bulk;
pub mod connect;
mod error;
mod events;
mod inspect;
mod lock;
mod rights;

pub use connect::MysqlServer;
