//! PostgreSQL 15 in the conformance suite; what it shares with other versions is in `common`.
//! Without a server of that version the cases are skipped, visibly.

use stead_testkit::servers::TestServer;

#[macro_use]
mod common;

every_case!(TestServer::Postgres15);
