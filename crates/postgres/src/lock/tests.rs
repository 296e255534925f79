//! A holder fits into a connection's name and is read back from it.

use super::*;

fn holder(command: &str, host: &str) -> Holder {
    Holder {
        process: 4_294_967_295,
        host: host.to_owned(),
        user: "ann".to_owned(),
        command: command.to_owned(),
        since: "2026-01-01T00:00:00Z".to_owned(),
    }
}

#[test]
fn a_holder_is_read_back() {
    let name = application(&holder("stead upgrade", "here"));
    assert_eq!(name, "stead upgrade [4294967295@here]");
    assert_eq!(parted(&name), ("stead upgrade".to_owned(), 4_294_967_295, "here".to_owned()));
}

#[test]
fn long_and_odd_holders_fit() {
    let name = application(&holder(&"ä command ".repeat(20), &"host.example.".repeat(20)));
    assert!(name.len() <= NAME_BYTES, "{name}");
    assert_eq!(parted(&name).1, 4_294_967_295);
    assert_eq!(parted("psql").1, 0);
}

#[test]
fn names_have_numbers_of_their_own() {
    assert_ne!(key("catalog"), key("Catalog"));
    assert_eq!(key("catalog"), key("catalog"));
}
