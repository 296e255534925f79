//! What is accepted as the URL of a database, and what a missing file does.

use std::path::{Path, PathBuf};

use super::{open, path_in};

#[test]
fn only_sqlite_urls_are_accepted() {
    assert_eq!(path_in("sqlite:/data/a b:c.db").unwrap(), PathBuf::from("/data/a b:c.db"));
    for wrong in ["postgres://localhost/catalog", "sqlite:", "/data/catalog.db", ""] {
        assert!(path_in(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn passwords_in_a_url_are_not_repeated() {
    let error = path_in("postgres://somebody:secret@localhost/catalog").unwrap_err();
    assert_eq!(error.to_string(), "expected `sqlite:PATH`, found a URL that begins with `postgres:`");
}

#[test]
fn a_missing_database_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("catalog.db"), "{error:#}");
    assert!(!Path::new(&path).exists());
}
