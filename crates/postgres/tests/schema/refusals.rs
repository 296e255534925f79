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

/// A password in a user mapping or a subscription is nowhere in the schema, nor in what is written from it; everything else is,
/// and so is a word on what was left out.
#[test]
fn passwords_are_not_part_of_a_schema() {
    let kept = [
        "-- the option `api_token` was left out: it is a secret; set it again after loading\n\
         -- the option `password` was left out: it is a secret; set it again after loading\n\
         CREATE USER MAPPING FOR PUBLIC SERVER zoo_server OPTIONS (\"user\" 'u', password_required 'false')",
        "-- the option `password` of the connection was left out: it is a secret; set it again after loading\n\
         CREATE SUBSCRIPTION elsewhere CONNECTION 'host=nowhere.invalid dbname=x user=u application_name=''a b''' \
         PUBLICATION \"Two\", one WITH (connect = false, slot_name = NONE, enabled = false",
        "CREATE SUBSCRIPTION \"Address\" CONNECTION 'postgres://u@nowhere.invalid/x?sslmode=require' PUBLICATION one",
        ", streaming = on",
        "-- the option `sslpassword` was left out: it is a secret; set it again after loading\n\
         CREATE SERVER zoo_server FOREIGN DATA WRAPPER w OPTIONS (host 'nowhere.invalid')",
        "-- the option `credentials` was left out: it is a secret; set it again after loading\n\
         -- of the column \"a\":\n-- the option `secret` was left out",
    ];
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "secret") else { continue };
        wait(async {
            let (first, second) = (scene.name("a"), scene.name("b"));
            let client = scene.database(&first).await;
            run(&client, "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER zoo_server FOREIGN DATA WRAPPER w").await;
            run(&client, include_str!("secrets.sql")).await;
            let schema = scene.inspect(&first).await.unwrap();
            let statements = stead_sql::write(&schema).unwrap();
            assert!(!format!("{schema:?} {statements:?}").contains("canary"), "a password was read");
            let written: String = statements.iter().map(|statement| format!("{}\n", statement.sql)).collect();
            for text in kept {
                assert!(written.contains(text), "{text}\n--- is not in\n{written}");
            }
            let again = scene.rebuild(&schema, &second).await;
            assert_eq!(stead_schema::compare(&again, &schema), []);
            let copy = scene.connect(&second).await;
            let connections = "SELECT string_agg(subconninfo, '|' ORDER BY subname COLLATE \"C\") FROM pg_subscription
                               WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";
            let connections: String = copy.query_one(connections, &[]).await.unwrap().get(0);
            let expected = "postgres://u@nowhere.invalid/x?sslmode=require|\
                            host=nowhere.invalid dbname=x user=u application_name='a b'";
            assert_eq!(connections, expected);
            for name in [first, second] {
                let client = scene.connect(&name).await;
                for subscription in ["elsewhere", "\"Address\""] {
                    let alter = format!("ALTER SUBSCRIPTION {subscription}");
                    run(&client, &format!("{alter} DISABLE; {alter} SET (slot_name = NONE)")).await;
                    run(&client, &format!("DROP SUBSCRIPTION {subscription}")).await;
                }
                scene.remove(&name).await;
            }
        });
    }
}

/// Who is no superuser may not read the connection of a subscription; that is said, and it is no difference.
#[test]
fn what_a_plain_role_cannot_read_is_said() {
    use stead_engine::server::Access;
    use stead_engine::{Place, Server as _};
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "plain") else { continue };
        wait(async {
            let (name, role) = (scene.name("a"), scene.name("role"));
            let client = scene.database(&name).await;
            let make = format!(
                "CREATE SUBSCRIPTION {name} CONNECTION 'host=nowhere.invalid password=planted-canary' PUBLICATION one
                     WITH (connect = false, slot_name = NONE, enabled = false);
                 CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
                 CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (\"user\" 'u');
                 CREATE ROLE {role} LOGIN PASSWORD 'word'"
            );
            run(&client, &make).await;
            let address = scene.url.rsplit_once('@').unwrap().1;
            let server = stead_postgres::PostgresServer::connect_lazily(&format!("postgres://{role}:word@{address}"));
            let mut session = server.unwrap().open(&Place(name.clone()), Access::Read).await.unwrap();
            let schema = session.inspect().await.unwrap();
            session.close().await.unwrap();
            let written = format!("{:?}", stead_sql::write(&schema).unwrap());
            for text in ["only a superuser may read it", "only the owner of the server may read them"] {
                assert!(written.contains(text), "{written}");
            }
            let whole = scene.inspect(&name).await.unwrap();
            let subscription = |schema: &stead_schema::Schema| {
                schema.objects.iter().find(|object| object.kind == "subscription").map(|object| object.body.clone())
            };
            assert_eq!(subscription(&whole), subscription(&schema));
            run(&client, &format!("DROP SUBSCRIPTION {name}; DROP ROLE {role}")).await;
            scene.remove(&name).await;
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
