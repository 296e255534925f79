//! MariaDB and MySQL in the conformance suite. What both share is in `common`; each server has a module of tests, so that a
//! failure names case and server.

#[macro_use]
mod common;

#[cfg(test)]
mod mariadb {
    every_case!(stead_testkit::servers::TestServer::Mariadb, "mariadb");
}

#[cfg(test)]
mod mysql {
    every_case!(stead_testkit::servers::TestServer::Mysql, "mysql");
}
