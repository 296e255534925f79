use std::fs;

use super::{UndoPoint, list, record, record_as_gone};
use crate::state::State;

/// A point as format 1 writes it; it must stay readable.
const FORMAT_1: &str = r#"{
  "format": 1,
  "id": "20260301093000-abcdef",
  "operation": "load before",
  "at": "2026-03-01T09:30:00.000Z",
  "databases": [{"name": "main", "kept": "/p/.stead/development/undo/x/main.db", "rows": 7, "rows_after": 9}],
  "leaves": [{"leaf": "icons", "kept": null}],
  "indexes": [{"name": "addons", "id": "20260301092900-1"}]
}"#;

fn state() -> (tempfile::TempDir, State) {
    let folder = tempfile::tempdir().unwrap();
    let state = State::new(folder.path().join(".stead/development"));
    (folder, state)
}

#[test]
fn format_1_is_readable_and_written_again_as_it_was() {
    let (_folder, state) = state();
    let point: UndoPoint = serde_json::from_str(FORMAT_1).unwrap();
    record(&state, &point).unwrap();
    assert_eq!(list(&state).unwrap(), [point]);
    let path = state.undo().join("20260301093000-abcdef/point.json");
    let written: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(FORMAT_1).unwrap());
}

#[test]
fn what_lies_inside_the_project_is_recorded_relative_to_it() {
    let (folder, state) = state();
    let mut point: UndoPoint = serde_json::from_str(FORMAT_1).unwrap();
    point.leaves[0].kept = Some(state.undo().join("x/icons"));
    record(&state, &point).unwrap();
    let text = fs::read_to_string(state.undo().join("20260301093000-abcdef/point.json")).unwrap();
    assert!(text.contains("\"./.stead/development/undo/x/icons\""), "{text}");
    let moved = tempfile::tempdir().unwrap();
    fs::rename(folder.path().join(".stead"), moved.path().join(".stead")).unwrap();
    let there = State::new(moved.path().join(".stead/development"));
    assert_eq!(list(&there).unwrap()[0].leaves[0].kept, Some(there.undo().join("x/icons")));
}

#[test]
fn points_come_oldest_first_and_unfinished_ones_are_none() {
    let (_folder, state) = state();
    for id in ["20260301093000-b", "20260301093000-b~", "20260228000000-z"] {
        record(&state, &UndoPoint::new(id.to_owned(), "reset", "2026")).unwrap();
    }
    fs::create_dir_all(state.undo().join("20270101000000-unfinished")).unwrap();
    let ids: Vec<String> = list(&state).unwrap().into_iter().map(|point| point.id).collect();
    assert_eq!(ids, ["20260228000000-z", "20260301093000-b", "20260301093000-b~"]);
}

#[test]
fn what_is_on_its_way_out_cannot_be_taken_back() {
    let (_folder, state) = state();
    let point: UndoPoint = serde_json::from_str(FORMAT_1).unwrap();
    record_as_gone(&state, &point).unwrap();
    assert_eq!(list(&state).unwrap(), []);
    let text = fs::read(state.undo().join("20260301093000-abcdef/gone.json")).unwrap();
    assert_eq!(serde_json::from_slice::<UndoPoint>(&text).unwrap(), point, "whoever removes it knows what it kept");
}

#[test]
fn a_point_of_a_later_format_is_named() {
    let (_folder, state) = state();
    let folder = state.undo().join("later");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("point.json"), FORMAT_1.replacen("\"format\": 1", "\"format\": 2", 1)).unwrap();
    let error = list(&state).unwrap_err();
    assert_eq!(error.code, "undo-point-unreadable");
    assert!(error.message.contains("format 2"), "{error}");
}
