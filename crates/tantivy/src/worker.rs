//! A thread that owns a piece of state and runs closures on it, one after the other. Tantivy and the file system block,
//! and an async runtime must not: callers hand over a closure and wait for its answer without holding their thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::JoinHandle;

use stead_engine::{EngineError, ErrorClass};
use tokio::sync::oneshot;

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// The thread's handle. The thread ends when it is dropped and the closures at hand are done.
pub(crate) struct Worker<S> {
    jobs: Result<mpsc::Sender<Job<S>>, String>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Send + 'static> Worker<S> {
    /// Starts a thread with that name. If the system gives us none, every closure fails and says so.
    pub(crate) fn start(name: &str, mut state: S) -> Self {
        let (sender, jobs) = mpsc::channel::<Job<S>>();
        let run = move || jobs.into_iter().for_each(|job| job(&mut state));
        match std::thread::Builder::new().name(name.to_owned()).spawn(run) {
            Ok(thread) => Self { jobs: Ok(sender), thread: Some(thread) },
            Err(error) => Self { jobs: Err(error.to_string()), thread: None },
        }
    }

    /// Runs a closure on the state. A panic in it is an error of the class `bug`; the state stays as it was left.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&mut S) -> Result<T, EngineError> + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        let job = move |state: &mut S| {
            let result = catch_unwind(AssertUnwindSafe(|| work(state)));
            // Nobody waits any more if the caller's future was dropped; that is its right.
            let _unheard = answer.send(result.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))));
        };
        let jobs = self.jobs.as_ref().map_err(|reason| no_thread(reason))?;
        jobs.send(Box::new(job)).map_err(|_gone| ended())?;
        waiting.await.map_err(|_gone| ended())?
    }

    /// Lets the thread end, and hands it over to whoever has to wait for that.
    pub(crate) fn retire(&mut self) -> Option<JoinHandle<()>> {
        self.jobs = Err("the work has ended".to_owned());
        self.thread.take()
    }
}

fn no_thread(reason: &str) -> EngineError {
    EngineError::new(ErrorClass::Interrupted, format!("the search engine has no thread to work on: {reason}"))
}

fn ended() -> EngineError {
    EngineError::new(ErrorClass::Bug, "the search engine's thread has ended")
}

fn panicked(panic: &(dyn Any + Send)) -> EngineError {
    EngineError::new(ErrorClass::Bug, format!("the search engine failed: {}", panic_text(panic)))
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}

#[cfg(test)]
mod tests;
