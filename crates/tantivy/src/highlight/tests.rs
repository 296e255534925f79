//! Marks lie on words that match, and a piece shows the best place of a long text.

use proptest::prelude::*;

use super::{Needle, PIECE, highlight};
use crate::words::{analyzer_name, analyzers};

/// The piece with its marks in brackets.
fn shown(text: &str, needles: &[&[&str]]) -> Option<String> {
    let mut analyzer = analyzers().get(&analyzer_name(Some("en"))).unwrap();
    let needles: Vec<Needle> =
        needles.iter().map(|words| words.iter().map(|word| (*word).to_owned()).enumerate().collect()).collect();
    let found = highlight(&mut analyzer, text, &needles)?;
    let mut shown = found.text.clone();
    for (from, to) in found.ranges.iter().rev() {
        shown.insert(*to, ']');
        shown.insert(*from, '[');
    }
    Some(shown)
}

#[test]
fn a_word_that_matches_by_its_stem_is_marked_as_written() {
    assert_eq!(shown("Running, and runs.", &[&["run"]]).unwrap(), "[Running], and [runs].");
    assert_eq!(shown("nothing here", &[&["run"]]), None);
    assert_eq!(shown("", &[&["run"]]), None);
}

#[test]
fn a_phrase_is_marked_only_where_its_words_follow_each_other() {
    let text = "dark matter, a theme; the dark themes, dark";
    assert_eq!(shown(text, &[&["dark", "theme"]]).unwrap(), "dark matter, a theme; the [dark] [themes], dark");
    assert_eq!(shown("dark matter", &[&["dark", "theme"]]), None);
}

#[test]
fn a_long_text_is_cut_where_most_words_match() {
    let filler = "lorem ipsum dolor sit amet ".repeat(40);
    let text = format!("{filler} apple {filler} apple and pear {filler}");
    let shown = shown(&text, &[&["appl"], &["pear"]]).unwrap();
    assert!(shown.contains("[apple] and [pear]"), "{shown}");
    assert!(shown.len() <= PIECE + 4, "{}", shown.len());
    assert!(shown.starts_with(char::is_alphabetic) && !shown.ends_with(' '), "{shown}");
}

#[test]
fn the_edges_of_a_long_text_are_kept_whole() {
    let filler = "word ".repeat(100);
    assert!(shown(&format!("(apple) {filler}"), &[&["appl"]]).unwrap().starts_with("([apple]) word"));
    assert!(shown(&format!("{filler}(apple)."), &[&["appl"]]).unwrap().ends_with("([apple])."));
}

proptest! {
    #[test]
    fn marks_lie_on_letters_ascending_and_apart(text in "(\\PC{0,20}apple |東京){0,30}", other in "\\PC{0,5}") {
        let mut analyzer = analyzers().get("words").unwrap();
        let needles = [vec![(0, "apple".to_owned())], vec![(0, "東".to_owned())], vec![(0, other)]];
        if let Some(found) = highlight(&mut analyzer, &text, &needles) {
            prop_assert!(text.contains(&found.text) && !found.ranges.is_empty());
            let mut end = 0;
            for (from, to) in found.ranges {
                prop_assert!(from >= end && to > from && found.text.get(from..to).is_some());
                end = to;
            }
        }
    }
}
