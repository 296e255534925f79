//! `stead index`: build, look at, check and drop search indexes. Names are checked before the first of them is worked
//! on.

use clap::{Args, Subcommand};
use serde_json::json;
use stead::environment::Environment;
use stead::error::Result;
use stead::reindex::{self, IndexState, IndexStatus};

use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::many;

/// Build, look at, check or drop search indexes
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  stead index build\n  stead index status\n  stead index verify"
)]
pub(crate) struct Index {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Build(Build),
    Status(Status),
    Verify(Verify),
    Drop(Drop),
}

/// Build indexes beside those that answer, prove them, and let them answer
///
/// While it runs, searches see the old index; if it fails or is killed, they go on seeing it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead index build\n  stead index build addons --if-needed")]
struct Build {
    /// The indexes [default: all]
    #[arg(value_name = "INDEX")]
    names: Vec<String>,
    /// Leave out indexes that were built from today's definition
    #[arg(long)]
    if_needed: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Show which indexes answer, and whether they were built from today's definition
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead index status")]
struct Status {
    /// The indexes [default: all]
    #[arg(value_name = "INDEX")]
    names: Vec<String>,
}

/// Read indexes through and compare checksums and counts
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead index verify addons")]
struct Verify {
    /// The indexes [default: all]
    #[arg(value_name = "INDEX")]
    names: Vec<String>,
}

/// Remove indexes; nothing answers under their names until they are built again
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead index drop addons --yes")]
struct Drop {
    /// The indexes
    #[arg(value_name = "INDEX", required = true)]
    names: Vec<String>,
    /// Answer the question beforehand
    #[arg(long)]
    yes: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Index {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = match self.action {
            Action::Status(_) | Action::Verify(_) => invocation.environment_to_look()?,
            Action::Build(_) | Action::Drop(_) => invocation.environment()?,
        };
        match self.action {
            Action::Build(build) => build.run(&environment).await,
            Action::Status(status) => status.run(&environment).await,
            Action::Verify(verify) => verify.run(&environment).await,
            Action::Drop(drop) => drop.run(&environment, invocation).await,
        }
    }
}

/// The names that were typed, or all there are, and those of indexes that left the project; an unknown one is refused.
async fn names_with_left(environment: &Environment, typed: Vec<String>) -> Result<Vec<String>> {
    let all = reindex::names(environment).await?;
    for name in typed.iter().filter(|name| !all.contains(name)) {
        environment.search_engine(name)?;
    }
    Ok(if typed.is_empty() { all } else { typed })
}

/// The names that were typed, or all there are; an unknown one is refused before anything is done.
fn names(environment: &Environment, typed: Vec<String>) -> Result<Vec<String>> {
    for name in &typed {
        environment.search_engine(name)?;
    }
    Ok(if typed.is_empty() { environment.project.indexes.keys().cloned().collect() } else { typed })
}

impl Build {
    async fn run(self, environment: &Environment) -> Result<Outcome> {
        let names = names(environment, self.names)?;
        if self.dry_run {
            let steps = names.iter().map(|name| format!("build index {name}")).collect();
            return super::dry_run(environment, steps);
        }
        let built = reindex::build_named(environment, &names, self.if_needed).await?;
        let lines: Vec<String> = built
            .iter()
            .map(|(name, built)| match built {
                Some(built) => format!("{name}: {}", many(built.documents, "document")),
                None => format!("{name}: current"),
            })
            .collect();
        let built: Vec<_> = built.into_iter().map(|(name, built)| json!({ "name": name, "built": built })).collect();
        Ok(Outcome::summary(json!({ "indexes": built }), lines.join("\n")))
    }
}

impl Status {
    async fn run(self, environment: &Environment) -> Result<Outcome> {
        let mut statuses = Vec::new();
        for name in names_with_left(environment, self.names).await? {
            statuses.push(reindex::status(environment, &name).await?);
        }
        let text: String = statuses.iter().map(|status| format!("{}\n", describe(status))).collect();
        Ok(Outcome::data(json!({ "indexes": statuses }), text))
    }
}

impl Verify {
    async fn run(self, environment: &Environment) -> Result<Outcome> {
        let mut verified = Vec::new();
        for name in names(environment, self.names)? {
            verified.push(stead::search::verify(environment, &name).await?);
        }
        let line =
            |index: &stead::search::Verified| format!("{}: {}, sound\n", index.name, many(index.documents, "document"));
        let text: String = verified.iter().map(line).collect();
        Ok(Outcome::data(json!({ "indexes": verified }), text))
    }
}

impl Drop {
    async fn run(self, environment: &Environment, invocation: &Invocation<'_>) -> Result<Outcome> {
        let names = names_with_left(environment, self.names).await?;
        if self.dry_run {
            let steps = names.iter().map(|name| format!("drop index {name}")).collect();
            return super::dry_run(environment, steps);
        }
        invocation.printer.confirm(&format!("drop the index {}?", names.join(", ")), self.yes)?;
        reindex::drop_named(environment, &names).await?;
        Ok(Outcome::summary(json!({ "dropped": names }), format!("dropped {}", names.join(", "))))
    }
}

/// One line about an index.
pub(crate) fn describe(status: &IndexStatus) -> String {
    let name = &status.name;
    let built = status.built.as_ref();
    let about = built.map_or_else(String::new, |built| {
        format!(", {}, as of {}, not followed", many(built.documents, "document"), built.built_at)
    });
    match status.state {
        IndexState::Absent => format!("index {name}: absent"),
        IndexState::Current => format!("index {name}: current{about}"),
        IndexState::Outdated => format!("index {name}: its definition changed since it was built{about}"),
        IndexState::LeftBehind => {
            format!("index {name}: not in the project any more{about}; `stead index drop {name}` removes it")
        }
        IndexState::Broken => format!("index {name}: broken: {}", status.problem),
    }
}
