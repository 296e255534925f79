//! What a user may not see is never taken for what is not there: without the rights that show everything a database is refused,
//! and the rights are named.

use std::sync::atomic::{AtomicU32, Ordering};

use stead_engine::{Access, EngineError, ErrorClass, Place, Server as _, Session};
use stead_mysql::MysqlServer;
use stead_schema::{EngineKind, Schema};
use stead_testkit::servers::TestServer;

use crate::judge::texts;
use crate::on_servers;
use crate::scene::Scene;

on_servers! {
    rights_that_hide_are_named / hidden_by_rights_mariadb / hidden_by_rights_mysql;
    rights_of_roles_count / rights_of_roles_mariadb / rights_of_roles_mysql;
    routines_that_are_closed_are_named / closed_routines_mariadb / closed_routines_mysql;
    what_is_not_printed_needs_a_copy / copies_need_rights_mariadb / copies_need_rights_mysql;
    views_that_write_are_read_by_readers / views_that_write_mariadb / views_that_write_mysql;
}

const SCRIPT: &str = "CREATE TABLE items (id INT PRIMARY KEY); CREATE TABLE others (id INT PRIMARY KEY); \
                      CREATE VIEW seen AS SELECT id FROM items; \
                      CREATE TRIGGER watched BEFORE INSERT ON items FOR EACH ROW SET @a = 1; \
                      CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO SET @a = 1; \
                      CREATE PROCEDURE `pro``c`() SQL SECURITY INVOKER SELECT 1";

/// A database and a user who has no right to it.
struct Limited {
    owner: Box<dyn Session>,
    database: String,
    user: String,
    server: MysqlServer,
}

impl Limited {
    async fn new(scene: &Scene, script: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut owner = scene.made(script).await;
        let database = texts(owner.as_mut(), "SELECT DATABASE()").await.remove(0).remove(0);
        let user = format!("seer_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let test = if scene.engine == EngineKind::Mariadb { TestServer::Mariadb } else { TestServer::Mysql };
        let url = test.url().unwrap();
        let place = url.rsplit_once('@').unwrap().1;
        let server = MysqlServer::connect_lazily(&format!("{}://{user}:x@{place}", scene.engine.word())).unwrap();
        owner.execute(&format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"), &[]).await.unwrap();
        Self { owner, database, user, server }
    }

    /// `GRANT` with `$` for the database.
    async fn grant(&mut self, what: &str) {
        let sql = format!("GRANT {} TO '{}'@'%'", what.replace('$', &format!("`{}`", self.database)), self.user);
        self.owner.execute(&sql, &[]).await.unwrap();
    }

    async fn inspected(&self) -> Result<Schema, EngineError> {
        let mut session = self.server.open(&Place(self.database.clone()), Access::Read).await?;
        let schema = session.inspect().await;
        session.close().await?;
        schema
    }

    async fn refused(&self, message: &str) {
        let error = self.inspected().await.unwrap_err();
        assert_eq!((error.class, error.message.as_str()), (ErrorClass::Refused, message));
    }

    async fn end(mut self) {
        self.owner.execute(&format!("DROP USER '{}'@'%'", self.user), &[]).await.unwrap();
        self.owner.close().await.unwrap();
    }
}

async fn rights_that_hide_are_named(scene: Scene) {
    let mut limited = Limited::new(&scene, SCRIPT).await;
    let lacks =
        |rights: &str, of: &Limited| format!("the user of the database's URL lacks {rights} on `{}`", of.database);
    limited.grant("SELECT ON $.items").await;
    limited.refused(&lacks("SELECT, TRIGGER, EVENT, EXECUTE", &limited)).await;
    limited.grant("SELECT, SHOW VIEW ON $.*").await;
    limited.refused(&lacks("TRIGGER, EVENT, EXECUTE", &limited)).await;
    limited.grant("TRIGGER ON $.items").await;
    limited.refused(&lacks("TRIGGER, EVENT, EXECUTE", &limited)).await;
    limited.grant("EVENT, EXECUTE ON $.*").await;
    limited.refused(&lacks("TRIGGER", &limited)).await;
    limited.grant("TRIGGER ON $.others").await;
    let text = if scene.engine == EngineKind::Mariadb { "SELECT ON mysql.proc" } else { "SHOW_ROUTINE ON *.*" };
    limited.grant(text).await;
    let expected = limited.owner.inspect().await.unwrap();
    assert_eq!(stead_schema::compare(&limited.inspected().await.unwrap(), &expected), []);
    limited.end().await;
}

async fn rights_of_roles_count(scene: Scene) {
    let mut limited = Limited::new(&scene, SCRIPT).await;
    let (role, user) = (format!("r_{}", limited.user), limited.user.clone());
    let database = limited.database.clone();
    let mariadb = scene.engine == EngineKind::Mariadb;
    let text = if mariadb { "SELECT ON mysql.proc" } else { "SHOW_ROUTINE ON *.*" };
    let default = if mariadb {
        format!("SET DEFAULT ROLE {role} FOR '{user}'@'%'")
    } else {
        format!("SET DEFAULT ROLE {role} TO '{user}'@'%'")
    };
    limited.grant("SELECT, SHOW VIEW ON $.*").await;
    for sql in [
        format!("CREATE ROLE {role}"),
        format!("GRANT TRIGGER, EVENT, EXECUTE ON `{database}`.* TO {role}"),
        format!("GRANT {text} TO {role}"),
        format!("GRANT {role} TO '{user}'@'%'"),
    ] {
        limited.owner.execute(&sql, &[]).await.unwrap();
    }
    limited.refused(&format!("the user of the database's URL lacks TRIGGER, EVENT, EXECUTE on `{database}`")).await;
    limited.owner.execute(&default, &[]).await.unwrap();
    let expected = limited.owner.inspect().await.unwrap();
    assert_eq!(stead_schema::compare(&limited.inspected().await.unwrap(), &expected), []);
    limited.owner.execute(&format!("DROP ROLE {role}"), &[]).await.unwrap();
    limited.end().await;
}

async fn routines_that_are_closed_are_named(scene: Scene) {
    let script =
        format!("{SCRIPT}; CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1; CREATE PROCEDURE q() SELECT 1");
    let mut limited = Limited::new(&scene, &script).await;
    limited.grant("ALL ON $.*").await;
    let error = limited.inspected().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused, "{error:?}");
    for name in ["the function `one`", "the procedure `pro`c`", "the procedure `q`"] {
        assert!(error.message.contains(name), "{error:?}");
    }
    let right =
        if scene.engine == EngineKind::Mariadb { "GRANT SELECT ON mysql.proc" } else { "GRANT SHOW_ROUTINE ON *.*" };
    assert!(error.hints.len() == 1 && error.hints[0].contains(right), "{error:?}");
    limited.end().await;
}

/// What servers print as a `?` is found out by a copy of the column.
async fn what_is_not_printed_needs_a_copy(scene: Scene) {
    let mut limited = Limited::new(&scene, "CREATE TABLE `t t` (a ENUM('\u{1f600}', 'b') CHARACTER SET utf8mb4)").await;
    let text = if scene.engine == EngineKind::Mariadb { "SELECT ON mysql.proc" } else { "SHOW_ROUTINE ON *.*" };
    limited.grant(text).await;
    limited.grant("SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON $.*").await;
    let error = limited.inspected().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported, "{error:?}");
    assert!(error.message.contains("`t t`") && error.message.contains("`a`"), "{error:?}");
    assert!(error.hints.iter().any(|hint| hint.contains("CREATE TEMPORARY TABLES")), "{error:?}");
    limited.grant("CREATE TEMPORARY TABLES ON $.*").await;
    assert_eq!(limited.inspected().await.unwrap().tables[0].columns[0].data_type, "enum('\u{1f600}','b')");
    limited.end().await;
}

/// A server looks into the functions of a view that it prints.
async fn views_that_write_are_read_by_readers(scene: Scene) {
    let writes = "CREATE TABLE log (a INT); \
                  CREATE FUNCTION noted() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO log VALUES (1); RETURN 1; END; \
                  CREATE VIEW plain AS SELECT a FROM log; CREATE VIEW writes AS SELECT noted() AS n";
    let draws = "CREATE SEQUENCE numbers; CREATE VIEW draws AS SELECT NEXTVAL(numbers) AS n";
    let script = if scene.engine == EngineKind::Mariadb { format!("{writes}; {draws}") } else { writes.to_owned() };
    let mut owner = scene.made(&script).await;
    let expected = scene.comes_back(owner.as_mut(), "views that write").await;
    let place = Place(texts(owner.as_mut(), "SELECT DATABASE()").await.remove(0).remove(0));
    let mut reader = scene.server.open(&place, Access::Read).await.unwrap();
    assert_eq!(stead_schema::compare(&reader.inspect().await.unwrap(), &expected), []);
    reader.execute("INSERT INTO log VALUES (1)", &[]).await.unwrap_err();
    reader.close().await.unwrap();
    let mut view = scene.server.bulk().view(std::slice::from_ref(&place)).await.unwrap();
    let seen = view.session(&place).unwrap().inspect().await.unwrap();
    assert_eq!(stead_schema::compare(&seen, &expected), []);
    view.close().await.unwrap();
    owner.close().await.unwrap();
}
