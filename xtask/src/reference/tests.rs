//! Finding the first line that differs, at the start, in the middle and at either end.
//! The page itself is compared by the chore.

use super::*;

#[test]
fn equal_pages_have_no_difference() {
    assert_eq!(first_difference("p", "a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("p", "", ""), None);
}

#[test]
fn the_first_differing_line_is_named() {
    let difference = first_difference("p", "a\nb\nc\n", "a\nx\ny\n").unwrap();
    assert_eq!(difference, "p:2: is not current\n  is:     `b`\n  should: `x`");
}

#[test]
fn a_page_that_is_too_short_or_too_long_differs() {
    assert!(first_difference("p", "a", "a\nb").unwrap().contains("is:     the page ends"));
    assert!(first_difference("p", "a\nb", "a").unwrap().contains("should: the page ends"));
    assert!(first_difference("p", "a", "a\n").unwrap().starts_with("p:2:"));
}
