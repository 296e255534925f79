//! The traps of stored files: what changes, moves, hides or misleads while it is collected and restored.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use rustix::fs::{XattrFlags, setxattr};
use stead_snapshot::storage::{
    Collected, Collection, FileSystem, Names, RealFileSystem, Restoration, StorageError, collect, restore,
};
use stead_snapshot::{Draft, Part, Shelf, Snapshot, StorageRecord, Trash};
use tempfile::TempDir;

use crate::common::{fill, manifest, name, quiet};

/// A file system that tests describe.
struct Told {
    case_insensitive: bool,
    free: u64,
}

impl FileSystem for Told {
    fn reflink(&self, _folder: &Path) -> std::io::Result<bool> {
        Ok(false)
    }
    fn case_insensitive(&self, _folder: &Path) -> std::io::Result<bool> {
        Ok(self.case_insensitive)
    }
    fn network(&self, _folder: &Path) -> std::io::Result<bool> {
        Ok(false)
    }
    fn free_bytes(&self, _folder: &Path) -> std::io::Result<u64> {
        Ok(self.free)
    }
}

const ROOMY: Told = Told { case_insensitive: false, free: u64::MAX };

/// A storage with one leaf, `icons`, and a shelf.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(bench.icons()).unwrap();
        bench
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("storage")
    }

    fn icons(&self) -> PathBuf {
        self.root().join("icons")
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("restored")
    }

    fn draft(&self) -> Draft {
        Shelf::new(self.folder.path().join("backups")).begin(&name("b"), "test").unwrap()
    }

    fn collect(&self, draft: &Draft, leaves: &[&str]) -> Result<Collected, StorageError> {
        let leaves: Vec<String> = leaves.iter().map(ToString::to_string).collect();
        collect(&Collection {
            root: &self.root(),
            leaves: &leaves,
            sink: &*draft.sink(Part::Storage),
            probe: &RealFileSystem::default(),
            now: SystemTime::now(),
            advance: &quiet(),
        })
    }

    fn refusal(&self) -> StorageError {
        self.collect(&self.draft(), &["icons"]).unwrap_err()
    }

    fn publish(&self, mut draft: Draft, record: StorageRecord) -> Snapshot {
        draft.complete(manifest("2026-01-02T03:04:05Z", Some(record))).unwrap();
        Shelf::new(self.folder.path().join("backups")).publish(draft, true).unwrap()
    }

    fn dump(&self, leaves: &[&str]) -> (Snapshot, Names) {
        let draft = self.draft();
        let collected = self.collect(&draft, leaves).unwrap();
        (self.publish(draft, collected.record), collected.names)
    }

    fn restore(&self, snapshot: &Snapshot, probe: &dyn FileSystem) -> Result<(), StorageError> {
        restore(&Restoration {
            source: &*snapshot.source(&Part::Storage, None).unwrap(),
            record: snapshot.manifest().storage.as_ref().unwrap(),
            target: &self.target(),
            probe,
            advance: &quiet(),
        })
    }

    fn there_and_back(&self) {
        let (snapshot, _names) = self.dump(&["icons"]);
        snapshot.verify(&quiet()).unwrap();
        self.restore(&snapshot, &RealFileSystem::default()).unwrap();
        assert_eq!(listing(&self.target()), listing(&self.root()));
    }

    /// A snapshot whose list of files was written by somebody else.
    fn forged(&self, index: &str, contents: &[u8], record: StorageRecord) -> Snapshot {
        let draft = self.draft();
        fill(&draft, Part::Storage, "index", index.as_bytes());
        fill(&draft, Part::Storage, "contents", contents);
        self.publish(draft, record)
    }

    fn forged_refusal(&self, lines: &[String], contents: &[u8], files: u64) -> StorageError {
        let index: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let folders = lines.iter().filter(|line| line.contains("\"folder\"")).count() as u64;
        let links = lines.iter().filter(|line| line.contains("\"link\"")).count() as u64;
        let bytes = contents.len() as u64 * files;
        let leaves = vec!["icons".to_owned()];
        let record =
            StorageRecord { leaves, files, folders, links, bytes, solid_bytes: bytes, ..StorageRecord::default() };
        let snapshot = self.forged(&index, contents, record);
        snapshot.verify(&quiet()).unwrap();
        let error = self.restore(&snapshot, &ROOMY).unwrap_err();
        let left = listing(&self.target());
        assert!(left.is_empty(), "nothing was written: {left:?}");
        error
    }
}

/// Path, kind and mode, time of change, and content or target.
type Listed = (PathBuf, u32, (i64, i64), Vec<u8>);

/// Makes something at a path.
type Make = fn(&Path);

/// Everything below a folder.
fn listing(folder: &Path) -> Vec<Listed> {
    fn visit(top: &Path, folder: &Path, found: &mut Vec<Listed>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let about = path.symlink_metadata().unwrap();
            let content = match about.file_type() {
                kind if kind.is_symlink() => fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec(),
                kind if kind.is_dir() => b"folder".to_vec(),
                _ => fs::read(&path).unwrap(),
            };
            let time = (about.mtime(), about.mtime_nsec());
            found.push((path.strip_prefix(top).unwrap().to_owned(), about.mode(), time, content));
            if about.is_dir() {
                visit(top, &path, found);
            }
        }
    }
    let mut found = Vec::new();
    visit(folder, folder, &mut found);
    found.sort();
    found
}

fn folder_line(path: &str) -> String {
    format!(r#"{{"path":"{path}","kind":"folder","mode":493,"mtime":[0,0]}}"#)
}

fn file_line(path: &str, offset: u64, content: &[u8]) -> String {
    let (size, hash) = (content.len(), blake3::hash(content).to_hex());
    format!(
        r#"{{"path":"{path}","kind":"file","mode":420,"mtime":[0,0],"content":{{"offset":{offset},"size":{size},"blake3":"{hash}"}}}}"#
    )
}

fn link_line(path: &str, target: &str) -> String {
    format!(r#"{{"path":"{path}","kind":"link","mode":511,"mtime":[0,0],"target":"{target}"}}"#)
}

/// Runs `work` while another thread repeats `disturb`.
fn disturbed<R>(disturb: impl Fn() + Sync, work: impl FnOnce() -> R) -> R {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                disturb();
            }
        });
        let result = work();
        stop.store(true, Ordering::Relaxed);
        result
    })
}

#[test]
fn trap_f01_file_changes_while_copied() {
    for length in [100, 4 << 20] {
        let bench = Bench::new();
        let path = bench.icons().join("busy.bin");
        fs::write(&path, vec![7; length]).unwrap();
        fs::write(bench.icons().join("calm.bin"), b"calm").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let write = || std::os::unix::fs::FileExt::write_all_at(&file, &[9; 64], length as u64 / 2).unwrap();
        let error = disturbed(write, || bench.refusal());
        assert_eq!(error.code(), "storage-changing");
        assert_eq!(error.to_string(), "file `icons/busy.bin` changed while it was copied, three times");
    }
}

#[test]
fn trap_f01_a_file_that_settles_is_kept_whole() {
    let bench = Bench::new();
    let path = bench.icons().join("log.bin");
    let mut content = vec![1; 6 << 20];
    fs::write(&path, &content).unwrap();
    let growing = std::thread::spawn(move || {
        // It grows for a moment while the walk may be reading it, and then holds still.
        let mut file = File::options().append(true).open(&path).unwrap();
        for _part in 0..3 {
            file.write_all(&[2; 1000]).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let draft = bench.draft();
    let collected = bench.collect(&draft, &["icons"]);
    growing.join().unwrap();
    let Ok(collected) = collected else { return assert_eq!(collected.unwrap_err().code(), "storage-changing") };
    let length = usize::try_from(collected.record.bytes).unwrap();
    let snapshot = bench.publish(draft, collected.record);
    bench.restore(&snapshot, &ROOMY).unwrap();
    content.extend([2; 3000]);
    assert!(fs::read(bench.target().join("icons/log.bin")).unwrap() == content[..length], "no byte is torn or moved");
}

#[test]
fn trap_f02_a_row_without_its_file_is_found() {
    let bench = Bench::new();
    fs::create_dir(bench.icons().join("sub")).unwrap();
    for path in ["a.svg", "sub/b.svg", "deleted.svg", "back\\slash"] {
        fs::write(bench.icons().join(path), path).unwrap();
    }
    symlink("a.svg", bench.icons().join("link.svg")).unwrap();
    // The rows were seen; then the application deletes a file; then the files are walked.
    let rows = ["a.svg", "sub/b.svg", "deleted.svg", "back\\slash", "link.svg", "sub", "../a.svg"];
    let rows = || rows.iter().map(|row| format!("icons/{row}")).chain(["".to_owned(), "a.svg".to_owned()]);
    fs::remove_file(bench.icons().join("deleted.svg")).unwrap();
    let (snapshot, names) = bench.dump(&["icons"]);
    let missing = names.missing(rows());
    assert_eq!(missing.names, ["icons/deleted.svg", "icons/sub", "icons/../a.svg", "", "a.svg"]);
    let read_back = Names::read(&*snapshot.source(&Part::Storage, None).unwrap()).unwrap();
    assert_eq!(read_back.missing(rows()), missing);
    let many = names.missing((0..5000).map(|number| format!("icons/{number}")));
    assert_eq!((many.count, many.names.len()), (5000, 100));
}

#[test]
fn trap_f05_many_small_files_are_packed() {
    let bench = Bench::new();
    for number in 0..6000 {
        let folder = bench.icons().join(format!("{:02}", number % 50));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{number}.svg")), format!("<svg>{number}</svg>")).unwrap();
    }
    let (snapshot, _names) = bench.dump(&["icons"]);
    let storage = snapshot.manifest().storage.as_ref().unwrap();
    assert_eq!((storage.files, storage.folders), (6000, 51));
    assert_eq!(fs::read_dir(snapshot.folder().join("storage")).unwrap().count(), 4, "two streams of two files each");
    bench.restore(&snapshot, &RealFileSystem::default()).unwrap();
    assert_eq!(listing(&bench.target()), listing(&bench.root()));
}

#[test]
fn trap_f06_holes_stay_holes() {
    let bench = Bench::new();
    let file = File::create(bench.icons().join("sparse.bin")).unwrap();
    file.set_len(40 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"island", 20 << 20).unwrap();
    File::create(bench.icons().join("all-hole")).unwrap().set_len(10_000_001).unwrap();
    let (snapshot, _names) = bench.dump(&["icons"]);
    assert_eq!(snapshot.manifest().storage.as_ref().unwrap().solid_bytes, 4096);
    assert!(snapshot.manifest().packed_bytes < 100_000);
    bench.restore(&snapshot, &Told { case_insensitive: false, free: 5000 }).unwrap();
    assert_eq!(listing(&bench.target()), listing(&bench.root()));
    let restored = fs::metadata(bench.target().join("icons/sparse.bin")).unwrap();
    assert!(restored.blocks() * 512 <= 1 << 16, "{} blocks", restored.blocks());
}

#[test]
fn trap_f06_what_does_not_fit_is_refused_before_it_is_written() {
    let bench = Bench::new();
    fs::write(bench.icons().join("a.bin"), vec![1; 20_000]).unwrap();
    let (snapshot, _names) = bench.dump(&["icons"]);
    let error = bench.restore(&snapshot, &Told { case_insensitive: false, free: 19_999 }).unwrap_err();
    assert_eq!(error.code(), "storage-space");
    assert!(listing(&bench.target()).is_empty());
    // A list that says it needs less than it does is found out while writing.
    let lines = format!("{}\n{}\n", folder_line("icons"), file_line("icons/a.bin", 0, &[1; 20_000]));
    let leaves = vec!["icons".to_owned()];
    let record =
        StorageRecord { leaves, files: 1, folders: 1, bytes: 20_000, solid_bytes: 10, ..StorageRecord::default() };
    let snapshot = bench.forged(&lines, &[1; 20_000], record);
    let error = bench.restore(&snapshot, &Told { case_insensitive: false, free: 100 }).unwrap_err();
    assert_eq!(error.code(), "storage-damaged");
}

#[test]
fn trap_f07_every_name_that_a_folder_can_hold_is_kept() {
    let bench = Bench::new();
    let long = "l".repeat(255);
    let odd: [&[u8]; 14] = [
        b"dots...",
        b" ",
        b"con",
        b"new\nline",
        b"back\\x41slash",
        b"\\",
        b"\xff\xfe",
        b"caf\xc3\xa9",
        b"cafe\xcc\x81",
        b"\"",
        b"...",
        b"-rf",
        b"\x01",
        long.as_bytes(),
    ];
    for name in odd {
        fs::write(bench.icons().join(OsStr::from_bytes(name)), name).unwrap();
        let folder = bench.icons().join("folders").join(OsStr::from_bytes(name));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("file"), name).unwrap();
    }
    bench.there_and_back();
    let deep = (0..100).fold(bench.icons().join("deep"), |path, _level| path.join("d"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("file"), "deep").unwrap();
    fs::remove_dir_all(bench.target()).unwrap();
    bench.there_and_back();
}

#[test]
fn trap_f07_a_list_that_leads_out_is_refused() {
    let bench = Bench::new();
    let cases = [
        "../evil",
        "/etc/evil",
        "icons/../evil",
        "icons/./a",
        "icons//a",
        "icons/",
        "evil",
        "",
        "icons/a\\\\x2e/a",
        "icons/no/a",
        "icons/a\\u0000b",
        "icons/\\\\x00",
    ];
    for path in cases {
        let lines = [folder_line("icons"), file_line(path, 0, b"x")];
        let error = bench.forged_refusal(&lines, b"x", 1);
        assert_eq!(error.code(), "storage-damaged", "{path}: {error}");
        assert!(error.to_string().starts_with("line 2 of"), "{path}: {error}");
    }
    let long = "x".repeat(256);
    let odd = [
        vec![file_line("icons", 0, b"x")],
        vec![folder_line("icons"), file_line("icons/b", 0, b"x"), file_line("icons/a", 0, b"x")],
        vec![folder_line("icons"), file_line("icons/a", 0, b"x"), file_line("icons/a", 0, b"x")],
        vec![folder_line("icons"), file_line("icons/a", 0, b"x"), file_line("icons/a/b", 0, b"x")],
        vec![folder_line("icons"), file_line("icons/a", 5, b"x")],
        vec![folder_line("icons"), file_line("icons/a", u64::MAX, b"x")],
        vec![folder_line("icons"), file_line(&format!("icons/{long}"), 0, b"x")],
        vec![folder_line("icons"), file_line("icons/a", 0, b"x").replace("420", "2541")],
        vec![folder_line("icons"), file_line("icons/a", 0, b"x").replace("\"file\"", "\"folder\"")],
        vec![folder_line("icons"), file_line("icons/a", 0, b"x").replace("[0,0]", "[0,1000000000]")],
        vec![
            folder_line("icons"),
            file_line("icons/a", 0, b"x").replace("}}", "},\"attributes\":{\"security.x\":\"00\"}}"),
        ],
        vec![folder_line("icons"), file_line("icons/a", 0, b"x").replace("}}", "},\"more\":1}")],
        vec![folder_line("icons"), "{}".to_owned()],
    ];
    for lines in odd {
        let files = lines.iter().filter(|line| line.contains("\"file\"")).count() as u64;
        assert_eq!(bench.forged_refusal(&lines, b"x", files).code(), "storage-damaged", "{lines:?}");
    }
    assert!(!bench.folder.path().join("evil").exists());
}

#[test]
fn a_content_with_another_hash_is_refused_by_name() {
    let bench = Bench::new();
    let line = file_line("icons/a", 0, b"x").replace(&blake3::hash(b"x").to_hex()[..], &"0".repeat(64));
    let leaves = vec!["icons".to_owned()];
    let record = StorageRecord { leaves, files: 1, folders: 1, bytes: 1, solid_bytes: 1, ..StorageRecord::default() };
    let snapshot = bench.forged(&format!("{}\n{line}\n", folder_line("icons")), b"x", record);
    let error = bench.restore(&snapshot, &ROOMY).unwrap_err();
    assert!(error.to_string().starts_with("the content of the stored file `icons/a` is damaged"), "{error}");
}

#[test]
fn trap_f08_names_that_would_be_one_are_found_before_writing() {
    for (left, right) in [("A.svg", "a.svg"), ("Ä.svg", "ä.svg"), ("sub/X", "SUB/X")] {
        let bench = Bench::new();
        for path in [left, right] {
            let path = bench.icons().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let (snapshot, _names) = bench.dump(&["icons"]);
        let error = bench.restore(&snapshot, &Told { case_insensitive: true, free: u64::MAX }).unwrap_err();
        assert_eq!(error.code(), "storage-collision", "{error}");
        assert!(listing(&bench.target()).is_empty());
        bench.restore(&snapshot, &ROOMY).unwrap();
    }
    assert!(
        !RealFileSystem::default().case_insensitive(&std::env::temp_dir()).unwrap(),
        "not on the machines of the tests"
    );
}

#[test]
fn trap_f09_links_modes_times_and_attributes_are_kept() {
    let bench = Bench::new();
    let icons = bench.icons();
    fs::create_dir_all(icons.join("sub/empty")).unwrap();
    for (path, mode) in [("a.svg", 0o640), ("sub/secret", 0o400), ("sub/run.sh", 0o755)] {
        fs::write(icons.join(path), path).unwrap();
        fs::set_permissions(icons.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    for (link, target) in
        [("to-file", "a.svg"), ("sub/up", "../a.svg"), ("dangling", "sub/none"), ("sub/root", "../../other")]
    {
        symlink(target, icons.join(link)).unwrap();
    }
    let attributes = setxattr(icons.join("a.svg"), "user.licence", b"CC0\0\xff", XattrFlags::empty()).is_ok();
    fs::set_permissions(icons.join("sub/empty"), fs::Permissions::from_mode(0o2750)).unwrap();
    fs::set_permissions(icons.join("sub"), fs::Permissions::from_mode(0o555)).unwrap();
    let time = SystemTime::UNIX_EPOCH - Duration::from_nanos(1_500_000_001);
    File::options().write(true).open(icons.join("a.svg")).unwrap().set_modified(time).unwrap();
    bench.there_and_back();
    if attributes {
        let mut value = [0; 16];
        let path = bench.target().join("icons/a.svg");
        let length = rustix::fs::getxattr(path, "user.licence", &mut value).unwrap();
        assert_eq!(&value[..length], b"CC0\0\xff");
    }
    stead_snapshot::remove_tree(&bench.root()).unwrap();
    assert!(!bench.root().exists());
}

#[test]
fn trap_f09_what_cannot_be_kept_is_refused_by_name() {
    let make: [(&str, Make); 7] = [
        ("named pipe", |path| {
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap()
        }),
        ("socket", |path| drop(UnixListener::bind(path).unwrap())),
        ("absolute target", |path| symlink("/etc/passwd", path).unwrap()),
        ("leads out of the storage", |path| symlink("../../outside", path).unwrap()),
        ("goes up after going down", |path| symlink("sub/../../../outside", path).unwrap()),
        ("set-user-id", |path| {
            fs::write(path, "x").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o4755)).unwrap();
        }),
        ("goes up after going down", |path| symlink("x/..", path).unwrap()),
    ];
    for (reason, make) in make {
        let bench = Bench::new();
        make(&bench.icons().join("odd"));
        let error = bench.refusal();
        assert_eq!(error.code(), "storage-refused");
        assert!(error.to_string().contains("`icons/odd`") && error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn trap_f09_a_list_cannot_write_through_a_link() {
    let bench = Bench::new();
    let through = [folder_line("icons"), link_line("icons/a", "b"), file_line("icons/a/evil", 0, b"x")];
    assert_eq!(bench.forged_refusal(&through, b"x", 1).code(), "storage-damaged");
    for target in ["/etc", "../..", "b/../../..", "", "a\\\\x00"] {
        let lines = [folder_line("icons"), link_line("icons/a", target)];
        assert_eq!(bench.forged_refusal(&lines, b"", 0).code(), "storage-damaged", "{target}");
    }
}

#[test]
fn leaves_are_plain_and_apart_and_what_is_around_them_is_left_alone() {
    let bench = Bench::new();
    fs::create_dir_all(bench.root().join("files/a")).unwrap();
    fs::write(bench.root().join("files/a/x"), "x").unwrap();
    fs::write(bench.root().join("files/outside"), "outside").unwrap();
    let (snapshot, names) = bench.dump(&["icons", "not-there-yet", "files/a"]);
    assert!(names.contains("files/a/x") && !names.contains("files/outside"));
    assert_eq!(snapshot.manifest().storage.as_ref().unwrap().leaves, ["files/a", "icons", "not-there-yet"]);
    bench.restore(&snapshot, &ROOMY).unwrap();
    assert!(bench.target().join("not-there-yet").is_dir() && bench.target().join("icons").is_dir());
    assert!(bench.target().join("files/a/x").is_file() && !bench.target().join("files/outside").exists());
    assert_eq!(bench.restore(&snapshot, &ROOMY).unwrap_err().code(), "storage-not-empty");
    for leaves in [&["../x"][..], &["/x"], &[""], &["a/./b"], &["a", "a/b"], &["a", "a"], &["a\0"]] {
        assert_eq!(bench.collect(&bench.draft(), leaves).unwrap_err().code(), "storage-leaf", "{leaves:?}");
    }
    symlink("icons", bench.root().join("linked")).unwrap();
    assert_eq!(bench.collect(&bench.draft(), &["linked"]).unwrap_err().code(), "storage-refused");
    fs::write(bench.root().join("a-file"), "").unwrap();
    assert_eq!(bench.collect(&bench.draft(), &["a-file"]).unwrap_err().code(), "storage-refused");
}

#[test]
fn row_107_a_storage_that_is_not_there_is_an_empty_one() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.root()).unwrap();
    let (snapshot, _names) = bench.dump(&["icons"]);
    bench.restore(&snapshot, &ROOMY).unwrap();
    assert!(bench.target().join("icons").is_dir());
}

#[test]
fn trap_f11_a_big_tree_is_gone_at_once() {
    let bench = Bench::new();
    for number in 0..3000 {
        fs::write(bench.icons().join(number.to_string()), "x").unwrap();
    }
    fs::create_dir(bench.icons().join("locked")).unwrap();
    fs::write(bench.icons().join("locked/x"), "x").unwrap();
    fs::set_permissions(bench.icons().join("locked"), fs::Permissions::from_mode(0o500)).unwrap();
    let trash = Trash::new(bench.folder.path().join("trash"));
    let removal = trash.remove(&bench.icons()).unwrap();
    assert!(!bench.icons().exists(), "the name is free before the files are deleted");
    fs::create_dir(bench.icons()).unwrap();
    trash.remove(&bench.icons()).unwrap().wait().unwrap();
    removal.wait().unwrap();
    assert_eq!(fs::read_dir(bench.folder.path().join("trash")).unwrap().count(), 0);
    trash.remove(&bench.icons()).unwrap().wait().unwrap();
    fs::create_dir_all(bench.folder.path().join("trash/7/left")).unwrap();
    trash.empty().unwrap();
    trash.empty().unwrap();
    assert!(!bench.folder.path().join("trash").exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn collect_then_restore_is_identity(
        files in prop::collection::btree_map("[a-c/]{1,8}|\\PC{1,3}", (0_usize..40_000, any::<u8>(), 0_u32..0o1000), 0..12),
    ) {
        let bench = Bench::new();
        for (path, (length, byte, mode)) in &files {
            let path = path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect::<Vec<_>>().join("/");
            let path = bench.icons().join(path);
            let made = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, vec![*byte; *length]));
            if made.is_ok() {
                fs::set_permissions(&path, fs::Permissions::from_mode(*mode | 0o400)).unwrap();
            }
        }
        bench.there_and_back();
    }
}
