//! `stead database`: list, shell and destroy; rows 128, 129 and 147.

use std::io::Write as _;
use std::process::Stdio;

use stead_testkit::fixture::{Fixture, Home, Rights, ended};
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};
use stead_testkit::skip::skip;

every_engine! {
    #[test]
    fn databases_are_listed_whether_they_exist_or_not(fixture: project) {
        let engine = match fixture.home().engine() {
            "sqlite" => "SQLite",
            "postgres" => "PostgreSQL",
            "mariadb" => "MariaDB",
            _ => "MySQL",
        };
        fixture.run(["database", "list"]).exits(0).prints(&format!("main  {engine}")).prints("missing");
        fixture.run(["init", "--skip-seed", "--skip-index"]).exits(0);
        let document = fixture.run(["database", "list", "--json"]).exits(0).json();
        let databases = document["databases"].as_array().expect("a list of databases");
        let names: Vec<&str> = databases.iter().map(|database| database["name"].as_str().expect("a name")).collect();
        assert_eq!(names, ["main", "stats"]);
        assert!(databases.iter().all(|database| database["exists"] == true && database["bytes"].as_u64() > Some(0)));
    }
}

every_engine! {
    #[test]
    fn destroying_asks_and_takes_one_database(fixture: ready) {
        fixture.run(["database", "destroy", "main"]).exits(4);
        fixture.run(["database", "destroy", "main", "--dry-run"]).exits(0).prints("would remove database main");
        fixture.run(["database", "destroy", "mian", "--yes"]).exits(2).says("did you mean `main`?");
        assert!(fixture.has_database("main"));
        fixture.run(["database", "destroy", "main", "--yes"]).exits(0).says("removed database `main`");
        assert!(!fixture.has_database("main") && fixture.has_database("stats"));
        fixture.run(["status"]).exits(0);
    }

    #[test]
    fn row_147_a_protected_environment_refuses_destruction(fixture: ready) {
        fixture.run(["dump", "--name", "b"]).exits(0);
        fixture.replace("stead.toml", "name = \"shop\"\n", "name = \"shop\"\nprotected = true\n");
        let before = (fixture.content(), fixture.tree("backups"));
        let commands: [&[&str]; 5] = [
            &["reset", "--yes"],
            &["init", "--clean"],
            &["load", "b"],
            &["database", "destroy", "main", "--yes"],
            &["undo", "--yes"],
        ];
        for command in commands {
            fixture.run(command).exits(4).says("protected");
        }
        assert_eq!((fixture.content(), fixture.tree("backups")), before);
    }

    #[test]
    fn row_128_the_shell_runs_a_piped_query_and_hides_the_password(fixture: ready) {
        if !client(fixture.home()) {
            return;
        }
        // What people have set for other servers leads nowhere else.
        fixture.write(".my.cnf", "[client]\npassword=wrong\n[mysql]\nskip-column-names\n");
        let mut command = fixture.command(["database", "shell", "main"]);
        command.env("PGSERVICE", "elsewhere").env("PGHOSTADDR", "192.0.2.1").env("MYSQL_PWD", "wrong");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the test's own surroundings are sound");
        let mut input = child.stdin.take().expect("the test's own surroundings are sound");
        input.write_all(b"SELECT 40 + count(*) AS found FROM items;\n").expect("the test's own surroundings are sound");
        input.flush().expect("the test's own surroundings are sound");
        let shown = arguments_of_children(child.id());
        drop(input);
        ended(child.wait_with_output().expect("the test's own surroundings are sound")).exits(0).prints("44");
        if let Some(password) = fixture.password() {
            assert!(!shown.contains(&password), "the password is among the arguments: {shown}");
        }
    }

    #[test]
    fn row_129_a_missing_client_is_named_with_what_to_install(fixture: ready) {
        let empty = fixture.path("empty");
        std::fs::create_dir(&empty).expect("the test's own surroundings are sound");
        let run = fixture.run_with(&[("PATH", empty.to_str().expect("the test's own surroundings are sound"))], ["database", "shell", "main"]);
        run.exits(1).says("is not installed").says("apt install");
        fixture.run(["database", "shell"]).exits(2).says("`main`, `stats`");
    }
}

/// Whether the engine's own client is on this machine.
pub(crate) fn client(home: Home) -> bool {
    let programs: &[&str] = match home.engine() {
        "sqlite" => &["sqlite3"],
        "postgres" => &["psql"],
        _ => &["mysql", "mariadb"],
    };
    let folders: Vec<_> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let found = programs.iter().any(|program| folders.iter().any(|folder| folder.join(program).is_file()));
    if !found {
        skip("client", &format!("none of {programs:?} is installed"));
    }
    found
}

/// The command lines of a process and of everything it started, once it has started something.
fn arguments_of_children(parent: u32) -> String {
    for _ in 0..200 {
        let mut shown = String::new();
        let mut children = 0;
        for entry in std::fs::read_dir("/proc").expect("the test's own surroundings are sound").flatten() {
            let path = entry.path();
            let Ok(status) = std::fs::read_to_string(path.join("status")) else { continue };
            if status.lines().any(|line| line == format!("PPid:\t{parent}")) {
                let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
                shown.push_str(&String::from_utf8_lossy(&line));
                children += 1;
            }
        }
        if children > 0 {
            let own = std::fs::read(format!("/proc/{parent}/cmdline")).unwrap_or_default();
            return shown + &String::from_utf8_lossy(&own);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the shell started no client");
}

/// Two databases of one name on two servers are two: each is dumped from its own server, and loaded there.
#[test]
fn databases_of_one_name_on_two_servers_are_told_apart() {
    for [first, second] in [[Postgres15, Postgres18], [Mariadb, Mysql], [Mysql, Postgres15]] {
        let (Some(here), Some(there)) = (at(first), at(second)) else { continue };
        let there = there.named_like(&here);
        let name = here.name_on_server("same");
        here.write(
            "stead.toml",
            format!(
                "[project]\nname = \"twins\"\n[databases.one]\nurl = '{}/{name}'\n[databases.two]\nurl = '{}/{name}'\n\
                 [apps.first]\npath = \"first\"\ndatabase = \"one\"\n[apps.second]\npath = \"second\"\ndatabase = \"two\"\n",
                here.server(),
                there.server()
            ),
        );
        for (app, rows) in [("first", "(1)"), ("second", "(2), (3), (4)")] {
            let revision = format!(
                "-- Own\n-- revision: 11aa22bb33{}\n\n-- up\nCREATE TABLE {app} (id INT PRIMARY KEY);\nINSERT INTO {app} VALUES {rows};\n",
                if app == "first" { "01" } else { "02" }
            );
            here.write(&format!("{app}/migrations/0001_own.sql"), revision);
        }
        here.run(["init"]).exits(0);
        here.run(["dump", "--name", "a"]).exits(0);
        here.run(["load", "a"]).exits(0);
        here.run(["undo"]).exits(0);
        here.run(["check"]).exits(0);
        here.run(["dump", "--name", "b"]).exits(0);
        for snapshot in ["a", "b"] {
            let manifest = here.run(["snapshots", "show", snapshot, "--json"]).exits(0).json();
            let rows = |database: &str, table: &str| {
                let tables = manifest["snapshot"]["databases"][database]["tables"].as_object().expect("tables by name");
                tables.iter().find(|(name, _)| name.ends_with(table)).map(|(_, record)| record["rows"].clone())
            };
            assert_eq!((rows("one", "first"), rows("two", "second")), (Some(1.into()), Some(3.into())), "{manifest}");
            assert_eq!((rows("one", "second"), rows("two", "first")), (None, None), "{manifest}");
        }
        here.run(["init", "--load", "a"]).exits(0);
        here.run(["reset", "--yes"]).exits(0);
        drop(there);
    }
}

fn at(server: TestServer) -> Option<Fixture> {
    Fixture::empty_at(super::STEAD, Home::On(server))
}

/// What only a superuser could put onto a new database is found before one is built, and nothing is left half-way.
#[test]
fn a_property_that_the_role_cannot_give_again_is_told_before_anything_is_built() {
    for server in [Postgres15, Postgres18] {
        let Some(fixture) = super::project::at(Home::On(server)) else { continue };
        fixture.log_in(Rights::Needed);
        fixture.run(["init"]).exits(0);
        fixture.run(["dump", "--name", "b"]).exits(0);
        let before = fixture.content();
        let name = fixture.name_on_server("main");
        fixture.on_server(&format!("ALTER DATABASE \"{name}\" SET log_min_duration_statement = '1s'"));
        for command in [&["load", "b"][..], &["reset", "--yes"]] {
            let told = fixture.run(command).exits(7);
            let reason = "SET \"log_min_duration_statement\"`: permission denied";
            assert!(told.err.contains(reason) && told.err.contains("lends the role that right"), "{}", told.err);
            assert_eq!((fixture.content(), fixture.strays()), (before.clone(), Vec::new()));
        }
        fixture.run(["status"]).exits(0);
        fixture.run(["check"]).exits(0);
        fixture.on_server(&format!("ALTER DATABASE \"{name}\" RESET log_min_duration_statement"));
        fixture.run(["load", "b"]).exits(0);
        assert_eq!(fixture.content(), before);
    }
}

/// How a database was made, and what its sessions begin with, is not what a reset is about.
#[test]
fn a_database_that_is_built_anew_is_made_like_the_one_it_replaces() {
    for server in [Postgres15, Postgres18, Mariadb, Mysql] {
        let Some(fixture) = at(server) else { continue };
        let (name, url) = (fixture.name_on_server("main"), fixture.server());
        let project = format!("[project]\nname = \"shop\"\n[databases.main]\nurl = '{url}/{name}'\n");
        fixture.write(
            "stead.toml",
            format!(
                "{project}[apps.own]\npath = \"app\"\n[seed]\nsteps = [{{ sql = \"seed.sql\", database = \"main\" }}]\n"
            ),
        );
        let (made, probe) = made_with_care(&fixture, &name);
        fixture.write(
            "app/migrations/0001_own.sql",
            format!("-- Own\n-- revision: 11aa22bb33cc\n\n-- up\n{probe}\n-- down\nDROP TABLE own;\n"),
        );
        fixture.write("seed.sql", "INSERT INTO own VALUES ('seeded');\n");
        let facts = fixture.value("main", made);
        for command in [&["init"][..], &["init", "--clean", "--skip-seed"], &["seed"], &["reset", "--yes"]] {
            fixture.run(command).exits(0);
            assert_eq!(fixture.value("main", made), facts, "{command:?}");
            if command[0] != "reset" {
                let marks = fixture.rows("main", "SELECT name FROM own WHERE name <> 'seeded'");
                assert_eq!(marks, [["lent"]], "{command:?}");
            }
        }
        fixture.run(["undo"]).exits(0);
        assert_eq!(fixture.value("main", made), facts);
        assert_eq!(fixture.strays(), Vec::<String>::new());
    }
}

/// Makes the database as stead would not: what tells so, and the SQL of a revision that writes `lent` where it finds it so.
fn made_with_care(fixture: &Fixture, name: &str) -> (&'static str, &'static str) {
    match fixture.home().engine() {
        "postgres" => {
            let locale = "LOCALE_PROVIDER icu ICU_LOCALE 'und' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'";
            fixture.on_server(&format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' {locale}"));
            fixture.on_server(&format!("ALTER DATABASE \"{name}\" SET app.mark = 'lent'"));
            (
                "SELECT datlocprovider, datcollate, datctype, (SELECT array_agg(setconfig) FROM pg_db_role_setting \
                 WHERE setdatabase = d.oid) FROM pg_database AS d WHERE datname = current_database()",
                "CREATE TABLE own (name text PRIMARY KEY);\n\
                 INSERT INTO own VALUES (current_setting('app.mark', true));\n",
            )
        }
        engine => {
            let comment = if engine == "mariadb" { " COMMENT 'theirs'" } else { "" };
            let charset = "CHARACTER SET latin1 COLLATE latin1_german1_ci";
            fixture.on_server(&format!("CREATE DATABASE `{name}` {charset}{comment}"));
            (
                "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA \
                 WHERE SCHEMA_NAME = DATABASE()",
                "CREATE TABLE own (name varchar(20) PRIMARY KEY);\n\
                 INSERT INTO own SELECT IF(@@collation_database = 'latin1_german1_ci', 'lent', 'not');\n",
            )
        }
    }
}
