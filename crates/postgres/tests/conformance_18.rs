//! PostgreSQL 18 in the conformance suite; what it shares with other versions is in `common`.
//! Without a server of that version the cases are skipped, visibly.

use stead_testkit::servers::TestServer;

mod common;

stead_testkit::conformance!(|| common::play(TestServer::Postgres18), |name| common::case(TestServer::Postgres18, name));
