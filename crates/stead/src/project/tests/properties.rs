//! Properties: how layers merge, that no text whatever makes the reader panic, and that no password survives masking.

use proptest::prelude::*;

use super::super::origin::Origin;
use super::super::value::{Entry, Kind, Table, Text, Value};
use super::super::{mask, set_value};
use super::*;

/// Trees of which every path is always a table or never one, so that merging them is a matter of keys alone.
fn consistent_tree() -> impl Strategy<Value = Value> {
    let leaf = (0..4_i64).prop_map(|number| plain(Kind::Integer(number)));
    let leaves = prop::collection::btree_map("[a-c]", leaf, 0..3).prop_map(table);
    let middle = prop::collection::btree_map("[d-f]", leaves, 0..3);
    prop::collection::btree_map("[g-i]", middle.prop_map(table), 0..3).prop_map(table)
}

/// Trees in which the same path may be anything.
fn any_tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0..4_i64).prop_map(|number| plain(Kind::Integer(number))),
        "[a-z]{0,3}".prop_map(|text| plain(Kind::String(Text::new(text)))),
        Just(()).prop_map(|()| plain(Kind::Array(Vec::new()))),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(table))
}

fn plain(kind: Kind) -> Value {
    Value::new(kind, Origin::default_value())
}

fn table(values: BTreeMap<String, Value>) -> Value {
    let entries = values.into_iter().map(|(key, value)| (key, Entry { key: Origin::default_value(), value }));
    plain(Kind::Table(Table(entries.collect())))
}

fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    match value.as_table() {
        Some(table) => {
            for (key, entry) in &table.0 {
                path.push(key.clone());
                leaves(&entry.value, path, found);
                path.pop();
            }
        }
        None => found.push((path.clone(), value.clone())),
    }
}

fn get<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    value.get(&path.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Text that looks enough like a project file to get beyond the parser.
fn project_like() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "project",
            "databases",
            "apps",
            "services",
            "seed",
            "indexes",
            "storage",
            "servers",
            "undo",
            "name",
            "url",
            "path",
            "steps",
            "routes",
            "fields",
            "a",
            "database",
            "depends",
            "include",
            "environment",
            "leaves",
            "engine",
            "documents",
            "migrations",
            "tool",
            "secret",
            "keep",
            "max_size",
            "type",
            "sql",
            "csv",
            "run",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z_-]{1,4}",
    ];
    let value = prop_oneof![
        "-?[0-9]{1,20}".prop_map(String::from),
        "\"[ -!#-\\[\\]-~]{0,12}\"",
        Just("true".to_owned()),
        Just("nan".to_owned()),
        Just("2024-02-30T99:00:00".to_owned()),
        Just("\"sqlite:x.db\"".to_owned()),
        Just("\"${X}$${Y}${\"".to_owned()),
    ];
    let value = value.prop_recursive(3, 12, 3, {
        let key = key.clone();
        move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|values| format!("[{}]", values.join(", "))),
                prop::collection::vec((key.clone(), inner), 0..3).prop_map(|pairs| {
                    let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
                    format!("{{ {} }}", pairs.join(", "))
                }),
            ]
        }
    });
    let path = prop::collection::vec(key, 1..4).prop_map(|keys| keys.join("."));
    let line = prop_oneof![
        (path.clone(), value).prop_map(|(path, value)| format!("{path} = {value}")),
        path.clone().prop_map(|path| format!("[{path}]")),
        path.prop_map(|path| format!("[[{path}]]")),
        Just("# note".to_owned()),
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

/// Loading must end, and what it says must point into its own text.
fn loads_or_points_into_the_text(text: &[u8]) {
    let folder = Folder::named("").file("stead.toml", text).variable("X", "y");
    if let Err(errors) = folder.load() {
        assert!(!errors.errors().is_empty());
        for error in errors.errors() {
            if let Some(label) = error.label() {
                assert!(label.text.get(label.span.clone()).is_some(), "{error:?}: {:?}", label.span);
                assert!(label.line >= 1 && label.column >= 1);
            }
        }
    }
}

proptest! {
    #[test]
    fn merging_is_associative_where_types_agree(a in consistent_tree(), b in consistent_tree(), c in consistent_tree()) {
        let left = a.clone().over(b.clone()).over(c.clone());
        let right = a.over(b.over(c));
        prop_assert_eq!(left, right);
    }

    #[test]
    fn the_upper_layer_wins_and_nothing_else_is_lost(upper in any_tree(), lower in any_tree()) {
        let merged = upper.clone().over(lower.clone());
        let (mut above, mut below) = (Vec::new(), Vec::new());
        leaves(&upper, &mut Vec::new(), &mut above);
        leaves(&lower, &mut Vec::new(), &mut below);
        for (path, value) in &above {
            prop_assert_eq!(get(&merged, path), Some(value));
        }
        for (path, value) in &below {
            let shadowed = (0..=path.len()).any(|length| get(&upper, &path[..length]).is_some_and(|found| found.as_table().is_none() || length == path.len()));
            if !shadowed {
                prop_assert_eq!(get(&merged, path), Some(value));
            }
        }
        prop_assert_eq!(upper.clone().over(upper.clone()), upper);
    }

    #[test]
    fn no_project_file_makes_the_reader_panic(text in project_like()) {
        loads_or_points_into_the_text(text.as_bytes());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        loads_or_points_into_the_text(&bytes);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{}=.,'\"#a-z0-9 \n\r\t$:@/é😀-]{0,120}") {
        loads_or_points_into_the_text(text.as_bytes());
    }

    #[test]
    fn no_variable_or_argument_makes_the_reader_panic(path in "[a-z._\"A-Z-]{0,12}", value in "\\PC{0,24}", name in "[A-Z_a-z]{0,12}") {
        let folder = Folder::named(
            "[databases.d]\n").argument(&path,
            &value).variable(&format!("STEAD__{name}"),
            &value,
        );
        let _ = folder.load();
    }

    #[test]
    fn an_edit_gives_a_file_that_says_so(
        text in prop::sample::select(vec![
            "", "[a]\nb = 1 # c\n", "a.b.c = 1", "a = { b = { c = 1 }, d = 2 } # e", "[[a]]\nb = 1\n", "[a.b]\n[a]\nc = 1\n", "a = { # x\n  b = 1 }",
        ]),
        path in "[a-d](\\.[a-d]){0,3}",
        value in prop_oneof!["[a-z ]{0,6}", "-?[0-9]{1,3}", Just("{ x = [1, 2] }".to_owned()), "\\PC{0,8}"],
    ) {
        if let Ok(edited) = set_value(text, &path, &value) {
            let document: toml_edit::DocumentMut = edited.parse().expect("an edit leaves a file that can be read");
            let found = path.split('.').try_fold(document.as_item(), |item, key| item.get(key));
            prop_assert!(found.is_some_and(toml_edit::Item::is_value), "{edited}");
            let comment = text.find('#').map_or("", |at| &text[at..at + 3]);
            let replaces_all = path == "a";
            prop_assert!(replaces_all || edited.contains(comment), "{edited}");
        }
    }

    #[test]
    fn no_password_survives_in_a_message_or_a_source(
        password in "CANARY[!-~&&[^\"'\\\\]]{0,12}",
        scheme in "(postgres|mysql|postgress|http|nonsense)",
        quoted in any::<bool>(),
        rest in "[a-z/?=&@: ]{0,10}",
    ) {
        let quote = if quoted { "\"" } else { "" };
        let text = format!("[databases.d]\nurl = {quote}{scheme}://user:{password}@host/{rest}{quote}\nx = 1\n");
        let folder = Folder::named(&text);
        let errors = folder.load().unwrap_err();
        let shown: String = errors.errors().iter().map(|error| format!("{error}{error:?}{}", error.label().map_or(String::new(), |label| label.text.to_string()))).collect();
        prop_assert!(!shown.contains("CANARY"), "{}", shown);
    }

    #[test]
    fn a_blot_never_moves_a_byte(text in "\\PC{0,60}(\n\\PC{0,60}){0,3}") {
        let blot = mask::blotted(&text, mask::secret_ranges_of_broken_source(&text));
        prop_assert_eq!(blot.len(), text.len());
        prop_assert_eq!(blot.matches('\n').count(), text.matches('\n').count());
    }
}
