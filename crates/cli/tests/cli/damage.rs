//! A database that is damaged: what replaces it, or takes it back, must not stop at what it replaces.

use std::fs;

use stead_testkit::fixture::{Fixture, Home};
use stead_testkit::servers::TestServer;

use crate::ready;

const PAGE: usize = 4096;

/// Makes nonsense of one page of the database; of the first all but the header, without which it is no database at all.
fn damage(fixture: &Fixture, page: usize) {
    let file = fixture.database("main");
    let mut bytes = fs::read(&file).expect("a file that the command wrote");
    bytes[(page * PAGE).max(100)..(page + 1) * PAGE].fill(0xff);
    fs::write(&file, bytes).expect("a file that the command wrote");
}

/// Which page a table begins with.
fn root(fixture: &Fixture, table: &str) -> usize {
    let sql = format!("SELECT rootpage - 1 FROM sqlite_schema WHERE name = '{table}'");
    fixture.value("main", &sql).parse().expect("a number of a page")
}

#[test]
fn a_snapshot_is_loaded_over_a_database_with_any_page_damaged() {
    let fixture = ready();
    fixture.run(["dump", "--name", "good"]).exits(0);
    let sound = fixture.content();
    let pages = fs::metadata(fixture.database("main")).unwrap().len() as usize / PAGE;
    assert!(pages > 5, "{pages} pages");
    for page in 0..pages {
        damage(&fixture, page);
        fixture.run(["load", "good", "--skip-index"]).exits(0);
        assert_eq!(fixture.content(), sound, "page {page}");
        assert_eq!(fixture.strays(), Vec::<String>::new(), "page {page}");
    }
}

#[test]
fn every_command_that_replaces_a_damaged_database_does() {
    let fixture = ready();
    fixture.run(["dump", "--name", "good"]).exits(0);
    for commands in [&["undo"][..], &["init", "--load", "good"], &["init", "--clean"], &["seed"], &["reset", "--yes"]] {
        for table in [None, Some("stead_ledger")] {
            fixture.run(["load", "good"]).exits(0);
            damage(&fixture, table.map_or(0, |table| root(&fixture, table)));
            fixture.run(commands).exits(0).says("damaged");
            // What was damaged comes back as it was.
            fixture.run(["undo"]).exits(0);
            fixture.run(["status"]).exits(7).says("damaged");
        }
    }
    fixture.run(["undo", "--list"]).exits(0);
}

/// Only what replaces it goes on: everything else says what is wrong and what helps.
#[test]
fn a_damaged_database_is_named_with_what_helps() {
    let fixture = ready();
    damage(&fixture, 0);
    for command in [&["upgrade"][..], &["dump", "--name", "b"], &["init"], &["check"]] {
        let ended = fixture.run(command);
        assert!([1, 7].contains(&ended.code), "{command:?}: {}", ended.err);
        ended.says("is damaged").says("load a snapshot");
    }
}

/// Writes nonsense into the file of a table on a PostgreSQL server, in a page that the server has not read since it wrote it.
fn damage_on_server(fixture: &Fixture) {
    fixture.sql("main", "CREATE TABLE spoiled AS SELECT 1 AS a");
    fixture.sql("main", "VACUUM FULL spoiled");
    fixture.sql("main", "CHECKPOINT");
    let path =
        fixture.value("main", "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('spoiled')");
    fixture.on_server(&format!("COPY (SELECT repeat('x', 8191)) TO '{path}'"));
}

/// What is damaged is replaced, and so it is if the database is for reading alone; both come back as they were.
fn a_database_is_replaced_whatever_it_says(server: TestServer) {
    let Some(fixture) = Fixture::at(crate::STEAD, Home::On(server)) else { return };
    fixture.run(["init"]).exits(0);
    fixture.run(["dump", "--name", "good"]).exits(0);
    let sound = fixture.content();
    damage_on_server(&fixture);
    fixture.run(["dump", "--name", "bad"]).exits(7).says("error[damaged]").says("load a snapshot");
    fixture.run(["load", "good", "--skip-index"]).exits(0).says("damaged");
    assert_eq!(fixture.content(), sound);
    fixture.run(["undo"]).exits(0);
    fixture.run(["dump", "--name", "bad"]).exits(7).says("error[damaged]");
    fixture.run(["load", "good", "--skip-index"]).exits(0).says("damaged");
    let name = fixture.name_on_server("main");
    fixture.on_server(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"));
    for command in [&["load", "good", "--skip-index"][..], &["undo"], &["undo"]] {
        fixture.run(command).exits(0);
        assert_eq!(fixture.content(), sound, "{command:?}");
    }
    assert_eq!(fixture.value("main", "SELECT current_setting('default_transaction_read_only')"), "on");
}

#[test]
fn a_database_of_postgres15_is_replaced_whatever_it_says() {
    a_database_is_replaced_whatever_it_says(TestServer::Postgres15);
}

#[test]
fn a_database_of_postgres18_is_replaced_whatever_it_says() {
    a_database_is_replaced_whatever_it_says(TestServer::Postgres18);
}
