//! Names, kept copies and holes; what copies and swaps promise is in the conformance suite and among the traps.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use stead_engine::{Place, Server as _};
use stead_testkit::conformance::streams::{Memory, Streams, advance};

use super::{STREAM, names};
use crate::SqliteServer;

type Progress = (u64, Option<u64>);

fn place(path: &Path) -> Place {
    Place(path.display().to_string())
}

fn bytes(statements: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(statements).unwrap();
    connection.close().unwrap();
    std::fs::read(path).unwrap()
}

fn snapshot(bytes: Vec<u8>) -> Memory {
    Memory::of(Streams::from([(STREAM.to_owned(), bytes)]))
}

#[test]
fn names_say_whose_they_are() {
    let live = Path::new("/data/a.db");
    let built = names::beside(live, "to/ken");
    assert_eq!(built, Path::new("/data/.a.db.stead-new-to_ken"));
    assert_eq!(names::live_of(&built).as_deref(), Some(live));
    assert_eq!(names::live_of(Path::new("/data/a.db")), None);
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("a.db");
    let kept = names::keeping(&live, &folder.path().join("undo/1"), "token");
    let name = kept.file_name().unwrap().to_str().unwrap();
    assert!(kept.starts_with(folder.path().join("undo/1")) && name.ends_with("-a.db"), "{}", kept.display());
    let other = names::keeping(&folder.path().join("x/a.db"), &folder.path().join("undo/1"), "token");
    assert_ne!(kept, other, "two databases of one file name are kept in one place");
    let elsewhere = names::keeping(&live, Path::new("/proc/undo"), "token");
    assert_eq!(elsewhere, folder.path().join(".a.db.stead-kept-token"));
}

#[test]
fn leftovers_are_ours_and_listed_once() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("a.db");
    for name in [
        "a.db",
        "a.db-wal",
        ".a.db.stead-lock",
        ".a.db.stead-kept-1",
        ".a.db.stead-new-1",
        ".a.db.stead-new-1-journal",
        ".a.db.stead-dump-7-0",
        ".a.db.stead-new-2-wal",
        ".b.db.stead-new-3",
        "stead-new-4",
    ] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let found: Vec<String> = names::leftovers(&live)
        .unwrap()
        .into_iter()
        .map(|place| place.0.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(found, [".a.db.stead-dump-7-0", ".a.db.stead-new-1", ".a.db.stead-new-2-wal"]);
    assert!(names::leftovers(&folder.path().join("none/a.db")).unwrap().is_empty());
}

/// A kept copy is used in place of the stream, and only one that has the right length.
#[tokio::test]
async fn a_kept_copy_spares_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let server = SqliteServer::new();
    let kept = folder.path().join("kept");
    let plain = bytes("CREATE TABLE kept (a); INSERT INTO kept VALUES (1)");
    std::fs::write(&kept, &plain).unwrap();
    let unreadable = vec![7; plain.len()];
    let loaded = folder.path().join("loaded.db");
    let source = Arc::new(snapshot(unreadable).kept_at(kept.clone()));
    server.bulk().load(&place(&loaded), source, advance()).await.unwrap();
    assert_eq!(std::fs::read(&loaded).unwrap(), plain);
    assert_ne!(loaded.metadata().unwrap().ino(), kept.metadata().unwrap().ino(), "both are one file");
    let source = Arc::new(snapshot(vec![7; plain.len() * 2]).kept_at(kept));
    let other = folder.path().join("other.db");
    assert!(server.bulk().load(&place(&other), source, advance()).await.is_err());
    assert!(!other.exists());
}

#[tokio::test]
async fn progress_is_told_and_zeroes_become_holes() {
    let folder = tempfile::tempdir().unwrap();
    let server = SqliteServer::new();
    let plain = bytes("CREATE TABLE a (b); INSERT INTO a VALUES (zeroblob(8000000))");
    let length = plain.len() as u64;
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let loaded = folder.path().join("loaded.db");
    let noting = Arc::clone(&told);
    let advance: stead_engine::snapshot::Advance =
        Arc::new(move |done, total| noting.lock().unwrap().push((done, total)));
    server.bulk().load(&place(&loaded), Arc::new(snapshot(plain.clone())), Arc::clone(&advance)).await.unwrap();
    assert!(std::fs::read(&loaded).unwrap() == plain, "the loaded file differs");
    let told_loading = std::mem::take(&mut *told.lock().unwrap());
    assert!(told_loading.is_sorted() && told_loading.last() == Some(&(length, Some(length))), "{told_loading:?}");
    let mut view = server.bulk().view(&[place(&loaded)]).await.unwrap();
    view.dump(&place(&loaded), Arc::new(Memory::default()), advance).await.unwrap();
    view.close().await.unwrap();
    assert!(told.lock().unwrap().is_sorted() && told.lock().unwrap().last() == Some(&(length, Some(length))));
}

#[tokio::test]
async fn a_view_that_is_dropped_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::write(&path, bytes("CREATE TABLE a (b)")).unwrap();
    let server = SqliteServer::new();
    let mut view = server.bulk().view(&[place(&path)]).await.unwrap();
    let rows = view.session(&place(&path)).unwrap().query("SELECT count(*) FROM a", &[]).await.unwrap();
    assert_eq!(rows, [[stead_engine::Value::Integer(0)]]);
    assert!(view.session(&place(&folder.path().join("b.db"))).is_err());
    drop(view);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    connection.execute_batch("INSERT INTO a VALUES (1)").unwrap();
}
