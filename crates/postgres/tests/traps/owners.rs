//! Who owns what and who may do what, as it is after a load: nobody has lost anything, and what cannot be given is found out
//! before a row is read.

use crate::scene::traps;

traps! {
    everything_belongs_to_the_owner_of_the_database
    the_tablespace_of_a_database
    rights_of_every_kind
    the_schema_public_made_again
    the_schema_public_under_another_name
    policies_for_roles_that_are_not_there
    owners_whom_the_role_may_not_become
}

mod cases {
    use std::path::Path;

    use anyhow::{Context as _, Result, ensure};
    use stead_engine::snapshot::Swap;
    use stead_engine::{ErrorClass, Server as _};
    use stead_testkit::conformance::streams::advance;

    use crate::scene::{Content, Scene, maintenance, same};

    pub(super) async fn everything_belongs_to_the_owner_of_the_database(scene: &Scene) -> Result<()> {
        let (owner, reader) = (scene.role("app", "CREATEDB").await?, scene.role("reader", "").await?);
        let live = scene.database("live", &[]).await?;
        scene.run(&maintenance(), &[&format!("ALTER DATABASE \"{live}\" OWNER TO {owner}")]).await?;
        let all = [
            &format!("ALTER SCHEMA public OWNER TO {owner}"),
            &format!("SET ROLE {owner}"),
            "CREATE SCHEMA own",
            "CREATE TYPE mood AS ENUM ('a')",
            "CREATE DOMAIN word AS text",
            "CREATE TABLE own.t (a integer PRIMARY KEY, b serial, c mood)",
            "CREATE SEQUENCE s",
            "CREATE VIEW v AS SELECT a FROM own.t",
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM own.t",
            "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1'",
            "CREATE AGGREGATE g(integer) (SFUNC = int4pl, STYPE = integer)",
            "CREATE OPERATOR === (FUNCTION = pg_catalog.int4eq, LEFTARG = integer, RIGHTARG = integer)",
            "CREATE COLLATION posix FROM \"C\"",
            "CREATE TEXT SEARCH CONFIGURATION words (COPY = english)",
            "CREATE STATISTICS st ON a, b FROM own.t",
            "CREATE PUBLICATION p FOR TABLE own.t",
            "INSERT INTO own.t VALUES (1)",
            "REFRESH MATERIALIZED VIEW m",
            &format!("GRANT SELECT ON own.t TO {reader}"),
            "REVOKE INSERT ON own.t FROM CURRENT_USER",
            "RESET ROLE",
            "CREATE TABLE of_another (a integer)",
        ];
        let mut session = scene.write(&live).await?;
        for statement in all {
            session.execute(statement, &[]).await.with_context(|| statement.to_owned())?;
        }
        session.close().await?;
        let before = scene.content(&live).await?;
        let built = scene.server.bulk().beside(&live, "token");
        scene.note(&built);
        let memory = scene.dump(&live).await?;
        scene.server.bulk().load(&built, memory, advance()).await?;
        same(&before, &scene.content(&built).await?)?;
        let kept = scene.server.bulk().keeping(&live, Path::new("/"), "token");
        scene.note(&kept);
        let swap = Swap { live: live.clone(), built: Some(built), kept: Some(kept.clone()), token: "token".to_owned() };
        scene.server.bulk().ready(&swap).await?;
        scene.server.bulk().swap(&swap).await?;
        same(&before, &scene.content(&live).await?)?;
        let sql = "SELECT classid::regclass::text, count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid =
                   (SELECT datdba FROM pg_database WHERE datname = current_database())
                   AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY 1 ORDER BY 1";
        let (old, new) = (scene.rows(&kept, sql).await?, scene.rows(&live, sql).await?);
        ensure!(old == new && !old.is_empty(), "{old:?} became {new:?}");
        // A copy of a database in use goes by rows.
        let reader = scene.write(&live).await?;
        let copy = scene.place("copy");
        scene.server.bulk().copy(&live, &copy).await?;
        reader.close().await?;
        ensure!(
            scene.rows(&copy, sql).await? == old,
            "the copy belongs to another: {:?}",
            scene.rows(&copy, sql).await?
        );
        Ok(())
    }

    pub(super) async fn the_tablespace_of_a_database(scene: &Scene) -> Result<()> {
        let name = format!("{}_space", scene.place("in").0);
        let mut session = scene.write(&maintenance()).await?;
        for sql in ["SET allow_in_place_tablespaces = on".to_owned(), format!("CREATE TABLESPACE {name} LOCATION ''")] {
            session.execute(&sql, &[]).await.with_context(|| sql.clone())?;
        }
        session.close().await?;
        let outcome = in_tablespace(scene, &name).await;
        for place in ["live", "loaded"] {
            scene.server.remove(&scene.place(place)).await?;
        }
        let live = scene.place("live");
        for leftover in scene.server.bulk().leftovers(&live).await? {
            scene.server.remove(&leftover).await?;
        }
        scene.run(&maintenance(), &[&format!("DROP TABLESPACE {name}")]).await?;
        outcome
    }

    async fn in_tablespace(scene: &Scene, name: &str) -> Result<()> {
        let live = scene.place("live");
        scene.run(&maintenance(), &[&format!("CREATE DATABASE \"{live}\" TABLESPACE {name}")]).await?;
        let excluded = format!(
            "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree ((a + 1) WITH =) USING INDEX TABLESPACE {name}"
        );
        let statements = [
            "CREATE TABLE t (a integer)",
            "INSERT INTO t VALUES (1)",
            &excluded,
            "ALTER INDEX x ALTER COLUMN 1 SET STATISTICS 33",
        ];
        scene.run(&live, &statements).await?;
        let built = scene.server.bulk().beside(&live, "token");
        scene.server.bulk().load(&built, scene.dump(&live).await?, advance()).await?;
        let sql = "SELECT s.spcname::text FROM pg_database d JOIN pg_tablespace s ON s.oid = d.dattablespace
                   WHERE d.datname = current_database()";
        ensure!(scene.rows(&built, sql).await? == [name], "the files lie elsewhere");
        same(&scene.content(&live).await?, &scene.content(&built).await?)?;
        // Without a database whose place it takes, what an index says is kept by itself.
        let usual = scene.place("usual");
        scene.server.create(&usual).await?;
        scene.run(&usual, &statements).await?;
        let loaded = scene.load(&scene.dump(&usual).await?, "loaded").await?;
        same(&scene.content(&usual).await?, &scene.content(&loaded).await?)?;
        let sql = "SELECT s.spcname::text, a.attstattarget::int FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace
                   JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relname = 'x'";
        ensure!(scene.rows(&loaded, sql).await? == [format!("{name}|33")], "the index is another");
        scene.server.remove(&usual).await?;
        Ok(())
    }

    pub(super) async fn rights_of_every_kind(scene: &Scene) -> Result<()> {
        let (first, second) = (scene.role("first", "").await?, scene.role("second", "").await?);
        let statements = [
            "CREATE AGGREGATE middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
                 FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA = true)",
            "REVOKE EXECUTE ON FUNCTION middle(float8, anyelement) FROM PUBLIC",
            "REVOKE USAGE ON TYPE int4 FROM PUBLIC",
            "CREATE SCHEMA z_closed",
            "CREATE FUNCTION z_closed.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION a_open() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            &format!("GRANT USAGE ON SCHEMA z_closed TO {first}"),
            &format!("GRANT EXECUTE ON FUNCTION z_closed.f() TO {first} WITH GRANT OPTION"),
        ];
        let live = scene.database("live", &statements).await?;
        let mut session = scene.write(&live).await?;
        for sql in [format!("SET ROLE {first}"), format!("GRANT EXECUTE ON FUNCTION z_closed.f() TO {second}")] {
            session.execute(&sql, &[]).await?;
        }
        session.close().await?;
        scene.round_trip(&live).await?;
        Ok(())
    }

    pub(super) async fn the_schema_public_made_again(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]).await?;
        scene.run(&live, &["CREATE TABLE t (a integer)"]).await?;
        let loaded = scene.round_trip(&live).await?;
        let sql = "SELECT COALESCE(nspacl, acldefault('n', nspowner))::text, nspowner::regrole::text,
                     COALESCE(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = 'public'";
        let (before, after) = (scene.rows(&live, sql).await?, scene.rows(&loaded, sql).await?);
        ensure!(before == after, "{before:?} became {after:?}");
        // With the rights that it has from the beginning.
        let live = scene.database("usual", &["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]).await?;
        scene
            .run(&live, &["ALTER SCHEMA public OWNER TO pg_database_owner", "GRANT USAGE ON SCHEMA public TO PUBLIC"])
            .await?;
        let loaded = scene.load(&scene.dump(&live).await?, "usual_loaded").await?;
        same(&scene.content(&live).await?, &scene.content(&loaded).await?)?;
        let (before, after) = (scene.rows(&live, sql).await?, scene.rows(&loaded, sql).await?);
        ensure!(before == after, "{before:?} became {after:?}");
        Ok(())
    }

    pub(super) async fn the_schema_public_under_another_name(scene: &Scene) -> Result<()> {
        let statements =
            ["CREATE TABLE t (a integer)", "INSERT INTO t VALUES (1)", "ALTER SCHEMA public RENAME TO app"];
        let live = scene.database("live", &statements).await?;
        let loaded = scene.round_trip(&live).await?;
        let sql = "SELECT COALESCE(nspacl, acldefault('n', nspowner))::text, nspowner::regrole::text,
                     COALESCE(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = 'app'";
        let (before, after) = (scene.rows(&live, sql).await?, scene.rows(&loaded, sql).await?);
        ensure!(before == after, "{before:?} became {after:?}");
        Ok(())
    }

    pub(super) async fn policies_for_roles_that_are_not_there(scene: &Scene) -> Result<()> {
        let role = scene.role("gone", "").await?;
        let statements = [
            "CREATE TABLE t (a integer)",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            &format!("CREATE POLICY \"own rows\" ON t TO {role} USING (a > 0)"),
        ];
        let live = scene.database("live", &statements).await?;
        let memory = scene.dump(&live).await?;
        let schema = scene.content(&live).await?.schema;
        ensure!(schema.clone().without_roles().roles == [role.clone()], "the policy stays, and its role is forgotten");
        let others = scene
            .database(
                "others",
                &[&format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT SELECT ON TABLES TO PUBLIC")],
            )
            .await?;
        let of_defaults = scene.dump(&others).await?;
        let undo = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role} REVOKE SELECT ON TABLES FROM PUBLIC");
        scene.run(&others, &[&undo]).await?;
        scene.run(&live, &["DROP POLICY \"own rows\" ON t"]).await?;
        scene.run(&maintenance(), &[&format!("ALTER ROLE {role} RENAME TO {role}_off")]).await?;
        let mut refused = Vec::new();
        for (name, dump) in [("loaded", memory), ("defaults", of_defaults)] {
            let place = scene.place(name);
            refused.push(scene.server.bulk().load(&place, dump, advance()).await.err());
            ensure!(!scene.server.exists(&place).await?, "a database was made");
        }
        scene.run(&maintenance(), &[&format!("ALTER ROLE {role}_off RENAME TO {role}")]).await?;
        for error in refused {
            let error = error.context("the role is not there")?;
            ensure!(error.class == ErrorClass::Refused && error.message.contains(&role), "{error:?}");
        }
        Ok(())
    }

    pub(super) async fn owners_whom_the_role_may_not_become(scene: &Scene) -> Result<()> {
        let (builder, owner) = (scene.role("builder", "CREATEDB").await?, scene.role("owner", "").await?);
        let given = format!("GRANT CREATE, USAGE ON SCHEMA own TO {owner}");
        let owned = format!("ALTER TABLE own.t OWNER TO {owner}");
        let live =
            scene.database("live", &["CREATE SCHEMA own", "CREATE TABLE own.t (a integer)", &given, &owned]).await?;
        let memory = scene.dump(&live).await?;
        let server = scene.server_as(&builder)?;
        let place = scene.place("loaded");
        let error = server.bulk().load(&place, memory.clone(), advance()).await.err().context("it may not do that")?;
        ensure!(error.class == ErrorClass::Refused && error.message.contains(&owner), "{error:?}");
        ensure!(!scene.server.exists(&place).await?, "a database was made");
        // Whoever is given something by default need not be anybody that the builder may become.
        let defaults = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {builder} GRANT SELECT ON TABLES TO {owner}");
        let giving = scene.database("giving", &["CREATE TABLE t (a integer)", &defaults]).await?;
        let given_again = scene.place("given");
        server.bulk().load(&given_again, scene.dump(&giving).await?, advance()).await?;
        same(&scene.content(&giving).await?, &scene.content(&given_again).await?)?;
        scene.run(&maintenance(), &[&format!("GRANT {owner} TO {builder}")]).await?;
        server.bulk().load(&place, memory, advance()).await?;
        let before: Content = scene.content(&live).await?;
        same(&before, &scene.content(&place).await?)?;
        Ok(())
    }
}
