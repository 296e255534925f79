//! `stead schema print`: what models, databases and files amount to, inside and outside of a project.

use crate::{empty, project, ready};

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
