//! What the schema cannot hold is refused by name and never left out.

use stead_engine::ErrorClass;
use stead_schema::EngineKind;

use crate::on_servers;
use crate::scene::Scene;

on_servers! {
    broken_views_are_named / broken_views_are_named_mariadb / broken_views_are_named_mysql;
    foreign_keys_to_other_databases_are_named / cross_keys_are_named_mariadb / cross_keys_are_named_mysql;
    packages_are_named / packages_are_named_mariadb / packages_are_named_mysql;
    hidden_tables_are_named / hidden_tables_are_named_mariadb / hidden_tables_are_named_mysql;
}

async fn refused(scene: &Scene, script: &str, name: &str) {
    let mut session = scene.made(script).await;
    let error = session.inspect().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported, "{error:?}");
    assert!(error.message.contains(&format!("`{name}`")), "{error:?}");
    session.close().await.unwrap();
}

async fn broken_views_are_named(scene: Scene) {
    let lacks_table = "CREATE TABLE t (a INT); CREATE VIEW fine AS SELECT a FROM t; CREATE TABLE u (a INT); \
                       CREATE VIEW `bro``ken` AS SELECT a FROM u; DROP TABLE u";
    refused(&scene, lacks_table, "bro`ken").await;
    let lacks_column = "CREATE TABLE t (a INT, b INT); CREATE VIEW v AS SELECT a, b FROM t; ALTER TABLE t DROP b";
    refused(&scene, lacks_column, "v").await;
}

async fn foreign_keys_to_other_databases_are_named(scene: Scene) {
    let other = scene.made("CREATE TABLE parent (id INT PRIMARY KEY)").await;
    let mut other = other;
    let name = crate::judge::texts(other.as_mut(), "SELECT DATABASE()").await.remove(0).remove(0);
    let script = format!("CREATE TABLE child (p INT, FOREIGN KEY (p) REFERENCES `{name}`.parent (id))");
    refused(&scene, &script, "child").await;
    other.close().await.unwrap();
}

async fn hidden_tables_are_named(scene: Scene) {
    // MySQL lists the table that is hidden and prints the one that hides it.
    let script = "CREATE TABLE t (a INT); CREATE TEMPORARY TABLE t (b INT)";
    match scene.engine {
        EngineKind::Mysql | EngineKind::Mariadb => refused(&scene, script, "t").await,
        EngineKind::Postgres | EngineKind::Sqlite => unreachable!(),
    }
}

async fn packages_are_named(scene: Scene) {
    // MySQL has none.
    if scene.engine == EngineKind::Mariadb {
        let script = "SET sql_mode = 'ORACLE'; EXECUTE IMMEDIATE 'CREATE PACKAGE pack AS FUNCTION one RETURN INT; END'";
        refused(&scene, script, "pack").await;
        let another = "EXECUTE IMMEDIATE 'CREATE PACKAGE another AS FUNCTION one RETURN INT; END'";
        refused(&scene, &format!("{script}; {another}"), "another`, the package `pack").await;
    }
}
