//! Rows 89 to 97 and 100 as far as they concern the archive, and processes that are killed or run out of disk in the
//! middle of a dump.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::{bytes, catalog, fill, manifest, name, publish, quiet};
use stead_engine::failpoint::VARIABLE;
use stead_snapshot::{Shelf, Snapshot, State};

const FOLDER: &str = "STEAD_TEST_SHELF";
const OLD: usize = 2_500_000;
const NEW: usize = 3_500_000;

fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(tree(&path)) } else { found.push((path.clone(), fs::read(path).unwrap())) }
    }
    found.sort();
    found
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn length(snapshot: &Snapshot) -> u64 {
    snapshot.verify(&quiet()).unwrap();
    snapshot.manifest().raw_bytes
}

/// What other tests run in a process of its own, where a failpoint may strike.
#[test]
#[ignore = "other tests run it in a process of its own"]
fn child_dumps_with_force() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let shelf = Shelf::new(folder);
    let mut draft = shelf.begin(&name("b"), "child").unwrap();
    let dumped = (|| {
        let mut stream = draft.sink(catalog()).stream("pages")?;
        std::io::Write::write_all(&mut stream, &bytes(NEW, 2))?;
        stream.finish()
    })();
    let completed = dumped.and_then(|()| Ok(draft.complete(manifest("2026-01-03T03:04:05Z", None))?));
    let published = completed.and_then(|_manifest| Ok(shelf.publish(draft, true)?));
    if let Err(error) = published {
        println!("kind {:?}: {error}", error.kind());
    }
}

fn child(folder: &Path, failpoint: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "shelf::child_dumps_with_force", "--ignored", "--nocapture"]);
    command.env(VARIABLE, failpoint).env(FOLDER, folder).output().unwrap()
}

#[test]
fn row_090_an_existing_snapshot_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    publish(&shelf, "b", b"old");
    let before = tree(folder.path());
    assert_eq!(shelf.check_free(&name("b")).unwrap_err().code(), "snapshot-exists");
    let mut draft = shelf.begin(&name("b"), "test").unwrap();
    fill(&draft, catalog(), "pages", b"new");
    draft.complete(manifest("2026-01-03T03:04:05Z", None)).unwrap();
    let error = shelf.publish(draft, false).unwrap_err();
    assert_eq!((error.code(), error.to_string()), ("snapshot-exists", "snapshot `b` exists already".to_owned()));
    assert_eq!(tree(folder.path()), before);
}

#[test]
fn row_091_force_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    publish(&shelf, "b", &bytes(OLD, 1));
    assert_eq!(length(&publish(&shelf, "b", &bytes(NEW, 2))), NEW as u64);
    assert_eq!(names(folder.path()), ["b"]);
}

#[test]
fn row_091_a_killed_forced_dump_leaves_the_old_one_or_the_new_one_whole() {
    let points = ["dump.frame", "dump.frame@3", "dump.manifest", "dump.exchanged", "dump.swept"];
    for point in points {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path());
        publish(&shelf, "b", &bytes(OLD, 1));
        let output = child(folder.path(), &format!("{point}=kill"));
        assert!(output.status.signal().is_some(), "{point}: {output:?}");
        let expected = if point.contains("frame") || point.contains("manifest") { OLD } else { NEW };
        assert_eq!(length(&shelf.open(&name("b")).unwrap()), expected as u64, "{point}");
        shelf.recover().unwrap();
        assert_eq!(length(&shelf.open(&name("b")).unwrap()), expected as u64, "{point}");
        assert_eq!(names(folder.path()), ["b"], "{point}");
        assert!(shelf.recover().unwrap().is_empty(), "{point}");
    }
}

#[test]
fn row_092_a_killed_dump_leaves_no_snapshot() {
    for (point, there) in [("dump.frame", false), ("dump.manifest", false), ("dump.published", true)] {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path());
        assert!(child(folder.path(), &format!("{point}=kill")).status.signal().is_some());
        assert_eq!(shelf.list().unwrap().len(), usize::from(there), "{point}");
        shelf.recover().unwrap();
        assert_eq!(names(folder.path()).len(), usize::from(there), "{point}");
    }
}

#[test]
fn trap_f12_full_disk() {
    for point in ["dump.frame", "dump.frame@4", "dump.manifest"] {
        let folder = tempfile::tempdir().unwrap();
        publish(&Shelf::new(folder.path()), "b", &bytes(OLD, 1));
        let before = tree(folder.path());
        let output = child(folder.path(), &format!("{point}=enospc"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("kind StorageFull: "), "{point}: {said}");
        assert_eq!(tree(folder.path()), before, "{point}");
    }
}

/// The same on a file system that is really full, where the tests may mount one.
#[test]
fn trap_f12_full_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "stead-test"]).arg(folder.path()).output();
    if !mounted.as_ref().is_ok_and(|output| output.status.success()) {
        println!("skipped: a small tmpfs cannot be mounted here");
        return;
    }
    let shelf = Shelf::new(folder.path().join("backups"));
    let mut noise = vec![0; 4 << 20];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut noise).unwrap();
    let draft = shelf.begin(&name("b"), "test").unwrap();
    let mut stream = draft.sink(catalog()).stream("pages").unwrap();
    let written = std::io::Write::write_all(&mut stream, &noise).and_then(|()| stream.finish());
    let kind = written.map_err(|error| error.kind());
    drop(draft);
    let left = names(&folder.path().join("backups"));
    let unmounted = Command::new("umount").arg(folder.path()).status();
    assert!(unmounted.unwrap().success());
    assert_eq!((kind, left), (Err(std::io::ErrorKind::StorageFull), Vec::new()));
}

#[test]
fn row_092_a_dropped_draft_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    let draft = shelf.begin(&name("b"), "test").unwrap();
    let mut stream = draft.sink(catalog()).stream("pages").unwrap();
    std::io::Write::write_all(&mut stream, &bytes(5_000_000, 1)).unwrap();
    drop(draft);
    assert!(stream.finish().is_err());
    assert!(names(folder.path()).is_empty());
}

#[test]
fn row_096_a_shelf_lists_what_is_whole_and_what_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().join("backups"));
    assert!(shelf.list().unwrap().is_empty(), "no folder is an empty shelf");
    for (text, time) in
        [("young", "2026-03-01T00:00:00Z"), ("old", "2025-03-01T00:00:00Z"), ("short", "2026-02-01T00:00:00Z")]
    {
        let mut draft = shelf.begin(&name(text), "test").unwrap();
        fill(&draft, catalog(), "pages", b"bytes");
        draft.complete(manifest(time, None)).unwrap();
        shelf.publish(draft, false).unwrap();
    }
    let place = shelf.folder().to_owned();
    fs::remove_file(place.join("short/databases/catalog/pages.00000.zst")).unwrap();
    fs::create_dir(place.join("copied by hand")).unwrap();
    fs::create_dir(place.join("empty")).unwrap();
    fs::create_dir(place.join("@production")).unwrap();
    fs::create_dir(place.join(".hidden")).unwrap();
    fs::write(place.join("README"), "words").unwrap();
    let listed: Vec<_> = shelf.list().unwrap();
    let shown = listed.iter().map(|entry| match &entry.state {
        State::Complete(manifest) => format!("{} {}", entry.name, manifest.created_at),
        State::Broken(reason) => format!("{}: {reason}", entry.name),
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r"
    old 2025-03-01T00:00:00Z
    young 2026-03-01T00:00:00Z
    copied by hand: `copied by hand` cannot be the name of a snapshot: it holds a character that names do not have
    empty: `empty` is not a snapshot: it has no `manifest.json`
    short: snapshot `short` lacks the file `databases/catalog/pages.00000.zst`
    ");
}

#[test]
fn row_100_an_unknown_name_lists_the_names_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    assert_eq!(shelf.open(&name("x")).unwrap_err().hints(), ["there is none yet: `stead dump` makes one"]);
    for text in ["before-upgrade", "_init", "20260102030405"] {
        publish(&shelf, text, b"bytes");
    }
    let error = shelf.open(&name("befor-upgrade")).unwrap_err();
    assert_eq!(error.code(), "snapshot-unknown");
    insta::assert_snapshot!(format!("{error}\n{}", error.hints().join("\n")), @r"
    there is no snapshot `befor-upgrade`
    did you mean `before-upgrade`?
    there are `before-upgrade`, `20260102030405`, `_init`
    ");
    assert_eq!(shelf.open(&name("zzz")).unwrap_err().hints().len(), 1);
}

#[test]
fn removing_takes_the_name_away_first() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    publish(&shelf, "b", b"bytes");
    fs::create_dir(folder.path().join("broken")).unwrap();
    shelf.remove(&name("b")).unwrap();
    shelf.remove(&name("broken")).unwrap();
    assert_eq!(shelf.remove(&name("b")).unwrap_err().code(), "snapshot-unknown");
    assert!(names(folder.path()).is_empty());
    publish(&shelf, "b", b"bytes");
    fs::rename(folder.path().join("b"), folder.path().join(".b.stead-gone-0")).unwrap();
    assert_eq!(shelf.recover().unwrap(), ["finished removing `b`"]);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_snapshot_behind_a_link_is_replaced_without_touching_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    publish(&Shelf::new(elsewhere.path()), "b", b"elsewhere");
    std::os::unix::fs::symlink(elsewhere.path().join("b"), folder.path().join("b")).unwrap();
    let shelf = Shelf::new(folder.path());
    assert_eq!(length(&shelf.open(&name("b")).unwrap()), 9);
    assert_eq!(length(&publish(&shelf, "b", b"here")), 4);
    assert_eq!(names(folder.path()), ["b"]);
    assert_eq!(length(&Shelf::new(elsewhere.path()).open(&name("b")).unwrap()), 9);
}
