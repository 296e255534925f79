//! `stead check`: does everything match? A gate before an application starts.

use clap::Args;
use serde_json::json;
use stead::check::{Finding, check};
use stead::error::{Kind, Result};

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Compare databases, ledgers, revision files and models; exit 3 on any difference
///
/// Findings are labelled: a, the database differs from the schema its revisions left; b, the ledger differs from the
/// revision files (pending, unknown or edited); c, the newest revisions differ from the models. Nothing is changed, and
/// no right to create databases is needed on a server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead check && run-the-application")]
pub(crate) struct Check {}

impl Check {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment()?;
        super::refuse_interrupted(&environment)?;
        let findings = check(&environment).await?;
        let kind = (!findings.is_empty()).then_some(Kind::Difference);
        let data: String = findings.iter().map(|finding| format!("{}\n", line(finding))).collect();
        let data = if findings.is_empty() { "no difference\n".to_owned() } else { data };
        Ok(Outcome::data(json!({ "findings": findings }), data).with_kind(kind))
    }
}

fn line(finding: &Finding) -> String {
    format!("{}  {}: {}", finding.label, finding.subject, finding.text)
}
