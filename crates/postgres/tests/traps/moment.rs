//! The moment of a dump: what is done to the database while it is read, and whether several databases are seen at once.

use crate::scene::traps;

traps! {
    trap_p14_truncate_is_kept_out
    trap_p14_truncate_that_is_under_way
    trap_p15_columns_are_kept_out
    trap_p16_a_table_dropped_meanwhile
    trap_p17_row_security_is_no_filter
    trap_p17_a_right_that_lacks_is_named
    trap_p23_large_objects_are_refused_by_name
    trap_p32_a_view_that_is_cut_off_fails
    trap_p32_several_databases_at_one_moment
}

mod cases {
    use std::sync::Arc;
    use std::time::Duration;

    use anyhow::{Context as _, Result, ensure};
    use stead_engine::snapshot::Guarantee;
    use stead_engine::{Access, ErrorClass, Place, Server as _, TransactionKind, Value};
    use stead_testkit::conformance::streams::{Memory, advance};

    use crate::scene::{Scene, maintenance};

    const TABLE: [&str; 2] = ["CREATE TABLE t (a integer)", "INSERT INTO t SELECT generate_series(1, 100)"];

    /// Statements that would change a table under an open view do not get in, and the dump has every row.
    async fn kept_out(scene: &Scene, statement: &str) -> Result<()> {
        let live = scene.database("live", &TABLE).await?;
        let mut view = scene.server.bulk().view(std::slice::from_ref(&live)).await?;
        let memory = Arc::new(Memory::default());
        memory.remember(view.session(&live)?.inspect().await?);
        let mut other = scene.write(&live).await?;
        other.execute("SET lock_timeout = '200ms'", &[]).await?;
        let error = other.execute(statement, &[]).await.err().context("it gets in")?;
        ensure!(error.class == ErrorClass::LockTimeout, "{error:?}");
        view.dump(&live, Arc::clone(&memory) as _, advance()).await?;
        view.close().await?;
        other.execute(statement, &[]).await.context("afterwards it is free")?;
        let loaded = scene.load(&memory, "loaded").await?;
        ensure!(scene.rows(&loaded, "SELECT count(*) FROM t").await? == ["100"], "rows were lost");
        Ok(())
    }

    pub(super) async fn trap_p14_truncate_is_kept_out(scene: &Scene) -> Result<()> {
        kept_out(scene, "TRUNCATE t").await
    }

    pub(super) async fn trap_p15_columns_are_kept_out(scene: &Scene) -> Result<()> {
        kept_out(scene, "ALTER TABLE t ADD COLUMN b integer DEFAULT 1").await
    }

    /// Begins a change, lets a view begin to wait for it, ends it, and gives back what is then dumped.
    async fn under_way(scene: &Scene, statements: &[&str], change: &str) -> Result<Place> {
        let live = scene.database("live", statements).await?;
        let mut other = scene.write(&live).await?;
        other.begin(TransactionKind::Write).await?;
        other.execute(change, &[]).await?;
        let ending = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            other.commit().await
        };
        let (memory, ended) = tokio::join!(scene.dump(&live), ending);
        ended?;
        scene.load(&memory?, "loaded").await
    }

    pub(super) async fn trap_p14_truncate_that_is_under_way(scene: &Scene) -> Result<()> {
        let statements = [TABLE[0], TABLE[1], "CREATE TABLE truncated (at integer)"];
        let live = scene.database("live", &statements).await?;
        let mut other = scene.write(&live).await?;
        other.begin(TransactionKind::Write).await?;
        other.execute("TRUNCATE t", &[]).await?;
        other.execute("INSERT INTO truncated VALUES (1)", &[]).await?;
        let ending = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            other.commit().await
        };
        let (memory, ended) = tokio::join!(scene.dump(&live), ending);
        ended?;
        let loaded = scene.load(&memory?, "loaded").await?;
        let seen = scene.rows(&loaded, "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM truncated)").await?;
        ensure!(seen == ["0|1"], "half of a transaction was dumped: {seen:?}");
        Ok(())
    }

    pub(super) async fn trap_p16_a_table_dropped_meanwhile(scene: &Scene) -> Result<()> {
        let loaded = under_way(scene, &[TABLE[0], TABLE[1], "CREATE TABLE other (a integer)"], "DROP TABLE t").await?;
        let left = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        ensure!(scene.rows(&loaded, left).await? == ["other"], "a dropped table is there");
        Ok(())
    }

    const POLICY: [&str; 6] = [
        "CREATE TABLE t (owner text, a integer)",
        "INSERT INTO t VALUES ('ann', 1), ('bob', 2)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t FORCE ROW LEVEL SECURITY",
        "CREATE POLICY own ON t USING (owner = current_user)",
        "GRANT SELECT ON t TO PUBLIC",
    ];

    pub(super) async fn trap_p17_row_security_is_no_filter(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &POLICY).await?;
        let role = scene.role("reader", "").await?;
        let server = scene.server_as(&role)?;
        let error = server.bulk().view(std::slice::from_ref(&live)).await.err();
        let error = error.context("a user under a policy dumps his own rows and says nothing")?;
        ensure!(error.class == ErrorClass::Refused && error.message.contains("`\"public\".\"t\"`"), "{error:?}");
        ensure!(error.hints.concat().contains(&format!("`ALTER ROLE {role} BYPASSRLS`")), "{error:?}");
        // Where the server says it, what it says is completed in the same way.
        let mut session = server.open(&live, Access::Write).await?;
        session.execute("SET row_security = off", &[]).await?;
        let error = session.query("SELECT * FROM t", &[]).await.err().context("rows are hidden")?;
        ensure!(error.hints.concat().contains("BYPASSRLS") && !error.hints.concat().contains("grants"), "{error:?}");
        session.close().await?;
        scene.run(&maintenance(), &[&format!("ALTER ROLE {role} BYPASSRLS")]).await?;
        let mut view = server.bulk().view(std::slice::from_ref(&live)).await?;
        view.dump(&live, Arc::new(Memory::default()), advance()).await?;
        view.close().await?;
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn trap_p17_a_right_that_lacks_is_named(scene: &Scene) -> Result<()> {
        let live = scene
            .database(
                "live",
                &[
                    "CREATE TABLE open_one (a integer)",
                    "CREATE TABLE \"Closed\" (a integer)",
                    "CREATE SEQUENCE \"Number\"",
                    "CREATE SEQUENCE open_number",
                    "GRANT SELECT ON open_number TO PUBLIC",
                    "CREATE SCHEMA away CREATE TABLE t (a integer)",
                    "GRANT SELECT ON away.t TO PUBLIC",
                ],
            )
            .await?;
        let role = scene.role("stranger", "").await?;
        scene.run(&live, &["GRANT SELECT ON open_one TO PUBLIC"]).await?;
        let opened = scene.server_as(&role)?.bulk().view(std::slice::from_ref(&live)).await;
        let error = opened.err().context("a dump is begun that cannot be ended")?;
        ensure!(error.class == ErrorClass::Refused && error.message.contains("\"Closed\""), "{error:?}");
        ensure!(!error.message.contains("open_"), "{error:?}");
        for wanted in ["the sequence `\"public\".\"Number\"`", "the schema `\"away\"`"] {
            ensure!(error.message.contains(wanted), "{error:?}");
        }
        let number = format!("GRANT SELECT ON SEQUENCE \"public\".\"Number\" TO {role}");
        let grants = [&number, &format!("GRANT USAGE ON SCHEMA \"away\" TO {role}")];
        for grant in grants {
            ensure!(error.hints.iter().any(|hint| hint.contains(grant)), "{error:?}");
            scene.run(&live, &[grant]).await?;
        }
        scene.run(&live, &["GRANT SELECT ON \"Closed\" TO PUBLIC"]).await?;
        let server = scene.server_as(&role)?;
        let mut view = server.bulk().view(std::slice::from_ref(&live)).await?;
        view.dump(&live, Arc::new(Memory::default()), advance()).await?;
        view.close().await?;
        Ok(())
    }

    pub(super) async fn trap_p23_large_objects_are_refused_by_name(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["SELECT lo_from_bytea(4711, 'x')", "SELECT lo_create(4712)"]).await?;
        let error = scene.server.bulk().view(std::slice::from_ref(&live)).await.err().context("they are left out")?;
        ensure!(error.class == ErrorClass::Unsupported && error.message.contains("4711"), "{error:?}");
        scene.run(&live, &["SELECT lo_unlink(4711)", "SELECT lo_unlink(4712)"]).await?;
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn trap_p32_a_view_that_is_cut_off_fails(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &TABLE).await?;
        let mut view = scene.server.bulk().view(std::slice::from_ref(&live)).await?;
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        ensure!(scene.rows(&live, end).await? == ["1"], "the view has no session");
        let memory = Arc::new(Memory::default());
        let error = view.dump(&live, Arc::clone(&memory) as _, advance()).await.err().context("the dump goes on")?;
        ensure!(error.class == ErrorClass::Interrupted, "{error:?}");
        ensure!(!memory.streams().contains_key("facts"), "a dump that was cut off looks complete");
        Ok(())
    }

    pub(super) async fn trap_p32_several_databases_at_one_moment(scene: &Scene) -> Result<()> {
        let places = [scene.database("one", &TABLE).await?, scene.database("two", &TABLE).await?];
        let mut view = scene.server.bulk().view(&places).await?;
        ensure!(view.guarantee() == Guarantee::OneView, "no common moment was found");
        let mut moments = Vec::new();
        for place in &places {
            let mut other = scene.server.open(place, Access::Write).await?;
            other.execute("INSERT INTO t VALUES (0)", &[]).await?;
            other.close().await?;
            let session = view.session(place)?;
            let rows = session.query("SELECT count(*), pg_current_snapshot()::text FROM t", &[]).await?;
            ensure!(rows[0][0] == Value::Integer(100), "{rows:?}");
            moments.push(rows[0][1].clone());
        }
        ensure!(moments[0] == moments[1], "{moments:?}");
        view.close().await?;
        Ok(())
    }
}
