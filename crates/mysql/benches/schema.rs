//! Reads the schema of one big database and prints the time it took and the most memory the process had. `benches/schema.sh`
//! makes the database, names it in `STEAD_SCALE_URL` and prints the same time of a program that dumps schemas.

use std::time::Instant;

use stead_engine::{Access, EngineError, Place, Server as _};
use stead_mysql::MysqlServer;

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]
fn main() -> Result<(), EngineError> {
    let Ok(url) = std::env::var("STEAD_SCALE_URL") else {
        println!("`STEAD_SCALE_URL` is not set: run benches/schema.sh");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    runtime.block_on(async {
        let server = MysqlServer::connect_lazily(&url)?;
        let mut session = server.open(&Place("stead_scale".to_owned()), Access::Read).await?;
        let start = Instant::now();
        let schema = session.inspect().await?;
        let inspected = start.elapsed();
        let written = stead_sql::write(&schema).map_or(0, |statements| statements.len());
        println!(
            "{} tables inspected in {:.1} s with {} queries, {written} statements written after {:.1} s, {} MiB at most",
            schema.tables.len(),
            inspected.as_secs_f64(),
            session.queries_sent(),
            start.elapsed().as_secs_f64(),
            peak_mebibytes()
        );
        session.close().await
    })
}

/// The most memory this process had, as Linux counts it; 0 elsewhere.
fn peak_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes: u64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    kibibytes / 1024
}
