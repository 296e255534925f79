//! Looking for words in an index, and the rest of what can be asked of one. Nothing here changes an index.

use serde::Serialize;
use stead_engine::search::{SearchRequest, SearchResult};
use stead_engine::{ErrorClass, SearchEngine};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// Looks for words in the index that answers.
///
/// # Errors
///
/// `index-absent` if none was built yet.
pub async fn search(environment: &Environment, name: &str, request: &SearchRequest) -> Result<SearchResult> {
    let engine = environment.search_engine(name)?;
    if engine.current(name).await?.is_none() {
        return Err(absent(engine.as_ref(), name).await);
    }
    Ok(engine.search(name, request).await?)
}

/// What `index verify` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The name in the project.
    pub name: String,
    /// Documents that can be read.
    pub documents: u64,
    /// Documents that the build counted.
    pub built: u64,
}

/// Reads the whole index that answers and checks its files against their checksums.
///
/// # Errors
///
/// What is damaged, or a count that differs from the one at the build.
pub async fn verify(environment: &Environment, name: &str) -> Result<Verified> {
    let engine = environment.search_engine(name)?;
    let Some(built) = engine.current(name).await? else { return Err(absent(engine.as_ref(), name).await) };
    let documents = engine.verify(name).await?;
    if documents != built.documents {
        let message = format!("index `{name}` holds {documents} documents, {} were built", built.documents);
        return Err(Error::new(Kind::Difference, "index-count-differs", message)
            .hint(format!("`stead index build {name}` builds it anew")));
    }
    Ok(Verified { name: name.to_owned(), documents, built: built.documents })
}

/// Why nothing answers: there is no index, or what stands in its place is damaged.
async fn absent(engine: &dyn SearchEngine, name: &str) -> Error {
    match engine.verify(name).await {
        Err(error) if error.class == ErrorClass::Unreachable => error.into(),
        _ => Error::failed("index-absent", format!("index `{name}` was not built yet"))
            .hint(format!("`stead index build {name}` builds it")),
    }
}
