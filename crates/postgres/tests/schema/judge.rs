//! An independent opinion on whether two databases have the same schema: `pg_dump --schema-only` prints the same text.

use std::path::PathBuf;
use std::process::Command;

use stead_testkit::servers::TestServer;

use crate::scene::Scene;

/// Panics where the judge sees a difference. Only the judge of version 15 is asked: it refuses newer servers.
pub(crate) fn agree(scene: &Scene, first: &str, second: &str) {
    if scene.version != TestServer::Postgres15 {
        return;
    }
    let Some(program) = program() else { return };
    let (first, second) = (dump(&program, scene, first), dump(&program, scene, second));
    let difference = first.lines().zip(second.lines()).position(|(left, right)| left != right);
    if let Some(line) = difference {
        let context = |text: &str| text.lines().skip(line.saturating_sub(3)).take(8).collect::<Vec<_>>().join("\n");
        panic!("pg_dump sees a difference:\n{}\n--- instead of\n{}", context(&second), context(&first));
    }
    assert_eq!(first.lines().count(), second.lines().count());
}

fn program() -> Option<PathBuf> {
    let known = PathBuf::from("/usr/lib/postgresql/15/bin/pg_dump");
    if known.exists() {
        return Some(known);
    }
    stead_testkit::skip::skip("pg_dump", "`pg_dump` of version 15 is not in its usual folder");
    None
}

fn dump(program: &PathBuf, scene: &Scene, database: &str) -> String {
    let url = format!("{}/{database}", scene.url);
    let run = |key: Option<&str>| {
        Command::new(program).arg("--schema-only").args(key).arg(format!("--dbname={url}")).output().unwrap()
    };
    // Older minor versions print no key and do not know the option.
    let mut output = run(Some("--restrict-key=judge"));
    if !output.status.success() {
        output = run(None);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
