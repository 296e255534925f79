//! Documents wait for room, large ones go alone, and dead indexing threads do not hold anybody for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tantivy::TantivyDocument;

use super::{Backlog, MOST, PATIENCE, Weighed};

fn admit(backlog: &Arc<Backlog>, weight: usize) -> Vec<Weighed> {
    backlog.admit(vec![TantivyDocument::new(), TantivyDocument::new()], weight)
}

#[test]
fn a_document_waits_until_there_is_room() {
    let backlog = Arc::new(Backlog::default());
    let first = admit(&backlog, MOST - 10);
    let small = admit(&backlog, 10);
    let released = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&released);
    let indexing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        flag.store(true, Ordering::SeqCst);
        drop(first);
    });
    let second = admit(&backlog, MOST - 10);
    assert!(released.load(Ordering::SeqCst), "it did not wait");
    indexing.join().unwrap();
    drop((small, second));
    assert_eq!(*backlog.waiting.lock().unwrap(), 0);
}

#[test]
fn a_group_weighs_until_its_last_document_is_gone() {
    let backlog = Arc::new(Backlog::default());
    let mut group = admit(&backlog, 10);
    group.pop();
    assert_eq!(*backlog.waiting.lock().unwrap(), 10);
    group.pop();
    assert_eq!(*backlog.waiting.lock().unwrap(), 0);
}

#[test]
fn a_document_larger_than_all_room_goes_alone() {
    let backlog = Arc::new(Backlog::default());
    let begin = Instant::now();
    drop(admit(&backlog, MOST * 2));
    assert!(begin.elapsed() < PATIENCE);
}

#[test]
fn nobody_waits_for_ever() {
    let backlog = Arc::new(Backlog::default());
    let _stuck = admit(&backlog, MOST);
    let _next = admit(&backlog, MOST);
}
