use super::*;

/// A row for `app`, applied after all rows made before it in the same test.
pub(crate) fn row(app: &str, id: &str, parents: &[&str], state: LedgerState, sequence: i64) -> LedgerRow {
    LedgerRow {
        app: app.to_owned(),
        revision: RevisionId::new(id).unwrap(),
        title: format!("title of {id}"),
        slug: "slug".to_owned(),
        number: u64::try_from(sequence).unwrap(),
        parents: parents.iter().map(|id| RevisionId::new(id).unwrap()).collect(),
        depends: Vec::new(),
        replaces: Vec::new(),
        checksum: format!("sum of {id}"),
        state,
        statements_done: 1,
        statements_total: 2,
        last_statement_hash: None,
        applied_by: "somebody".to_owned(),
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        took_ms: None,
        error: None,
        down_script: None,
        project: "project".to_owned(),
        environment: "development".to_owned(),
        tool_version: "0.1.0".to_owned(),
        sequence,
    }
}

fn heads(rows: Vec<LedgerRow>) -> Vec<String> {
    Applied::new("app", rows).heads().into_iter().map(ToString::to_string).collect()
}

#[test]
fn states_are_words() {
    for state in LedgerState::ALL {
        assert_eq!(state.to_string().parse::<LedgerState>(), Ok(state));
    }
    assert_eq!("Done".parse::<LedgerState>().unwrap_err().code(), "unknown-ledger-state");
    assert_eq!(format!("{:>8}|", LedgerState::Done), "    done|");
}

#[test]
fn lists_are_json() {
    let ids = vec![RevisionId::new("aaaa").unwrap(), RevisionId::new("bbbb").unwrap()];
    assert_eq!(list_text(&ids), r#"["aaaa","bbbb"]"#);
    assert_eq!(list_from_text::<RevisionId>(&list_text(&ids)), Ok(ids));
    assert_eq!(list_from_text::<String>(&list_text(&["a\"b"])), Ok(vec!["a\"b".to_owned()]));
    assert_eq!(list_from_text::<RevisionId>("[\"..\"]").unwrap_err().code(), "bad-ledger-list");
    assert_eq!(list_from_text::<String>("").unwrap_err().to_string(), "`` is not a list of names");
}

#[test]
fn done_stamped_and_squashed_count_as_applied() {
    let states = LedgerState::ALL.into_iter().zip(["aaaa", "bbbb", "cccc", "dddd", "eeee"]);
    let rows = states.enumerate().map(|(at, (state, id))| row("app", id, &[], state, i64::try_from(at).unwrap()));
    let applied = Applied::new("app", rows.chain([row("other", "ffff", &[], LedgerState::Done, 9)]));
    let found: Vec<bool> = ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"].map(|id| applied.contains(id)).to_vec();
    assert_eq!(found, [false, true, false, true, true, false]);
    assert_eq!(applied.unfinished().iter().map(|row| row.revision.as_str()).collect::<Vec<_>>(), ["aaaa", "cccc"]);
}

#[test]
fn a_replaced_revision_is_known_through_the_one_that_stands_for_it() {
    let mut squash = row("app", "ssss", &["aaaa"], LedgerState::Done, 1);
    squash.replaces = vec![RevisionId::new("bbbb").unwrap()];
    let applied = Applied::new("app", [squash.clone()]);
    assert!(applied.contains("bbbb") && !applied.has_row("bbbb"));
    squash.state = LedgerState::Failed;
    assert!(!Applied::new("app", [squash]).contains("bbbb"));
}

#[test]
fn heads_come_from_the_rows_alone() {
    let done = LedgerState::Done;
    let (first, second) = (row("app", "aaaa", &[], done, 1), row("app", "bbbb", &["aaaa"], done, 2));
    assert_eq!(heads(vec![]), Vec::<String>::new());
    assert_eq!(heads(vec![first.clone(), second.clone()]), ["bbbb"]);
    let branch = row("app", "cccc", &["aaaa"], LedgerState::Stamped, 3);
    assert_eq!(heads(vec![first.clone(), second.clone(), branch]), ["bbbb", "cccc"]);
    let failed = row("app", "dddd", &["bbbb"], LedgerState::Failed, 3);
    assert_eq!(heads(vec![first.clone(), second.clone(), failed]), ["bbbb"]);
    let mut squash = row("app", "ssss", &[], LedgerState::Squashed, 4);
    squash.replaces = vec![first.revision.clone(), second.revision.clone()];
    assert_eq!(heads(vec![first.clone(), second.clone(), squash.clone()]), ["ssss"]);
    assert_eq!(heads(vec![first, second, squash, row("app", "eeee", &["bbbb"], done, 5)]), ["eeee"]);
}
