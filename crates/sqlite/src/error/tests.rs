//! Codes, classes and words.

use std::path::Path;

use rusqlite::{Connection, Error, ffi};
use stead_engine::ErrorClass;

use super::{NAMES, class, classify, name};

#[test]
fn the_table_of_names_is_in_order() {
    assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0), "a code is listed twice or out of order");
    assert_eq!(name(517), "SQLITE_BUSY_SNAPSHOT");
    assert_eq!(name(19 | 99 << 8), "SQLITE_CONSTRAINT", "an unknown extended code has its primary code's name");
    assert_eq!(name(77), "SQLITE_77");
}

#[test]
fn every_code_has_a_class() {
    let expected = [
        (5, ErrorClass::LockTimeout),
        (261, ErrorClass::LockTimeout),
        (517, ErrorClass::Conflict),
        (6, ErrorClass::Conflict),
        (8, ErrorClass::Refused),
        (1032, ErrorClass::Conflict),
        (11, ErrorClass::Refused),
        (13, ErrorClass::Interrupted),
        (778, ErrorClass::Interrupted),
        (9, ErrorClass::Interrupted),
        (787, ErrorClass::Constraint),
        (20, ErrorClass::Constraint),
        (26, ErrorClass::Refused),
        (257, ErrorClass::Unsupported),
        (21, ErrorClass::Bug),
    ];
    for (code, wanted) in expected {
        assert_eq!(class(code, ""), wanted, "{code}");
    }
    assert_eq!(class(1, "no such table: a"), ErrorClass::Syntax);
    assert_eq!(class(1, "no such module: a"), ErrorClass::Unsupported);
}

#[test]
fn errors_of_the_file_name_the_file() {
    let path = Path::new("/somewhere/x.db");
    for code in [8, 10, 11, 13, 14, 26, 517, 776, 1032] {
        let error = classify(&Error::SqliteFailure(ffi::Error::new(code), Some("because".to_owned())), Some(path));
        assert!(error.message.contains("/somewhere/x.db"), "{code}: {error}");
        assert!(error.engine_code.is_some_and(|code| code.starts_with("SQLITE_")));
    }
    let error = classify(&Error::SqliteFailure(ffi::Error::new(14), None), Some(path));
    assert_eq!(error.class, ErrorClass::Unreachable, "what does not exist cannot be opened");
}

#[test]
fn errors_of_a_statement_say_where() {
    let connection = Connection::open_in_memory().unwrap();
    let error = classify(&connection.execute("CREATE TABLE a (b,, c)", []).unwrap_err(), None);
    assert_eq!((error.class, error.offset), (ErrorClass::Syntax, Some(18)));
    let error = classify(&connection.execute("SELECT 1; SELECT 2", []).unwrap_err(), None);
    assert_eq!(error.class, ErrorClass::Syntax);
    let error = classify(&connection.execute("SELECT ?1", [1, 2]).unwrap_err(), None);
    assert_eq!(error.class, ErrorClass::Bug);
}
