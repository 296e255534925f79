//! What cannot be carried is refused by name, and what is secret is never read.

use stead_engine::ErrorClass;

use crate::scene::{Scene, VERSIONS, run, wait};

/// An index that an interrupted build left invalid: written again it would be valid, so it is refused.
#[test]
fn an_invalid_index_is_refused_by_name() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "invalid") else { continue };
        wait(async {
            let name = scene.name("a");
            let client = scene.database(&name).await;
            run(&client, "CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (1)").await;
            client.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY \"left over\" ON t (a)").await.unwrap_err();
            let error = scene.inspect(&name).await.unwrap_err();
            assert_eq!(error.class, ErrorClass::Unsupported);
            assert!(error.message.contains("left over"), "{}", error.message);
            client.batch_execute("DROP INDEX \"left over\"").await.unwrap();
            scene.inspect(&name).await.unwrap();
            scene.remove(&name).await;
        });
    }
}

/// Where the server's own functions fail with an error that names nothing, the refusal still names the object.
#[test]
fn what_the_server_cannot_print_is_refused_by_name() {
    let broken = [
        ("UPDATE pg_trigger SET tgfoid = 1 WHERE tgname = 'Broken t'", "Broken t"),
        ("UPDATE pg_constraint SET conbin = NULL WHERE conname = 'broken c'", "broken c"),
    ];
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "broken") else { continue };
        wait(async {
            for (damage, object) in broken {
                let name = scene.name("a");
                let client = scene.database(&name).await;
                run(&client, include_str!("broken.sql")).await;
                scene.inspect(&name).await.unwrap();
                client.batch_execute(damage).await.unwrap();
                let error = scene.inspect(&name).await.unwrap_err();
                assert_eq!(error.class, ErrorClass::Unsupported, "{error}");
                assert!(error.message.contains(object), "{}", error.message);
                scene.remove(&name).await;
            }
        });
    }
}

/// A password in a user mapping or a subscription is nowhere in the schema, nor in what is written from it.
#[test]
fn passwords_are_not_part_of_a_schema() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "secret") else { continue };
        wait(async {
            let (first, second) = (scene.name("a"), scene.name("b"));
            let client = scene.database(&first).await;
            run(&client, "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER zoo_server FOREIGN DATA WRAPPER w").await;
            run(&client, include_str!("secrets.sql")).await;
            let schema = scene.inspect(&first).await.unwrap();
            let written = format!("{schema:?} {:?}", stead_sql::write(&schema).unwrap());
            assert!(!written.contains("canary"), "a password was read");
            assert!(
                written.contains("USER MAPPING FOR PUBLIC") && written.contains("SUBSCRIPTION elsewhere"),
                "{written}"
            );
            let again = scene.rebuild(&schema, &second).await;
            assert_eq!(stead_schema::compare(&again, &schema), []);
            for name in [first, second] {
                let client = scene.connect(&name).await;
                run(
                    &client,
                    "ALTER SUBSCRIPTION elsewhere DISABLE; ALTER SUBSCRIPTION elsewhere SET (slot_name = NONE)",
                )
                .await;
                run(&client, "DROP SUBSCRIPTION elsewhere").await;
                scene.remove(&name).await;
            }
        });
    }
}

/// A transaction that is open when the inspection begins goes on as it was, and its own changes are seen.
#[test]
fn an_inspection_inside_a_transaction_leaves_it_as_it_was() {
    use stead_engine::server::Access;
    use stead_engine::{Place, Server as _, TransactionKind};
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "inside") else { continue };
        wait(async {
            let name = scene.name("a");
            drop(scene.database(&name).await);
            let server = stead_postgres::PostgresServer::connect_lazily(&scene.url).unwrap();
            let mut session = server.open(&Place(name.clone()), Access::Write).await.unwrap();
            session.begin(TransactionKind::Schema).await.unwrap();
            session.execute("CREATE TABLE t (a integer)", &[]).await.unwrap();
            assert_eq!(session.inspect().await.unwrap().tables.len(), 1);
            session.execute("CREATE TABLE u (a integer)", &[]).await.unwrap();
            session.commit().await.unwrap();
            assert_eq!(session.inspect().await.unwrap().tables.len(), 2);
            session.execute("SELECT a FROM t", &[]).await.unwrap();
            session.close().await.unwrap();
            scene.remove(&name).await;
        });
    }
}
