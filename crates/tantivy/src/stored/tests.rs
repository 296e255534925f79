//! What is encoded comes back, and what is not a document is refused instead of misread.

use proptest::prelude::*;
use stead_engine::Value;

use super::{decode, encode};

fn bytes_of(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| encode(value, &mut bytes));
    bytes
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_filter("comparable", |number| !number.is_nan()).prop_map(Value::Real),
        any::<String>().prop_map(Value::Text),
    ]
}

proptest! {
    #[test]
    fn a_document_comes_back_as_it_was(values in prop::collection::vec(any_value(), 0..8)) {
        prop_assert_eq!(decode(&bytes_of(&values)), Some(values));
    }

    #[test]
    fn bytes_that_are_no_document_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _decoded = decode(&bytes);
    }
}

#[test]
fn a_document_that_was_cut_off_is_refused() {
    let whole = bytes_of(&[Value::Integer(7), Value::from("teapot")]);
    assert_eq!(decode(&whole[..whole.len() - 1]), None);
    assert_eq!(decode(&[9]), None);
    assert_eq!(decode(&[3, 2, 0, 0, 0, 0xff, 0xfe]), None, "not UTF-8");
}
