//! The house table held against workspaces that break it, written as `cargo metadata` would print them.
//! The real workspace is checked by the chore itself.

use serde_json::json;

use super::*;

/// The findings over a workspace of `(name, imports)` pairs; an import written `dev:name` is for tests only.
fn findings(crates: &[(&str, &[&str])]) -> Vec<String> {
    let dependency = |import: &&str| match import.strip_prefix("dev:") {
        Some(name) => json!({"name": name, "kind": "dev"}),
        None => json!({"name": import, "kind": null}),
    };
    let package = |(name, imports): &(&str, &[&str])| {
        let listed: Vec<Value> = imports.iter().map(dependency).collect();
        json!({"name": name, "manifest_path": format!("/r/crates/{name}/Cargo.toml"), "dependencies": listed})
    };
    let listed: Vec<Value> = crates.iter().map(package).collect();
    let metadata = json!({"workspace_root": "/r", "packages": listed});
    check_packages(&packages(&metadata).unwrap()).into_iter().map(|finding| finding.to_string()).collect()
}

#[test]
fn downward_arrows_pass() {
    let house: &[(&str, &[&str])] = &[
        ("stead-schema", &["serde"]),
        ("stead-engine", &["stead-schema", "tokio"]),
        ("stead-sqlite", &["stead-engine", "dev:stead-testkit"]),
        ("stead-testkit", &["stead-engine"]),
        ("stead", &["stead-sqlite"]),
        ("stead-cli", &["stead", "dev:stead-schema"]),
    ];
    assert_eq!(findings(house), Vec::<String>::new());
}

#[test]
fn an_upward_arrow_is_found_and_names_the_manifest() {
    let found = findings(&[("stead-engine", &["stead"]), ("stead", &[])]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("crates/stead-engine/Cargo.toml:1: arrows: `stead-engine` may not import `stead`"));
}

#[test]
fn adapters_never_import_each_other_even_in_tests() {
    let both: &[(&str, &[&str])] = &[("stead-sqlite", &["stead-tantivy"]), ("stead-tantivy", &["dev:stead-sqlite"])];
    assert_eq!(findings(both).len(), 2);
}

#[test]
fn the_testkit_is_for_tests_alone() {
    assert_eq!(findings(&[("stead", &["stead-testkit"]), ("stead-testkit", &[])]).len(), 1);
}

#[test]
fn floor_0_takes_no_crate_that_waits_or_reads() {
    assert_eq!(findings(&[("stead-sql", &["tokio"])]).len(), 1);
    assert_eq!(findings(&[("stead-sql", &["dev:tokio"])]).len(), 0);
    assert_eq!(findings(&[("stead-engine", &["tokio"])]).len(), 0);
}

#[test]
fn a_crate_without_a_floor_is_refused() {
    assert_eq!(findings(&[("stead-extras", &[])]).len(), 1);
}

#[test]
fn one_file_alone_names_adapters() {
    let found = |path: &str| check_source(&RustFile::new(path, "// stead_sqlite\nuse stead_sqlite::Sqlite;")).len();
    assert_eq!(found("crates/stead/src/init.rs"), 1);
    assert_eq!(found("crates/cli/src/main.rs"), 1);
    assert_eq!(found("crates/tantivy/src/lib.rs"), 1);
    assert_eq!(found(ENGINES), 0);
    assert_eq!(found("crates/sqlite/src/lib.rs"), 0);
    assert_eq!(found("crates/sqlite/tests/conformance.rs"), 0);
}
