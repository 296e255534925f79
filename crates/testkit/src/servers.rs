//! Real servers for tests. `cargo xtask test` starts one of each and tells the tests where they are; a test that finds none
//! is skipped, visibly, under the server's key, which `STEAD_TEST_REQUIRE` may list.

use std::path::PathBuf;

/// A server that tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestServer {
    /// PostgreSQL 15.
    Postgres15,
    /// PostgreSQL 18.
    Postgres18,
    /// MariaDB 10.11.
    Mariadb,
    /// MySQL 8.0.
    Mysql,
}

impl TestServer {
    /// Every server.
    pub const ALL: [Self; 4] = [Self::Postgres15, Self::Postgres18, Self::Mariadb, Self::Mysql];

    /// The word for it in `STEAD_TEST_REQUIRE` and in the names of tests.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Postgres15 => "postgres15",
            Self::Postgres18 => "postgres18",
            Self::Mariadb => "mariadb",
            Self::Mysql => "mysql",
        }
    }

    /// The environment variable that says where it is.
    #[must_use]
    pub fn variable(self) -> String {
        format!("STEAD_TEST_{}_URL", self.key().to_uppercase())
    }

    /// The engine's word in project files and URLs.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Postgres15 | Self::Postgres18 => "postgres",
            Self::Mariadb => "mariadb",
            Self::Mysql => "mysql",
        }
    }

    /// The URL of the server for a user who may do everything, without a database's name and without a slash at the end:
    /// `postgres://postgres:secret@127.0.0.1:21500`. `None` after a skip was reported.
    #[must_use]
    pub fn url(self) -> Option<String> {
        let found = set(&self.variable());
        if found.is_none() {
            self.skip(&self.variable());
        }
        found
    }

    /// The folder of the server's programs, for tests that start servers of their own. `None` after a skip was reported.
    #[must_use]
    pub fn programs(self) -> Option<PathBuf> {
        let variable = format!("STEAD_TEST_{}_PROGRAMS", self.key().to_uppercase());
        let found = set(&variable).map(PathBuf::from);
        if found.is_none() {
            self.skip(&variable);
        }
        found
    }

    /// Reports the skip, with what the test command found out if it started this run.
    fn skip(self, variable: &str) {
        let absent = set(&format!("STEAD_TEST_{}_ABSENT", self.key().to_uppercase()));
        let unset = || format!("`{variable}` is not set: `cargo xtask test` starts the servers");
        crate::skip::skip(self.key(), &absent.unwrap_or_else(unset));
    }
}

fn set(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}
