//! `stead dump`: keep rows and files under a name. With `--stdout` the stream is the only thing on standard output.

use clap::Args;
use serde_json::json;
use stead::dump::{DumpOptions, dump, dump_stream};
use stead::error::Result;

use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::{bytes, many};

/// Keep rows and files together, as a snapshot
///
/// Databases and storage are read in one consistent view each, compressed, read back and compared before the snapshot
/// gets its name. A name that is taken is refused; with `--force` the old one stays until the new one is in its place.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead dump                        named by the time, in UTC\n  stead dump --name \
                        before --force\n  stead dump --stdout | ssh store 'cat > shop.tar'"
)]
pub(crate) struct Dump {
    /// The snapshot's name [default: the time, YYYYMMDDHHMMSS]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Replace a snapshot of that name
    #[arg(long)]
    force: bool,
    /// Write the snapshot as a tar stream to standard output instead of keeping it
    #[arg(long, conflicts_with_all = ["force", "json"])]
    stdout: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Dump {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment()?;
        let options = DumpOptions { name: self.name, force: self.force };
        if self.dry_run {
            let steps = stead::dump::plan(&environment, &options).await?;
            return super::dry_run(&environment, steps);
        }
        if self.stdout {
            let mut output = std::io::stdout().lock();
            let dumped = dump_stream(&environment, &options, &mut output).await?;
            return Ok(Outcome::summary(json!({}), format!("wrote {}", bytes(dumped.packed_bytes))));
        }
        let dumped = dump(&environment, &options).await?;
        let text = format!(
            "kept as `{}`: {}, {}, {}",
            dumped.name,
            many(dumped.rows, "row"),
            many(dumped.files, "file"),
            bytes(dumped.packed_bytes)
        );
        Ok(Outcome::summary(json!({ "snapshot": dumped }), text))
    }
}
