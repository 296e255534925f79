use proptest::prelude::*;

use super::*;
use crate::graph::Node;
use crate::graph::tests::{graph, random_nodes};
use crate::ledger::LedgerRow;
use crate::ledger::tests::row;

fn target(database: &str, app: &str) -> Target {
    Target { database: database.to_owned(), app: app.to_owned() }
}

fn goal(database: &str, app: &str, to: &str) -> Goal {
    Goal { target: target(database, app), to: to.to_owned() }
}

/// A database in memory: its name and rows. It carries plans out as a real one would.
#[derive(Clone, Default)]
struct World {
    rows: BTreeMap<String, Vec<LedgerRow>>,
    apps: Vec<Target>,
    excluded: Vec<String>,
}

impl World {
    fn new(apps: &[(&str, &str)]) -> Self {
        let apps = apps.iter().map(|(database, app)| target(database, app)).collect();
        Self { apps, ..Self::default() }
    }

    /// With rows of app `a` in database `main`, in this order.
    fn with(rows: Vec<LedgerRow>) -> Self {
        let mut world = Self::new(&[("main", "a")]);
        world.rows.insert("main".to_owned(), rows);
        world
    }

    fn situation(&self) -> Situation {
        let mut situation = Situation::new();
        for target in &self.apps {
            let rows = self.rows.get(&target.database).cloned().unwrap_or_default();
            situation.insert(&target.database, Applied::new(&target.app, rows));
        }
        self.excluded.iter().for_each(|database| situation.exclude(database));
        situation
    }

    fn carry_out(&mut self, graph: &Graph, steps: &[Step]) {
        for step in steps {
            let rows = self.rows.entry(step.target.database.clone()).or_default();
            let next = rows.iter().map(|row| row.sequence).max().unwrap_or(0) + 1;
            rows.retain(|row| (&row.app, &row.revision) != (&step.target.app, &step.id));
            let state = match &step.action {
                Action::Up { .. } => LedgerState::Done,
                Action::Record { state } => *state,
                Action::Down { .. } | Action::Forget => continue,
            };
            let node = graph.node(&step.target.app, step.id.as_str()).unwrap();
            rows.push(row_of(node, state, next));
        }
    }
}

fn row_of(node: &Node, state: LedgerState, sequence: i64) -> LedgerRow {
    let parents: Vec<&str> = node.parents.iter().map(RevisionId::as_str).collect();
    let mut row = row(&node.app, node.id.as_str(), &parents, state, sequence);
    row.replaces = node.replaces.clone();
    row
}

fn shown(plan: Result<Plan, PlanError>) -> String {
    match plan {
        Ok(plan) => plan.steps.iter().map(step_shown).collect::<Vec<_>>().join(", "),
        Err(error) => format!("{}: {error} ({})", error.code(), error.hints().join("; ")),
    }
}

fn step_shown(step: &Step) -> String {
    let action = match &step.action {
        Action::Up { resume: None } => "up".to_owned(),
        Action::Up { resume: Some(resume) } => format!("resume at {}", resume.statements_done),
        Action::Down { script: None } => "down".to_owned(),
        Action::Down { script: Some(script) } => format!("run {script}"),
        Action::Record { state } => state.to_string(),
        Action::Forget => "forget".to_owned(),
    };
    let place = if (step.target.database.as_str(), step.target.app.as_str()) == ("main", "a") {
        String::new()
    } else {
        format!("{}/{} ", step.target.database, step.target.app)
    };
    format!("{place}{action} {}", step.id)
}

fn up(graph: &Graph, world: &World, to: &str) -> String {
    shown(upgrade(graph, &world.situation(), &[goal("main", "a", to)]))
}

fn down(graph: &Graph, world: &World, to: &str) -> String {
    shown(downgrade(graph, &world.situation(), &target("main", "a"), to))
}

fn mark(graph: &Graph, world: &World, to: &str) -> String {
    shown(stamp(graph, &world.situation(), &target("main", "a"), to))
}

fn done(ids: &[(&str, &[&str])]) -> World {
    let rows = ids.iter().zip(1..).map(|((id, parents), at)| row("a", id, parents, LedgerState::Done, at));
    World::with(rows.collect())
}

fn chain() -> Graph {
    graph(&["a/1 aaaa", "a/2 bbbb: aaaa", "a/3 cccc: bbbb", "a/4 dddd: cccc"])
}

#[test]
fn a_chain_goes_up_and_down() {
    let (graph, empty) = (chain(), World::with(vec![]));
    let two = done(&[("aaaa", &[]), ("bbbb", &["aaaa"])]);
    assert_eq!(up(&graph, &empty, "head"), "up aaaa, up bbbb, up cccc, up dddd");
    assert_eq!(up(&graph, &two, "head"), "up cccc, up dddd");
    assert_eq!(up(&graph, &two, "+1"), "up cccc");
    assert_eq!(up(&graph, &two, "0001"), "");
    assert_eq!(down(&graph, &two, "-1"), "down bbbb");
    assert_eq!(down(&graph, &two, "base"), "down bbbb, down aaaa");
    assert_eq!(down(&graph, &two, "bbbb"), "");
    assert_eq!(
        down(&graph, &two, "3"),
        "revision-not-applied: `cccc` of `a` is not applied in `main` (`stead current` shows what is applied)"
    );
    assert_eq!(mark(&graph, &two, "head"), "stamped cccc, stamped dddd");
    assert_eq!(mark(&graph, &two, "1"), "forget bbbb");
    assert_eq!(mark(&graph, &two, "base"), "forget bbbb, forget aaaa");
    assert_eq!(up(&graph, &two, "headd"), "unknown-revision: no revision is called `headd` (did you mean `head`?)");
}

#[test]
fn two_heads_are_named_with_the_way_out() {
    let graph = graph(&["a/1 aaaa", "a/2 bbbb: aaaa", "a/2 cccc: aaaa"]);
    insta::assert_snapshot!(up(&graph, &World::with(vec![]), "head"), @"several-heads: the app `a` has several heads: `bbbb 0002_slug_bbbb` and `cccc 0002_slug_cccc` (let one follow the other by its `-- parent:` line, or write a revision that names both as parents)");
    assert_eq!(up(&graph, &World::with(vec![]), "heads"), "up aaaa, up bbbb, up cccc");
    let all = done(&[("aaaa", &[]), ("cccc", &["aaaa"]), ("bbbb", &["aaaa"])]);
    assert_eq!(down(&graph, &all, "aaaa"), "down bbbb, down cccc");
    assert_eq!(down(&graph, &all, "bbbb"), "");
    insta::assert_snapshot!(down(&graph, &all, "-1"), @"ambiguous-revision: `-1` may be `bbbb 0002_slug_bbbb` and `cccc 0002_slug_cccc` (name one of them by its id)");
    assert_eq!(mark(&graph, &World::with(vec![]), "bbbb,cccc"), "stamped aaaa, stamped bbbb, stamped cccc");
}

#[test]
fn row_56_a_revision_that_no_file_knows_is_named_with_the_repair() {
    let graph = graph(&["a/1 aaaa", "a/2 bbbb: aaaa"]);
    let mut world = done(&[("aaaa", &[]), ("xxxx", &["aaaa"]), ("yyyy", &["xxxx"])]);
    insta::assert_snapshot!(up(&graph, &world, "head"), @"revision-without-file: the ledger of `main` has `xxxx 0002_slug.sql` and `yyyy 0003_slug.sql` of the app `a`, and there is no such file (bring `0002_slug.sql` and `0003_slug.sql` back, from another branch or version; or, if the database does not have its changes, correct the ledger: `stead stamp aaaa --app a`)");
    insta::assert_snapshot!(down(&graph, &world, "base"), @"revision-without-file: the ledger of `main` has `xxxx 0002_slug.sql` and `yyyy 0003_slug.sql` of the app `a`, and there is no such file (bring `0002_slug.sql` and `0003_slug.sql` back, from another branch or version; or, if the database does not have its changes, correct the ledger: `stead stamp aaaa --app a`)");
    insta::assert_snapshot!(down(&graph, &world, "-1"), @"revision-without-file: the ledger of `main` has `xxxx 0002_slug.sql` and `yyyy 0003_slug.sql` of the app `a`, and there is no such file (bring `0002_slug.sql` and `0003_slug.sql` back, from another branch or version; or, if the database does not have its changes, correct the ledger: `stead stamp aaaa --app a`)");
    assert_eq!(mark(&graph, &world, "aaaa"), "forget yyyy, forget xxxx");
    assert_eq!(mark(&graph, &world, "head"), "forget yyyy, forget xxxx, stamped bbbb");
    for row in world.rows.get_mut("main").unwrap() {
        row.down_script = Some(format!("DROP {}", row.revision));
    }
    insta::assert_snapshot!(up(&graph, &world, "head"), @"revision-without-file: the ledger of `main` has `xxxx 0002_slug.sql` and `yyyy 0003_slug.sql` of the app `a`, and there is no such file (bring `0002_slug.sql` and `0003_slug.sql` back, from another branch or version; or take it back in `main` with the ledger's own script: `stead downgrade aaaa --app a`; or, if the database does not have its changes, correct the ledger: `stead stamp aaaa --app a`)");
    assert_eq!(down(&graph, &world, "aaaa"), "run DROP yyyy yyyy, run DROP xxxx xxxx");
    assert_eq!(down(&graph, &world, "base"), "run DROP yyyy yyyy, run DROP xxxx xxxx, down aaaa");
    let steps = stamp(&graph, &world.situation(), &target("main", "a"), "aaaa").unwrap().steps;
    world.carry_out(&graph, &steps);
    assert_eq!(up(&graph, &world, "head"), "up bbbb");
}

#[test]
fn unknown_rows_on_another_branch_do_not_stop_the_way_back() {
    let graph = graph(&["a/1 aaaa", "a/2 bbbb: aaaa"]);
    let world = done(&[("aaaa", &[]), ("xxxx", &["aaaa"]), ("bbbb", &["aaaa"])]);
    assert_eq!(down(&graph, &world, "bbbb"), "");
    assert!(down(&graph, &world, "aaaa").starts_with("revision-without-file"));
}

#[test]
fn interrupted_revisions_are_resumed_first() {
    let graph = chain();
    let mut failed = row("a", "bbbb", &["aaaa"], LedgerState::Failed, 2);
    let world = World::with(vec![row("a", "aaaa", &[], LedgerState::Done, 1), failed.clone()]);
    assert_eq!(up(&graph, &world, "head"), "resume at 1 bbbb, up cccc, up dddd");
    insta::assert_snapshot!(up(&graph, &world, "aaaa"), @"unfinished-revision: revision `bbbb` of `a` in `main` is recorded as failed after 1 of 2 statements (finish it with `stead upgrade --app a --database main` first)");
    insta::assert_snapshot!(down(&graph, &world, "base"), @"unfinished-revision: revision `bbbb` of `a` in `main` is recorded as failed after 1 of 2 statements (finish it with `stead upgrade --app a --database main` first)");
    assert_eq!(mark(&graph, &world, "bbbb"), "stamped bbbb");
    let plan = upgrade(&graph, &world.situation(), &[goal("main", "a", "2")]).unwrap();
    let Action::Up { resume: Some(resume) } = &plan.steps[0].action else { panic!("{plan:?}") };
    assert_eq!((resume.state, resume.statements_total, resume.edited), (LedgerState::Failed, 2, false));
    // A revision that failed before it changed anything stands in nobody's way.
    failed.statements_done = 0;
    let world = World::with(vec![row("a", "aaaa", &[], LedgerState::Done, 1), failed.clone()]);
    assert_eq!(up(&graph, &world, "aaaa"), "");
    assert_eq!(down(&graph, &world, "base"), "forget bbbb, down aaaa");
    failed.revision = RevisionId::new("gone").unwrap();
    let world = World::with(vec![row("a", "aaaa", &[], LedgerState::Done, 1), failed]);
    assert_eq!(up(&graph, &world, "2"), "forget gone, up bbbb");
    assert_eq!(down(&graph, &world, "base"), "forget gone, down aaaa");
}

#[test]
fn edited_files_are_listed() {
    let mut world = done(&[("aaaa", &[]), ("bbbb", &["aaaa"])]);
    world.rows.get_mut("main").unwrap()[0].checksum = "another".to_owned();
    let plan = upgrade(&chain(), &world.situation(), &[goal("main", "a", "head")]).unwrap();
    assert_eq!(plan.edited.len(), 1);
    assert_eq!(
        (plan.edited[0].path.as_str(), plan.edited[0].recorded.as_str()),
        ("apps/a/0001_slug_aaaa.sql", "another")
    );
}

#[test]
fn a_revision_put_in_below_an_applied_one_is_run() {
    let graph = graph(&["a/1 aaaa", "a/2 xxxx: aaaa", "a/3 bbbb: xxxx"]);
    let mut world = done(&[("aaaa", &[]), ("bbbb", &["aaaa"])]);
    assert_eq!(up(&graph, &world, "head"), "up xxxx");
    let steps = upgrade(&graph, &world.situation(), &[goal("main", "a", "head")]).unwrap().steps;
    world.carry_out(&graph, &steps);
    // Back in the order in which the database came to be.
    assert_eq!(down(&graph, &world, "base"), "down xxxx, down bbbb, down aaaa");
}

#[test]
fn dependencies_are_brought_along() {
    let graph = graph(&["a/1 aaaa > b/1", "b/1 bbbb", "b/2 cccc: bbbb > a/1"]);
    let same = World::new(&[("main", "a"), ("main", "b")]);
    assert_eq!(up(&graph, &same, "head"), "main/b up bbbb, up aaaa");
    let both = upgrade(&graph, &same.situation(), &[goal("main", "a", "head"), goal("main", "b", "head")]);
    assert_eq!(shown(both), "main/b up bbbb, up aaaa, main/b up cccc");
    let mut other = World::new(&[("main", "a"), ("one", "b"), ("two", "b")]);
    assert_eq!(up(&graph, &other, "head"), "one/b up bbbb, two/b up bbbb, up aaaa");
    other.excluded = vec!["two".to_owned()];
    insta::assert_snapshot!(up(&graph, &other, "head"), @"excluded-dependency: `bbbb` of `b` has to be applied in `two` first, which is excluded (add `--database two`, or use `--all`)");
    insta::assert_snapshot!(up(&graph, &World::new(&[("main", "a")]), "head"), @"dependency-without-database: `a/aaaa` depends on the app `b`, which is in no database (give `[apps.b]` a `database` in `stead.toml`)");
    let first =
        upgrade(&graph, &World { excluded: vec![], ..other.clone() }.situation(), &[goal("two", "b", "1")]).unwrap();
    other.carry_out(&graph, &first.steps);
    assert_eq!(up(&graph, &other, "head"), "one/b up bbbb, up aaaa");
    assert_eq!(
        shown(upgrade(&graph, &other.situation(), &[goal("x", "a", "head")])),
        "unknown-target: the app `a` is not in the database `x` (see `stead config` for which app is in which database)"
    );
}

#[test]
fn trouble_in_a_database_that_needs_no_step_does_not_matter() {
    let graph = graph(&["a/1 aaaa > b/1", "b/1 bbbb"]);
    let mut world = World::new(&[("main", "a"), ("other", "b")]);
    let rows = vec![row("b", "bbbb", &[], LedgerState::Done, 1), row("b", "gone", &["bbbb"], LedgerState::Done, 2)];
    world.rows.insert("other".to_owned(), rows);
    world.excluded = vec!["other".to_owned()];
    assert_eq!(up(&graph, &world, "head"), "up aaaa");
    assert!(
        shown(upgrade(&graph, &world.situation(), &[goal("other", "b", "head")])).starts_with("revision-without-file")
    );
}

#[test]
fn what_others_depend_on_is_not_taken_back() {
    let graph = graph(&["a/1 aaaa", "a/2 dddd: aaaa", "b/1 bbbb", "b/2 cccc: bbbb > a/2"]);
    let mut world = World::new(&[("main", "a"), ("main", "b")]);
    let goals = [goal("main", "a", "head"), goal("main", "b", "head")];
    let steps = upgrade(&graph, &world.situation(), &goals).unwrap().steps;
    world.carry_out(&graph, &steps);
    insta::assert_snapshot!(down(&graph, &world, "base"), @"revision-depended-on: `dddd` of `a` cannot be taken back: it is needed by `b/cccc` (take those back first: `stead downgrade bbbb --app b`)");
    let steps = downgrade(&graph, &world.situation(), &target("main", "b"), "bbbb").unwrap().steps;
    world.carry_out(&graph, &steps);
    assert_eq!(down(&graph, &world, "base"), "down dddd, down aaaa");
}

fn squashed() -> Graph {
    graph(&[
        "a/1 aaaa",
        "a/2 bbbb: aaaa",
        "a/3 cccc: bbbb",
        "a/4 dddd: cccc",
        "a/5 eeee: dddd",
        "a/6 ssss: aaaa = bbbb cccc dddd",
    ])
}

#[test]
fn row_69_a_fresh_database_runs_the_squash() {
    let (graph, mut world) = (squashed(), World::with(vec![]));
    assert_eq!(up(&graph, &world, "head"), "up aaaa, up ssss, up eeee");
    assert_eq!(up(&graph, &world, "4"), "up aaaa, up ssss");
    insta::assert_snapshot!(up(&graph, &world, "3"), @"replaced-revision: `3` is one of the revisions that `ssss 0006_slug_ssss` replaces (name `ssss 0006_slug_ssss` itself, or a revision before or after it)");
    let steps = upgrade(&graph, &world.situation(), &[goal("main", "a", "head")]).unwrap().steps;
    world.carry_out(&graph, &steps);
    assert_eq!(up(&graph, &world, "head"), "");
    assert_eq!(down(&graph, &world, "-2"), "down eeee, down ssss");
    assert_eq!(down(&graph, &world, "base"), "down eeee, down ssss, down aaaa");
    insta::assert_snapshot!(down(&graph, &world, "3"), @"replaced-revision: `3` is one of the revisions that `ssss 0006_slug_ssss` replaces (name `ssss 0006_slug_ssss` itself, or a revision before or after it)");
    assert_eq!(mark(&graph, &world, "3"), "forget eeee, forget ssss, stamped bbbb, stamped cccc");
}

#[test]
fn row_70_a_database_with_all_of_them_records_the_squash() {
    let (graph, mut world) =
        (squashed(), done(&[("aaaa", &[]), ("bbbb", &["aaaa"]), ("cccc", &["bbbb"]), ("dddd", &["cccc"])]));
    assert_eq!(up(&graph, &world, "head"), "squashed ssss, up eeee");
    assert_eq!(down(&graph, &world, "-1"), "down dddd");
    let steps = upgrade(&graph, &world.situation(), &[goal("main", "a", "head")]).unwrap().steps;
    world.carry_out(&graph, &steps);
    assert_eq!(up(&graph, &world, "head"), "");
    // The database became what it is by the originals, so it goes back by them.
    assert_eq!(down(&graph, &world, "bbbb"), "down eeee, forget ssss, down dddd, down cccc");
    assert_eq!(down(&graph, &world, "-1"), "down eeee");
    let steps = downgrade(&graph, &world.situation(), &target("main", "a"), "bbbb").unwrap().steps;
    world.carry_out(&graph, &steps);
    assert_eq!(up(&graph, &world, "head"), "up cccc, up dddd, up eeee, squashed ssss");
}

#[test]
fn row_71_a_database_with_some_of_them_goes_on_with_the_originals() {
    let (graph, mut world) = (squashed(), done(&[("aaaa", &[]), ("bbbb", &["aaaa"])]));
    assert_eq!(up(&graph, &world, "head"), "up cccc, up dddd, up eeee, squashed ssss");
    assert_eq!(up(&graph, &world, "3"), "up cccc");
    assert_eq!(up(&graph, &world, "+1"), "up cccc");
    assert_eq!(down(&graph, &world, "base"), "down bbbb, down aaaa");
    let steps = upgrade(&graph, &world.situation(), &[goal("main", "a", "head")]).unwrap().steps;
    world.carry_out(&graph, &steps);
    assert_eq!(up(&graph, &world, "head"), "");
}

#[test]
fn a_squash_whose_originals_are_gone() {
    let graph = graph(&["a/1 aaaa", "a/5 eeee: dddd", "a/6 ssss: aaaa = bbbb cccc dddd"]);
    let some = done(&[("aaaa", &[]), ("bbbb", &["aaaa"])]);
    insta::assert_snapshot!(up(&graph, &some, "head"), @"missing-originals: `main` has only some of what `ssss` replaces, and the files of `cccc` and `dddd` are gone (bring their files back, upgrade, and remove them again)");
    let mut all = done(&[("aaaa", &[]), ("bbbb", &["aaaa"]), ("cccc", &["bbbb"]), ("dddd", &["cccc"])]);
    assert_eq!(up(&graph, &all, "head"), "squashed ssss, up eeee");
    assert_eq!(down(&graph, &all, "base"), "down ssss, forget dddd, forget cccc, forget bbbb, down aaaa");
    let steps = upgrade(&graph, &all.situation(), &[goal("main", "a", "head")]).unwrap().steps;
    all.carry_out(&graph, &steps);
    assert_eq!(down(&graph, &all, "aaaa"), "down eeee, down ssss, forget dddd, forget cccc, forget bbbb");
}

#[test]
fn a_squash_of_a_squash() {
    let graph =
        graph(&["a/1 aaaa", "a/2 bbbb: aaaa", "a/3 ssss = aaaa bbbb", "a/4 cccc: ssss", "a/5 tttt = ssss cccc"]);
    assert_eq!(up(&graph, &World::with(vec![]), "head"), "up tttt");
    assert_eq!(up(&graph, &done(&[("aaaa", &[])]), "head"), "up bbbb, up cccc, squashed ssss, squashed tttt");
    assert_eq!(
        up(&graph, &done(&[("aaaa", &[]), ("bbbb", &["aaaa"])]), "head"),
        "squashed ssss, up cccc, squashed tttt"
    );
}

/// What revisions make, as letters: `node` makes its own, a revision that stands for others makes theirs.
fn effects(graph: &Graph, originals: &Graph, id: &str) -> Vec<String> {
    let inner = |id: &RevisionId| match originals.node("a", id.as_str()) {
        Some(node) if node.replaces.is_empty() => vec![id.to_string()],
        _ => effects(graph, originals, id.as_str()),
    };
    let replaces = graph.node("a", id).map(|node| node.replaces.clone()).unwrap_or_default();
    if replaces.is_empty() { vec![id.to_owned()] } else { replaces.iter().flat_map(inner).collect() }
}

/// Runs a plan against what a database holds: nothing is made twice, nothing is taken back that is not there.
fn run(graph: &Graph, originals: &Graph, held: &mut BTreeSet<String>, steps: &[Step]) {
    for step in steps {
        for effect in effects(graph, originals, step.id.as_str()) {
            match &step.action {
                Action::Up { .. } => assert!(held.insert(effect.clone()), "{effect} is made twice: {steps:#?}"),
                Action::Down { .. } => assert!(held.remove(&effect), "{effect} is not there: {steps:#?}"),
                Action::Record { .. } => {
                    assert!(held.contains(&effect), "{effect} is recorded and not there: {steps:#?}")
                }
                Action::Forget => (),
            }
        }
    }
}

/// A chain of `count` revisions; then the same with one squash, and with another one over it.
fn squashed_chain(count: usize, first: usize, last: usize, wider: usize, gone: bool) -> (Graph, Graph) {
    let parent = |at: usize| if at == 0 { String::new() } else { format!(": id{:02}", at - 1) };
    let originals: Vec<Node> =
        (0..count).map(|at| crate::graph::tests::node(&format!("a/{at} id{at:02}{}", parent(at)))).collect();
    let list = |from: usize, to: usize| (from..=to).map(|at| format!("id{at:02}")).collect::<Vec<_>>().join(" ");
    let mut nodes = originals.clone();
    nodes.retain(|node| !gone || !(first as u64..=last as u64).contains(&node.number));
    nodes.push(crate::graph::tests::node(&format!("a/50 inner{} = {}", parent(first), list(first, last))));
    if last + wider < count && wider > 0 {
        let more = list(last + 1, last + wider);
        nodes.push(crate::graph::tests::node(&format!("a/60 outer{} = inner {more}", parent(first))));
    }
    (Graph::new(originals).unwrap(), Graph::new(nodes).unwrap())
}

proptest! {
    /// Up to every head and back to the base visits the same revisions, in reverse.
    #[test]
    fn the_way_back_is_the_way_up_reversed(nodes in random_nodes(1)) {
        let graph = Graph::new(nodes.clone()).unwrap();
        let mut world = World::new(&[("main", "app0")]);
        let there = upgrade(&graph, &world.situation(), &[goal("main", "app0", "heads")]).unwrap().steps;
        prop_assert_eq!(there.len(), nodes.len());
        world.carry_out(&graph, &there);
        let back = downgrade(&graph, &world.situation(), &target("main", "app0"), "base").unwrap().steps;
        let mut reversed: Vec<&RevisionId> = back.iter().map(|step| &step.id).collect();
        reversed.reverse();
        prop_assert_eq!(reversed, there.iter().map(|step| &step.id).collect::<Vec<_>>());
        world.carry_out(&graph, &back);
        prop_assert!(world.rows["main"].is_empty());
    }

    /// Nothing is run before what it waits for, and stopping anywhere leaves exactly the rest to do.
    #[test]
    fn a_stopped_upgrade_goes_on_with_the_rest(nodes in random_nodes(3), databases in 1..3_usize, stop in any::<proptest::sample::Index>()) {
        let graph = Graph::new(nodes.clone()).unwrap();
        let place = |app: &str| if databases == 2 && app == "app1" { "second" } else { "main" };
        let apps: Vec<(&str, &str)> = graph.apps().into_iter().map(|app| (place(app), app)).collect();
        let mut world = World::new(&apps);
        let goals: Vec<Goal> = apps.iter().map(|(database, app)| goal(database, app, "heads")).collect();
        let steps = upgrade(&graph, &world.situation(), &goals).unwrap().steps;
        prop_assert_eq!(steps.len(), nodes.len());
        let at = |app: &str, id: &str| steps.iter().position(|step| (step.target.app.as_str(), step.id.as_str()) == (app, id)).unwrap();
        for node in &nodes {
            let own = at(&node.app, node.id.as_str());
            prop_assert!(node.parents.iter().all(|parent| at(&node.app, parent.as_str()) < own));
            prop_assert!(node.depends.iter().map(|one| one.split_once('/').unwrap()).all(|(app, id)| at(app, id) < own));
        }
        let stop = stop.index(steps.len());
        world.carry_out(&graph, &steps[..stop]);
        prop_assert_eq!(&upgrade(&graph, &world.situation(), &goals).unwrap().steps, &steps[stop..]);
    }

    /// After a stamp the ledger stands exactly there, whatever it said before.
    #[test]
    fn a_stamp_leaves_exactly_what_it_says(nodes in random_nodes(1), before in any::<proptest::sample::Index>(), to in any::<proptest::sample::Index>()) {
        let graph = Graph::new(nodes.clone()).unwrap();
        let mut world = World::new(&[("main", "app0")]);
        let steps = upgrade(&graph, &world.situation(), &[goal("main", "app0", before.get(&nodes).id.as_str())]).unwrap().steps;
        world.carry_out(&graph, &steps);
        world.rows.entry("main".to_owned()).or_default().push(row("app0", "alien", &[], LedgerState::Running, 99));
        let to = to.get(&nodes);
        let steps = stamp(&graph, &world.situation(), &target("main", "app0"), to.id.as_str()).unwrap().steps;
        world.carry_out(&graph, &steps);
        let node = graph.node("app0", to.id.as_str()).unwrap();
        let mut wanted: Vec<&RevisionId> = graph.ancestors(node).into_iter().chain([node]).map(|node| &node.id).collect();
        let mut found: Vec<&RevisionId> = world.rows["main"].iter().map(|row| &row.revision).collect();
        wanted.sort();
        found.sort();
        prop_assert_eq!(found, wanted);
    }

    /// Whatever a database has when a squash arrives, every change is made once and taken back once.
    #[test]
    fn a_squash_changes_nothing_about_what_is_made(
        (count, applied) in (2..8_usize).prop_flat_map(|count| (Just(count), 0..=count)),
        first in any::<proptest::sample::Index>(),
        last in any::<proptest::sample::Index>(),
        wider in 0..4_usize,
        gone in any::<bool>(),
        stop in any::<proptest::sample::Index>(),
        back in any::<proptest::sample::Index>(),
    ) {
        let first = first.index(count);
        let last = first + last.index(count - first);
        let (originals, graph) = squashed_chain(count, first, last, wider, gone);
        let (mut world, mut held) = (World::with(vec![]), BTreeSet::new());
        if applied > 0 {
            let steps = upgrade(&originals, &world.situation(), &[goal("main", "a", &format!("id{:02}", applied - 1))]).unwrap().steps;
            run(&originals, &originals, &mut held, &steps);
            world.carry_out(&originals, &steps);
        }
        let plan = upgrade(&graph, &world.situation(), &[goal("main", "a", "heads")]);
        if gone && applied > first && applied <= last {
            prop_assert_eq!(plan.unwrap_err().code(), "missing-originals");
            return Ok(());
        }
        let steps = plan.unwrap().steps;
        let stop = stop.index(steps.len() + 1);
        run(&graph, &originals, &mut held, &steps[..stop]);
        world.carry_out(&graph, &steps[..stop]);
        // Back to anywhere, or nowhere at all where that lies inside a squash; then up again.
        let goals = (0..count).map(|at| format!("id{at:02}")).chain(["base".to_owned(), "-1".to_owned(), "inner".to_owned()]);
        let to = back.get(&goals.collect::<Vec<_>>()).clone();
        match downgrade(&graph, &world.situation(), &target("main", "a"), &to) {
            Ok(plan) => {
                run(&graph, &originals, &mut held, &plan.steps);
                world.carry_out(&graph, &plan.steps);
            }
            Err(PlanError::Reference(_) | PlanError::NotApplied { .. }) => (),
            Err(other) => panic!("{to}: {other}"),
        }
        let steps = upgrade(&graph, &world.situation(), &[goal("main", "a", "heads")]).unwrap().steps;
        run(&graph, &originals, &mut held, &steps);
        world.carry_out(&graph, &steps);
        prop_assert_eq!(held.len(), count);
        prop_assert!(upgrade(&graph, &world.situation(), &[goal("main", "a", "heads")]).unwrap().steps.is_empty());
        let steps = downgrade(&graph, &world.situation(), &target("main", "a"), "base").unwrap().steps;
        run(&graph, &originals, &mut held, &steps);
        world.carry_out(&graph, &steps);
        prop_assert!(held.is_empty() && world.rows.get("main").is_none_or(Vec::is_empty), "{:?}", world.rows);
    }
}
