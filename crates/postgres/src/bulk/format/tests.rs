//! Rows are counted alike however the bytes are cut.

use super::*;

fn binary(rows: &[&[Option<&[u8]>]]) -> Vec<u8> {
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend_from_slice(&[0; 8]);
    for row in rows {
        bytes.extend_from_slice(&u16::try_from(row.len()).expect("few fields").to_be_bytes());
        for field in *row {
            match field {
                Some(value) => {
                    bytes.extend_from_slice(&u32::try_from(value.len()).expect("short").to_be_bytes());
                    bytes.extend_from_slice(value);
                }
                None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
            }
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    bytes
}

fn count(form: bool, bytes: &[u8], piece: usize) -> Result<u64, EngineError> {
    let mut counter = Counter::new(form);
    for some in bytes.chunks(piece) {
        counter.see(some)?;
    }
    counter.rows()
}

#[test]
fn pieces_of_any_size_count_alike() {
    let bytes = binary(&[&[Some(b"abc"), None], &[Some(b""), Some(b"x")], &[], &[None, None]]);
    for piece in 1..=bytes.len() {
        assert_eq!(count(true, &bytes, piece).ok(), Some(4), "pieces of {piece}");
    }
    assert_eq!(count(false, b"a\tb\\n\n\\N\t\n", 3).ok(), Some(2));
    assert_eq!(count(true, &binary(&[]), 1000).ok(), Some(0));
}

#[test]
fn what_is_cut_or_longer_is_no_dump() {
    let mut bytes = binary(&[&[Some(b"abc")]]);
    for length in 0..bytes.len() {
        assert!(count(true, &bytes[..length], 7).is_err(), "{length} bytes");
    }
    bytes.push(0);
    assert!(count(true, &bytes, 7).is_err());
    assert!(count(true, b"no dump at all, but long", 7).is_err());
}
