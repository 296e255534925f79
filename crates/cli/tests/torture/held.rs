//! Loading while an application has the database open. The file cannot be renamed over then, so it is restored into, which
//! is another path with failpoints of its own; the application must see the old rows or the new ones, never a mixture.

use rusqlite::Connection;

use crate::files;
use crate::kill::{self, Kill};
use crate::look::{Things, set};
use crate::scene::{Again, SMALL, Scene, lived_in};
use crate::tally::Tally;

/// The rows as the application sees them through the connection it has had all the time.
fn seen(application: &Connection) -> (i64, String) {
    let query = "SELECT count(*), max(CASE WHEN id = 300 THEN name END) FROM items";
    application
        .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("the application's connection goes on working")
}

fn start_application(scene: &Scene) -> Connection {
    let application = Connection::open(scene.fixture.database("main")).expect("the live database");
    let mode: String = application.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).expect("a mode");
    assert_eq!(mode, "wal");
    seen(&application);
    application
}

/// What the application sees in the old state and in the new one.
fn expectations(scene: &Scene) -> [(i64, String); 2] {
    scene.restore();
    let old = seen(&start_application(scene));
    scene.fixture.run(scene.arguments).exits(0);
    let new = seen(&start_application(scene));
    assert_ne!(old, new);
    [old, new]
}

#[test]
fn kill_during_load_while_an_application_has_the_database_open() {
    let scene = Scene::new(lived_in(), &["load", "b"], Again::Same, SMALL);
    let expected = expectations(&scene);
    scene.restore();
    let application = start_application(&scene);
    let passages = kill::failpoints(&scene.fixture, scene.arguments);
    assert_eq!(seen(&application), expected[1], "the application sees what was loaded");
    drop(application);
    for name in ["swap.into.copied", "swap.into.restored"] {
        assert!(passages.contains_key(name), "the file was to be restored into: {passages:?}");
    }
    let mut tally = Tally::default();
    for kill in kill::first_and_last(&passages) {
        let line = tally.line("failpoint");
        line.kills += 1;
        let found = killed(&scene, &kill, &expected);
        match (set(&found) == set(&scene.old), set(&found) == set(&scene.new)) {
            (true, _) => line.old += 1,
            (_, true) => line.new += 1,
            _ => line.between += 1,
        }
        line.finished += 1;
    }
    tally.conclude("load, database open", 0);
}

/// One kill; what was found right after it.
fn killed(scene: &Scene, kill: &Kill, expected: &[(i64, String); 2]) -> Things {
    scene.restore();
    let application = start_application(scene);
    kill.carry_out(&scene.fixture, scene.arguments);
    let found = scene.look();
    for (name, look) in &found {
        assert!([&scene.old[name], &scene.new[name]].contains(&look), "killed {kill}: {name} is {look}");
    }
    let new = found["database main"] == scene.new["database main"];
    assert_eq!(seen(&application), expected[usize::from(new)], "killed {kill}");
    let journal = scene.fixture.path(".stead/development/journal.json").exists();
    let carried_on = journal || set(&found) == set(&scene.new);
    let ended = scene.fixture.run(["init"]).exits(0);
    let settled = if carried_on { &scene.settled_new } else { &scene.settled_old };
    assert_eq!(set(&scene.look()), set(&settled.0), "killed {kill}\n{}", ended.err);
    assert_eq!(seen(&application), expected[usize::from(carried_on)], "killed {kill}\n{}", ended.err);
    scene.fixture.run(scene.arguments).exits(0);
    assert_eq!(scene.look(), scene.new, "killed {kill}");
    assert_eq!(seen(&application), expected[1], "killed {kill}");
    drop(application);
    assert_eq!(files::unexplained(&scene.fixture), Vec::<String>::new(), "killed {kill}");
    found
}
