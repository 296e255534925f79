//! `stead status`: what is there. It reads only and takes no lock, so it answers while other work goes on.

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;
use stead::error::{Kind, Result};
use stead::status::{AppStatus, Status as Report, status};

use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::{bytes, grouped};

/// Show what is there: databases with their revisions, storage, indexes, snapshots, undo points
///
/// Reads only and takes no lock. Work that was cut off half-way, revisions included, is reported with exit 6. With a local server that is not up the rest is shown all the same, with exit 7.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead status\n  stead status --json")]
pub(crate) struct Status {}

impl Status {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_to_look()?;
        let report = status(&environment).await?;
        let half_way = report.interrupted.is_some() || report.has_unfinished();
        let stopped = report.has_stopped().then_some(Kind::Unreachable);
        let kind = half_way.then_some(Kind::HalfWay).or(stopped);
        Ok(Outcome::data(json!({ "status": report }), text(&report)).with_kind(kind))
    }
}

fn text(report: &Report) -> String {
    let mut text = format!("project {} in {}\n", report.project, report.environment);
    for server in &report.servers {
        let port = server.port.map(|port| format!(", port {port}")).unwrap_or_default();
        line(&mut text, &format!("server {}: {} {}{port}", server.name, server.kind, server.state));
    }
    databases(&mut text, report);
    for leaf in &report.leaves {
        let state = if leaf.exists { "there" } else { "missing" };
        line(&mut text, &format!("storage {}: {state}", leaf.name));
    }
    for index in &report.indexes {
        line(&mut text, &super::index::describe(index));
    }
    line(&mut text, &format!("snapshots: {}", list(&report.snapshots)));
    let points: Vec<String> = report.undo.iter().map(|point| format!("{} ({})", point.operation, point.at)).collect();
    line(&mut text, &format!("undo points: {}", list(&points)));
    if let Some(operation) = &report.interrupted {
        line(&mut text, &format!("`{operation}` was cut off half-way; the next command that writes finishes it"));
    }
    text
}

fn databases(text: &mut String, report: &Report) {
    for database in &report.databases {
        if let Some(stopped) = &database.stopped {
            line(text, &format!("database {}: {stopped}; `stead up` starts it", database.name));
            continue;
        }
        if !database.exists {
            line(text, &format!("database {}: missing ({})", database.name, database.place));
            continue;
        }
        let marker = database.marker.as_deref().unwrap_or("not seeded");
        let size = bytes(database.bytes);
        line(text, &format!("database {}: {} {}, {size}, {marker}", database.name, database.engine, database.version));
        for app in &database.apps {
            let at = if app.current.is_empty() { "base".to_owned() } else { app.current.join(", ") };
            line(text, &format!("  app {}: {at}, {}", app.app, standing(app, report.busy)));
        }
    }
}

fn standing(app: &AppStatus, busy: bool) -> String {
    let pending = (app.pending > 0).then(|| format!("{} pending", grouped(app.pending)));
    let state = if busy { "is under way" } else { "stopped half-way" };
    let unfinished = app.unfinished.iter().map(|id| format!("{id} {state}"));
    let words: Vec<String> = unfinished.chain(pending).collect();
    if words.is_empty() { "at head".to_owned() } else { words.join(", ") }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string");
}
