//! Tests of blanking and searching, each on a few lines of source. The inputs are the places where a careless reader of Rust
//! goes wrong: quotes in comments, comments in strings, lifetimes, raw strings, nested comments.

use super::*;

fn code(text: &str) -> String {
    RustFile::new("crates/x/src/lib.rs", text).code
}

#[test]
fn comments_are_blanked_and_lines_stay() {
    let file = RustFile::new("a.rs", "one(); // std::fs\n/* two\n/* nested */ three */ four();\n/// said\nfive();");
    assert_eq!(file.code.lines().map(str::trim).collect::<Vec<_>>(), ["one();", "", "four();", "", "five();"]);
    assert_eq!(file.code, file.with_strings);
}

#[test]
fn strings_are_blanked_in_code_and_kept_in_the_other_reading() {
    let file = RustFile::new("a.rs", "let a = \"// no \\\" comment\"; println!();");
    assert!(file.code.contains("println!()") && !file.code.contains("comment"));
    assert!(file.with_strings.contains("// no"));
}

#[test]
fn raw_strings_end_at_their_own_hashes() {
    let blanked = code("let a = r#\"x \" todo!() \"#; let b = br\"todo!()\"; let r#type = 1; bar\"todo!()\"; done();");
    assert!(!blanked.contains("todo"), "{blanked}");
    assert!(blanked.contains("r#type = 1") && blanked.contains("done()"));
}

#[test]
fn a_lifetime_is_not_an_open_character() {
    let blanked = code("fn f<'a>(x: &'a str) -> char { let q = '\"'; let n = '\\''; todo!() }");
    assert!(blanked.contains("todo!()") && blanked.contains("'a str"), "{blanked}");
}

#[test]
fn an_unclosed_string_or_comment_ends_with_the_file() {
    assert_eq!(code("a \"b").trim(), "a");
    assert_eq!(code("a /* b").trim(), "a");
    assert_eq!(code("a r#\"b\"").trim(), "a");
    assert_eq!(code("a \"b\\").trim(), "a");
}

#[test]
fn a_pattern_is_not_found_inside_a_longer_word() {
    let text = "let instant = 1;\nlet x: Instant;\nInstantly\nmy_Instant\nInstant::now()";
    assert_eq!(lines_with(text, "Instant"), [2, 5]);
    assert_eq!(lines_with("a.unwrap()\na.unwrap_or(b)", ".unwrap()"), [1]);
}

#[test]
fn std_modules_are_found_alone_and_in_groups() {
    let text = "use std::{\n    collections::{BTreeMap, fs},\n    io,\n};\nlet x = std::env::var();\nmystd::fs";
    let names = std_modules(text);
    let shown: Vec<(usize, &str)> = names.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(shown, [(2, "collections"), (3, "io"), (5, "env")]);
}

#[test]
fn tests_are_known_by_their_place() {
    let is_test = |path: &str| RustFile::new(path, "").is_test();
    assert!(is_test("crates/a/src/b/tests.rs") && is_test("crates/a/tests/c.rs") && is_test("crates/a/benches/c.rs"));
    assert!(!is_test("crates/a/src/tests_of.rs") && !is_test("crates/a/src/lib.rs"));
    assert_eq!(RustFile::new("crates/a/src/b.rs", "").crate_folder(), Some("a"));
    assert_eq!(RustFile::new("xtask/src/b.rs", "").crate_folder(), None);
}
