//! What is accepted as the URL of a database, and what a missing file does.

use std::path::PathBuf;

use super::Location;

#[test]
fn the_scheme_picks_the_engine() {
    let parse = |url: &str| Location::parse(url).unwrap();
    let file = PathBuf::from("/data/a b:c.db");
    assert!(matches!(parse("sqlite:/data/a b:c.db"), Location::Sqlite(path) if path == file));
    for url in ["postgres://localhost/catalog", "postgresql://localhost/catalog"] {
        assert!(matches!(parse(url), Location::Postgres(kept) if kept == url));
    }
    for url in ["mysql://localhost/catalog", "mariadb://localhost/catalog"] {
        assert!(matches!(parse(url), Location::Mysql(kept) if kept == "mysql://localhost/catalog"));
    }
    for wrong in ["oracle://localhost/catalog", "sqlite:", "/data/catalog.db", ""] {
        assert!(Location::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn passwords_in_a_url_are_not_repeated() {
    let said = |error: anyhow::Error| format!("{error:#}");
    let error = said(Location::parse("oracle://somebody:planted@localhost/catalog").err().unwrap());
    assert!(error.ends_with("found a URL that begins with `oracle:`"), "{error}");
    for url in ["postgres://somebody:planted@localhost:port/catalog", "mysql://somebody:planted@localhost/catalog?x=y"]
    {
        let error = said(Location::parse(url).unwrap().open().err().unwrap());
        assert!(!error.contains("planted"), "{error}");
    }
}

#[test]
fn a_missing_database_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let error = Location::Sqlite(path.clone()).open().err().unwrap();
    assert!(error.to_string().contains("catalog.db"), "{error:#}");
    assert!(!path.exists());
}
