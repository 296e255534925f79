//! Kept copies: trusted only while they are what was kept, never sharing a file with what they were made from, and never
//! more than the limit.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::{bytes, catalog, name, publish};
use stead_snapshot::storage::{FileSystem, RealFileSystem};
use stead_snapshot::{Kept, Shelf, Snapshot, copy_file};

const SIZE: usize = 3_000_000;

struct Bench {
    folder: tempfile::TempDir,
    kept: Arc<Kept>,
}

impl Bench {
    fn new(limit: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = Arc::new(Kept::new(folder.path().join("kept"), limit, Arc::new(RealFileSystem::default())));
        Self { folder, kept }
    }

    fn snapshot(&self, text: &str, seed: u64) -> Snapshot {
        publish(&Shelf::new(self.folder.path().join("backups")), text, &bytes(SIZE, seed))
    }

    fn loaded(&self, seed: u64) -> PathBuf {
        let path = self.folder.path().join("loaded.db");
        fs::write(&path, bytes(SIZE, seed)).unwrap();
        path
    }

    fn keep(&self, text: &str, seed: u64) -> Snapshot {
        let snapshot = self.snapshot(text, seed);
        self.kept.keep(&snapshot, &catalog(), "pages", &self.loaded(seed)).unwrap();
        snapshot
    }

    fn find(&self, snapshot: &Snapshot) -> Option<PathBuf> {
        self.kept.find(snapshot, &catalog(), "pages")
    }

    /// An empty file, as whoever builds a database makes one.
    fn empty(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, "").unwrap();
        path
    }

    fn put(&self, snapshot: &Snapshot, to: &Path) -> bool {
        snapshot.source(&catalog(), Some(self.kept.clone())).unwrap().put_kept("pages", to).unwrap()
    }

    fn files(&self) -> usize {
        fs::read_dir(self.folder.path().join("kept")).map_or(0, Iterator::count)
    }
}

#[test]
fn a_kept_copy_is_found_and_equal() {
    let bench = Bench::new(1 << 30);
    let snapshot = bench.keep("b", 1);
    let path = bench.find(&snapshot).unwrap();
    assert!(fs::read(path).unwrap() == bytes(SIZE, 1));
    let target = bench.empty("target");
    let put = snapshot.source(&catalog(), None).unwrap().put_kept("pages", &target).unwrap();
    assert!(!put && fs::read(target).unwrap().is_empty(), "nobody asked for copies");
    let again = Shelf::new(bench.folder.path().join("backups")).open(&name("b")).unwrap();
    assert!(bench.find(&again).is_some());
}

#[test]
fn a_copy_belongs_to_one_snapshot() {
    let bench = Bench::new(1 << 30);
    bench.keep("b", 1);
    assert!(bench.find(&bench.snapshot("c", 1)).is_none(), "another dump of the same bytes is another snapshot");
    assert!(bench.find(&bench.snapshot("b", 2)).is_none(), "the name alone says nothing");
}

#[test]
fn trap_f03_a_kept_copy_shares_no_file() {
    let bench = Bench::new(1 << 30);
    let snapshot = bench.keep("b", 1);
    let (loaded, kept) = (bench.folder.path().join("loaded.db"), bench.find(&snapshot).unwrap());
    assert_ne!(fs::metadata(&loaded).unwrap().ino(), fs::metadata(&kept).unwrap().ino());
    assert_eq!(fs::metadata(&kept).unwrap().nlink(), 1);
    // The application goes on writing into its own file, in place.
    let mut file = fs::OpenOptions::new().append(true).open(&loaded).unwrap();
    std::io::Write::write_all(&mut file, b"more").unwrap();
    assert!(fs::read(bench.find(&snapshot).unwrap()).unwrap() == bytes(SIZE, 1));
}

#[test]
fn a_copy_that_was_changed_is_not_trusted_and_goes() {
    let changes: [fn(&Path); 4] = [
        |path| fs::write(path, b"short").unwrap(),
        |path| {
            // The length and the time of change stay.
            let time = fs::metadata(path).unwrap().modified().unwrap();
            let mut bytes = fs::read(path).unwrap();
            bytes[SIZE / 2] ^= 1;
            fs::write(path, bytes).unwrap();
            fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        },
        |path| fs::File::options().write(true).open(path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ];
    for change in changes {
        let bench = Bench::new(1 << 30);
        let snapshot = bench.keep("b", 1);
        change(&bench.find(&snapshot).unwrap());
        assert!(bench.find(&snapshot).is_none());
        assert_eq!(bench.files(), 0);
    }
}

#[test]
fn what_is_not_the_stream_is_not_kept() {
    let bench = Bench::new(1 << 30);
    let snapshot = bench.snapshot("b", 1);
    let other = bench.loaded(2);
    assert_eq!(bench.kept.keep(&snapshot, &catalog(), "pages", &other).unwrap_err().code(), "snapshot-frame");
    fs::write(&other, b"short").unwrap();
    assert_eq!(bench.kept.keep(&snapshot, &catalog(), "pages", &other).unwrap_err().code(), "snapshot-size");
    assert!(bench.find(&snapshot).is_none());
    assert_eq!(bench.files(), 0);
}

#[test]
fn the_least_recently_used_go_first() {
    let bench = Bench::new(2 * SIZE as u64 + 10);
    let (one, two) = (bench.keep("one", 1), bench.keep("two", 2));
    assert!(bench.find(&one).is_some());
    fs::write(bench.folder.path().join("kept/.left.copying"), "by a killed process").unwrap();
    let three = bench.keep("three", 3);
    assert!(bench.find(&one).is_some() && bench.find(&two).is_none() && bench.find(&three).is_some());
    assert_eq!(bench.files(), 4);
    let small = Bench::new(10);
    let snapshot = small.keep("b", 1);
    assert!(small.find(&snapshot).is_none(), "larger than the limit");
    bench.kept.clear().unwrap();
    assert!(bench.find(&one).is_none());
}

/// Says that blocks can be shared, wherever.
struct Boaster;

impl FileSystem for Boaster {
    fn reflink(&self, _folder: &Path) -> std::io::Result<bool> {
        Ok(true)
    }
    fn case_insensitive(&self, _folder: &Path) -> std::io::Result<bool> {
        Ok(false)
    }
    fn network(&self, _folder: &Path) -> std::io::Result<bool> {
        Ok(false)
    }
    fn free_bytes(&self, _folder: &Path) -> std::io::Result<u64> {
        Ok(u64::MAX)
    }
}

#[test]
fn trap_f04_sharing_is_tried_once_and_a_copy_is_whole_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, bytes(SIZE, 1)).unwrap();
    copy_file(&from, &to, &Boaster).unwrap();
    assert!(fs::read(&to).unwrap() == bytes(SIZE, 1));
    assert_eq!(copy_file(&from, &to, &Boaster).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    // A file is no folder to try anything in, so only an answer from memory can come back.
    let probe = RealFileSystem::default();
    assert!(probe.reflink(&from).is_err());
    let learned = probe.reflink(folder.path()).unwrap();
    assert_eq!(probe.reflink(&from).unwrap(), learned);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the attempt leaves nothing");
    let mut start = [0; 4];
    fs::File::open(&from).unwrap().read_exact(&mut start).unwrap();
    assert_eq!(start, bytes(4, 1)[..]);
}

#[test]
fn a_kept_copy_becomes_the_file_and_is_made_again() {
    let bench = Bench::new(1 << 30);
    let snapshot = bench.keep("b", 1);
    let kept = fs::metadata(bench.find(&snapshot).unwrap()).unwrap().ino();
    for round in 0..3 {
        let to = bench.empty(&format!("target{round}"));
        fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        assert!(bench.put(&snapshot, &to));
        assert!(fs::read(&to).unwrap() == bytes(SIZE, 1));
        assert_eq!(fs::metadata(&to).unwrap().mode() & 0o777, 0o600, "the mode is the caller's");
        assert!(round > 0 || fs::metadata(&to).unwrap().ino() == kept, "it was copied");
        bench.kept.settle().unwrap();
        fs::write(&to, "the application goes on").unwrap();
    }
    assert_eq!(bench.files(), 2);
    assert!(fs::read(bench.find(&snapshot).unwrap()).unwrap() == bytes(SIZE, 1));
}

#[test]
fn a_copy_that_was_not_made_again_is_missing() {
    let bench = Bench::new(1 << 30);
    let snapshot = bench.keep("b", 1);
    let to = bench.empty("target");
    let hasty = Arc::new(Kept::new(bench.folder.path().join("kept"), 1 << 30, Arc::new(RealFileSystem::default())));
    assert!(hasty.put(&snapshot, &catalog(), "pages", &to).unwrap());
    // The load failed before it came to settling.
    drop(hasty);
    assert_eq!(bench.files(), 0);
    assert!(!bench.put(&snapshot, &bench.empty("other")));
}

#[test]
fn a_damaged_copy_is_not_handed_over() {
    let bench = Bench::new(1 << 30);
    let snapshot = bench.keep("b", 1);
    let path = bench.find(&snapshot).unwrap();
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let mut content = fs::read(&path).unwrap();
    content[SIZE - 1] ^= 1;
    fs::write(&path, content).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let to = bench.empty("target");
    assert!(!bench.put(&snapshot, &to));
    assert!(fs::read(&to).unwrap().is_empty());
    assert_eq!(bench.files(), 0);
}

#[test]
fn a_copy_with_a_second_name_is_copied() {
    let bench = Bench::new(1 << 30);
    let snapshot = bench.keep("b", 1);
    let kept = bench.find(&snapshot).unwrap();
    fs::hard_link(&kept, bench.folder.path().join("second")).unwrap();
    let to = bench.empty("target");
    assert!(bench.put(&snapshot, &to));
    assert!(fs::read(&to).unwrap() == bytes(SIZE, 1));
    assert_eq!(fs::metadata(&kept).unwrap().nlink(), 2, "it stays where it is");
}
