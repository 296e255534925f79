//! PostgreSQL's schema as data, on real servers: what is inspected is written into an empty database and inspected again, and
//! must be equal. On version 15 `pg_dump --schema-only` of both databases, an independent judge, must be the same text.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod corpus;
mod cost;
mod judge;
mod property;
mod refusals;
mod regress;
mod scene;
mod zoo;
