//! What people find: words, phrases, fields, their order and their marks; and that nothing they type can fail.

use proptest::prelude::*;
use stead_engine::search::{Definition, Field, FieldKind, SearchRequest};
use stead_engine::{SearchEngine, Value};
use stead_tantivy::TantivyEngine;

use crate::common::{NAME, build, definition, engine, field, keys, published, request, row, search, wait};

#[test]
fn all_words_must_be_there_and_stems_match() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    assert_eq!(keys(&engine, "dark theme"), ["2", "1"], "the kind of one is `theme` too");
    assert_eq!(keys(&engine, "run"), ["3"]);
    assert_eq!(keys(&engine, "dark runner"), Vec::<String>::new());
    assert_eq!(keys(&engine, "DARK, themes!"), ["1", "2"], "equal scores are ordered by key");
    assert_eq!(keys(&engine, "runner OR reader").len(), 2);
    assert_eq!(keys(&engine, "dark AND theme"), ["2", "1"]);
}

#[test]
fn a_boosted_field_and_a_shorter_text_weigh_more() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let rows = vec![row(1, "ocean", "teapot"), row(2, "teapot", "ocean"), row(3, "teapot of my aunt", "ocean")];
    published(&engine, &definition(), rows);
    assert_eq!(keys(&engine, "teapot"), ["2", "1", "3"]);
    let scores: Vec<f32> = search(&engine, "teapot").hits.iter().map(|hit| hit.score).collect();
    assert!(scores.is_sorted_by(|better, worse| better > worse), "{scores:?}");
}

#[test]
fn phrases_exclusions_and_fields_narrow_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    assert_eq!(keys(&engine, r#""dark theme""#), ["1"], "in the other one, other words stand between");
    assert_eq!(keys(&engine, "dark -reader"), ["2"]);
    assert_eq!(keys(&engine, "-dark"), ["3", "10"], "keys are ordered as numbers");
    assert_eq!(keys(&engine, "name:dark"), ["1"]);
    assert_eq!(keys(&engine, r#"summary:"dark themes""#), ["1"]);
    assert_eq!(keys(&engine, "dark kind:theme"), ["2"]);
    assert_eq!(keys(&engine, "*"), ["1", "2", "3", "10"]);
}

#[test]
fn numbers_booleans_and_dates_are_found_by_their_field() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    assert_eq!(keys(&engine, "id:10"), ["10"]);
    assert_eq!(keys(&engine, "downloads:30"), ["3"]);
    assert_eq!(keys(&engine, "rating:0.5"), ["1", "2", "3", "10"]);
    assert_eq!(keys(&engine, "featured:true"), ["1", "3"]);
    assert_eq!(keys(&engine, "updated:2024-05-03"), ["2"]);
    assert_eq!(keys(&engine, r#"updated:"2024-05-03 10:00:00""#), ["2"]);
    assert_eq!(keys(&engine, r#"updated:"2024-05-03 10:00:01""#), Vec::<String>::new());
    assert_eq!(keys(&engine, "downloads:many"), Vec::<String>::new());
    assert_eq!(keys(&engine, "dark -downloads:many"), keys(&engine, "dark"));
    assert_eq!(keys(&engine, "30"), Vec::<String>::new(), "a number alone is a word");
}

#[test]
fn a_hit_has_its_fields_as_they_came_and_its_marks() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let hit = search(&engine, "themes quiet").hits.remove(0);
    assert_eq!((hit.key.as_str(), &hit.fields["name"]), ("2", &Value::from("Night Theme")));
    assert_eq!(hit.fields["updated"], Value::from("2024-05-03 10:00:00"));
    assert_eq!(hit.fields.len(), 8);
    let marks = |name: &str| {
        let highlight = &hit.highlights[name];
        highlight.ranges.iter().map(|(from, to)| highlight.text[*from..*to].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marks("name"), ["Theme"]);
    assert_eq!(marks("summary"), ["quiet", "theme"]);
    assert!(!hit.highlights.contains_key("kind") && hit.score > 0.0);
}

#[test]
fn excluded_words_are_not_marked() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let hits = search(&engine, "-reader").hits;
    assert!(hits.iter().all(|hit| hit.highlights.is_empty()));
}

#[test]
fn pages_follow_each_other_and_the_total_counts_all() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let rows = (1..=50).map(|id| row(id, "same name", "same words")).collect();
    published(&engine, &definition(), rows);
    let page = |offset, limit| {
        let request = SearchRequest { words: "same words".to_owned(), limit, offset };
        let found = wait(engine.search(NAME, &request)).unwrap();
        assert_eq!(found.total, 50);
        found.hits.iter().map(|hit| hit.key.parse().unwrap()).collect::<Vec<i64>>()
    };
    assert_eq!(page(0, 20), (1..=20).collect::<Vec<_>>(), "equal scores are ordered by key");
    assert_eq!(page(20, 20), (21..=40).collect::<Vec<_>>());
    assert_eq!(page(40, usize::MAX), (41..=50).collect::<Vec<_>>());
    assert_eq!(page(usize::MAX, usize::MAX), Vec::<i64>::new());
    assert_eq!(page(0, 0), Vec::<i64>::new());
}

#[test]
fn texts_as_keys_are_ordered_as_text_and_found_whole() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let fields = vec![field("slug", FieldKind::Text), field("note", FieldKind::Text)];
    let definition = Definition { name: NAME.to_owned(), key: "slug".to_owned(), fields, hash: "h".to_owned() };
    let slugs = ["b c", "a/b", "", "Z", "é"];
    let rows = slugs.iter().map(|slug| vec![(*slug).into(), "same".into()]).collect();
    published(&engine, &definition, rows);
    assert_eq!(keys(&engine, "same"), ["", "Z", "a/b", "b c", "é"]);
    let asked: Vec<String> = ["é", "nothing", "", "b", "a/b"].map(str::to_owned).to_vec();
    let found = wait(engine.fetch(NAME, &asked)).unwrap();
    let found: Vec<&Value> = found.iter().map(|fields| &fields["slug"]).collect();
    assert_eq!(found, [&Value::from("é"), &Value::from(""), &Value::from("a/b")], "in the order of the keys");
}

#[test]
fn unspaced_scripts_are_found_by_parts_of_their_text() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    published(&engine, &definition(), vec![row(1, "東京タワー", ""), row(2, "京東", ""), row(3, "서울에서", "")]);
    assert_eq!(keys(&engine, "東京"), ["1"]);
    assert_eq!(keys(&engine, "서울"), ["3"]);
}

#[test]
fn a_word_without_letters_neither_helps_nor_hinders() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    assert_eq!(keys(&engine, "dark 🎉 theme & !"), ["2", "1"]);
    assert_eq!(keys(&engine, "🎉"), Vec::<String>::new());
    assert_eq!(keys(&engine, ""), Vec::<String>::new());
}

#[test]
fn odd_questions_are_answered_in_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let begin = std::time::Instant::now();
    for words in
        ["\"", "a:b:c::", "name:", "((((", "* * *", "-", "--", "OR", "AND AND", "\u{0}\u{feff}", "/re.*/", "a~5^9"]
    {
        let _found = search(&engine, words);
    }
    for part in ["(", "\"", "a ", "a.", "dark OR ", "-x ", "\"dark theme\" ", "東", "name:", "🎉"] {
        let _found = search(&engine, &part.repeat(10_000 / part.len()));
    }
    let _found = search(&engine, &format!("\"{}\"", "dark ".repeat(2000)));
    let _found = search(&engine, &(0..2000).map(|number| format!("w{number} ")).collect::<String>());
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}

#[test]
fn scores_are_the_same_however_documents_fell_into_batches() {
    let rows: Vec<_> = (1..=300)
        .map(|id| row(id, &format!("w{} w{} w{}", id % 7, id % 5, id % 3), &format!("x{} y{} same", id % 11, id % 2)))
        .collect();
    let words = ["w1 OR w2 OR x3 OR y1 OR same", "w1 w2", "same y0 -w3"];
    let found = |size: usize| {
        let folder = tempfile::tempdir().unwrap();
        let engine = TantivyEngine::new(folder.path());
        let batches = rows.chunks(size).map(<[_]>::to_vec).collect();
        let built = build(&engine, &definition(), batches).unwrap();
        wait(engine.publish(NAME, &built.id)).unwrap();
        words.map(|words| {
            let hits = search(&engine, words).hits;
            hits.into_iter().map(|hit| (hit.key, hit.score)).collect::<Vec<_>>()
        })
    };
    assert_eq!(found(300), found(17));
}

/// A word of letters in several scripts, at times mixed with signs.
fn any_word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,12}", "\\PC{1,6}", "[а-яёéüß]{1,8}", "[A-Za-z0-9'._-]{1,10}", "[東京都ไทย]{1,3}"]
}

fn texts() -> impl Strategy<Value = Vec<Vec<String>>> {
    let text = prop::collection::vec(any_word(), 0..12);
    prop::collection::vec(text, 1..8)
}

/// Two fields of words, in English and in no language.
fn words_only() -> Definition {
    let english = Field { language: Some("en".to_owned()), ..field("body", FieldKind::Text) };
    let fields = vec![field("id", FieldKind::Integer), english, field("note", FieldKind::Text)];
    Definition { name: NAME.to_owned(), key: "id".to_owned(), fields, hash: "h".to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_word_of_a_document_finds_it(texts in texts(), typed in prop::collection::vec(any::<String>(), 4)) {
        let folder = tempfile::tempdir().unwrap();
        let engine = TantivyEngine::new(folder.path());
        let ids = 1_i64..;
        let rows = ids.zip(&texts).map(|(id, words)| vec![id.into(), words.join(" ").into(), words.join("\n").into()]);
        published(&engine, &words_only(), rows.collect());
        for (id, words) in (1_i64..).zip(&texts) {
            // A person types letters and digits; what else a word may have means something to the search.
            for word in words.iter().flat_map(|word| word.split(|letter: char| !letter.is_alphanumeric())) {
                if !word.is_empty() && word != "OR" && word != "AND" {
                    let request = SearchRequest { words: word.to_owned(), limit: 100, offset: 0 };
                    let found = wait(engine.search(NAME, &request)).unwrap();
                    let hit = found.hits.iter().find(|hit| hit.key == id.to_string());
                    prop_assert!(hit.is_some(), "`{}` does not find {:?}", word, words);
                    prop_assert!(!hit.unwrap().highlights.is_empty());
                }
            }
        }
        for typed in typed {
            prop_assert!(wait(engine.search(NAME, &request(&typed))).is_ok());
        }
    }
}

#[test]
fn a_field_that_is_not_stored_is_searched_and_one_without_marks_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let mut definition = definition();
    for field in &mut definition.fields {
        field.stored = field.name != "summary";
        field.highlight = field.name != "name";
    }
    published(&engine, &definition, vec![row(1, "Dark Reader", "quiet"), row(3, "Tabs", "dark nights")]);
    let hits = search(&engine, "dark").hits;
    assert_eq!(hits.len(), 2);
    for hit in hits {
        assert!(hit.fields.contains_key("name") && !hit.fields.contains_key("summary"), "{hit:?}");
        assert_eq!(hit.highlights.len(), 0, "one is not to be marked, the other has no text to mark: {hit:?}");
    }
}
