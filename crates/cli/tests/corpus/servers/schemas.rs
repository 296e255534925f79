//! Whole schemas on their servers. What makes objects becomes a revision and what inserts rows becomes the seed; a schema
//! without rows is lived with made-up ones. Left out on both sides is what a file says to its own client or about databases.

use stead_schema::EngineKind;
use stead_testkit::servers::TestServer;

use super::life::{Floor, Life};
use crate::life::Step;
use crate::{corpus, read};

on_servers! {
    chinook on postgres15, postgres18;
    northwind on postgres15, postgres18;
    adventureworks on postgres15, postgres18;
    sakila on postgres15, postgres18;
    pagila on postgres18;
    chinook_mysql on mariadb, mysql;
    sakila_mysql on mariadb, mysql;
}

/// A file without the lines that only its own client understands, or that make, remove and choose databases.
fn script(part: &str) -> Option<String> {
    let text = read(&corpus(part)?);
    let foreign = ["\\", "DROP DATABASE", "CREATE DATABASE", "DROP SCHEMA", "CREATE SCHEMA sakila", "USE "];
    let kept = |line: &&str| !foreign.iter().any(|beginning| line.starts_with(beginning));
    Some(text.lines().filter(kept).map(|line| format!("{line}\n")).collect())
}

/// A script in two: its objects and its rows.
fn parted(script: &str, kind: EngineKind) -> (String, String) {
    let (mut objects, mut rows) = (String::new(), String::new());
    for statement in stead_sql::split(script, kind).expect("the corpus can be split") {
        let part = if statement.leading.starts_with("INSERT") { &mut rows } else { &mut objects };
        part.push_str(statement.text.trim());
        part.push_str(";\n");
    }
    (objects, rows)
}

/// The life of a schema without rows.
fn live_bare(server: TestServer, name: &'static str, script: String) {
    let step = Step { title: format!("the schema of {name}"), up: script, down: None };
    let Some(life) = Life::begin(server, name, vec![step]) else { return };
    life.live(Floor::Nowhere, None);
}

/// The life of a schema with rows: they come through the seed and are what is dumped and loaded. The file inserts rows before
/// those they refer to, and constraints come after them; `first` is what the seed has to say for that.
fn live_seeded(server: TestServer, name: &'static str, script: &str, kind: EngineKind, first: &str) {
    let (objects, rows) = parted(script, kind);
    assert!(!rows.is_empty(), "{name} has no rows");
    let step = Step { title: format!("the schema of {name}"), up: objects, down: None };
    let Some(life) = Life::begin(server, name, vec![step]) else { return };
    life.fixture.write("seed/rows.sql", format!("{first}\n{rows}"));
    life.configure("[seed]\nsteps = [{ sql = \"seed/rows.sql\" }]\n");
    life.twin("twin", Some(script));
    life.fixture.run(["init"]).exits(0).says("seed step 1");
    life.equals("twin", "after init");
    life.fixture.run(["init"]).exits(0).says("nothing");
    life.snapshots();
    life.equals("twin", "after loads");
    life.fixture.run(["init", "--clean"]).exits(0);
    life.equals("twin", "after init --clean");
    life.fixture.run(["load", "_init"]).exits(0);
    life.equals("twin", "after loading what the seed left");
}

fn chinook(server: TestServer) {
    let Some(script) = script("schemas/postgres/chinook.sql") else { return };
    live_seeded(server, "chinook", &script, EngineKind::Postgres, "");
}

fn chinook_mysql(server: TestServer) {
    let Some(script) = script("schemas/mysql/chinook.sql") else { return };
    let kind = if server == TestServer::Mysql { EngineKind::Mysql } else { EngineKind::Mariadb };
    live_seeded(server, "chinook", &script, kind, "");
}

/// Northwind was dumped by a server that knew a setting which is gone since.
fn northwind(server: TestServer) {
    let Some(script) = script("schemas/postgres/northwind.sql") else { return };
    let script = script.replace("SET default_with_oids = false;", "");
    live_seeded(server, "northwind", &script, EngineKind::Postgres, "SET session_replication_role = replica;");
}

/// `AdventureWorks`, whose rows are in files that the corpus lacks, so that the few in its own text refer to nothing.
fn adventureworks(server: TestServer) {
    let Some(script) = script("schemas/postgres/adventureworks.sql") else { return };
    live_bare(server, "adventureworks", without(&script, &["INSERT INTO"]));
}

/// A script without the statements in which one of these words is.
fn without(script: &str, words: &[&str]) -> String {
    let statements = stead_sql::split(script, EngineKind::Postgres).expect("the corpus can be split");
    let kept = statements.into_iter().filter(|statement| !words.iter().any(|word| statement.text.contains(word)));
    kept.map(|statement| format!("{};\n", statement.text)).collect()
}

fn sakila(server: TestServer) {
    let Some(script) = script("schemas/postgres/sakila.sql") else { return };
    live_bare(server, "sakila", script);
}

/// Pagila, but for the one table that needs an extension which the server does not have.
fn pagila(server: TestServer) {
    let Some(script) = script("schemas/postgres/pagila-18.sql") else { return };
    let script = without(&script, &["EXTENSION IF NOT EXISTS vector", "EXTENSION vector", "film_embedding"]);
    live_bare(server, "pagila", script);
}

/// Sakila qualifies some of its own tables with the name that its database has at home.
fn sakila_mysql(server: TestServer) {
    let Some(script) = script("schemas/mysql/sakila.sql") else { return };
    live_bare(server, "sakila", script.replace("sakila.", ""));
}
