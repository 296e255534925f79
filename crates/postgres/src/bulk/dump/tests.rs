//! What a person is told when rows cannot be read.

use std::time::Duration;

use stead_engine::{EngineError, ErrorClass};

use super::told;

fn error(code: &str, class: ErrorClass) -> EngineError {
    let mut error = EngineError::new(class, "the server says no");
    error.engine_code = Some(code.to_owned());
    error
}

#[test]
fn trap_p40_a_read_that_a_standby_ends_says_how_old_it_was_and_what_to_set() {
    let told = told(error("40001", ErrorClass::Conflict), true, Duration::from_secs(75));
    assert!(told.message.contains("75 s"), "{told:?}");
    assert!(told.hints.iter().any(|hint| hint.contains("hot_standby_feedback")), "{told:?}");
    assert_eq!(told.class, ErrorClass::Conflict);
}

#[test]
fn trap_p05_a_row_that_is_too_long_is_no_defect_of_ours() {
    for (code, class) in [("54000", ErrorClass::Unsupported), ("XX000", ErrorClass::Bug)] {
        let told = told(error(code, class), false, Duration::ZERO);
        assert_eq!(told.class, ErrorClass::Unsupported);
        assert!(told.hints.iter().any(|hint| hint.contains("512 MB")), "{told:?}");
    }
    assert!(told(error("57014", ErrorClass::Interrupted), true, Duration::ZERO).hints.is_empty());
}
