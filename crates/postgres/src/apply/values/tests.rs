//! Spellings both ways: what leaves must be read back as it was.

use super::*;

#[test]
fn bytes_go_both_ways() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(bytes(&hexadecimal(&all)), Some(all));
    assert_eq!(bytes("\\x"), Some(Vec::new()));
    assert_eq!(bytes("\\x1"), None);
    assert_eq!(bytes("escape"), None);
}

#[test]
fn numbers_keep_every_digit() {
    for number in [0.1, -0.1, f64::MIN_POSITIVE, f64::MAX, 5e-324, -0.0, f64::INFINITY, f64::NEG_INFINITY] {
        let text = spelling(&Value::Real(number)).expect("a number").expect("a text");
        assert_eq!(value(Some(&text), &Type::FLOAT8).ok(), Some(Value::Real(number)), "{text}");
    }
    let nan = value(Some("NaN"), &Type::FLOAT8).expect("it is a number to PostgreSQL");
    assert!(matches!(nan, Value::Real(number) if number.is_nan()));
    assert_eq!(value(Some("-9223372036854775808"), &Type::INT8).ok(), Some(Value::Integer(i64::MIN)));
}

#[test]
fn a_text_with_a_nul_is_refused() {
    let error = spelling(&Value::from("a\0b")).expect_err("PostgreSQL has no NUL");
    assert_eq!(error.class, ErrorClass::Constraint);
}

#[test]
fn what_is_no_number_stays_text() {
    assert_eq!(value(Some("1.50"), &Type::NUMERIC).ok(), Some(Value::from("1.50")));
    assert_eq!(value(Some("t"), &Type::BOOL).ok(), Some(Value::Integer(1)));
    assert_eq!(value(None, &Type::TEXT).ok(), Some(Value::Null));
}
