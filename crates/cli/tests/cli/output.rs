//! Rows 152, 153 and 155: dry runs, JSON and exit codes, and whose database it is; what `config` shows (row 156).

use stead_testkit::fixture::{Fixture, Gate, Home};
use stead_testkit::servers::TestServer;

use crate::{empty, project};

every_engine! {
    #[test]
    fn row_153_a_dry_run_prints_the_plan_and_changes_nothing(fixture: ready) {
        fixture.run(["dump", "--name", "kept"]).exits(0);
        fixture.run(["reset", "--yes"]).exits(0);
        fixture.run(["undo"]).exits(0);
        fixture.run(["downgrade", "-1", "--app", "shop", "--yes"]).exits(0);
        let look = |fixture: &Fixture| (fixture.tree("."), fixture.stamps("."), fixture.content(), fixture.server_databases());
        let before = look(&fixture);
        let commands: [(&[&str], &str); 17] = [
            (&["init", "--dry-run"], "upgrade main"),
            (&["init", "--clean", "--dry-run"], "load"),
            (&["init", "--load", "kept", "--dry-run"], "load"),
            (&["seed", "--dry-run"], "seed step 2, seed/items.csv"),
            (&["dump", "--dry-run"], "dump database main"),
            (&["dump", "--name", "kept", "--force", "--dry-run"], "keep them as `kept`"),
            (&["load", "kept", "--dry-run"], "replace database main"),
            (&["reset", "--dry-run"], "empty database stats"),
            (&["undo", "--dry-run"], "undo reset"),
            (&["upgrade", "--dry-run"], "33cc44dd55ee"),
            (&["downgrade", "base", "--app", "shop", "--dry-run"], "11aa22bb33cc"),
            (&["stamp", "head", "--app", "shop", "--dry-run"], "33cc44dd55ee"),
            (&["revision", "-m", "x", "--app", "shop", "--dry-run"], "0004_x.sql"),
            (&["index", "build", "--dry-run"], "build index items"),
            (&["index", "drop", "items", "--dry-run"], "drop index items"),
            (&["snapshots", "remove", "kept", "--dry-run"], "remove snapshot kept"),
            (&["database", "destroy", "main", "--dry-run"], "remove database main"),
        ];
        for (command, says) in commands {
            let ended = fixture.run(command).exits(0);
            assert!(
                ended.out.contains(says) || ended.err.contains(says),
                "{command:?}: `{says}` is not in {}{}",
                ended.out,
                ended.err
            );
            assert_eq!(look(&fixture), before, "{command:?} changed something");
        }
    }
}

every_engine! {
    #[test]
    fn row_153_a_dry_run_on_an_empty_folder_makes_nothing(fixture: project) {
        let before = fixture.tree(".");
        fixture.run(["init", "--dry-run"]).exits(0).says("make main, stats");
        assert_eq!(fixture.tree("."), before);
        assert_eq!(fixture.server_databases(), Vec::<String>::new());
    }
}

every_engine! {
    #[test]
    fn row_155_every_command_prints_one_json_document(fixture: ready) {
        fixture.run(["dump", "--name", "kept"]).exits(0);
        let commands: [&[&str]; 27] = [
            &["init"],
            &["status"],
            &["check"],
            &["wait"],
            &["up"],
            &["down"],
            &["history"],
            &["heads"],
            &["current"],
            &["show", "shop@head"],
            &["revision", "-m", "x", "--app", "shop", "--dry-run"],
            &["upgrade"],
            &["downgrade", "-1", "--app", "shop", "--yes"],
            &["upgrade"],
            &["stamp", "head", "--app", "shop"],
            &["seed"],
            &["dump", "--name", "more"],
            &["load", "kept"],
            &["undo"],
            &["undo", "--list"],
            &["snapshots", "list"],
            &["snapshots", "show", "kept"],
            &["snapshots", "verify", "kept"],
            &["index", "build"],
            &["index", "verify"],
            &["search", "items", "kite"],
            &["config"],
        ];
        for command in commands {
            let arguments = [command, &["--json"]].concat();
            let document = fixture.run(&arguments).exits(0).json();
            assert_eq!(document["version"], 1, "{command:?}");
            assert_eq!(document["command"], command[0], "{command:?}");
            assert_eq!(document["exit"], 0, "{command:?}");
        }
        let failed = fixture.run(["load", "nowhere", "--json"]).exits(1).json();
        assert_eq!(failed["error"]["code"], "snapshot-unknown");
        assert_eq!(failed["exit"], 1);
    }
}

every_engine! {
    #[test]
    fn row_155_exit_codes_mean_what_they_say(fixture: project) {
        let gate = fixture.gate();
        gate.iter().for_each(Gate::open);
        fixture.run(["init"]).exits(0);
        fixture.run(["status"]).exits(0);
        fixture.run(["load", "nowhere"]).exits(1);
        fixture.run(["nonsense"]).exits(2);
        fixture.run(["init", "--nonsense"]).exits(2);
        fixture.run(["downgrade", "-1", "--app", "shop", "--yes"]).exits(0);
        fixture.run(["check"]).exits(3);
        fixture.run(["upgrade"]).exits(0);
        fixture.run(["reset"]).exits(4);
        let killed = fixture.run_with(&[("STEAD_FAILPOINT", "journal.written=kill")], ["seed"]);
        assert_eq!(killed.code, -9);
        fixture.run(["status"]).exits(6).prints("cut off half-way");
        fixture.run(["check"]).exits(6);
        fixture.run(["init", "--dry-run"]).exits(6);
        fixture.run(["init"]).exits(0).says("finishing `seed`");
        fixture.run(["status"]).exits(0);
        match gate {
            Some(gate) => gate.shut(),
            None => fixture.write(".stead/development/main.db", [1; 100]),
        }
        fixture.run(["status"]).exits(7);
        let outside = empty();
        outside.run(["status"]).exits(2).says("stead.toml").says("stead new");
    }
}

every_engine! {
    #[test]
    fn row_152_a_command_from_another_project_or_environment_is_refused(fixture: ready) {
        let before = fixture.content();
        fixture.replace("stead.toml", "name = \"shop\"", "name = \"other\"");
        fixture.run(["upgrade"]).exits(4).says("`shop`").says("`other`");
        fixture.run(["init"]).exits(4);
        fixture.replace("stead.toml", "name = \"other\"", "name = \"shop\"");
        let same = match fixture.home() {
            Home::Files => format!("[databases.main]\nurl = \"sqlite:{}\"\n", fixture.database("main").display()),
            Home::On(_) => String::new(),
        };
        fixture.write("stead.staging.toml", same);
        fixture.run(["--env", "staging", "init"]).exits(4).says("`development`").says("`staging`");
        assert_eq!(fixture.content(), before);
    }
}

every_engine! {
    #[test]
    fn protected_environments_refuse_and_yes_does_not_help(fixture: project) {
        fixture.write("stead.production.toml", "[project]\nprotected = true\n");
        fixture.run(["--env", "production", "init"]).exits(0).says("never seeds by itself");
        fixture.run(["--env", "production", "dump", "--name", "kept"]).exits(0);
        assert!(fixture.path("backups/@production/kept/manifest.json").is_file());
        let commands: [&[&str]; 6] = [
            &["reset", "--yes"],
            &["seed"],
            &["load", "kept"],
            &["init", "--clean"],
            &["init", "--load", "kept"],
            &["undo", "--yes"],
        ];
        let before = fixture.tree(".stead");
        for command in commands {
            let arguments = [&["--env", "production"], command].concat();
            fixture.run(&arguments).exits(4).says("protected");
            assert_eq!(fixture.tree(".stead"), before, "{command:?}");
        }
    }
}

#[test]
fn row_156_config_masks_and_shows_where_values_come_from() {
    let fixture = project();
    fixture.write("stead.staging.toml", "[databases.main]\nurl = \"sqlite:staging.db\"\n");
    let config = fixture.run(["--env", "staging", "config", "databases"]).exits(0);
    assert!(
        config.out.contains("databases.main.url = \"sqlite:staging.db\"  # stead.staging.toml:2:7"),
        "{}",
        config.out
    );
}

#[test]
fn help_has_examples_everywhere() {
    let fixture = empty();
    let words = [
        "new",
        "init",
        "status",
        "check",
        "wait",
        "up",
        "down",
        "revision",
        "upgrade",
        "downgrade",
        "stamp",
        "history",
        "heads",
        "current",
        "show",
        "seed",
        "dump",
        "load",
        "reset",
        "undo",
        "search",
        "config",
        "completions",
    ];
    for word in words {
        fixture.run(["help", word]).exits(0).prints("Examples:");
    }
    for (word, action) in [
        ("index", "build"),
        ("index", "status"),
        ("index", "verify"),
        ("index", "drop"),
        ("snapshots", "list"),
        ("snapshots", "remove"),
    ] {
        fixture.run(["help", word, action]).exits(0).prints("Examples:");
    }
    for shell in ["bash", "zsh", "fish"] {
        fixture.run(["completions", shell]).exits(0).prints("stead");
    }
}

/// What is typed next can be typed as it is printed, and the files do on every engine.
#[test]
fn a_new_project_runs_at_once() {
    for home in
        [Home::Files, Home::On(TestServer::Postgres15), Home::On(TestServer::Mariadb), Home::On(TestServer::Mysql)]
    {
        let Some(fixture) = Fixture::empty_at(crate::STEAD, home) else { continue };
        fixture.run(["new", "--dry-run", "my shop"]).exits(0).prints("would write my shop/stead.toml");
        assert!(!fixture.path("my shop").exists());
        fixture.run(["new", "my shop"]).exits(0).says("next: stead -C 'my shop' init");
        let location = format!("[databases.main]\n{}", fixture.location("main"));
        fixture.replace("my shop/stead.toml", "[databases.main]\n", &location);
        fixture.run(["-C", "my shop", "init"]).exits(0);
        fixture.run(["-C", "my shop", "search", "notes", "snapshots"]).exits(0).prints("1 found");
        fixture.run(["-C", "my shop", "check"]).exits(0);
        fixture.run(["-C", "my shop", "init"]).exits(0).says("nothing to do");
    }
    let fixture = empty();
    fixture.run(["new", "shop"]).exits(0).says("next: stead -C shop init");
    for words in [&["new", "shop"][..], &["new", "--dry-run", "shop"]] {
        fixture.run(words).exits(4).says("not empty");
    }
    fixture.run(["new", "12"]).exits(2);
}
