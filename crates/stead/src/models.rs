//! What apps want their databases to look like: `models/*.sql`, read, hashed, and run on a scratch database to learn what
//! they say. Nothing here interprets the SQL; what it makes is what the engine then shows.

use std::path::{Path, PathBuf};

use stead_engine::{Server, Session};
use stead_schema::{EngineKind, Schema};
use stead_sql::split::split;

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::{files, seed};

/// The models of one app.
pub(crate) struct Models {
    pub(crate) app: String,
    pub(crate) files: Vec<(PathBuf, String)>,
    pub(crate) hash: String,
}

/// Reads `models/*.sql`; a file that names other engines, as `x.mysql.sql` or `x.mysql.mariadb.sql` do, is left out.
pub(crate) fn read(environment: &Environment, app: &str, kind: EngineKind) -> Result<Models> {
    let folder = environment.project.apps[app].path.join("models");
    let mut files = Vec::new();
    let mut hasher = blake3::Hasher::new();
    for path in files::entries(&folder)? {
        if !files::is_content(&path) || !is_model(&path, kind) {
            continue;
        }
        let text = files::read_text(&path)?;
        hasher.update(stead_revision::file::checksum(&text).as_bytes());
        files.push((path, text));
    }
    Ok(Models { app: app.to_owned(), files, hash: hasher.finalize().to_hex().to_string() })
}

fn is_model(path: &Path, kind: EngineKind) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(stem) = name.strip_suffix(".sql") else { return false };
    let endings = stem.split_once('.').map_or("", |(_, endings)| endings);
    let named: Vec<EngineKind> = endings.rsplit('.').map_while(|word| word.parse().ok()).collect();
    named.is_empty() || named.contains(&kind)
}

/// The schema that the models describe, learned by running them on a scratch database.
pub(crate) async fn run(server: &dyn Server, models: &[Models]) -> Result<Schema> {
    let mut session = server.scratch().await?;
    for (path, text) in models.iter().flat_map(|models| &models.files) {
        run_file(session.as_mut(), path, text).await?;
    }
    let schema = session.inspect().await?;
    session.close().await?;
    Ok(schema)
}

/// Runs one file of statements; an error points at the statement.
pub(crate) async fn run_file(session: &mut dyn Session, path: &Path, text: &str) -> Result<()> {
    let statements = split(text, session.kind()).map_err(|error| {
        Error::usage(error.code(), format!("`{}`: {error}", path.display())).with_hints(error.hints())
    })?;
    for statement in &statements {
        if let Err(error) = session.execute(&statement.text, &[]).await {
            let error = seed::sql::located(error, path, text, statement);
            return Err(Error { kind: Kind::Usage, ..error });
        }
    }
    // What one file sets for its session is no business of the next.
    Ok(session.restore_settings().await?)
}

#[cfg(test)]
mod tests;
