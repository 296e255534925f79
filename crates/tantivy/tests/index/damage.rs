//! Files that were damaged, and processes that died: an index answers rightly or says what is wrong with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stead_engine::{ErrorClass, SearchEngine};
use stead_tantivy::TantivyEngine;

use crate::common::{NAME, addons, build, definition, engine, keys, published, request, row, search, wait};

/// Every file of the index that answers, the record and locks left out.
fn files(folder: &Path) -> Vec<PathBuf> {
    let home = folder.join(NAME);
    let id = fs::read_to_string(home.join("current")).unwrap();
    let entries = fs::read_dir(home.join(id.trim())).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|kind| kind != "lock" && kind != "json")).collect()
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_flipped_byte_in_any_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    assert_eq!(wait(engine.verify(NAME)).unwrap(), 4);
    let files = files(folder.path());
    assert!(files.len() >= 6, "{files:?}");
    for path in files {
        let whole = fs::read(&path).unwrap();
        for place in [0, whole.len() / 2, whole.len() - 1] {
            flip(&path, place);
            let error = wait(engine.verify(NAME)).expect_err(&format!("{}: byte {place}", path.display()));
            assert!(error.message.contains("index `addons` cannot be read"), "{error}");
            assert!(error.hints.iter().any(|hint| hint.contains("`stead index build addons`")), "{:?}", error.hints);
            fs::write(&path, &whole).unwrap();
        }
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(wait(engine.verify(NAME)).is_err(), "{} cut in half", path.display());
        fs::remove_file(&path).unwrap();
        assert!(wait(engine.verify(NAME)).is_err(), "{} missing", path.display());
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(wait(engine.verify(NAME)).unwrap(), 4);
}

#[test]
fn searching_damaged_files_answers_or_names_the_index() {
    let folder = tempfile::tempdir().unwrap();
    drop(engine(folder.path()));
    let mut refused = 0;
    for path in files(folder.path()) {
        let whole = fs::read(&path).unwrap();
        for place in (0..whole.len()).step_by(whole.len() / 12 + 1) {
            flip(&path, place);
            let engine = TantivyEngine::new(folder.path());
            if let Err(error) = wait(engine.search(NAME, &request("dark theme"))) {
                refused += 1;
                assert_eq!(error.class, ErrorClass::Unreachable, "{} byte {place}: {error}", path.display());
                assert!(error.message.contains("index `addons` cannot be read"), "{error}");
                assert!(error.hints.iter().any(|hint| hint.contains("stead index build addons")), "{:?}", error.hints);
            }
            fs::write(&path, &whole).unwrap();
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_damaged_list_of_segments_is_an_error_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let built = published(&TantivyEngine::new(folder.path()), &definition(), addons());
    let home = folder.path().join(NAME).join(built.id);
    for name in ["meta.json", ".managed.json"] {
        let whole = fs::read(home.join(name)).unwrap();
        fs::write(home.join(name), "{").unwrap();
        let engine = TantivyEngine::new(folder.path());
        let error = wait(engine.search(NAME, &request("dark"))).unwrap_err();
        assert_ne!(error.class, ErrorClass::Bug, "{error}");
        assert!(error.message.contains("`addons`") && error.hints[0].contains("stead index build addons"), "{error}");
        fs::write(home.join(name), whole).unwrap();
        assert_eq!(search(&engine, "dark").total, 2);
    }
}

#[test]
fn a_damaged_record_does_not_answer_and_a_new_build_heals_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let old = wait(engine.current(NAME)).unwrap().unwrap();
    let record = folder.path().join(NAME).join(&old.id).join("stead-index.json");
    let text = fs::read_to_string(&record).unwrap();
    let spoiled = [(String::new(), "is not valid"), (text.replace(&old.id, "1-1"), "belongs to another build")];
    for (content, reason) in spoiled {
        fs::write(&record, content).unwrap();
        assert_eq!(wait(engine.current(NAME)).unwrap(), None);
        let error = wait(engine.search(NAME, &request("dark"))).unwrap_err();
        assert_eq!(error.class, ErrorClass::Unreachable);
        assert!(error.message.contains(reason), "{error}");
    }
    fs::write(&record, text.replacen("\"format\": 1", "\"format\": 99", 1)).unwrap();
    let error = wait(engine.search(NAME, &request("dark"))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert_eq!(error.message, "index `addons` cannot be read: it was built in format 99, this program reads format 1");
    let built = build(&engine, &definition(), vec![addons()]).unwrap();
    assert_eq!(wait(engine.publish(NAME, &built.id)).unwrap(), None);
    assert_eq!(wait(engine.clean(NAME, &[])).unwrap(), 1);
    assert_eq!(keys(&engine, "reader"), ["1"]);
}

#[test]
fn the_format_of_the_parts_is_the_one_that_was_written_down() {
    assert_eq!(tantivy::INDEX_FORMAT_VERSION, 7, "raise FORMAT and its page if indexes must be built again");
}

/// What the tests below run in a process of its own, so that it can die: an index that answers is built anew.
#[test]
#[ignore = "run by the tests of failpoints"]
fn rebuild_in_a_process_that_may_die() {
    let folder = PathBuf::from(std::env::var_os("STEAD_TEST_INDEXES").unwrap());
    let engine = TantivyEngine::new(folder);
    let batches = (20..26).map(|id| vec![row(id, "fresh dark", "")]).collect();
    let built = build(&engine, &definition(), batches).unwrap();
    wait(engine.publish(NAME, &built.id)).unwrap();
}

/// Runs the rebuild with a failpoint; whether it went through.
fn rebuild(folder: &Path, failpoint: &str) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "damage::rebuild_in_a_process_that_may_die", "--nocapture"]);
    command.env("STEAD_TEST_INDEXES", folder).env("STEAD_FAILPOINT", failpoint);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_process_that_dies_leaves_the_old_index_or_the_new_one() {
    let places = [
        ("index.batch", 2),
        ("index.batch@6", 2),
        ("index.finished", 2),
        ("index.before-publish", 2),
        ("index.published", 6),
    ];
    for (place, found) in places {
        let folder = tempfile::tempdir().unwrap();
        drop(engine(folder.path()));
        let (done, _) = rebuild(folder.path(), &format!("{place}=kill"));
        assert!(!done, "{place} was not passed");
        let engine = TantivyEngine::new(folder.path());
        assert_eq!(search(&engine, "dark").total, found, "{place}");
        assert_eq!(wait(engine.verify(NAME)).unwrap(), if found == 2 { 4 } else { 6 });
        wait(engine.clean(NAME, &[])).unwrap();
        let left = fs::read_dir(folder.path().join(NAME)).unwrap().count();
        assert_eq!(left, 2, "{place}: one index and the pointer");
        let (done, said) = rebuild(folder.path(), "");
        assert!(done, "{said}");
        assert_eq!(search(&engine, "dark").total, 6);
    }
}

#[test]
fn a_full_disk_is_an_interruption_and_the_old_index_answers() {
    for place in ["index.batch@3", "index.finished", "index.before-publish"] {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(folder.path());
        let (done, said) = rebuild(folder.path(), &format!("{place}=enospc"));
        assert!(!done && said.contains("Interrupted") && said.contains("index `addons`"), "{said}");
        assert_eq!(search(&engine, "dark").total, 2);
    }
}

#[test]
fn a_folder_that_cannot_be_read_is_never_taken_for_no_index() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let home = folder.path().join(NAME);
    fs::set_permissions(&home, fs::Permissions::from_mode(0o000)).unwrap();
    // For root no folder is closed; then there is nothing to see here.
    if fs::read_dir(&home).is_err() {
        assert_eq!(wait(engine.current(NAME)).unwrap_err().class, ErrorClass::Refused);
        assert_eq!(wait(engine.list(NAME)).unwrap_err().class, ErrorClass::Refused);
    }
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(wait(engine.current(NAME)).unwrap().is_some());
}
