//! The checksum against its published test value, and the layout of a package against the format's own fields.

use super::{checksum, package, quoted, zip};

#[test]
fn the_checksum_is_crc32() {
    assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    assert_eq!(checksum(b""), 0);
}

#[test]
fn the_end_record_points_at_the_directory() {
    let archive = zip(&[("one", b"first"), ("two", b"second")]);
    let end = &archive[archive.len() - 22..];
    assert_eq!(&end[..4], b"PK\x05\x06");
    assert_eq!(u16::from_le_bytes([end[10], end[11]]), 2);
    let start = u32::from_le_bytes([end[16], end[17], end[18], end[19]]) as usize;
    let length = u32::from_le_bytes([end[12], end[13], end[14], end[15]]) as usize;
    assert_eq!(start + length, archive.len() - 22);
    assert_eq!(&archive[start..start + 4], b"PK\x01\x02");
    // Each directory entry ends with the offset of its file and its name.
    let second = start + 46 + 3;
    let offset = u32::from_le_bytes(archive[second + 42..second + 46].try_into().unwrap()) as usize;
    assert_eq!(&archive[offset..offset + 4], b"PK\x03\x04");
    assert_eq!(&archive[offset + 30..offset + 39], b"twosecond");
}

#[test]
fn a_manifest_survives_quotes() {
    assert_eq!(quoted(r#"a "b" \c"#), r#""a \"b\" \\c""#);
    let text = String::from_utf8_lossy(&package("swift-tab-loom", "1.2.0", "Groups tabs.", "Faster.")).into_owned();
    assert!(text.contains("\"version\": \"1.2.0\""), "{text}");
    assert!(text.contains("1.2.0\n\nFaster.\n"), "{text}");
}
