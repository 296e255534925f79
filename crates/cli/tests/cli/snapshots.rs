//! Rows 84 to 108: seed, dump, load and undo, run with the real command.

use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use stead_testkit::fixture::{Fixture, Gate, ended};

use crate::{empty, ready};

every_engine! {
    #[test]
    fn row_084_seed_resets_migrates_runs_the_steps_and_writes_init(fixture: ready) {
        let content = fixture.content();
        fixture.sql("main", "INSERT INTO items (id, kind, name) VALUES (50, 2, 'stray')");
        fs::remove_dir_all(fixture.path("backups/_init")).expect("the test's own surroundings are sound");
        fixture.run(["seed"]).exits(0).says("seed step 1, seed/base.sql").says("seed step 3");
        assert_eq!(fixture.content(), content);
        fixture.run(["snapshots", "verify", "_init"]).exits(0);
        fixture.run(["undo"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT name FROM items WHERE id = 50"), "stray");
    }

    #[test]
    fn row_085_seed_keeps_rows_that_revisions_write(fixture: ready) {
        fixture.run(["seed"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT name FROM kinds WHERE id = 1"), "made by a revision");
    }

    #[test]
    fn row_086_steps_run_in_order_and_a_failing_one_stops_with_its_name(fixture: project) {
        let ended = fixture.run(["init"]).exits(0);
        let order: Vec<usize> = ["step 1", "step 2", "step 3"].iter().map(|step| ended.err.find(step).expect("the test's own surroundings are sound")).collect();
        assert!(order.is_sorted(), "{}", ended.err);
        assert!(ended.err.contains("files are written"), "what a program says is passed on: {}", ended.err);
        let before = fixture.content();
        fixture.replace("seed/items.csv", "12.5", "twelve");
        fixture.run(["seed"]).exits(2).says("seed step 2, seed/items.csv").says("`twelve` does not fit column `price`");
        fixture.replace("seed/items.csv", "twelve", "12.5");
        fixture.write("seed/files.sh", "echo 'out of glue' >&2\nexit 3\n");
        fixture.run(["seed"]).exits(1).says("seed step 3, sh seed/files.sh").says("exit status: 3").says("out of glue");
        fixture
            .write("seed/base.sql", "INSERT INTO kinds (id, name) VALUES (2, 'tools');\nINSERT INTO kindz VALUES (3);\n");
        fixture.run(["seed"]).exits(1).says("seed/base.sql").says(":2:").says("kindz");
        assert_eq!(fixture.content(), before);
        assert_eq!(fixture.strays(), Vec::<String>::new());
    }

    #[test]
    fn row_087_a_failed_seed_keeps_the_previous_init(fixture: ready) {
        let snapshot = fixture.tree("backups/_init");
        fixture.write("seed/files.sh", "exit 1\n");
        fixture.run(["seed"]).exits(1);
        assert_eq!(fixture.tree("backups/_init"), snapshot);
        fixture.run(["load", "_init"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
    }
}

every_engine! {
    #[test]
    fn row_088_seed_proves_its_snapshot_by_loading_it(fixture: project) {
        // The writer of frames is made to flip a byte after it hashed them: only reading back can notice.
        fixture.run_with(&[("STEAD_FAILPOINT", "dump.corrupt=error")], ["init"]).exits(1);
        assert!(!fixture.path("backups/_init").exists());
        assert!(!fixture.has_database("main"));
        fixture.run(["init"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
    }
}

every_engine! {
    #[test]
    fn row_089_157_a_dump_without_a_name_is_named_by_the_time_and_never_collides(fixture: ready) {
        for _ in 0..3 {
            fixture.run(["dump"]).exits(0);
        }
        let names: Vec<String> = snapshot_names(&fixture).into_iter().filter(|name| name != "_init").collect();
        assert_eq!(names.len(), 3, "{names:?}");
        for name in names {
            let (time, suffix) = name.split_at(14);
            assert!(time.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
            assert!(["", "-2", "-3"].contains(&suffix), "{name}");
        }
    }
}

fn snapshot_names(fixture: &Fixture) -> Vec<String> {
    let document = fixture.run(["snapshots", "list", "--json"]).exits(0).json();
    let entries = document["snapshots"].as_array().expect("a list of snapshots");
    entries.iter().map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect()
}

every_engine! {
    #[test]
    fn row_090_dump_refuses_to_overwrite(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        let (tree, stamps) = (fixture.tree("backups/b"), fixture.stamps("backups/b"));
        fixture.sql("main", "DELETE FROM items WHERE id = 1");
        fixture.run(["dump", "--name", "b"]).exits(1).says("`b` exists already").says("--force");
        assert_eq!((fixture.tree("backups/b"), fixture.stamps("backups/b")), (tree, stamps));
    }
}

every_engine! {
    #[test]
    fn row_091_a_killed_forced_dump_leaves_the_old_one_or_the_new_one_whole(fixture: ready) {
        for (round, point) in ["dump.frame", "dump.manifest", "dump.exchanged", "dump.swept"].into_iter().enumerate() {
            fixture.run(["dump", "--name", "b", "--force"]).exits(0);
            let old = fixture.tree("backups/b");
            fixture.sql("main", &format!("INSERT INTO items (id, kind, name) VALUES ({}, 2, 'more')", 70 + round));
            let point_kills = format!("{point}=kill");
            let killed = fixture.run_with(&[("STEAD_FAILPOINT", &point_kills)], ["dump", "--name", "b", "--force"]);
            assert_eq!(killed.code, -9, "{point} was not passed: {}", killed.err);
            fixture.run(["snapshots", "verify", "b"]).exits(0);
            let is_old = fixture.tree("backups/b").contains_key("manifest.json")
                && fixture.tree("backups/b")["manifest.json"] == old["manifest.json"];
            assert_eq!(is_old, ["dump.frame", "dump.manifest"].contains(&point), "{point}");
            fixture.run(["dump", "--name", &format!("after{round}")]).exits(0);
            assert_eq!(fixture.strays(), Vec::<String>::new(), "{point}");
            fixture.run(["load", "b", "--skip-index"]).exits(0);
            let rows = (4 + round + usize::from(!is_old)).to_string();
            assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), rows, "{point}");
            fixture.run(["load", &format!("after{round}"), "--skip-index"]).exits(0);
        }
    }
}

every_engine! {
    #[test]
    fn row_092_a_failed_dump_leaves_nothing(fixture: ready) {
        let before = fixture.tree("backups");
        fixture
            .run_with(&[("STEAD_FAILPOINT", "dump.frame=enospc")], ["dump", "--name", "b"])
            .exits(1)
            .says("No space left");
        assert_eq!(fixture.tree("backups"), before);
        assert_eq!(fixture.strays(), Vec::<String>::new());
    }
}

every_engine! {
    #[test]
    fn row_093_names_are_validated_before_anything_is_done(fixture: project) {
        let before = fixture.tree(".");
        for name in ["../x", "/tmp/x", "", "a/b", "..", ".hidden", "@production", "a b"] {
            fixture.run(["dump", "--name", name]).exits(2);
            fixture.run(["load", name]).exits(2);
            fixture.run(["snapshots", "verify", name]).exits(2);
            fixture.run(["init", "--load", name]).exits(2);
        }
        assert_eq!(fixture.tree("."), before);
        assert_eq!(fixture.server_databases(), Vec::<String>::new());
    }

    #[test]
    fn row_094_every_file_that_a_row_names_is_in_the_snapshot(fixture: ready) {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| write_rows_and_files(&fixture, &stop));
            for number in 0..3 {
                fixture.run(["dump", "--name", &format!("busy{number}")]).exits(0);
            }
            stop.store(true, Ordering::SeqCst);
            assert!(writer.join().expect("the application can write while a dump runs") > 0);
        });
        for number in 0..3 {
            fixture.run(["load", &format!("busy{number}"), "--skip-index"]).exits(0);
            for row in fixture.rows("main", "SELECT picture FROM items WHERE picture IS NOT NULL") {
                assert!(fixture.path("storage").join(&row[0]).is_file(), "busy{number}: {} is missing", row[0]);
            }
        }
        fs::remove_file(fixture.path("storage/pictures/1.txt")).expect("the test's own surroundings are sound");
        fixture.run(["dump", "--name", "broken"]).exits(1).says("pictures/1.txt");
        assert!(!fixture.path("backups/broken").exists());
    }
}

/// An application that writes a file and then the row that names it, as applications should; how many it wrote.
fn write_rows_and_files(fixture: &Fixture, stop: &AtomicBool) -> u32 {
    for number in 100.. {
        if stop.load(Ordering::SeqCst) {
            return number - 100;
        }
        fixture.write(&format!("storage/pictures/{number}.txt"), "new");
        let values = format!("({number}, 2, 'new', 'pictures/{number}.txt')");
        fixture.patiently("main", &format!("INSERT INTO items (id, kind, name, picture) VALUES {values}"));
    }
    unreachable!("nobody writes so many")
}

every_engine! {
    #[test]
    fn row_095_a_flipped_byte_anywhere_is_refused_before_anything_is_touched(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        let files = fixture.tree("backups/b");
        let before = (fixture.content(), fixture.stamps("storage"));
        let mut kinds = 0;
        for path in files.keys().filter(|path| fixture.path("backups/b").join(path).is_file()) {
            kinds += 1;
            let path = format!("backups/b/{path}");
            let sound = fs::read(fixture.path(&path)).expect("the test's own surroundings are sound");
            for at in [0, sound.len() / 2, sound.len() - 1] {
                let mut flipped = sound.clone();
                flipped[at] ^= 0x20;
                fixture.write(&path, &flipped);
                let refused = fixture.run(["load", "b"]);
                assert!([1, 4].contains(&refused.code), "{path} at {at}: {} {}", refused.code, refused.err);
                assert_eq!((fixture.content(), fixture.stamps("storage")), before, "{path} at {at}");
            }
            fixture.write(&path, &sound);
        }
        assert!(kinds >= 5, "manifest, frame lists and frames of databases and storage: {files:?}");
        fixture.run(["load", "b"]).exits(0);
    }

    #[test]
    fn row_096_the_list_shows_name_time_size_heads_and_verification(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        fixture.run(["snapshots", "list"]).exits(0).prints("b  20").prints("shop@33cc44dd55ee").prints("not verified");
        fixture.run(["snapshots", "verify", "b"]).exits(0);
        let document = fixture.run(["snapshots", "list", "--json"]).exits(0).json();
        let entry = document["snapshots"].as_array().expect("the test's own surroundings are sound").iter().find(|entry| entry["name"] == "b").expect("the test's own surroundings are sound");
        assert!(entry["verified_at"].is_string() && entry["packed_bytes"].as_u64().expect("the test's own surroundings are sound") > 0 && entry["rows"] == 7);
        fs::remove_file(fixture.path("backups/b/manifest.json")).expect("the test's own surroundings are sound");
        fixture.run(["snapshots", "list"]).exits(0).prints("b  broken");
    }
}

every_engine! {
    #[test]
    fn row_097_a_dump_to_standard_output_is_pipe_safe(fixture: project) {
        let gate = fixture.gate();
        gate.iter().for_each(Gate::open);
        fixture.run(["init"]).exits(0);
        let whole = fixture.command(["dump", "--stdout"]).output().expect("the binary was built");
        assert!(whole.status.success());
        assert!(whole.stdout.len() > 1000 && &whole.stdout[257..262] == b"ustar");
        // Killed in the middle: a signal's exit code, and a stream that cannot be mistaken for a whole one.
        let mut command = fixture.command(["dump", "--stdout", "--name", "s"]);
        let killed = command.env("STEAD_FAILPOINT", "stream.entry@3=kill").output().expect("the binary was built");
        assert!(!killed.status.success() && killed.stdout.len() < whole.stdout.len());
        // The server goes away in the middle.
        if let Some(gate) = &gate {
            let mut command = fixture.command(["dump", "--stdout", "--name", "s"]);
            let dump = fixture.stop_at("dump.frame", command.stdout(Stdio::piped()).stderr(Stdio::null()));
            gate.shut();
            fixture.go_on();
            let cut = dump.wait_with_output().expect("it can be waited for");
            assert!(!cut.status.success() && cut.stdout.len() < whole.stdout.len());
            gate.open();
        }
        // A reader that goes away is an error, not a panic and not a success.
        let mut command = fixture.command(["dump", "--stdout"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built");
        drop(child.stdout.take());
        let ended = ended(child.wait_with_output().expect("it can be waited for"));
        assert_eq!(ended.code, 1, "{}", ended.err);
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        // Usage never goes to standard output.
        let wrong = fixture.run(["dump", "--stdout", "--nonsense"]).exits(2).says("--nonsense");
        assert_eq!(wrong.out, "");
    }
}

every_engine! {
    #[test]
    fn row_097_an_unpacked_stream_is_a_snapshot(fixture: ready) {
        let stream = fixture.command(["dump", "--stdout", "--name", "s"]).output().expect("the test's own surroundings are sound").stdout;
        let content = fixture.content();
        fixture.write("s.tar", stream);
        let mut unpack = std::process::Command::new("tar");
        unpack.args(["-xf", "s.tar", "-C", "backups"]).current_dir(fixture.path("."));
        assert!(unpack.status().expect("the test's own surroundings are sound").success());
        fs::remove_file(fixture.path("backups/stream.blake3")).expect("the test's own surroundings are sound");
        fixture.sql("main", "DELETE FROM items");
        fixture.run(["load", "s"]).exits(0);
        assert_eq!(fixture.content(), content);
    }

    #[test]
    fn row_099_several_databases_in_one_snapshot(fixture: ready) {
        fixture.sql("stats", "INSERT INTO visits (at, page) VALUES ('2026-01-01', '/')");
        fixture.run(["dump", "--name", "both"]).exits(0);
        fixture.sql("main", "DELETE FROM items");
        fixture.sql("stats", "DELETE FROM visits");
        fixture.run(["load", "both"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
        assert_eq!(fixture.value("stats", "SELECT page FROM visits"), "/");
    }

    #[test]
    fn row_100_157_load_needs_a_name_and_lists_the_names_there_are(fixture: ready) {
        fixture.run(["dump", "--name", "before"]).exits(0);
        fixture.run(["load"]).exits(2).says("NAME");
        fixture.run(["load", "befor"]).exits(1).says("`befor`").says("`before`").says("`_init`");
        fixture.sql("main", "DELETE FROM items");
        fixture.run(["load", "before"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
    }

    #[test]
    fn row_101_load_checks_everything_before_it_touches_anything(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        fixture.sql("main", "DELETE FROM items WHERE id = 1");
        let before = (fixture.content(), fixture.stamps("storage"), fixture.stamps(".stead/development/indexes"));
        fs::remove_dir_all(fixture.path("backups/b/storage")).expect("the test's own surroundings are sound");
        fixture.run(["load", "b"]).exits(1).says("storage");
        let after = (fixture.content(), fixture.stamps("storage"), fixture.stamps(".stead/development/indexes"));
        assert_eq!(after, before);
    }

    #[test]
    fn row_102_load_removes_what_is_not_in_the_snapshot(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        fixture.sql("main", "CREATE TABLE extra (id INTEGER); INSERT INTO items (id, kind, name) VALUES (9, 2, 'extra')");
        fixture.write("storage/papers/extra.txt", "extra");
        fixture.run(["load", "b"]).exits(0);
        assert!(!fixture.has("main", "extra"));
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items WHERE id = 9"), "0");
        assert!(!fixture.path("storage/papers/extra.txt").exists());
    }

    #[test]
    fn row_104_load_rebuilds_the_index(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        fixture.sql("main", "DELETE FROM items; INSERT INTO items (id, kind, name) VALUES (7, 2, 'Anvil')");
        fixture.run(["index", "build"]).exits(0);
        fixture.run(["search", "items", "anvil"]).exits(0).prints("1 found");
        fixture.run(["load", "b"]).exits(0);
        fixture.run(["search", "items", "anvil"]).exits(0).prints("0 found");
        fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
        fixture.run(["undo"]).exits(0);
        fixture.run(["search", "items", "anvil"]).exits(0).prints("1 found");
    }

    #[test]
    fn row_105_an_older_snapshot_is_upgraded_unless_asked_not_to(fixture: project) {
        let third = fixture.read("apps/shop/migrations/0003_items_by_kind.sql");
        fs::remove_file(fixture.path("apps/shop/migrations/0003_items_by_kind.sql")).expect("the test's own surroundings are sound");
        fixture.run(["init"]).exits(0);
        fixture.run(["dump", "--name", "old"]).exits(0);
        fixture.write("apps/shop/migrations/0003_items_by_kind.sql", third);
        fixture.run(["load", "old", "--no-migrate"]).exits(0);
        fixture.run(["current", "--app", "shop"]).exits(0).prints("22bb33cc44dd");
        fixture.run(["load", "old"]).exits(0);
        fixture.run(["current", "--app", "shop"]).exits(0).prints("33cc44dd55ee").prints("(head)");
    }

    #[test]
    fn row_106_a_newer_snapshot_is_refused_by_name(fixture: ready) {
        fixture.run(["dump", "--name", "new"]).exits(0);
        fs::remove_file(fixture.path("apps/shop/migrations/0003_items_by_kind.sql")).expect("the test's own surroundings are sound");
        let before = fixture.tree(".stead");
        fixture.run(["load", "new"]).exits(4).says("`new` is newer").says("`shop` 33cc44dd55ee");
        fixture.run(["init", "--load", "new"]).exits(4);
        assert_eq!(fixture.tree(".stead"), before);
    }

    #[test]
    fn row_107_init_makes_missing_leaves_and_touches_no_file(fixture: ready) {
        fixture.write("storage/papers/mine.txt", "mine");
        fs::remove_dir_all(fixture.path("storage/pictures")).expect("the test's own surroundings are sound");
        let before = fixture.stamps("storage/papers");
        fixture.run(["init"]).exits(0).says("made pictures");
        assert!(fixture.path("storage/pictures").is_dir());
        assert_eq!(fixture.stamps("storage/papers"), before);
    }

    #[test]
    fn row_108_seed_and_load_clean_the_leaves_and_nothing_else(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        for command in [&["seed"][..], &["load", "b"]] {
            fixture.write("storage/pictures/stray.txt", "stray");
            fixture.write("storage/elsewhere/kept.txt", "kept");
            fixture.run(command).exits(0);
            assert!(!fixture.path("storage/pictures/stray.txt").exists(), "{command:?}");
            assert_eq!(fixture.read("storage/elsewhere/kept.txt"), "kept");
            assert_eq!(fixture.read("storage/README"), "outside the leaves\n");
        }
    }

    #[test]
    fn undo_twice_is_redo_and_undo_without_a_point_says_so(fixture: ready) {
        fixture.run(["undo"]).exits(1).says("nothing to undo");
        let seeded = fixture.content();
        fixture.run(["reset", "--yes"]).exits(0);
        let emptied = fixture.content();
        assert!(!emptied.contains_key("main.items"));
        fixture.run(["undo"]).exits(0).says("took back `reset`");
        assert_eq!(fixture.content(), seeded);
        fixture.run(["undo"]).exits(0);
        assert_eq!(fixture.content(), emptied);
        fixture.run(["undo", "--list"]).exits(0).prints("undo undo reset");
    }

    #[test]
    fn row_145_reset_asks_and_leaves_databases_without_any_object(fixture: ready) {
        fixture.run(["reset"]).exits(4).says("--yes");
        fixture.run(["reset", "--yes"]).exits(0);
        assert!(!fixture.has("main", "items") && !fixture.has("main", "stead_ledger"));
        assert!(fixture.path("storage/pictures").is_dir());
        assert_eq!(fixture.tree("storage/pictures").len(), 0);
        fixture.run(["search", "items", "hammer"]).exits(1).says("not built yet");
        fixture.run(["undo"]).exits(0).says("took back `reset`");
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
        fixture.run(["reset", "--yes"]).exits(0);
        fixture.run(["init"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "4");
    }
}

#[test]
fn a_snapshot_of_other_databases_is_refused_with_both_sets() {
    let fixture = ready();
    fixture.run(["dump", "--name", "b"]).exits(0);
    let other = empty();
    other.write("stead.toml", "[project]\nname = \"other\"\n[databases.elsewhere]\n");
    fs::create_dir_all(other.path("backups")).unwrap();
    let copied =
        std::process::Command::new("cp").arg("-r").arg(fixture.path("backups/b")).arg(other.path("backups/b")).status();
    assert!(copied.unwrap().success());
    other.run(["load", "b"]).exits(4).says("`main`, `stats`").says("`elsewhere`");
}

/// What was given up because somebody reads must not be carried out later, over what was written since.
#[test]
fn a_load_that_a_reader_keeps_out_is_given_up_as_a_whole() {
    let fixture = ready();
    fixture.sql("main", "PRAGMA journal_mode = DELETE");
    fixture.run(["dump", "--name", "old"]).exits(0);
    fixture.sql("main", "INSERT INTO kinds (id, name) VALUES (77, 'since')");
    let before = fixture.content();
    let mut command = fixture.command(["load", "old", "--skip-index"]);
    let load = fixture.stop_at("journal.written", command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let reader = fixture.hold("main", &["BEGIN", "SELECT count(*) FROM items"]);
    fixture.go_on();
    let load = load.wait_with_output().expect("it can be waited for");
    let said = String::from_utf8_lossy(&load.stderr);
    assert_eq!(load.status.code(), Some(5), "{said}");
    assert!(said.contains("`load old` was given up; nothing was changed"), "{said}");
    drop(reader);
    assert_eq!(fixture.strays(), Vec::<String>::new());
    fixture.run(["status"]).exits(0);
    fixture.run(["dump", "--name", "later"]).exits(0);
    assert_eq!(fixture.content(), before);
    fixture.run(["load", "old"]).exits(0);
    assert_eq!(fixture.value("main", "SELECT count(*) FROM kinds WHERE id = 77"), "0");
}

#[test]
fn an_index_that_does_not_fit_an_old_schema_says_how_to_leave_it() {
    let fixture = ready();
    fixture.run(["dump", "--name", "old"]).exits(0);
    fixture.write(
        "apps/shop/migrations/0004_colour.sql",
        "-- Colour\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nALTER TABLE items ADD COLUMN colour TEXT;\n",
    );
    fixture.write("indexes/items.sql", "SELECT id, name, price FROM items WHERE colour IS NULL ORDER BY id\n");
    fixture.run(["upgrade"]).exits(0);
    fixture.run(["load", "old", "--no-migrate"]).exits(1).says("colour").says("`--skip-index`");
    fixture.run(["load", "old", "--no-migrate", "--skip-index"]).exits(0);
}
