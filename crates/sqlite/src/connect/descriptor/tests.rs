//! Descriptors against SQLite's locks, by what the kernel says of them.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::Connection;

use super::{Descriptor, Registration, connections, identity};

/// How many POSIX locks this process holds on a file. The kernel's list is read in pieces, and what other threads lock
/// meanwhile can push a line out of sight, so the largest of several looks counts.
fn locks(path: &Path) -> usize {
    (0..10).map(|_look| locks_in_sight(path)).max().unwrap_or_default()
}

fn locks_in_sight(path: &Path) -> usize {
    let inode = format!(":{} ", identity(&path.metadata().unwrap()).1);
    let own = format!(" {} ", std::process::id());
    let text = std::fs::read_to_string("/proc/locks").unwrap();
    text.lines().filter(|line| line.contains("POSIX") && line.contains(&inode) && line.contains(&own)).count()
}

fn locked(folder: &Path) -> (std::path::PathBuf, Registration, Connection) {
    let path = folder.join("a.db");
    File::create(&path).unwrap();
    let registration = Registration::new(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE a (b); BEGIN IMMEDIATE").unwrap();
    (path, registration, connection)
}

/// What the module is for: closing any other descriptor drops the lock.
#[test]
fn a_plain_file_drops_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _registration, _connection) = locked(folder.path());
    assert!(locks(&path) > 0);
    drop(File::open(&path).unwrap());
    assert_eq!(locks(&path), 0, "the kernel has become kinder; this module may go");
}

#[test]
fn a_descriptor_keeps_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let (path, registration, connection) = locked(folder.path());
    let before = locks(&path);
    for _time in 0..50 {
        let descriptor = Descriptor::open(&path).unwrap();
        let mut header = [0; 16];
        descriptor.read_exact_at(&mut header, 0).unwrap();
        assert_eq!(&header, b"SQLite format 3\0");
    }
    assert_eq!(locks(&path), before);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    let same = open.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == path)).count();
    assert!(same <= 2, "{same} descriptors of one file are open");
    assert_eq!(connections(identity(&path.metadata().unwrap())), 1);
    drop(connection);
    drop(registration);
    assert_eq!(connections(identity(&path.metadata().unwrap())), 0);
}

#[test]
fn a_replaced_file_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    std::fs::write(&path, "old").unwrap();
    let old = Descriptor::open(&path).unwrap();
    std::fs::write(folder.path().join("b"), "new").unwrap();
    std::fs::rename(folder.path().join("b"), &path).unwrap();
    let new = Descriptor::open(&path).unwrap();
    let read = |descriptor: &Descriptor| {
        let mut bytes = [0; 3];
        descriptor.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    };
    assert_eq!((&read(&old), &read(&new)), (b"old", b"new"));
}
