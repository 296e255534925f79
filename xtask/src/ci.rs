//! Everything that must pass before a change is taken, in the order of what it costs, with the time of each step.
//! It goes on after a step that fails, so that one run says all there is to mend.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::workspace::{Workspace, passes};
use crate::{reference, suite, tidy};

type Step = (&'static str, fn(&Workspace) -> Result<bool>);

const STEPS: [Step; 6] = [
    ("fmt", |workspace| passes(workspace.cargo().args(["fmt", "--all", "--check"]))),
    ("tidy", tidy::run),
    ("clippy", |workspace| {
        let denied = ["--", "-D", "warnings", "-D", "clippy::too_many_lines"];
        passes(workspace.cargo().args(["clippy", "--workspace", "--all-targets"]).args(denied))
    }),
    ("reference", reference::check),
    ("doc", |workspace| {
        passes(workspace.cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
    }),
    ("test", |workspace| suite::test(workspace, &[])),
];

/// Runs every step and prints a table of them at the end.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    let begun = Instant::now();
    let mut outcomes = Vec::new();
    for (name, step) in STEPS {
        println!("\n== {name}");
        let started = Instant::now();
        let passed = step(workspace).unwrap_or_else(|error| {
            println!("{error:#}");
            false
        });
        outcomes.push((name, passed, started.elapsed()));
    }
    println!();
    for (name, passed, time) in &outcomes {
        println!("{name:10} {:6} {}", if *passed { "passed" } else { "FAILED" }, seconds(*time));
    }
    println!("{:10} {:6} {}", "all", "", seconds(begun.elapsed()));
    Ok(outcomes.iter().all(|(_, passed, _)| *passed))
}

fn seconds(time: Duration) -> String {
    format!("{:6.1} s", time.as_secs_f64())
}
