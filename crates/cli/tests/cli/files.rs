//! Files that people, editors and systems leave in a project: what is nobody's content is passed over, and nothing that is
//! there is written over or taken for absent.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use stead_testkit::fixture::Home;
use stead_testkit::servers::TestServer;

use crate::{empty, migrated, project, ready};

#[test]
fn hidden_files_and_folders_beside_revisions_and_models_are_nobodys() {
    let fixture = project();
    for folder in ["migrations", "models"] {
        symlink("somebody@host.4711", fixture.path(format!("apps/shop/{folder}/.#0001_shop.sql"))).unwrap();
        fixture.write(&format!("apps/shop/{folder}/._0001_shop.sql"), b"\x00\x05\x16\x07\xff");
        fixture.write(&format!("apps/shop/{folder}/old.sql/0001_older.sql"), "not ours");
    }
    fixture.run(["init"]).exits(0);
    fixture.run(["check"]).exits(0);
    fixture.run(["heads"]).exits(0);
}

#[test]
fn of_revisions_written_at_the_same_time_none_is_lost() {
    let fixture = migrated::at(stead_testkit::fixture::Home::Files).unwrap();
    let run = || {
        let mut command = fixture.command(["revision", "-m", "Same", "--app", "shop"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut written = 0;
    for _ in 0..8 {
        let mut runs: Vec<_> = (0..6).map(|_| run()).collect();
        written += runs.iter_mut().filter_map(|run| run.wait().unwrap().success().then_some(())).count();
        let files: Vec<String> =
            fixture.tree("apps/shop/migrations").into_keys().filter(|name| name.contains("same")).collect();
        assert_eq!(files.len(), written, "{files:?}");
        assert!(files.iter().all(|name| name.ends_with("_same.sql") && !name.starts_with('.')), "{files:?}");
        let ids: BTreeSet<String> = files
            .iter()
            .map(|name| fixture.read(&format!("apps/shop/migrations/{name}")).lines().nth(1).unwrap().to_owned())
            .collect();
        assert_eq!(ids.len(), files.len());
    }
}

#[test]
fn a_new_project_may_have_a_long_folder() {
    let fixture = empty();
    let folder = "a-very-long-name-".repeat(6);
    fixture.run(["new", &folder]).exits(0);
    fixture.run(["-C", &folder, "init"]).exits(0);
}

/// A project file that cannot be looked at is no reason to work on the project above.
#[test]
fn a_project_file_that_is_a_link_to_nothing_is_not_passed_over() {
    let fixture = ready();
    std::fs::create_dir_all(fixture.path("inner/deep")).unwrap();
    symlink("../not-mounted/stead.toml", fixture.path("inner/stead.toml")).unwrap();
    let before = fixture.content();
    for folder in ["inner", "inner/deep"] {
        fixture.run(["-C", folder, "reset", "--yes"]).exits(2).says("stead.toml");
        assert_eq!(fixture.content(), before);
    }
}

/// The table that is named gets the rows, and not the one of that name which the session would find first.
#[test]
fn a_csv_step_fills_the_table_that_it_names() {
    let Some(fixture) = crate::project::at(Home::On(TestServer::Postgres15)) else { return };
    let revision = "-- Another place\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n\
                    CREATE SCHEMA app;\nCREATE TABLE app.items (LIKE items);\nCREATE TABLE app.others (LIKE items);\n";
    fixture.write("apps/shop/migrations/0004_elsewhere.sql", revision);
    fixture.replace("stead.toml", "table = \"items\"", "table = \"app.items\"");
    fixture.run(["init"]).exits(0);
    let counts = "SELECT (SELECT count(*) FROM public.items) || ' ' || (SELECT count(*) FROM app.items)";
    assert_eq!(fixture.value("main", counts), "0 4");
    for (name, rows) in [("public.items", "4 0"), ("others", "0 0")] {
        fixture.replace("stead.toml", "app.items", name);
        fixture.run(["seed"]).exits(0);
        assert_eq!(fixture.value("main", counts), rows);
        fixture.replace("stead.toml", name, "app.items");
    }
    fixture.replace("stead.toml", "app.items", "items");
    fixture.run(["seed"]).exits(2).says("several tables are called `items`: `app.items`, `public.items`");
    for home in [Home::Files, Home::On(TestServer::Mariadb)] {
        let Some(fixture) = crate::project::at(home) else { continue };
        fixture.replace("stead.toml", "table = \"items\"", "table = \"main.items\"");
        fixture.run(["init"]).exits(2).says("there is no table `main.items`").says("is named by itself: `items`");
    }
}

#[test]
fn bytes_in_a_seed_file_are_hexadecimal_digits_and_nothing_else() {
    let fixture = project();
    fixture.write(
        "apps/shop/migrations/0004_bytes.sql",
        "-- Bytes\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nALTER TABLE items ADD COLUMN raw BLOB;\n",
    );
    fixture.write("seed/items.csv", "id,kind,name,raw\n1,2,Hammer,\\x0Fff\n2,2,Saw,\\x\n");
    fixture.write("seed/files.sh", "exit 0\n");
    fixture.run(["init"]).exits(0);
    assert_eq!(fixture.value("main", "SELECT group_concat(hex(raw), ';') FROM items"), "0FFF;");
    for wrong in ["\\x+f", "\\x-1", "\\xf", "\\xé", "\\x 1"] {
        fixture.write("seed/items.csv", format!("id,kind,name,raw\n1,2,Hammer,{wrong}\n"));
        fixture.run(["seed"]).exits(2).says("does not fit column `raw`");
    }
}

/// SQLite has no dates: a column that is called so holds what the application puts there.
#[test]
fn a_date_column_that_holds_numbers_is_indexed_as_numbers() {
    let fixture = project();
    fixture.write(
        "apps/shop/migrations/0004_dates.sql",
        "-- Dates\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n\
         ALTER TABLE items ADD COLUMN made DATETIME;\nALTER TABLE items ADD COLUMN sold DATE;\n\
         ALTER TABLE items ADD COLUMN seen DATE;\n",
    );
    fixture.write("seed/items.csv", "id,kind,name,sold\n1,2,Hammer,2024-05-31\n");
    fixture.write("seed/files.sh", "exit 0\n");
    fixture.write("seed/base.sql", "INSERT INTO kinds (id, name) VALUES (2, 'tools');\n\
                                    INSERT INTO items (id, kind, name, made, seen) VALUES (7, 2, 'Saw', 1717000000, 2460000.5);\n");
    fixture.write("indexes/items.sql", "SELECT id, name, price, made, sold, seen FROM items ORDER BY id\n");
    fixture.run(["init"]).exits(0);
    let document = fixture.run(["search", "items", "saw", "--json"]).exits(0).json();
    let fields = &document["result"]["hits"][0]["fields"];
    assert!(fields.to_string().contains("1717000000") && fields.to_string().contains("2460000.5"), "{fields}");
}

#[test]
fn an_index_whose_database_is_another_now_is_built_anew() {
    let fixture = ready();
    fixture.run(["index", "build", "--if-needed"]).exits(0);
    fixture.sql("stats", "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    fixture.sql("stats", "INSERT INTO items VALUES (1, 'Elsewhere', 1.0)");
    let text = fixture.read("stead.toml");
    let (before, index) = text.split_once("[indexes.items]").unwrap();
    fixture.write("stead.toml", format!("{before}[indexes.items]{}", index.replacen("\"main\"", "\"stats\"", 1)));
    fixture.run(["index", "status"]).exits(0).prints("its definition changed");
    fixture.run(["index", "build", "--if-needed"]).exits(0);
    fixture.run(["search", "items", "elsewhere"]).exits(0).prints("1 found");
}

#[test]
fn a_setting_that_is_none_is_said_with_the_nearest_one() {
    let fixture = project();
    fixture.run(["config", "databases"]).exits(0);
    fixture.run(["config", "databases.main"]).exits(0);
    fixture.run(["config", "seed.steps[0].sql"]).exits(0).prints("seed/base.sql");
    fixture
        .run(["config", "database"])
        .exits(2)
        .says("nothing is set under `database`")
        .says("did you mean `databases`?");
    fixture.run(["config", "undo.kep"]).exits(2).says("did you mean `undo.keep`?");
}

/// What lies among the snapshots and is none is somebody's: no option of a dump consents to its loss.
#[test]
fn what_is_no_snapshot_is_neither_replaced_nor_removed_as_one() {
    let fixture = ready();
    fixture.write("backups/letter", "dear diary");
    fixture.write("backups/album/photo", "not to be had again");
    symlink("nowhere", fixture.path("backups/link")).unwrap();
    let before = fixture.tree("backups");
    for name in ["letter", "album", "link"] {
        for command in [
            &["dump", "--name", name][..],
            &["dump", "--force", "--name", name],
            &["snapshots", "remove", "--yes", name],
        ] {
            fixture.run(command).exits(1).says("is not a snapshot").says("move it away");
        }
    }
    assert_eq!(fixture.tree("backups"), before);
    fixture.write("backups/_init/manifest.json", "broken");
    fixture.run(["snapshots", "verify", "_init"]).exits(1);
    fixture.run(["snapshots", "remove", "_init", "--yes"]).exits(0);
    assert!(!fixture.path("backups/_init").exists());
    fixture.run(["snapshots", "remove", "_init", "--yes"]).exits(1).says("there is no snapshot");
}

#[test]
fn a_placeholder_in_a_file_is_a_mistake_there_and_no_defect() {
    let fixture = project();
    fixture.write("seed/base.sql", "INSERT INTO kinds (id, name) VALUES (2, ?);\n");
    fixture.run(["init"]).exits(1).says("the statement has a placeholder").says("seed/base.sql");
    fixture.write("seed/base.sql", "INSERT INTO kinds (id, name) VALUES (2, 'tools'), (3, 'toys');\n");
    fixture.write("indexes/items.sql", "SELECT id, name, price FROM items WHERE id > :least ORDER BY id\n");
    fixture.run(["init"]).exits(1).says("the statement has a placeholder").says("index `items`");
    fixture.replace("indexes/items.sql", ":least", "0");
    fixture.write(
        "apps/shop/migrations/0004_more.sql",
        "-- More\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\nINSERT INTO kinds (id, name) VALUES (9, @name);\n",
    );
    fixture.run(["init"]).exits(1).says("the statement has a placeholder").says("0004_more.sql");
}

/// What a program leaves running in the background may keep its output for as long as it likes.
#[test]
fn a_seed_program_has_ended_when_it_has_ended() {
    let fixture = project();
    let script = fixture.read("seed/files.sh");
    fixture.write("seed/files.sh", format!("{script}sleep 60 &\necho last words\n"));
    let began = std::time::Instant::now();
    fixture.run(["init"]).exits(0).says("last words");
    assert!(began.elapsed().as_secs() < 40, "it waited for what runs in the background");
    fixture.run(["dump", "--name", "b"]).exits(0);
}

/// An application whose files an administrator has put back must go on writing there.
#[test]
fn new_leaves_have_the_mode_and_the_owner_of_the_old_ones() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let fixture = ready();
    fixture.run(["dump", "--name", "b"]).exits(0);
    let leaf = fixture.path("storage/papers");
    let owner = if rustix::process::geteuid().is_root() { 65534 } else { rustix::process::geteuid().as_raw() };
    for path in ["", "old", "old/one.txt"] {
        chown(leaf.join(path), Some(owner), None).unwrap();
    }
    std::fs::set_permissions(&leaf, std::fs::Permissions::from_mode(0o2775)).unwrap();
    for command in
        [&["init", "--clean"][..], &["load", "b"], &["reset", "--yes"], &["seed"], &["init", "--clean", "--skip-seed"]]
    {
        fixture.run(command).exits(0);
        let found = leaf.metadata().unwrap();
        assert_eq!(found.uid(), owner, "{command:?}");
        if *command == ["load", "b"] {
            std::fs::set_permissions(&leaf, std::fs::Permissions::from_mode(0o2775)).unwrap();
        } else {
            assert_eq!(found.permissions().mode() & 0o7777, 0o2775, "{command:?}");
        }
        let file = leaf.join("old/one.txt");
        assert!(file.metadata().map_or(true, |file| file.uid() == owner), "{command:?}");
    }
}
