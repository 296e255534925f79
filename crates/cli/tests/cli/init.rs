//! Rows 1 to 15 on every engine and the embedded index: what `init` promises, run with the real command.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use stead_testkit::fixture::{Fixture, Gate, Home, ended};

use crate::empty;

every_engine! {
    #[test]
    fn row_001_157_one_command_brings_an_empty_machine_to_a_working_state(fixture: project) {
        fixture.run(["init"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
        assert_eq!(fixture.value("main", "SELECT name FROM kinds WHERE id = 1"), "made by a revision");
        assert_eq!(fixture.value("main", "SELECT count(*) FROM stead_ledger WHERE state = 'done'"), "3");
        assert_eq!(fixture.value("stats", "SELECT count(*) FROM stead_ledger WHERE state = 'done'"), "1");
        assert_eq!(fixture.read("storage/pictures/1.txt"), "a hammer\n");
        fixture.run(["search", "items", "hammers"]).exits(0).prints("1 found").prints("Hammer");
        fixture.run(["check"]).exits(0);
        assert_eq!(fixture.strays(), Vec::<String>::new());
    }

    #[test]
    fn row_002_init_again_changes_nothing(fixture: ready) {
        let before = (fixture.tree("."), fixture.stamps("storage"), fixture.stamps(".stead/development/indexes"));
        let again = fixture.run(["init"]).exits(0).says("there was nothing to do");
        assert!(!again.err.contains("  done     seed"));
        let document = fixture.run(["init", "--json"]).exits(0).json();
        assert_eq!(document["changed"], false);
        let after = (fixture.tree("."), fixture.stamps("storage"), fixture.stamps(".stead/development/indexes"));
        assert_eq!(before, after);
    }
}

/// Makes of the project one whose database has no user object, so that only the marker tells whether seeding is due.
fn without_tables(fixture: &Fixture) {
    let seed = "[seed]\nsteps = [{ run = [\"sh\", \"seed.sh\"], database = \"main\" }]\n";
    let database = format!("[databases.main]\n{}", fixture.location("main"));
    fixture.write("stead.toml", format!("[project]\nname = \"bare\"\n{database}{seed}"));
    fixture.write("seed.sh", "echo ran >> \"$STEAD_PROJECT/ran\"\n");
}

every_engine! {
    #[test]
    fn row_003_the_marker_decides_whether_to_seed(fixture: project) {
        without_tables(&fixture);
        fixture.run(["init"]).exits(0);
        assert_eq!(fixture.read("ran"), "ran\n");
        fixture.run(["init"]).exits(0).says("skipped  seed");
        let marker = fixture.rows("main", "SELECT state, at, source FROM stead_marker").remove(0);
        fixture.sql("main", "DELETE FROM stead_marker");
        fs::remove_dir_all(fixture.path("backups/_init")).expect("the test's own surroundings are sound");
        fixture.run(["init"]).exits(0);
        assert_eq!(fixture.read("ran"), "ran\nran\n", "without the marker the seed runs again");
        fixture.sql("main", "DELETE FROM stead_marker");
        let values = format!("'{}', '{}', '{}'", marker[0], marker[1], marker[2]);
        fixture.sql("main", &format!("INSERT INTO stead_marker (id, state, at, source) VALUES (1, {values})"));
        fs::remove_dir_all(fixture.path("backups/_init")).expect("the test's own surroundings are sound");
        fixture.run(["init"]).exits(0).says("skipped  seed");
        assert_eq!(fixture.read("ran"), "ran\nran\n", "with the marker back it does not");
    }

    #[test]
    fn row_003_adopted_databases_are_upgraded_and_never_seeded(fixture: project) {
        fixture.create_database("stats");
        fixture.sql("stats", "CREATE TABLE theirs (id INTEGER)");
        fixture.run(["init", "--skip-index"]).exits(0).says("never seeded");
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "0");
        assert_eq!(fixture.value("main", "SELECT count(*) FROM stead_ledger"), "3");
        assert_eq!(fixture.value("stats", "SELECT count(*) FROM theirs"), "0");
    }

    #[test]
    fn row_004_an_outage_is_never_taken_for_an_empty_database(fixture: project) {
        let gate = fixture.gate();
        gate.iter().for_each(Gate::open);
        fixture.run(["init"]).exits(0);
        let (content, before) = (fixture.content(), fixture.tree("."));
        match gate {
            None => a_file_that_is_none(&fixture),
            Some(gate) => a_server_that_goes_away(&fixture, &gate),
        }
        assert_eq!(fixture.content(), content);
        assert_eq!(fixture.tree("."), before);
        assert_eq!(fixture.strays(), Vec::<String>::new());
    }
}

fn a_file_that_is_none(fixture: &Fixture) {
    let whole = fs::read(fixture.database("main")).expect("the test's own surroundings are sound");
    fixture.write(".stead/development/main.db", b"this is no database at all, whatever it once was");
    fixture.run(["init"]).exits(7).says("not a SQLite database");
    fixture.run(["init", "--skip-seed"]).exits(7);
    assert_eq!(fixture.value("stats", "SELECT count(*) FROM stead_ledger"), "1");
    fixture.write(".stead/development/main.db", whole);
    fixture.run(["init"]).exits(0);
}

/// The server goes away after so many connections, which is in the middle of the probe.
fn a_server_that_goes_away(fixture: &Fixture, gate: &Gate) {
    for connections in [6, 8, 10] {
        gate.let_through(connections);
        let ended = fixture.run(["init"]);
        assert!([1, 7].contains(&ended.code), "after {connections} connections: {} {}", ended.code, ended.err);
        assert!(!ended.err.contains("panicked") && !ended.err.contains("seed step"), "{}", ended.err);
    }
    gate.open();
    fixture.run(["init"]).exits(0).says("nothing to do");
}

every_engine! {
    #[test]
    fn row_005_clean_builds_everything_anew(fixture: ready) {
        let content = fixture.content();
        fixture.sql("main", "INSERT INTO items (id, kind, name) VALUES (99, 2, 'added later')");
        fixture.write("storage/papers/added.txt", "later");
        // What the server says of a seed's statements is passed on.
        let (statement, said) = match fixture.home() {
            Home::Files => ("SELECT 1;\n", ""),
            home if home.is_mysql() => ("INSERT IGNORE INTO kinds (id, name) VALUES (2, 'again');\n", "Duplicate entry '2'"),
            Home::On(_) => ("DO $$ BEGIN RAISE NOTICE 'careful with %', 7; END $$;\n", "notice: careful with 7"),
        };
        fixture.write("seed/base.sql", fixture.read("seed/base.sql") + statement);
        fixture.run(["init", "--clean"]).exits(0).says(said);
        assert_eq!(fixture.content(), content);
        fixture.run(["search", "items", "added"]).exits(0).prints("0 found");
        fixture.run(["undo"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT name FROM items WHERE id = 99"), "added later");
        assert_eq!(fixture.read("storage/papers/added.txt"), "later");
    }

    #[test]
    fn row_006_init_load_restores_exactly_that_snapshot_on_an_empty_machine(fixture: ready) {
        fixture.sql("main", "DELETE FROM items WHERE id > 1; UPDATE items SET name = 'only one'");
        fixture.run(["dump", "--name", "one"]).exits(0);
        let content = fixture.content();
        fixture.forget();
        std::fs::remove_dir_all(fixture.path("storage/pictures")).expect("the test's own surroundings are sound");
        fixture.run(["init", "--load", "one"]).exits(0);
        assert_eq!(fixture.content(), content);
        fixture.run(["search", "items", "only"]).exits(0).prints("1 found");
        fixture.run_with(&[("INIT_LOAD", "one")], ["init"]).exits(0);
        assert_eq!(fixture.content(), content);
    }

    #[test]
    fn row_007_clean_together_with_load_is_a_usage_error(fixture: ready) {
        fixture.run(["dump", "--name", "one"]).exits(0);
        let before = fixture.tree(".");
        fixture.run(["init", "--clean", "--load", "one"]).exits(2).says("exclude each other");
        fixture.run_with(&[("INIT_CLEAN", "true"), ("INIT_LOAD", "one")], ["init"]).exits(2);
        assert_eq!(fixture.tree("."), before);
    }

    #[test]
    fn row_008_the_schema_is_at_head_after_init_load(fixture: project) {
        let third = fixture.read("apps/shop/migrations/0003_items_by_kind.sql");
        std::fs::remove_file(fixture.path("apps/shop/migrations/0003_items_by_kind.sql")).expect("the test's own surroundings are sound");
        fixture.run(["init"]).exits(0).says("items_by_kind");
        fixture.run(["dump", "--name", "old"]).exits(0);
        fixture.write("apps/shop/migrations/0003_items_by_kind.sql", third);
        fixture.run(["init", "--load", "old"]).exits(0);
        assert!(fixture.has("main", "items_by_kind"));
        fixture.run(["check"]).exits(0);
    }
}

every_engine! {
    #[test]
    fn row_009_skip_seed_leaves_a_migrated_database_without_seed_rows(fixture: project) {
        for arguments in [vec!["init", "--skip-seed"], vec!["init"]] {
            let variables: &[(&str, &str)] = if arguments.len() == 1 { &[("INIT_SKIP_SEED", "1")] } else { &[] };
            fixture.run_with(variables, &arguments).exits(0);
            assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "0");
            assert_eq!(fixture.value("main", "SELECT count(*) FROM kinds"), "1");
            assert_eq!(fixture.value("main", "SELECT state FROM stead_marker"), "skipped");
            assert!(!fixture.path("backups/_init").exists());
            fixture.run(["init"]).exits(0);
            assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "0", "a later init does not seed either");
            fixture.forget();
        }
    }
}

#[test]
fn row_009_off_values_of_the_variables_mean_off() {
    for off in ["0", "false", "", "FALSE"] {
        let fixture = empty();
        without_tables(&fixture);
        fixture.run_with(&[("INIT_SKIP_SEED", off), ("INIT_CLEAN", off), ("INIT_LOAD", off)], ["init"]).exits(0);
        assert_eq!(fixture.read("ran"), "ran\n", "`{off}` switched something on");
    }
}

every_engine! {
    #[test]
    fn row_010_skip_index_leaves_the_index_as_it_is(fixture: project) {
        fixture.run(["init", "--skip-index"]).exits(0);
        fixture.run(["index", "status"]).exits(0).prints("absent");
        fixture.run(["init"]).exits(0);
        let before = fixture.stamps(".stead/development/indexes");
        fixture.replace("indexes/items.sql", "price", "price + 1 AS price");
        fixture.run_with(&[("INIT_SKIP_INDEX", "1")], ["init"]).exits(0);
        assert_eq!(fixture.stamps(".stead/development/indexes"), before);
    }

    #[test]
    fn row_011_a_current_index_is_skipped(fixture: ready) {
        let built = |fixture: &Fixture| fixture.run(["index", "status", "--json"]).json()["indexes"][0]["built"].clone();
        let before = built(&fixture);
        fixture.run(["init"]).exits(0).says("skipped  index items: current");
        assert_eq!(built(&fixture), before);
        fixture.replace("indexes/items.sql", "price", "price * 2 AS price");
        fixture.run(["init"]).exits(0);
        assert_ne!(built(&fixture)["hash"], before["hash"], "a changed definition is built anew");
    }
}

every_engine! {
    #[test]
    fn row_012_init_waits_for_a_database_that_is_late_and_names_one_that_never_answers(fixture: project) {
        let gate = fixture.gate();
        gate.iter().for_each(Gate::open);
        fixture.run(["init"]).exits(0);
        let held = gate.is_none().then(|| fixture.hold("main", &["BEGIN EXCLUSIVE"]));
        gate.iter().for_each(Gate::shut);
        fixture.run(["wait", "--attempts", "2", "--pause", "10"]).exits(7).says("2 attempts").says("`main`");
        let running = fixture.command(["init"]).stderr(Stdio::piped()).spawn().expect("the binary was built");
        // Six seconds are the row's own.
        std::thread::sleep(Duration::from_secs(6));
        drop(held);
        gate.iter().for_each(Gate::open);
        ended(running.wait_with_output().expect("it can be waited for")).exits(0).says("nothing to do");
        fixture.run(["wait", "--attempts", "1"]).exits(0).says("answering: main, stats");
    }

    #[test]
    fn row_013_each_reason_is_readable(fixture: project) {
        fixture.run(["dump"]).exits(7).says("database `main` does not exist").says("stead init");
        fixture.run(["init"]).exits(0);
        let Some(password) = fixture.password() else {
            fs::remove_file(fixture.database("main")).expect("the test's own surroundings are sound");
            fs::create_dir(fixture.database("main")).expect("the test's own surroundings are sound");
            let ended = fixture.run(["init"]).exits(7).says("main.db").says("folder");
            assert!(!ended.err.contains("panicked"), "{}", ended.err);
            return;
        };
        fixture.replace("stead.toml", &format!(":{password}@"), ":wrong@");
        fixture.run(["init"]).exits(7).says("database `main`").says("does not let us in").says("127.0.0.1:");
        fixture.replace("stead.toml", ":wrong@127.0.0.1", ":wrong@no-such-host.invalid");
        let far = fixture.run(["wait", "--attempts", "1"]).exits(7).says("database `main`").says("no-such-host.invalid");
        assert!(!far.err.contains("panicked") && !far.err.contains("os error"), "{}", far.err);
    }
}

every_engine! {
    #[test]
    fn row_014_the_self_check_names_the_broken_column(fixture: ready) {
        fixture.sql("main", "ALTER TABLE items RENAME COLUMN name TO title");
        fixture.run(["init", "--skip-index"]).exits(3).says("items.name");
        fixture.run(["check"]).exits(3).prints("a  database main: `").prints("items.name` is missing");
    }
}

every_engine! {
    #[test]
    fn row_015_a_missing_database_is_refused_in_one_line_by_every_data_command(fixture: ready) {
        fixture.drop_database("stats");
        let commands: [&[&str]; 6] = [
            &["dump", "--name", "x"],
            &["upgrade"],
            &["downgrade", "base", "--app", "audit", "--yes"],
            &["stamp", "head", "--app", "audit"],
            &["check"],
            &["current"],
        ];
        for command in commands {
            let ended = fixture.run(command).exits(7).says("database `stats` does not exist");
            assert_eq!(ended.err.lines().filter(|line| line.starts_with("error")).count(), 1, "{command:?}: {}", ended.err);
            assert!(!fixture.has_database("stats"), "{command:?} made the database");
        }
        fixture.run(["index", "build"]).exits(0);
        fixture.run(["init"]).exits(0);
        assert_eq!(fixture.value("stats", "SELECT count(*) FROM visits"), "0");
    }
}
