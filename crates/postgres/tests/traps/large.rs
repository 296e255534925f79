//! Values and rows so large that a form of them is too large for the server.

use crate::scene::traps;

traps! {
    trap_p05_large_values
    trap_p05_rows_beyond_a_gigabyte
    trap_p40_a_view_is_seen_and_ends_with_the_dump
}

mod cases {
    use std::sync::Arc;

    use anyhow::{Context as _, Result, ensure};
    use stead_engine::{ErrorClass, Server as _};
    use stead_testkit::conformance::streams::{Memory, advance};

    use crate::scene::{Scene, binary};

    /// Whether values of hundreds of megabytes are made, which takes gigabytes of memory on both sides.
    fn full(scene: &Scene) -> bool {
        let full = stead_testkit::skip::full();
        if !full {
            let key = format!("{}-large", scene.which.key());
            stead_testkit::skip::skip(&key, "values of 600 MB are made with `STEAD_TORTURE=full` alone");
        }
        full
    }

    /// A value of so many megabytes.
    fn value(megabytes: usize) -> String {
        format!("convert_to(repeat('0123456789abcd\\x', {}), 'UTF8')", megabytes * 65_536)
    }

    fn insert(table: &str, megabytes: usize) -> String {
        format!("INSERT INTO {table} (id, a) VALUES (1, {})", value(megabytes))
    }

    const LOOK: &str = "SELECT id, length(a), md5(a) FROM t ORDER BY id";

    pub(super) async fn trap_p05_large_values(scene: &Scene) -> Result<()> {
        let megabytes = if full(scene) { 600 } else { 40 };
        let statements = [
            "CREATE TYPE mood AS ENUM ('sad')",
            "CREATE TABLE t (id integer, a bytea)",
            "ALTER TABLE t ALTER a SET STORAGE EXTERNAL",
            "CREATE TABLE as_text (id integer, a bytea, moods mood[])",
            "ALTER TABLE as_text ALTER a SET STORAGE EXTERNAL",
            &insert("t", megabytes),
            &insert("as_text", 25),
        ];
        let live = scene.database("live", &statements).await?;
        let memory = scene.dump(&live).await?;
        ensure!(binary(&memory) == ["table/public.t"], "{:?}", binary(&memory));
        let loaded = scene.load(&memory, "loaded").await?;
        drop(memory);
        for look in [LOOK.to_owned(), LOOK.replace("FROM t", "FROM as_text")] {
            let rows = scene.rows(&loaded, &look).await?;
            ensure!(rows.len() == 1 && rows == scene.rows(&live, &look).await?, "{look}: {rows:?}");
        }
        Ok(())
    }

    pub(super) async fn trap_p05_rows_beyond_a_gigabyte(scene: &Scene) -> Result<()> {
        if !full(scene) {
            return Ok(());
        }
        let statements = [
            "CREATE TYPE mood AS ENUM ('sad')",
            "CREATE TABLE wide (id integer, a bytea, b bytea)",
            "ALTER TABLE wide ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL",
            &insert("wide", 600),
            &format!("UPDATE wide SET b = {}", value(600)),
        ];
        let live = scene.database("live", &statements).await?;
        refused(scene, &live, "wide", "1 GB").await?;
        let statements = [
            "DROP TABLE wide",
            "CREATE TABLE as_text (id integer, a bytea, moods mood[])",
            "ALTER TABLE as_text ALTER a SET STORAGE EXTERNAL",
            &insert("as_text", 600),
        ];
        scene.run(&live, &statements).await?;
        refused(scene, &live, "as_text", "512 MB").await
    }

    async fn refused(scene: &Scene, live: &stead_engine::Place, table: &str, limit: &str) -> Result<()> {
        let error = scene.dump(live).await.err().context("a row that cannot be read is dumped")?;
        let error = error.downcast::<stead_engine::EngineError>()?;
        ensure!(error.class == ErrorClass::Unsupported && error.message.contains(table), "{error:?}");
        ensure!(error.hints.iter().any(|hint| hint.contains(limit)), "{error:?}");
        Ok(())
    }

    /// While a dump runs, the server keeps every row that its view could see. Whoever looks finds the session under its name,
    /// and when the dump is over, however it ends, nothing is kept back any more.
    pub(super) async fn trap_p40_a_view_is_seen_and_ends_with_the_dump(scene: &Scene) -> Result<()> {
        let statements = ["CREATE TABLE t (a integer)", "INSERT INTO t SELECT generate_series(1, 1000)"];
        let live = scene.database("live", &statements).await?;
        let holding = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() \
                       AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL AND xact_start IS NOT NULL";
        let mut view = scene.server.bulk().view(std::slice::from_ref(&live)).await?;
        let holders = scene.rows(&live, holding).await?;
        ensure!(holders.len() == 1 && holders[0].starts_with("stead"), "nobody knows who holds rows back: {holders:?}");
        view.dump(&live, Arc::new(Memory::default()), advance()).await?;
        view.close().await?;
        ensure!(scene.rows(&live, holding).await?.is_empty(), "rows are held back after the dump");
        let mut view = scene.server.bulk().view(std::slice::from_ref(&live)).await?;
        view.dump(&live, Arc::new(Memory::full()), advance()).await.err().context("the disk is full")?;
        drop(view);
        ensure!(scene.rows(&live, holding).await?.is_empty(), "rows are held back after a dump that failed");
        Ok(())
    }
}
