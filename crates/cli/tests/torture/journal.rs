//! Trap F10: rows and files change places in two steps, and a crash may fall between them. The journal is the one file that
//! says how to go on; reading commands report it and touch nothing, any command that writes carries it out first.

use std::path::Path;

use crate::kill::Kill;
use crate::look::set;
use crate::scene::{Again, SMALL, Scene, lived_in};

/// Commands that write and leave databases, files and index as they are.
const WRITERS: [&[&str]; 5] =
    [&["init"], &["dump", "--name", "c"], &["index", "build"], &["upgrade"], &["undo", "--prune", "--yes"]];

/// Commands that only look.
const READERS: [&[&str]; 4] = [&["status"], &["check"], &["load", "b", "--dry-run"], &["reset", "--dry-run"]];

#[test]
fn trap_f10_swap_of_rows_and_files_is_carried_on() {
    let scene = Scene::new(lived_in(), &["load", "b"], Again::Same, SMALL);
    let during = |kill: &Kill| {
        let Kill::At { failpoint, .. } = kill else { return false };
        ["journal.", "leaf.", "swap.", "index.before-publish", "index.published"]
            .iter()
            .any(|part| failpoint.starts_with(part))
    };
    let kills: Vec<Kill> = scene.failpoints().into_iter().filter(during).collect();
    let mut carried_on = 0;
    for (kill, writer) in kills.iter().zip(WRITERS.iter().cycle()) {
        scene.restore();
        kill.carry_out(&scene.fixture, scene.arguments);
        let begun = scene.fixture.path(".stead/development/journal.json").exists();
        let found = scene.look();
        if begun {
            for reader in READERS {
                let report = scene.fixture.run(reader).exits(6);
                assert!((report.out + &report.err).contains("`load b` was cut off"), "killed {kill}: {reader:?}");
            }
            assert_eq!(scene.look(), found, "killed {kill}: a reading command changed something");
            carried_on += 1;
        }
        let ended = scene.fixture.run(*writer).exits(0);
        let new = begun || set(&found) == set(&scene.new);
        let expected = if new { &scene.new } else { &scene.old };
        assert_eq!(set(&scene.look()), set(expected), "killed {kill}, then {writer:?}:\n{}", ended.err);
        assert!(!begun || ended.err.contains("finishing `load b`"), "killed {kill}, then {writer:?}:\n{}", ended.err);
        every_named_file_is_there(&scene, kill);
        scene.fixture.run(["check"]).exits(0);
        assert_eq!(scene.fixture.strays(), Vec::<String>::new(), "killed {kill}, then {writer:?}");
    }
    assert!(carried_on >= 10, "only {carried_on} of {} kills fell into the swap", kills.len());
}

fn every_named_file_is_there(scene: &Scene, kill: &Kill) {
    for row in scene.fixture.rows("main", "SELECT picture FROM items WHERE picture IS NOT NULL") {
        let path = scene.fixture.path("storage").join(Path::new(&row[0]));
        assert!(path.is_file(), "killed {kill}: a row names `{}`, which is not there", row[0]);
    }
}

#[test]
fn undo_after_an_undo_that_was_cut_off_does_not_take_it_back() {
    let fixture = lived_in();
    fixture.run(["load", "b"]).exits(0);
    let scene = Scene::new(fixture, &["undo"], Again::Back, SMALL);
    let kill = Kill::At { failpoint: "journal.database".to_owned(), passage: 1 };
    kill.carry_out(&scene.fixture, scene.arguments);
    scene.fixture.run(["undo"]).exits(0).says("took back `load b`");
    assert_eq!(scene.look(), scene.new);
    scene.fixture.run(["undo"]).exits(0).says("took back `undo load b`");
    assert_eq!(set(&scene.look()), set(&scene.old));
}

#[test]
fn undo_after_a_load_that_was_cut_off_finishes_the_load_and_takes_that_back() {
    let scene = Scene::new(lived_in(), &["load", "b"], Again::Same, SMALL);
    let kill = Kill::At { failpoint: "journal.database".to_owned(), passage: 1 };
    kill.carry_out(&scene.fixture, scene.arguments);
    scene.fixture.run(["undo"]).exits(0).says("finishing `load b`").says("took back `load b`");
    assert_eq!(set(&scene.look()), set(&scene.old));
}
