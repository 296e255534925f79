//! Invariant 1: floor 0 does no I/O, reads no clock and no environment, and has no async.
//! What these crates compute can then be tested with plain values, and answers the same on every machine and day.

#[cfg(test)]
mod tests;

use super::Finding;
use crate::source::{RustFile, lines_with, std_modules};

/// The folders of floor 0.
pub(crate) const PURE: [&str; 3] = ["schema", "sql", "revision"];

/// The parts of `std` that reach outside the program.
const OUTSIDE: [&str; 5] = ["fs", "env", "net", "process", "io"];

/// Clocks, and whatever waits.
const WORDS: [&str; 5] = ["SystemTime", "Instant", "tokio", "async", ".await"];

/// Finds what a pure crate may not name. Integration tests are let off: they read the corpus.
pub(crate) fn check(file: &RustFile) -> Vec<Finding> {
    let pure = file.crate_folder().is_some_and(|folder| PURE.contains(&folder));
    if !pure || file.in_tests_folder() {
        return Vec::new();
    }
    let modules = std_modules(&file.code).into_iter().filter(|(_, name)| OUTSIDE.contains(&name.as_str()));
    let mut findings: Vec<Finding> = modules.map(|(line, name)| impure(file, line, &format!("std::{name}"))).collect();
    for word in WORDS {
        findings.extend(lines_with(&file.code, word).into_iter().map(|line| impure(file, line, word)));
    }
    findings
}

fn impure(file: &RustFile, line: usize, what: &str) -> Finding {
    let text = format!("a crate of floor 0 may not use `{what}`; let a higher floor do it and pass the value in");
    Finding::new(&file.path, line, "purity", text)
}
