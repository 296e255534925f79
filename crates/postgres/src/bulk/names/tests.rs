//! Names fit, stay apart and are found again.

use super::*;

#[test]
fn names_fit_whatever_the_database_is_called() {
    for live in ["catalog", &"x".repeat(63), &"ä".repeat(31), "Zeta \"x\"", "a"] {
        for token in ["t", "20260101-120000", &"long".repeat(30), "", "ä/\0"] {
            let live = Place((*live).to_owned());
            for made in [beside(&live, token), keeping(&live, token)] {
                assert!(made.0.len() <= NAME_BYTES, "{made}");
                assert!(!made.0.contains('\0'));
                assert!(is_ours(&made.0) && !is_ours(&live.0));
            }
            assert!(beside(&live, token).0.starts_with(&leftovers(&live)));
            assert!(!keeping(&live, token).0.starts_with(&leftovers(&live)));
        }
    }
}

#[test]
fn databases_with_one_beginning_are_told_apart() {
    let (left, right) = (Place(format!("{}1", "x".repeat(62))), Place(format!("{}2", "x".repeat(62))));
    assert_ne!(beside(&left, "t"), beside(&right, "t"));
    assert_ne!(beside(&left, "a-b"), beside(&left, "a_b"));
}
