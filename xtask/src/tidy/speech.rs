//! Invariant 2: nothing below the command line and the admin pages prints, asks what a terminal is, or knows anybody's home.
//! The library then serves a terminal, a web page and a program alike; clippy's print lints say the same, and this rule
//! covers what they do not.

#[cfg(test)]
mod tests;

use super::Finding;
use crate::source::{RustFile, lines_with};

/// The crates that talk to people, and the one that only tests use.
const MAY_SPEAK: [&str; 3] = ["cli", "admin", "testkit"];

const MACROS: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
const TERMINAL: [&str; 7] = ["io::stdout", "io::stderr", "Stdout", "Stderr", "IsTerminal", "is_terminal", "isatty"];
const HOME: [&str; 2] = ["home_dir", "\"HOME\""];

/// Finds what only the top floor may do. Tests may print, and may set a home for the programs that they start.
pub(crate) fn check(file: &RustFile) -> Vec<Finding> {
    let silent = file.crate_folder().is_some_and(|folder| !MAY_SPEAK.contains(&folder));
    if !silent || file.is_test() {
        return Vec::new();
    }
    let found = |words: &[&'static str], text: &str, advice: &str| -> Vec<Finding> {
        let hits = words.iter().flat_map(|word| lines_with(text, word).into_iter().map(move |line| (line, *word)));
        hits.map(|(line, word)| Finding::new(&file.path, line, "speech", format!("`{word}` {advice}"))).collect()
    };
    let mut findings = found(&MACROS, &file.code, "prints; hand it to the `Reporter` port");
    findings.extend(found(&TERMINAL, &file.code, "knows a terminal; only the command line and the admin pages do"));
    findings.extend(found(&HOME, &file.with_strings, "looks for the user's home; take the folder as an argument"));
    findings
}
