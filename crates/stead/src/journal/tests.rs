use std::fs;
use std::path::PathBuf;

use super::{Journal, LeafSwap};
use crate::error::Kind;
use crate::files;

/// A journal as format 1 writes it; it must stay readable.
const FORMAT_1: &str = r#"{
  "format": 1,
  "operation": "load before",
  "at": "2026-03-01T09:30:00.000Z",
  "databases": [
    {"name": "main", "swap": {"live": "/p/main.db", "built": "/p/.main.db.stead-new-a", "kept": null, "token": "a"}}
  ],
  "leaves": [
    {"leaf": "icons", "live": "/p/icons", "built": "/p/new/icons", "built_inode": 7, "kept": "/p/old/icons"}
  ],
  "indexes": [{"name": "addons", "publish": "20260301093000-1"}],
  "point": {
    "format": 1, "id": "20260301093000-abcdef", "operation": "load before", "at": "2026-03-01T09:30:00.000Z",
    "databases": [{"name": "main", "kept": null, "rows": 0, "rows_after": 12}],
    "leaves": [{"leaf": "icons", "kept": "/p/old/icons"}],
    "indexes": [{"name": "addons", "id": null}]
  },
  "consumes": null
}"#;

#[test]
fn format_1_is_readable_and_written_again_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.json");
    assert_eq!(Journal::read(&path).unwrap(), None);
    fs::write(&path, FORMAT_1).unwrap();
    let journal = Journal::read(&path).unwrap().unwrap();
    assert_eq!(journal.operation, "load before");
    assert_eq!(journal.databases[0].swap.token, "a");
    assert_eq!(journal.point.as_ref().unwrap().databases[0].rows_after, Some(12));
    let written: serde_json::Value = serde_json::to_value(&journal).unwrap();
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(FORMAT_1).unwrap());
}

#[test]
fn a_journal_that_cannot_be_read_stops_everything_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.json");
    for text in ["", "garbage", "{}", &FORMAT_1.replacen("\"format\": 1", "\"format\": 2", 1)] {
        fs::write(&path, text).unwrap();
        let error = Journal::read(&path).unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (Kind::HalfWay, "journal-unreadable"), "{text}");
    }
}

struct Scene {
    folder: tempfile::TempDir,
    swap: LeafSwap,
}

/// A leaf with `old` in it, and a built one with `new` in it.
fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (leaf, content) in [("live", "old"), ("built", "new")] {
        fs::create_dir(path(leaf)).unwrap();
        fs::write(path(leaf).join("file"), content).unwrap();
    }
    let (live, built, kept) = (path("live"), path("built"), path("undo/kept"));
    let built_inode = files::inode(&built);
    let swap = LeafSwap { leaf: "leaf".to_owned(), live, built: Some(built), built_inode, kept: Some(kept) };
    Scene { folder, swap }
}

impl Scene {
    fn content(&self, folder: &str) -> Option<String> {
        fs::read_to_string(self.folder.path().join(folder).join("file")).ok()
    }

    #[track_caller]
    fn assert_swapped(&self) {
        self.swap.swap().unwrap();
        self.swap.swap().unwrap();
        assert_eq!(self.content("live").as_deref(), Some("new"));
        assert_eq!(self.content("undo/kept").as_deref(), Some("old"));
        assert_eq!(self.content("built"), None);
        assert!(!files::aside(&self.folder.path().join("built")).exists());
    }
}

#[test]
fn a_leaf_changes_places_once_however_often_it_is_told_to() {
    scene().assert_swapped();
}

#[test]
fn a_leaf_that_was_exchanged_and_not_kept_yet_is_completed() {
    let scene = scene();
    files::exchange(&scene.swap.live, scene.swap.built.as_deref().unwrap()).unwrap();
    scene.assert_swapped();
}

#[test]
fn an_exchange_by_way_of_a_third_name_is_completed_from_each_of_its_steps() {
    for steps in 1..=2 {
        let scene = scene();
        let built: PathBuf = scene.swap.built.clone().unwrap();
        fs::rename(&scene.swap.live, files::aside(&built)).unwrap();
        if steps == 2 {
            fs::rename(&built, &scene.swap.live).unwrap();
        }
        scene.assert_swapped();
    }
}

#[test]
fn a_leaf_that_was_absent_comes_and_one_that_shall_be_absent_goes() {
    let scene = scene();
    fs::remove_dir_all(&scene.swap.live).unwrap();
    let come = LeafSwap { kept: None, ..scene.swap.clone() };
    come.swap().unwrap();
    come.swap().unwrap();
    assert_eq!(scene.content("live").as_deref(), Some("new"));
    let go = LeafSwap { built: None, built_inode: None, ..scene.swap.clone() };
    go.swap().unwrap();
    go.swap().unwrap();
    assert_eq!(scene.content("live"), None);
    assert_eq!(scene.content("undo/kept").as_deref(), Some("new"));
}
