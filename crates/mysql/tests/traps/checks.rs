//! Traps of what a server lets in when it is told not to look, of what another server does not know, and of what a dump does to
//! the people who work on the server meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Source;
use stead_engine::{ErrorClass, Place, Server as _, Value};
use stead_mysql::MysqlServer;
use stead_schema::EngineKind;
use stead_testkit::conformance::streams::{Memory, advance};
use stead_testkit::servers::TestServer;

use crate::ground::{Ground, alone_on_each, on, on_each};

/// A user of the server with these grants on one database, and the server as that user.
async fn user(ground: &Ground, live: &Place, name: &str, rights: &str) -> Result<(String, MysqlServer)> {
    let user = format!("trap_{name}_{}", std::process::id());
    let create = format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'");
    ground.run(live, &[&create, &format!("GRANT {rights} ON `{live}`.* TO '{user}'@'%'")]).await?;
    let place = ground.url.rsplit_once('@').context("the URL names a user")?.1;
    Ok((
        user.clone(),
        MysqlServer::connect_lazily(&format!("{}://{}:x@{place}", ground.kind().word(), user.replace('@', "%40")))?,
    ))
}

/// What a dump needs: to see everything, and nothing of the whole server.
const READING: &str = "SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE";

/// Dumps as another user; the names of the streams.
async fn dumped(server: &MysqlServer, live: &Place) -> Result<Vec<String>, stead_engine::EngineError> {
    let memory = Arc::new(Memory::default());
    let mut view = server.bulk().view(std::slice::from_ref(live)).await?;
    view.dump(live, Arc::clone(&memory) as _, advance()).await?;
    view.close().await?;
    Ok(memory.streams().into_keys().collect())
}

/// A dump takes no lock of the whole server, so a long query holds nobody up and no right beyond the database is needed.
#[test]
fn trap_m10_a_dump_does_not_stop_the_server() -> Result<()> {
    on_each("m10", async |ground| {
        let statements = ["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)"];
        let live = ground.database("live", &statements).await?;
        let mut busy = ground.write(&live).await?;
        let long = busy.query("SELECT SLEEP(3), COUNT(*) FROM t", &[]);
        let meanwhile = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let began = Instant::now();
            let mut view = ground.server.bulk().view(std::slice::from_ref(&live)).await?;
            ground.run(&live, &["INSERT INTO t VALUES (3)"]).await?;
            let rows = view.session(&live)?.query("SELECT COUNT(*) FROM t", &[]).await?;
            ensure!(rows == [vec![Value::Integer(2)]], "{rows:?}");
            view.close().await?;
            Ok(began.elapsed())
        };
        let (long, took) = tokio::join!(long, meanwhile);
        long?;
        let took = took?;
        ensure!(took < Duration::from_millis(2500), "the dump waited for a query: {took:?}");
        let (name, reader) = user(ground, &live, "m10", READING).await?;
        let streams = dumped(&reader, &live).await;
        ground.run(&live, &[&format!("DROP USER '{name}'@'%'")]).await?;
        ensure!(streams?.contains(&"table/t".to_owned()), "a user who may read cannot dump");
        Ok(())
    })
}

/// A dump asks for no more than it needs: rights to views where there are any, and any right by which routines are listed.
#[test]
fn trap_m10_a_dump_asks_for_what_it_needs() -> Result<()> {
    on_each("m10n", async |ground| {
        let statements =
            ["CREATE TABLE t (id INT PRIMARY KEY)", "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1"];
        let live = ground.database("live", &statements).await?;
        let (name, reader) = user(ground, &live, "a@b", "SELECT, TRIGGER, EVENT").await?;
        let (refused, routines) = (
            dumped(&reader, &live).await.err(),
            match ground.kind() {
                EngineKind::Mariadb => "SELECT ON mysql.proc",
                _ => "SHOW_ROUTINE ON *.*",
            },
        );
        ground.run(&live, &[&format!("GRANT {routines} TO '{name}'@'%'")]).await?;
        let streams = dumped(&reader, &live).await;
        ground.run(&live, &["CREATE VIEW v AS SELECT id FROM t"]).await?;
        let of_views = dumped(&reader, &live).await.err();
        ground.run(&live, &[&format!("DROP USER '{name}'@'%'")]).await?;
        for (refused, right) in [(refused, "EXECUTE"), (of_views, "SHOW VIEW")] {
            let refused = refused.with_context(|| format!("nobody asks for {right}"))?;
            ensure!(refused.message.contains(&format!("lacks {right} on")), "{refused:?}");
        }
        ensure!(streams?.contains(&"table/t".to_owned()), "a user who may read cannot dump");
        Ok(())
    })
}

/// Tables without transactions have to be locked: the dump asks for a short while each time, lets others go first in between, and
/// names the table and the right that lacks.
#[test]
fn trap_m10_a_lock_is_asked_for_and_not_queued_for() -> Result<()> {
    on_each("m10l", async |ground| {
        let statements = ["CREATE TABLE plain (id INT) ENGINE = MyISAM", "INSERT INTO plain VALUES (1)"];
        let live = ground.database("live", &statements).await?;
        let (name, reader) = user(ground, &live, "m10l", READING).await?;
        let refused = dumped(&reader, &live).await.err();
        ground.run(&live, &[&format!("DROP USER '{name}'@'%'")]).await?;
        let refused = refused.context("a table is read without a lock")?;
        ensure!(refused.class == ErrorClass::Refused && format!("{refused:?}").contains("plain"), "{refused:?}");
        let mut holder = ground.write(&live).await?;
        holder.execute("LOCK TABLES plain WRITE", &[]).await?;
        let letting_go = async {
            tokio::time::sleep(Duration::from_millis(3200)).await;
            holder.execute("UNLOCK TABLES", &[]).await
        };
        let (dumped, let_go) = tokio::join!(ground.dump(&live), letting_go);
        let_go?;
        ensure!(dumped?.streams().contains_key("table/plain"), "the dump gave up");
        Ok(())
    })
}

/// Parents and children, one of them without its parent.
const ORPHANS: &[&str] = &[
    "CREATE TABLE parents (a INT, `b``c` VARCHAR(9), PRIMARY KEY (a, `b``c`))",
    "CREATE TABLE children (id INT PRIMARY KEY, a INT, `b``c` VARCHAR(9), \
     CONSTRAINT `to the parent` FOREIGN KEY (a, `b``c`) REFERENCES parents (a, `b``c`))",
    "CREATE TABLE tree (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES tree (id))",
    "INSERT INTO parents VALUES (1, 'x')",
    "INSERT INTO children VALUES (1, 1, 'x'), (2, NULL, 'nowhere'), (3, 7, NULL)",
    "INSERT INTO tree VALUES (1, NULL), (2, 1)",
];

#[test]
fn trap_m25_rows_that_refer_to_nothing() -> Result<()> {
    on_each("m25", async |ground| {
        let live = ground.database("live", ORPHANS).await?;
        let whole = ground.dump(&live).await?;
        ground.same(&live, "SELECT id, a, `b``c` FROM children ORDER BY id").await?;
        let mut blind = ground.write(&live).await?;
        blind.execute("SET SESSION foreign_key_checks = OFF", &[]).await?;
        blind.execute("INSERT INTO children VALUES (4, 1, 'lost')", &[]).await?;
        blind.close().await?;
        let named = |error: &stead_engine::EngineError| {
            error.class == ErrorClass::Constraint
                && ["`children`", "`to the parent`", "lost"].iter().all(|word| error.message.contains(word))
        };
        // What people have must be saved, and come back as it was.
        ground.same(&live, "SELECT id, a, `b``c` FROM children ORDER BY id").await?;
        // A row that the dump did not have, as a damage of ours would bring it.
        let forged = crate::rows::forged(&whole, "children", "1\t1\tx", "1\t1\tlost")?;
        let built = ground.server.bulk().beside(&live, "m25");
        let error = ground.server.bulk().load(&built, forged, advance()).await.err();
        let error = error.context("a row that refers to nothing is loaded")?;
        ensure!(named(&error), "{error:?}");
        ensure!(!ground.server.exists(&built).await?, "a refused load leaves a database");
        Ok(())
    })
}

#[test]
fn trap_m26_duplicates_are_looked_for_whatever_the_server_says() -> Result<()> {
    alone_on_each("m26", async |ground| {
        let statements = [
            "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(9), UNIQUE KEY named (name))",
            "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL), (4, NULL)",
        ];
        let live = ground.database("live", &statements).await?;
        let whole = ground.dump(&live).await?;
        ground.run(&live, &["SET GLOBAL unique_checks = OFF"]).await?;
        let tried = duplicates(ground, &live, &whole).await;
        ground.run(&live, &["SET GLOBAL unique_checks = ON"]).await?;
        tried
    })
}

async fn duplicates(ground: &Ground, live: &Place, whole: &Memory) -> Result<()> {
    ground.same(live, "SELECT id, name FROM t ORDER BY id").await?;
    for (from, to) in [("2\ttwo", "2\tone"), ("2\ttwo", "1\ttwo")] {
        let forged = crate::rows::forged(whole, "t", from, to)?;
        let built = ground.server.bulk().beside(live, "m26");
        let error = ground.server.bulk().load(&built, forged, advance()).await.err();
        let error = error.with_context(|| format!("`{to}` is loaded beside another one"))?;
        ensure!(matches!(error.class, ErrorClass::Constraint | ErrorClass::Refused), "{error:?}");
        ensure!(error.message.contains("`t`"), "the table is not named: {error}");
        ensure!(!ground.server.exists(&built).await?, "a refused load leaves a database");
    }
    Ok(())
}

#[test]
fn trap_m28_collations_that_the_server_does_not_know() -> Result<()> {
    on_each("m28", async |ground| {
        let statements = [
            "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9) COLLATE utf8mb4_bin) DEFAULT CHARSET = utf8mb4",
            "CREATE TABLE u (id INT PRIMARY KEY, a VARCHAR(9))",
        ];
        let live = ground.database("live", &statements).await?;
        let whole = ground.dump(&live).await?;
        ground.same(&live, "SELECT id FROM t").await?;
        let foreign = match ground.kind() {
            EngineKind::Mariadb => "utf8mb4_0900_ai_ci",
            _ => "utf8mb4_uca1400_ai_ci",
        };
        let mut schema = Source::schema(whole.as_ref()).context("the dump has a schema")?.clone();
        let column = schema.tables[0].columns.iter_mut().find(|column| column.name == "a").context("the column")?;
        column.collation = Some(foreign.to_owned());
        schema.tables[1].options.insert("collation".to_owned(), "klingon_ci".to_owned());
        let abroad = Memory::of(whole.streams());
        abroad.remember(schema);
        let built = ground.server.bulk().beside(&live, "m28");
        let error = ground.server.bulk().load(&built, Arc::new(abroad), advance()).await.err();
        let error = error.context("an unknown collation is loaded")?;
        ensure!(error.class == ErrorClass::Unsupported, "{error:?}");
        for word in [foreign, "`a` of `t`", "klingon_ci", "table `u`"] {
            ensure!(error.message.contains(word), "`{word}` is not named: {error}");
        }
        ensure!(!ground.server.exists(&built).await?, "a refused load leaves a database");
        Ok(())
    })
}

/// Where a server writes what is changed to a log for replicas, a load can be kept out of it, in all of its sessions.
#[test]
fn trap_m34_the_binary_log_can_be_left_alone() -> Result<()> {
    on_each("m34", async |ground| {
        let quiet = MysqlServer::connect_lazily(&format!("{}/?sql_log_bin=off", ground.url))?;
        let statements = ["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"];
        let live = ground.database("live", &statements).await?;
        let look = "SELECT @@SESSION.sql_log_bin";
        let mut session = quiet.open(&live, stead_engine::Access::Write).await?;
        ensure!(session.query(look, &[]).await? == [vec![Value::Integer(0)]], "people's sessions write to the log");
        session.close().await?;
        let mut view = quiet.bulk().view(std::slice::from_ref(&live)).await?;
        let own = view.session(&live)?.query(look, &[]).await?;
        view.close().await?;
        ensure!(own == [vec![Value::Integer(0)]], "stead's sessions write to the log");
        ensure!(ground.rows(&live, look).await? == [vec![Value::Integer(1)]], "it is left alone without being asked");
        // Who lacks the right is told at once, before anything is written.
        let (name, _) = user(ground, &live, "m34", "ALL").await?;
        let place = ground.url.rsplit_once('@').context("the URL names a user")?.1;
        let url = format!("{}://{name}:x@{place}/?sql_log_bin=off", ground.kind().word());
        let refused = MysqlServer::connect_lazily(&url)?.exists(&live).await.err();
        ground.run(&live, &[&format!("DROP USER '{name}'@'%'")]).await?;
        ensure!(refused.context("it is written all the same")?.class == ErrorClass::Refused, "another class");
        let wrong = MysqlServer::connect_lazily(&format!("{}/?sql_log_bin=maybe", ground.url)).err();
        ensure!(wrong.context("any word is taken")?.message.contains("sql_log_bin"), "the option is not named");
        Ok(())
    })
}

/// Coordinates of the earth have their latitude first on MySQL. They travel as the bytes that are stored, so nobody turns them.
#[test]
fn trap_m36_the_order_of_axes() -> Result<()> {
    on(TestServer::Mysql, "m36", &async |ground| {
        let statements = [
            "CREATE TABLE places (id INT PRIMARY KEY, at POINT NOT NULL SRID 4326, plain GEOMETRY, SPATIAL KEY (at))",
            "INSERT INTO places VALUES (1, ST_GeomFromText('POINT(10 20)', 4326), POINT(10, 20)), \
             (2, ST_GeomFromText('POINT(20 10)', 4326, 'axis-order=long-lat'), \
              ST_GeomFromText('LINESTRING(10 20, -30 40)', 4326)), (3, ST_GeomFromText('POINT(-89.5 179.5)', 4326), NULL)",
        ];
        let live = ground.database("live", &statements).await?;
        let look = "SELECT id, HEX(at), ST_SRID(at), ST_Latitude(at), ST_Longitude(at), HEX(plain), ST_SRID(plain) \
                    FROM places ORDER BY id";
        let rows = ground.same(&live, look).await?;
        ensure!(rows[0][3] == Value::Real(10.0) && rows[0][4] == Value::Real(20.0), "{rows:?}");
        ensure!(rows[1][3] == Value::Real(10.0) && rows[1][4] == Value::Real(20.0), "{rows:?}");
        Ok(())
    })?;
    on(TestServer::Mariadb, "m36", &async |ground| {
        let statements = [
            "CREATE TABLE places (id INT PRIMARY KEY, at POINT REF_SYSTEM_ID = 4326 NOT NULL, plain GEOMETRY, SPATIAL KEY (at))",
            "INSERT INTO places VALUES (1, ST_GeomFromText('POINT(10 20)', 4326), POINT(10, 20)), \
             (2, ST_GeomFromText('POINT(-89.5 179.5)', 4326), NULL)",
        ];
        let live = ground.database("live", &statements).await?;
        ground
            .same(&live, "SELECT id, HEX(at), ST_SRID(at), HEX(plain), ST_SRID(plain) FROM places ORDER BY id")
            .await?;
        Ok(())
    })
}

/// Settings that change what is read or how it is printed, for whoever is called like this. A server has such settings for
/// everybody; here they must not trouble other tests.
fn odd_for(user: &str, kind: EngineKind) -> String {
    let limit = if kind == EngineKind::Mariadb { "max_statement_time" } else { "max_execution_time" };
    let odd = |name: &str, value: &str| format!("IF(USER() LIKE '{user}@%', {value}, @@SESSION.{name})");
    let words = [
        ("autocommit", "0"),
        ("sql_quote_show_create", "0"),
        ("sql_mode", "'ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'"),
        ("time_zone", "'+05:45'"),
        ("sql_safe_updates", "1"),
        ("completion_type", "'CHAIN'"),
        ("character_set_results", "'latin1'"),
        ("unique_checks", "0"),
        ("foreign_key_checks", "0"),
        ("sql_auto_is_null", "1"),
        ("default_storage_engine", "'MyISAM'"),
    ];
    let numbers =
        [("sql_select_limit", "1"), (limit, "5000"), ("group_concat_max_len", "4"), ("div_precision_increment", "0")];
    let words = words.map(|(name, value)| format!("SESSION {name} = {}", odd(name, value)));
    let numbers = numbers.map(|(name, value)| format!("SESSION {name} = CAST({} AS UNSIGNED)", odd(name, value)));
    [words.join(", "), numbers.join(", ")].join(", ")
}

#[test]
fn trap_m20_a_login_with_settings_of_its_own() -> Result<()> {
    alone_on_each("m20s", async |ground| {
        let statements = [
            "CREATE TABLE t (id INT PRIMARY KEY, c CHAR(9), at TIMESTAMP NULL, d DATETIME DEFAULT '2020-01-01 00:00:00', \
             e VARCHAR(9) DEFAULT 'it''s', \"order\" INT)",
            "CREATE TABLE u (id INT PRIMARY KEY, t INT, KEY named (t), CONSTRAINT up FOREIGN KEY (t) REFERENCES t (id))",
            "INSERT INTO t VALUES (1, 'a', '2026-03-29 02:30:00', NULL, 'x\\\\y', 1), (2, 'ü', NULL, NULL, '', 2), \
             (3, NULL, NULL, NULL, NULL, 3)",
            "INSERT INTO u VALUES (1, 1), (2, 2), (3, NULL)",
        ];
        let live = ground.empty("live").await?;
        let mut session = ground.write(&live).await?;
        for statement in statements {
            let plain = statement.replace("\"order\"", "`order`");
            session.execute(&plain, &[]).await.with_context(|| plain.clone())?;
        }
        session.close().await?;
        let plain = ground.dump(&live).await?;
        let (name, _) = user(ground, &live, "odd", "ALL").await?;
        let init = odd_for(&name, ground.kind());
        ground.run(&live, &[&format!("GRANT ALL ON `stead\\_%`.* TO '{name}'@'%'")]).await?;
        ground.run(&live, &[&format!("SET GLOBAL init_connect = {}", quoted(&format!("SET {init}")))]).await?;
        let place = ground.url.rsplit_once('@').context("the URL names a user")?.1;
        let odd = MysqlServer::connect_lazily(&format!("{}://{name}:x@{place}", ground.kind().word()))?;
        let tried = as_odd(ground, &odd, &live, &plain).await;
        ground.run(&live, &["SET GLOBAL init_connect = ''", &format!("DROP USER '{name}'@'%'")]).await?;
        tried
    })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

async fn as_odd(ground: &Ground, odd: &MysqlServer, live: &Place, plain: &Memory) -> Result<()> {
    let memory = Arc::new(Memory::default());
    let mut view = odd.bulk().view(std::slice::from_ref(live)).await?;
    memory.remember(view.session(live)?.inspect().await?);
    view.dump(live, Arc::clone(&memory) as _, advance()).await?;
    view.close().await?;
    ensure!(memory.streams() == plain.streams(), "a setting shows in the dump");
    let mut session = odd.open(live, stead_engine::Access::Read).await?;
    let seen = session.inspect().await?;
    let rows = session.query("SELECT id FROM t ORDER BY id", &[]).await?;
    let counted = session.count_rows().await?;
    session.close().await?;
    ensure!(rows.len() == 3, "rows are left out: {rows:?}");
    ensure!(counted == [("t".to_owned(), 3), ("u".to_owned(), 3)], "{counted:?}");
    for schema in [Source::schema(memory.as_ref()).context("a schema")?, &seen] {
        let differences = stead_schema::compare(Source::schema(plain).context("a schema")?, schema);
        ensure!(differences.is_empty(), "a setting shows in the schema: {differences:?}");
    }
    let built = ground.server.bulk().beside(live, "m20s");
    ground.server.remove(&built).await?;
    odd.bulk().load(&built, memory, advance()).await?;
    let look = "SELECT id, HEX(c), at, d, HEX(e), `order` FROM t ORDER BY id";
    let same = ground.rows(&built, look).await? == ground.rows(live, look).await?;
    ground.server.remove(&built).await?;
    ensure!(same, "a setting shows in the rows");
    Ok(())
}
