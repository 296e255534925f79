//! The `stead` command. This file reads the command line, runs one command and turns its outcome into output and an
//! exit code; each command lives in a file of its own under `commands`, and all that is printed passes `printer`.

mod args;
mod commands;
mod diagnostic;
mod invocation;
mod printer;
mod progress;
mod reference;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::printer::Printer;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(printer::usage(&error)),
    };
    let printer = Printer::new(arguments.global.json, arguments.command.name());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime of one thread needs only what every process has");
    match runtime.block_on(commands::run(arguments, &printer)) {
        Ok(outcome) => ExitCode::from(printer.outcome(outcome)),
        Err(error) => ExitCode::from(printer.error(&error)),
    }
}
