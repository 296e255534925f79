//! Where words begin and end, in several scripts, and what a language does to them.

use proptest::prelude::*;
use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer};

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

/// What a language's own rules make of words, without anything being remembered.
fn by_rule(language: Language, text: &str) -> Vec<String> {
    let mut plain = analyzers().get("words").unwrap();
    let mut rules = TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(language)).build();
    let mut words = plain.token_stream(text);
    let mut found = Vec::new();
    while words.advance() {
        let mut stream = rules.token_stream(&words.token().text);
        stream.process(&mut |token| found.push(token.text.clone()));
    }
    found
}

#[test]
fn a_remembered_stem_is_the_one_that_the_rules_give() {
    let long = "x".repeat(33);
    let text = format!("running runs RUN hoping skies {long}ing skies hoping runs running naïvely {long}ing naïvely");
    assert_eq!(words(Some("en"), &text), by_rule(Language::English, &text));
    // More words than are remembered, each of them twice and the first ones again after they were forgotten.
    let many: Vec<String> = (0..30_000).map(|number| format!("w{}{number}ing", "a".repeat(number % 20))).collect();
    let text = format!("{0} {0} {1}", many.join(" "), many[..100].join(" "));
    assert_eq!(words(Some("en"), &text), by_rule(Language::English, &text));
}

proptest! {
    #[test]
    fn stems_are_those_of_the_rules(text in "[\\PC]{0,60}") {
        let twice = format!("{text} {text}");
        for (letters, language) in [("en", Language::English), ("de", Language::German), ("tr", Language::Turkish)] {
            prop_assert_eq!(words(Some(letters), &twice), by_rule(language, &twice));
        }
    }

    #[test]
    fn any_text_is_cut_at_letters(text in any::<String>()) {
        for language in [None, Some("en"), Some("ar"), Some("tr"), Some("de")] {
            let _words = words(language, &text);
        }
    }
}
