//! Rows 49 and 53 to 57: revisions on every engine, run with the real command.

use stead_testkit::fixture::{Fixture, Home};
use stead_testkit::servers::TestServer;

use crate::{empty, project, ready};

const THIRD: &str = "apps/shop/migrations/0003_items_by_kind.sql";

/// The project with its schema and nothing else.
fn migrated() -> Fixture {
    let fixture = project();
    fixture.run(["init", "--skip-seed", "--skip-index"]).exits(0);
    fixture
}

fn schema(fixture: &Fixture) -> String {
    fixture.run(["schema", "print", "database:main"]).exits(0).out
}

every_engine! {
    #[test]
    fn row_049_157_one_database_is_migrated_and_the_other_is_not(fixture: project) {
        fixture.run(["init", "--skip-seed", "--skip-index"]).exits(0);
        fixture.run(["downgrade", "base", "--app", "shop", "--yes"]).exits(0);
        fixture.run(["downgrade", "base", "--app", "audit", "--yes"]).exits(0);
        fixture.run(["upgrade", "--database", "main"]).exits(0).says("applied 3 revisions");
        assert_eq!(fixture.value("main", "SELECT count(*) FROM stead_ledger"), "3");
        assert_eq!(fixture.value("stats", "SELECT count(*) FROM stead_ledger"), "0");
        assert!(!fixture.has("stats", "visits"));
        fixture.run(["upgrade"]).exits(0).says("applied 1 revision");
        fixture.run(["upgrade", "--all"]).exits(0).says("nothing was pending");
        fixture.run(["upgrade", "--database", "mian"]).exits(2).says("did you mean `main`?");
    }

    #[test]
    fn row_053_history_marks_applied_and_pending(fixture: migrated) {
        fixture.run(["downgrade", "0001", "--app", "shop", "--yes"]).exits(0);
        let document = fixture.run(["history", "--app", "shop", "--json"]).exits(0).json();
        let states: Vec<&str> =
            document["revisions"].as_array().expect("the test's own surroundings are sound").iter().map(|entry| entry["state"].as_str().expect("the test's own surroundings are sound")).collect();
        assert_eq!(states, ["applied", "pending", "pending"]);
        fixture.run(["history"]).exits(0).prints("shop/0001_kinds_and_items  11aa22bb33cc  applied  Kinds and items");
        fixture.run(["current", "--app", "shop"]).exits(0).prints("main  shop: 11aa22bb33cc");
        fixture.run(["heads"]).exits(0).prints("shop/0003_items_by_kind  33cc44dd55ee").prints("audit/0001_visits");
        fixture.run(["status"]).exits(0).prints("app shop: 11aa22bb33cc, 2 pending");
        fixture.run(["check"]).exits(3).prints("b  app shop on main: revision 22bb33cc44dd is pending");
    }

    #[test]
    fn row_054_up_down_and_up_again_gives_the_same_schema(fixture: migrated) {
        let first = schema(&fixture);
        fixture.run(["downgrade", "-1", "--app", "shop", "--yes"]).exits(0).says("took back 1 revision");
        assert!(!fixture.has("main", "items_by_kind"));
        fixture.run(["downgrade", "base", "--app", "shop", "--yes"]).exits(0).says("took back 2 revisions");
        assert_eq!(schema(&fixture), "\n");
        fixture.run(["upgrade", "+1", "--app", "shop"]).exits(0).says("applied 1 revision");
        fixture.run(["upgrade", "22bb", "--app", "shop"]).exits(0);
        fixture.run(["current", "--app", "shop"]).exits(0).prints("22bb33cc44dd");
        fixture.run(["upgrade", "head", "--app", "shop"]).exits(0);
        assert_eq!(schema(&fixture), first);
        fixture.run(["check"]).exits(0);
    }

    #[test]
    fn row_055_stamp_moves_the_history_and_not_the_schema(fixture: migrated) {
        let before = schema(&fixture);
        fixture.run(["stamp", "0001", "--app", "shop"]).exits(0);
        fixture.run(["current", "--app", "shop"]).exits(0).prints("11aa22bb33cc");
        assert_eq!(schema(&fixture), before);
        fixture.run(["stamp", "head", "--app", "shop"]).exits(0);
        fixture.run(["current", "--app", "shop"]).exits(0).prints("(head)");
        assert_eq!(schema(&fixture), before);
        let states = fixture.rows("main", "SELECT state FROM stead_ledger WHERE app = 'shop' ORDER BY sequence");
        assert_eq!(states, [["done"], ["stamped"], ["stamped"]]);
        fixture.run(["stamp", "base", "--app", "shop"]).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM stead_ledger"), "0");
    }
}

every_engine! {
    // Where a schema change takes part in no transaction, the ledger says which statements stay.
    #[test]
    fn row_057_a_failing_second_statement_rolls_the_first_one_back(fixture: migrated) {
        let fourth = "-- Broken\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nCREATE TABLE first (id INTEGER);\n\
                      CREATE TABLE second (id INTEGER REFERENCES;\n\n-- down\nDROP TABLE first;\n";
        fixture.write("apps/shop/migrations/0004_broken.sql", fourth);
        let look = |fixture: &Fixture| (schema(fixture), fixture.rows("main", "SELECT * FROM stead_ledger"));
        let before = look(&fixture);
        let failed = fixture.run(["upgrade"]).says("0004_broken.sql").says(":7:");
        if fixture.home().is_mysql() {
            failed.exits(6).says("1 of 2 statements are done and stay").says("`stead upgrade` goes on with it");
            let state = "SELECT state, statements_done FROM stead_ledger WHERE revision = '55ee66ff7700'";
            assert_eq!(fixture.value("main", state), "failed|1");
            assert!(fixture.has("main", "first") && !fixture.has("main", "second"));
            fixture.replace("apps/shop/migrations/0004_broken.sql", " REFERENCES;", ");");
            fixture.run(["upgrade"]).exits(0);
            assert!(fixture.has("main", "second"));
        } else {
            failed.exits(1);
            assert_eq!(look(&fixture), before);
        }
        assert_eq!(fixture.strays(), Vec::<String>::new());
    }

    // A server talks while it works, and people hear it, in events with `--json`. A file has nothing to say.
    #[test]
    fn what_the_server_says_during_a_revision_is_passed_on(fixture: migrated) {
        let (statement, said) = match fixture.home() {
            Home::Files => ("CREATE TABLE IF NOT EXISTS items (id INTEGER)", None),
            home if home.is_mysql() => ("DROP TABLE IF EXISTS nothing_of_that_name", Some("nothing_of_that_name")),
            Home::On(_) => ("DO $$ BEGIN RAISE NOTICE 'careful with %', 7; RAISE WARNING 'it''s late'; END $$", Some("notice: careful with 7")),
        };
        let fourth = format!("-- Talk\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n{statement};\n\n-- down\n{statement};\n");
        fixture.write("apps/shop/migrations/0004_talk.sql", fourth);
        let plain = fixture.run(["upgrade"]).exits(0);
        let back = fixture.run(["downgrade", "-1", "--app", "shop", "--yes"]).exits(0);
        let json = fixture.run(["upgrade", "--json"]).exits(0);
        let events = json.err.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON line"));
        let output: Vec<String> =
            events.filter(|event| event["event"] == "output").map(|event| event["line"].to_string()).collect();
        match said {
            Some(said) => {
                for said_where in [&plain.err, &back.err, &output.join("\n")] {
                    assert!(said_where.contains(said), "`{said}` is not in {said_where}");
                }
                assert!(fixture.home().is_mysql() || plain.err.contains("warning: it's late"), "{}", plain.err);
            }
            None => assert_eq!(output, Vec::<String>::new()),
        }
    }

    // What a server says before it fails is often the reason.
    #[test]
    fn what_the_server_says_before_a_failure_is_passed_on(fixture: migrated) {
        let (first, said) = match fixture.home() {
            Home::Files => return,
            home if home.is_mysql() => ("DROP TABLE IF EXISTS nothing_of_that_name", "nothing_of_that_name"),
            Home::On(_) => ("DO $$ BEGIN RAISE NOTICE 'careful with %', 7; END $$", "notice: careful with 7"),
        };
        let fourth = format!("-- Talk\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n{first};\nSELEKT 1;\n");
        fixture.write("apps/shop/migrations/0004_talk.sql", fourth);
        let failed = fixture.run(["upgrade"]).says(said).says("SELEKT");
        assert!([1, 6].contains(&failed.code), "{}", failed.code);
    }
}

every_engine! {
    #[test]
    fn a_revision_without_a_transaction_is_resumed_at_the_exact_statement(fixture: migrated) {
        let fourth = |second: &str| {
            format!(
                "-- Step by step\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n-- transaction: none\n\n-- up\n\
                 CREATE TABLE first (id INTEGER);\n{second};\nCREATE TABLE third (id INTEGER);\n\n-- down\nDROP TABLE first;\n"
            )
        };
        let path = "apps/shop/migrations/0004_step_by_step.sql";
        fixture.write(path, fourth("INSERT INTO second VALUES (1)"));
        fixture.run(["upgrade"]).exits(6).says("second").says("stead upgrade");
        assert_eq!(
            fixture.value(
                "main",
                "SELECT state, statements_done, statements_total FROM stead_ledger WHERE revision = '55ee66ff7700'"
            ),
            "failed|1|3"
        );
        fixture.run(["dump"]).exits(6).says("after 1 of 3 statements");
        fixture.run(["check"]).exits(3).prints("stopped half-way");
        fixture.run(["status"]).exits(6).prints("app shop: 33cc44dd55ee, 55ee66ff7700 stopped half-way");
        fixture.run(["current", "--app", "shop"]).exits(0).prints("shop: 33cc44dd55ee, 55ee66ff7700 is not finished");
        fixture.sql("main", "CREATE TABLE second (id INTEGER)");
        let resumed = fixture.run(["upgrade"]).exits(0);
        assert!(!resumed.err.contains("is not what its revisions left"), "{}", resumed.err);
        fixture.run(["status"]).exits(0).prints("app shop: 55ee66ff7700, at head");
        fixture.run(["current", "--app", "shop"]).exits(0).prints("shop: 55ee66ff7700 (head)");
        assert_eq!(
            fixture.value("main", "SELECT state, statements_done FROM stead_ledger WHERE revision = '55ee66ff7700'"),
            "done|3"
        );
        assert_eq!(fixture.value("main", "SELECT count(*) FROM second"), "1");
    }

    // A copy that a revision fails on is thrown away, so nothing of it is done and nothing stays.
    #[test]
    fn a_revision_that_fails_on_a_copy_leaves_nothing_half_done(fixture: migrated) {
        fixture.run(["dump", "--name", "old"]).exits(0);
        fixture.write(
            "apps/shop/migrations/0004_steps.sql",
            "-- Steps\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n-- transaction: none\n\n-- up\n\
             CREATE TABLE first (id INTEGER);\nINSERT INTO second VALUES (1);\n\n-- down\nDROP TABLE first;\n",
        );
        let before = fixture.rows("main", "SELECT * FROM stead_ledger");
        for command in [&["load", "old"][..], &["seed"], &["init", "--clean"], &["init", "--clean", "--skip-seed"]] {
            let failed = fixture.run(command).exits(1).says("0004_steps.sql").says("second");
            assert!(!failed.err.contains("statements are done"), "{}", failed.err);
            assert_eq!(fixture.rows("main", "SELECT * FROM stead_ledger"), before);
        }
        assert_eq!(fixture.strays(), Vec::<String>::new());
    }

    #[test]
    fn taking_back_without_a_transaction_is_resumed_at_the_exact_statement(fixture: migrated) {
        let fourth = "-- Step by step\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n-- transaction: none\n\n-- up\n\
                      CREATE TABLE first (id INTEGER);\nCREATE TABLE third (id INTEGER);\n\n-- down\nDROP TABLE third;\n\
                      DELETE FROM second;\nDROP TABLE first;\n";
        let path = "apps/shop/migrations/0004_step_by_step.sql";
        fixture.write(path, fourth);
        fixture.run(["upgrade"]).exits(0);
        let back = ["downgrade", "33cc44dd55ee", "--app", "shop", "--yes"];
        fixture.run(back).exits(6).says("second").says("1 of 3 statements");
        let state = "SELECT state, statements_done, statements_total FROM stead_ledger WHERE revision = '55ee66ff7700'";
        assert_eq!(fixture.value("main", state), "failed|1|3");
        fixture.run(["upgrade"]).exits(6).says("down section").says("stead downgrade");
        fixture.run(["dump"]).exits(6).says("stead downgrade");
        fixture.sql("main", "CREATE TABLE second (id INTEGER)");
        fixture.replace(path, "DROP TABLE third", "DROP TABLE IF EXISTS third");
        fixture.run(back).exits(4).says("not the first 1");
        fixture.replace(path, "DROP TABLE IF EXISTS third", "DROP TABLE third");
        fixture.run(back).exits(0);
        assert_eq!(fixture.value("main", "SELECT count(*) FROM stead_ledger WHERE revision = '55ee66ff7700'"), "0");
        assert!(!fixture.has("main", "first") && !fixture.has("main", "third"));
    }

    // Only the last steps of a long run read the schema. One that stops before them leaves what `check` compares with all the
    // same, or, killed, none; never that of other revisions.
    #[test]
    fn a_long_run_leaves_the_schema_of_its_last_revision(fixture: migrated) {
        let mut parent = "33cc44dd55ee".to_owned();
        for number in 4..=12 {
            let id = format!("{number:012}");
            let text = format!(
                "-- Step {number}\n-- revision: {id}\n-- parent: {parent}\n\n-- up\nCREATE TABLE step_{number} (id INTEGER);\n\n\
                 -- down\nDROP TABLE step_{number};\n"
            );
            fixture.write(&format!("apps/shop/migrations/{number:04}_step.sql"), text);
            fixture.write(&format!("apps/shop/models/step_{number}.sql"), format!("CREATE TABLE step_{number} (id INTEGER);\n"));
            parent = id;
        }
        let stored = "SELECT count(*) FROM stead_schema";
        let killed = fixture.run_with(&[("STEAD_FAILPOINT", "upgrade.revision@2=kill")], ["upgrade"]);
        assert_eq!(killed.code, -9, "{}", killed.err);
        assert_eq!(fixture.value("main", stored), "0");
        fixture.run(["check"]).exits(3).prints("no schema is stored").prints("000000000006 is pending");
        let seventh = "apps/shop/migrations/0007_step.sql";
        fixture.replace(seventh, "CREATE TABLE step_7", "CREATE TABEL step_7");
        fixture.run(["upgrade"]).says("0007_step.sql");
        let stopped = fixture.run(["check"]).exits(3);
        assert!(!stopped.out.contains("a  database"), "{}", stopped.out);
        fixture.sql("main", "CREATE TABLE drifted (id INTEGER)");
        fixture.run(["check"]).exits(3).prints("a  database main").prints("drifted");
        fixture.sql("main", "DROP TABLE drifted");
        fixture.replace(seventh, "CREATE TABEL step_7", "CREATE TABLE step_7");
        fixture.run(["upgrade"]).exits(0).says("applied 6 revisions");
        fixture.run(["check"]).exits(0);
        fixture.run(["downgrade", "33cc44dd55ee", "--app", "shop", "--yes"]).exits(0).says("took back 9 revisions");
        let pending = fixture.run(["check"]).exits(3);
        assert!(!pending.out.contains("a  database"), "{}", pending.out);
        fixture.run(["stamp", "head", "--app", "shop"]).exits(0);
        let stamped = fixture.run(["check"]);
        assert!(!stamped.out.contains("a  database"), "{}", stamped.out);
        assert_eq!(fixture.value("main", stored), "1");
    }

    #[test]
    fn taking_back_that_fails_at_once_changes_nothing(fixture: migrated) {
        let fourth = "-- Broken back\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n-- transaction: none\n\n-- up\n\
                      CREATE TABLE first (id INTEGER);\n\n-- down\nDROP TABLE nothing;\n";
        fixture.write("apps/shop/migrations/0004_broken_back.sql", fourth);
        fixture.run(["upgrade"]).exits(0);
        let before = fixture.rows("main", "SELECT * FROM stead_ledger");
        fixture.run(["downgrade", "33cc44dd55ee", "--app", "shop", "--yes"]).exits(1).says("nothing");
        assert_eq!(fixture.rows("main", "SELECT * FROM stead_ledger"), before);
    }

    #[test]
    fn an_edited_revision_is_a_finding_and_needs_consent(fixture: migrated) {
        fixture.replace(THIRD, "items_by_kind ON items (", "items_by_kind ON items ( ");
        fixture.run(["check"]).exits(3).prints("33cc44dd55ee was edited");
        fixture.write(
            "apps/shop/migrations/0004_more.sql",
            "-- More\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nCREATE TABLE more (id INTEGER);\n",
        );
        fixture.run(["upgrade"]).exits(4).says("33cc44dd55ee").says("--allow edited");
        fixture.run(["upgrade", "--allow", "edited"]).exits(0);
        let text = fixture.read(THIRD).replace("items ( ", "items (").replace('\n', "\r\n");
        fixture.write(THIRD, text);
        fixture.run(["check"]).exits(3).prints("more");
        assert!(!fixture.run(["check"]).out.contains("edited"), "line ends are no edit");
    }

    #[test]
    fn a_revision_whose_file_is_gone_is_named_with_the_repair_and_can_still_be_taken_back(fixture: migrated) {
        std::fs::remove_file(fixture.path(THIRD)).expect("the test's own surroundings are sound");
        fixture.run(["upgrade"]).exits(3).says("33cc44dd55ee").says("stead stamp");
        fixture.run(["check"]).exits(3).prints("no file knows it");
        let back = ["downgrade", "22bb33cc44dd", "--app", "shop"];
        let plan = fixture.run(back.into_iter().chain(["--dry-run"])).exits(0);
        assert!(plan.out.contains("take back revision 33cc44dd55ee of shop on main"), "{}", plan.out);
        fixture.run(back.into_iter().chain(["--yes"])).exits(0);
        assert!(!fixture.has("main", "items_by_kind"));
        fixture.run(["upgrade"]).exits(0);
    }

    #[test]
    fn a_first_revision_that_meets_tables_of_others_says_how_to_adopt_them(fixture: migrated) {
        fixture.run(["stamp", "base", "--app", "shop"]).exits(0);
        let failed = fixture.run(["upgrade"]).says("`stead stamp 11aa22bb33cc --app shop`");
        assert!([1, 5].contains(&failed.code), "{}", failed.err);
        fixture.run(["stamp", "11aa22bb33cc", "--app", "shop"]).exits(0);
        let second = fixture.run(["upgrade"]);
        assert!([1, 5].contains(&second.code) && !second.err.contains("stead stamp"), "{}", second.err);
        fixture.run(["stamp", "head", "--app", "shop"]).exits(0);
        fixture.run(["upgrade"]).exits(0).says("nothing was pending");
        fixture.run(["status"]).exits(0);
    }
}

#[test]
fn what_cannot_run_where_it_stands_says_why() {
    let fixture = migrated();
    for (statement, said) in [
        ("VACUUM", "`-- transaction: none`"),
        ("PRAGMA journal_mode = WAL", "`-- transaction: none`"),
        ("ATTACH 'nowhere/other.db' AS other", "`nowhere/other.db`, which the statement names"),
    ] {
        let text = format!("-- Odd\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n{statement};\n");
        fixture.write("apps/shop/migrations/0004_odd.sql", text);
        let failed = fixture.run(["upgrade"]).exits(1).says(said).says("0004_odd.sql");
        assert!(!failed.err.contains("main.db"), "{}", failed.err);
    }
}

#[test]
fn two_heads_are_refused_with_both_names() {
    let fixture = migrated();
    for (number, id) in [("0004_left", "aaaa0000aaaa"), ("0004_right", "bbbb0000bbbb")] {
        let text = format!(
            "-- {number}\n-- revision: {id}\n-- parent: 33cc44dd55ee\n\n-- up\nCREATE TABLE t{number} (id INTEGER);\n"
        );
        fixture.write(&format!("apps/shop/migrations/{number}.sql"), text);
    }
    fixture.run(["upgrade"]).exits(2).says("aaaa0000aaaa").says("bbbb0000bbbb").says("names both as parents");
    fixture.run(["heads", "--app", "shop"]).exits(0).prints("aaaa0000aaaa").prints("bbbb0000bbbb");
}

#[test]
fn revision_writes_the_next_file_with_its_parent() {
    let fixture = migrated();
    fixture.run(["revision", "-m", "Adding offers!", "--app", "shop"]).exits(0).says("0004_adding_offers.sql");
    let text = fixture.read("apps/shop/migrations/0004_adding_offers.sql");
    assert!(
        text.starts_with("-- Adding offers!\n-- revision: ") && text.contains("-- parent: 33cc44dd55ee\n"),
        "{text}"
    );
    assert!(text.contains("\n-- up\n") && text.contains("\n-- down\n"), "{text}");
    fixture.run(["show", "shop@head"]).exits(0).prints("0004_adding_offers.sql").prints("parents: 33cc44dd55ee");
    fixture.run(["revision", "-m", "x"]).exits(2).says("--app").says("shop");
    fixture.run(["revision", "-m", "x", "--app", "shp"]).exits(2).says("did you mean `shop`?");
    fixture.run(["upgrade"]).exits(0);
}

#[test]
fn a_table_rebuild_keeps_rows_that_refer_to_it() {
    let fixture = ready();
    let rebuild = "-- Kinds with a colour\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n\
                   CREATE TABLE kinds_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, colour TEXT);\n\
                   INSERT INTO kinds_new (id, name) SELECT id, name FROM kinds;\nDROP TABLE kinds;\n\
                   ALTER TABLE kinds_new RENAME TO kinds;\n\n-- down\nALTER TABLE kinds DROP COLUMN colour;\n";
    fixture.write("apps/shop/migrations/0004_colour.sql", rebuild);
    fixture.run(["upgrade"]).exits(0);
    assert_eq!(fixture.value("main", "SELECT count(*) FROM items JOIN kinds ON kinds.id = items.kind"), "4");
    let orphan =
        rebuild.replace("55ee66ff7700", "66ff77001122").replace("-- parent: 33cc44dd55ee", "-- parent: 55ee66ff7700");
    let orphan = orphan.replace("SELECT id, name FROM kinds", "SELECT id, name FROM kinds WHERE id > 2");
    fixture.write("apps/shop/migrations/0005_orphans.sql", orphan);
    fixture.run(["upgrade"]).exits(1).says("items").says("kinds");
    assert_eq!(fixture.value("main", "SELECT count(*) FROM kinds"), "3");
}

every_engine! {
    #[test]
    fn statements_that_end_the_transaction_are_refused(fixture: migrated) {
        fixture.write("apps/shop/migrations/0004_commit.sql", "-- Sneaky\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nCREATE TABLE one (id INTEGER);\nCOMMIT;\nCREATE TABLE two (id INTEGER);\n");
        fixture.run(["upgrade"]).exits(2).says("COMMIT").says("transaction: none");
        assert!(!fixture.has("main", "one"));
    }
}

/// What has to be there before anything is recorded is named with what brings it.
#[test]
fn what_is_lacking_for_revisions_is_named() {
    let bare = empty();
    bare.write("stead.toml", "[project]\nname = \"bare\"\n\n[databases.main]\nurl = \"sqlite:main.db\"\n");
    bare.run(["revision", "-m", "first"]).exits(2).says("the project has no app").says("[apps.NAME]");
    let Some(fixture) = project::at(Home::On(TestServer::Postgres15)) else { return };
    fixture.on_server(&format!("CREATE DATABASE \"{}\"", fixture.name_on_server("main")));
    fixture.sql("main", "DROP SCHEMA public");
    fixture.run(["upgrade", "--database", "main"]).exits(1).says("`CREATE SCHEMA public` brings it back");
    fixture.sql("main", "CREATE SCHEMA public");
    fixture.run(["upgrade", "--database", "main"]).exits(0);
}
