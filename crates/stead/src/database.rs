//! Databases one by one: the engine's own client on one of them, and the end of one. What the client needs to connect
//! travels in its environment, so that no password is ever among a program's arguments.

use std::collections::BTreeMap;

use stead_schema::EngineKind;

use crate::address::Address;
use crate::environment::{Database, Environment};
use crate::error::{Error, Result};
use crate::project::DatabaseLocation;

/// A program to start, with what it needs to find the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// Programs that will do, the best first.
    pub programs: Vec<&'static str>,
    /// Its arguments, without any secret.
    pub arguments: Vec<String>,
    /// Variables, the password among them.
    pub variables: BTreeMap<&'static str, String>,
    /// Variables that would lead it to another server, or let it in as somebody else.
    pub without: &'static [&'static str],
    /// The password as the last lines of an option file, for clients that prefer one in the user's own file to a variable.
    pub options: Option<String>,
    /// The package that brings it, by Debian's names.
    pub package: &'static str,
    /// Whether the connection is to be encrypted, as the URL says it, for programs that want it as an argument.
    pub encryption: Option<String>,
}

impl Client {
    /// The arguments that ask for the encryption: MySQL's client has words of its own for it, MariaDB's its own, and each goes by
    /// the other's name on some systems, so what `--version` prints decides. MariaDB's checks the host with the authority.
    #[must_use]
    pub fn encryption_arguments(&self, version: &str) -> Vec<String> {
        let Some(mode) = &self.encryption else { return Vec::new() };
        let word = mode.to_ascii_uppercase().replace('-', "_");
        let word = match word.as_str() {
            "DISABLE" => "DISABLED",
            "PREFER" => "PREFERRED",
            "REQUIRE" => "REQUIRED",
            "VERIFY_FULL" => "VERIFY_IDENTITY",
            other => other,
        };
        if !version.contains("MariaDB") {
            return vec![format!("--ssl-mode={word}")];
        }
        let arguments: &[&str] = match word {
            "DISABLED" => &["--skip-ssl"],
            "PREFERRED" => &[],
            "REQUIRED" => &["--ssl"],
            _ => &["--ssl", "--ssl-verify-server-cert"],
        };
        arguments.iter().map(ToString::to_string).collect()
    }
}

/// The engine's own client for a database; the only one if no name is given.
///
/// # Errors
///
/// No name where there are several, an unknown name, or a database whose address is a secret.
pub fn client(environment: &Environment, name: Option<&str>) -> Result<Client> {
    let database = choose(environment, name)?;
    match environment.project.database_location(&database.name) {
        Some(DatabaseLocation::File(path)) => Ok(Client {
            programs: vec!["sqlite3"],
            arguments: vec![path.display().to_string()],
            variables: BTreeMap::new(),
            without: &[],
            options: None,
            package: "sqlite3",
            encryption: None,
        }),
        Some(DatabaseLocation::Server { engine, url }) => Ok(of_server(*engine, url.expose(), &database.place.0)),
        Some(DatabaseLocation::Local(local)) => {
            Ok(of_server(local.engine, &crate::volume::url(local)?, &database.place.0))
        }
        _ => Err(Error::failed("unsupported", format!("the address of database `{}` is a secret", database.name))),
    }
}

/// The named database, or the only one.
///
/// # Errors
///
/// No name where there are several, or an unknown one.
pub fn choose<'a>(environment: &'a Environment, name: Option<&str>) -> Result<&'a Database> {
    match (name, environment.databases.as_slice()) {
        (Some(name), _) => environment.database(name),
        (None, [only]) => Ok(only),
        (None, all) => {
            let names: Vec<String> = all.iter().map(|database| format!("`{}`", database.name)).collect();
            Err(Error::usage("database-needed", "the project has several databases: name one")
                .hint(format!("there are: {}", names.join(", "))))
        }
    }
}

fn of_server(engine: EngineKind, url: &str, database: &str) -> Client {
    let address = Address::of(url);
    match engine {
        EngineKind::Postgres => postgres(&address, database),
        EngineKind::Mysql => mysql(&address, database, vec!["mysql", "mariadb"], "default-mysql-client"),
        EngineKind::Mariadb | EngineKind::Sqlite => {
            mysql(&address, database, vec!["mariadb", "mysql"], "mariadb-client-core")
        }
    }
}

/// A service and an address of a host count more than a host that is named.
const LIBPQ: [&str; 7] = ["PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"];

/// `psql` reads everything from variables. Source: PostgreSQL's page on libpq's environment variables.
fn postgres(address: &Address<'_>, database: &str) -> Client {
    let options = address.options();
    let option = |name: &str| options.get(name).cloned();
    let named = [
        ("PGHOST", option("host").or_else(|| address.host())),
        ("PGPORT", option("port").or_else(|| address.port())),
        ("PGUSER", option("user").or_else(|| address.user())),
        ("PGPASSWORD", option("password").or_else(|| address.password())),
        ("PGSSLMODE", option("sslmode")),
        ("PGSSLROOTCERT", option("sslrootcert")),
        ("PGSSLCERT", option("sslcert")),
        ("PGSSLKEY", option("sslkey")),
        ("PGCONNECT_TIMEOUT", option("connect_timeout")),
        ("PGDATABASE", Some(database.to_owned())),
    ];
    let variables = named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    Client {
        programs: vec!["psql"],
        arguments: Vec::new(),
        variables,
        without: &LIBPQ,
        options: None,
        package: "postgresql-client",
        encryption: None,
    }
}

/// The clients of MySQL and MariaDB take the password alone from a variable.
fn mysql(address: &Address<'_>, database: &str, programs: Vec<&'static str>, package: &'static str) -> Client {
    let options = address.options();
    let option = |name: &str| options.get(name).cloned();
    let mut arguments = Vec::new();
    let mut add = |name: &str, value: Option<String>| arguments.extend(value.map(|value| format!("--{name}={value}")));
    // Left alone, the clients take `localhost` for the socket of whatever server has the usual one, and other hosts for TCP.
    if let Some(socket) = option("socket") {
        add("protocol", Some("SOCKET".to_owned()));
        add("socket", Some(socket));
    } else {
        add("protocol", Some("TCP".to_owned()));
        add("host", address.host());
        add("port", address.port());
    }
    add("user", address.user());
    for name in ["ssl-ca", "ssl-cert", "ssl-key"] {
        add(name, option(name));
    }
    add("database", Some(database.to_owned()));
    let options = address.password().map(|password| password_option(&password));
    let variables = address.password().map(|password| ("MYSQL_PWD", password)).into_iter().collect();
    Client { programs, arguments, variables, without: &["MYSQL_PWD"], options, package, encryption: option("ssl-mode") }
}

/// The password as an option file states it.
fn password_option(password: &str) -> String {
    let escaped = password.replace('\\', r"\\").replace('"', r#"\""#);
    format!("[client]\npassword=\"{escaped}\"\n")
}

/// Removes a database with everything in it; undo points stay.
///
/// # Errors
///
/// A protected environment, a database that is another project's, or whatever the engine refuses.
pub async fn destroy(environment: &Environment, name: &str) -> Result<()> {
    destroyable(environment, name)?;
    let _held = environment.hold().await?;
    let database = environment.database(name)?;
    environment.still_held().await?;
    let removed = database.server.remove(&database.place).await;
    Ok(removed.map_err(|error| database.named(error))?)
}

/// Refuses where a database may not be removed, before anybody is asked.
///
/// # Errors
///
/// A protected environment, or an unknown name.
pub fn destroyable(environment: &Environment, name: &str) -> Result<()> {
    environment.database(name)?;
    environment.refuse_protected("database destroy")
}

#[cfg(test)]
mod tests;
