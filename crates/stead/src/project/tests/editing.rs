//! Edits that leave everything else as it was.

use super::super::set_value;

const TEXT: &str = "# the shop\n[project]\nname = \"a\" # short\n\n[undo]   # how far back\nkeep = 3  # points\n\n[servers]\ns = { kind = \"mysql\" } # local\n";

#[test]
fn comments_order_and_spacing_stay() {
    let edited = set_value(TEXT, "undo.keep", "5").unwrap();
    assert_eq!(edited, TEXT.replace("keep = 3 ", "keep = 5 "));
    let edited = set_value(TEXT, "project.name", "shop").unwrap();
    assert_eq!(edited, TEXT.replace("\"a\" #", "\"shop\" #"));
    let edited = set_value(TEXT, "servers.s.port", "3307").unwrap();
    assert_eq!(edited, TEXT.replace("\"mysql\" }", "\"mysql\", port = 3307 }"));
}

#[test]
fn new_keys_and_tables_are_made() {
    assert_eq!(
        set_value("", "databases.catalog.url", "sqlite:x.db").unwrap(),
        "[databases.catalog]\nurl = \"sqlite:x.db\"\n"
    );
    let edited = set_value(TEXT, "undo.max_size", "\"20GB\"").unwrap();
    assert_eq!(edited, TEXT.replace("# points\n", "# points\nmax_size = \"20GB\"\n"));
    let edited = set_value(TEXT, "storage.leaves", "['a', \"b\"]").unwrap();
    assert_eq!(edited, format!("{TEXT}\n[storage]\nleaves = ['a', \"b\"]\n"));
    let edited = set_value("databases.a.url = \"x\"\n", "databases.b.url", "y").unwrap();
    let parsed: toml_edit::DocumentMut = edited.parse().unwrap();
    assert_eq!(parsed["databases"]["b"]["url"].as_str(), Some("y"), "{edited}");
}

#[test]
fn edits_that_the_structure_forbids_are_refused() {
    let refused = |path: &str, value: &str| super::written(&set_value(TEXT, path, value).unwrap_err());
    assert_eq!(refused("undo", "5"), "cannot set `undo`: it is a table [not-editable]");
    assert_eq!(
        refused("undo.keep.deep", "5"),
        "cannot set `undo.keep.deep`: a part of the path is a value, not a table [not-editable]"
    );
    assert!(refused("undo.keep", "[1,").starts_with("cannot set `undo.keep`: the value is not valid TOML"));
    assert!(refused("a..b", "1").ends_with("[setting-path]"));
    assert!(super::written(&set_value("x = ", "a", "1").unwrap_err()).ends_with("[toml-syntax]"));
    let seed = set_value("[[seed.steps]]\nsql = \"x\"\n", "seed.steps.sql", "y").unwrap_err();
    assert!(super::written(&seed).contains("an array of tables"), "{seed}");
}
