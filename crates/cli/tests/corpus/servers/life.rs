//! One project with its database on a server, through its whole life, and the twin beside it: after init, with rows, after
//! load, undo and redo, and as far down and up again as the history has ways back that the engine's own client takes.

use std::fmt::Write as _;
use std::time::Instant;

use stead_testkit::fixture::{Fixture, Home};
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};
use stead_testkit::skip::{full, skip};

use super::client::Client;
use super::{mysql, postgres};
use crate::STEAD;
use crate::life::{Step, assert_same, id, revision, slug};
use crate::picture::Picture;

/// How far down a history is taken.
#[derive(Clone, Copy)]
pub(crate) enum Floor<'a> {
    /// To before its first step.
    Base,
    /// To the step whose title begins like that, which stays: it has no way back, or one before it has none.
    At(&'a str),
    /// It has no ways back.
    Nowhere,
}

/// A project, and databases that the engine's own client made from the same files.
pub(crate) struct Life {
    pub(crate) fixture: Fixture,
    client: Client,
    name: &'static str,
    steps: Vec<Step>,
    began: Instant,
}

/// On which servers a life is lived where the full number was not asked for: each on one of its family, in turns.
const SAMPLE: [(&str, &[TestServer]); 10] = [
    ("adventureworks", &[Postgres15]),
    ("atuin", &[Postgres18]),
    ("authelia", &[Postgres15, Mysql]),
    ("chinook", &[Postgres18, Mariadb]),
    ("crates", &[Postgres15]),
    ("gitness", &[Postgres18]),
    ("memos", &[Postgres18, Mariadb]),
    ("northwind", &[Postgres15]),
    ("pagila", &[Postgres18]),
    ("sakila", &[Postgres15, Mysql]),
];

/// Whether a life is lived on this server; reports it if not.
fn has_turn(name: &str, server: TestServer) -> bool {
    let turn = full() || SAMPLE.iter().any(|(known, servers)| *known == name && servers.contains(&server));
    if !turn {
        skip("torture", "lived on this server with STEAD_TORTURE=full only");
    }
    turn
}

impl Life {
    /// Writes the project, with an app and a database of that name; `None` after a skip was reported.
    pub(crate) fn begin(server: TestServer, name: &'static str, steps: Vec<Step>) -> Option<Self> {
        if !has_turn(name, server) {
            return None;
        }
        let fixture = Fixture::empty_at(STEAD, Home::On(server))?;
        let client = Client::of(server, fixture.server())?;
        let life = Self { fixture, client, name, steps, began: Instant::now() };
        life.write();
        Some(life)
    }

    fn write(&self) {
        let (name, location) = (self.name, self.fixture.location(self.name));
        self.fixture.write(
            "stead.toml",
            format!("[project]\nname = \"corpus\"\n\n[databases.{name}]\n{location}\n[apps.{name}]\npath = \"app\"\ndatabase = \"{name}\"\n"),
        );
        for (at, step) in self.steps.iter().enumerate() {
            self.fixture.write(&format!("app/migrations/{:04}_{}.sql", at + 1, slug(&step.title)), revision(at, step));
        }
    }

    /// Adds to the project file.
    pub(crate) fn configure(&self, more: &str) {
        let text = self.fixture.read("stead.toml");
        self.fixture.write("stead.toml", format!("{text}\n{more}"));
    }

    fn at(&self, station: &str) -> String {
        format!("{} on {} {station}", self.name, self.client.server.key())
    }

    fn say(&self, station: &str) {
        tell(&format!("{}: {:.1} s", self.at(station), self.began.elapsed().as_secs_f32()));
    }

    /// Makes a twin by running every step, or a whole script.
    pub(crate) fn twin(&self, twin: &str, script: Option<&str>) {
        self.fixture.create_database(twin);
        match script {
            Some(script) => self.client_runs(twin, script),
            None => self.goes(twin, self.steps.iter().map(|step| (step, step.up.as_str()))),
        }
    }

    #[track_caller]
    fn client_runs(&self, twin: &str, script: &str) {
        let done = self.client.run(&self.fixture.name_on_server(twin), script);
        done.unwrap_or_else(|error| panic!("{}: the engine's own client: {error}", self.name));
    }

    /// Gives the texts of steps to the client, all in one piece. An error names the step that the line belongs to.
    #[track_caller]
    fn goes<'a>(&self, twin: &str, texts: impl Iterator<Item = (&'a Step, &'a str)>) {
        let mut script = String::new();
        for (step, text) in texts {
            let text =
                if self.client.is_postgres() { postgres::step(text, step.runs_alone()) } else { mysql::step(text) };
            write!(script, "-- step {}\n{text}", step.title).expect("a text takes what is written to it");
        }
        let Err(error) = self.client.run(&self.fixture.name_on_server(twin), &script) else { return };
        let after = |mark| {
            error.split_once(mark).map(|(_, rest)| rest.trim_start_matches(|letter: char| !letter.is_ascii_digit()))
        };
        let number = after("stdin>:").or_else(|| after("at line")).unwrap_or_default();
        let line = number.split(|letter: char| !letter.is_ascii_digit()).next().and_then(|number| number.parse().ok());
        let before: Vec<&str> = script.lines().take(line.unwrap_or(0)).collect();
        let step = before.iter().rev().find(|line| line.starts_with("-- step "));
        panic!("{}: the engine's own client at `{}`: {error}", self.name, step.unwrap_or(&"its beginning"));
    }

    /// The database that stead made, or a twin.
    fn picture(&self, database: &str, masked: bool) -> Picture {
        let name = self.fixture.name_on_server(database);
        if self.client.is_postgres() {
            postgres::picture(&self.client, &name, masked)
        } else {
            mysql::picture(&self.client, &name, masked)
        }
    }

    /// The database equals a twin in schema and rows, but for what the clock and chance made.
    #[track_caller]
    pub(crate) fn equals(&self, twin: &str, station: &str) {
        assert_same(&self.picture(self.name, true), &self.picture(twin, true), &self.at(station));
        self.say(station);
    }

    /// The same tables with the same columns, whatever their order: another way that shall lead to the same schema.
    #[track_caller]
    pub(crate) fn has_columns_of(&self, twin: &str) {
        let place = if self.client.is_postgres() { "'public'" } else { "DATABASE()" };
        let query = format!(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
             WHERE table_schema = {place} AND table_name NOT LIKE 'stead\\_%';"
        );
        let columns = |database: &str| {
            let mut rows = self.client.rows(&self.fixture.name_on_server(database), &[], &query);
            rows.sort();
            rows
        };
        assert_eq!(columns(self.name), columns(twin), "{}", self.at("and another way"));
    }

    /// Puts the same rows of every kind into both.
    fn fill(&self, longest: usize) {
        for database in [self.name, "twin"] {
            let name = self.fixture.name_on_server(database);
            let done = if self.client.is_postgres() {
                postgres::fill(&self.client, &name, longest)
            } else {
                mysql::fill(&self.client, &name, longest)
            };
            done.unwrap_or_else(|error| panic!("{database}: {error}"));
        }
        let picture = self.picture("twin", true);
        let tables = || picture.iter().filter(|(thing, _)| thing.starts_with("rows of "));
        let filled = tables().filter(|(_, said)| !said[0].starts_with("0 rows")).count();
        tell(&format!("{}: {filled} of {} tables have rows", self.name, tables().count()));
        // Of a table that is split by months three parts get rows.
        assert!(filled * 5 >= tables().count(), "only {filled} of {} tables could be filled", tables().count());
    }

    /// Dump, damage, load, undo, redo, and a second load, which takes another way than the first.
    pub(crate) fn snapshots(&self) {
        let before = self.picture(self.name, false);
        self.fixture.run(["dump", "--name", "full"]).exits(0);
        self.fixture.run(["snapshots", "verify", "full"]).exits(0);
        let name = self.fixture.name_on_server(self.name);
        let damage = if self.client.is_postgres() { postgres::damage } else { mysql::damage };
        damage(&self.client, &name).expect("rows can be taken away");
        let damaged = self.picture(self.name, false);
        assert!(damaged != before, "the damage changed nothing");
        self.goes_to(&["load", "full"], &before, "after a load");
        self.goes_to(&["undo"], &damaged, "after undo");
        self.goes_to(&["undo"], &before, "after undo of undo");
        self.goes_to(&["load", "full"], &before, "after a second load");
    }

    #[track_caller]
    fn goes_to(&self, command: &[&str], expected: &Picture, station: &str) {
        self.fixture.run(command).exits(0);
        assert_same(&self.picture(self.name, false), expected, &self.at(station));
        self.say(station);
    }

    /// Down to the floor and up again, on both sides.
    pub(crate) fn down_and_up(&self, twin: &str, floor: Floor<'_>, station: &str) {
        let (kept, target) = match floor {
            Floor::Nowhere => return,
            Floor::Base => (0, "base".to_owned()),
            Floor::At(title) => {
                let at = self.steps.iter().position(|step| step.title.starts_with(title)).expect("the floor is a step");
                (at + 1, id(at))
            }
        };
        let taken = &self.steps[kept..];
        self.goes(
            twin,
            taken.iter().rev().map(|step| (step, step.down.as_deref().expect("a way back above the floor"))),
        );
        self.fixture.run(["downgrade", &target, "--app", self.name, "--yes"]).exits(0);
        self.equals(twin, &format!("down {} steps {station}", taken.len()));
        self.fixture.run(["upgrade"]).exits(0);
        self.goes(twin, taken.iter().map(|step| (step, step.up.as_str())));
        self.equals(twin, &format!("up again {station}"));
        self.fixture.run(["check"]).exits(0);
        self.no_strays();
    }

    /// Nothing is left of what was built beside, in the folder and on the server, but for undo points.
    #[track_caller]
    fn no_strays(&self) {
        assert_eq!(self.fixture.strays(), Vec::<String>::new());
        let names = self.fixture.server_databases().into_iter();
        let strays: Vec<String> =
            names.filter(|name| name.contains("stead_new") || name.contains("stead_scratch")).collect();
        assert_eq!(strays, Vec::<String>::new());
    }

    /// The life of a history without rows of its own: it is lived with made-up rows, and goes down as it was after init; with
    /// these rows too where its own steps can take them along, if no text is longer than `carried`.
    pub(crate) fn live(&self, floor: Floor<'_>, carried: Option<usize>) {
        for twin in ["twin", "bare"] {
            self.twin(twin, None);
        }
        self.say("the twins");
        self.fixture.run(["init"]).exits(0);
        self.equals("twin", "after init");
        self.fixture.run(["init"]).exits(0).says("nothing");
        self.fixture.run(["dump", "--name", "empty"]).exits(0);
        self.fill(carried.unwrap_or(200));
        self.equals("twin", "with rows");
        self.snapshots();
        self.equals("twin", "with rows, after loads");
        if carried.is_some() {
            self.down_and_up("twin", floor, "with rows");
        }
        self.fixture.run(["load", "empty"]).exits(0);
        self.equals("bare", "loaded empty");
        self.down_and_up("bare", floor, "without rows");
    }
}

#[expect(clippy::print_stdout, reason = "libtest shows it with --nocapture, and a figure is what was asked for")]
fn tell(text: &str) {
    println!("{text}");
}
