//! What the server does not record as needed: functions that others call in their text, casts, the mappings of a search. A row's
//! values are computed with them, so they are there before the rows, and what old rows may break comes after these.

use crate::scene::traps;

traps! {
    a_search_has_its_mappings_before_the_rows
    helpers_in_the_text_of_functions
    columns_that_name_objects
    casts_that_nothing_is_recorded_to_need
    a_stored_view_that_a_default_needs
    checks_that_old_rows_break
    states_of_triggers_below_each_other
    a_sequence_of_a_view
    keys_that_are_not_held
}

mod cases {
    use anyhow::{Result, ensure};
    use stead_testkit::servers::TestServer;

    use crate::scene::Scene;

    pub(super) async fn a_search_has_its_mappings_before_the_rows(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TEXT SEARCH CONFIGURATION own (COPY = english)",
            "CREATE TABLE t (body text, found tsvector GENERATED ALWAYS AS (to_tsvector('public.own', body)) STORED)",
            "INSERT INTO t VALUES ('the cats are sleeping')",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT found::text FROM t").await? == ["'cat':2 'sleep':4"], "words are lost");
        Ok(())
    }

    pub(super) async fn helpers_in_the_text_of_functions(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE limits (most integer)",
            "INSERT INTO limits VALUES (100)",
            "CREATE VIEW the_limit AS SELECT max(most) AS most FROM limits",
            "CREATE FUNCTION z_inner(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'",
            "CREATE FUNCTION a_outer(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
             'BEGIN RETURN public.z_inner($1) || ''!''; END'",
            "CREATE FUNCTION z_more(numeric, integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'",
            "CREATE OPERATOR ~~> (FUNCTION = z_more, LEFTARG = numeric, RIGHTARG = integer)",
            "CREATE AGGREGATE z_sum(integer) (SFUNC = z_more, STYPE = numeric, INITCOND = '0')",
            "CREATE FUNCTION a_fits(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
             'BEGIN RETURN (SELECT public.z_sum(n) OPERATOR(public.~~>) 1 > 0 FROM pg_catalog.generate_series(1, $1) n)
              AND ($1 < (SELECT most FROM public.the_limit) OR true); END'",
            "CREATE DOMAIN loud AS text CHECK (a_outer(VALUE) <> '!')",
            "CREATE TABLE t (a integer CHECK (a_fits(a)), b text, c text GENERATED ALWAYS AS (a_outer(b)) STORED, d loud)",
            "INSERT INTO t VALUES (3, 'X', DEFAULT, 'Y')",
            // Such a text is put in the place of the call when the table is made.
            "CREATE FUNCTION z_plain(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'",
            "CREATE FUNCTION a_plain(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT public.z_plain($1)'",
            "CREATE TABLE plain (a integer CHECK (a_plain(a) > 0), b integer GENERATED ALWAYS AS (a_plain(a)) STORED)",
            "CREATE TABLE by_plain (a integer) PARTITION BY RANGE (a_plain(a))",
            "CREATE TABLE by_plain_1 PARTITION OF by_plain FOR VALUES FROM (0) TO (10)",
            "INSERT INTO by_plain VALUES (1)",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT c FROM t").await? == ["x!"], "it was computed otherwise");
        Ok(())
    }

    pub(super) async fn columns_that_name_objects(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE SCHEMA app",
            "CREATE FUNCTION app.f(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1'",
            "CREATE TEXT SEARCH CONFIGURATION app.own (COPY = english)",
            "CREATE TEXT SEARCH DICTIONARY app.words (TEMPLATE = simple)",
            "CREATE TABLE app.t (a integer)",
            "CREATE VIEW app.v AS SELECT a FROM app.t",
            "CREATE MATERIALIZED VIEW app.m AS SELECT a FROM app.v",
            "CREATE TABLE app.names (a regproc, b regprocedure, c regconfig, d regdictionary, e regclass, f regclass, g regclass,
                 h regtype, i regnamespace)",
            "INSERT INTO app.names VALUES ('app.f', 'app.f(integer)', 'app.own', 'app.words', 'app.v', 'app.m', 'app.t',
                 'app.t', 'app')",
        ];
        let live = scene.database("live", &statements).await?;
        // The words of a value must not depend on who asks.
        scene.run(&live, &[&format!("ALTER DATABASE \"{live}\" SET search_path = app, public")]).await?;
        let memory = scene.dump(&live).await?;
        let loaded = scene.load(&memory, "loaded").await?;
        scene.run(&loaded, &[&format!("ALTER DATABASE \"{loaded}\" RESET search_path")]).await?;
        let sql =
            "SELECT a::text, b::text, c::text, d::text, e::text, f::text, g::text, h::text, i::text FROM app.names";
        let wanted = "app.f|app.f(integer)|app.own|app.words|app.v|app.m|app.t|app.t|app";
        ensure!(scene.rows(&loaded, sql).await? == [wanted], "other objects are named");
        Ok(())
    }

    pub(super) async fn casts_that_nothing_is_recorded_to_need(scene: &Scene) -> Result<()> {
        let mut statements = vec![
            "CREATE TYPE colour AS ENUM ('red', 'blue')",
            "CREATE TYPE pair AS (a integer, b integer)",
            "CREATE FUNCTION z_sum(pair) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1.a + $1.b'",
            "CREATE CAST (pair AS integer) WITH FUNCTION z_sum(pair) AS IMPLICIT",
            "CREATE CAST (colour AS integer) WITH INOUT",
            "CREATE DOMAIN small AS pair CHECK (VALUE::pair::integer < 100)",
            "CREATE TABLE t (a pair DEFAULT ROW(1, 2)::pair CHECK (a::integer > 0),
                 b integer GENERATED ALWAYS AS (a::integer) STORED, c small)",
            "INSERT INTO t VALUES (ROW(3, 4), DEFAULT, ROW(5, 6))",
            "CREATE VIEW v AS SELECT a::integer AS n FROM t",
        ];
        let atomic = [
            "CREATE FUNCTION a_atomic(p pair) RETURNS integer LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT p::integer * 2; END",
            "CREATE TABLE u (p pair CHECK (a_atomic(p) > 0))",
            "INSERT INTO u VALUES (ROW(7, 8))",
        ];
        statements.extend(atomic);
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT n FROM v").await? == ["7"], "it was computed otherwise");
        Ok(())
    }

    pub(super) async fn a_stored_view_that_a_default_needs(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE rates (id integer PRIMARY KEY, a integer)",
            "INSERT INTO rates VALUES (1, 2), (2, 3)",
            "CREATE MATERIALIZED VIEW stored AS SELECT sum(a)::integer AS a FROM rates",
            "CREATE MATERIALIZED VIEW a_second AS SELECT a FROM stored",
            "CREATE UNIQUE INDEX ON stored (a)",
            "CREATE FUNCTION rate() RETURNS integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT max(a) FROM stored; END",
            "CREATE TABLE t (a integer DEFAULT rate())",
            "INSERT INTO t DEFAULT VALUES",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT a FROM a_second").await? == ["5"], "a stored view is empty");
        Ok(())
    }

    pub(super) async fn checks_that_old_rows_break(scene: &Scene) -> Result<()> {
        let mut statements = vec![
            "CREATE TABLE parent (a integer, b integer)",
            "CREATE TABLE a_child (c integer) INHERITS (parent)",
            "CREATE TABLE z_child (c integer) INHERITS (a_child)",
            "INSERT INTO parent VALUES (-1, NULL)",
            "INSERT INTO a_child VALUES (-1, NULL)",
            "INSERT INTO z_child VALUES (-1, NULL)",
            "ALTER TABLE a_child ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
            "ALTER TABLE z_child ADD CONSTRAINT more CHECK (b > 0) NOT VALID",
            "ALTER TABLE parent ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
            "ALTER TABLE parent ADD CONSTRAINT more CHECK (b > 0) NOT VALID",
        ];
        if scene.which == TestServer::Postgres18 {
            statements.extend([
                "CREATE TABLE old (a integer, b integer)",
                "CREATE TABLE old_child () INHERITS (old)",
                "CREATE TABLE old_strict (b integer NOT NULL) INHERITS (old)",
                "INSERT INTO old VALUES (NULL, NULL)",
                "INSERT INTO old_child VALUES (NULL, NULL)",
                "ALTER TABLE old ADD CONSTRAINT given NOT NULL a NOT VALID",
                "ALTER TABLE old ADD NOT NULL b NOT VALID",
                "COMMENT ON CONSTRAINT given ON old IS 'later'",
                "CREATE TABLE parts (a integer, k integer) PARTITION BY LIST (k)",
                "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1)",
                "INSERT INTO parts VALUES (NULL, 1)",
                "ALTER TABLE parts ADD NOT NULL a NOT VALID",
            ]);
        }
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let refused = scene.run(&loaded, &["INSERT INTO z_child VALUES (-2, 1)"]).await;
        ensure!(refused.is_err(), "the check does nothing");
        if scene.which == TestServer::Postgres18 {
            for sql in ["INSERT INTO old_child VALUES (NULL, 1)", "INSERT INTO parts VALUES (NULL, 1)"] {
                ensure!(scene.run(&loaded, &[sql]).await.is_err(), "`NOT NULL` does nothing: {sql}");
            }
        }
        Ok(())
    }

    pub(super) async fn states_of_triggers_below_each_other(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TABLE root (a integer) PARTITION BY LIST (a)",
            "CREATE TABLE z_mid PARTITION OF root FOR VALUES IN (1, 2) PARTITION BY LIST (a)",
            "CREATE TABLE a_leaf PARTITION OF z_mid FOR VALUES IN (1)",
            "CREATE TABLE b_leaf PARTITION OF z_mid FOR VALUES IN (2)",
            "CREATE TRIGGER touched BEFORE INSERT ON root FOR EACH ROW EXECUTE FUNCTION touch()",
            "ALTER TABLE z_mid DISABLE TRIGGER touched",
            "ALTER TABLE a_leaf ENABLE TRIGGER touched",
        ];
        let live = scene.database("live", &statements).await?;
        let sql = "SELECT tgrelid::regclass::text, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&live, sql).await? == scene.rows(&loaded, sql).await?, "a trigger fires elsewhere");
        Ok(())
    }

    /// `DISABLE TRIGGER ALL` switches off a key's own triggers as well, and rows come in that break the key.
    pub(super) async fn keys_that_are_not_held(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE \"it's\" (id integer PRIMARY KEY)",
            "CREATE TABLE a_child (parent integer CONSTRAINT led REFERENCES \"it's\", once integer CONSTRAINT once UNIQUE DEFERRABLE)",
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER touched BEFORE INSERT ON a_child FOR EACH ROW EXECUTE FUNCTION touch()",
            "ALTER TABLE a_child DISABLE TRIGGER ALL",
            "INSERT INTO a_child VALUES (7)",
            "CREATE TABLE b_child (parent integer CONSTRAINT led REFERENCES \"it's\" ON DELETE CASCADE)",
            "INSERT INTO \"it's\" VALUES (1)",
            "INSERT INTO b_child VALUES (1)",
            "ALTER TABLE \"it's\" DISABLE TRIGGER ALL",
            "ALTER TABLE a_child ENABLE ALWAYS TRIGGER touched",
            "DELETE FROM \"it's\"",
            "CREATE TABLE root (id integer REFERENCES \"it's\") PARTITION BY LIST (id)",
            "CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1)",
            "ALTER TABLE root DISABLE TRIGGER ALL",
            "ALTER TABLE leaf ENABLE TRIGGER ALL",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let sql =
            "SELECT tgrelid::regclass::text, tgfoid::regproc::text, tgconstrrelid::regclass::text, tgenabled::text
                   FROM pg_trigger ORDER BY 1, 2, 3, 4";
        let (before, after) = (scene.rows(&live, sql).await?, scene.rows(&loaded, sql).await?);
        ensure!(before == after, "triggers differ: {before:?} and {after:?}");
        scene.run(&loaded, &["INSERT INTO a_child VALUES (8)", "ALTER TABLE a_child ENABLE TRIGGER ALL"]).await?;
        let refused = scene.run(&loaded, &["INSERT INTO a_child VALUES (9)"]).await;
        ensure!(refused.is_err(), "the key is lost");
        Ok(())
    }

    pub(super) async fn a_sequence_of_a_view(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE t (a integer)",
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE SEQUENCE s OWNED BY v.a",
            "SELECT setval('s', 7)",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        scene.run(&loaded, &["DROP VIEW v"]).await?;
        ensure!(scene.rows(&loaded, "SELECT to_regclass('s') IS NULL").await? == ["1"], "the view does not own it");
        Ok(())
    }
}
