//! Which values fit which kind of field, and what is said about those that do not.

use proptest::prelude::*;
use stead_engine::Value;
use stead_engine::search::FieldKind;
use tantivy::time::format_description::well_known::Rfc3339;

use super::{Converted, Unfit, convert, key_text, moment, shortened};

fn date(text: &str) -> Option<String> {
    moment(text).map(|moment| moment.to_offset(tantivy::time::UtcOffset::UTC).format(&Rfc3339).unwrap())
}

#[test]
fn numbers_are_taken_from_every_spelling_that_is_one() {
    let float = |value: &Value| match convert(FieldKind::Float, value) {
        Ok(Converted::Float(number)) => Some(number),
        _ => None,
    };
    assert_eq!(float(&Value::Integer(3)), Some(3.0));
    assert_eq!(float(&Value::from(" 4.25 ")), Some(4.25));
    assert_eq!(float(&Value::from("four")), None);
    let integer = |value: &Value| match convert(FieldKind::Integer, value) {
        Ok(Converted::Integer(number)) => Some(number),
        _ => None,
    };
    assert_eq!(integer(&Value::from("-12")), Some(-12));
    assert_eq!(integer(&Value::Real(3.0)), Some(3));
    assert_eq!(integer(&Value::Real(3.5)), None);
    assert_eq!(integer(&Value::Real(1e18)), None, "it may not be the number that was meant");
    assert_eq!(integer(&Value::from("99999999999999999999")), None);
}

#[test]
fn infinity_is_no_number_of_an_index() {
    for value in [Value::Real(f64::INFINITY), Value::Real(f64::NAN), Value::from("inf"), Value::from("NaN")] {
        assert!(matches!(convert(FieldKind::Float, &value), Err(Unfit::NotFinite { .. })), "{value:?}");
    }
}

#[test]
fn booleans_are_zero_and_one_or_words() {
    let boolean = |value: Value| match convert(FieldKind::Boolean, &value) {
        Ok(Converted::Boolean(flag)) => Some(flag),
        _ => None,
    };
    assert_eq!([0, 1, 2].map(|number| boolean(Value::Integer(number))), [Some(false), Some(true), None]);
    assert_eq!(["t", "False", "maybe"].map(|word| boolean(word.into())), [Some(true), Some(false), None]);
}

#[test]
fn dates_are_read_as_databases_print_them() {
    assert_eq!(date("2024-05-31").unwrap(), "2024-05-31T00:00:00Z");
    assert_eq!(date("2024-05-31 23:59:59").unwrap(), "2024-05-31T23:59:59Z");
    assert_eq!(date("2024-05-31T23:59").unwrap(), "2024-05-31T23:59:00Z");
    assert_eq!(date("2024-05-31T23:59:59.123456789123+02:00").unwrap(), "2024-05-31T21:59:59.123456789Z");
    assert_eq!(date("2024-05-31 23:59:59.5+00").unwrap(), "2024-05-31T23:59:59.5Z");
    assert_eq!(date("2024-12-31T23:59:60Z").unwrap(), "2024-12-31T23:59:59Z");
    assert_eq!(date("2024-05-31 01:00:00 -0130").unwrap(), "2024-05-31T02:30:00Z");
}

#[test]
fn what_is_no_date_is_refused() {
    for text in ["", "2024", "2024-02-30", "0000-00-00", "24-05-31", "2024-05-31x", "2024-05-31 25:00:00"] {
        assert_eq!(moment(text), None, "{text}");
    }
    for text in ["2024-5-31x", "2024-05-31 1:2:3", "2024-05-31T", "2024-05-31T10:00:00+25:99", "ééééé", "+024-05-31"]
    {
        assert_eq!(moment(text), None, "{text}");
    }
}

#[test]
fn dates_out_of_range_are_moved_to_its_edge() {
    let sentinel = Value::from("9999-12-31");
    assert_eq!(convert(FieldKind::Date, &sentinel).unwrap(), Converted::Date(tantivy::DateTime::MAX));
}

#[test]
fn a_refusal_names_what_was_found_and_what_was_wanted() {
    let unfit = convert(FieldKind::Integer, &Value::from("x".repeat(50))).unwrap_err();
    assert_eq!(unfit.to_string(), format!("the text `{}…` is not an integer", "x".repeat(40)));
    let unfit = convert(FieldKind::Text, &Value::Blob(vec![1, 2, 3])).unwrap_err();
    assert_eq!(unfit.to_string(), "a value of 3 raw bytes is not a text");
    let unfit = convert(FieldKind::Keyword, &Value::from("k".repeat(40_000))).unwrap_err();
    assert_eq!(unfit, Unfit::TooLong { length: 40_000 });
    assert_eq!(key_text(&Value::Null).unwrap_err(), Unfit::MissingKey);
}

#[test]
fn null_leaves_the_field_out_whatever_its_kind() {
    use FieldKind::{Boolean, Date, Float, Integer, Keyword, Text};
    for kind in [Text, Keyword, Integer, Float, Boolean, Date] {
        assert_eq!(convert(kind, &Value::Null), Ok(Converted::Absent));
    }
}

#[test]
fn shortening_never_cuts_a_letter() {
    assert_eq!(shortened(&"é".repeat(41)), format!("{}…", "é".repeat(40)));
    assert_eq!(shortened("short"), "short");
}

proptest! {
    #[test]
    fn no_text_makes_the_date_reader_panic(text in "\\PC{0,30}") {
        let _read = moment(&text);
    }

    #[test]
    fn almost_dates_never_panic(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T x][0-9:.]{0,12}[+-Zé]{0,3}[0-9:]{0,6}") {
        let _read = moment(&text);
    }
}
