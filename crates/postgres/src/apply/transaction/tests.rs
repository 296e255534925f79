//! Which statements control transactions.

use super::*;

#[test]
fn transaction_control_is_told_from_everything_else() {
    for sql in [
        "COMMIT",
        " /* x */ commit",
        "END",
        "ABORT",
        "BEGIN",
        "Start Transaction",
        "ROLLBACK",
        "rollback and chain",
        "ROLLBACK PREPARED 'x'",
        "PREPARE TRANSACTION 'x'",
        "COMMIT PREPARED 'x'",
    ] {
        assert!(begins_or_ends(sql), "{sql}");
    }
    for sql in [
        "",
        "-- commit",
        "SELECT 'COMMIT'",
        "ROLLBACK TO here",
        "ROLLBACK WORK TO here",
        "SAVEPOINT here",
        "PREPARE plan AS SELECT 1",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
        "\"commit\"",
    ] {
        assert!(!begins_or_ends(sql), "{sql}");
    }
}
