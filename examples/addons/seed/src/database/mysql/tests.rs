//! Statements of many rows. Quotes and backslashes in texts must not end a literal.

use super::{Table, Value, statement};

#[test]
fn texts_are_quoted_and_moments_lose_their_zone() {
    let table = Table { name: "settings", columns: &["key", "value", "at"] };
    let rows = [
        vec![Value::from("it's"), Value::from("a\\b"), Value::Moment("2024-01-02T03:04:05Z".to_owned())],
        vec![Value::Integer(-7), Value::Null, Value::from("T and Z stay")],
    ];
    let expected = "INSERT INTO `settings` (`key`, `value`, `at`) VALUES\n\
                    ('it\\'s', 'a\\\\b', '2024-01-02 03:04:05'),\n(-7, NULL, 'T and Z stay')";
    assert_eq!(statement(&table, &rows), expected);
}
