//! Rows as bytes and back. Every byte value travels, and nothing that is in a row can look like its end.

use super::*;

#[test]
fn every_byte_comes_back() {
    let all: Vec<u8> = (0..=255).collect();
    let mut row = Vec::new();
    escape(&all, &mut row);
    row.push(b'\t');
    row.extend(b"\\N");
    row.push(b'\t');
    escape(b"\\N", &mut row);
    assert!(!row.contains(&b'\n'));
    assert_eq!(values(&row), [Some(all), None, Some(b"\\N".to_vec())]);
    assert_eq!(values(b""), [Some(Vec::new())]);
}

#[test]
fn no_row_looks_like_the_end() {
    let mut row = Vec::new();
    escape(b"\\.{}", &mut row);
    assert!(!row.starts_with(END));
}

#[test]
fn names_are_plain_and_come_back() {
    for name in ["addons", "a/b", "..", "Größe", "a b`c", "%2F"] {
        let stream = table_stream(name);
        assert!(stream.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/%_-$".contains(&byte)), "{stream}");
        assert_eq!(owner(&stream, "table").as_deref(), Some(name));
        assert_eq!(owner(&stream, "sequence"), None);
    }
}
