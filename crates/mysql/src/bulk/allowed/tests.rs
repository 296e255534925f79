//! What the text of a function says of it. Words in its body or in strings say nothing.

use super::is_doubtful;

#[test]
fn a_function_says_whether_it_is_harmless() {
    for harmless in [
        "(a int) RETURNS int DETERMINISTIC RETURN a",
        "() RETURNS int NO SQL COMMENT 'x' RETURN 1",
        "() RETURNS int READS SQL DATA BEGIN RETURN 1; END",
    ] {
        assert!(!is_doubtful(harmless), "{harmless}");
    }
    for doubtful in [
        "(a int) RETURNS int RETURN a",
        "(a int) RETURNS int NOT DETERMINISTIC RETURN a",
        "() RETURNS int MODIFIES SQL DATA BEGIN SELECT 'NO SQL'; RETURN 1; END",
    ] {
        assert!(is_doubtful(doubtful), "{doubtful}");
    }
}
