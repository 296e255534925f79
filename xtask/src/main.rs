//! The chores of this repository, run as `cargo xtask NAME`: checks of the house rules, the one test command, generated pages.
//! They are a Rust program and not shell scripts so that they have tests of their own and run wherever the project builds.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person or the log that started it"
)]

mod ci;
mod reference;
mod rows;
mod servers;
mod source;
mod suite;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

const HELP: &str = "\
cargo xtask NAME

  tidy                          check the rules that the compiler cannot: layers, purity, sizes, links, dependency tree
  test [-p CRATE]… [FILTER…]    get what is missing, build, run every test, say what was skipped and why
  servers start|stop|env        start one server of each kind for tests, stop them, or print where they are
  torture SUITE                 run the full number of a long suite, where `test` runs a sample
  reference [--check]           write docs/reference.md from the program, or compare it
  rows [--check]                write docs/rows.md from the names of the tests, or compare it
  bench-help                    list the benchmarks and how to run them
  ci                            everything that must pass before a change is taken, with the time of each step
  help                          this text

Environment:
  CI                    set: `test` goes on after a crate that fails
  STEAD_TEST_REQUIRE    names, comma separated, of what may not be skipped: sqlite, zstd, make, corpus, unprivileged,
                        postgres15, postgres18, mariadb, mysql, …
  STEAD_TEST_POSTGRES15_URL, …_POSTGRES18_URL, …_MARIADB_URL, …_MYSQL_URL
                        a server that is there already; none is started then
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one chore. The answer is whether it found everything in order.
fn run(arguments: &[String]) -> Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(true)
        }
        ["tidy"] => tidy::run(&Workspace::find()?),
        ["test", rest @ ..] => suite::test(&Workspace::find()?, rest),
        ["servers", "start"] => servers::start(&Workspace::find()?),
        ["servers", "stop"] => servers::stop(&Workspace::find()?),
        ["servers", "env"] => servers::environment(&Workspace::find()?),
        ["servers", "guard", folder] => servers::guard(folder),
        ["servers", ..] => bail!("servers takes one word: `start`, `stop` or `env`"),
        ["torture", suite] => suite::torture(&Workspace::find()?, suite),
        ["torture", ..] => bail!("torture takes the name of one suite; `cargo xtask torture all` runs every one"),
        ["reference"] => reference::write(&Workspace::find()?),
        ["reference", "--check"] => reference::check(&Workspace::find()?),
        ["rows"] => rows::write(&Workspace::find()?),
        ["rows", "--check"] => rows::check(&Workspace::find()?),
        ["bench-help"] => suite::bench_help(&Workspace::find()?),
        ["ci"] => ci::run(&Workspace::find()?),
        [name, ..] => bail!("`{name}` is not a chore, or not with these arguments; `cargo xtask help` lists them"),
    }
}
