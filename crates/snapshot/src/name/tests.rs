//! Row 093, and names that nobody gave.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn row_093_names_validated() {
    for good in
        ["a", "_init", "20260102030405", "20260102030405-2", "release-1.2.3", "A_b.c-d", "a..b", &"x".repeat(100)]
    {
        assert_eq!(SnapshotName::parse(good).unwrap().to_string(), good);
    }
    let bad = [
        "",
        ".",
        "..",
        "../x",
        "/etc/passwd",
        "/",
        "a/b",
        "a/../b",
        "a\\b",
        ".hidden",
        "@production",
        "-force",
        "a b",
        "a\0b",
        "a\nb",
        "ä",
        "a:b",
        "a*",
        "~",
        " a",
        "a ",
        &"x".repeat(101),
    ];
    for text in bad {
        let error = SnapshotName::parse(text).unwrap_err();
        assert_eq!(error.code(), "snapshot-name");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn row_093_a_name_in_a_manifest_is_validated_too() {
    assert!(serde_json::from_str::<SnapshotName>("\"../x\"").is_err());
    assert_eq!(serde_json::from_str::<SnapshotName>("\"x\"").unwrap().as_str(), "x");
}

#[test]
fn row_089_default_names_do_not_collide() {
    let taken = RefCell::new(BTreeSet::new());
    for wanted in ["20260102030405", "20260102030405-2", "20260102030405-3"] {
        let name = default_name("20260102030405", |name| taken.borrow().contains(name)).unwrap();
        assert_eq!(name.as_str(), wanted);
        taken.borrow_mut().insert(name);
    }
    assert!(default_name("2026-01-02", |_| false).is_err());
}

proptest! {
    #[test]
    fn a_name_is_one_plain_component(text in "\\PC{0,8}|[.@/_a-z-]{0,6}") {
        if let Ok(name) = SnapshotName::parse(&text) {
            let path = std::path::Path::new(name.as_str());
            prop_assert_eq!(path.components().count(), 1);
            prop_assert_eq!(path.file_name().unwrap().to_str().unwrap(), text);
        }
    }
}
