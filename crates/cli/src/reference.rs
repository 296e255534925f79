//! The command reference as Markdown, made from the same texts as the help. The page in `docs/` is this output, and the
//! build compares the two.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};
use serde_json::json;

use crate::args::Arguments;
use crate::printer::Outcome;

/// The whole reference.
pub(crate) fn outcome() -> Outcome {
    let mut root = Arguments::command().term_width(100);
    root.build();
    let mut text = String::from("# Command reference\n\nMade by `cargo xtask reference`; do not edit.\n");
    section(&mut text, &mut root, 2);
    Outcome::data(json!({ "markdown": text.clone() }), text)
}

fn section(text: &mut String, command: &mut Command, depth: usize) {
    let title = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(text, "\n{} {title}\n\n```text\n{}\n```\n", "#".repeat(depth), help.join("\n").trim_end())
        .expect("writing to a string");
    let visible =
        command.get_subcommands_mut().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    for command in visible {
        section(text, command, (depth + 1).min(4));
    }
}
