//! Rows 153, 155 and 156: dry runs, JSON and exit codes, and secrets that must never show.

use std::fs;

use stead_testkit::fixture::Fixture;

use crate::{empty, project, ready};

#[test]
fn row_153_a_dry_run_prints_the_plan_and_changes_nothing() {
    let fixture = ready();
    fixture.run(["dump", "--name", "kept"]).exits(0);
    fixture.run(["reset", "--yes"]).exits(0);
    fixture.run(["undo"]).exits(0);
    fixture.run(["downgrade", "-1", "--app", "shop", "--yes"]).exits(0);
    let before = (fixture.tree("."), fixture.stamps("."));
    let commands: [(&[&str], &str); 16] = [
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
    ];
    for (command, says) in commands {
        let ended = fixture.run(command).exits(0);
        assert!(
            ended.out.contains(says) || ended.err.contains(says),
            "{command:?}: `{says}` is not in {}{}",
            ended.out,
            ended.err
        );
        assert_eq!((fixture.tree("."), fixture.stamps(".")), before, "{command:?} changed something");
    }
}

#[test]
fn row_153_a_dry_run_on_an_empty_folder_makes_nothing() {
    let fixture = project();
    let before = fixture.tree(".");
    fixture.run(["init", "--dry-run"]).exits(0).says("make main, stats");
    assert_eq!(fixture.tree("."), before);
}

#[test]
fn row_155_every_command_prints_one_json_document() {
    let fixture = ready();
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

#[test]
fn row_155_exit_codes_mean_what_they_say() {
    let fixture = ready();
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
    fs::write(fixture.database("main"), [1; 100]).unwrap();
    fixture.run(["status"]).exits(7);
    let outside = empty();
    outside.run(["status"]).exits(2).says("stead.toml").says("stead new");
}

#[test]
fn row_152_a_command_from_another_project_or_environment_is_refused() {
    let fixture = ready();
    let before = fixture.content();
    fixture.replace("stead.toml", "name = \"shop\"", "name = \"other\"");
    fixture.run(["upgrade"]).exits(4).says("`shop`").says("`other`");
    fixture.run(["init"]).exits(4);
    fixture.replace("stead.toml", "name = \"other\"", "name = \"shop\"");
    let database = fixture.database("main").display().to_string();
    fixture.write("stead.staging.toml", format!("[databases.main]\nurl = \"sqlite:{database}\"\n"));
    fixture.run(["--env", "staging", "init"]).exits(4).says("`development`").says("`staging`");
    assert_eq!(fixture.content(), before);
}

#[test]
fn protected_environments_refuse_and_yes_does_not_help() {
    let fixture = project();
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

#[test]
fn row_156_a_planted_password_is_found_nowhere() {
    const CANARY: &str = "canary-9f3e1c";
    let fixture = ready();
    let url = format!("postgres://app:{CANARY}@127.0.0.1:1/app");
    let more = format!("{}\n[databases.other]\nurl = \"${{OTHER_URL}}\"\n", fixture.read("stead.toml"));
    fixture.write("stead.toml", more);
    let commands: [&[&str]; 12] = [
        &["init"],
        &["status"],
        &["check"],
        &["config"],
        &["config", "--json"],
        &["upgrade"],
        &["dump"],
        &["load", "_init"],
        &["seed", "--json"],
        &["search", "items", "kite"],
        &["--set", "databases.main.url=postgres://app:canary-9f3e1c@nowhere:1:2/x", "status"],
        &["--set", "databases.other.url=nonsense://app:canary-9f3e1c@nowhere/x", "status"],
    ];
    for command in commands {
        let ended = fixture.run_with(&[("OTHER_URL", &url)], command);
        assert!(
            !ended.out.contains(CANARY) && !ended.err.contains(CANARY),
            "{command:?}\n{}\n{}",
            ended.out,
            ended.err
        );
    }
    for (path, _) in fixture.tree(".") {
        let bytes = fs::read(fixture.path(&path)).unwrap_or_default();
        assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()), "{path}");
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

#[test]
fn a_new_project_runs_at_once() {
    let fixture: Fixture = empty();
    fixture.run(["new", "shop"]).exits(0).says("stead -C shop init");
    fixture.run(["-C", "shop", "init"]).exits(0);
    fixture.run(["-C", "shop", "search", "notes", "snapshots"]).exits(0).prints("1 found");
    fixture.run(["-C", "shop", "check"]).exits(0);
    fixture.run(["-C", "shop", "init"]).exits(0).says("nothing to do");
    fixture.run(["new", "shop"]).exits(4).says("not empty");
    fixture.run(["new", "12"]).exits(2);
}
