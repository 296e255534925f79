//! Inspection of a schema of 10,000 tables beside `mariadb-dump --no-data`, in turns, with the memory that it took. Run it with
//! `STEAD_TEST_MARIADB_URL`, `STEAD_TEST_MYSQL_URL` or both set to servers; `BENCH_TABLES` is another number of tables.

#![expect(clippy::unwrap_used, reason = "in a benchmark a panic is the report")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use stead_engine::{Access, Place, Server as _};
use stead_mysql::MysqlServer;
use stead_testkit::measure::{median, memory};
use stead_testkit::servers::TestServer;

const DATABASE: &str = "bench_schema";
const RUNS: usize = 3;

fn main() {
    let tables = std::env::var("BENCH_TABLES").ok().and_then(|number| number.parse().ok()).unwrap_or(10_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for which in [TestServer::Mariadb, TestServer::Mysql] {
        if let Some(url) = which.url() {
            runtime.block_on(measure(which, &url, tables));
        }
    }
}

async fn measure(which: TestServer, url: &str, tables: usize) {
    let server = MysqlServer::connect_lazily(url).unwrap();
    let place = Place(DATABASE.to_owned());
    server.remove(&place).await.unwrap();
    server.create(&place).await.unwrap();
    let mut session = server.open(&place, Access::Write).await.unwrap();
    session.execute("SET foreign_key_checks = 0", &[]).await.unwrap();
    for number in 0..tables {
        session.execute(&statement(number, tables), &[]).await.unwrap();
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begun = Instant::now();
        assert_eq!(session.inspect().await.unwrap().tables.len(), tables);
        ours.push(begun.elapsed());
        theirs.extend(dump(url));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("{}, {tables} tables: inspection {ours:?}, mariadb-dump --no-data {theirs:?}, {}", which.key(), memory());
    session.close().await.unwrap();
    server.remove(&place).await.unwrap();
}

/// Twelve columns, four keys, a check, a foreign key to some other table.
fn statement(number: usize, tables: usize) -> String {
    let target = (number * 7919 + 1) % tables;
    format!(
        "CREATE TABLE t{number} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, code VARCHAR(40) NOT NULL,
         title VARCHAR(200) NOT NULL DEFAULT 'none', body TEXT, price DECIMAL(12,2) NOT NULL DEFAULT 0,
         flag TINYINT(1) NOT NULL DEFAULT 1, kind ENUM('a','b','c') DEFAULT 'a',
         made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, due DATE, score DOUBLE,
         total DECIMAL(14,2) GENERATED ALWAYS AS (price * 2) VIRTUAL, other BIGINT UNSIGNED, PRIMARY KEY (id),
         UNIQUE KEY code (code), KEY made (made, flag), KEY title (title(20)),
         CONSTRAINT fk{number} FOREIGN KEY (other) REFERENCES t{target} (id) ON DELETE CASCADE, CHECK (price >= 0))"
    )
}

/// How long MariaDB's client takes, which reads both servers; nothing where it is not installed.
fn dump(url: &str) -> Option<Duration> {
    let (_, rest) = url.split_once("://")?;
    let (login, place) = rest.trim_end_matches('/').rsplit_once('@')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (host, port) = place.rsplit_once(':')?;
    let mut command = Command::new("mariadb-dump");
    command.args(["--no-defaults", "--no-data", "--host", host, "--port", port, "--user", user, DATABASE]);
    command.env("MYSQL_PWD", password).stdout(Stdio::null());
    let begun = Instant::now();
    let status = command.status().ok()?;
    status.success().then(|| begun.elapsed())
}
