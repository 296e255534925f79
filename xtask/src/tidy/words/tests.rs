//! The rule of words on single lines: it must speak for an absolute path and keep silent for a folder of that name.
//! The words are put together here too.

use super::*;

fn count(line: &str) -> usize {
    check(&TextFile { path: "a.md".into(), text: format!("first\n{line}\n") }).len()
}

#[test]
fn a_machines_path_is_found() {
    assert_eq!(count(concat!("see `/wo", "rk/main`")), 1);
    assert_eq!(count(concat!("~/.cargo/", "registry/src")), 1);
    assert_eq!(count(concat!("index = \"sparse+", "https://example.invalid\"")), 1);
}

#[test]
fn a_folder_inside_the_project_is_not() {
    assert_eq!(count(concat!("target/wo", "rk/main")), 0);
    assert_eq!(count("it will work / always"), 0);
}

#[test]
fn the_line_is_named() {
    let file = TextFile { path: "a.md".into(), text: concat!("one\n/wo", "rk/\n").into() };
    assert_eq!(check(&file)[0].line, 2);
}
