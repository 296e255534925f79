//! The speech rule seen to fail for each thing it forbids, and to let off the crates that may talk.
//! Working with another program's output is no speech, and has a test of its own.

use super::*;

fn findings(path: &str, text: &str) -> usize {
    check(&RustFile::new(path, text)).len()
}

#[test]
fn each_forbidden_thing_is_found() {
    let lines = [
        "println!(\"x\");",
        "eprint!(\"x\");",
        "dbg!(x);",
        "let out = std::io::stdout();",
        "use std::io::{self, Stderr};",
        "use std::io::IsTerminal;",
        "env::var(\"HOME\")",
        "std::env::home_dir()",
    ];
    for line in lines {
        assert_eq!(findings("crates/stead/src/a.rs", line), 1, "{line}");
    }
}

#[test]
fn those_who_may_speak_are_let_off() {
    for path in ["crates/cli/src/printer.rs", "crates/admin/src/a.rs", "crates/testkit/src/a.rs", "xtask/src/main.rs"] {
        assert_eq!(findings(path, "println!(\"x\");"), 0, "{path}");
    }
    assert_eq!(findings("crates/stead/src/init/tests.rs", "println!(\"x\");"), 0);
}

#[test]
fn another_programs_output_is_no_speech() {
    let text = "command.stdout(Stdio::piped()).stderr(Stdio::null()); // println!\nlet name = \"println!\";\nMY_HOME";
    assert_eq!(findings("crates/stead/src/a.rs", text), 0);
}
