//! PostgreSQL: how a step is given to `psql`, what a database there looks like, and rows to put into it. The catalog is the
//! first judge; on version 15 `pg_dump` is asked too, which shares nothing with the first.

use std::path::Path;
use std::process::Command;

use stead_testkit::servers::TestServer;

use super::client::Client;
use crate::picture::Picture;

/// What the catalog says about the schema.
const SCHEMA: &str = include_str!("postgres_schema.sql");
/// A digest of every table's rows.
const ROWS: &str = include_str!("postgres_rows.sql");
/// Rows of every kind.
const FILL: &str = include_str!("postgres_fill.sql");

/// Takes every row away.
const DAMAGE: &str = "SELECT 'TRUNCATE ' || string_agg(c.oid::regclass::text, ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND c.relname NOT LIKE 'stead\\_%' \\gexec
";

/// A step as its tool runs it: in a transaction, unless it says that it cannot. What it sets for its session goes with it.
pub(crate) fn step(text: &str, alone: bool) -> String {
    let text = if alone { format!("{text}\n;\n") } else { format!("BEGIN;\n{text}\n;\nCOMMIT;\n") };
    format!("{text}RESET ALL;\n")
}

/// Made-up rows, with texts of no more than that many characters.
pub(crate) fn fill(client: &Client, database: &str, longest: usize) -> Result<(), String> {
    client.run_with(database, &[("longest", &longest.to_string())], FILL)
}

/// A database without rows.
pub(crate) fn damage(client: &Client, database: &str) -> Result<(), String> {
    client.run(database, DAMAGE)
}

/// Everything about a database; `masked` leaves out what the clock and chance made.
pub(crate) fn picture(client: &Client, database: &str, masked: bool) -> Picture {
    let mut picture = Picture::new();
    let rows = client.rows(database, &[("masked", if masked { "yes" } else { "no" })], ROWS);
    for row in client.rows(database, &[], SCHEMA).into_iter().chain(rows) {
        let [thing, said] = <[String; 2]>::try_from(row).expect("a thing and what is said about it");
        picture.entry(thing).or_default().push(said);
    }
    picture.values_mut().for_each(|lines| lines.sort());
    if let Some(dump) = dump(client, database) {
        picture.insert("pg_dump".to_owned(), dump);
    }
    picture
}

/// What `pg_dump` prints of the schema, without ours; only for the version that is installed here.
fn dump(client: &Client, database: &str) -> Option<Vec<String>> {
    let program = Path::new("/usr/lib/postgresql/15/bin/pg_dump");
    if client.server != TestServer::Postgres15 {
        return None;
    }
    if !program.exists() {
        stead_testkit::skip::skip("pg_dump", "`pg_dump` of version 15 is not in its usual folder");
        return None;
    }
    let run = |key: Option<&str>| {
        let mut command = Command::new(program);
        command.args(["--schema-only", "--exclude-table=stead_*"]).args(key);
        command.arg(format!("--dbname={}", client.url(database))).output().expect("the program was there")
    };
    // Older minor versions print no key and do not know the option.
    let mut output = run(Some("--restrict-key=judge"));
    if !output.status.success() {
        output = run(None);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
