//! Classes by number, by SQLSTATE, and the place of a syntax error. Numbers are those the servers documented.

use super::*;

fn server(code: u16, state: &str, message: &str) -> Driver {
    Driver::Server(ServerError { code, state: state.to_owned(), message: message.to_owned() })
}

const BOTH: [EngineKind; 2] = [EngineKind::Mysql, EngineKind::Mariadb];

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
        (1418, "HY000", ErrorClass::Refused),
    ] {
        for engine in BOTH {
            assert_eq!(class(engine, code, state), expected, "{code}");
        }
    }
    for engine in BOTH {
        assert_eq!(class(engine, 4999, "23000"), ErrorClass::Constraint, "an unknown number falls back to its state");
    }
}

/// An idle session of MySQL, a trigger that MariaDB does not know; a statement out of time; a check.
#[test]
fn a_number_may_mean_something_else_to_the_other() {
    for (code, mysql, mariadb) in [
        (4031, ErrorClass::Unreachable, ErrorClass::Syntax),
        (1969, ErrorClass::Syntax, ErrorClass::Interrupted),
        (3024, ErrorClass::Interrupted, ErrorClass::Syntax),
        (3572, ErrorClass::LockTimeout, ErrorClass::Syntax),
        (4025, ErrorClass::Syntax, ErrorClass::Constraint),
        (4084, ErrorClass::Syntax, ErrorClass::Constraint),
    ] {
        assert_eq!(BOTH.map(|engine| class(engine, code, "HY000")), [mysql, mariadb], "{code}");
    }
}

#[test]
fn errors_that_the_driver_wraps_keep_their_words() {
    let inner = Driver::Driver(DriverError::ConnectionClosed);
    let wrapped = Driver::Io(IoError::Io(std::io::Error::other(inner)));
    let error = classify(&wrapped, "there", EngineKind::Mysql);
    assert_eq!(error.class, ErrorClass::Interrupted);
    assert_eq!(error.message, "the connection to there was lost: the server has closed it");
}

#[test]
fn messages_are_fragments() {
    let error = classify(&server(1064, "42000", "You have an error\nnear 'x' at line 1."), "there", EngineKind::Mysql);
    assert_eq!(error.message, "You have an error near 'x' at line 1");
    assert_eq!(number(&error), Some(1064));
}

#[test]
fn syntax_errors_have_a_place() {
    let place = |sql: &str, near: &str, line: usize| {
        let message = format!("You have an error … the right syntax to use near '{near}' at line {line}");
        offset(sql, &classify(&server(1064, "42000", &message), "there", EngineKind::Mysql))
    };
    assert_eq!(place("SELECT 1 FRUM items", "items", 1), Some(14));
    assert_eq!(place("SELECT 1,\n 2 FROM\n WHERE x", "WHERE x", 3), Some(19));
    assert_eq!(place("SELECT ", "", 1), Some(6));
}
