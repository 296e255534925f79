//! A server whose disk is full. Its volume is on a small disk of memory, which is filled but for a few bytes before a load;
//! however the server takes it, everything is as before, and goes on when there is room again.

use std::fs;
use std::process::Command;

use stead_testkit::fixture::{Fixture, Rights};
use stead_testkit::own_server::OwnServer;
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15};
use stead_testkit::skip::skip;

use super::databases;
use crate::scene::{Mounted, fill, stead};

/// Bytes that are left; the rows that are loaded take several times as many.
const LEFT: u64 = 3 << 20;

fn fills_up(server: TestServer) {
    let disk = tempfile::Builder::new().prefix("stead-disk-").tempdir().expect("a temporary folder");
    let options = ["-t", "tmpfs", "-o", "size=600m,mode=755", "tmpfs"];
    if !Command::new("mount").args(options).arg(disk.path()).output().is_ok_and(|mounted| mounted.status.success()) {
        skip("tmpfs", "no tmpfs can be mounted here");
        return;
    }
    // The server goes before its disk, and the fixture before its server.
    let _mounted = Mounted(disk.path().to_owned());
    let Some(own) = OwnServer::start_in(stead(), server, Some(&disk.path().join("volume"))) else { return };
    let fixture = Fixture::on(stead(), server, &own.url());
    let login = fixture.log_in(Rights::Needed);
    fixture.run(["init", "--skip-index"]).exits(0);
    let text = if fixture.home().is_mysql() { "REPEAT(MD5(n), 60)" } else { "repeat(md5(n::text), 60)" };
    let rows = format!(
        "WITH RECURSIVE m (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM m WHERE n < 900) SELECT n, {text} FROM m"
    );
    for _ in 0..12 {
        fixture.sql("stats", &format!("INSERT INTO visits (at, page) {rows}"));
    }
    fixture.run(["dump", "--name", "kept"]).exits(0);
    fixture.sql("main", "DELETE FROM items");
    let (before, files) = (databases(&fixture), fixture.content());

    fill(disk.path(), LEFT);
    let full = fixture.run(["load", "kept", "--skip-index"]);
    fs::remove_file(disk.path().join("filling")).expect("the disk can be emptied");
    // Some servers stop themselves rather than go on without writing their log.
    own.up();
    assert!([1, 7].contains(&full.code), "{}", full.err);
    assert_eq!(full.err.matches("error[").count(), 1, "{}", full.err);
    let class = if full.code == 1 { "error[interrupted]" } else { "error[unreachable]" };
    assert!(full.err.contains(class) && full.err.contains("hint: "), "{}", full.err);
    assert!(!full.err.contains(&login.password), "{}", full.err);
    fixture.run(["init", "--skip-index"]).exits(0);
    assert_eq!((databases(&fixture), fixture.content()), (before, files), "{}", full.err);
    fixture.run(["load", "kept", "--skip-index"]).exits(0);
    assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
}

#[test]
fn full_disk_of_postgres15() {
    fills_up(Postgres15);
}

#[test]
fn full_disk_of_mariadb() {
    fills_up(Mariadb);
}

#[test]
fn full_disk_of_mysql() {
    fills_up(Mysql);
}
