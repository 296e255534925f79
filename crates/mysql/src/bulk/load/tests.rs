//! Names that some servers do not tell apart. Which servers those are is asked when a snapshot is loaded.

use super::colliding;

#[test]
fn trap_m32_names_that_differ_in_capitals() {
    assert_eq!(colliding(["users", "Größe", "GRÖSSE", "USERS"].into_iter()), Some(("users", "USERS")));
    assert_eq!(colliding(["users", "user"].into_iter()), None);
}
