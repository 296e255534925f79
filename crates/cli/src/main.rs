//! The `stead` command. This file reads the command line, runs one command and turns its outcome into output and an
//! exit code; each command lives in a file of its own under `commands`, and all that is printed passes `printer`.

mod args;
mod commands;
mod diagnostic;
mod interrupt;
mod invocation;
mod printer;
mod progress;
mod reference;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use stead::error::Error;

use crate::args::Arguments;
use crate::interrupt::Interrupt;
use crate::printer::{Outcome, Printer};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(printer::usage(&error, asks_for_json())),
    };
    let printer = Printer::new(arguments.global.json, arguments.command.name());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime of one thread needs only what every process has");
    let run = AssertUnwindSafe(|| runtime.block_on(until_stopped(arguments, &printer)));
    let ended = catch_unwind(run);
    // Work that was handed to other threads and that nobody waits for any more is no reason to stay.
    runtime.shutdown_background();
    match ended {
        Ok(Ok(outcome)) => ExitCode::from(printer.outcome(outcome)),
        Ok(Err(error)) => ExitCode::from(printer.error(&error)),
        // The message and the place were printed where it happened.
        Err(_panic) => ExitCode::from(printer.error(&Error::bug("stead came into a state that cannot be"))),
    }
}

/// Runs the command to its end, or to the first signal that stops it: then its work is dropped, which cancels what servers do
/// for it.
async fn until_stopped(arguments: Arguments, printer: &Printer) -> Result<Outcome, Error> {
    let stopped = Interrupt::listen(*printer).error(format!("stead {}", arguments.command.name()));
    tokio::select! {
        biased;
        outcome = commands::run(arguments, printer) => outcome,
        error = stopped => Err(error),
    }
}

/// True if the command line asks for JSON, for the case that it cannot be understood as a whole.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}
