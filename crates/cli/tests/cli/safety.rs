//! Nothing of value is lost in odd situations: uploads that are there already, copied projects, shared databases, leaves
//! that cannot be replaced, and work that is cut off beside other work.

use std::fs;
use std::process::Command;

use stead_testkit::fixture::Fixture;

use crate::{empty, project, ready};

fn copy(from: &Fixture, to: &Fixture) {
    let copied = Command::new("cp").arg("-a").arg(from.path(".")).arg(to.path("copy")).status();
    assert!(copied.expect("`cp` is everywhere").success());
}

#[test]
fn init_keeps_files_that_were_uploaded_before() {
    let fixture = project();
    fixture.write("storage/papers/mine.txt", "mine");
    fixture.run(["init"]).exits(0).says("files in the storage already");
    assert!(!fixture.path("storage/papers/mine.txt").exists());
    fixture.run(["undo"]).exits(0);
    assert_eq!(fixture.read("storage/papers/mine.txt"), "mine");
}

every_engine! {
    #[test]
    fn an_ordinary_init_leaves_no_undo_point(fixture: ready) {
        fixture.run(["undo", "--list"]).exits(0).prints("there is no undo point");
    }
}

#[test]
fn a_copied_project_works_on_its_own_files_and_never_on_the_original() {
    let fixture = ready();
    let seeded = fixture.content();
    fixture.run(["reset", "--yes"]).exits(0);
    let other = empty();
    copy(&fixture, &other);
    let before = fixture.tree(".");
    other.run(["-C", "copy", "undo"]).exits(0);
    for _ in 0..4 {
        other.run(["-C", "copy", "load", "_init"]).exits(0);
    }
    assert_eq!(fixture.tree("."), before, "the original was touched");
    fixture.run(["undo"]).exits(0);
    assert_eq!(fixture.content(), seeded);
}

#[test]
fn an_interrupted_swap_is_finished_where_the_project_was_moved_to() {
    let fixture = ready();
    fixture.sql("main", "DELETE FROM items");
    let killed = fixture.run_with(&[("STEAD_FAILPOINT", "journal.database=kill")], ["load", "_init"]);
    assert_eq!(killed.code, -9);
    let other = empty();
    copy(&fixture, &other);
    let before = fixture.tree(".");
    other.run(["-C", "copy", "init"]).exits(0).says("finishing `load _init`");
    assert_eq!(fixture.tree("."), before, "the original was touched");
    fixture.run(["init"]).exits(0).says("finishing `load _init`");
    assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
}

#[test]
fn another_environment_does_not_sweep_away_what_a_journal_needs() {
    let fixture = ready();
    let database = fixture.database("main").display().to_string();
    fixture.write(
        "stead.staging.toml",
        format!("[databases.main]\nurl = \"sqlite:{database}\"\n[storage]\npath = \"other\"\n"),
    );
    let killed = fixture.run_with(&[("STEAD_FAILPOINT", "journal.written=kill")], ["load", "_init"]);
    assert_eq!(killed.code, -9);
    fixture.run(["--env", "staging", "upgrade"]).exits(4);
    fixture.run(["init"]).exits(0).says("finishing `load _init`");
}

#[test]
fn a_leaf_that_comes_into_being_during_a_load_is_no_reason_to_lose_the_loaded_files() {
    let fixture = ready();
    fixture.run(["dump", "--name", "b"]).exits(0);
    fs::remove_dir_all(fixture.path("storage/pictures")).unwrap();
    let mut command = fixture.command(["load", "b"]);
    command.env("STEAD_FAILPOINT", "journal.before=pause:4000").stderr(std::process::Stdio::null());
    let mut load = command.spawn().unwrap();
    fixture.wait_until_locked();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    fs::create_dir_all(fixture.path("storage/pictures")).unwrap();
    assert!(load.wait().unwrap().success());
    assert_eq!(fixture.read("storage/pictures/1.txt"), "a hammer\n");
}

#[test]
fn a_leaf_that_is_a_link_is_refused_before_anything_is_touched() {
    let fixture = ready();
    fixture.run(["dump", "--name", "b"]).exits(0);
    fs::rename(fixture.path("storage/papers"), fixture.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", fixture.path("storage/papers")).unwrap();
    let before = fixture.content();
    for command in [&["load", "b"][..], &["reset", "--yes"], &["seed"]] {
        fixture.run(command).exits(4).says("symbolic link");
        assert_eq!(fixture.content(), before, "{command:?}");
        assert_eq!(fixture.strays(), Vec::<String>::new(), "{command:?}");
    }
}

every_engine! {
    #[test]
    fn one_database_of_a_snapshot_can_be_loaded_alone(fixture: ready) {
        fixture.sql("stats", "INSERT INTO visits (at) VALUES ('today')");
        fixture.run(["dump", "--name", "b"]).exits(0);
        fixture.sql("main", "DELETE FROM items");
        fixture.sql("stats", "DELETE FROM visits");
        fixture.write("storage/papers/new.txt", "new");
        fixture.run(["load", "b", "--database", "stats"]).exits(0).says("1 row, 0 files");
        assert_eq!(fixture.value("stats", "SELECT at FROM visits"), "today");
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "0");
        assert_eq!(fixture.read("storage/papers/new.txt"), "new");
    }
}

every_engine! {
    #[test]
    fn a_lost_database_of_several_is_made_anew_with_a_warning(fixture: ready) {
        fixture.drop_database("stats");
        fixture.run(["init"]).exits(0).says("database `stats` is gone").says("stead load NAME --database stats");
    }
}

every_engine! {
    #[test]
    fn drift_is_said_before_an_upgrade_takes_it_over(fixture: ready) {
        fixture.sql("main", "CREATE TABLE alien (id INTEGER)");
        fixture.write(
            "apps/shop/migrations/0004_more.sql",
            "-- More\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nCREATE TABLE more (id INTEGER);\n",
        );
        fixture.run(["upgrade"]).exits(0).says("alien` is not expected");
    }
}

every_engine! {
    #[test]
    fn work_that_goes_on_is_not_reported_as_cut_off(fixture: ready) {
        let mut command = fixture.command(["load", "_init"]);
        command.env("STEAD_FAILPOINT", "journal.written=pause:2500").stderr(std::process::Stdio::null());
        let mut load = command.spawn().expect("the binary was built");
        for _ in 0..20 {
            let status = fixture.run(["status"]);
            assert!([0, 7].contains(&status.code) && !status.out.contains("cut off"), "{}{}", status.out, status.err);
        }
        assert!(load.wait().expect("it can be waited for").success());
    }
}

#[test]
fn places_in_texts_beyond_ascii_are_drawn_and_not_a_panic() {
    let fixture = ready();
    fixture.write("seed/base.sql", "SELECT é;\n");
    fixture.run(["seed"]).exits(1).says("é");
    fixture.write("seed/base.sql", "INSERT INTO kinds (id, name) VALUES (2, 'tools'), (3, 'toys');\n");
    fixture.write("seed/items.csv", "\u{feff}id,kind,name\n1,2,x€\n2,b\n");
    fixture.run(["seed"]).exits(2).says("items.csv");
    fixture.write("seed/items.csv", "\u{feff}id,kind,name,price\n1,2,x€,nan\n");
    fixture.run(["seed"]).exits(2).says("`nan` does not fit");
    fixture.replace("indexes/items.sql", "SELECT id", "SELECT é, id");
    fixture.run(["index", "build"]).exits(1).says("é");
}

#[test]
fn wrong_usage_with_json_is_a_document_too() {
    let fixture = ready();
    for arguments in [&["--json", "load"][..], &["--json", "nonsense"], &["init", "--json", "--nonsense"]] {
        let document = fixture.run(arguments).exits(2).json();
        assert_eq!(document["error"]["code"], "usage", "{arguments:?}");
    }
}

every_engine! {
    #[test]
    fn an_undo_point_larger_than_allowed_is_refused_before_the_start(fixture: ready) {
        let small = ["--set", "undo.max_size=1000", "load", "_init"];
        fixture.run(small).exits(4).says("undo.max_size");
        let bare = ["--set", "undo.max_size=1000", "init", "--clean", "--skip-seed", "--skip-index"];
        fixture.run(bare).exits(4).says("undo.max_size");
        fixture.run(["load", "_init", "--skip-index"]).exits(0);
        fixture.run(["--set", "undo.max_size=1000", "undo"]).exits(4).says("undo.max_size");
        fixture.run(["undo", "--prune", "--yes"]).exits(0);
        fixture.run(["--set", "undo.max_size=1000", "load", "_init", "--allow", "no-undo"]).exits(0);
        fixture.run(["undo"]).exits(1).says("nothing to undo");
    }
}

/// In `development` taking it back is answer enough; elsewhere it is asked, if there is anything to lose.
#[test]
fn outside_of_development_what_replaces_rows_or_files_asks() {
    let fixture = project();
    fixture.write("stead.staging.toml", "[storage]\npath = \"other\"\n");
    let staging = |arguments: &[&str]| fixture.run(["--env", "staging"].iter().chain(arguments));
    staging(&["init", "--clean"]).exits(0);
    staging(&["dump", "--name", "b"]).exits(0);
    for command in [&["load", "b"][..], &["seed"], &["init", "--clean"], &["init", "--load", "b"], &["undo"]] {
        staging(command).exits(4).says("(nobody can be asked here)").says("--yes");
        if *command != ["undo"] {
            staging(command).exits(4).says("7 rows and the stored files move to a new undo point");
        }
        staging(&[command, &["--dry-run"]].concat()).exits(0);
        staging(&[command, &["--yes"]].concat()).exits(0);
    }
    staging(&["init"]).exits(0);
    staging(&["load", "b", "--allow", "no-undo"]).exits(4).says("are gone then");
    staging(&["load", "nothing"]).exits(1).says("nothing");
    staging(&["reset", "--yes"]).exits(0);
    staging(&["load", "b"]).exits(0);
}
