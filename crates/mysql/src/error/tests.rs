//! Classes by number, by SQLSTATE, and the place of a syntax error. Numbers are those the servers documented.

use super::*;

fn server(code: u16, state: &str, message: &str) -> Driver {
    Driver::Server(ServerError { code, state: state.to_owned(), message: message.to_owned() })
}

#[test]
fn numbers_have_their_classes() {
    for (code, state, expected) in [
        (1049, "42000", ErrorClass::Unreachable),
        (1045, "28000", ErrorClass::Refused),
        (1205, "HY000", ErrorClass::LockTimeout),
        (1213, "40001", ErrorClass::Conflict),
        (1064, "42000", ErrorClass::Syntax),
        (1062, "23000", ErrorClass::Constraint),
        (1317, "70100", ErrorClass::Interrupted),
        (1235, "42000", ErrorClass::Unsupported),
        (1792, "25006", ErrorClass::Refused),
    ] {
        assert_eq!(class(code, state), expected, "{code}");
    }
    assert_eq!(class(4999, "23000"), ErrorClass::Constraint, "an unknown number falls back to its state");
}

#[test]
fn messages_are_fragments() {
    let error = classify(&server(1064, "42000", "You have an error\nnear 'x' at line 1."), "there");
    assert_eq!(error.message, "You have an error near 'x' at line 1");
    assert_eq!(number(&error), Some(1064));
}

#[test]
fn syntax_errors_have_a_place() {
    let place = |sql: &str, near: &str, line: usize| {
        let message = format!("You have an error … the right syntax to use near '{near}' at line {line}");
        offset(sql, &classify(&server(1064, "42000", &message), "there"))
    };
    assert_eq!(place("SELECT 1 FRUM items", "items", 1), Some(14));
    assert_eq!(place("SELECT 1,\n 2 FROM\n WHERE x", "WHERE x", 3), Some(19));
    assert_eq!(place("SELECT ", "", 1), Some(6));
}
