//! The thread that all connections of this process are driven on. Sessions are used from other runtimes and dropped outside of
//! any; what must still be sent then (a cancellation, a goodbye, the removal of a scratch database) needs a place to run.

use std::cell::Cell;
use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

use stead_engine::{EngineError, ErrorClass};
use tokio::runtime::{Builder, Handle};

thread_local! {
    /// True on the driver's thread.
    static IS_DRIVER: Cell<bool> = const { Cell::new(false) };
}

fn handle() -> Result<&'static Handle, EngineError> {
    static HANDLE: OnceLock<Result<Handle, String>> = OnceLock::new();
    let started = HANDLE.get_or_init(|| start().map_err(|error| error.to_string()));
    started.as_ref().map_err(|error| {
        EngineError::new(ErrorClass::Interrupted, format!("no thread can be started for connections: {error}"))
    })
}

fn start() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let run = move || {
        IS_DRIVER.set(true);
        runtime.block_on(std::future::pending::<()>());
    };
    std::thread::Builder::new().name("stead-postgres".to_owned()).spawn(run)?;
    Ok(handle)
}

/// Runs work on the driver's thread and waits for it.
pub(crate) async fn run<F, T>(work: F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>> + Send + 'static,
    T: Send + 'static,
{
    let task = handle()?.spawn(work);
    task.await.map_err(|error| EngineError::new(ErrorClass::Bug, format!("the thread of connections: {error}")))?
}

/// Starts work on the driver's thread; it goes on whatever becomes of the caller.
pub(crate) fn start_task<F>(work: F) -> Result<tokio::task::JoinHandle<F::Output>, EngineError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Ok(handle()?.spawn(work))
}

/// Runs work on the driver's thread from code that cannot wait asynchronously, at most for the given time. Work that takes
/// longer goes on by itself, and on the driver's own thread, which would wait for itself, all of it does.
pub(crate) fn run_blocking<F>(work: F, limit: Duration)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(handle) = handle() else { return };
    let (done, waiting) = mpsc::channel();
    handle.spawn(async move {
        work.await;
        let _nobody_waits = done.send(());
    });
    if IS_DRIVER.get() {
        return;
    }
    let _too_long = waiting.recv_timeout(limit);
}
