//! Making, removing and measuring.

use std::path::Path;

use stead_engine::{ErrorClass, Place};

use super::{create, exists, remove, size};

fn place(path: &Path) -> Place {
    Place(path.display().to_string())
}

#[test]
fn a_made_database_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let database = place(&folder.path().join("new/folders/a.db"));
    assert!(!exists(&database).unwrap());
    create(&database).unwrap();
    assert!(exists(&database).unwrap());
    assert_eq!(size(&database).unwrap(), 0);
    assert_eq!(create(&database).unwrap_err().class, ErrorClass::Conflict);
}

/// The log of a database that is gone would be replayed into the new one.
#[test]
fn a_new_database_inherits_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::write(folder.path().join("a.db-wal"), "left over").unwrap();
    std::fs::write(folder.path().join("a.db-journal"), "left over").unwrap();
    create(&place(&path)).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn removal_takes_everything_but_what_is_foreign() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let link = folder.path().join("b.db");
    create(&place(&path)).unwrap();
    for suffix in ["-wal", "-shm", "-journal"] {
        std::fs::write(format!("{}{suffix}", path.display()), "x").unwrap();
    }
    std::os::unix::fs::symlink("a.db", &link).unwrap();
    assert_eq!(size(&place(&link)).unwrap(), 2, "log and journal count");
    remove(&place(&link)).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    remove(&place(&link)).unwrap();
    remove(&place(&folder.path().join("no/such/folder/a.db"))).unwrap();

    std::fs::write(&path, "a letter, not a database").unwrap();
    assert_eq!(remove(&place(&path)).unwrap_err().class, ErrorClass::Refused);
    assert!(path.exists());
    let ours = folder.path().join(".a.db.stead-new-token");
    std::fs::write(&ours, "half of a database").unwrap();
    remove(&place(&ours)).unwrap();
    assert!(!ours.exists());
    assert_eq!(remove(&place(folder.path())).unwrap_err().class, ErrorClass::Refused);
}
