//! What a database has to do with what is outside of it: other servers that its views read, settings that its values are computed
//! with, what watches over logins, and a disk that loses something.

use crate::scene::traps;

traps! {
    views_that_read_another_server
    a_watch_over_logins
    settings_go_with_the_values_where_there_are_none
    databases_that_are_read_only_come_back
    a_template_is_replaced_and_removed
    a_role_with_few_sessions
    a_table_without_its_file
    a_maintenance_database_that_is_a_template
}

mod cases {
    use std::path::Path;
    use std::time::Duration;

    use anyhow::{Context as _, Result, ensure};
    use stead_engine::snapshot::Swap;
    use stead_engine::{Access, ErrorClass, Holder, LockRequest, Place, Server as _};
    use stead_postgres::PostgresServer;
    use stead_testkit::conformance::streams::advance;

    use crate::scene::{Scene, maintenance, same, stream};

    /// A server with one table, and a database that reads it: the statements, in order.
    fn reading(scene: &Scene, far: &Place) -> Result<Vec<String>> {
        let (login, address) = scene.url.rsplit_once('@').context("the URL of a test server has a login")?;
        let login = login.split_once("://").context("a URL")?.1;
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = address.trim_end_matches('/').split_once(':').context("the server has a port")?;
        let statements = [
            "CREATE EXTENSION postgres_fdw",
            &format!(
                "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', port '{port}', dbname '{far}')"
            ),
            &format!("CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user '{user}', password '{password}')"),
            "CREATE FOREIGN TABLE remote (a integer) SERVER far OPTIONS (schema_name 'public', table_name 't')",
            "CREATE TABLE near (a integer)",
            "INSERT INTO near VALUES (7)",
            "CREATE TABLE parts (a integer) PARTITION BY LIST (a)",
            "CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES IN (1) SERVER far OPTIONS (schema_name 'public', table_name 't')",
            "CREATE VIEW v AS SELECT a + 1 AS a FROM remote",
            "CREATE FUNCTION f() RETURNS integer STABLE LANGUAGE sql BEGIN ATOMIC SELECT max(v.a) FROM v; END",
            "CREATE MATERIALIZED VIEW direct AS SELECT a FROM remote",
            "CREATE UNIQUE INDEX once ON direct (a)",
            "CREATE MATERIALIZED VIEW \"By View\" AS SELECT a FROM v",
            "CREATE MATERIALIZED VIEW by_parts AS SELECT a FROM parts",
            "CREATE MATERIALIZED VIEW by_function AS SELECT f() AS a",
            "CREATE MATERIALIZED VIEW a_second AS SELECT a FROM direct",
            "CREATE MATERIALIZED VIEW near_by AS SELECT a FROM near",
            "CREATE MATERIALIZED VIEW emptied AS SELECT a FROM near",
            "CREATE MATERIALIZED VIEW above_it AS SELECT a FROM emptied",
            "REFRESH MATERIALIZED VIEW emptied WITH NO DATA",
        ];
        Ok(statements.map(str::to_owned).to_vec())
    }

    /// Nobody asks there during a load, and the secrets with which one could were left out: such a view comes without rows.
    pub(super) async fn views_that_read_another_server(scene: &Scene) -> Result<()> {
        let far = scene.database("far", &["CREATE TABLE t (a integer)", "INSERT INTO t VALUES (1)"]).await?;
        let statements = reading(scene, &far)?;
        let live = scene.database("live", &statements.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        ensure!(scene.rows(&live, "SELECT a FROM a_second").await? == ["1"], "the other server was not read");
        let memory = scene.dump(&live).await?;
        scene.server.remove(&far).await?;
        let loaded = scene.load(&memory, "loaded").await?;
        let differences =
            stead_schema::compare(&scene.content(&live).await?.schema, &scene.content(&loaded).await?.schema);
        ensure!(differences.is_empty(), "{differences:?}");
        let filled = "SELECT relname::text FROM pg_class WHERE relkind = 'm' AND relispopulated";
        ensure!(scene.rows(&loaded, filled).await? == ["near_by"], "{:?}", scene.rows(&loaded, filled).await?);
        ensure!(scene.rows(&loaded, "SELECT a FROM near_by").await? == ["7"], "its rows are missing");
        let schema = scene.content(&loaded).await?.schema;
        let told = |value: &str| {
            let views =
                schema.views.iter().filter(|view| view.options.get("populated").is_some_and(|text| text == value));
            views.map(|view| view.name.name.clone()).collect::<Vec<_>>()
        };
        ensure!(
            told("elsewhere") == ["By View", "a_second", "above_it", "by_function", "by_parts", "direct"],
            "{:?}",
            told("elsewhere")
        );
        ensure!(told("false") == ["emptied"], "{:?}", told("false"));
        // To fill a view is no change of the schema.
        scene.run(&loaded, &["REFRESH MATERIALIZED VIEW emptied", "REFRESH MATERIALIZED VIEW above_it"]).await?;
        let differences = stead_schema::compare(&scene.content(&loaded).await?.schema, &schema);
        ensure!(differences.is_empty(), "{differences:?}");
        // A copy of a database in use goes by rows.
        let open = scene.write(&live).await?;
        let copy = scene.place("copy");
        scene.server.bulk().copy(&live, &copy).await?;
        open.close().await?;
        Ok(())
    }

    /// A trigger that writes when somebody logs in would write into what is proved while it is proved.
    pub(super) async fn a_watch_over_logins(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["CREATE TABLE logins (at timestamptz)"]).await?;
        if scene.rows(&live, "SELECT current_setting('server_version_num')::integer < 170000").await? == ["1"] {
            return Ok(());
        }
        let watch = [
            "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
             'BEGIN INSERT INTO public.logins VALUES (now()); END'",
            "CREATE EVENT TRIGGER watch ON login EXECUTE FUNCTION note()",
            "ALTER EVENT TRIGGER watch ENABLE ALWAYS",
        ];
        scene.run(&live, &watch).await?;
        let count = "SELECT count(*) FROM logins";
        ensure!(scene.rows(&live, count).await? == ["1"], "a login is not noted in a database that is in use");
        let memory = scene.dump(&live).await?;
        let built = scene.server.bulk().beside(&live, "token");
        scene.note(&built);
        scene.server.bulk().load(&built, memory, advance()).await?;
        let before = scene.rows(&built, count).await?;
        for _again in 0..3 {
            ensure!(scene.rows(&built, count).await? == before, "whoever looks changes what is looked at");
        }
        // Who is no superuser may not do that, and is let in all the same.
        let role = scene.role("plain", "").await?;
        let session = scene.server_as(&role)?.open(&built, Access::Read).await?;
        session.close().await?;
        // People's SQL sets off what it would set off later.
        scene.write(&built).await?.close().await?;
        ensure!(scene.rows(&built, count).await? != before, "people's sessions are not noted");
        Ok(())
    }

    /// A load where no database is replaced: the settings are those that the values were computed with.
    pub(super) async fn settings_go_with_the_values_where_there_are_none(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &[]).await?;
        let settings = [
            "DateStyle = 'German, DMY'",
            "IntervalStyle = 'sql_standard'",
            "extra_float_digits = -10",
            "search_path = app, public",
            "lc_monetary = 'C'",
            "array_nulls = off",
            "app.factor = '3'",
            "app.jwt_secret = 'planted'",
            "app.url = 'ftp://me:planted@there.org'",
        ];
        for setting in settings {
            scene.run(&live, &[&format!("ALTER DATABASE \"{live}\" SET {setting}")]).await?;
        }
        let mut session = scene.write(&live).await?;
        for statement in [
            "SET DateStyle = 'German, DMY'",
            "SET IntervalStyle = 'sql_standard'",
            "SET extra_float_digits = -10",
            "SET array_nulls = off",
            "CREATE SCHEMA app",
            "CREATE FUNCTION app.times(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
             'BEGIN RETURN $1 * current_setting(''app.factor'')::integer; END'",
            "CREATE TABLE app.t (a integer, b integer GENERATED ALWAYS AS (app.times(a)) STORED, c date, d interval, e float8,
             CHECK (c::text LIKE '%.%'))",
            "INSERT INTO app.t (a, c, d, e) VALUES (1, '24.12.2024', '-1 year -2 mons +3 days -04:05:06.789', 1::float8 / 3)",
            "CREATE MATERIALIZED VIEW app.texts AS SELECT c::text AS c, d::text AS d, e::text AS e,
             ('{NULL}'::text || '')::text[]::text AS f FROM app.t",
        ] {
            session.execute(statement, &[]).await.with_context(|| statement.to_owned())?;
        }
        session.close().await?;
        let before = scene.content(&live).await?;
        ensure!(before.rows.iter().any(|(_, rows)| rows.iter().any(|row| row.contains("24.12.2024"))), "{before:?}");
        let memory = scene.dump(&live).await?;
        let facts = String::from_utf8(stream(&memory, "facts")?)?;
        ensure!(!facts.contains("planted") && facts.contains("app.factor"), "{facts}");
        let loaded = scene.load(&memory, "loaded").await?;
        same(&before, &scene.content(&loaded).await?)?;
        let sql =
            "SELECT x::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) x
                   WHERE d.datname = current_database() ORDER BY 1";
        let (mut wanted, found) = (scene.rows(&live, sql).await?, scene.rows(&loaded, sql).await?);
        wanted.retain(|setting| !setting.contains("planted"));
        ensure!(found == wanted, "{found:?} and not {wanted:?}");
        // What was not noted is taken from the database that is replaced.
        let more = [
            "SET app.jwt_secret = 'planted'",
            "CREATE MATERIALIZED VIEW app.secret AS SELECT length(current_setting('app.jwt_secret')) AS length",
        ];
        let mut session = scene.write(&live).await?;
        for statement in more {
            session.execute(statement, &[]).await.with_context(|| statement.to_owned())?;
        }
        session.close().await?;
        let built = scene.server.bulk().beside(&live, "token");
        scene.note(&built);
        scene.server.bulk().load(&built, scene.dump(&live).await?, advance()).await?;
        same(&scene.content(&live).await?, &scene.content(&built).await?)
    }

    /// What a database says against writing is meant for those who use it, not for putting it back into use.
    pub(super) async fn databases_that_are_read_only_come_back(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["CREATE TABLE t (a integer)"]).await?;
        let kept = scene.server.bulk().keeping(&live, Path::new("/"), "token");
        scene.note(&kept);
        scene.server.create(&kept).await?;
        scene.run(&kept, &["CREATE TABLE t (a integer)"]).await?;
        for place in [&live, &kept] {
            scene
                .run(&maintenance(), &[&format!("ALTER DATABASE \"{place}\" SET default_transaction_read_only = on")])
                .await?;
        }
        scene.run(&kept, &["INSERT INTO t VALUES (1)"]).await?;
        let refused = scene.write(&live).await.err();
        ensure!(refused.is_some_and(|error| error.class == ErrorClass::Refused), "people are let write after all");
        Ok(())
    }

    pub(super) async fn a_template_is_replaced_and_removed(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["CREATE TABLE t (a integer)"]).await?;
        scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{live}\" IS_TEMPLATE true")]).await?;
        let built = scene.server.bulk().beside(&live, "token");
        let kept = scene.server.bulk().keeping(&live, Path::new("/"), "token");
        scene.note(&kept);
        scene.server.create(&built).await?;
        let swap = Swap { live: live.clone(), built: Some(built), kept: Some(kept.clone()), token: "token".to_owned() };
        scene.server.bulk().ready(&swap).await?;
        scene.server.bulk().swap(&swap).await?;
        let templates =
            format!("SELECT datname::text FROM pg_database WHERE datistemplate AND datname IN ('{live}', '{kept}')");
        let found = scene.rows(&maintenance(), &templates).await?;
        scene.server.remove(&kept).await?;
        scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{live}\" IS_TEMPLATE false")]).await?;
        ensure!(found.contains(&live.0), "{found:?}");
        Ok(())
    }

    /// What a swap needs more than a load does is missed before anything long begins.
    pub(super) async fn a_role_with_few_sessions(scene: &Scene) -> Result<()> {
        let role = scene.role("few", "CREATEDB CONNECTION LIMIT 1").await?;
        let live = scene.database("live", &["CREATE TABLE t (a integer)"]).await?;
        for property in [format!("OWNER TO {role}"), "CONNECTION LIMIT 0".to_owned()] {
            scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{live}\" {property}")]).await?;
        }
        let server = scene.server_as(&role)?;
        let built = server.bulk().beside(&live, "token");
        let kept = server.bulk().keeping(&live, Path::new("/"), "token");
        scene.note(&kept);
        scene.server.create(&built).await?;
        let swap = Swap { live: live.clone(), built: Some(built), kept: Some(kept), token: "token".to_owned() };
        let error = server.bulk().ready(&swap).await.err().context("the swap would fail later")?;
        ensure!(error.class == ErrorClass::Unreachable, "{error:?}");
        ensure!(error.hints.iter().any(|hint| hint.contains("the role's limit")), "{error:?}");
        scene.run(&maintenance(), &[&format!("ALTER ROLE {role} CONNECTION LIMIT 2")]).await?;
        server.bulk().ready(&swap).await?;
        server.bulk().swap(&swap).await?;
        let limit = format!("SELECT datconnlimit FROM pg_database WHERE datname = '{live}'");
        ensure!(scene.rows(&maintenance(), &limit).await? == ["0"], "the limit of the database is lost");
        Ok(())
    }

    /// What cannot be counted any more is damaged, so that whoever wants to replace it can.
    pub(super) async fn a_table_without_its_file(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["CREATE TABLE t (a integer)", "INSERT INTO t VALUES (1)"]).await?;
        scene.run(&live, &["UPDATE pg_class SET relfilenode = 4294967290 WHERE relname = 't'"]).await?;
        let mut session = scene.server.open(&live, Access::Read).await?;
        let error = session.count_rows().await.err().context("rows that are gone are counted")?;
        ensure!(error.damaged, "{error:?}");
        session.close().await?;
        Ok(())
    }

    fn nobody(_holder: Option<&Holder>) {}

    /// Every database that is made later would have what is left there.
    pub(super) async fn a_maintenance_database_that_is_a_template(scene: &Scene) -> Result<()> {
        let template = scene.database("template", &[]).await?;
        scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{template}\" IS_TEMPLATE true")]).await?;
        let server =
            PostgresServer::connect_lazily(&format!("{}/?maintenance={template}", scene.url.trim_end_matches('/')))?;
        let holder = Holder {
            process: 4711,
            host: "here".to_owned(),
            user: "ann".to_owned(),
            command: "stead".to_owned(),
            since: "2026-01-01T00:00:00Z".to_owned(),
        };
        let mut on_wait: fn(Option<&Holder>) = nobody;
        let request = LockRequest { holder, timeout: Duration::from_millis(300), on_wait: &mut on_wait };
        let held = server.lock(&scene.place("live"), request).await?;
        held.still_held().await?;
        drop(held);
        let left = scene.rows(&template, "SELECT count(*) FROM pg_class WHERE relname = 'stead_lock'").await?;
        scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{template}\" IS_TEMPLATE false")]).await?;
        ensure!(left == ["0"], "a table is left in a template");
        Ok(())
    }
}
