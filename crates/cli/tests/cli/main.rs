//! The command as people run it: every test starts the real binary in a folder of its own. One file for each part of the
//! interface; the acceptance rows are named in the tests.

/// Makes of each function one test for every engine that is there, `row_001_…::postgres15`. The parameter's type says what the
/// test starts from: `project`, `migrated` or `ready`.
macro_rules! every_engine {
    ($(#[test] fn $name:ident($fixture:ident: $start:ident) $body:block)+) => {$(
        fn $name($fixture: stead_testkit::fixture::Fixture) $body

        mod $name {
            use stead_testkit::fixture::Home;
            use stead_testkit::servers::TestServer;

            every_engine!(@test sqlite, Home::Files, $start, $name);
            every_engine!(@test postgres15, Home::On(TestServer::Postgres15), $start, $name);
            every_engine!(@test postgres18, Home::On(TestServer::Postgres18), $start, $name);
            every_engine!(@test mariadb, Home::On(TestServer::Mariadb), $start, $name);
            every_engine!(@test mysql, Home::On(TestServer::Mysql), $start, $name);
        }
    )+};
    (@test $engine:ident, $home:expr, $start:ident, $body:ident) => {
        #[test]
        fn $engine() {
            if crate::has_turn(stringify!($engine), stringify!($body))
                && let Some(fixture) = crate::$start::at($home)
            {
                super::$body(fixture);
            }
        }
    };
}

mod canary;
mod damage;
mod database;
mod files;
mod index;
mod init;
mod interrupt;
mod output;
mod patience;
mod revisions;
mod roles;
mod safety;
mod schema;
mod settings;
mod snapshots;
mod together;

use stead_testkit::fixture::Fixture;

const STEAD: &str = env!("CARGO_BIN_EXE_stead");

/// Whether a test runs on this engine: the second version of one takes every third test, and all with the full number, because
/// making databases is what takes the time there.
fn has_turn(engine: &str, test: &str) -> bool {
    let turn =
        stead_testkit::skip::full() || engine != "postgres18" || test.bytes().map(u32::from).sum::<u32>() % 3 == 0;
    if !turn {
        stead_testkit::skip::skip("torture", "runs on this version with STEAD_TORTURE=full only");
    }
    turn
}

/// The small project, nothing initialised yet.
fn project() -> Fixture {
    Fixture::new(STEAD)
}

/// The small project after `init`.
fn ready() -> Fixture {
    Fixture::ready(STEAD)
}

/// An empty folder.
fn empty() -> Fixture {
    Fixture::empty(STEAD)
}

/// The small project at a home.
mod project {
    use stead_testkit::fixture::{Fixture, Home};

    pub(crate) fn at(home: Home) -> Option<Fixture> {
        Fixture::at(super::STEAD, home)
    }
}

/// The small project at a home after `init`.
mod ready {
    use stead_testkit::fixture::{Fixture, Home};

    pub(crate) fn at(home: Home) -> Option<Fixture> {
        let fixture = super::project::at(home)?;
        fixture.run(["init"]).exits(0);
        Some(fixture)
    }
}

/// The small project at a home with its schema and nothing else.
mod migrated {
    use stead_testkit::fixture::{Fixture, Home};

    pub(crate) fn at(home: Home) -> Option<Fixture> {
        let fixture = super::project::at(home)?;
        fixture.run(["init", "--skip-seed", "--skip-index"]).exits(0);
        Some(fixture)
    }
}
