use super::*;
use crate::graph::tests::graph;
use crate::ledger::Applied;
use crate::ledger::tests::row;

fn lines(graph: &Graph, rows: Vec<LedgerRow>) -> String {
    let mut situation = Situation::new();
    situation.insert("main", Applied::new("a", rows));
    let target = Target { database: "main".to_owned(), app: "a".to_owned() };
    let shown = status(graph, &situation, &target).into_iter().map(|line| {
        let marks = [(line.head, " head"), (line.current, " current")].map(|(set, mark)| if set { mark } else { "" });
        format!("{} {}{}\n", line.id, line.condition.word(), marks.concat())
    });
    shown.collect()
}

#[test]
fn each_revision_has_a_line() {
    let graph = graph(&["a/9 aaaa", "a/2 bbbb: aaaa", "a/3 cccc: bbbb", "a/4 dddd: cccc"]);
    let mut edited = row("a", "aaaa", &[], LedgerState::Done, 1);
    edited.checksum = "another".to_owned();
    let rows = vec![
        edited,
        row("a", "bbbb", &["aaaa"], LedgerState::Stamped, 2),
        row("a", "cccc", &["bbbb"], LedgerState::Failed, 3),
        row("a", "gone", &["bbbb"], LedgerState::Done, 4),
    ];
    insta::assert_snapshot!(lines(&graph, rows), @r"
    aaaa edited
    bbbb applied current
    cccc failed
    dddd pending head
    gone missing file
    ");
    insta::assert_snapshot!(lines(&graph, vec![]), @r"
    aaaa pending
    bbbb pending
    cccc pending
    dddd pending head
    ");
}

#[test]
fn replaced_revisions_are_shown_only_half_way() {
    let graph = graph(&["a/1 aaaa", "a/2 bbbb: aaaa", "a/3 ssss = aaaa bbbb"]);
    let (one, two) = (row("a", "aaaa", &[], LedgerState::Done, 1), row("a", "bbbb", &["aaaa"], LedgerState::Done, 2));
    assert_eq!(lines(&graph, vec![]), "ssss pending head\n");
    assert_eq!(lines(&graph, vec![one.clone()]), "aaaa applied current\nbbbb pending head\n");
    assert_eq!(lines(&graph, vec![one, two]), "ssss applied head current\n");
}
