//! Invariant 3: arrows point down only. Adapters never import each other or `stead`, and one file alone names them.
//! The house table is written here as data; a crate that is not in it is refused until somebody decides where it lives.

#[cfg(test)]
mod tests;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use super::purity::PURE;
use crate::source::{RustFile, lines_with};

/// The engines' crates: floor 2.
const ADAPTERS: [&str; 5] = ["stead-postgres", "stead-mysql", "stead-sqlite", "stead-tantivy", "stead-opensearch"];

/// The only file that names adapters.
const ENGINES: &str = "crates/stead/src/engines.rs";

/// Each crate of the workspace with the crates of the workspace that it may import.
const HOUSE: [(&str, &[&str]); 17] = [
    ("stead-schema", &[]),
    ("stead-sql", &["stead-schema"]),
    ("stead-revision", &["stead-schema", "stead-sql"]),
    ("stead-engine", &["stead-schema"]),
    ("stead-postgres", SQL_ADAPTER),
    ("stead-mysql", SQL_ADAPTER),
    ("stead-sqlite", SQL_ADAPTER),
    ("stead-tantivy", SQL_ADAPTER),
    ("stead-opensearch", SQL_ADAPTER),
    ("stead-snapshot", &["stead-engine", "stead-schema"]),
    ("stead-provision", &["stead-engine", "stead-schema"]),
    ("stead", BELOW_STEAD),
    ("stead-admin", &["stead"]),
    ("stead-cli", &["stead", "stead-admin"]),
    ("stead-testkit", &["stead-engine", "stead-provision", "stead-schema", "stead-sql"]),
    ("xtask", &["stead-engine", "stead-provision"]),
    ("addons-seed", &[]),
];

const SQL_ADAPTER: &[&str] = &["stead-engine", "stead-schema", "stead-sql"];

const BELOW_STEAD: &[&str] = &[
    "stead-engine",
    "stead-mysql",
    "stead-opensearch",
    "stead-postgres",
    "stead-provision",
    "stead-revision",
    "stead-schema",
    "stead-snapshot",
    "stead-sql",
    "stead-sqlite",
    "stead-tantivy",
];

/// Crates from outside that bring I/O or async, and so stay out of floor 0.
const IMPURE: [&str; 9] =
    ["async-trait", "futures", "futures-util", "jiff", "reqwest", "rusqlite", "rustix", "tempfile", "tokio"];

/// A crate of the workspace as cargo describes it.
pub(crate) struct Package {
    name: String,
    manifest: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// Whether only tests and benchmarks use it.
    dev: bool,
}

/// Reads the workspace's crates from `cargo metadata`.
pub(crate) fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let root = metadata["workspace_root"].as_str().context("cargo metadata names no workspace root")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    packages.iter().map(|package| read_package(package, root)).collect()
}

fn read_package(package: &Value, root: &str) -> Result<Package> {
    let manifest = package["manifest_path"].as_str().context("a package without a manifest")?;
    let listed = package["dependencies"].as_array().context("a package without a list of dependencies")?;
    let dependencies = listed.iter().map(|dependency| Dependency {
        name: dependency["name"].as_str().unwrap_or_default().to_owned(),
        dev: dependency["kind"] == "dev",
    });
    Ok(Package {
        name: package["name"].as_str().context("a package without a name")?.to_owned(),
        manifest: manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/').to_owned(),
        dependencies: dependencies.collect(),
    })
}

/// Compares what crates import with the house table.
pub(crate) fn check_packages(packages: &[Package]) -> Vec<Finding> {
    let own: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    packages.iter().flat_map(|package| check_package(package, &own)).collect()
}

fn check_package(package: &Package, own: &[&str]) -> Vec<Finding> {
    let finding = |text: String| Finding::new(&package.manifest, 1, "arrows", text);
    let Some((_, allowed)) = HOUSE.iter().find(|(name, _)| *name == package.name) else {
        let text =
            format!("`{}` has no floor; give it one in the house table of xtask/src/tidy/arrows.rs", package.name);
        return vec![finding(text)];
    };
    let faults = package.dependencies.iter().filter_map(|dependency| fault(package, dependency, allowed, own));
    faults.map(finding).collect()
}

/// Why an import is not allowed, if it is not. Tests may use the testkit besides, and those of the command any crate,
/// because they look at what it left behind.
fn fault(package: &Package, dependency: &Dependency, allowed: &[&str], own: &[&str]) -> Option<String> {
    let name = dependency.name.as_str();
    let (from, pure) = (&package.name, package_is_pure(package));
    if pure && !dependency.dev && IMPURE.contains(&name) {
        return Some(format!("`{from}` is of floor 0 and may not depend on `{name}`"));
    }
    let for_tests = dependency.dev && (name == "stead-testkit" || from == "stead-cli");
    if !own.contains(&name) || allowed.contains(&name) || for_tests {
        return None;
    }
    Some(format!("`{from}` may not import `{name}`; arrows point down, and adapters never at each other"))
}

fn package_is_pure(package: &Package) -> bool {
    PURE.iter().any(|folder| package.name == format!("stead-{folder}"))
}

/// Finds adapters named outside the one file that may, their own crates left out.
pub(crate) fn check_source(file: &RustFile) -> Vec<Finding> {
    if file.path == ENGINES || file.in_tests_folder() {
        return Vec::new();
    }
    let foreign = ADAPTERS.iter().filter(|adapter| file.crate_folder() != adapter.strip_prefix("stead-"));
    let hits = foreign.flat_map(|adapter| {
        let module = adapter.replace('-', "_");
        lines_with(&file.code, &module).into_iter().map(move |line| (line, module.clone()))
    });
    let finding = |(line, module): (usize, String)| {
        Finding::new(&file.path, line, "arrows", format!("only `{ENGINES}` names `{module}`"))
    };
    hits.map(finding).collect()
}
