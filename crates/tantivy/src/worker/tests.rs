//! A worker outlives panics, waits for nobody, and answers on its own thread.

use stead_engine::{EngineError, ErrorClass};

use super::Worker;

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_panic_is_an_error_and_the_next_closure_runs() {
    let worker = Worker::start("test", 1);
    let error = wait(worker.run(|_| -> Result<(), EngineError> { panic!("broken {}", 7) })).unwrap_err();
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::Bug, "the search engine failed: broken 7"));
    let seen = wait(worker.run(|state: &mut i32| {
        *state += 1;
        Ok((*state, std::thread::current().name().map(str::to_owned)))
    }));
    assert_eq!(seen.unwrap(), (2, Some("test".to_owned())));
}

#[test]
fn a_retired_worker_takes_no_more_and_ends() {
    let mut worker = Worker::start("test", ());
    worker.retire().unwrap().join().unwrap();
    assert!(wait(worker.run(|()| Ok(()))).is_err());
}

#[test]
fn a_blocked_worker_does_not_block_the_runtime() {
    let worker = Worker::start("test", ());
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    wait(async {
        let first = worker.run(move |()| {
            blocked.recv().unwrap();
            Ok(())
        });
        let other = async { release.send(()).unwrap() };
        let (done, ()) = tokio::join!(first, other);
        done.unwrap();
    });
}
