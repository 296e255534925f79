//! `stead schema print`: what models, databases and files amount to, inside and outside of a project.

use std::io::Write as _;
use std::process::Stdio;

use stead_testkit::fixture::{Ended, Fixture, ended};

use crate::database::client;
use crate::{empty, project, ready};

/// Programs with `;` in them, behind their own delimiter; the last one in Oracle's language, which MariaDB has.
const PROGRAMS: &str = "CREATE TABLE printed (id INT PRIMARY KEY, a INT, b VARCHAR(9) DEFAULT ';', KEY second (a));
DELIMITER $$
CREATE TRIGGER doubled BEFORE INSERT ON printed FOR EACH ROW BEGIN SET NEW.a = NEW.a DIV 1; SET NEW.a = 2 * NEW.a; END $$
CREATE PROCEDURE filled() BEGIN INSERT INTO printed VALUES (1, 1, ';'); -- a remark; of many words
END $$
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO BEGIN CALL filled(); END $$
";
const ORACLE: &str = "SET sql_mode = 'ORACLE' $$
CREATE PROCEDURE counted(a INT) AS x INT := 5; BEGIN WHILE x < 7 LOOP x := x + a; END LOOP; END $$
";

/// Runs a script with the engine's own client.
fn shell(fixture: &Fixture, database: &str, script: &str) -> Ended {
    let mut command = fixture.command(["database", "shell", database]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("stead is there");
    let mut input = child.stdin.take().expect("it was asked for");
    input.write_all(script.as_bytes()).expect("a client reads its input");
    drop(input);
    ended(child.wait_with_output().expect("it has started"))
}

#[test]
fn the_models_are_printed_in_an_order_that_works() {
    let fixture = project();
    let printed = fixture.run(["schema", "print"]).exits(0).prints("-- database main").prints("-- database stats");
    printed.prints("CREATE TABLE kinds").prints("CREATE INDEX items_by_kind");
    assert!(!fixture.path(".stead").exists(), "printing changes nothing");
}

every_engine! {
    #[test]
    fn a_database_and_its_models_give_the_same_text(fixture: ready) {
        let database = fixture.run(["schema", "print", "database:main", "--json"]).exits(0).json();
        let models = fixture.run(["schema", "print", "--json"]).exits(0).json();
        let kinds = |schema: &serde_json::Value| -> Vec<String> {
            let statements = schema["statements"].as_array().expect("a list of statements");
            statements.iter().map(|statement| format!("{} {}", statement["kind"], statement["name"])).collect()
        };
        assert_eq!(kinds(&database["schemas"][0]), kinds(&models["schemas"][0]));
        fixture.run(["schema", "print", "database:mian"]).exits(2).says("did you mean `main`?");
    }

    #[test]
    fn programs_are_printed_so_that_every_client_can_run_them(fixture: ready) {
        let home = fixture.home();
        if !home.is_mysql() || !client(home) {
            return;
        }
        let oracle = if home.engine() == "mariadb" { ORACLE } else { "" };
        fixture.write("first.sql", format!("{PROGRAMS}{oracle}"));
        let printed = fixture.run(["schema", "print", "first.sql"]).exits(0).out;
        fixture.write("second.sql", &printed);
        assert_eq!(fixture.run(["schema", "print", "second.sql"]).exits(0).out, printed);
        shell(&fixture, "stats", &printed).exits(0);
        fixture.sql("stats", "CALL filled()");
        assert_eq!(fixture.value("stats", "SELECT a FROM printed"), "2");
        let again = fixture.run(["schema", "print", "database:stats"]).exits(0).out;
        // Clients leave remarks out.
        let whole = |statement: &&str| statement.contains("DELIMITER") && !statement.contains("remark");
        for statement in printed.split("\n\n").filter(whole) {
            assert!(again.contains(statement), "{statement}\n---\n{again}");
        }
        // Each file holds what it needs to be run by itself.
        fixture.run(["schema", "print", "first.sql", "-o", "ddl"]).exits(0);
        let mut names: Vec<String> = fixture.tree("ddl").into_keys().collect();
        let all = ["counted.sql", "doubled.sql", "filled.sql", "nightly.sql", "printed.sql"];
        assert_eq!(names, all[usize::from(oracle.is_empty())..]);
        // The table stands last in the order of the names.
        names.reverse();
        for name in names {
            shell(&fixture, "main", &fixture.read(&format!("ddl/{name}"))).exits(0);
        }
        fixture.sql("main", "CALL filled()");
        assert_eq!(fixture.value("main", "SELECT a FROM printed"), "2");
    }
}

#[test]
fn what_is_printed_makes_the_same_schema_again() {
    let fixture = empty();
    let sql = "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id));\n\
               CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id), t TEXT CHECK (t <> ';')) STRICT;\n\
               CREATE INDEX a_t ON a (t) WHERE t IS NOT NULL;\n\
               CREATE VIEW w AS SELECT * FROM v;\nCREATE VIEW v AS SELECT id FROM a;\n\
               CREATE TRIGGER x AFTER INSERT ON a BEGIN INSERT INTO b (a) VALUES (NEW.id); SELECT 1; END;\n";
    fixture.write("first.sql", sql);
    let first = fixture.run(["schema", "print", "first.sql"]).exits(0).out;
    fixture.write("second.sql", &first);
    let second = fixture.run(["schema", "print", "second.sql"]).exits(0).out;
    assert_eq!(first, second);
    fixture.write("broken.sql", "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER;\n");
    fixture.run(["schema", "print", "broken.sql"]).exits(2).says("broken.sql").says(":2:");
    fixture.run(["schema", "print"]).exits(2).says("stead.toml");
    fixture.run(["schema", "print", "sqlite:nothing.db"]).exits(7).says("nothing.db");
    assert!(!fixture.path("nothing.db").exists());
}

#[test]
fn one_file_an_object_is_kept_in_step() {
    let fixture = ready();
    fixture.run(["schema", "print", "database:main", "-o", "ddl"]).exits(0).says("ddl");
    let items = fixture.read("ddl/main/items.sql");
    assert!(items.contains("CREATE TABLE items") && items.contains("CREATE INDEX items_by_kind"), "{items}");
    let before = fixture.read("ddl/main/kinds.sql");
    fixture.run(["downgrade", "0001", "--app", "shop", "--yes"]).exits(0);
    fixture.run(["schema", "print", "database:main", "-o", "ddl"]).exits(0);
    assert!(!fixture.read("ddl/main/items.sql").contains("items_by_kind"));
    assert_eq!(fixture.read("ddl/main/kinds.sql"), before, "nothing else changes");
    fixture.write("ddl/notes.txt", "mine");
    fixture.run(["schema", "print", "-o", "ddl"]).exits(1).says("notes.txt");
}
