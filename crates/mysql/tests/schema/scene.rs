//! A server with throwaway databases, and the way there and back.

use stead_engine::{EngineError, Server as _, Session};
use stead_mysql::MysqlServer;
use stead_schema::{EngineKind, Schema, compare};
use stead_sql::{split, write};
use stead_testkit::servers::TestServer;

use crate::judge::judge;

/// A server under test.
pub(crate) struct Scene {
    pub(crate) server: MysqlServer,
    pub(crate) engine: EngineKind,
}

/// Runs a body on a server, if it is there.
pub(crate) fn run(server: TestServer, body: impl AsyncFnOnce(Scene)) {
    let Some(url) = server.url() else { return };
    let server = MysqlServer::connect_lazily(&url).unwrap();
    let engine = server.kind();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(body(Scene { server, engine }));
}

impl Scene {
    pub(crate) async fn scratch(&self) -> Box<dyn Session> {
        self.server.scratch().await.unwrap()
    }

    /// A database made by a script.
    pub(crate) async fn made(&self, script: &str) -> Box<dyn Session> {
        let mut session = self.scratch().await;
        apply(session.as_mut(), script).await.unwrap_or_else(|error| panic!("{error:?}"));
        session
    }

    /// A database made of what the writer gives.
    pub(crate) async fn written(&self, schema: &Schema) -> Box<dyn Session> {
        let mut session = self.scratch().await;
        for statement in write(schema).unwrap() {
            let done = session.execute(&statement.sql, &[]).await;
            done.unwrap_or_else(|error| panic!("{error:?}\n{}", statement.sql));
        }
        session
    }

    /// Holds a database against one that is written from its inspection.
    pub(crate) async fn comes_back(&self, session: &mut dyn Session, name: &str) -> Schema {
        let schema = session.inspect().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut again = self.written(&schema).await;
        let inspected = again.inspect().await.unwrap_or_else(|error| panic!("{name}, written: {error}"));
        assert_eq!(compare(&inspected, &schema), [], "{name}");
        let (expected, found) = (judge(session).await, judge(again.as_mut()).await);
        assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{name}");
        for (object, text) in &expected {
            assert_eq!(&found[object], text, "{name}: {object}");
        }
        again.close().await.unwrap();
        schema
    }
}

/// Runs a script as a client would.
pub(crate) async fn apply(session: &mut dyn Session, script: &str) -> Result<(), EngineError> {
    for statement in split(script, session.kind()).unwrap() {
        session.execute(&statement.text, &[]).await.map_err(|error| error.context(&statement.text))?;
    }
    Ok(())
}
