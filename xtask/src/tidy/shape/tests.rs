//! Each rule of shape on a file or a workspace of a few lines, once where it must speak and once where it must not.
//! Longer inputs are made by repetition.

use super::*;

const DOC: &str = "//! What lives here. Why it does.\n";

fn rules(path: &str, text: &str) -> Vec<&'static str> {
    check(&RustFile::new(path, text)).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn long_files_are_found_except_in_tests_folders() {
    let long = format!("{DOC}{}", "fn f() {}\n".repeat(MOST_LINES));
    assert_eq!(rules("crates/a/src/lib.rs", &long), ["file-size"]);
    assert_eq!(rules("crates/a/tests/all.rs", &long), Vec::<&str>::new());
    assert_eq!(
        rules("crates/a/src/lib.rs", &format!("{DOC}{}", "fn f() {}\n".repeat(MOST_LINES - 1))),
        Vec::<&str>::new()
    );
}

#[test]
fn a_module_opens_with_two_sentences() {
    assert_eq!(rules("a/src/lib.rs", DOC), Vec::<&str>::new());
    assert_eq!(rules("a/src/lib.rs", "//! Under construction.\n"), ["module-doc"]);
    assert_eq!(rules("a/src/lib.rs", "use std::fmt;\n//! One. Two.\n"), ["module-doc"]);
    assert_eq!(rules("a/src/tests.rs", "use super::*;\n"), Vec::<&str>::new());
}

#[test]
fn sentences_are_counted_by_their_ends() {
    assert_eq!(sentences(" One `a.b.c` here\n and on. Two (really)."), 2);
    assert_eq!(sentences(" Version 1.2.3 of it, e.g. this."), 1);
    assert_eq!(sentences(" Like so: and on. Really?"), 2);
    assert_eq!(sentences(""), 0);
}

#[test]
fn escape_hatches_are_found() {
    let found = |line: &str| rules("crates/a/src/lib.rs", &format!("{DOC}{line}\n")).len();
    assert_eq!(found("#[allow(dead_code)]"), 1);
    assert_eq!(found("todo!()"), 1);
    assert_eq!(found("unimplemented!(\"later\")"), 1);
    assert_eq!(found("reading.unwrap();"), 1);
    assert_eq!(found("reading.unwrap_or_default(); // .unwrap()"), 0);
    assert_eq!(found("#[expect(dead_code, reason = \"x\")]"), 0);
}

#[test]
fn tests_may_unwrap_and_nothing_else() {
    let text = format!("{DOC}a.unwrap();\n");
    assert_eq!(rules("crates/a/tests/all.rs", &text), Vec::<&str>::new());
    assert_eq!(rules("crates/a/src/tests.rs", "todo!()"), ["escape-hatch"]);
}

#[test]
fn tests_inside_a_module_are_found() {
    assert_eq!(rules("a/src/lib.rs", &format!("{DOC}#[cfg(test)]\nmod tests {{\n}}\n")), ["inline-tests"]);
    assert_eq!(rules("a/src/lib.rs", &format!("{DOC}#[cfg(test)]\nmod tests;\n")), Vec::<&str>::new());
}

fn file(path: &str, text: &str) -> TextFile {
    TextFile { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_crate_without_the_lints_of_the_workspace_is_found() {
    let manifests = [
        file("crates/a/Cargo.toml", "[package]\n[lints]\nworkspace = true\n"),
        file("crates/b/Cargo.toml", "[package]\n[dependencies]\nx.workspace = true\n"),
        file("crates/c/Cargo.toml", "[package]\n[lints.rust]\nworkspace = true\n"),
        file("Cargo.toml", "[workspace]\n"),
    ];
    let found: Vec<String> = check_manifests(&manifests).into_iter().map(|finding| finding.path).collect();
    assert_eq!(found, ["crates/b/Cargo.toml", "crates/c/Cargo.toml"]);
}

#[test]
fn empty_crates_are_found() {
    let full = "fn f() {}\n".repeat(LEAST_CODE);
    let files = [
        file("crates/bare/notes.md", ""),
        file("crates/docs/Cargo.toml", ""),
        file("crates/docs/src/lib.rs", &"//! Only talk.\n".repeat(30)),
        file("crates/full/Cargo.toml", ""),
        file("crates/full/src/lib.rs", &full),
        file("crates/tested/Cargo.toml", ""),
        file("crates/tested/src/tests.rs", &full),
    ];
    let found: Vec<String> =
        check_content(&files, &RustFile::among(&files)).into_iter().map(|found| found.path).collect();
    assert_eq!(found, ["crates/bare/Cargo.toml", "crates/docs/Cargo.toml", "crates/tested/Cargo.toml"]);
}
