//! `docs/rows.md`: what has to hold before the embedded default counts as done, and which test shows it.
//! The page is written from the names of the tests (`row_053_…`, `trap_s02_…`), so that it cannot claim more than there is.

mod list;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use self::list::{ROWS, TRAPS};
use crate::reference::first_difference;
use crate::source::RustFile;
use crate::tidy::Finding;
use crate::workspace::{TextFile, Workspace};

const PAGE: &str = "docs/rows.md";

/// What stands above the table.
const OPENING: &str = "\
# Rows and traps

What has to hold. A row is a promise to the user; a trap (S: SQLite files, F: files in storage, P: PostgreSQL, M: MySQL and
MariaDB) is a way in which data was lost elsewhere. A test carries the number in its name, or in a script's name; a test with a
fixture runs once for each engine that is there. This page is written by `cargo xtask rows` from those names; do not edit it.
";

/// A test that carries a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Bearer {
    path: String,
    name: String,
    ignored: bool,
}

/// Writes the page.
pub(crate) fn write(workspace: &Workspace) -> Result<bool> {
    let files = workspace.files()?;
    let text = page(&bearers(&files, &RustFile::among(&files)));
    std::fs::create_dir_all(workspace.path("docs")).context("making the folder `docs`")?;
    std::fs::write(workspace.path(PAGE), &text).with_context(|| format!("writing `{PAGE}`"))?;
    println!("{PAGE}: {}", text.lines().last().unwrap_or_default());
    Ok(true)
}

/// Compares the page with the names of the tests.
pub(crate) fn check(workspace: &Workspace) -> Result<bool> {
    let files = workspace.files()?;
    let findings = findings(&files, &RustFile::among(&files));
    for finding in &findings {
        println!("{finding}");
    }
    Ok(findings.is_empty())
}

/// The finding that the page is not current, and one for each test that carries a number which is on no list.
pub(crate) fn findings(files: &[TextFile], rust: &[RustFile]) -> Vec<Finding> {
    let bearers = bearers(files, rust);
    let there = files.iter().find(|file| file.path == PAGE).map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    if let Some(difference) = first_difference(PAGE, there, &page(&bearers)) {
        let line = difference.split(':').nth(1).and_then(|line| line.parse().ok()).unwrap_or(1);
        findings.push(Finding::new(PAGE, line, "rows", "is not current; run `cargo xtask rows`"));
    }
    let known = |number: &str| ROWS.iter().any(|(row, _)| key_of_row(*row) == number) || is_trap(number);
    for (number, bearers) in bearers.iter().filter(|(number, _)| !known(number)) {
        for bearer in bearers {
            let text = format!("`{}` carries `{number}`, which is on no list in xtask/src/rows/list.rs", bearer.name);
            findings.push(Finding::new(&bearer.path, 1, "rows", text));
        }
    }
    findings
}

fn is_trap(number: &str) -> bool {
    TRAPS.iter().any(|(trap, _)| trap.to_lowercase() == number)
}

/// Rows are looked up with three digits, as test names have them.
fn key_of_row(row: u16) -> String {
    format!("{row:03}")
}

/// The whole page.
fn page(bearers: &BTreeMap<String, Vec<Bearer>>) -> String {
    let mut text = format!("{OPENING}\n## Rows\n\n{HEADER}");
    let mut done = 0;
    for (row, what) in ROWS {
        done += push_row(&mut text, &row.to_string(), what, bearers.get(&key_of_row(row)));
    }
    text.push_str(&format!("\n## Traps\n\n{HEADER}"));
    for (trap, what) in TRAPS {
        done += push_row(&mut text, trap, what, bearers.get(&trap.to_lowercase()));
    }
    let all = ROWS.len() + TRAPS.len();
    text.push_str(&format!("\n{done} of {all} are tested.\n"));
    text
}

const HEADER: &str = "| row | what | test | state |\n|---|---|---|---|\n";

/// Adds a line to the table and says whether it counts as tested, as 1 or 0.
fn push_row(text: &mut String, number: &str, what: &str, bearers: Option<&Vec<Bearer>>) -> usize {
    let bearers = bearers.map_or(&[][..], Vec::as_slice);
    let shown = bearers.iter().map(|bearer| format!("`{}` in {}", bearer.name, bearer.path));
    let state = match bearers {
        [] => "missing",
        _ if bearers.iter().all(|bearer| bearer.ignored) => "ignored",
        _ => "tested",
    };
    let shown = shown.collect::<Vec<_>>().join("<br>");
    text.push_str(&format!("| {number} | {what} | {shown} | {state} |\n"));
    usize::from(state == "tested")
}

/// The tests by the numbers that they carry. A test may carry several, as `row_053_054_up_and_down`.
fn bearers(files: &[TextFile], rust: &[RustFile]) -> BTreeMap<String, Vec<Bearer>> {
    let functions = rust.iter().flat_map(functions);
    let mut found: BTreeMap<String, Vec<Bearer>> = BTreeMap::new();
    for bearer in functions.chain(scripts(files)) {
        for number in numbers(&bearer.name) {
            found.entry(number).or_default().push(bearer.clone());
        }
    }
    found.values_mut().for_each(|bearers| bearers.sort());
    found
}

/// The test functions of a file whose names carry a number.
fn functions(file: &RustFile) -> Vec<Bearer> {
    let lines: Vec<&str> = file.code.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((before, after)) = line.split_once("fn ") else { continue };
        let name: String =
            after.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
        let attributes = attributes(&lines[..index]);
        let declared = before.trim().split(' ').all(|word| ["", "async", "pub", "pub(super)"].contains(&word));
        // Among the traps of a server a macro makes the tests, one for each version; a case that it leaves out is dead code,
        // which the build refuses.
        let is_case = file.path.contains("/tests/traps/");
        let is_test = is_case || attributes.iter().any(|line| line.contains("test"));
        if declared && !numbers(&name).is_empty() && is_test {
            let ignored = attributes.iter().any(|line| line.starts_with("#[ignore"));
            found.push(Bearer { path: file.path.clone(), name, ignored });
        }
    }
    found
}

/// The attributes right above a line.
fn attributes<'a>(above: &[&'a str]) -> Vec<&'a str> {
    let lines = above.iter().rev().map(|line| line.trim());
    lines.take_while(|line| line.starts_with("#[") || line.is_empty()).filter(|line| !line.is_empty()).collect()
}

/// The scripts whose names carry a number. Those lie in a `tests` folder and do not end in `.rs`.
fn scripts(files: &[TextFile]) -> Vec<Bearer> {
    let scripts = files.iter().filter(|file| file.path.contains("/tests/") && file.path.ends_with(".script"));
    let bearer = |file: &TextFile| {
        let name = file.path.rsplit('/').next()?.strip_suffix(".script")?;
        Some(Bearer { path: file.path.clone(), name: name.to_owned(), ignored: false })
    };
    scripts.filter_map(bearer).filter(|bearer| !numbers(&bearer.name).is_empty()).collect()
}

/// The numbers in a test's name: `053` and `054` for `row_053_054_…`, `s02` for `trap_s02_…`.
fn numbers(name: &str) -> Vec<String> {
    let all_digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = name.strip_prefix("row_") {
        let parts = rest.split(['_', '-']);
        return parts.take_while(|part| all_digits(part, 3)).map(str::to_owned).collect();
    }
    let Some(rest) = name.strip_prefix("trap_") else { return Vec::new() };
    let is_number = |part: &&str| part.strip_prefix(['s', 'f', 'p', 'm']).is_some_and(|digits| all_digits(digits, 2));
    rest.split(['_', '-']).take_while(is_number).map(str::to_owned).collect()
}
