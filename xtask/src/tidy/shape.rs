//! The shape of files and crates: sizes, opening docs, no escape hatches, no empty crate, the workspace's lints everywhere.
//! These are the rules of `STYLE.md` that a machine can judge; the rest is for readers.

#[cfg(test)]
mod tests;

use super::Finding;
use crate::source::{RustFile, lines_with};
use crate::workspace::TextFile;

/// A file that is longer is two subjects.
const MOST_LINES: usize = 800;
/// A crate with less code than this has no content yet.
const LEAST_CODE: usize = 10;

/// Checks one Rust file.
pub(crate) fn check(file: &RustFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(too_long(file));
    findings.extend(opening(file));
    findings.extend(escape_hatches(file));
    findings.extend(inline_tests(file));
    findings
}

fn too_long(file: &RustFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    let over = lines > MOST_LINES && !file.in_tests_folder();
    let text = format!("{lines} lines, where {MOST_LINES} are the most; split it by subject");
    over.then(|| Finding::new(&file.path, MOST_LINES + 1, "file-size", text))
}

/// Every module says what lives in it and why, which takes two sentences. A file of tests may leave that to its module.
fn opening(file: &RustFile) -> Option<Finding> {
    if file.path.ends_with("/tests.rs") || file.in_tests_folder() {
        return None;
    }
    let docs: Vec<&str> = file.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let count = sentences(&docs.join("\n"));
    let text = format!("opens with {count} sentences of `//!`; say what lives here and why, in two or more");
    (count < 2).then(|| Finding::new(&file.path, 1, "module-doc", text))
}

/// How many sentences a text has, counted by their ends.
fn sentences(text: &str) -> usize {
    let mut words = text.split_whitespace().peekable();
    let mut count = 0;
    while let Some(word) = words.next() {
        let bare = word.trim_end_matches(['`', ')', '"', '*', '_', '\'']);
        let ends = bare.ends_with(['.', '?', '!', ':']) && !["e.g.", "i.e.", "etc."].contains(&bare);
        // A colon ends a sentence only where a list follows it and nothing else would.
        let colon_inside = bare.ends_with(':') && words.peek().is_some_and(|next| !next.starts_with(['-', '*', '1']));
        count += usize::from(ends && !colon_inside);
    }
    count
}

fn escape_hatches(file: &RustFile) -> Vec<Finding> {
    let anywhere = [
        ("#[allow(", "write `#[expect(lint, reason = \"…\")]`, which fails once it is not needed"),
        ("#![allow(", "write `#![expect(lint, reason = \"…\")]`, which fails once it is not needed"),
        ("todo!", "unfinished work is not committed"),
        ("unimplemented!", "return the classified error `unsupported`"),
    ];
    let outside_tests = [(".unwrap()", "return the error, or `expect` with the invariant that holds")];
    let rules = anywhere.iter().chain(outside_tests.iter().filter(|_| !file.is_test()));
    let hits = rules.flat_map(|(word, advice)| {
        lines_with(&file.code, word).into_iter().map(move |line| (line, format!("`{word}`: {advice}")))
    });
    hits.map(|(line, text)| Finding::new(&file.path, line, "escape-hatch", text)).collect()
}

/// Tests live in a sibling file, so that a module can be read whole.
fn inline_tests(file: &RustFile) -> Option<Finding> {
    let line = file.code.lines().position(|line| line.trim_start().starts_with("mod tests {"))?;
    Some(Finding::new(&file.path, line + 1, "inline-tests", "move the tests to a sibling `tests.rs`"))
}

/// Checks that each crate takes the lints of the workspace, without which the lint table holds nobody.
pub(crate) fn check_manifests(files: &[TextFile]) -> Vec<Finding> {
    let crates = files.iter().filter(|file| file.path.ends_with("/Cargo.toml") && file.text.contains("[package]"));
    let faulty = crates.filter(|file| !takes_workspace_lints(&file.text));
    let text = "`[lints] workspace = true` is missing";
    faulty.map(|file| Finding::new(&file.path, 1, "workspace-lints", text)).collect()
}

fn takes_workspace_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.find(|line| !line.is_empty()) == Some("workspace = true")
}

/// Checks that each folder under `crates/` is a crate, and has content.
pub(crate) fn check_content(files: &[TextFile], rust: &[RustFile]) -> Vec<Finding> {
    let mut folders: Vec<&str> = files.iter().filter_map(|file| folder_of_crate(&file.path)).collect();
    folders.dedup();
    let check = |folder: &str| {
        let manifest = format!("crates/{folder}/Cargo.toml");
        let lines = code_lines(rust, folder);
        let text = match files.iter().any(|file| file.path == manifest) {
            false => format!("crates/{folder} has no Cargo.toml"),
            true if lines < LEAST_CODE => {
                format!("the crate has {lines} lines of code; a crate exists once it has content")
            }
            true => return None,
        };
        Some(Finding::new(&manifest, 1, "empty-crate", text))
    };
    folders.into_iter().filter_map(check).collect()
}

fn folder_of_crate(path: &str) -> Option<&str> {
    let (folder, _) = path.strip_prefix("crates/")?.split_once('/')?;
    Some(folder)
}

fn code_lines(rust: &[RustFile], folder: &str) -> usize {
    let own = rust.iter().filter(|file| file.crate_folder() == Some(folder) && !file.is_test());
    own.map(|file| file.code.lines().filter(|line| !line.trim().is_empty()).count()).sum()
}
