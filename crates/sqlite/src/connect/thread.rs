//! Work that blocks, kept off the runtime's thread. SQLite and the file system are synchronous, and the program's runtime
//! has one thread, so everything that may wait for a disk or a lock runs on a thread of its own.

use stead_engine::{EngineError, ErrorClass};
use tokio::sync::oneshot;

/// Runs the work on a new thread and waits for its result without blocking the runtime.
pub(crate) async fn aside<T, F>(work: F) -> Result<T, EngineError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, EngineError> + Send + 'static,
{
    let (answer, result) = oneshot::channel();
    start(move || {
        let _nobody_waits = answer.send(work());
    })?;
    result.await.map_err(|_| gone())?
}

/// Starts a thread of ours.
pub(crate) fn start<F: FnOnce() + Send + 'static>(work: F) -> Result<std::thread::JoinHandle<()>, EngineError> {
    std::thread::Builder::new()
        .name("stead-sqlite".to_owned())
        .spawn(work)
        .map_err(|error| EngineError::new(ErrorClass::Interrupted, format!("cannot start a thread: {error}")))
}

/// The thread ended without an answer, which only a panic on it can cause.
pub(crate) fn gone() -> EngineError {
    EngineError::new(ErrorClass::Bug, "the thread of the SQLite session ended unexpectedly")
}
