//! SQLSTATEs and their classes: one of each that callers rely on, and that none of the documented classes is forgotten.

use super::*;

#[test]
fn states_that_callers_branch_on() {
    let cases = [
        ("3D000", ErrorClass::Unreachable),
        ("57P03", ErrorClass::Unreachable),
        ("53300", ErrorClass::Unreachable),
        ("08006", ErrorClass::Unreachable),
        ("28P01", ErrorClass::Refused),
        ("42501", ErrorClass::Refused),
        ("25006", ErrorClass::Refused),
        ("42P04", ErrorClass::Conflict),
        ("42P07", ErrorClass::Syntax),
        ("42710", ErrorClass::Syntax),
        ("40001", ErrorClass::Conflict),
        ("40P01", ErrorClass::Conflict),
        ("55006", ErrorClass::Conflict),
        ("55P03", ErrorClass::LockTimeout),
        ("42601", ErrorClass::Syntax),
        ("42P01", ErrorClass::Syntax),
        ("23505", ErrorClass::Constraint),
        ("22P02", ErrorClass::Constraint),
        ("P0001", ErrorClass::Constraint),
        ("57014", ErrorClass::Interrupted),
        ("57P01", ErrorClass::Interrupted),
        ("53100", ErrorClass::Interrupted),
        ("0A000", ErrorClass::Unsupported),
        ("58P01", ErrorClass::Unsupported),
        ("XX000", ErrorClass::Bug),
        ("XX001", ErrorClass::Refused),
    ];
    for (state, expected) in cases {
        assert_eq!(class(state), expected, "{state}");
    }
}

#[test]
fn positions_count_characters_and_offsets_bytes() {
    assert_eq!(offset("ü x", 1), Some(0));
    assert_eq!(offset("ü x", 3), Some(3));
    assert_eq!(offset("ü x", 4), Some(4));
    assert_eq!(offset("ü x", 9), None);
    assert_eq!(offset("", 0), None);
}

#[test]
fn fragments_are_one_line_without_a_full_stop() {
    assert_eq!(fragment("Key (a)=(1)\n is there."), "Key (a)=(1) is there");
}
