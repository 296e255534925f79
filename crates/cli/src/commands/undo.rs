//! `stead undo`: take back the last destructive command. The question counts what was written since, because that
//! moves out of sight.

use clap::Args;
use serde_json::json;
use stead::counted::counted;
use stead::environment::Environment;
use stead::error::Result;
use stead::undo;

use crate::args::Consent;
use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::{bytes, many};

/// Take back the newest load, seed, reset, `init --clean`, `init --load` or undo
///
/// Databases, storage and indexes of that moment come back together. What is there now becomes the next undo point, so
/// undoing twice is redo.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead undo\n  stead undo --list\n  stead undo --prune          remove every undo point"
)]
pub(crate) struct Undo {
    /// Show the undo points, newest first
    #[arg(long, conflicts_with = "prune")]
    list: bool,
    /// Remove every undo point
    #[arg(long)]
    prune: bool,
    /// Answer the question beforehand
    #[arg(long)]
    yes: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Undo {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        if self.list {
            return list(&invocation.environment_to_look()?).await;
        }
        let environment = invocation.environment_with(self.consent.consents())?;
        let finished = if self.dry_run { None } else { undo::carry_on(&environment).await? };
        if self.prune {
            return self.prune(&environment, invocation).await;
        }
        if let Some(operation) = finished {
            let text = format!("took back `{operation}`, which an earlier run had begun");
            return Ok(Outcome::summary(json!({ "undone": operation, "before": null }), text));
        }
        let preview = undo::preview(&environment).await?;
        if self.dry_run {
            let steps = undo::plan(&preview);
            return super::dry_run(&environment, steps);
        }
        let written: i64 = preview.databases.iter().map(|database| database.written_since.max(0)).sum();
        if environment.project.protected || environment.project.environment != "development" {
            let question = format!(
                "take back `{}` of {}? that moves to a new undo point what was written since: {}",
                preview.operation,
                preview.at,
                many(written.unsigned_abs(), "row")
            );
            invocation.printer.confirm(&question, self.yes)?;
        }
        let operation = undo::undo(&environment).await?;
        let since = if written > 0 {
            format!("; kept as the next undo point: {} written since", many(written.unsigned_abs(), "row"))
        } else {
            String::new()
        };
        Ok(Outcome::summary(
            json!({ "undone": operation, "before": preview }),
            format!("took back `{operation}`{since}"),
        ))
    }

    async fn prune(&self, environment: &Environment, invocation: &Invocation<'_>) -> Result<Outcome> {
        let points = undo::list(&environment.state)?;
        if points.is_empty() || self.dry_run {
            let text = format!("{} would be removed", counted(points.len(), "undo point"));
            let text = if points.is_empty() { "there is no undo point".to_owned() } else { text };
            return Ok(Outcome::summary(json!({ "removed": 0, "points": points }), text));
        }
        let question = format!("remove {}? what they keep is gone then", counted(points.len(), "undo point"));
        invocation.printer.confirm(&question, self.yes)?;
        let removed = undo::prune_all(environment).await?;
        Ok(Outcome::summary(json!({ "removed": removed }), format!("removed {}", counted(removed, "undo point"))))
    }
}

async fn list(environment: &Environment) -> Result<Outcome> {
    let (mut lines, mut documents) = (String::new(), Vec::new());
    for point in undo::list(&environment.state)?.iter().rev() {
        let size = point.size(environment).await?;
        let rows: u64 = point.databases.iter().filter_map(|database| database.rows).sum();
        let stopped = point
            .databases
            .iter()
            .find_map(|database| database.kept.as_ref().and_then(|_kept| environment.stopped(&database.name)));
        let more = stopped.map(|error| format!(" and what is on a server: {}", error.message)).unwrap_or_default();
        lines += &format!("{}  {}  {}, {}{more}\n", point.at, point.operation, many(rows, "row"), bytes(size));
        documents.push(json!({ "point": point, "bytes": size }));
    }
    let lines = if lines.is_empty() { "there is no undo point\n".to_owned() } else { lines };
    Ok(Outcome::data(json!({ "points": documents }), lines))
}
