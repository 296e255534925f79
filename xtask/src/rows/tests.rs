//! How tests are found by their names, and what the page says of them.
//! The sources are a few lines each.

use super::*;

fn found(path: &str, text: &str) -> BTreeMap<String, Vec<Bearer>> {
    let files = [TextFile { path: path.to_owned(), text: text.to_owned() }];
    bearers(&files, &RustFile::among(&files))
}

#[test]
fn numbers_are_read_from_names() {
    assert_eq!(numbers("row_053_054_up_and_down"), ["053", "054"]);
    assert_eq!(numbers("row_111_1000_records"), ["111"]);
    assert_eq!(numbers("row_count_is_kept"), Vec::<String>::new());
    assert_eq!(numbers("trap_s02_leftover_wal"), ["s02"]);
    assert_eq!(numbers("trap_f11"), ["f11"]);
    assert_eq!(numbers("trap_s2_x"), Vec::<String>::new());
    assert_eq!(numbers("arrow_053_x"), Vec::<String>::new());
}

#[test]
fn only_test_functions_count() {
    let text = "#[test]\nfn row_001_works() {}\n\nfn row_002_is_no_test() {}\n// fn row_003_is_said() {}\n\
                #[tokio::test]\nasync fn row_004_waits() {}\nlet f = fn row_005;\n";
    let numbers: Vec<String> = found("crates/cli/tests/init.rs", text).into_keys().collect();
    assert_eq!(numbers, ["001", "004"]);
}

#[test]
fn cases_of_the_traps_count_without_an_attribute() {
    let text = "pub(super) async fn trap_p01_arrays(scene: &Scene) {}\n";
    assert_eq!(found("crates/a/tests/traps/rows.rs", text).keys().collect::<Vec<_>>(), ["p01"]);
    assert!(found("crates/a/tests/other.rs", text).is_empty());
}

#[test]
fn scripts_count_by_their_file_names() {
    let found = found("crates/cli/tests/scripts/row_053_history.script", "exec stead history\n");
    assert_eq!(found["053"][0].name, "row_053_history");
}

#[test]
fn an_ignored_test_does_not_make_a_row_tested() {
    let text = "#[test]\n#[ignore = \"slow\"]\nfn row_001_works() {}\n#[test]\nfn trap_s02_wal() {}\n";
    let page = page(&found("crates/cli/tests/init.rs", text));
    let line = |start: &str| page.lines().find(|line| line.starts_with(start)).unwrap();
    assert!(line("| 1 |").ends_with("| ignored |"), "{}", line("| 1 |"));
    assert!(line("| S02 |").ends_with("| `trap_s02_wal` in crates/cli/tests/init.rs | tested |"));
    assert!(line("| 2 |").ends_with("| missing |"));
    assert!(page.ends_with("\n1 of 175 are tested.\n"), "{page}");
}

#[test]
fn a_stale_page_and_an_unknown_number_are_found() {
    let source = TextFile { path: "crates/a/tests/x.rs".into(), text: "#[test]\nfn row_999_x() {}\n".into() };
    let rust = RustFile::among(std::slice::from_ref(&source));
    let current = page(&bearers(std::slice::from_ref(&source), &rust));
    let stale = TextFile { path: PAGE.into(), text: current.replace("# Rows", "# Other") };
    let rules: Vec<String> = findings(&[source.clone(), stale], &rust).into_iter().map(|found| found.path).collect();
    assert_eq!(rules, [PAGE, "crates/a/tests/x.rs"]);
    let fresh = TextFile { path: PAGE.into(), text: current };
    assert_eq!(findings(&[source, fresh], &rust).len(), 1);
}

#[test]
fn the_lists_are_in_order() {
    assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!((ROWS.len(), TRAPS.len()), (67, 108));
}
