use super::*;
use crate::graph::tests::graph;

fn shop() -> Graph {
    graph(&[
        "shop/1 0a1b2c3d4e5f",
        "shop/2 0a1b99999999: 0a1b2c3d4e5f",
        "shop/3 cccc: 0a1b99999999",
        "shop/3 1234: 0a1b99999999",
        "shop/5 merged: cccc 1234",
        "users/1 uuuu",
        "users/2 head1: uuuu",
        "users/2 head2: uuuu",
    ])
}

fn found(text: &str, app: Option<&str>, current: &[&str]) -> String {
    let current: Vec<RevisionId> = current.iter().map(|id| RevisionId::new(id).unwrap()).collect();
    match resolve(&shop(), text, app, &current) {
        Ok(point) => {
            format!("{}: {}", point.app, point.revisions.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" "))
        }
        Err(error) => format!("{}: {error} ({})", error.code(), error.hints().join("; ")),
    }
}

#[test]
fn every_way_to_name_a_revision() {
    let shop = |text| found(text, Some("shop"), &["cccc"]);
    for text in [
        "0a1b99999999",
        "2",
        "0002",
        "0002_slug_0a1b99999999",
        "0002_slug_0a1b99999999.sql",
        "0a1b9",
        "-1",
        "cccc-1",
        "0003_slug_cccc-1",
        "base+2",
        "0a1b2+1",
        "base+1+1",
        "shop@2",
        "shop/0002",
    ] {
        assert_eq!(shop(text), "shop: 0a1b99999999", "{text}");
    }
    assert_eq!(shop("1234"), "shop: 1234");
    assert_eq!(shop("base"), "shop: ");
    assert_eq!(shop("-3"), "shop: ");
    assert_eq!(shop("head"), "shop: merged");
    assert_eq!(shop("head-1"), "shop: 1234 cccc");
    assert_eq!(shop("+1"), "shop: merged");
    assert_eq!(found("+1", Some("shop"), &[]), "shop: 0a1b2c3d4e5f");
    assert_eq!(found("users@heads", Some("shop"), &[]), "users: head1 head2");
    assert_eq!(found("uuuu", None, &[]), "users: uuuu");
    assert_eq!(found("0005", None, &[]), "shop: merged");
}

#[test]
fn what_is_not_plain_lists_the_choices() {
    let shop = |text| found(text, Some("shop"), &["cccc"]);
    insta::assert_snapshot!([
        shop("3"), shop("0a1b"), shop("0a1"), shop("haed"), shop("0002_slug_0a1b99999998"), shop("-4"), shop("+2"), shop("base-1"),
        shop("0002+1"), shop("merged-2"), shop("zzzzzz"), shop(""), shop("zzz+1"), shop("+"), shop("99999999999999999999999"),
        found("users@head", None, &[]), found("-1", Some("shop"), &["cccc", "1234"]), found("user@head", None, &[]),
        found("nothing@head", None, &[]), found("head", None, &[]), found("1", None, &[]), found("zzzzzz", None, &[]),
    ].join("\n"), @r"
    ambiguous-revision: `3` may be `1234 0003_slug_1234` and `cccc 0003_slug_cccc` (name one of them by its id)
    ambiguous-revision: `0a1b` may be `0a1b2c3d4e5f 0001_slug_0a1b2c3d4e5f` and `0a1b99999999 0002_slug_0a1b99999999` (name one of them by its id)
    unknown-revision: no revision is called `0a1` (the start of an id needs 4 characters; `stead history` lists all revisions)
    unknown-revision: no revision is called `haed` (did you mean `head`?)
    unknown-revision: no revision is called `0002_slug_0a1b99999998` (did you mean `0002_slug_0a1b99999999`?)
    step-too-far: `-4` leads past the base (`base` is the state before the first revision)
    step-too-far: `+2` leads past the last revision (`head` is the last revision)
    step-too-far: `base-1` leads past the base (`base` is the state before the first revision)
    ambiguous-revision: `0002+1` may be `1234 0003_slug_1234` and `cccc 0003_slug_cccc` (name one of them by its id)
    ambiguous-revision: `merged-2` may be `1234 0003_slug_1234` and `cccc 0003_slug_cccc` (name one of them by its id)
    unknown-revision: no revision is called `zzzzzz` (`stead history` lists all revisions)
    unknown-revision: no revision is called `` (name a revision, `head` or `base`)
    unknown-revision: no revision is called `zzz+1` (`stead history` lists all revisions)
    unknown-revision: no revision is called `+` (the start of an id needs 4 characters; `stead history` lists all revisions)
    unknown-revision: no revision is called `99999999999999999999999` (`stead history` lists all revisions)
    several-heads: the app `users` has several heads: `head1 0002_slug_head1` and `head2 0002_slug_head2` (let one follow the other by its `-- parent:` line, or write a revision that names both as parents)
    ambiguous-revision: `-1` may be `cccc 0003_slug_cccc` and `1234 0003_slug_1234` (name one of them by its id)
    unknown-app: no app with revisions is called `user` (did you mean `users`?)
    unknown-app: no app with revisions is called `nothing` (there are `shop` and `users`)
    app-needed: `head` does not say which app: there are `shop` and `users` (add `--app APP`, or write `APP@REVISION`)
    app-needed: `1` does not say which app: there are `shop` and `users` (add `--app APP`, or write `APP@REVISION`)
    unknown-revision: no revision is called `zzzzzz` (`stead history` lists all revisions)
    ");
}

#[test]
fn an_id_whose_file_is_gone_names_what_replaces_it() {
    let graph = graph(&["a/1 aaaa", "a/5 ssss: aaaa = bbbb cccc"]);
    let error = resolve(&graph, "bbbb", None, &[]).unwrap_err();
    assert_eq!(error.to_string(), "`bbbb` is one of the revisions that `ssss 0005_slug_ssss` replaces");
    let point = resolve(&graph, "-1", Some("a"), &[RevisionId::new("cccc").unwrap()]).unwrap();
    assert_eq!(point.revisions[0].as_str(), "aaaa");
}
