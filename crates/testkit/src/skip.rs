//! Saying that a test did not run. A test that returns early looks like one that passed, so each such return goes through here,
//! and the test command lists them at the end and fails if one of them was required.

#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::Write;

/// The environment variable that names the file to which skips are added.
const FILE: &str = "STEAD_TEST_SKIPS";

/// Reports that the running test is skipped, because the thing that `key` names is lacking.
///
/// Keys are single words that `STEAD_TEST_REQUIRE` may list: `sqlite` (the `sqlite3` program, as a second opinion), `zstd`,
/// `make`, `corpus`, `root`, `unprivileged`, `tmpfs`, `pgbouncer`. The reason is a fragment that names what is lacking and where
/// it was looked for.
pub fn skip(key: &str, reason: &str) {
    let thread = std::thread::current();
    skip_named(key, thread.name().unwrap_or("a test"), reason);
}

/// True for the full number of a long suite (`STEAD_TORTURE=full`), false for the sample of it that every run takes.
#[must_use]
pub fn full() -> bool {
    std::env::var("STEAD_TORTURE").is_ok_and(|value| value == "full")
}

/// Reports a skip for a test that is not the running thread's, such as one script of many.
pub fn skip_named(key: &str, test: &str, reason: &str) {
    tell(key, test, reason);
    let Some(path) = std::env::var_os(FILE) else { return };
    let line = line(key, test, reason);
    let written =
        OpenOptions::new().append(true).create(true).open(&path).and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        panic!("the skip of `{test}` cannot be reported to `{}`: {error}", path.display());
    }
}

#[expect(clippy::print_stdout, reason = "libtest shows it with --nocapture, for whoever runs a single test")]
fn tell(key: &str, test: &str, reason: &str) {
    println!("skipped: {test}: {key}: {reason}");
}

/// One line of the file: key, test and reason with tabs between. It is written in one piece, since tests run side by side.
fn line(key: &str, test: &str, reason: &str) -> String {
    let flat = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    format!("{}\t{}\t{}\n", flat(key), flat(test), flat(reason))
}
