//! Settings that a role or a database may have, and that would change what is written or cut it off.

use crate::scene::traps;

traps! {
    trap_p06_settings_that_change_spellings
    trap_p07_time_limits
    trap_p39_encodings_and_locales
}

mod cases {
    use std::time::Duration;

    use anyhow::{Result, ensure};
    use stead_engine::{Server as _, TransactionKind};

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
        ensure!(
            scene.dump(&live).await?.streams() == scene.dump(&plain).await?.streams(),
            "a setting shows in the dump"
        );
        let values = "SELECT a, b, c, d, f FROM public.t";
        ensure!(scene.rows(&live, values).await? == scene.rows(&plain, values).await?, "a setting shows in a query");
        let loaded = scene.load(&scene.dump(&live).await?, "loaded").await?;
        ensure!(scene.rows(&loaded, values).await? == scene.rows(&plain, values).await?, "a setting shows in the rows");
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
}
