//! One of everything that a database can hold, with names and texts that need quoting, there and back.

use stead_schema::{Schema, compare};
use stead_sql::write::Phase;
use stead_testkit::servers::TestServer;

use crate::judge;
use crate::scene::{Scene, VERSIONS, run, wait};

fn script(version: TestServer) -> String {
    let newer = if version == TestServer::Postgres18 { include_str!("zoo_18.sql") } else { "" };
    format!("{}\n{newer}", include_str!("zoo.sql"))
}

#[test]
fn trap_p41_everything_comes_back() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "zoo") else { continue };
        wait(async {
            let (first, second) = (scene.name("a"), scene.name("b"));
            run(&scene.database(&first).await, &script(version)).await;
            let schema = scene.inspect(&first).await.unwrap();
            assert!(schema.tables.len() > 25 && schema.objects.len() > 100, "the inspection is not complete");
            let again = scene.rebuild(&schema, &second).await;
            assert_eq!(compare(&again, &schema), []);
            judge::agree(&scene, &first, &second);
            rows_come_between(&schema);
            let kinds =
                ["enum", "range", "aggregate", "policy", "rule", "event trigger", "operator class", "large object"];
            for kind in kinds {
                assert!(schema.objects.iter().any(|object| object.kind == kind), "no {kind} was found");
            }
            scene.remove(&first).await;
            scene.remove(&second).await;
        });
    }
}

/// Tables and partitions are made before the rows; what is checked or built over rows comes after them.
fn rows_come_between(schema: &Schema) {
    let statements = stead_sql::write(schema).unwrap();
    let phases: Vec<Phase> = statements.iter().map(|statement| statement.phase).collect();
    assert!(phases.is_sorted(), "statements of both phases are mixed");
    for statement in &statements {
        let wanted = match statement.kind.as_str() {
            "table" | "partition" | "schema" | "enum" | "domain" | "sequence owner" => Phase::Before,
            "primary key" | "foreign key" | "index" | "trigger" | "policy" | "comment" | "grant" => Phase::After,
            _ => continue,
        };
        assert_eq!(statement.phase, wanted, "{statement:?}");
    }
}

/// The order in which columns stand is kept also where inheriting would give another one.
#[test]
fn trap_p09_inheritance_keeps_the_order_of_columns() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "order") else { continue };
        wait(async {
            let (first, second) = (scene.name("a"), scene.name("b"));
            let client = scene.database(&first).await;
            run(
                &client,
                "CREATE TABLE base (id integer NOT NULL, CHECK (id > 0)); CREATE TABLE late (own text) INHERITS (base);
                 ALTER TABLE base ADD COLUMN added integer DEFAULT 7;",
            )
            .await;
            let schema = scene.inspect(&first).await.unwrap();
            let names: Vec<&str> =
                schema.table("late").unwrap().columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(names, ["id", "own", "added"]);
            assert_eq!(compare(&scene.rebuild(&schema, &second).await, &schema), []);
            scene.remove(&first).await;
            scene.remove(&second).await;
        });
    }
}

/// What a child may lack that its parents have: a default, `NOT NULL`, a way of storing; and what it may have otherwise.
#[test]
fn trap_p09_a_child_that_lacks_what_its_parent_has() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "lacks") else { continue };
        wait(async {
            let (first, second) = (scene.name("a"), scene.name("b"));
            let client = scene.database(&first).await;
            run(&client, include_str!("children.sql")).await;
            let own = if version == TestServer::Postgres18 {
                include_str!("children_18.sql")
            } else {
                include_str!("children_15.sql")
            };
            run(&client, own).await;
            let schema = scene.inspect(&first).await.unwrap();
            for table in ["local", "inherited", "numbered"] {
                assert_eq!(schema.table(table).unwrap().column("a").unwrap().default, None, "{table}");
            }
            assert_eq!(compare(&scene.rebuild(&schema, &second).await, &schema), []);
            judge::agree(&scene, &first, &second);
            // With columns in an order that inheriting would not give, which the judge cannot write.
            let added = "CREATE TABLE ordered (own text) INHERITS (strict);
                         ALTER TABLE strict ADD COLUMN added integer DEFAULT 3;
                         ALTER TABLE ordered ALTER b DROP DEFAULT, ALTER added DROP DEFAULT;";
            run(&client, added).await;
            if version == TestServer::Postgres15 {
                run(&client, "ALTER TABLE ordered ALTER a DROP NOT NULL").await;
            }
            let schema = scene.inspect(&first).await.unwrap();
            assert_eq!(compare(&scene.rebuild(&schema, &second).await, &schema), []);
            scene.remove(&first).await;
            scene.remove(&second).await;
        });
    }
}

/// A new database brings a comment on the schema `public`; where people have removed it, it is removed again.
#[test]
fn a_comment_that_was_removed_stays_away() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "comment") else { continue };
        wait(async {
            let (first, second) = (scene.name("a"), scene.name("b"));
            run(&scene.database(&first).await, "COMMENT ON SCHEMA public IS NULL").await;
            let schema = scene.inspect(&first).await.unwrap();
            let bodies: Vec<&str> = schema.objects.iter().map(|object| object.body.as_str()).collect();
            assert_eq!(bodies, ["COMMENT ON SCHEMA public IS NULL"]);
            assert_eq!(compare(&scene.rebuild(&schema, &second).await, &schema), []);
            judge::agree(&scene, &first, &second);
            scene.remove(&first).await;
            scene.remove(&second).await;
        });
    }
}

/// An empty database has no object, whatever extensions and comments a new one brings.
#[test]
fn an_empty_database_is_empty() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "empty") else { continue };
        wait(async {
            let name = scene.name("a");
            drop(scene.database(&name).await);
            let schema = scene.inspect(&name).await.unwrap();
            assert!(schema.is_empty(), "{schema:?}");
            scene.remove(&name).await;
        });
    }
}

/// What other sessions make for a while, and what people put on stead's own tables, is no part of a schema and stops nothing.
#[test]
fn what_is_left_out_stops_nothing() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "left_out") else { continue };
        wait(async {
            let name = scene.name("a");
            let client = scene.database(&name).await;
            run(&client, "CREATE TABLE t (a integer, b integer)").await;
            for statement in stead_sql::ledger::create(stead_schema::EngineKind::Postgres) {
                client.batch_execute(statement).await.unwrap();
            }
            let schema = scene.inspect(&name).await.unwrap();
            run(&client, include_str!("left_out.sql")).await;
            assert_eq!(scene.inspect(&name).await.unwrap(), schema);
            run(
                &client,
                "CREATE TABLE led (app text, revision text, FOREIGN KEY (app, revision) REFERENCES stead_ledger)",
            )
            .await;
            let error = scene.inspect(&name).await.unwrap_err();
            assert!(error.message.contains("led_app_revision_fkey"), "{}", error.message);
            drop(client);
            scene.remove(&name).await;
        });
    }
}
