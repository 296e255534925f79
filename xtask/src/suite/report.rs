//! What a run of tests amounts to: counts, the tests that failed, and what was skipped with its reason.
//! It is read from the lines that cargo prints and from the file of skips, and shown once at the end.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Something that was not tested.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Skip {
    /// What was lacking, in one word that `STEAD_TEST_REQUIRE` can name.
    pub(super) key: String,
    /// The test, or what misses the thing.
    pub(super) test: String,
    pub(super) reason: String,
}

impl fmt::Display for Skip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} ({})", self.key, self.reason, self.test)
    }
}

/// The sum of a run.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: Vec<String>,
    pub(super) failures: Vec<String>,
    pub(super) skips: Vec<Skip>,
}

impl Report {
    /// Takes one line of what `cargo test` prints.
    pub(super) fn note(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += count(counts, " passed");
            self.failed += count(counts, " failed");
        } else if let Some((name, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) {
            if outcome == "FAILED" {
                self.failures.push(name.to_owned());
            } else if outcome.starts_with("ignored") {
                self.ignored.push(format!("{name}{}", outcome.trim_start_matches("ignored")));
            }
        }
    }

    /// How many tests ran.
    pub(super) fn ran(&self) -> u64 {
        self.passed + self.failed
    }

    /// The skips of things that had to be tested.
    pub(super) fn lacking(&self, required: &str) -> Vec<&Skip> {
        let required: Vec<&str> = required.split(',').map(str::trim).collect();
        self.skips.iter().filter(|skip| required.contains(&skip.key.as_str())).collect()
    }

    /// The summary for a person, one line a fact.
    pub(super) fn summary(&self) -> String {
        let mut text = format!("tests: {} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored.len());
        for name in &self.failures {
            text.push_str(&format!("\nfailed: {name}"));
        }
        for name in &self.ignored {
            text.push_str(&format!("\nignored: {name}"));
        }
        for ((key, reason), tests) in self.grouped() {
            write!(text, "\nskipped: {key}: {reason}: {}", tests.join(", ")).expect("a string takes any text");
        }
        if self.skips.is_empty() {
            text.push_str("\nskipped: nothing");
        }
        text
    }

    /// The tests that were skipped for the same reason, together.
    fn grouped(&self) -> BTreeMap<(&str, &str), Vec<&str>> {
        let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for skip in &self.skips {
            let tests = groups.entry((&skip.key, &skip.reason)).or_default();
            if !tests.contains(&skip.test.as_str()) {
                tests.push(&skip.test);
            }
        }
        groups
    }
}

/// Reads the file of skips: a line each, `KEY<TAB>TEST<TAB>REASON`. A line of another shape is kept whole as a reason.
pub(super) fn skips(text: &str) -> Vec<Skip> {
    let read = |line: &str| {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(key), Some(test), Some(reason)) => Skip { key, test, reason },
            _ => Skip { key: "unnamed".into(), test: "a test".into(), reason: line.to_owned() },
        }
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(read).collect()
}

fn count(counts: &str, word: &str) -> u64 {
    let before = counts.split(';').find_map(|part| part.strip_suffix(word));
    before.and_then(|part| part.rsplit(' ').next()).and_then(|number| number.parse().ok()).unwrap_or(0)
}
