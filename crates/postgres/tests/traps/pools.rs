//! A pool of connections between us and the server. PgBouncer is not installed for these tests, since its package starts it as a
//! service; where it is there, the tests run it themselves.

use crate::scene::traps;

traps! {
    a_pool_that_gives_sessions_away_is_refused
    a_pool_that_keeps_sessions_is_as_good_as_the_server
}

/// A running pool. It goes with the value.
struct Pool {
    process: std::process::Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _gone_already = self.process.wait();
    }
}

mod cases {
    use std::fs;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use anyhow::{Context as _, Result, ensure};
    use stead_engine::{Access, EngineError, ErrorClass, Holder, LockRequest, Place, Server as _};
    use stead_postgres::PostgresServer;

    use super::Pool;
    use crate::scene::{Scene, maintenance};

    /// Where packages put the program, which is not in everybody's path.
    const PROGRAMS: [&str; 3] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
    const LATE: Duration = Duration::from_secs(10);

    /// Starts a pool before the scene's server; `None` after a skip was reported.
    fn start(scene: &Scene, mode: &str) -> Result<Option<Pool>> {
        let Some(program) = PROGRAMS.into_iter().find(|program| Path::new(program).exists()) else {
            stead_testkit::skip::skip("pgbouncer", &format!("there is no {}", PROGRAMS.join(", ")));
            return Ok(None);
        };
        let (login, address) = scene.url.rsplit_once('@').context("the URL of a test server has a login")?;
        let (user, password) =
            login.split_once("://").and_then(|(_, login)| login.split_once(':')).context("a login")?;
        let (host, port) = address.trim_end_matches('/').split_once(':').context("the server has a port")?;
        let own = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let settings = folder.path().join("pool.ini");
        fs::write(
            &settings,
            format!(
                "[databases]\n* = host={host} port={port} user={user} password={password}\n\n[pgbouncer]\n\
                 listen_addr = 127.0.0.1\nlisten_port = {own}\nauth_type = any\npool_mode = {mode}\nunix_socket_dir =\n"
            ),
        )?;
        let mut command = Command::new(program);
        // It does not run as root, and asks nobody else to be there. As anybody else it may not change who it is.
        if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            command.args(["-u", "nobody"]);
        }
        command.arg("-q").arg(&settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let pool =
            Pool { process: command.spawn()?, url: format!("postgres://{user}@127.0.0.1:{own}"), _folder: folder };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", own)).is_err() {
            ensure!(began.elapsed() < LATE, "the pool does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(pool))
    }

    fn nobody(_holder: Option<&Holder>) {}

    async fn lock(server: &PostgresServer, place: &Place) -> Result<Box<dyn stead_engine::Lock>, EngineError> {
        let word = str::to_owned;
        let (host, user, command) = (word("here"), word("ann"), word("stead"));
        let holder = Holder { process: 4711, host, user, command, since: word("2026-01-01T00:00:00Z") };
        let mut on_wait: fn(Option<&Holder>) = nobody;
        server.lock(place, LockRequest { holder, timeout: Duration::from_secs(5), on_wait: &mut on_wait }).await
    }

    /// What a session sets there would be found by an application that is given the session next.
    pub(super) async fn a_pool_that_gives_sessions_away_is_refused(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["CREATE TABLE t (a integer)"]).await?;
        for mode in ["transaction", "statement"] {
            let Some(pool) = start(scene, mode)? else { return Ok(()) };
            let server = PostgresServer::connect_lazily(&pool.url)?;
            let refused = [
                server.version().await.err(),
                server.exists(&live).await.err(),
                server.open(&live, Access::Read).await.err(),
                server.open(&live, Access::Write).await.err(),
                server.scratch().await.err(),
                server.bulk().view(std::slice::from_ref(&live)).await.err(),
                lock(&server, &live).await.err(),
            ];
            for error in refused {
                let error = error.with_context(|| format!("a pool of {mode}s was taken"))?;
                ensure!(error.class == ErrorClass::Refused && error.message.contains("is a pool"), "{error:?}");
            }
            let sql = format!(
                "SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database WHERE datname = '{live}'"
            );
            ensure!(scene.rows(&maintenance(), &sql).await? == ["0"], "a lock stayed");
        }
        Ok(())
    }

    pub(super) async fn a_pool_that_keeps_sessions_is_as_good_as_the_server(scene: &Scene) -> Result<()> {
        let live = scene.database("live", &["CREATE TABLE t (a integer)"]).await?;
        let Some(pool) = start(scene, "session")? else { return Ok(()) };
        let server = PostgresServer::connect_lazily(&pool.url)?;
        for _again in 0..3 {
            let held = lock(&server, &live).await?;
            held.still_held().await?;
            let mut session = server.open(&live, Access::Read).await?;
            ensure!(session.execute("INSERT INTO t VALUES (1)", &[]).await.is_err(), "a session to read wrote");
            session.close().await?;
            let mut session = server.open(&live, Access::Write).await?;
            session.execute("INSERT INTO t VALUES (1)", &[]).await?;
            session.close().await?;
            drop(held);
        }
        server.scratch().await?.close().await?;
        // Whoever waits for a second session says what it waits for, and not for ever.
        let lonely = start(scene, "session\ndefault_pool_size = 1")?.context("the other pool is there")?;
        let narrow = PostgresServer::connect_lazily(&format!("{}/?connect_timeout=1", lonely.url))?;
        let error = narrow.version().await.err().context("one session is enough")?;
        ensure!(error.class == ErrorClass::Unreachable && error.message.contains("no second session"), "{error:?}");
        // The pool takes no options, and says so in its own words and code.
        let choosy = PostgresServer::connect_lazily(&format!("{}/?options=-cwork_mem%3D1MB", pool.url))?;
        if let Err(error) = choosy.version().await {
            ensure!(error.class == ErrorClass::Refused, "{error:?}");
        }
        Ok(())
    }
}
