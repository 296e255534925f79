//! Documents taken apart, with the odd names and nestings that people have. What does not fit together is refused.

use super::*;

fn travel(text: &str, types: &str) -> Result<String, EngineError> {
    let travels = travelling(text.as_bytes(), Some(types.as_bytes()), "t", "doc")?;
    Ok(String::from_utf8(travels).expect("what was text stays text"))
}

#[test]
fn only_what_is_not_json_goes_beside_the_text() {
    let text = r#"{"a": 9.90, "b": [1, {"k\"y": "2026-01-02"}], "c": "x", "": null}"#;
    let types = r#"["OBJECT", ["DECIMAL", "ARRAY", "STRING", "NULL", "DATE"], ["INTEGER", "OBJECT"]]"#;
    let travels = travel(text, types).expect("the types fit");
    let beside = r#"[["$.\"a\"","DECIMAL","9.90"],["$.\"b\"[1].\"k\\\"y\"","DATE","2026-01-02"]]"#;
    assert_eq!(travels, format!("{text}\n{beside}"));
    let (length, expression) = arriving(travels.as_bytes(), "?").expect("it can be put back");
    assert_eq!(length, text.len());
    assert!(expression.starts_with("JSON_SET(?, _utf8mb4'$.\"a\"', CAST('9.90' AS DECIMAL(3, 2)), "), "{expression}");
    assert_eq!(travel("[1, 2.5]", r#"["ARRAY", null, ["INTEGER", "DOUBLE"]]"#).expect("they fit"), "[1, 2.5]");
    assert_eq!(arriving(b"[1]", "?"), Some((3, "?".to_owned())));
}

#[test]
fn what_does_not_fit_is_refused() {
    for (text, types) in [
        ("[1, 2]", r#"["ARRAY", null, ["INTEGER"]]"#),
        ("[1]", r#"["ARRAY", null, ["STRING"]]"#),
        ("[\"x\"]", r#"["ARRAY", null, ["DECIMAL"]]"#),
        ("[1", r#"["ARRAY", null, ["INTEGER"]]"#),
        ("[\"base64:type77:AA==\"]", r#"["ARRAY", null, ["OPAQUE"]]"#),
        ("[1]", "nonsense"),
    ] {
        let error = travel(text, types).expect_err(text);
        assert!(error.class == ErrorClass::Unsupported && error.message.contains("`doc` of `t`"), "{error:?}");
    }
}

#[test]
fn bytes_are_read_as_they_are_printed() {
    assert_eq!(decoded("AP8="), Some(("00ff".to_owned(), 2)));
    assert_eq!(decoded(""), Some((String::new(), 0)));
    assert_eq!(decoded("YWJj\\nYWJj"), Some(("616263616263".to_owned(), 6)));
    assert_eq!(decoded("A*"), None);
}
