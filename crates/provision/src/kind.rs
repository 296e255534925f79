//! The kinds of servers that can run on this machine, and what differs between them by name alone: their words, the user who
//! may do everything, the packages that bring them. What differs in how they are started stands with the starting.

use std::fmt;

use serde::{Deserialize, Serialize};
use stead_schema::EngineKind;

/// The kinds of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
    /// OpenSearch.
    Opensearch,
    /// Elasticsearch.
    Elasticsearch,
}

impl ServerKind {
    /// Every kind, in the order in which messages list them.
    pub const ALL: [Self; 5] = [Self::Postgres, Self::Mysql, Self::Mariadb, Self::Opensearch, Self::Elasticsearch];

    /// The word for it in files and URLs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Opensearch => "opensearch",
            Self::Elasticsearch => "elasticsearch",
        }
    }

    /// Its own name, for sentences.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::Opensearch => "OpenSearch",
            Self::Elasticsearch => "Elasticsearch",
        }
    }

    /// The engine of its databases; none for a search server.
    #[must_use]
    pub fn engine(self) -> Option<EngineKind> {
        match self {
            Self::Postgres => Some(EngineKind::Postgres),
            Self::Mysql => Some(EngineKind::Mysql),
            Self::Mariadb => Some(EngineKind::Mariadb),
            Self::Opensearch | Self::Elasticsearch => None,
        }
    }

    /// The database user who may do everything and whose password the volume keeps.
    #[must_use]
    pub fn superuser(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql | Self::Mariadb => "root",
            Self::Opensearch | Self::Elasticsearch => "admin",
        }
    }

    /// The port that its maker gives it.
    #[must_use]
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mysql | Self::Mariadb => 3306,
            Self::Opensearch | Self::Elasticsearch => 9200,
        }
    }

    /// The program that is the server, under each name that it has had.
    pub(crate) fn server_programs(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgres"],
            Self::Mysql => &["mysqld"],
            Self::Mariadb => &["mariadbd", "mysqld"],
            Self::Opensearch | Self::Elasticsearch => &[],
        }
    }

    /// What brings its programs: Debian's and Ubuntu's packages, Homebrew's formula.
    pub(crate) fn packages(self, version: Option<&str>) -> (String, String) {
        let major = version.map(|version| version.split('.').next().unwrap_or(version));
        match self {
            Self::Postgres => (
                major.map_or_else(|| "postgresql".to_owned(), |major| format!("postgresql-{major}")),
                major.map_or_else(|| "postgresql".to_owned(), |major| format!("postgresql@{major}")),
            ),
            // Debian has no MySQL since its version 10; Ubuntu and MySQL's own archive have these names.
            Self::Mysql => match version {
                Some(version) if !version.starts_with("8.0") => {
                    ("mysql-community-server-core of MySQL's own archive".to_owned(), format!("mysql@{version}"))
                }
                _ => ("mysql-server-core-8.0 (Ubuntu) or mysql-community-server-core".to_owned(), "mysql".to_owned()),
            },
            Self::Mariadb => ("mariadb-server-core".to_owned(), "mariadb".to_owned()),
            Self::Opensearch => ("opensearch".to_owned(), "opensearch".to_owned()),
            Self::Elasticsearch => ("elasticsearch".to_owned(), "elasticsearch".to_owned()),
        }
    }
}

impl fmt::Display for ServerKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.title())
    }
}
