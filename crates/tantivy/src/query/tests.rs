//! What is made of typed words, the odd ones above all.

use proptest::prelude::*;

use super::{Clause, MOST_CLAUSES, parse};

fn read(typed: &str) -> String {
    let question = parse(typed, &["id", "name", "full name"]);
    let alternatives =
        question.alternatives.iter().map(|clauses| clauses.iter().map(show).collect::<Vec<_>>().join(" & "));
    alternatives.collect::<Vec<_>>().join(" | ")
}

fn show(clause: &Clause) -> String {
    let sign = if clause.excluded { "-" } else { "" };
    let field = clause.field.map(|number| format!("{number}:")).unwrap_or_default();
    format!("{sign}{field}[{}]", clause.text)
}

#[test]
fn words_phrases_fields_and_signs() {
    assert_eq!(read("dark  theme"), "[dark] & [theme]");
    assert_eq!(read(r#""dark theme" -light"#), "[dark theme] & -[light]");
    assert_eq!(read(r#"name:dark name:"night mode" -name:light"#), "1:[dark] & 1:[night mode] & -1:[light]");
    assert_eq!(read("a AND b OR c"), "[a] & [b] | [c]");
    assert_eq!(read("a and b or c"), "[a] & [and] & [b] & [or] & [c]");
    assert_eq!(read("“dark theme”"), "[dark theme]");
    assert_eq!(
        read("full name:x"),
        "[full] & 1:[x]",
        "a name with a space cannot be typed; its last word is a field too"
    );
}

#[test]
fn what_makes_no_sense_is_read_as_words() {
    assert_eq!(read(r#"12" pipe"#), "[12] & [pipe]");
    assert_eq!(read("https://example.org:80/x"), "[https://example.org:80/x]");
    assert_eq!(read("name: x"), "[name:] & [x]");
    assert_eq!(read("- -- OR OR AND"), "[-] & -[-]");
    assert_eq!(read(r#""" "#), "");
    assert_eq!(read(""), "");
    assert!(parse(" * ", &[]).everything);
    assert!(!parse("a*", &[]).everything);
}

#[test]
fn the_same_word_counts_once_and_a_page_of_them_is_cut() {
    assert_eq!(read("a a a"), "[a]");
    let page: Vec<String> = (0..5000).map(|number| format!("w{number}")).collect();
    let question = parse(&page.join(" "), &[]);
    assert_eq!(question.alternatives[0].len(), MOST_CLAUSES);
    let question = parse(&page.join(" OR "), &[]);
    assert_eq!(question.alternatives.len(), MOST_CLAUSES);
}

proptest! {
    #[test]
    fn every_text_is_a_question(typed in any::<String>()) {
        for clause in parse(&typed, &["id", "a"]).alternatives.concat() {
            prop_assert!(!clause.text.is_empty());
        }
    }

    #[test]
    fn punctuation_never_fails(typed in "[a :\"“*()\\[\\]{}^~+/-]{0,40}") {
        let _question = parse(&typed, &["a"]);
    }
}
