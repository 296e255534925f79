//! A row of the table and its runner. The exit code and the message are the row's own; that the whole tree is as before
//! is asserted for every row, because an error that has changed something is two errors.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::normal::normal;
use crate::scene::Scene;

/// What the case begins with.
#[derive(Clone, Copy)]
pub(crate) enum Start {
    /// An empty folder.
    Empty,
    /// The small project, nothing initialised yet.
    Project,
    /// The small project after `init`.
    Ready,
}

/// A row of the table.
pub(crate) struct Case {
    /// What is wrong.
    pub(crate) name: &'static str,
    /// What it begins with.
    pub(crate) start: Start,
    /// Spoils something.
    pub(crate) prepare: fn(&mut Scene),
    /// The command.
    pub(crate) command: &'static [&'static str],
    /// How it must end.
    pub(crate) exit: i32,
    /// Compares what it says with a snapshot.
    pub(crate) says: fn(&str),
}

/// Cases that run at the same time: they wait for the disk and for programs more than they compute.
const WORKERS: usize = 4;

/// Runs every case and names all that fail, not just the first.
pub(crate) fn run(cases: &[Case]) {
    let all: Vec<&Case> = cases.iter().collect();
    let failed = side_by_side(&all, |case| catch_unwind(AssertUnwindSafe(|| case.run())).is_err());
    let failed: Vec<&str> = failed.into_iter().map(|case| case.name).collect();
    assert!(failed.is_empty(), "{} of {} cases failed: {}", failed.len(), cases.len(), failed.join(", "));
}

/// The things of which that is true; several are looked at at the same time.
pub(crate) fn side_by_side<'a, T: Sync>(things: &[&'a T], is_true: impl Fn(&'a T) -> bool + Sync) -> Vec<&'a T> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        while let Some(thing) = things.get(next.fetch_add(1, Ordering::SeqCst)) {
            if is_true(thing) {
                found.lock().expect("no thread panics while it holds the list").push(*thing);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    found.into_inner().expect("no thread panics while it holds the list")
}

impl Case {
    fn run(&self) {
        let mut scene = Scene::new(self.start);
        (self.prepare)(&mut scene);
        if let Some((key, reason)) = &scene.skipped {
            stead_testkit::skip::skip_named(key, &format!("bad_input::{}", self.name), reason);
            return;
        }
        let before = scene.tree(".");
        scene.begin();
        let ended = scene.ends(self.command);
        let after = scene.tree(".");
        let (out, err) = (&ended.out, &ended.err);
        assert_eq!(ended.code, self.exit, "case `{}`: {:?}\n--- out\n{out}\n--- err\n{err}", self.name, self.command);
        let changed = differences(&before, &after);
        assert!(changed.is_empty(), "case `{}` changed {changed:#?}\n--- err\n{err}", self.name);
        (self.says)(&normal(out, err, &scene.path("")));
    }
}

/// What differs between two looks at the project. Lock files are there to be written, and the empty folders that stead
/// keeps its state in are no content.
pub(crate) fn differences(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, content) in before {
        match after.get(path) {
            None => found.push(format!("{path} is gone")),
            Some(now) if now != content && !is_lock(path) => found.push(format!("{path} is another")),
            Some(_) => {}
        }
    }
    for (path, content) in after.iter().filter(|(path, _)| !before.contains_key(*path)) {
        let own_folder = content == "folder" && is_state_folder(path);
        if !is_lock(path) && !own_folder && !is_kept_copy(path) {
            found.push(format!("{path} is new"));
        }
    }
    found
}

fn is_lock(path: &str) -> bool {
    path.ends_with("/lock") || path.ends_with(".stead-lock")
}

/// Unpacked parts of a snapshot, kept so that the next load of it is quick; each was proved before it got its name.
fn is_kept_copy(path: &str) -> bool {
    path.starts_with(".stead/development/kept/")
}

fn is_state_folder(path: &str) -> bool {
    let folders = [
        ".stead",
        ".stead/development",
        ".stead/development/indexes",
        ".stead/development/undo",
        ".stead/development/kept",
        "backups",
    ];
    folders.contains(&path)
}
