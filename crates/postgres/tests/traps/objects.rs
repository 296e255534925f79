//! What stands around the rows: objects that need each other in an order that names do not tell, or that act by themselves.

use crate::scene::traps;

traps! {
    trap_p18_functions_with_unqualified_names
    trap_p22_event_triggers_do_not_fire
    trap_p25_default_privileges_change_nothing
    trap_p25_a_role_that_is_not_there
    trap_p34_chains_of_materialised_views
    trap_p35_circles_of_views_and_functions
    trap_p37_plans_know_the_rows
    trap_p41_names_of_every_kind
}

mod cases {
    use anyhow::{Context as _, Result, ensure};
    use stead_engine::Server as _;
    use stead_testkit::conformance::streams::advance;
    use stead_testkit::servers::TestServer;

    use crate::scene::{Scene, maintenance};

    pub(super) async fn trap_p18_functions_with_unqualified_names(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE rates (a integer)",
            "INSERT INTO rates VALUES (2)",
            "CREATE FUNCTION rate() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(a) FROM rates); END'",
            "CREATE TABLE t (a integer)",
            "INSERT INTO t VALUES (1), (2)",
        ];
        let live = scene.database("live", &statements).await?;
        let index = "CREATE INDEX by_rate ON t ((a * rate()))";
        if scene.which == TestServer::Postgres18 {
            // The server itself uses a safe path there: what it cannot make it does not have.
            let error = scene.run(&live, &[index]).await.err().context("the index can be made")?;
            ensure!(format!("{error:#}").contains("rates"), "{error:#}");
        } else {
            scene.run(&live, &[index]).await?;
        }
        scene.run(&live, &["CREATE MATERIALIZED VIEW rated AS SELECT a * 2 AS b FROM t"]).await?;
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn trap_p22_event_triggers_do_not_fire(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE log (what text)",
            "CREATE TABLE t (a integer PRIMARY KEY)",
            "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS
             'BEGIN INSERT INTO public.log VALUES (tg_tag); END'",
            "CREATE EVENT TRIGGER noting ON ddl_command_end EXECUTE FUNCTION note()",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT count(*) FROM log").await? == ["0"], "it fired on our own statements");
        scene.run(&loaded, &["CREATE TABLE more (a integer)"]).await?;
        ensure!(scene.rows(&loaded, "SELECT count(*) FROM log").await? == ["1"], "it does not fire any more");
        Ok(())
    }

    pub(super) async fn trap_p25_default_privileges_change_nothing(scene: &Scene) -> Result<()> {
        let role = scene.role("reader", "").await?;
        let statements = [
            "CREATE TABLE before (a integer)",
            &format!("GRANT SELECT (a), INSERT ON before TO {role}"),
            &format!("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {role}"),
            "CREATE TABLE after (a integer)",
            &format!("REVOKE ALL ON after FROM {role}"),
            "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let rights = format!(
            "SELECT has_table_privilege('{role}', 'after', 'SELECT'), has_table_privilege('{role}', 'before', 'INSERT'),
                    has_table_privilege('{role}', 'before', 'DELETE'), has_function_privilege('{role}', 'f()', 'EXECUTE')"
        );
        ensure!(
            scene.rows(&loaded, &rights).await? == ["0|1|0|0"],
            "rights changed: {:?}",
            scene.rows(&loaded, &rights).await?
        );
        scene.run(&live, &[&format!("DROP OWNED BY {role}")]).await?;
        scene.run(&loaded, &[&format!("DROP OWNED BY {role}")]).await
    }

    pub(super) async fn trap_p25_a_role_that_is_not_there(scene: &Scene) -> Result<()> {
        let role = scene.role("gone", "").await?;
        let live =
            scene.database("live", &["CREATE TABLE t (a integer)", &format!("GRANT SELECT ON t TO {role}")]).await?;
        let memory = scene.dump(&live).await?;
        scene.run(&live, &[&format!("DROP OWNED BY {role}")]).await?;
        scene.run(&maintenance(), &[&format!("ALTER ROLE {role} RENAME TO {role}_elsewhere")]).await?;
        let target = scene.place("loaded");
        let loaded = scene.server.bulk().load(&target, memory, advance()).await;
        scene.run(&maintenance(), &[&format!("ALTER ROLE {role}_elsewhere RENAME TO {role}")]).await?;
        let error = loaded.err().context("a grant is left out without a word")?;
        ensure!(error.message.contains(&role), "the role is not named: {error:?}");
        ensure!(!scene.server.exists(&target).await?, "a failed load leaves a database");
        Ok(())
    }

    pub(super) async fn trap_p34_chains_of_materialised_views(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE t (a integer)",
            "INSERT INTO t VALUES (1), (2), (3)",
            "CREATE MATERIALIZED VIEW z_first AS SELECT a * 2 AS b FROM t",
            "CREATE UNIQUE INDEX z_once ON z_first (b)",
            "CREATE MATERIALIZED VIEW m_second AS SELECT sum(b) AS c FROM z_first",
            "CREATE MATERIALIZED VIEW a_third AS SELECT c + 1 AS d FROM m_second",
            "CREATE MATERIALIZED VIEW unpopulated AS SELECT a FROM t WITH NO DATA",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT d FROM a_third").await? == ["13"], "a view was filled before its source");
        let populated = "SELECT relispopulated FROM pg_class WHERE relname = 'unpopulated'";
        ensure!(scene.rows(&loaded, populated).await? == ["0"], "a view without rows was filled");
        Ok(())
    }

    pub(super) async fn trap_p35_circles_of_views_and_functions(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE z_base (id integer PRIMARY KEY, a integer)",
            "INSERT INTO z_base VALUES (1, 10)",
            "CREATE VIEW y_view AS SELECT id, a FROM z_base GROUP BY id",
            "CREATE FUNCTION x_atomic(n integer) RETURNS integer STABLE LANGUAGE sql BEGIN ATOMIC
             SELECT max(y_view.a) + n FROM y_view; END",
            "CREATE VIEW a_view AS SELECT x_atomic(id) AS b FROM z_base",
            "CREATE FUNCTION half(n integer) RETURNS integer IMMUTABLE LANGUAGE sql RETURN n / 2",
            "CREATE TABLE a_table (n integer DEFAULT x_atomic(1), h integer GENERATED ALWAYS AS (half(4)) STORED,
             CHECK (half(n) > 0))",
            "CREATE INDEX a_index ON a_table (half(n))",
            "INSERT INTO a_table DEFAULT VALUES",
        ];
        let live = scene.database("live", &statements).await?;
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn trap_p37_plans_know_the_rows(scene: &Scene) -> Result<()> {
        let statements =
            ["CREATE TABLE t (a integer)", "INSERT INTO t SELECT n % 10 FROM generate_series(1, 3000) AS n"];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let known = "SELECT reltuples::integer, (SELECT n_distinct::integer FROM pg_stats WHERE tablename = 't')
                     FROM pg_class WHERE relname = 't'";
        ensure!(scene.rows(&loaded, known).await? == ["3000|10"], "{:?}", scene.rows(&loaded, known).await?);
        Ok(())
    }

    pub(super) async fn trap_p41_names_of_every_kind(scene: &Scene) -> Result<()> {
        let long = format!("\"{}\"", "ü".repeat(31));
        let statements = [
            "CREATE SCHEMA \"Other \"\"schema\"\".x\"",
            "CREATE TABLE \"Other \"\"schema\"\".x\".\"select\" (\"from\" integer, \"a\"\"b\" text, \"ü.ö/%\" text)",
            "INSERT INTO \"Other \"\"schema\"\".x\".\"select\" VALUES (1, 'x', 'y')",
            &format!("CREATE TABLE {long} ({long} integer)"),
            &format!("INSERT INTO {long} VALUES (7)"),
            "CREATE TABLE \"back\\slash'quote\" (\"c:\\\\\" serial)",
            "INSERT INTO \"back\\slash'quote\" DEFAULT VALUES",
            "CREATE TABLE \"a/b/c/d/e/f/g/h/i/j\" (a integer)",
        ];
        let live = scene.database("live", &statements).await?;
        scene.round_trip(&live).await?;
        Ok(())
    }
}
