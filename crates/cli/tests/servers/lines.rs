//! What the commands say, and when they refuse; no server is needed for these.

use stead_testkit::fixture::Fixture;

use crate::STEAD;

fn project(text: &str) -> Fixture {
    let fixture = Fixture::empty(STEAD);
    fixture.write("stead.toml", format!("[project]\nname = \"shop\"\n{text}"));
    fixture
}

#[test]
fn a_project_without_servers_has_nothing_to_start() {
    let fixture = project("[databases.own]\n");
    fixture.run(["up", "--no-init"]).exits(0).says("no local server is declared; there is nothing to start");
    fixture.run(["up"]).exits(0).says("`shop` is ready");
    fixture.run(["down"]).exits(0).says("there is nothing to stop");
    fixture.run(["volume", "list"]).exits(0).prints("there is no volume");
    let document = fixture.run(["up", "--json"]).exits(0).json();
    assert_eq!((document["servers"].to_string(), document["changed"].to_string()), ("[]".into(), "false".into()));
}

#[test]
fn search_servers_have_a_place_and_are_not_started_yet() {
    let fixture = project("[servers.find]\nkind = \"opensearch\"\n");
    fixture.run(["up", "--no-init"]).exits(1).says("error[unsupported]: server `find`").says("`opensearch`");
    fixture.run(["up", "--print-compose"]).exits(1).says("error[unsupported]");
    fixture.run(["down"]).exits(0).says("find: was not running");
}

#[test]
fn a_missing_program_names_the_package_that_brings_it() {
    let fixture = project("[servers.main]\nkind = \"postgres\"\nversion = 15\npath = \"nowhere\"\n");
    let missing = fixture.run(["up", "--no-init"]).exits(1).says("error[server-program-missing]: server `main`");
    assert!(
        missing.err.contains("postgresql-15 (Debian and Ubuntu), or with Homebrew: postgresql@15"),
        "{}",
        missing.err
    );
    assert!(missing.err.contains("nowhere` and nowhere else"), "{}", missing.err);
}

#[test]
fn a_dry_run_starts_nothing() {
    let fixture = project("[servers.main]\nkind = \"postgres\"\n");
    let dry = fixture.run(["up", "--dry-run"]).exits(0);
    assert_eq!(
        dry.out,
        "would make the volume .stead/volumes/main\nwould start the server main (PostgreSQL)\nwould go on with `stead init`\n"
    );
    fixture.run(["down", "--dry-run"]).exits(0).prints("there is nothing to do");
    assert!(!fixture.path(".stead").exists());
}

#[test]
fn volumes_have_paths_before_they_are_made_and_unknown_ones_are_named() {
    let fixture = project(
        "[servers.main]\nkind = \"mysql\"\nvolume = \"data\"\n[servers.far]\nkind = \"mariadb\"\nvolume = { path = \"../far\" }\n",
    );
    assert_eq!(
        fixture.run(["volume", "path", "data"]).exits(0).out.trim(),
        fixture.path(".stead/volumes/data").display().to_string()
    );
    assert!(fixture.run(["volume", "path", "far"]).exits(0).out.trim().ends_with("/far"));
    let unknown = fixture.run(["volume", "remove", "main", "--yes"]).exits(2);
    assert!(
        unknown.err.contains("there is no volume `main`") && unknown.err.contains("there are: `data`, `far`"),
        "{}",
        unknown.err
    );
    fixture.run(["volume", "remove", "data", "--yes"]).exits(1).says("error[volume-missing]");
}

#[test]
fn the_compose_file_is_data() {
    let fixture = project("[servers.main]\nkind = \"postgres\"\n");
    let printed = fixture.run(["up", "--print-compose"]).exits(0);
    assert!(printed.out.starts_with("name: shop\nservices:\n  main:\n"), "{}", printed.out);
    assert_eq!(printed.err, "");
    let document = fixture.run(["up", "--print-compose", "--json"]).exits(0).json();
    assert_eq!(document["compose"].as_str(), Some(printed.out.as_str()));
    fixture.run(["up", "--print-compose", "--no-init"]).exits(2);
    fixture.write("stead.toml", "[project]\nname = \"shop\"\n");
    fixture.run(["up", "--print-compose"]).exits(2).says("error[no-servers]");
}
