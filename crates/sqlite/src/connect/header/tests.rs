//! Headers: real ones, and bytes that are none.

use super::{Content, Header, looks_encrypted, parse, read};

fn header(page_size: u32, wal: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    let mode = if wal { "WAL" } else { "DELETE" };
    let settings = format!("PRAGMA page_size = {page_size}; PRAGMA journal_mode = {mode}; CREATE TABLE a (b)");
    connection.execute_batch(&settings).unwrap();
    connection.close().unwrap();
    let content = read(&path).unwrap();
    assert_eq!(content.header(), Some(Header { page_size, wal, encoding: 1 }));
    assert_eq!(content.wal(), wal);
    std::fs::read(path).unwrap()
}

#[test]
fn real_headers_are_read() {
    for page_size in [512, 4096, 65_536] {
        header(page_size, false);
        header(page_size, true);
    }
}

#[test]
fn no_bytes_are_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.db");
    std::fs::write(&path, "").unwrap();
    assert_eq!(read(&path).unwrap(), Content::Empty);
}

/// A crash while the first transaction was written: the header is still a hole, the journal says so.
#[test]
fn a_file_that_was_never_finished_is_left_to_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("torn.db");
    std::fs::write(&path, vec![0; 8192]).unwrap();
    assert!(read(&path).is_err());
    std::fs::write(folder.path().join("torn.db-journal"), "something").unwrap();
    assert_eq!(read(&path).unwrap(), Content::Unfinished);
}

#[test]
fn any_bytes_can_be_looked_at() {
    let mut bytes = header(4096, false);
    for length in [0, 1, 16, 99] {
        assert_eq!(parse(&bytes[..length]), None);
    }
    for index in 0..18 {
        bytes[index] ^= 0xff;
        assert_eq!(parse(&bytes), None, "byte {index} does not matter");
        bytes[index] ^= 0xff;
    }
    assert!(!looks_encrypted(&bytes[..512]), "a database looks encrypted");
    assert!(!looks_encrypted(b"short"));
}
