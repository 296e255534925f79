//! Where words begin and end, in several scripts, and what a language does to them.

use proptest::prelude::*;

use super::{analyzer_name, analyzers};

fn words(language: Option<&str>, text: &str) -> Vec<String> {
    let mut analyzer = analyzers().get(&analyzer_name(language)).unwrap();
    let mut stream = analyzer.token_stream(text);
    let mut found = Vec::new();
    stream.process(&mut |token| {
        assert!(text.is_char_boundary(token.offset_from) && text.is_char_boundary(token.offset_to));
        found.push(token.text.clone());
    });
    found
}

#[test]
fn words_are_letters_and_digits_in_lower_case() {
    assert_eq!(words(None, "Hello, C++ & wi-fi 802.11!"), ["hello", "c", "wi", "fi", "802", "11"]);
    assert_eq!(words(None, "  🎉 * \u{0} "), Vec::<String>::new());
    assert_eq!(words(None, "ÜBER"), ["über"]);
}

#[test]
fn a_language_stems_and_an_unknown_one_does_not() {
    assert_eq!(words(Some("en"), "Running dogs"), ["run", "dog"]);
    assert_eq!(words(Some("EN-gb"), "Running dogs"), ["run", "dog"]);
    assert_eq!(words(Some("xx"), "Running dogs"), ["running", "dogs"]);
    assert_eq!(analyzer_name(Some("xx")), "words");
}

#[test]
fn every_character_of_an_unspaced_script_is_a_word() {
    assert_eq!(words(None, "東京tower駅"), ["東", "京", "tower", "駅"]);
}

#[test]
fn enormous_words_are_left_out() {
    assert_eq!(words(None, &format!("a {} b", "x".repeat(300))), ["a", "b"]);
}

proptest! {
    #[test]
    fn any_text_is_cut_at_letters(text in any::<String>()) {
        for language in [None, Some("en"), Some("ar"), Some("tr"), Some("de")] {
            let _words = words(language, &text);
        }
    }
}
