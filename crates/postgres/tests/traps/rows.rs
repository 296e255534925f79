//! Rows: the types, the tables and the constraints that change or lose them on the way.

use crate::scene::traps;

traps! {
    trap_p01_arrays_and_composites_of_peoples_types
    trap_p02_regclass_goes_by_name
    trap_p03_types_without_a_binary_form
    trap_p04_binary_rows_need_the_types_they_had
    trap_p08_hash_partitions_by_enum
    trap_p09_partitions_with_columns_in_another_order
    trap_p10_rows_are_stored_frozen
    trap_p11_generated_columns
    trap_p12_identity_always
    trap_p13_sequences_are_never_behind_the_rows
    trap_p19_constraints_that_old_rows_break
    trap_p20_circular_foreign_keys
    trap_p21_triggers_do_not_fire
    trap_p33_dumps_of_an_unchanged_database_are_equal
    trap_p36_unlogged_tables_stay_so
    trap_p38_many_tables
    trap_p43_temporary_tables_of_others
    trap_p44_values_at_the_edge
}

mod cases {
    use anyhow::{Context as _, Result, ensure};
    use stead_engine::{ErrorClass, Server as _, TransactionKind};
    use stead_testkit::conformance::streams::{Memory, advance};
    use stead_testkit::servers::TestServer;

    use crate::scene::{Scene, binary, stream};

    const TYPES: [&str; 8] = [
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
        "CREATE DOMAIN small AS integer CHECK (VALUE < 100)",
        "CREATE TYPE pair AS (number integer, feeling mood)",
        "CREATE TABLE simple (id integer, feeling mood, number small)",
        "CREATE TABLE plain (a integer, b text, c timestamptz, d numeric, e jsonb, f uuid, g bytea, h text[])",
        "CREATE TABLE nested (id integer, feelings mood[], numbers small[], one pair, many pair[], whole simple)",
        "INSERT INTO simple VALUES (1, 'happy', 99), (2, NULL, NULL)",
        "INSERT INTO nested VALUES (1, '{sad,happy}', '{1,2}', '(5,ok)', '{\"(6,sad)\",\"(7,)\"}', '(3,ok,4)')",
    ];

    pub(super) async fn trap_p01_arrays_and_composites_of_peoples_types(scene: &Scene) -> Result<()> {
        // Types made and dropped first give the target other numbers.
        let live = scene.database("live", &TYPES).await?;
        let insert = "INSERT INTO plain VALUES (1, 'x', '2026-01-01 12:00:00.123456+02', 1.10, '{\"a\": 1}',
                      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff', '{a,NULL,\"b c\"}')";
        scene.run(&live, &["CREATE TYPE junk AS ENUM ('x')", insert]).await?;
        let memory = scene.dump(&live).await?;
        ensure!(binary(&memory) == ["table/public.plain", "table/public.simple"], "{:?}", binary(&memory));
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn trap_p02_regclass_goes_by_name(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE a_names (which regclass, kind regtype)",
            "CREATE TABLE junk (id integer)",
            "CREATE TABLE z_later (id integer)",
            "DROP TABLE junk",
            "INSERT INTO a_names VALUES ('z_later', 'integer')",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let number = "SELECT (SELECT which::oid FROM a_names) = 'z_later'::regclass::oid";
        ensure!(scene.rows(&loaded, number).await? == ["1"], "the name stands for another table");
        Ok(())
    }

    pub(super) async fn trap_p03_types_without_a_binary_form(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE rights (id integer, one aclitem, many aclitem[])",
            "INSERT INTO rights VALUES (1, 'postgres=r/postgres', '{postgres=w/postgres}')",
            "CREATE EXTENSION isn",
            "CREATE TABLE books (number isbn13)",
            "INSERT INTO books VALUES ('978-0-393-04002-9')",
        ];
        let live = scene.database("live", &statements).await?;
        let memory = scene.dump(&live).await?;
        ensure!(binary(&memory).is_empty(), "binary rows of types that have no binary form");
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn trap_p04_binary_rows_need_the_types_they_had(scene: &Scene) -> Result<()> {
        let narrow = scene.database("live", &["CREATE TABLE t (a integer)", "INSERT INTO t VALUES (7)"]).await?;
        let wide = scene.database("wide", &["CREATE TABLE t (a bigint)"]).await?;
        let memory = Memory::of(scene.dump(&narrow).await?.streams());
        memory.remember(scene.content(&wide).await?.schema);
        let target = scene.place("loaded");
        let loaded = scene.server.bulk().load(&target, std::sync::Arc::new(memory), advance()).await;
        let error = loaded.err().context("rows of another type are loaded")?;
        ensure!(error.class == ErrorClass::Refused && error.message.contains("public.t"), "{error:?}");
        ensure!(!scene.server.exists(&target).await?, "a refused load leaves a database");
        Ok(())
    }

    pub(super) async fn trap_p08_hash_partitions_by_enum(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TYPE junk AS ENUM ('x', 'y', 'z')",
            "CREATE TYPE label AS ENUM ('a', 'b', 'c', 'd', 'e', 'f')",
            "CREATE TABLE parts (id integer, which label) PARTITION BY HASH (which)",
            "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 0)",
            "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 1)",
            "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 2)",
            "INSERT INTO parts SELECT n, (enum_range(NULL::label))[1 + n % 6] FROM generate_series(1, 60) AS n",
            "DROP TYPE junk",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.load(&scene.dump(&live).await?, "loaded").await?;
        let rows = "SELECT which, count(*), sum(id) FROM parts GROUP BY 1 ORDER BY 1";
        ensure!(scene.rows(&live, rows).await? == scene.rows(&loaded, rows).await?, "rows were lost or doubled");
        let found = "SELECT count(*) FROM generate_series(0, 5) AS n
                     WHERE EXISTS (SELECT FROM parts WHERE which = (enum_range(NULL::label))[1 + n])";
        ensure!(scene.rows(&loaded, found).await? == ["6"], "a row lies in a partition where nobody looks for it");
        Ok(())
    }

    pub(super) async fn trap_p09_partitions_with_columns_in_another_order(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE events (id integer, at date, note text) PARTITION BY RANGE (at)",
            "CREATE TABLE events_old (note text, gone integer, at date, id integer)",
            "ALTER TABLE events_old DROP COLUMN gone",
            "ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
            "CREATE TABLE events_new PARTITION OF events DEFAULT PARTITION BY LIST (note)",
            "CREATE TABLE events_new_rest PARTITION OF events_new DEFAULT",
            "CREATE TABLE parent (id integer, name text)",
            "CREATE TABLE child (more text) INHERITS (parent)",
            "INSERT INTO events VALUES (1, '2020-05-05', 'old'), (2, '2026-01-01', 'new')",
            "INSERT INTO parent VALUES (1, 'parent')",
            "INSERT INTO child VALUES (2, 'child', 'more')",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT count(*) FROM parent").await? == ["2"], "a child's rows are doubled");
        Ok(())
    }

    /// Covers P42 as well: nothing is left to be frozen later.
    pub(super) async fn trap_p10_rows_are_stored_frozen(scene: &Scene) -> Result<()> {
        let statements =
            ["CREATE TABLE t (a integer, b text)", "INSERT INTO t SELECT n, 'x' FROM generate_series(1, 5000) n"];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        scene.run(&loaded, &["CREATE EXTENSION pg_visibility"]).await?;
        // Version 18 adds empty pages in advance, which are marked later.
        let frozen = "SELECT count(*) FROM pg_visibility_map('t') WHERE NOT all_frozen
                      AND blkno <= (SELECT max((ctid::text::point)[0]) FROM t)";
        ensure!(scene.rows(&loaded, frozen).await? == ["0"], "the rows wait for autovacuum");
        Ok(())
    }

    pub(super) async fn trap_p11_generated_columns(scene: &Scene) -> Result<()> {
        let mut statements = vec![
            "CREATE FUNCTION twice(n integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT n * 2'",
            "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (public.twice(a)) STORED, c text)",
            "CREATE TABLE only_generated (b integer GENERATED ALWAYS AS (1 + 1) STORED)",
            "CREATE TABLE nothing ()",
            "INSERT INTO t (a, c) VALUES (1, 'x'), (NULL, 'y')",
            "INSERT INTO only_generated DEFAULT VALUES",
            "INSERT INTO nothing DEFAULT VALUES",
        ];
        if scene.which == TestServer::Postgres18 {
            statements.push("CREATE TABLE v (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL)");
            statements.push("INSERT INTO v (a) VALUES (41)");
        }
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT b FROM t ORDER BY a").await? == ["2", "-"], "values were not made");
        Ok(())
    }

    pub(super) async fn trap_p12_identity_always(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 7), name text)",
            "INSERT INTO t (name) VALUES ('a'), ('b')",
            "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (5, 'c')",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        scene.run(&loaded, &["INSERT INTO t (name) VALUES ('d')"]).await?;
        ensure!(scene.rows(&loaded, "SELECT id FROM t WHERE name = 'd'").await? == ["114"], "numbers begin again");
        Ok(())
    }

    pub(super) async fn trap_p13_sequences_are_never_behind_the_rows(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE t (id serial PRIMARY KEY, name text)",
            "CREATE SEQUENCE \"Never Called\" START 50",
            "CREATE SEQUENCE down INCREMENT -3 MINVALUE -1000 MAXVALUE 0 START 0 CYCLE CACHE 5",
            "CREATE SEQUENCE alone AS smallint",
            "SELECT nextval('down'), nextval('alone'), nextval('alone')",
            "INSERT INTO t (name) SELECT 'x' FROM generate_series(1, 10)",
        ];
        let live = scene.database("live", &statements).await?;
        let mut view = scene.server.bulk().view(std::slice::from_ref(&live)).await?;
        let memory = std::sync::Arc::new(Memory::default());
        memory.remember(view.session(&live)?.inspect().await?);
        scene.run(&live, &["INSERT INTO t (name) SELECT 'later' FROM generate_series(1, 10)"]).await?;
        view.dump(&live, std::sync::Arc::clone(&memory) as _, advance()).await?;
        view.close().await?;
        let loaded = scene.load(&memory, "loaded").await?;
        ensure!(scene.rows(&loaded, "SELECT count(*) FROM t").await? == ["10"], "the moment was not kept");
        let states = "SELECT (SELECT last_value FROM t_id_seq), (SELECT last_value || '|' || is_called FROM \"Never Called\"),
                      (SELECT last_value || '|' || is_called FROM down), (SELECT last_value || '|' || is_called FROM alone)";
        ensure!(scene.rows(&live, states).await? == scene.rows(&loaded, states).await?, "a sequence stands elsewhere");
        ensure!(scene.rows(&loaded, "SELECT nextval('\"Never Called\"')").await.is_err(), "a reader moved a sequence");
        scene.run(&loaded, &["INSERT INTO t (name) VALUES ('new')"]).await
    }

    pub(super) async fn trap_p19_constraints_that_old_rows_break(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE parents (id integer PRIMARY KEY)",
            "CREATE TABLE t (a integer, parent integer)",
            "INSERT INTO t VALUES (-1, 77)",
            "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
            "ALTER TABLE t ADD CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parents (id) NOT VALID",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let valid =
            "SELECT count(*) FROM pg_constraint WHERE conname IN ('positive', 'of_parent') AND NOT convalidated";
        ensure!(scene.rows(&loaded, valid).await? == ["2"], "a constraint that rows break is said to be valid");
        Ok(())
    }

    pub(super) async fn trap_p20_circular_foreign_keys(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE a (id integer PRIMARY KEY, b integer, self integer REFERENCES a (id))",
            "CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)",
            "ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b (id) ON DELETE SET NULL (b)",
            "INSERT INTO a VALUES (1, NULL, 1)",
            "INSERT INTO b VALUES (2, 1)",
            "UPDATE a SET b = 2",
        ];
        let live = scene.database("live", &statements).await?;
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn trap_p21_triggers_do_not_fire(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE t (a integer)",
            "CREATE TABLE log (what text)",
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN INSERT INTO public.log VALUES (TG_NAME); RETURN NEW; END'",
            "INSERT INTO t VALUES (1), (2)",
            "CREATE TRIGGER usual AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()",
            "CREATE TRIGGER always AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()",
            "CREATE TRIGGER replica AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()",
            "CREATE TRIGGER never AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()",
            "ALTER TABLE t ENABLE ALWAYS TRIGGER always",
            "ALTER TABLE t ENABLE REPLICA TRIGGER replica",
            "ALTER TABLE t DISABLE TRIGGER never",
            "CREATE RULE too AS ON INSERT TO t DO ALSO INSERT INTO log VALUES ('rule')",
        ];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let states = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 't'::regclass ORDER BY 1";
        ensure!(scene.rows(&live, states).await? == scene.rows(&loaded, states).await?, "a trigger's state changed");
        ensure!(scene.rows(&loaded, "SELECT count(*) FROM log").await? == ["0"], "a trigger fired");
        Ok(())
    }

    pub(super) async fn trap_p33_dumps_of_an_unchanged_database_are_equal(scene: &Scene) -> Result<()> {
        // A table of more than a quarter of the shared buffers, read by several at once.
        let statements = [
            "CREATE TABLE big (a integer, b text)",
            "ALTER TABLE big ALTER COLUMN b SET STORAGE PLAIN",
            "INSERT INTO big SELECT n, repeat('x', 3000) FROM generate_series(1, 8000) AS n",
        ];
        let live = scene.database("live", &statements).await?;
        let first = scene.dump(&live).await?;
        let reading = async {
            for _again in 0..4 {
                scene.rows(&live, "SELECT sum(length(b)) FROM big").await?;
            }
            anyhow::Ok(())
        };
        let (second, read) = tokio::join!(scene.dump(&live), reading);
        read?;
        ensure!(first.streams() == second?.streams(), "the bytes of an unchanged database changed");
        Ok(())
    }

    pub(super) async fn trap_p36_unlogged_tables_stay_so(scene: &Scene) -> Result<()> {
        let live =
            scene.database("live", &["CREATE UNLOGGED TABLE t (a serial)", "INSERT INTO t DEFAULT VALUES"]).await?;
        let loaded = scene.round_trip(&live).await?;
        let kept = "SELECT relpersistence::text FROM pg_class WHERE relname = 't'";
        ensure!(scene.rows(&loaded, kept).await? == ["u"], "the table became another kind");
        Ok(())
    }

    pub(super) async fn trap_p38_many_tables(scene: &Scene) -> Result<()> {
        let make = "DO $$ BEGIN FOR n IN 1..1200 LOOP
                    EXECUTE format('CREATE TABLE %I (id integer PRIMARY KEY, name text UNIQUE)', 't' || n);
                    EXECUTE format('INSERT INTO %I VALUES (1, %L)', 't' || n, n); END LOOP; END $$";
        let live = scene.database("live", &[make]).await?;
        let loaded = scene.load(&scene.dump(&live).await?, "loaded").await?;
        let counted = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 't%' AND reltuples = 1";
        ensure!(scene.rows(&loaded, counted).await? == ["1200"], "tables were lost, or not analysed");
        Ok(())
    }

    pub(super) async fn trap_p43_temporary_tables_of_others(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["CREATE TABLE t (a integer)"]).await?;
        let mut other = scene.write(&live).await?;
        other.execute("CREATE TEMPORARY TABLE passing (a serial)", &[]).await?;
        other.begin(TransactionKind::Write).await?;
        other.execute("LOCK TABLE passing", &[]).await?;
        let memory = scene.dump(&live).await?;
        let names: Vec<String> = memory.streams().into_keys().collect();
        ensure!(names == ["facts", "table/public.t"], "{names:?}");
        Ok(())
    }

    pub(super) async fn trap_p44_values_at_the_edge(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE edges (a double precision, b real, c date, d timestamptz, e numeric, f interval, g text, h \"char\")",
            "INSERT INTO edges VALUES ('NaN', '-Infinity', 'infinity', '-infinity', 'NaN', '-178000000 years', '\\N', ''),
             (5e-324, 1.1754944e-38, '4713-01-01 BC', '294276-12-31 23:59:59.999999+00', 'Infinity', '1 mon -1 day', E'\\t\\n\\r\\\\.', 'x')",
            "INSERT INTO edges (e) VALUES (repeat('9', 2000)::numeric / 7), (-0.0), ('1e-1000')",
            "CREATE TABLE texts (a money, b xml, c text)",
            "INSERT INTO texts VALUES (12.34, '<a>ü</a>', E'\\\\.\\n'), (NULL, NULL, '\\.')",
        ];
        let live = scene.database("live", &statements).await?;
        let memory = scene.dump(&live).await?;
        ensure!(stream(&memory, "table/public.texts")?.windows(2).any(|pair| pair == b"\\\\"), "text is not escaped");
        scene.round_trip(&live).await?;
        Ok(())
    }
}
