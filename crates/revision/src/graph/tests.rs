use proptest::prelude::*;

use super::*;

/// A node from `app/number id: parents > depends = replaces`, parts after the id may be missing.
pub(crate) fn node(text: &str) -> Node {
    let (text, replaces) = text.split_once(" = ").unwrap_or((text, ""));
    let (text, depends) = text.split_once(" > ").unwrap_or((text, ""));
    let (text, parents) = text.split_once(": ").unwrap_or((text, ""));
    let (place, id) = text.split_once(' ').unwrap();
    let (app, number) = place.split_once('/').unwrap();
    let ids = |text: &str| text.split_whitespace().map(|id| RevisionId::new(id).unwrap()).collect::<Vec<_>>();
    Node {
        app: app.to_owned(),
        id: RevisionId::new(id).unwrap(),
        number: number.parse().unwrap(),
        slug: format!("slug_{id}"),
        message: format!("Title of {id}\nmore"),
        parents: ids(parents),
        depends: depends.split_whitespace().map(str::to_owned).collect(),
        replaces: ids(replaces),
        checksum: format!("sum of {id}"),
        path: format!("apps/{app}/{number:0>4}_slug_{id}.sql"),
    }
}

pub(crate) fn graph(lines: &[&str]) -> Graph {
    Graph::new(lines.iter().map(|line| node(line)).collect()).unwrap()
}

fn error(lines: &[&str]) -> String {
    let error = Graph::new(lines.iter().map(|line| node(line)).collect()).unwrap_err();
    format!("{}: {error} ({})", error.code(), error.hints().join("; "))
}

fn ids(nodes: &[&Node]) -> String {
    nodes.iter().map(|node| node.id.as_str()).collect::<Vec<_>>().join(" ")
}

const BRANCHED: [&str; 7] = [
    "shop/1 aaaa",
    "shop/2 bbbb: aaaa > users/2",
    "shop/3 cccc: aaaa",
    "shop/4 dddd: bbbb cccc",
    "shop/5 eeee: cccc",
    "users/1 aaaa",
    "users/2 uuuu: aaaa",
];

#[test]
fn the_graph_answers_about_its_shape() {
    let graph = graph(&BRANCHED);
    let of = |id| graph.node("shop", id).unwrap();
    assert_eq!(graph.apps(), ["shop", "users"]);
    assert_eq!(ids(&graph.heads("shop")), "dddd eeee");
    assert_eq!(ids(&graph.bases("shop")), "aaaa");
    assert_eq!(ids(&graph.ancestors(of("dddd"))), "aaaa bbbb cccc");
    assert_eq!(ids(&graph.descendants(of("cccc"))), "dddd eeee");
    assert_eq!(ids(&graph.parents(of("dddd"))), "bbbb cccc");
    assert_eq!(ids(&graph.children(of("aaaa"))), "bbbb cccc");
    assert_eq!(ids(&graph.dependencies(of("bbbb"))), "uuuu");
    assert_eq!(ids(&graph.dependants(graph.node("users", "uuuu").unwrap())), "bbbb");
    assert_eq!(ids(&graph.order()), "aaaa aaaa uuuu bbbb cccc dddd eeee");
    assert_eq!((graph.heads("none").len(), graph.node("shop", "uuuu")), (0, None));
}

#[test]
fn dependencies_are_references() {
    for name in ["users/2", "users/0002", "users/uuuu", "users/0002_slug_uuuu", "users@head", "users/head"] {
        let line = format!("shop/1 aaaa > {name}");
        let graph = graph(&["users/1 tttt", "users/2 uuuu: tttt", &line]);
        assert_eq!(ids(&graph.dependencies(graph.node("shop", "aaaa").unwrap())), "uuuu", "{name}");
    }
}

#[test]
fn mistakes_name_files_and_suggest() {
    insta::assert_snapshot!([
        error(&["a/1 aaaa", "a/2 aaaa"]),
        Graph::new(vec![Node { slug: "same".to_owned(), ..node("a/1 aaaa") }, Node { slug: "same".to_owned(), ..node("a/1 bbbb") }]).unwrap_err().to_string(),
        error(&["a/1 aaaa1111", "a/2 bbbb: aaaa1112"]),
        error(&["a/1 aaaa", "a/2 bbbb: xxxxxxxx"]),
        error(&["a/1 aaaa", "b/1 bbbb: aaaa"]),
        error(&["accounts/1 aaaa", "b/1 bbbb > acounts/1"]),
        error(&["accounts/1 aaaa", "b/1 bbbb > accounts/aaab"]),
        error(&["accounts/1 aaaa", "b/1 bbbb > accounts/7"]),
        error(&["c/1 aaaa", "c/1 cccc: aaaa", "b/1 bbbb > c/1"]),
        error(&["a/1 aaaa", "a/2 bbbb: aaaa > a/1"]),
        error(&["a/1 aaaa: cccc", "a/2 bbbb: aaaa", "a/3 cccc: bbbb"]),
        error(&["a/1 aaaa: aaaa"]),
        error(&["a/1 aaaa > b/1", "b/1 bbbb > a/1"]),
        error(&["a/1 aaaa = bbbb", "a/2 bbbb = aaaa"]),
    ]
    .join("\n"), @r"
    duplicate-revision: `apps/a/0001_slug_aaaa.sql` and `apps/a/0002_slug_aaaa.sql` are both revision `aaaa` of `a` (give one of the two another id, also where it is named as a parent)
    `apps/a/0001_slug_aaaa.sql` and `apps/a/0001_slug_bbbb.sql` are both called `0001_same` in `a`
    unknown-parent: `bbbb` (apps/a/0002_slug_bbbb.sql) follows `aaaa1112`, which no file of its app is (did you mean `aaaa1111`?)
    unknown-parent: `bbbb` (apps/a/0002_slug_bbbb.sql) follows `xxxxxxxx`, which no file of its app is (bring the parent's file back, or write `none` for a base)
    parent-in-other-app: `bbbb` (apps/b/0001_slug_bbbb.sql) follows `aaaa` (apps/a/0001_slug_aaaa.sql), which belongs to the app `a` (write `-- depends: a/aaaa` instead)
    unknown-dependency: `bbbb` (apps/b/0001_slug_bbbb.sql) depends on `acounts/1`, which does not exist (did you mean `accounts/1`?)
    unknown-dependency: `bbbb` (apps/b/0001_slug_bbbb.sql) depends on `accounts/aaab`, which does not exist (did you mean `accounts/aaaa`?)
    unknown-dependency: `bbbb` (apps/b/0001_slug_bbbb.sql) depends on `accounts/7`, which does not exist (write `APP/REVISION` or `APP@head` of an app of this project)
    ambiguous-dependency: `bbbb` (apps/b/0001_slug_bbbb.sql) depends on `c/1`, which may be `aaaa 0001_slug_aaaa` and `cccc 0001_slug_cccc` (name one of them by its id)
    dependency-in-own-app: `bbbb` (apps/a/0002_slug_bbbb.sql) depends on `a/1`, which lies in its own app (name it as a parent)
    revision-cycle: revisions wait for each other in a circle: `aaaa` (apps/a/0001_slug_aaaa.sql) → `cccc` (apps/a/0003_slug_cccc.sql) → `bbbb` (apps/a/0002_slug_bbbb.sql) → `aaaa` (apps/a/0001_slug_aaaa.sql) (take one `parent`, `depends` or `replaces` out of the chain)
    revision-cycle: revisions wait for each other in a circle: `aaaa` (apps/a/0001_slug_aaaa.sql) → `aaaa` (apps/a/0001_slug_aaaa.sql) (take one `parent`, `depends` or `replaces` out of the chain)
    revision-cycle: revisions wait for each other in a circle: `aaaa` (apps/a/0001_slug_aaaa.sql) → `bbbb` (apps/b/0001_slug_bbbb.sql) → `aaaa` (apps/a/0001_slug_aaaa.sql) (take one `parent`, `depends` or `replaces` out of the chain)
    revision-cycle: revisions wait for each other in a circle: `aaaa` (apps/a/0001_slug_aaaa.sql) → `bbbb` (apps/a/0002_slug_bbbb.sql) → `aaaa` (apps/a/0001_slug_aaaa.sql) (take one `parent`, `depends` or `replaces` out of the chain)
    ");
}

#[test]
fn a_revision_that_stands_for_others_hides_them() {
    let graph = graph(&[
        "a/1 aaaa",
        "a/2 bbbb: aaaa",
        "a/3 cccc: bbbb",
        "a/4 dddd: cccc",
        "a/5 ssss: aaaa = bbbb cccc",
        "b/1 eeee > a/2",
    ]);
    assert_eq!(ids(&graph.heads("a")), "dddd");
    assert_eq!(ids(&graph.parents(graph.node("a", "dddd").unwrap())), "ssss");
    assert_eq!(ids(&graph.ancestors(graph.node("a", "dddd").unwrap())), "aaaa ssss");
    assert_eq!(ids(&graph.parents(graph.node("a", "cccc").unwrap())), "bbbb");
    assert_eq!(ids(&graph.dependencies(graph.node("b", "eeee").unwrap())), "ssss");
    assert_eq!(ids(&graph.order()), "aaaa ssss dddd eeee");
    assert_eq!(graph.replaced_by("a", "bbbb").unwrap().id.as_str(), "ssss");
}

#[test]
fn replaced_files_may_be_gone_and_squashes_may_be_squashed() {
    let one = graph(&["a/1 aaaa", "a/4 dddd: cccc", "a/5 ssss: aaaa = bbbb cccc", "b/1 eeee > a/cccc"]);
    assert_eq!(ids(&one.order()), "aaaa ssss dddd eeee");
    let two = graph(&[
        "a/1 aaaa",
        "a/2 bbbb: aaaa",
        "a/3 cccc: bbbb",
        "a/4 ssss: aaaa = bbbb cccc",
        "a/5 dddd: ssss",
        "a/6 tttt = aaaa ssss dddd",
    ]);
    assert_eq!(ids(&two.order()), "tttt");
    let flat =
        graph(&["a/1 aaaa", "a/2 bbbb: aaaa", "a/3 ssss = aaaa bbbb", "a/4 cccc: bbbb", "a/5 tttt = aaaa bbbb cccc"]);
    assert_eq!(ids(&flat.order()), "tttt");
}

#[test]
fn a_squash_may_not_make_a_circle() {
    insta::assert_snapshot!(error(&["a/1 aaaa", "a/2 bbbb: aaaa > b/1", "b/1 cccc > a/1", "a/3 ssss > b/1 = aaaa bbbb"]), @"revision-cycle: revisions wait for each other in a circle: `ssss` (apps/a/0003_slug_ssss.sql) → `cccc` (apps/b/0001_slug_cccc.sql) → `ssss` (apps/a/0003_slug_ssss.sql) (take one `parent`, `depends` or `replaces` out of the chain)");
}

#[test]
fn ten_thousand_revisions_in_a_row_are_no_strain() {
    let lines: Vec<String> = (0..10_000)
        .map(|at| if at == 0 { "a/0 id00000".to_owned() } else { format!("a/{at} id{at:05}: id{:05}", at - 1) })
        .collect();
    let graph = graph(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(graph.order().len(), 10_000);
    assert_eq!(ids(&graph.heads("a")), "id09999");
}

/// Revisions of two or three apps; parents and dependencies point to earlier ones, so there is no circle.
pub(crate) fn random_nodes(apps: usize) -> impl Strategy<Value = Vec<Node>> {
    let one = (0..apps, proptest::collection::vec(any::<proptest::sample::Index>(), 0..3), any::<bool>());
    proptest::collection::vec((one, any::<proptest::sample::Index>()), 1..14).prop_map(|parts| {
        let mut nodes: Vec<Node> = Vec::new();
        for (at, ((app, parents, depends), dependency)) in parts.into_iter().enumerate() {
            let mut new = node(&format!("app{app}/{} id{at:03}", 90 - at));
            let (own, other): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| node.app == new.app);
            if !own.is_empty() {
                new.parents = parents.iter().map(|index| index.get(&own).id.clone()).collect();
                new.parents.sort();
                new.parents.dedup();
            }
            if depends && !other.is_empty() {
                let other = dependency.get(&other);
                new.depends = vec![format!("{}/{}", other.app, other.id)];
            }
            nodes.push(new);
        }
        nodes
    })
}

proptest! {
    #[test]
    fn parents_and_dependencies_come_first(nodes in random_nodes(3)) {
        let graph = Graph::new(nodes.clone()).unwrap();
        let order: Vec<(&str, &str)> = graph.order().iter().map(|node| (node.app.as_str(), node.id.as_str())).collect();
        prop_assert_eq!(order.len(), nodes.len());
        let place = |app: &str, id: &str| order.iter().position(|other| *other == (app, id)).unwrap();
        for node in &nodes {
            let own = place(&node.app, node.id.as_str());
            prop_assert!(node.parents.iter().all(|parent| place(&node.app, parent.as_str()) < own));
            for dependency in &node.depends {
                let (app, id) = dependency.split_once('/').unwrap();
                prop_assert!(place(app, id) < own);
            }
        }
    }

    #[test]
    fn the_order_of_the_files_does_not_matter(nodes in random_nodes(3).prop_flat_map(|nodes| (Just(nodes.clone()), Just(nodes).prop_shuffle()))) {
        let (one, other) = (Graph::new(nodes.0).unwrap(), Graph::new(nodes.1).unwrap());
        prop_assert_eq!(one.order(), other.order());
    }
}
