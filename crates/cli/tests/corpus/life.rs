//! One project through its whole life, with plain SQLite beside it. At each station the two are compared, schema and rows:
//! after init, with rows, after load, undo and redo, at base, and up again.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use stead_testkit::fixture::Fixture;

use crate::picture::{self, Picture};
use crate::{STEAD, plain};

/// One file of a history, or a pair of files.
pub(crate) struct Step {
    pub(crate) title: String,
    pub(crate) up: String,
    /// Its own way back. Where the corpus has none, or one that SQLite refuses, one is derived.
    pub(crate) down: Option<String>,
}

impl Step {
    /// Whether one of its ways cannot run in a transaction: it says so in goose's words, or it is seen in what it does.
    pub(crate) fn runs_alone(&self) -> bool {
        let says_so = |text: &String| {
            let text = text.to_uppercase();
            text.contains("CONCURRENTLY") || text.contains("-- +GOOSE NO TRANSACTION")
        };
        says_so(&self.up) || self.down.as_ref().is_some_and(says_so)
    }
}

/// A database with its history.
pub(crate) struct History {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Step>,
}

/// An index over one of the databases, and a search that must find something.
pub(crate) struct Search {
    pub(crate) database: &'static str,
    pub(crate) documents: &'static str,
    pub(crate) words: &'static str,
}

/// A project and the same databases made by plain SQLite.
pub(crate) struct Life {
    pub(crate) fixture: Fixture,
    plain: tempfile::TempDir,
    histories: Vec<History>,
    search: Option<Search>,
    /// Steps whose own way back plain SQLite refuses, the last first.
    pub(crate) refused: Vec<String>,
}

impl Life {
    /// Writes the project. Each history becomes an app and a database of its name.
    pub(crate) fn begin(histories: Vec<History>, search: Option<Search>) -> Self {
        let (fixture, plain) =
            (Fixture::empty(STEAD), tempfile::tempdir().expect("the corpus and the files made from it are sound"));
        let mut life = Self { fixture, plain, histories, search, refused: Vec::new() };
        life.derive_ways_back();
        life.write();
        life
    }

    /// The database that plain SQLite made.
    pub(crate) fn plain(&self, name: &str) -> PathBuf {
        self.plain.path().join(format!("{name}.db"))
    }

    /// Adds to the project file.
    pub(crate) fn configure(&self, more: &str) {
        let text = self.fixture.read("stead.toml");
        self.fixture.write("stead.toml", format!("{text}\n{more}"));
    }

    /// Runs every step in plain SQLite up, down on a copy, and notes what of the ways back is missing or refused. There a
    /// script stands in that leads from the schema it finds to the one that was there before the step.
    fn derive_ways_back(&mut self) {
        let folder = self.plain.path().to_owned();
        for history in &mut self.histories {
            let database = folder.join(format!("{}.db", history.name));
            let mut before = Vec::new();
            for step in &history.steps {
                before.push(picture::objects(&database));
                run(&database, &step.title, &step.up);
            }
            let (copy, saved) = (folder.join("going-down.db"), folder.join("saved.db"));
            std::fs::copy(&database, &copy).expect("the corpus and the files made from it are sound");
            for (step, before) in history.steps.iter_mut().zip(before).rev() {
                std::fs::copy(&copy, &saved).expect("the corpus and the files made from it are sound");
                if step.down.as_ref().is_some_and(|own| plain::run(&copy, own).is_err()) {
                    self.refused.push(step.title.clone());
                    std::fs::copy(&saved, &copy).expect("the corpus and the files made from it are sound");
                    step.down = None;
                }
                if step.down.is_none() {
                    let down = way_back(&before, &picture::objects(&copy));
                    run(&copy, &format!("the derived down of {}", step.title), &down);
                    step.down = Some(down);
                }
            }
        }
    }

    fn write(&self) {
        let mut project = "[project]\nname = \"corpus\"\n".to_owned();
        for History { name, steps } in &self.histories {
            write!(project, "\n[databases.{name}]\n\n[apps.{name}]\npath = \"apps/{name}\"\ndatabase = \"{name}\"\n")
                .expect("the corpus and the files made from it are sound");
            for (at, step) in steps.iter().enumerate() {
                let path = format!("apps/{name}/migrations/{:04}_{}.sql", at + 1, slug(&step.title));
                self.fixture.write(&path, revision(at, step));
            }
        }
        if let Some(search) = &self.search {
            write!(
                project,
                "\n[indexes.found]\ndatabase = \"{}\"\ndocuments = \"indexes/found.sql\"\n",
                search.database
            )
            .expect("the corpus and the files made from it are sound");
            self.fixture.write("indexes/found.sql", format!("{}\n", search.documents));
        }
        self.fixture.write("stead.toml", project);
    }

    /// Every database equals its twin, and SQLite finds nothing wrong with it.
    #[track_caller]
    pub(crate) fn equals_plain(&self, station: &str) {
        for history in &self.histories {
            let (ours, plain) = (self.fixture.database(history.name), self.plain(history.name));
            assert_same(&picture::whole(&ours), &picture::whole(&plain), &format!("{} {station}", history.name));
            assert_eq!(picture::integrity(&ours), "ok", "{} {station}", history.name);
        }
    }

    /// Puts the same rows of every kind into both.
    fn fill(&self) {
        let mut rows = 0;
        for history in &self.histories {
            let plain = self.plain(history.name);
            let script = filling(&plain);
            for database in [self.fixture.database(history.name), plain] {
                plain::with_library(&database, &script).unwrap_or_else(|error| panic!("{}: {error}", history.name));
            }
            rows += count(&self.plain(history.name));
        }
        assert!(rows > 0, "not one row could be made up");
    }

    /// What people would lose.
    fn pictures(&self) -> Vec<Picture> {
        self.histories.iter().map(|history| picture::whole(&self.fixture.database(history.name))).collect()
    }

    fn finds(&self) {
        if let Some(search) = &self.search {
            let document = self.fixture.run(["search", "found", search.words, "--json"]).exits(0).json();
            let hits = document["result"]["hits"].as_array().unwrap_or_else(|| panic!("no hits in {document}"));
            assert!(!hits.is_empty(), "`{}` was not found", search.words);
        }
    }

    /// Dump, damage, load, undo, redo, and a second load, which takes another way than the first.
    pub(crate) fn snapshots(&self) {
        let before = self.pictures();
        self.fixture.run(["index", "build"]).exits(0);
        self.finds();
        self.fixture.run(["dump", "--name", "full"]).exits(0);
        self.fixture.run(["snapshots", "verify", "full"]).exits(0);
        for history in &self.histories {
            let database = self.fixture.database(history.name);
            let tables = picture::tables(&database);
            let script: String =
                tables.iter().fold(String::new(), |script, table| script + &format!("DELETE FROM \"{table}\";\n"));
            plain::with_library(&database, &script).expect("the corpus and the files made from it are sound");
        }
        let damaged = self.pictures();
        assert!(damaged != before, "the damage changed nothing");
        self.goes_to(&["load", "full"], &before, "after a load");
        self.finds();
        self.goes_to(&["undo"], &damaged, "after undo");
        self.goes_to(&["undo"], &before, "after undo of undo");
        self.goes_to(&["load", "full"], &before, "after a second load");
        self.finds();
    }

    #[track_caller]
    fn goes_to(&self, command: &[&str], pictures: &[Picture], station: &str) {
        self.fixture.run(command).exits(0);
        for (history, (ours, expected)) in self.histories.iter().zip(self.pictures().iter().zip(pictures)) {
            assert_same(ours, expected, &format!("{} {station}", history.name));
        }
    }

    /// All the way down and up again, on both sides.
    pub(crate) fn down_and_up(&self, station: &str) {
        for history in &self.histories {
            self.fixture.run(["downgrade", "base", "--app", history.name, "--yes"]).exits(0);
            for step in history.steps.iter().rev() {
                let down = step.down.as_deref().expect("each step was given a way back");
                run(&self.plain(history.name), &format!("down of {}", step.title), down);
            }
        }
        self.equals_plain(&format!("at base {station}"));
        self.fixture.run(["upgrade"]).exits(0);
        for history in &self.histories {
            for step in &history.steps {
                run(&self.plain(history.name), &step.title, &step.up);
            }
        }
        self.equals_plain(&format!("up again {station}"));
        self.fixture.run(["check"]).exits(0);
        assert_eq!(self.fixture.strays(), Vec::<String>::new());
    }

    /// The life of a history without rows of its own: it is lived with made-up rows. Down it goes with these rows where
    /// `carried` says that its own steps can take them along, and else as it was after init.
    pub(crate) fn live(&self, carried: bool) {
        self.fixture.run(["init"]).exits(0);
        self.equals_plain("after init");
        self.fixture.run(["init"]).exits(0).says("nothing");
        self.fixture.run(["dump", "--name", "empty"]).exits(0);
        let bare: Vec<Vec<u8>> = self
            .histories
            .iter()
            .map(|history| {
                std::fs::read(self.plain(history.name)).expect("the corpus and the files made from it are sound")
            })
            .collect();
        self.fill();
        self.equals_plain("with rows");
        self.snapshots();
        self.equals_plain("with rows, after loads");
        if carried {
            self.down_and_up("with rows");
        }
        self.fixture.run(["load", "empty"]).exits(0);
        for (history, bytes) in self.histories.iter().zip(bare) {
            std::fs::write(self.plain(history.name), bytes).expect("the corpus and the files made from it are sound");
        }
        self.equals_plain("loaded empty");
        self.down_and_up("without rows");
    }
}

#[track_caller]
fn run(database: &Path, title: &str, script: &str) {
    plain::run(database, script).unwrap_or_else(|error| panic!("plain SQLite at `{title}`: {error}"));
}

/// Compares two pictures thing by thing, so that a difference is one line and not two databases.
#[track_caller]
pub(crate) fn assert_same(ours: &Picture, plain: &Picture, station: &str) {
    let keys = |picture: &Picture| picture.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(ours), keys(plain), "{station}");
    for (key, lines) in plain {
        let differing = ours[key].iter().zip(lines).find(|(ours, plain)| ours != plain);
        assert_eq!(differing, None, "{station}: {key}");
        assert_eq!(ours[key].len(), lines.len(), "{station}: {key}");
    }
}

/// A revision file; the numbers of the steps are their ids. A step that builds an index beside its readers cannot run in a
/// transaction, and the file says so, as its author would.
pub(crate) fn revision(at: usize, step: &Step) -> String {
    let parent = if at == 0 { String::new() } else { format!("-- parent: {}\n", id(at - 1)) };
    let alone = if step.runs_alone() { "-- transaction: none\n" } else { "" };
    let (title, up) = (&step.title, step.up.trim_end());
    let down = step.down.as_deref().map(|down| format!("\n-- down\n{}\n", down.trim_end())).unwrap_or_default();
    format!("-- {title}\n-- revision: {}\n{parent}{alone}\n-- up\n{up}\n{down}", id(at))
}

/// The id of the step at that place.
pub(crate) fn id(at: usize) -> String {
    format!("c0de{:08x}", at + 1)
}

pub(crate) fn slug(title: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    title.chars().map(plain).collect::<String>().trim_matches('_').chars().take(40).collect()
}

/// A script from one schema back to another. It drops what is new or changed and makes what is missing, so rows of changed
/// tables do not come along: it stands in for a file that the corpus lacks.
fn way_back(before: &[[String; 3]], after: &[[String; 3]]) -> String {
    let changed = |object: &&[String; 3], other: &[[String; 3]]| !other.contains(object);
    let is_table = |object: &&&[String; 3]| object[0] == "table";
    let tables: Vec<&str> = after
        .iter()
        .filter(|object| changed(object, before))
        .filter(|object| is_table(&object))
        .map(|object| object[1].as_str())
        .collect();
    let mut script = String::new();
    for object in
        after.iter().rev().filter(|object| object[0] != "table" && (!tables.is_empty() || changed(object, before)))
    {
        writeln!(script, "DROP {} \"{}\";", object[0].to_uppercase(), object[1])
            .expect("the corpus and the files made from it are sound");
    }
    for table in tables.iter().rev() {
        writeln!(script, "DROP TABLE \"{table}\";").expect("the corpus and the files made from it are sound");
    }
    for kind in ["table", "index", "view", "trigger"] {
        let lost = |object: &&[String; 3]| {
            object[0] == kind && (changed(object, after) || (kind != "table" && !tables.is_empty()))
        };
        for object in before.iter().filter(lost) {
            writeln!(script, "{};", object[2]).expect("the corpus and the files made from it are sound");
        }
    }
    if script.is_empty() { "SELECT 1;\n".to_owned() } else { script }
}

/// Three made-up rows for each table, as far as its constraints let them in. A column with both a default and a check of its
/// own keeps the default, which is known to pass.
fn filling(database: &Path) -> String {
    let connection = Connection::open(database).expect("the corpus and the files made from it are sound");
    let mut script = String::new();
    for [kind, table, sql] in picture::objects(database) {
        if kind != "table" {
            continue;
        }
        let query = "SELECT name, upper(type), dflt_value IS NULL FROM pragma_table_xinfo(?) WHERE hidden = 0";
        let mut statement = connection.prepare(query).expect("the corpus and the files made from it are sound");
        let rows = statement
            .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .expect("the corpus and the files made from it are sound");
        let checked = |name: &str| ["CHECK (", "CHECK("].iter().any(|check| sql.contains(&format!("{check}{name}")));
        let columns: Vec<(String, String)> = rows
            .map(Result::unwrap)
            .filter(|(name, _, bare): &(String, String, bool)| *bare || !checked(name))
            .map(|(name, kind, _)| (name, kind))
            .collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        for number in 1..=3 {
            let values: Vec<String> = columns.iter().map(|(name, kind)| made_up(name, kind, number)).collect();
            let (names, values) = (names.join(", "), values.join(", "));
            writeln!(script, "INSERT OR IGNORE INTO \"{table}\" ({names}) VALUES ({values});")
                .expect("the corpus and the files made from it are sound");
        }
    }
    script
}

fn made_up(name: &str, kind: &str, number: i64) -> String {
    match kind {
        kind if kind.contains("INT") || kind.contains("BOOL") => number.to_string(),
        kind if kind.contains("CHAR") || kind.contains("TEXT") => spoken(name, number),
        kind if kind.contains("BLOB") || kind.contains("BINARY") => format!("x'00ff{number:04x}00'"),
        kind if kind.contains("REAL") || kind.contains("NUMERIC") => format!("{number}.25"),
        kind if kind.contains("DATE") || kind.contains("TIME") => format!("'2021-0{number}-17 08:30:00'"),
        _ => spoken(name, number),
    }
}

/// A text with a quote, a letter of two bytes and one of four.
fn spoken(name: &str, number: i64) -> String {
    format!("'{name} ''{number}'' \u{e4}\u{1f40c}'")
}

fn count(database: &Path) -> usize {
    picture::whole(database).iter().filter(|(key, _)| key.starts_with("rows of")).map(|(_, rows)| rows.len()).sum()
}
