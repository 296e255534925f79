//! `stead wait`: until every server answers. It is meant for scripts that start an application after its databases.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use stead::error::Result;
use stead::wait::{Patience, open};

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Wait until every database server answers
///
/// Pauses between attempts grow. A database that does not exist yet is an answer; a file that cannot be read is not.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  stead wait && run-the-application\n  stead wait --attempts 20")]
pub(crate) struct Wait {
    /// Attempts before giving up
    #[arg(long, value_name = "N", default_value_t = Patience::default().attempts)]
    attempts: u32,
    /// The first pause in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 250)]
    pause: u64,
}

impl Wait {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let patience = Patience { attempts: self.attempts, pause: Duration::from_millis(self.pause) };
        let environment = open(patience, || invocation.environment()).await?;
        let names: Vec<&str> = environment.databases.iter().map(|database| database.name.as_str()).collect();
        Ok(Outcome::summary(json!({ "answering": names }), format!("answering: {}", names.join(", "))))
    }
}
