//! MariaDB and MySQL in the conformance suite. What both share is in `common`; each server has a module of tests, so that a
//! failure names case and server.

mod common;

use common::Mysql;
use stead_testkit::conformance::child::play;
use stead_testkit::servers::TestServer;

const MARIADB: Mysql = Mysql { server: TestServer::Mariadb, module: "mariadb" };
const MYSQL: Mysql = Mysql { server: TestServer::Mysql, module: "mysql" };

#[cfg(test)]
mod mariadb {
    stead_testkit::conformance!(|| super::play(&super::MARIADB), |name| super::common::case(&super::MARIADB, name));
}

#[cfg(test)]
mod mysql {
    stead_testkit::conformance!(|| super::play(&super::MYSQL), |name| super::common::case(&super::MYSQL, name));
}
