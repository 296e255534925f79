//! Statements whose strings would be read in another way than they were meant.

use stead_engine::ErrorClass;

use super::*;

fn printed<'a>(kind: &'a str, client: &'a str, sql_mode: &'a str) -> Printed<'a> {
    Printed { kind, name: "x", client, sql_mode, engine: EngineKind::Mysql }
}

const PLAIN: &str = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES";

#[test]
fn what_the_server_escapes_is_put_right_and_nothing_else() {
    let routine = "CREATE DEFINER=`a`@`b` FUNCTION `x`(a ENUM('x\\y', ')\\'), /* ') */ b DECIMAL(5,2)) RETURNS enum('COMMENT ''','y\\\\') CHARSET latin1\n    \
                   NO SQL\n    COMMENT 'a\\\\b''c\\nn'\nRETURN 'x\\\\y\n    COMMENT '";
    let expected = "CREATE DEFINER=`a`@`b` FUNCTION `x`(a ENUM('x\\y', ')\\'), /* ') */ b DECIMAL(5,2)) RETURNS enum('COMMENT ''','y\\') CHARSET latin1\n    \
                    NO SQL\n    COMMENT 'a\\b''c\nn'\nRETURN 'x\\\\y\n    COMMENT '";
    assert_eq!(printed("function", "utf8mb4", PLAIN).statement(routine.into()).unwrap(), expected);
    assert_eq!(printed("function", "utf8mb4", "").statement(routine.into()).unwrap(), routine);
    let procedure = "CREATE PROCEDURE `x`()\nSELECT '\\\\'";
    assert_eq!(printed("procedure", "utf8mb4", PLAIN).statement(procedure.into()).unwrap(), procedure);
    let event =
        "CREATE EVENT `x` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE COMMENT 'a\\\\' DO SELECT '\\\\'";
    let expected =
        "CREATE EVENT `x` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE COMMENT 'a\\' DO SELECT '\\\\'";
    assert_eq!(printed("event", "utf8mb4", PLAIN).statement(event.into()).unwrap(), expected);
}

#[test]
fn bytes_that_utf8_cannot_say_are_refused() {
    let refused = |client: &str, text: &[u8]| printed("trigger", client, "").statement(text.to_vec()).unwrap_err();
    for (client, text) in [("binary", &b"SET @a = '\xe9'"[..]), ("latin1", "SET @a = _latin1 'é'".as_bytes())] {
        let error = refused(client, text);
        assert!(error.class == ErrorClass::Unsupported && error.message.contains("the trigger `x`"), "{error:?}");
    }
    for (client, text) in [
        ("utf8mb4", "SET @a = _latin1'é'"),
        ("utf8mb3", "SET @a = _latin1'é'"),
        ("latin1", "SET @a = _latin1'e', @b = 'é'"),
        ("binary", "SET @a = _latin1'é'"),
    ] {
        assert_eq!(printed("trigger", client, "").statement(text.into()).unwrap(), text);
    }
}
