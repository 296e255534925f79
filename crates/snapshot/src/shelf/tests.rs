//! The shelf where names cannot be exchanged, and the states that a process killed half-way leaves.

use std::collections::BTreeMap;
use std::io::Write;

use stead_engine::snapshot::Guarantee;

use super::*;
use crate::{FORMAT, Part, StorageRecord};

fn name(text: &str) -> SnapshotName {
    SnapshotName::parse(text).unwrap()
}

fn draft(shelf: &Shelf, text: &str, token: &str, bytes: &[u8]) -> Draft {
    let mut draft = shelf.begin(&name(text), token).unwrap();
    let mut stream = draft.sink(Part::Storage).stream("contents").unwrap();
    stream.write_all(bytes).unwrap();
    stream.finish().unwrap();
    let manifest = Manifest {
        format: FORMAT,
        digest: String::new(),
        name: name("x"),
        created_at: "2026-01-02T03:04:05Z".to_owned(),
        tool_version: "0.1.0".to_owned(),
        project: "addons".to_owned(),
        environment: "development".to_owned(),
        comment: None,
        guarantee: Guarantee::OneViewEach,
        raw_bytes: 0,
        packed_bytes: 0,
        seed_hash: None,
        databases: BTreeMap::new(),
        storage: Some(StorageRecord::default()),
    };
    draft.complete(manifest).unwrap();
    draft
}

fn content(shelf: &Shelf, text: &str) -> String {
    let snapshot = shelf.open(&name(text)).unwrap();
    snapshot.survey().unwrap();
    let source = snapshot.source(&Part::Storage, None).unwrap();
    io::read_to_string(source.open("contents").unwrap()).unwrap()
}

fn files(shelf: &Shelf) -> Vec<String> {
    shelf.folders().unwrap()
}

/// Lets a draft lie as a killed process would.
fn abandon(draft: Draft) -> PathBuf {
    let folder = draft.folder().to_owned();
    draft.published();
    folder
}

#[test]
fn where_names_cannot_be_exchanged_two_renames_replace() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(folder.path());
    shelf.exchange = |_left, _right| Ok(false);
    shelf.publish(draft(&shelf, "b", "one", b"old"), false).unwrap();
    shelf.publish(draft(&shelf, "b", "two", b"new"), true).unwrap();
    assert_eq!((content(&shelf, "b"), files(&shelf)), ("new".to_owned(), vec!["b".to_owned()]));
}

#[test]
fn recovery_finishes_two_renames_that_were_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    shelf.publish(draft(&shelf, "b", "one", b"old"), false).unwrap();
    abandon(draft(&shelf, "b", "two", b"new"));
    fs::rename(folder.path().join("b"), folder.path().join(".b.stead-old-two")).unwrap();
    assert_eq!(shelf.recover().unwrap(), ["finished replacing `b`"]);
    assert_eq!((content(&shelf, "b"), files(&shelf)), ("new".to_owned(), vec!["b".to_owned()]));
    assert!(shelf.recover().unwrap().is_empty());
}

#[test]
fn recovery_takes_back_what_cannot_be_finished() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    shelf.publish(draft(&shelf, "b", "one", b"old"), false).unwrap();
    let new = abandon(draft(&shelf, "b", "two", b"new"));
    fs::remove_file(new.join("storage/contents.00000.zst")).unwrap();
    fs::rename(folder.path().join("b"), folder.path().join(".b.stead-old-two")).unwrap();
    assert_eq!(shelf.recover().unwrap(), ["took back the replacement of `b`", "removed an unfinished dump of `b`"]);
    assert_eq!((content(&shelf, "b"), files(&shelf)), ("old".to_owned(), vec!["b".to_owned()]));
}

#[test]
fn recovery_removes_the_old_one_after_the_second_rename() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    shelf.publish(draft(&shelf, "b", "two", b"new"), false).unwrap();
    fs::rename(abandon(draft(&shelf, "b", "one", b"old")), folder.path().join(".b.stead-old-two")).unwrap();
    shelf.recover().unwrap();
    assert_eq!((content(&shelf, "b"), files(&shelf)), ("new".to_owned(), vec!["b".to_owned()]));
}

#[test]
fn recovery_touches_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    for other in [".git", "@production", ".b.stead-new-", ".b.stead-new-a b", "..stead-new-x", "b.stead-new-x"] {
        fs::create_dir(folder.path().join(other)).unwrap();
    }
    fs::write(folder.path().join(".b.stead-new-file"), "a file and no folder").unwrap();
    let before = files(&shelf);
    assert!(shelf.recover().unwrap().is_empty());
    assert_eq!(files(&shelf), before);
}

#[test]
fn a_name_may_look_like_a_hidden_one() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    abandon(draft(&shelf, "a.stead-new-x", "t", b"bytes"));
    assert_eq!(shelf.recover().unwrap(), ["removed an unfinished dump of `a.stead-new-x`"]);
    assert!(shelf.begin(&name("a"), "to/ken").is_err());
    assert!(shelf.begin(&name("a"), "").is_err());
}
