//! Histories of real applications: each file a revision, its text as it is. What had to be adapted is said beside it.

use std::path::Path;

use crate::life::{History, Life, Search, Step};
use crate::{corpus, files, name, picture, plain, read};

/// Steps from files in pairs, or ups alone; in order of their names.
pub(crate) fn paired(folder: &Path, up: &str, down: &str) -> Vec<Step> {
    let ups = files(folder, up).into_iter().filter(|path| !name(path).ends_with(down));
    ups.map(|path| {
        let title = name(&path).strip_suffix(up).expect("the listing was for this ending").to_owned();
        let back = path.with_file_name(format!("{title}{down}"));
        Step { title, up: read(&path), down: back.exists().then(|| read(&back)) }
    })
    .collect()
}

/// Authelia, 26 steps with a way back each, rows taken along.
///
/// Adapted: its program registers `BIN2B64` and `B642BIN`, which plain SQLite lacks; on both sides `hex` and a cast to BLOB
/// stand in for them. The files switch foreign keys off and on; the switch stays in, without effect in a transaction, where
/// stead has them off anyway and checks the rows before the commit.
#[test]
fn authelia() {
    let Some(folder) = corpus("histories/authelia-sqlite") else { return };
    let stand_in = |text: String| text.replace("BIN2B64(", "hex(").replace("B642BIN(kid)", "CAST(kid AS BLOB)");
    let mut steps = paired(&folder, ".up.sql", ".down.sql");
    assert_eq!(steps.len(), 26);
    for step in &mut steps {
        step.up = stand_in(std::mem::take(&mut step.up));
        step.down = step.down.take().map(stand_in);
        assert!(step.down.is_some(), "{} has no way back", step.title);
    }
    let search = Search {
        database: "authelia",
        documents: "SELECT id, username FROM totp_configurations ORDER BY id",
        words: "username",
    };
    let life = Life::begin(vec![History { name: "authelia", steps }], Some(search));
    assert_eq!(life.refused, Vec::<String>::new());
    life.live(true);
}

/// Gitness, 80 numbers. Steps 1 to 12 and 33 have no way back of their own, and seven have one that SQLite refuses, because it
/// misspells a name or drops what is not there; derived ones stand in for both.
#[test]
fn gitness() {
    let Some(folder) = corpus("histories/gitness-sqlite") else { return };
    let mut steps = paired(&folder, ".up.sql", ".down.sql");
    steps.extend(paired(&folder, "_up.sql", "_down.sql"));
    steps.sort_by(|one, other| one.title.cmp(&other.title));
    assert!(steps.len() > 80, "only {} steps", steps.len());
    let search = Search {
        database: "gitness",
        documents: "SELECT principal_id, principal_display_name FROM principals ORDER BY 1",
        words: "principal",
    };
    let life = Life::begin(vec![History { name: "gitness", steps }], Some(search));
    assert!(life.refused.iter().any(|title| title.starts_with("0072")), "{:?}", life.refused);
    assert!(life.refused.len() <= 8, "{:?}", life.refused);
    life.live(false);
}

/// The tables that the first increments of Memos change. The release before them is not in the corpus, so this is the least
/// that they read, in the words of this test.
const MEMOS_BASE: &str = "
CREATE TABLE user (id INTEGER PRIMARY KEY AUTOINCREMENT, created_ts BIGINT NOT NULL DEFAULT 0, updated_ts BIGINT NOT NULL DEFAULT 0,
  row_status TEXT NOT NULL DEFAULT 'NORMAL', email TEXT NOT NULL UNIQUE, role TEXT NOT NULL DEFAULT 'USER', name TEXT NOT NULL,
  password_hash TEXT NOT NULL, open_id TEXT NOT NULL UNIQUE);
CREATE TABLE memo (id INTEGER PRIMARY KEY AUTOINCREMENT, creator_id INTEGER NOT NULL, created_ts BIGINT NOT NULL DEFAULT 0,
  updated_ts BIGINT NOT NULL DEFAULT 0, row_status TEXT NOT NULL DEFAULT 'NORMAL', content TEXT NOT NULL DEFAULT '',
  FOREIGN KEY(creator_id) REFERENCES user(id));
CREATE TABLE memo_organizer (id INTEGER PRIMARY KEY AUTOINCREMENT, memo_id INTEGER NOT NULL, user_id INTEGER NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0, UNIQUE(memo_id, user_id));
CREATE TABLE shortcut (id INTEGER PRIMARY KEY AUTOINCREMENT, creator_id INTEGER NOT NULL, created_ts BIGINT NOT NULL DEFAULT 0,
  updated_ts BIGINT NOT NULL DEFAULT 0, row_status TEXT NOT NULL DEFAULT 'NORMAL', title TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL DEFAULT '');
CREATE TABLE resource (id INTEGER PRIMARY KEY AUTOINCREMENT, creator_id INTEGER NOT NULL, created_ts BIGINT NOT NULL DEFAULT 0,
  updated_ts BIGINT NOT NULL DEFAULT 0, filename TEXT NOT NULL DEFAULT '', blob BLOB, type TEXT NOT NULL DEFAULT '',
  size INTEGER NOT NULL DEFAULT 0);
";

/// The files of each release in the order of the releases, after a base of our own words.
pub(crate) fn increments(folder: &Path, base: &str) -> Vec<Step> {
    let mut releases: Vec<(u32, String)> = std::fs::read_dir(folder)
        .expect("the corpus and the files made from it are sound")
        .map(|entry| name(&entry.expect("the corpus and the files made from it are sound").path()))
        .filter_map(|release| Some((release.strip_prefix("0.")?.parse().ok()?, release)))
        .collect();
    releases.sort();
    let mut steps = vec![Step { title: "base".to_owned(), up: base.to_owned(), down: None }];
    for (_, release) in releases {
        for path in files(&folder.join(&release), ".sql") {
            steps.push(Step { title: format!("{release} {}", name(&path)), up: read(&path), down: None });
        }
    }
    steps
}

/// Memos, the increments of 31 releases, without ways back; derived ones stand in.
#[test]
fn memos() {
    let Some(folder) = corpus("histories/memos-sqlite") else { return };
    let steps = increments(&folder, MEMOS_BASE);
    assert!(steps.len() > 50, "only {} steps", steps.len());
    let search = Search { database: "memos", documents: "SELECT id, content FROM memo ORDER BY id", words: "content" };
    let life = Life::begin(vec![History { name: "memos", steps }], Some(search));
    life.live(false);
    let latest = life.plain("latest");
    plain::run(&latest, &read(&folder.join("LATEST.sql"))).expect("the corpus and the files made from it are sound");
    let (mut ours, latest) = (picture::columns(&life.fixture.database("memos")), picture::columns(&latest));
    // Two tables that no increment drops are not in today's schema; the program itself stopped to use them.
    ours.retain(|table, _| !["migration_history", "storage"].contains(&table.as_str()));
    crate::life::assert_same(&ours, &latest, "increments and LATEST.sql");
}

/// Atuin: seven small histories as seven databases of one project, some with ways back, one of which is for another engine.
#[test]
fn atuin() {
    let Some(folder) = corpus("histories/atuin/crates") else { return };
    let single = [
        ("history", "atuin-client/migrations"),
        ("meta", "atuin-client/meta-migrations"),
        ("records", "atuin-client/record-migrations"),
        ("ai", "atuin-ai/migrations"),
        ("server", "atuin-server-sqlite/migrations"),
    ];
    let mut histories: Vec<History> = Vec::new();
    for (name, part) in single {
        histories.push(History { name, steps: paired(&folder.join(part), ".sql", ".down.sql") });
    }
    for (name, part) in [("keys", "atuin-kv/migrations"), ("scripts", "atuin-scripts/migrations")] {
        histories.push(History { name, steps: paired(&folder.join(part), ".up.sql", ".down.sql") });
    }
    let search =
        Search { database: "history", documents: "SELECT id, command FROM history ORDER BY id", words: "command" };
    let life = Life::begin(histories, Some(search));
    assert_eq!(life.refused, ["20250402170430_unique_names"]);
    life.live(false);
}
