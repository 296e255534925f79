//! The purity rule seen to fail for each thing it forbids, and to let off the places it must.
//! The inputs are single lines, since the rule looks at lines.

use super::*;

fn findings(path: &str, text: &str) -> usize {
    check(&RustFile::new(path, text)).len()
}

#[test]
fn each_forbidden_thing_is_found() {
    let lines = [
        "use std::fs;",
        "use std::{collections::BTreeMap, env};",
        "std::net::TcpStream::connect(x);",
        "std::process::exit(1);",
        "use std::io::Write;",
        "let now = SystemTime::now();",
        "Instant::now();",
        "use tokio::time;",
        "async fn read() {}",
        "reading.await",
    ];
    for line in lines {
        assert_eq!(findings("crates/schema/src/a.rs", line), 1, "{line}");
        assert_eq!(findings("crates/sql/src/tests.rs", line), 1, "{line}");
    }
}

#[test]
fn other_floors_and_integration_tests_are_let_off() {
    assert_eq!(findings("crates/engine/src/a.rs", "use std::fs;"), 0);
    assert_eq!(findings("crates/sql/tests/corpus.rs", "use std::fs;"), 0);
}

#[test]
fn harmless_lines_pass() {
    let text = "use std::time::Duration; // std::fs\nlet asynchronous = \"async\";\nuse std::fmt;";
    assert_eq!(findings("crates/revision/src/a.rs", text), 0);
}
