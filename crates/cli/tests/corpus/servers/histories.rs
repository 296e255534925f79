//! Histories of real applications on their servers: each file a revision, its text as it is. What had to be adapted is said
//! beside it.

use std::path::Path;

use stead_testkit::servers::TestServer;
use stead_testkit::skip::full;

use super::life::{Floor, Life};
use crate::histories::{increments, paired};
use crate::life::Step;
use crate::{corpus, read};

on_servers! {
    authelia on postgres15, postgres18;
    authelia_mysql on mariadb, mysql;
    gitness on postgres15, postgres18;
    hatchet on postgres15, postgres18;
    crates_io on postgres15, postgres18;
    atuin on postgres15, postgres18;
    memos on postgres15, postgres18;
    memos_mysql on mariadb, mysql;
}

/// Puts something right in the way back of a step; the client refuses it otherwise.
#[track_caller]
fn mend(steps: &mut [Step], title: &str, wrong: &str, right: &str) {
    let step = steps.iter_mut().find(|step| step.title.starts_with(title)).expect("the step to mend is there");
    let down = step.down.as_mut().expect("the step to mend has a way back");
    assert!(down.contains(wrong), "`{wrong}` is not in the way back of {title}");
    *down = down.replace(wrong, right);
}

/// Authelia, 26 steps with a way back each, rows taken along.
fn authelia(server: TestServer) {
    let Some(folder) = corpus("histories/authelia-postgres") else { return };
    let steps = paired(&folder, ".up.sql", ".down.sql");
    assert_eq!(steps.len(), 26);
    let Some(life) = Life::begin(server, "authelia", steps) else { return };
    life.live(Floor::Base, Some(25));
}

/// The same in its words for MySQL and MariaDB. The way back of the seventh step makes an index that is there already.
fn authelia_mysql(server: TestServer) {
    let Some(folder) = corpus("histories/authelia-mysql") else { return };
    let steps = paired(&folder, ".up.sql", ".down.sql");
    assert_eq!(steps.len(), 26);
    let Some(life) = Life::begin(server, "authelia", steps) else { return };
    // MySQL refuses the twelfth step's way back too: it makes a key of a text without saying how long.
    let floor = if server == TestServer::Mysql { "V0012" } else { "V0007" };
    life.live(Floor::At(floor), Some(25));
}

/// Gitness. Steps up to 12 and step 33 have no way back. Of those above it, three name something that is not there, and the
/// table that one of these leaves behind holds on to another.
fn gitness(server: TestServer) {
    let Some(folder) = corpus("histories/gitness-postgres") else { return };
    let mut steps = paired(&folder, ".up.sql", ".down.sql");
    steps.extend(paired(&folder, "_up.sql", "_down.sql"));
    steps.sort_by(|one, other| one.title.cmp(&other.title));
    assert!(steps.len() > 90, "only {} steps", steps.len());
    mend(&mut steps, "0069", "usergroups_reviewers", "usergroup_reviewers");
    mend(&mut steps, "0046", "DROP INDEX", "DROP INDEX IF EXISTS");
    mend(&mut steps, "0045", "DROP INDEX", "DROP INDEX IF EXISTS");
    let Some(life) = Life::begin(server, "gitness", steps) else { return };
    life.live(Floor::At("0033"), None);
}

/// One part of a file in goose's layout, without goose's own words but for the one about transactions.
fn goose(text: &str) -> String {
    let is_goose = |line: &&str| !line.contains("+goose") || line.to_uppercase().contains("NO TRANSACTION");
    text.lines().filter(is_goose).collect::<Vec<_>>().join("\n")
}

/// Hatchet, as far as its files go without the steps that its own program takes between them. Its first half has no ways
/// back, and the step at the floor loses a column on its way back that it needs on its way up. It makes a partition for each
/// day, and its steps run at different moments of that day.
fn hatchet(server: TestServer) {
    let Some(folder) = corpus("histories/hatchet-postgres") else { return };
    let mut steps = Vec::new();
    for path in crate::files(&folder, ".sql").iter().take(181) {
        let text = read(path);
        let (up, down) = text.split_once("-- +goose Down").unwrap_or((&text, ""));
        let down = Some(goose(down)).filter(|down| !down.trim().is_empty());
        steps.push(Step { title: crate::name(path).trim_end_matches(".sql").to_owned(), up: goose(up), down });
    }
    mend(&mut steps, "20260316185928", "DROP TABLE v1_otel", "DROP TABLE IF EXISTS v1_otel");
    let Some(life) = Life::begin(server, "hatchet", steps) else { return };
    life.live(if full() { Floor::At("20260119123835") } else { Floor::Nowhere }, None);
}

/// Diesel's order: by the digits of the folder's name, whether they are written with dashes or not.
fn version(path: &Path) -> String {
    crate::name(path).split('_').next().unwrap_or_default().replace('-', "")
}

/// crates.io, 285 steps with a way back each. Of these two name what is not there, one lacks a semicolon, and one does not bring
/// back a column that older ones need; the first months of all cannot be taken back.
fn crates_io(server: TestServer) {
    let Some(folder) = corpus("histories/crates.io-postgres/migrations") else { return };
    let entries = std::fs::read_dir(&folder).expect("the corpus can be read");
    let mut folders: Vec<_> =
        entries.map(|entry| entry.expect("the corpus can be read").path()).filter(|path| path.is_dir()).collect();
    folders.sort_by_key(|path| version(path));
    let step = |path: &std::path::PathBuf| Step {
        title: crate::name(path),
        up: read(&path.join("up.sql")),
        down: Some(read(&path.join("down.sql"))),
    };
    let mut steps: Vec<Step> = folders.iter().map(step).collect();
    assert!(steps.len() > 280, "only {} steps", steps.len());
    mend(&mut steps, "2024-10-25-112826", "alter table versions\n    drop constraint", "drop index");
    mend(&mut steps, "2019-11-11-162609", "-- Not reversible", "ALTER TABLE users ADD COLUMN email VARCHAR;");
    mend(&mut steps, "20170708133715", "DROP CONSTRAINT \"", "DROP CONSTRAINT IF EXISTS \"");
    let lacking = "DROP CONSTRAINT crate_downloads_pkey";
    mend(&mut steps, "20170318181441", lacking, "DROP CONSTRAINT IF EXISTS crate_downloads_pkey;");
    let Some(life) = Life::begin(server, "crates", steps) else { return };
    // Since version 17 an index is built with a search path of its own, in which a function of that time finds nothing.
    let floor = if server == TestServer::Postgres18 { "20170311180634" } else { "20141007131147" };
    life.live(if full() { Floor::At(floor) } else { Floor::Nowhere }, None);
}

/// Atuin's server, which has no ways back.
fn atuin(server: TestServer) {
    let Some(folder) = corpus("histories/atuin/crates/atuin-server-postgres/migrations") else { return };
    let Some(life) = Life::begin(server, "atuin", paired(&folder, ".sql", ".down.sql")) else { return };
    life.live(Floor::Nowhere, None);
}

/// The tables that the first increments of Memos change. The release before them is not in the corpus, so this is the least
/// that they read, in the words of this test.
const MEMOS_BASE: &str = "
CREATE TABLE system_setting (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE \"user\" (id SERIAL PRIMARY KEY, created_ts BIGINT NOT NULL DEFAULT EXTRACT(EPOCH FROM NOW()),
  updated_ts BIGINT NOT NULL DEFAULT EXTRACT(EPOCH FROM NOW()), row_status TEXT NOT NULL DEFAULT 'NORMAL',
  username TEXT NOT NULL UNIQUE, role TEXT NOT NULL DEFAULT 'USER', email TEXT NOT NULL DEFAULT '',
  nickname TEXT NOT NULL DEFAULT '', password_hash TEXT NOT NULL, avatar_url TEXT NOT NULL);
CREATE TABLE user_setting (user_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE(user_id, key));
CREATE TABLE memo (id SERIAL PRIMARY KEY, creator_id INTEGER NOT NULL, created_ts BIGINT NOT NULL DEFAULT 0,
  updated_ts BIGINT NOT NULL DEFAULT 0, row_status TEXT NOT NULL DEFAULT 'NORMAL', content TEXT NOT NULL,
  visibility TEXT NOT NULL DEFAULT 'PRIVATE');
CREATE TABLE memo_organizer (memo_id INTEGER NOT NULL, user_id INTEGER NOT NULL, pinned INTEGER NOT NULL DEFAULT 0,
  UNIQUE(memo_id, user_id));
CREATE TABLE memo_relation (memo_id INTEGER NOT NULL, related_memo_id INTEGER NOT NULL, type TEXT NOT NULL,
  UNIQUE(memo_id, related_memo_id, type));
CREATE TABLE resource (id SERIAL PRIMARY KEY, creator_id INTEGER NOT NULL, created_ts BIGINT NOT NULL DEFAULT 0,
  updated_ts BIGINT NOT NULL DEFAULT 0, filename TEXT NOT NULL, blob BYTEA, external_link TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT '', size INTEGER NOT NULL DEFAULT 0, internal_path TEXT NOT NULL DEFAULT '', memo_id INTEGER);
CREATE TABLE tag (name TEXT NOT NULL, creator_id INTEGER NOT NULL, UNIQUE(name, creator_id));
CREATE TABLE activity (id SERIAL PRIMARY KEY, creator_id INTEGER NOT NULL, payload JSONB NOT NULL DEFAULT '{}');
CREATE TABLE idp (id SERIAL PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, identifier_filter TEXT NOT NULL DEFAULT '',
  config JSONB NOT NULL DEFAULT '{}');
CREATE TABLE inbox (id SERIAL PRIMARY KEY, created_ts BIGINT NOT NULL DEFAULT EXTRACT(EPOCH FROM NOW()),
  sender_id INTEGER NOT NULL, receiver_id INTEGER NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL);
CREATE TABLE webhook (id SERIAL PRIMARY KEY, url TEXT NOT NULL);
";

/// The same for the other engines, where the increments begin a little earlier.
const MEMOS_BASE_MYSQL: &str = "
CREATE TABLE system_setting (name VARCHAR(256) NOT NULL PRIMARY KEY, value TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE user (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, created_ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, row_status VARCHAR(256) NOT NULL DEFAULT 'NORMAL',
  username VARCHAR(256) NOT NULL UNIQUE, role VARCHAR(256) NOT NULL DEFAULT 'USER', email VARCHAR(256) NOT NULL DEFAULT '',
  nickname VARCHAR(256) NOT NULL DEFAULT '', password_hash VARCHAR(256) NOT NULL, avatar_url TEXT NOT NULL);
CREATE TABLE user_setting (user_id INT NOT NULL, `key` VARCHAR(256) NOT NULL, value TEXT NOT NULL, UNIQUE(user_id, `key`));
CREATE TABLE memo (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, creator_id INT NOT NULL,
  created_ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  row_status VARCHAR(256) NOT NULL DEFAULT 'NORMAL', content TEXT NOT NULL, visibility VARCHAR(256) NOT NULL DEFAULT 'PRIVATE');
CREATE TABLE memo_organizer (memo_id INT NOT NULL, user_id INT NOT NULL, pinned INT NOT NULL DEFAULT 0, UNIQUE(memo_id, user_id));
CREATE TABLE memo_relation (memo_id INT NOT NULL, related_memo_id INT NOT NULL, type VARCHAR(256) NOT NULL,
  UNIQUE(memo_id, related_memo_id, type));
CREATE TABLE resource (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, creator_id INT NOT NULL,
  created_ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  filename TEXT NOT NULL, `blob` MEDIUMBLOB, external_link TEXT NOT NULL, type VARCHAR(256) NOT NULL DEFAULT '',
  size INT NOT NULL DEFAULT 0, internal_path VARCHAR(256) NOT NULL DEFAULT '', memo_id INT);
CREATE TABLE tag (name VARCHAR(256) NOT NULL, creator_id INT NOT NULL, UNIQUE(name, creator_id));
CREATE TABLE activity (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, creator_id INT NOT NULL, payload TEXT NOT NULL);
CREATE TABLE idp (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,
  identifier_filter VARCHAR(256) NOT NULL DEFAULT '', config TEXT NOT NULL);
";

/// Memos, increments of many releases, without ways back. They lead to the same columns as its file for new installations.
fn memos(server: TestServer) {
    let Some(folder) = corpus("histories/memos-postgres") else { return };
    let mut steps = increments(&folder, MEMOS_BASE);
    if server == TestServer::Postgres15 {
        // Two that only rewrite rows call a function which came with version 16.
        steps.retain(|step| !step.up.contains("pg_input_is_valid"));
    }
    live_to_latest(server, steps, &folder);
}

/// The same in its words for MySQL and MariaDB.
fn memos_mysql(server: TestServer) {
    let Some(folder) = corpus("histories/memos-mysql") else { return };
    live_to_latest(server, increments(&folder, MEMOS_BASE_MYSQL), &folder);
}

fn live_to_latest(server: TestServer, steps: Vec<Step>, folder: &Path) {
    assert!(steps.len() > 20, "only {} steps", steps.len());
    let Some(life) = Life::begin(server, "memos", steps) else { return };
    life.live(Floor::Nowhere, None);
    life.twin("latest", Some(&read(&folder.join("LATEST.sql"))));
    life.has_columns_of("latest");
}
