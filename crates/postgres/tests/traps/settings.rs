//! Settings that a role or a database may have, and that would change what is written or cut it off.

use crate::scene::traps;

traps! {
    trap_p06_settings_that_change_spellings
    trap_p06_a_login_with_settings_of_its_own
    trap_p07_time_limits
    the_lock_without_the_maintenance_database
    trap_p39_encodings_and_locales
    settings_that_values_are_computed_with
}

mod cases {
    use std::time::Duration;

    use anyhow::{Context as _, Result, ensure};
    use stead_engine::snapshot::Source as _;
    use stead_engine::{ErrorClass, Holder, LockRequest, Server as _, TransactionKind};
    use stead_testkit::conformance::streams::{Memory, advance};

    use crate::scene::Scene;

    const VALUES: [&str; 2] = [
        "CREATE TABLE t (a double precision, b timestamptz, c interval, d bytea, e money, f text, g oid[], h regclass)",
        "INSERT INTO t VALUES (0.1::float8 + 0.2::float8, '2020-02-01 12:00+00', '-1 year 2 mons -3 days', '\\x5c00', '12.34',
         E'back\\\\slash', '{1}', 'pg_class')",
    ];

    pub(super) async fn trap_p06_settings_that_change_spellings(scene: &Scene) -> Result<()> {
        let plain = scene.database("plain", &VALUES).await?;
        let live = scene.database("live", &VALUES).await?;
        for setting in [
            "extra_float_digits = -15",
            "DateStyle = 'SQL, DMY'",
            "IntervalStyle = 'sql_standard'",
            "TimeZone = 'Asia/Kathmandu'",
            "bytea_output = 'escape'",
            "standard_conforming_strings = off",
            "lc_monetary = 'C'",
            "xmloption = 'document'",
            "default_transaction_isolation = 'serializable'",
            "search_path = 'pg_catalog'",
            "client_encoding = 'LATIN1'",
            "array_nulls = off",
        ] {
            scene.run(&live, &[&format!("ALTER DATABASE \"{live}\" SET {setting}")]).await?;
        }
        // The facts note what the rows are computed with when they are loaded.
        let (mut odd, mut usual) = (scene.dump(&live).await?.streams(), scene.dump(&plain).await?.streams());
        ensure!(odd.remove("facts") != usual.remove("facts"), "no setting is noted");
        ensure!(odd == usual, "a setting shows in the dump");
        let values = "SELECT a, b, c, d, f FROM public.t";
        ensure!(scene.rows(&live, values).await? == scene.rows(&plain, values).await?, "a setting shows in a query");
        let loaded = scene.load(&scene.dump(&live).await?, "loaded").await?;
        ensure!(scene.rows(&loaded, values).await? == scene.rows(&plain, values).await?, "a setting shows in the rows");
        Ok(())
    }

    /// The same for settings of the role that dumps and loads, which go with it into every database.
    pub(super) async fn trap_p06_a_login_with_settings_of_its_own(scene: &Scene) -> Result<()> {
        let more = [
            "ALTER TABLE t ADD i text[], ADD j text[] DEFAULT ARRAY['a b', NULL, 'NULL']",
            "UPDATE t SET i = ARRAY['NULL', NULL, 'x']",
            "CREATE TYPE mood AS ENUM ('sad')",
            "CREATE TABLE as_text (moods mood[], i text[], d interval, e date, f float8, g bytea)",
            "INSERT INTO as_text VALUES ('{sad,NULL}', ARRAY[NULL, 'NULL'], '-1 days -02:03', '2020-02-01', 0.1::float8 + 0.2, '\\x5c00')",
            "CREATE VIEW nobody AS SELECT a FROM t WHERE a IS NULL",
            "CREATE FUNCTION never(x integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN x = NULL",
            "CREATE TABLE dated (a date DEFAULT '2020-02-01', b interval DEFAULT '-1 day 02:03', \"Odd Name\" integer)",
        ];
        let live = scene.database("live", &VALUES).await?;
        scene.run(&live, &more).await?;
        let role = scene.role("odd", "SUPERUSER").await?;
        for setting in [
            "extra_float_digits = -15",
            "DateStyle = 'SQL, DMY'",
            "IntervalStyle = 'sql_standard'",
            "TimeZone = 'Asia/Kathmandu'",
            "bytea_output = 'escape'",
            "standard_conforming_strings = off",
            "escape_string_warning = off",
            "lc_monetary = 'C'",
            "xmloption = 'document'",
            "default_transaction_isolation = 'serializable'",
            "search_path = 'information_schema'",
            "array_nulls = off",
            "quote_all_identifiers = on",
            "transform_null_equals = on",
            "session_replication_role = 'replica'",
            "row_security = off",
            "client_min_messages = 'error'",
            "default_table_access_method = 'heap'",
            "check_function_bodies = on",
            "statement_timeout = '2s'",
        ] {
            scene.run(&live, &[&format!("ALTER ROLE {role} SET {setting}")]).await?;
        }
        let odd = scene.server_as(&role)?;
        let memory = scene.dump(&live).await?;
        let as_odd = std::sync::Arc::new(Memory::default());
        let mut view = odd.bulk().view(std::slice::from_ref(&live)).await?;
        as_odd.remember(view.session(&live)?.inspect().await?);
        view.dump(&live, std::sync::Arc::clone(&as_odd) as _, advance()).await?;
        view.close().await?;
        for (name, bytes) in memory.streams() {
            let other = as_odd.streams().remove(&name).unwrap_or_default();
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            ensure!(other == bytes, "a setting shows in `{name}`: {} and {}", shown(&bytes), shown(&other));
        }
        let (ours, theirs) = (memory.schema().context("a schema")?, as_odd.schema().context("a schema")?);
        let differences = stead_schema::compare(ours, theirs);
        ensure!(differences.is_empty(), "a setting of the role shows in the schema: {differences:?}");
        let place = scene.place("loaded");
        odd.bulk().load(&place, as_odd, advance()).await?;
        crate::scene::same(&scene.content(&live).await?, &scene.content(&place).await?)?;
        Ok(())
    }

    pub(super) async fn trap_p07_time_limits(scene: &Scene) -> Result<()> {
        let statements = [
            "CREATE TABLE t (a integer, b text)",
            "INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 30000) n",
        ];
        let live = scene.database("live", &statements).await?;
        for limit in
            ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"]
        {
            scene.run(&live, &[&format!("ALTER DATABASE \"{live}\" SET {limit} = '1s'")]).await?;
        }
        if scene.which == stead_testkit::servers::TestServer::Postgres18 {
            scene.run(&live, &[&format!("ALTER DATABASE \"{live}\" SET transaction_timeout = '1s'")]).await?;
        }
        // A session outlasts each of them: alone, in a transaction, and in one long statement.
        let mut session = scene.write(&live).await?;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        session.begin(TransactionKind::Write).await?;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        session.query("SELECT pg_sleep(1.2)", &[]).await?;
        session.commit().await?;
        session.close().await?;
        let loaded = scene.round_trip(&live).await?;
        ensure!(scene.rows(&loaded, "SELECT count(*) FROM t").await? == ["30000"], "it was cut off");
        Ok(())
    }

    pub(super) async fn trap_p39_encodings_and_locales(scene: &Scene) -> Result<()> {
        let mut made = vec![
            ("latin", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"),
            ("plain", "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"),
            ("icu", "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"),
        ];
        if scene.which == stead_testkit::servers::TestServer::Postgres18 {
            made.push(("builtin", "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"));
        }
        for (name, clauses) in made {
            let place = scene.place(name);
            let create = format!("CREATE DATABASE \"{place}\" TEMPLATE template0 {clauses}");
            scene.run(&crate::scene::maintenance(), &[&create]).await?;
            scene.run(&place, &["CREATE TABLE t (a text)", "INSERT INTO t VALUES ('Grüße'), ('a'), ('B')"]).await?;
            let loaded = scene.load(&scene.dump(&place).await?, &format!("{name}_loaded")).await?;
            let facts = "SELECT to_jsonb(d) - '{oid,datname,datfrozenxid,datminmxid}'::text[] FROM pg_database AS d
                         WHERE datname = current_database()";
            ensure!(scene.rows(&place, facts).await? == scene.rows(&loaded, facts).await?, "{name} was made otherwise");
            let sorted = "SELECT a FROM t ORDER BY a";
            ensure!(scene.rows(&place, sorted).await? == scene.rows(&loaded, sorted).await?, "{name} sorts otherwise");
            scene.server.remove(&loaded).await?;
        }
        Ok(())
    }

    /// Checks, generated columns and stored views come out as they do in a session of the live database.
    pub(super) async fn settings_that_values_are_computed_with(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &[]).await?;
        for setting in
            ["TimeZone = 'Asia/Kathmandu'", "search_path = public, app", "default_text_search_config = 'public.own'"]
        {
            scene.run(&live, &[&format!("ALTER DATABASE \"{live}\" SET {setting}")]).await?;
        }
        let mut session = scene.write(&live).await?;
        for statement in [
            "CREATE TEXT SEARCH CONFIGURATION public.own (COPY = simple)",
            "SET TimeZone = 'Asia/Kathmandu'",
            "SET default_text_search_config = 'public.own'",
            "CREATE SCHEMA app",
            "CREATE FUNCTION app.helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'",
            "CREATE FUNCTION app.fine(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
             'BEGIN RETURN helper($1) <> ''bad''; END'",
            "CREATE TABLE t (a text CHECK (app.fine(a)), at timestamptz CHECK (date_trunc('day', at) = at))",
            "INSERT INTO t VALUES ('Running', '2020-02-01 00:00+05:45')",
            "CREATE MATERIALIZED VIEW days AS SELECT at::date AS day, to_tsvector(a)::text AS words FROM t",
        ] {
            session.execute(statement, &[]).await.with_context(|| statement.to_owned())?;
        }
        session.close().await?;
        ensure!(scene.rows(&live, "SELECT day::text, words FROM days").await? == ["2020-02-01|'running':1"], "not so");
        scene.round_trip(&live).await?;
        let open = scene.write(&live).await?;
        let copy = scene.place("copy");
        scene.server.bulk().copy(&live, &copy).await?;
        open.close().await?;
        ensure!(scene.rows(&copy, "SELECT day::text, words FROM days").await? == ["2020-02-01|'running':1"], "a copy");
        Ok(())
    }

    fn nobody(_holder: Option<&Holder>) {}

    fn request<'a>(command: &str, on_wait: &'a mut fn(Option<&Holder>)) -> LockRequest<'a> {
        let holder = Holder {
            process: 4711,
            host: "here".to_owned(),
            user: "ann".to_owned(),
            command: command.to_owned(),
            since: "2026-01-01T00:00:00Z".to_owned(),
        };
        LockRequest { holder, timeout: Duration::from_millis(300), on_wait }
    }

    /// Where the maintenance database is closed to a role, the lock of the database itself does, and the second run is told who
    /// holds it. A database that is still to be made has none, which is said.
    pub(super) async fn the_lock_without_the_maintenance_database(scene: &Scene) -> Result<()> {
        let closed = scene.database("closed", &[]).await?;
        let live = scene.database("live", &[]).await?;
        scene.run(&live, &[&format!("REVOKE CONNECT ON DATABASE \"{closed}\" FROM PUBLIC")]).await?;
        let role = scene.role("locker", "").await?;
        let (_login, address) = scene.url.rsplit_once('@').context("the URL of a test server has a login")?;
        let url = format!("postgres://{role}:word@{address}/?maintenance={closed}");
        let servers = [
            stead_postgres::PostgresServer::connect_lazily(&url)?,
            stead_postgres::PostgresServer::connect_lazily(&url)?,
        ];
        let [mut first, mut second, mut third, mut fourth]: [fn(Option<&Holder>); 4] = [nobody; 4];
        let held = servers[0].lock(&live, request("stead first", &mut first)).await?;
        let error = servers[1].lock(&live, request("stead second", &mut second)).await.err();
        let error = error.context("two runs have one database")?;
        ensure!(error.class == ErrorClass::LockTimeout, "{error:?}");
        ensure!(error.message.contains("stead first") && error.message.contains("4711"), "not named: {error}");
        drop(held);
        drop(servers[1].lock(&live, request("stead third", &mut third)).await.context("it was let go")?);
        let absent = scene.place("absent");
        let error = servers[0].lock(&absent, request("stead", &mut fourth)).await.err().context("no database")?;
        ensure!(error.class != ErrorClass::Bug, "{error:?}");
        ensure!(error.hints.iter().any(|hint| hint.contains("maintenance")), "no way out is told: {error:?}");
        Ok(())
    }
}
