//! Swaps: what belongs to the database and not to its content, who is in it, and which rights are needed.

use crate::scene::traps;

traps! {
    trap_p26_properties_stay_with_the_name
    trap_p27_a_replication_slot_is_named
    trap_p27_a_prepared_transaction_is_named
    trap_p27_a_subscription_is_named_only_if_it_works
    trap_p28_a_foreign_server_comes_without_being_used
    trap_p29_clients_that_come_back_at_once
    trap_p29_a_copy_of_a_database_in_use
    trap_p29_rights_that_lack_are_named
}

mod cases {
    use std::path::Path;
    use std::time::Duration;

    use anyhow::{Context as _, Result, ensure};
    use stead_engine::snapshot::Swap;
    use stead_engine::{Access, ErrorClass, Place, Server as _};

    use crate::scene::{Scene, maintenance};

    /// A swap of a database with one that was built beside it, each with a table `t` of so many rows.
    async fn prepare(scene: &Scene, rows: u32) -> Result<Swap> {
        let live = scene.database("live", &["CREATE TABLE t (a integer)"]).await?;
        let built = scene.server.bulk().beside(&live, "token");
        scene.server.create(&built).await?;
        let fill = format!("INSERT INTO t SELECT generate_series(1, {rows})");
        scene.run(&built, &["CREATE TABLE t (a integer)", &fill]).await?;
        let kept = scene.server.bulk().keeping(&live, Path::new("/"), "token");
        scene.note(&kept);
        Ok(Swap { live, built: Some(built), kept: Some(kept), token: "token".to_owned() })
    }

    /// Everything the catalog says of a database that people set.
    async fn properties(scene: &Scene, place: &Place) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT d.datdba::regrole, d.datconnlimit, d.datallowconn, d.datistemplate, shobj_description(d.oid, 'pg_database'),
                    (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(d.datacl) AS a),
                    (SELECT array_agg(s.setrole::regrole::text || s.setconfig::text ORDER BY s.setrole) FROM pg_db_role_setting AS s
                     WHERE s.setdatabase = d.oid)
             FROM pg_database AS d WHERE d.datname = '{place}'"
        );
        scene.rows(&maintenance(), &sql).await
    }

    pub(super) async fn trap_p26_properties_stay_with_the_name(scene: &Scene) -> Result<()> {
        let swap = prepare(scene, 5).await?;
        let (live, role) = (&swap.live, scene.role("owner", "CREATEDB").await?);
        for statement in [
            format!("ALTER DATABASE \"{live}\" OWNER TO {role}"),
            format!("COMMENT ON DATABASE \"{live}\" IS 'the ''live'' one'"),
            format!("REVOKE ALL ON DATABASE \"{live}\" FROM PUBLIC"),
            format!("GRANT CONNECT, TEMPORARY ON DATABASE \"{live}\" TO pg_monitor WITH GRANT OPTION"),
            format!("ALTER DATABASE \"{live}\" SET search_path = \"$user\", \"Odd, one\", public"),
            format!("ALTER DATABASE \"{live}\" SET work_mem = '5MB'"),
            format!("ALTER DATABASE \"{live}\" SET my.own = 'a ''b'' \\ c'"),
            format!("ALTER ROLE {role} IN DATABASE \"{live}\" SET DateStyle = 'SQL, DMY'"),
            format!("ALTER DATABASE \"{live}\" CONNECTION LIMIT 17"),
        ] {
            scene.run(&maintenance(), &[&statement]).await?;
        }
        let before = properties(scene, live).await?;
        scene.server.bulk().ready(&swap).await?;
        scene.server.bulk().swap(&swap).await?;
        ensure!(properties(scene, live).await? == before, "{:?} became {:?}", before, properties(scene, live).await?);
        ensure!(scene.rows(live, "SELECT count(*) FROM public.t").await? == ["5"], "it is the old one");
        let again = Swap {
            live: live.clone(),
            built: swap.kept.clone(),
            kept: Some(scene.server.bulk().keeping(live, Path::new("/"), "back")),
            token: "back".to_owned(),
        };
        scene.note(again.kept.as_ref().context("given above")?);
        scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{live}\" RESET work_mem")]).await?;
        let before = properties(scene, live).await?;
        scene.server.bulk().swap(&again).await?;
        ensure!(properties(scene, live).await? == before, "{:?} became {:?}", before, properties(scene, live).await?);
        let copy = scene.place("copy");
        scene.server.bulk().copy(live, &copy).await?;
        ensure!(properties(scene, &copy).await? == before, "{:?} became {:?}", before, properties(scene, &copy).await?);
        Ok(())
    }

    pub(super) async fn trap_p27_a_replication_slot_is_named(scene: &Scene) -> Result<()> {
        if scene.rows(&maintenance(), "SELECT current_setting('wal_level')").await? != ["logical"] {
            stead_testkit::skip::skip(scene.which.key(), "`wal_level` is not `logical`");
            return Ok(());
        }
        let swap = prepare(scene, 5).await?;
        let slot = format!("slot_{}", swap.live.0);
        scene
            .run(&swap.live, &[&format!("SELECT pg_create_logical_replication_slot('{slot}', 'test_decoding')")])
            .await?;
        let ready = scene.server.bulk().ready(&swap).await;
        let swapped = scene.server.bulk().swap(&swap).await;
        scene.run(&maintenance(), &[&format!("SELECT pg_drop_replication_slot('{slot}')")]).await?;
        for result in [ready, swapped] {
            let error = result.err().context("the slot goes on with the old database, and nobody is told")?;
            ensure!(error.class == ErrorClass::Conflict && error.message.contains(&slot), "{error:?}");
        }
        scene.server.bulk().swap(&swap).await?;
        Ok(())
    }

    pub(super) async fn trap_p27_a_prepared_transaction_is_named(scene: &Scene) -> Result<()> {
        let swap = prepare(scene, 5).await?;
        let mut session = scene.write(&swap.live).await?;
        let allowed = session.query("SELECT current_setting('max_prepared_transactions')::integer", &[]).await?;
        if allowed[0][0].as_integer() == Some(0) {
            stead_testkit::skip::skip(scene.which.key(), "`max_prepared_transactions` is 0");
            return Ok(());
        }
        session.execute("BEGIN", &[]).await?;
        session.execute("INSERT INTO t VALUES (1)", &[]).await?;
        session.execute(&format!("PREPARE TRANSACTION '{}'", swap.live), &[]).await?;
        let error = scene.server.bulk().ready(&swap).await.err().context("its rows would be lost")?;
        ensure!(error.class == ErrorClass::Conflict && error.message.contains(&swap.live.0), "{error:?}");
        session.execute(&format!("ROLLBACK PREPARED '{}'", swap.live), &[]).await?;
        session.close().await?;
        scene.server.bulk().swap(&swap).await?;
        Ok(())
    }

    /// One that a load has made goes with its database: there, back, into a copy, and away.
    pub(super) async fn trap_p27_a_subscription_is_named_only_if_it_works(scene: &Scene) -> Result<()> {
        let swap = prepare(scene, 5).await?;
        let live = &swap.live;
        let make = "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere.invalid password=planted' PUBLICATION p
                    WITH (connect = false, slot_name = NONE, enabled = false)";
        let place = |wanted: &Option<Place>| wanted.clone().context("prepared with one");
        for database in [live.clone(), place(&swap.built)?] {
            // Its name is one for the whole database, not for the server.
            scene.run(&database, &[make]).await?;
        }
        let alter = |more: &str| format!("ALTER SUBSCRIPTION s {more}");
        scene.run(live, &[&alter("SET (slot_name = 'elsewhere')")]).await?;
        for result in [scene.server.bulk().ready(&swap).await, scene.server.bulk().swap(&swap).await] {
            let error = result.err().context("it would go on with the old database")?;
            ensure!(error.class == ErrorClass::Conflict && error.message.contains("the subscription `s`"), "{error:?}");
        }
        scene.run(live, &[&alter("SET (slot_name = NONE)")]).await?;
        scene.server.bulk().ready(&swap).await?;
        scene.server.bulk().swap(&swap).await?;
        let back = Swap {
            live: live.clone(),
            built: swap.kept.clone(),
            kept: Some(scene.server.bulk().keeping(live, Path::new("/"), "back")),
            token: "back".to_owned(),
        };
        scene.note(back.kept.as_ref().context("given above")?);
        scene.server.bulk().ready(&back).await?;
        scene.server.bulk().swap(&back).await?;
        ensure!(scene.rows(live, "SELECT count(*) FROM t").await? == ["0"], "it is the new one");
        let memory = scene.dump(live).await?;
        let loaded = scene.load(&memory, "loaded").await?;
        let copy = scene.place("copy");
        scene.server.bulk().copy(live, &copy).await?;
        let connection = "SELECT subconninfo FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid
                          WHERE d.datname = current_database()";
        for database in [&loaded, &copy] {
            ensure!(scene.rows(database, connection).await? == ["host=nowhere.invalid"], "{database}");
        }
        for database in [loaded, copy, place(&back.kept)?, live.clone()] {
            scene.server.remove(&database).await?;
        }
        Ok(())
    }

    pub(super) async fn trap_p28_a_foreign_server_comes_without_being_used(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE EXTENSION postgres_fdw",
            "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1', dbname 'x', connect_timeout '2')",
            "CREATE FOREIGN TABLE remote (a integer) SERVER far",
            "CREATE TABLE near (a integer)",
            "INSERT INTO near VALUES (1)",
            "CREATE TABLE parts (a integer, b text) PARTITION BY LIST (b)",
            "CREATE TABLE part_near PARTITION OF parts FOR VALUES IN ('near')",
            "CREATE FOREIGN TABLE part_remote PARTITION OF parts FOR VALUES IN ('far') SERVER far",
            "INSERT INTO part_near VALUES (1, 'near')",
        ];
        let live = scene.database("live", &statements).await?;
        let began = std::time::Instant::now();
        let memory = scene.dump(&live).await?;
        ensure!(!memory.streams().keys().any(|name| name.contains("remote")), "rows of another server are dumped");
        let loaded = scene.load(&memory, "loaded").await?;
        let known =
            scene.rows(&loaded, "SELECT reltuples FROM pg_class WHERE relname IN ('near', 'part_near')").await?;
        ensure!(known == ["1", "1"], "tables of our own are not analysed: {known:?}");
        ensure!(began.elapsed() < Duration::from_secs(60), "somebody tried to connect");
        Ok(())
    }

    pub(super) async fn trap_p29_clients_that_come_back_at_once(scene: &Scene) -> Result<()> {
        let swap = prepare(scene, 500).await?;
        let stop = std::sync::atomic::AtomicBool::new(false);
        let client = || async {
            let (mut old, mut new) = (0, 0);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let Ok(mut session) = scene.server.open(&swap.live, Access::Write).await else { continue };
                // An application that goes on until it is thrown out.
                while let Ok(rows) = session.query("SELECT count(*) FROM t", &[]).await {
                    match rows[0][0].as_integer() {
                        Some(0) => old += 1,
                        Some(500) => new += 1,
                        other => anyhow::bail!("{other:?} rows: neither old nor new"),
                    }
                    if stop.load(std::sync::atomic::Ordering::Relaxed) {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Ok((old, new))
        };
        let swapping = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let swapped = scene.server.bulk().swap(&swap).await;
            tokio::time::sleep(Duration::from_millis(800)).await;
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            swapped
        };
        let (swapped, first, second, third) = tokio::join!(swapping, client(), client(), client());
        swapped?;
        let seen = [first?, second?, third?];
        ensure!(seen.iter().all(|(old, new)| *old > 0 && *new > 0), "a client saw only one of them: {seen:?}");
        let kept = swap.kept.as_ref().context("prepared with one")?;
        ensure!(scene.rows(kept, "SELECT count(*) FROM t").await? == ["0"], "the old one is not kept");
        Ok(())
    }

    pub(super) async fn trap_p29_a_copy_of_a_database_in_use(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE t (a serial PRIMARY KEY, b text)",
            "INSERT INTO t (b) SELECT 'x' FROM generate_series(1, 2000)",
            "CREATE TABLE typed (a regclass, b integer[])",
            "INSERT INTO typed VALUES ('t', '{1,2}')",
        ];
        let live = scene.database("live", &statements).await?;
        let mut user = scene.write(&live).await?;
        user.query("SELECT 1", &[]).await?;
        let copy = scene.place("copy");
        scene.server.bulk().copy(&live, &copy).await?;
        user.execute("INSERT INTO t (b) VALUES ('after')", &[]).await.context("the user was thrown out")?;
        user.execute("DELETE FROM t WHERE b = 'after'", &[]).await?;
        crate::scene::same(&scene.content(&live).await?, &scene.content(&copy).await?)
    }

    pub(super) async fn trap_p29_rights_that_lack_are_named(scene: &Scene) -> Result<()> {
        let swap = prepare(scene, 5).await?;
        let cases = [("plain", "", "make and rename databases"), ("maker", "CREATEDB", "belongs to another")];
        for (name, more, expected) in cases {
            let role = scene.role(name, more).await?;
            let error = scene.server_as(&role)?.bulk().ready(&swap).await.err().context("it would fail later")?;
            ensure!(error.class == ErrorClass::Refused && error.message.contains(expected), "{error:?}");
        }
        let owner = scene.role("owner", "CREATEDB").await?;
        for place in [&swap.live, swap.built.as_ref().context("built")?] {
            scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{place}\" OWNER TO {owner}")]).await?;
        }
        let server = scene.server_as(&owner)?;
        let mut powerful = scene.write(&swap.live).await?;
        powerful.query("SELECT 1", &[]).await?;
        let error = server.bulk().ready(&swap).await.err().context("a superuser's session cannot be ended")?;
        ensure!(error.class == ErrorClass::Conflict && error.message.contains("`stead`"), "{error:?}");
        powerful.close().await?;
        let mut own = server.open(&swap.live, Access::Read).await?;
        own.query("SELECT 1", &[]).await?;
        server.bulk().ready(&swap).await?;
        server.bulk().swap(&swap).await?;
        ensure!(scene.rows(&swap.live, "SELECT count(*) FROM t").await? == ["5"], "it is the old one");
        Ok(())
    }
}
