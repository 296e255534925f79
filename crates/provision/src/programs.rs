//! Finding a server's programs: in a configured folder and nowhere else if there is one, otherwise on the search path and in the
//! folders where distributions put what no user is meant to start by hand. Each candidate is asked for its version.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::ProvisionError;
use crate::{Result, ServerKind, Surroundings};

/// The folders of Debian, Fedora, SUSE, Alpine, Homebrew and of builds from source. `*` stands for anything in one name.
const POSTGRES: [&str; 10] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];
const MYSQL: [&str; 11] = [
    "/usr/sbin",
    "/usr/libexec",
    "/usr/bin",
    "/usr/local/sbin",
    "/usr/local/libexec",
    "/usr/local/bin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/opt/mysql*/bin",
    "/usr/local/opt/mysql*/bin",
    "/opt/homebrew/opt/mariadb*/bin",
    "/usr/local/opt/mariadb*/bin",
];
/// Where programs may lie inside a configured folder.
const INSIDE: [&str; 6] = ["", "bin", "sbin", "libexec", "native/bin", "usr/sbin"];

/// The programs of one installed server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The kind.
    pub kind: ServerKind,
    /// The version as its maker writes it, numbers with dots.
    pub version: String,
    /// The server itself, its links resolved.
    pub server: PathBuf,
}

impl Programs {
    /// The folder above that of the programs: what MySQL and MariaDB call the base.
    #[must_use]
    pub fn base(&self) -> PathBuf {
        let folder = self.server.parent().and_then(Path::parent);
        folder.unwrap_or(Path::new("/")).to_path_buf()
    }

    /// A program that belongs to the server, under one of the names that it has had.
    ///
    /// # Errors
    ///
    /// It is in none of the folders where it may be.
    pub(crate) fn beside(&self, names: &[&str]) -> Result<PathBuf> {
        let base = self.base();
        let folders = [self.server.parent().unwrap_or(&base).to_path_buf(), base.join("bin"), base.join("scripts")];
        let found =
            folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name))).find(|path| is_program(path));
        found.ok_or_else(|| ProvisionError::Incomplete { server: self.server.clone(), program: names[0].to_owned() })
    }
}

/// Finds the newest programs of that kind whose version begins with `version`, part by part: `15` takes `15.18`.
///
/// # Errors
///
/// There is no such program, or none of that version.
pub fn find(
    kind: ServerKind,
    version: Option<&str>,
    folder: Option<&Path>,
    surroundings: &Surroundings,
) -> Result<Programs> {
    let mut found = candidates(kind, folder, surroundings);
    // Of equal versions the one found first stays first.
    found.sort_by_key(|programs| std::cmp::Reverse(numbers(&programs.version)));
    let Some(wanted) = version else {
        let missing = || ProvisionError::ProgramMissing { kind, version: None, folder: folder.map(Path::to_path_buf) };
        return found.into_iter().next().ok_or_else(missing);
    };
    if let Some(at) = found.iter().position(|programs| fits(&programs.version, wanted)) {
        return Ok(found.swap_remove(at));
    }
    if found.is_empty() {
        let version = Some(wanted.to_owned());
        return Err(ProvisionError::ProgramMissing { kind, version, folder: folder.map(Path::to_path_buf) });
    }
    let shown = |programs: &Programs| format!("{} in `{}`", programs.version, shown_folder(&programs.server));
    let found = found.iter().map(shown).collect();
    Err(ProvisionError::VersionMissing { kind, wanted: wanted.to_owned(), found, by_volume: false })
}

fn shown_folder(server: &Path) -> String {
    server.parent().unwrap_or(server).display().to_string()
}

/// Whether a version is the wanted one as far as that goes.
pub(crate) fn fits(version: &str, wanted: &str) -> bool {
    let mut parts = version.split('.');
    wanted.split('.').all(|part| parts.next() == Some(part))
}

/// A version as numbers, for comparing.
pub(crate) fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn candidates(kind: ServerKind, folder: Option<&Path>, surroundings: &Surroundings) -> Vec<Programs> {
    let folders: Vec<PathBuf> = match folder {
        Some(folder) => INSIDE.iter().map(|inside| folder.join(inside)).collect(),
        None => surroundings.search.iter().cloned().chain(usual(kind)).collect(),
    };
    let mut found: Vec<Programs> = Vec::new();
    for server in folders.iter().flat_map(|folder| kind.server_programs().iter().map(|name| folder.join(name))) {
        let Ok(server) = fs::canonicalize(server) else { continue };
        if !is_program(&server) || found.iter().any(|other| other.server == server) {
            continue;
        }
        if let Some(version) = ask(kind, &server, surroundings) {
            found.push(Programs { kind, version, server });
        }
    }
    found
}

fn usual(kind: ServerKind) -> Vec<PathBuf> {
    let patterns: &[&str] = match kind {
        ServerKind::Postgres => &POSTGRES,
        ServerKind::Mysql | ServerKind::Mariadb => &MYSQL,
        ServerKind::Opensearch | ServerKind::Elasticsearch => &[],
    };
    patterns.iter().flat_map(|pattern| expand(pattern)).collect()
}

/// The folders that a pattern means; at most one of its names has a `*`.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (folder, beginning) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(beginning)).collect();
    names.sort();
    names.into_iter().map(|name| PathBuf::from(format!("{folder}/{name}{after}"))).collect()
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Asks a program for its version; none if it is of another kind, or does not run here.
fn ask(kind: ServerKind, server: &Path, surroundings: &Surroundings) -> Option<String> {
    let mut command = Command::new(server);
    command.env_clear().envs(&surroundings.variables);
    // The first argument, or the machine's own settings are read and may be wrong.
    command.args((kind != ServerKind::Postgres).then_some("--no-defaults"));
    let output = command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    version(kind, &String::from_utf8_lossy(&output.stdout))
}

/// The version in what a server says of itself: `postgres (PostgreSQL) 15.18 (Debian …)`, `mysqld  Ver 8.0.31 for Linux …`,
/// `mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for …`.
fn version(kind: ServerKind, said: &str) -> Option<String> {
    let after = match kind {
        ServerKind::Postgres => said.split_once("(PostgreSQL) ")?.1,
        _ => said.split_once("Ver ")?.1,
    };
    let is_mariadb = said.contains("MariaDB");
    if (kind == ServerKind::Mariadb) != is_mariadb {
        return None;
    }
    let number: String = after.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    (!number.is_empty()).then(|| number.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests;
