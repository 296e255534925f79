//! Words that must not be in the project: paths of one machine, and where that machine gets its crates from.
//! A project that holds them works for its author alone. They are put together from pieces here, so as not to find themselves.

#[cfg(test)]
mod tests;

use super::Finding;
use crate::workspace::TextFile;

const WORDS: [(&str, &str); 4] = [
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!(".cargo/", "registry"), "a path of one machine"),
    (concat!("sparse+", "http"), "the address of a registry; that belongs to the machine's own cargo settings"),
    (concat!("replace-", "with"), "a replaced registry; that belongs to the machine's own cargo settings"),
];

/// Checks one text file.
pub(crate) fn check(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for (word, why) in WORDS.iter().filter(|(word, _)| starts_a_path(line, word)) {
            findings.push(Finding::new(&file.path, index + 1, "words", format!("`{word}` is {why}")));
        }
    }
    findings
}

/// Whether the word is in the line and, if it begins with a slash, begins a path there.
fn starts_a_path(line: &str, word: &str) -> bool {
    let inside_a_path = |character: char| character.is_alphanumeric() || "_-.}~*/".contains(character);
    line.match_indices(word).any(|(start, _)| !word.starts_with('/') || !line[..start].ends_with(inside_a_path))
}
