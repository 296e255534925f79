//! The rule of the tree on printed trees, as cargo prints them with one package a line.
//! Only whole names count.

use super::*;

#[test]
fn a_banned_package_is_found_once() {
    let tree = "stead v0.1.0 (/somewhere)\nbindgen v0.72.0\nbindgen v0.72.0 (*)\ncmake v0.1.54\n";
    let found: Vec<String> = banned(tree).into_iter().map(|finding| finding.to_string()).collect();
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("Cargo.lock:1: dependency-tree: `bindgen`"));
}

#[test]
fn a_name_that_only_begins_alike_passes() {
    assert_eq!(banned("wasm-bindgen v0.2.0\nbindgen-cli v1.0.0\n"), Vec::new());
}
