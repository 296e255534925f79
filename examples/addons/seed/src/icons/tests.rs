//! An icon is valid XML, whatever the name, and lies where its row says.

use super::icon;
use crate::words::THEMES;

#[test]
fn names_are_escaped_and_folders_follow_the_number() {
    let icon = icon(1203, "Tin & Tongs <3", &THEMES[0]);
    assert_eq!(icon.path, "icons/03/1203.svg");
    let text = String::from_utf8(icon.bytes).unwrap();
    assert!(text.contains("<title>Tin &amp; Tongs &lt;3</title>"), "{text}");
    assert!(text.contains(">T</text>"), "{text}");
}

#[test]
fn themes_have_their_own_colours() {
    let colour = |theme: usize| {
        let text = String::from_utf8(icon(5, "Same", &THEMES[theme]).bytes).unwrap();
        text.lines().find(|line| line.starts_with("<g fill")).unwrap().to_owned()
    };
    assert_ne!(colour(0), colour(1));
}
