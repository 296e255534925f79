//! One file a command: its arguments, its help, and how its outcome is shown. What it does is in the library.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod current;
pub(crate) mod database;
pub(crate) mod down;
pub(crate) mod downgrade;
pub(crate) mod dump;
pub(crate) mod heads;
pub(crate) mod history;
pub(crate) mod index;
pub(crate) mod init;
pub(crate) mod load;
pub(crate) mod new;
pub(crate) mod reset;
pub(crate) mod revision;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod seed;
pub(crate) mod show;
pub(crate) mod snapshots;
pub(crate) mod stamp;
pub(crate) mod status;
pub(crate) mod undo;
pub(crate) mod up;
pub(crate) mod upgrade;
pub(crate) mod volume;
pub(crate) mod wait;

use serde_json::json;
use stead::environment::Environment;
use stead::error::{Error, Kind, Result};

use crate::args::{Arguments, Command};
use crate::invocation::Invocation;
use crate::printer::{Outcome, Printer};
use crate::reference;

/// Runs the command that was typed.
pub(crate) async fn run(arguments: Arguments, printer: &Printer) -> Result<Outcome> {
    let command = format!("stead {}", arguments.command.name());
    let invocation = Invocation { global: arguments.global, printer, command };
    match arguments.command {
        Command::New(command) => command.run(&invocation),
        Command::Init(command) => command.run(&invocation).await,
        Command::Status(command) => command.run(&invocation).await,
        Command::Check(command) => command.run(&invocation).await,
        Command::Wait(command) => command.run(&invocation).await,
        Command::Up(command) => command.run(&invocation).await,
        Command::Down(command) => command.run(&invocation).await,
        Command::Volume(command) => command.run(&invocation).await,
        Command::Revision(command) => command.run(&invocation),
        Command::Upgrade(command) => command.run(&invocation).await,
        Command::Downgrade(command) => command.run(&invocation).await,
        Command::Stamp(command) => command.run(&invocation).await,
        Command::History(command) => command.run(&invocation).await,
        Command::Heads(command) => command.run(&invocation),
        Command::Current(command) => command.run(&invocation).await,
        Command::Show(command) => command.run(&invocation),
        Command::Schema(command) => command.run(&invocation).await,
        Command::Database(command) => command.run(&invocation).await,
        Command::Seed(command) => command.run(&invocation).await,
        Command::Dump(command) => command.run(&invocation).await,
        Command::Load(command) => command.run(&invocation).await,
        Command::Snapshots(command) => command.run(&invocation).await,
        Command::Reset(command) => command.run(&invocation).await,
        Command::Undo(command) => command.run(&invocation).await,
        Command::Index(command) => command.run(&invocation).await,
        Command::Search(command) => command.run(&invocation).await,
        Command::Config(command) => command.run(&invocation),
        Command::Completions(command) => command.run(),
        Command::Reference => Ok(reference::outcome()),
    }
}

/// What a dry run prints: the steps, and nothing was done. Work that was cut off half-way would be finished first.
fn dry_run(environment: &Environment, steps: Vec<String>) -> Result<Outcome> {
    refuse_interrupted(environment)?;
    let text: String = steps.iter().map(|step| format!("would {step}\n")).collect();
    let text = if steps.is_empty() { "there is nothing to do\n".to_owned() } else { text };
    Ok(Outcome::data(json!({ "dry_run": true, "steps": steps }), text))
}

/// Commands that only read do not repair: work that was cut off half-way is reported.
fn refuse_interrupted(environment: &Environment) -> Result<()> {
    let Some(operation) = environment.interrupted()? else { return Ok(()) };
    let message = format!("`{operation}` was cut off half-way");
    Err(Error::new(Kind::HalfWay, "interrupted", message)
        .hint("the next command that writes finishes it first, for example `stead init`"))
}
