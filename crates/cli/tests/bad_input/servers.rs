//! The table of bad input on servers: what a person can get wrong about a server, what its login may not do, and what happens
//! on it meanwhile. Each case runs on every server that is there, and besides what the table asks of every case, every
//! database of the project is as before, nobody's session is left, and the password is nowhere.

mod connecting;
mod content;
mod disk;
mod read_only;
mod rights;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use stead_testkit::fixture::{Fixture, Home, Rights};
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};

use crate::case::{Start, differences, side_by_side};
use crate::normal::{normal, without_names};
use crate::scene::{Scene, stead};

/// On which servers a case has a meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    All,
    Postgres,
    Mysqls,
}

/// A row of the table.
pub(crate) struct ServerCase {
    /// What is wrong.
    name: &'static str,
    on: On,
    start: Start,
    /// What the login may do that the project begins with.
    rights: Rights,
    /// Spoils something.
    prepare: fn(&mut Scene),
    command: &'static [&'static str],
    exit: i32,
    /// What it says: on all servers, or on PostgreSQL, MariaDB and MySQL.
    says: &'static [&'static str],
}

const PARTS: [&[ServerCase]; 4] = [connecting::CASES, content::CASES, rights::CASES, sessions::CASES];

impl ServerCase {
    fn is_on(&self, home: Home) -> bool {
        match self.on {
            On::All => true,
            On::Postgres => !home.is_mysql(),
            On::Mysqls => home.is_mysql(),
        }
    }

    fn expected(&self, home: Home) -> &'static str {
        match (self.says, home.engine()) {
            ([one], _) | ([one, _, _], "postgres") | ([_, one, _] | [one, _], "mariadb") => one,
            ([.., last], _) => last,
            ([], _) => unreachable!("every case says something"),
        }
    }

    fn run(&self, home: Home) {
        if let Some(fixture) = Fixture::at(stead(), home) {
            self.run_in(fixture);
        }
    }

    fn run_in(&self, fixture: Fixture) {
        let home = fixture.home();
        fixture.log_in(self.rights);
        if matches!(self.start, Start::Ready) {
            fixture.run(["init"]).exits(0);
        }
        let mut scene = Scene::of(fixture);
        (self.prepare)(&mut scene);
        settle(&scene);
        let (files, databases) = (scene.tree("."), databases(&scene));
        scene.begin();
        let ended = scene.ends(self.command);
        scene.end();
        settle(&scene);
        let name = self.name;
        let (out, err) = (&ended.out, &ended.err);
        assert_eq!(ended.code, self.exit, "case `{name}`: {:?}\n--- out\n{out}\n--- err\n{err}", self.command);
        let mut changed = differences(&files, &scene.tree("."));
        changed.extend(differences(&databases, &self::databases(&scene)));
        assert!(changed.is_empty(), "case `{name}` changed {changed:#?}\n--- err\n{err}");
        for password in scene.logins().into_iter().map(|login| login.password).chain(scene.password()) {
            assert!(!out.contains(&password) && !err.contains(&password), "case `{name}` tells the password:\n{err}");
        }
        let said = without_names(&normal(out, err, &scene.path("")), &scene);
        assert_eq!(said.trim_end(), unindented(self.expected(home)), "case `{name}`\n--- said\n{said}\n---");
    }
}

/// A text of the table without the indentation that it has there.
fn unindented(text: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let least = lines().map(depth).min().unwrap_or_default();
    lines().map(|line| &line[least..]).collect::<Vec<_>>().join("\n")
}

/// Waits until the server has noticed that the command is gone; a session that stays is one too many.
fn settle(fixture: &Fixture) {
    let began = Instant::now();
    loop {
        let left = fixture.sessions();
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "sessions are left: {left:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every database of the project, kept and built ones too, with the rows of every table and the objects without rows.
fn databases(fixture: &Fixture) -> BTreeMap<String, String> {
    let (tables, objects, quote) = if fixture.home().is_mysql() {
        (
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1",
            "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2",
            '`',
        )
    } else {
        (
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
            "SELECT relname, relkind, relnatts FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
            '"',
        )
    };
    let mut found = BTreeMap::new();
    for database in fixture.server_databases() {
        let mut content = fixture.ask(Some(&database), objects);
        for table in fixture.ask(Some(&database), tables).into_iter().flatten() {
            content.extend(fixture.ask(Some(&database), &format!("SELECT * FROM {quote}{table}{quote} ORDER BY 1")));
        }
        found.insert(format!("database {database}"), format!("{content:?}"));
    }
    found
}

fn run_on(server: TestServer) {
    let home = Home::On(server);
    let cases = PARTS.iter().copied().flatten().filter(|case| case.is_on(home));
    // The second server of each family says what the first one says, so without the full number it is asked for a part.
    let every = if stead_testkit::skip::full() || matches!(server, Postgres15 | Mariadb) { 1 } else { 3 };
    let cases: Vec<&ServerCase> = cases.step_by(every).collect();
    if every > 1 {
        stead_testkit::skip::skip("torture", "all cases run on this server with STEAD_TORTURE=full only");
    }
    let failed = side_by_side(&cases, |case| catch_unwind(AssertUnwindSafe(|| case.run(home))).is_err());
    let failed: Vec<&str> = failed.into_iter().map(|case| case.name).collect();
    assert!(failed.is_empty(), "{} of {} cases failed: {}", failed.len(), cases.len(), failed.join(", "));
}

#[test]
fn the_table_of_servers_has_its_cases_and_each_its_own_name() {
    let cases: Vec<&ServerCase> = PARTS.iter().copied().flatten().collect();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    assert!(cases.iter().all(|case| matches!(case.says.len(), 1..=3)));
    assert!(names.len() >= 30, "only {} cases", names.len());
}

#[test]
fn servers_on_postgres15() {
    run_on(Postgres15);
}

#[test]
fn servers_on_postgres18() {
    run_on(Postgres18);
}

#[test]
fn servers_on_mariadb() {
    run_on(Mariadb);
}

#[test]
fn servers_on_mysql() {
    run_on(Mysql);
}
