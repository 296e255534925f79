//! Finding programs and reading their versions, with small scripts in the place of servers.

use std::collections::BTreeMap;
use std::sync::Arc;

use stead_engine::{Holder, Silent};

use super::*;

fn surroundings(search: &[PathBuf]) -> Surroundings {
    let holder = Holder {
        process: 1,
        host: "here".to_owned(),
        user: "tests".to_owned(),
        command: "tests".to_owned(),
        since: "now".to_owned(),
    };
    let path = std::env::join_paths(search).unwrap().into_string().unwrap();
    Surroundings::new(&BTreeMap::from([("PATH".to_owned(), path)]), holder, Arc::new(Silent))
}

fn program(path: &Path, says: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn versions_are_read_as_each_server_says_them() {
    let cases = [
        (ServerKind::Postgres, "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some("15.18")),
        (ServerKind::Postgres, "postgres (PostgreSQL) 18.4", Some("18.4")),
        (ServerKind::Postgres, "postgres (PostgreSQL) 19beta1", Some("19")),
        (ServerKind::Mysql, "/x/mysqld  Ver 8.0.31 for Linux on x86_64 (MySQL Community Server - GPL)", Some("8.0.31")),
        (
            ServerKind::Mariadb,
            "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64",
            Some("10.11.19"),
        ),
        (ServerKind::Mysql, "mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64", None),
        (ServerKind::Mariadb, "/x/mysqld  Ver 8.0.31 for Linux on x86_64 (MySQL Community Server - GPL)", None),
        (ServerKind::Postgres, "", None),
        (ServerKind::Mysql, "mysqld  Ver ", None),
    ];
    for (kind, said, expected) in cases {
        assert_eq!(version(kind, said).as_deref(), expected, "{said}");
    }
}

#[test]
fn a_wanted_version_is_compared_part_by_part() {
    assert!(fits("15.18", "15") && fits("10.11.19", "10.11") && fits("8.0.31", "8.0.31"));
    assert!(!fits("15.18", "1") && !fits("15.18", "15.1") && !fits("15", "15.18"));
    assert!(numbers("10.11.19") > numbers("10.6.30") && numbers("9.6") < numbers("10"));
}

#[test]
fn the_newest_program_that_fits_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    program(&at("old/postgres"), "postgres (PostgreSQL) 915.2");
    program(&at("new/postgres"), "postgres (PostgreSQL) 916.1");
    let surroundings = surroundings(&[at("old"), at("new"), at("absent")]);
    let found = |version: Option<&str>| find(ServerKind::Postgres, version, None, &surroundings);
    assert_eq!(found(None).unwrap().version, "916.1");
    let old = found(Some("915")).unwrap();
    assert_eq!((old.version.as_str(), old.server), ("915.2", fs::canonicalize(at("old/postgres")).unwrap()));
    let missing = found(Some("917")).unwrap_err();
    assert_eq!(missing.code(), "server-version-missing");
    assert!(missing.to_string().contains("916.1 in `"), "{missing}");
    assert!(missing.hints().iter().any(|hint| hint.contains("postgresql-917")), "{:?}", missing.hints());
}

#[test]
fn a_configured_folder_is_searched_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    program(&at("path/mariadbd"), "mariadbd  Ver 999.1.1-MariaDB for Linux");
    program(&at("own/sbin/mariadbd"), "mariadbd  Ver 10.4.1-MariaDB for Linux");
    let surroundings = surroundings(&[at("path")]);
    let found = find(ServerKind::Mariadb, None, Some(&at("own")), &surroundings).unwrap();
    assert_eq!((found.version.as_str(), found.base()), ("10.4.1", fs::canonicalize(at("own")).unwrap()));
    let missing = find(ServerKind::Mysql, None, Some(&at("own")), &surroundings).unwrap_err();
    assert_eq!(missing.code(), "server-program-missing");
    let hints = missing.hints().join("\n");
    assert!(hints.contains("/own` and nowhere else") && hints.contains("Homebrew: mysql"), "{hints}");
}

#[test]
fn what_is_no_program_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postgres");
    fs::create_dir(&path).unwrap();
    let surroundings = surroundings(&[]);
    assert!(find(ServerKind::Postgres, None, Some(folder.path()), &surroundings).is_err(), "a folder");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "text").unwrap();
    assert!(
        find(ServerKind::Postgres, None, Some(folder.path()), &surroundings).is_err(),
        "a file that nobody may run"
    );
    program(&path, "something else");
    assert!(find(ServerKind::Postgres, None, Some(folder.path()), &surroundings).is_err(), "another program");
    program(&path, "postgres (PostgreSQL) 15.1");
    let found = find(ServerKind::Postgres, None, Some(folder.path()), &surroundings).unwrap();
    assert!(found.beside(&["initdb"]).unwrap_err().to_string().ends_with("has no `initdb` beside it"));
}

#[test]
fn patterns_become_the_folders_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["pg-15", "pg-9", "other"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let shown = folder.path().display();
    let expected: Vec<PathBuf> = ["pg-15", "pg-9"].map(|name| folder.path().join(name).join("bin")).into();
    assert_eq!(expand(&format!("{shown}/pg-*/bin")), expected);
    assert_eq!(expand("/no/such/place-*/bin"), Vec::<PathBuf>::new());
}
