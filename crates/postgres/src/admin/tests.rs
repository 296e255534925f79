//! Names: what the server would cut is refused, and a scratch database tells its age.

use super::*;

#[test]
fn names_that_the_server_would_change_are_refused() {
    for bad in [String::new(), "x".repeat(64), "ä".repeat(32), "a\0b".to_owned(), "template1".to_owned()] {
        let error = name(&Place(bad.clone())).expect_err("it is refused");
        assert_eq!(error.class, ErrorClass::Refused, "{bad:?}");
    }
    for good in ["x".repeat(63), "Zeta \"x\"".to_owned(), "select".to_owned()] {
        assert_eq!(name(&Place(good.clone())).ok(), Some(good.as_str()));
    }
}

#[test]
fn a_scratch_database_tells_when_it_was_made() {
    assert_eq!(born("stead_scratch_66000000_0123"), Some(0x6600_0000));
    assert_eq!(born("stead_scratch_mine"), None);
    assert_eq!(born("catalog"), None);
}
