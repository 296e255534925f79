//! The project's local servers as a Compose file, for people who run them with Docker. The volumes are external, so that
//! `docker compose down --volumes` does not remove them, and no password is written: Compose takes it from its environment.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use stead_provision::{ServerKind, Volume};

use crate::error::{Error, Result};
use crate::project::{Project, Server};

/// The Compose file.
///
/// # Errors
///
/// `unsupported` for a search server, and a project without any server.
pub fn compose(project: &Project) -> Result<String> {
    if project.servers.is_empty() {
        let message = "the project declares no server: there is nothing to compose";
        return Err(Error::usage("no-servers", message).hint("write `[servers.main]` with `kind = \"postgres\"`"));
    }
    let mut text = format!("name: {}\nservices:\n", project.name);
    let mut taken = BTreeSet::new();
    for server in project.servers.values() {
        let mut port = port(project, server);
        // Two servers of one kind would get the same one; a configured port is taken at its word.
        while server.port.is_none() && taken.contains(&port) {
            port += 1;
        }
        taken.insert(port);
        text.push_str(&service(server, port)?);
    }
    text.push_str("volumes:\n");
    for server in project.servers.values() {
        writeln!(text, "  {}:\n    external: true\n    name: {}", server.name, volume_name(project, server))
            .expect("writing to a string");
    }
    Ok(text)
}

/// The name of a server's volume in Docker.
#[must_use]
pub fn volume_name(project: &Project, server: &Server) -> String {
    format!("{}-{}", project.name, server.name)
}

/// The variable that holds a server's password.
#[must_use]
pub fn password_variable(server: &Server) -> String {
    format!("STEAD_{}_PASSWORD", server.name.to_uppercase().replace('-', "_"))
}

struct Image {
    name: &'static str,
    /// The version where the project names none.
    version: &'static str,
    data: &'static str,
    password: &'static str,
    command: &'static [&'static str],
    healthy: &'static str,
}

/// What differs between the images. PostgreSQL's keeps its data below the mounted folder from version 18 on, so the folder
/// above is mounted and the place stated; see the pages of the official images.
fn image(kind: ServerKind) -> Result<Image> {
    Ok(match kind {
        ServerKind::Postgres => Image {
            name: "postgres",
            version: "18",
            data: "/var/lib/postgresql",
            password: "POSTGRES_PASSWORD",
            command: &["postgres", "-c", "wal_level=logical"],
            healthy: "pg_isready --username postgres --host 127.0.0.1",
        },
        ServerKind::Mysql => Image {
            name: "mysql",
            version: "8.0",
            data: "/var/lib/mysql",
            password: "MYSQL_ROOT_PASSWORD",
            command: &["mysqld", "--local-infile=ON", "--skip-log-bin", "--max-allowed-packet=64M"],
            healthy: "mysqladmin ping --host 127.0.0.1 --silent",
        },
        ServerKind::Mariadb => Image {
            name: "mariadb",
            version: "10.11",
            data: "/var/lib/mysql",
            password: "MARIADB_ROOT_PASSWORD",
            command: &[
                "mariadbd",
                "--character-set-server=utf8mb4",
                "--local-infile=ON",
                "--skip-log-bin",
                "--max-allowed-packet=64M",
            ],
            healthy: "healthcheck.sh --connect --innodb_initialized",
        },
        ServerKind::Opensearch | ServerKind::Elasticsearch => {
            return Err(stead_provision::ProvisionError::Unsupported(kind).into());
        }
    })
}

/// The configured port, else the one that the server had here, else its maker's.
fn port(project: &Project, server: &Server) -> u16 {
    let remembered = Volume::at(server.volume.folder(&project.folder)).record().ok().and_then(|record| record.port);
    server.port.or(remembered).unwrap_or_else(|| server.kind.usual_port())
}

fn service(server: &Server, port: u16) -> Result<String> {
    let Image { name, version, data, password, command, healthy } = image(server.kind)?;
    let version = server.version.as_deref().unwrap_or(version);
    let (own_port, variable) = (server.kind.usual_port(), password_variable(server));
    let place = match server.kind {
        ServerKind::Postgres => "      PGDATA: /var/lib/postgresql/stead/data\n",
        _ => "",
    };
    let server = &server.name;
    Ok(format!(
        "  {server}:\n    image: \"{name}:{version}\"\n    command: {command:?}\n    environment:\n      \
         {password}: \"${{{variable}:?set it to the password of the server}}\"\n{place}    ports:\n      \
         - \"127.0.0.1:{port}:{own_port}\"\n    volumes:\n      - {server}:{data}\n    healthcheck:\n      \
         test: [\"CMD-SHELL\", \"{healthy}\"]\n      interval: 1s\n      retries: 120\n    restart: unless-stopped\n"
    ))
}

#[cfg(test)]
mod tests;
