//! The text format of `COPY`. The server takes apart what is written here, so a letter that is not escaped moves values
//! into other columns.

use super::{Value, encoded};

#[test]
fn what_would_be_mistaken_is_escaped() {
    let rows = [
        vec![Value::Null, Value::Integer(-7), Value::from("a\tb\\c\nd\re")],
        vec![Value::from("\\N"), Value::from(""), Value::Moment("2024-01-02T03:04:05Z".to_owned())],
    ];
    let expected = "\\N\t-7\ta\\tb\\\\c\\nd\\re\n\\\\N\t\t2024-01-02T03:04:05Z\n";
    assert_eq!(String::from_utf8(encoded(&rows)).unwrap(), expected);
}
