//! How long a graph and a plan take. A thousand revisions in a row are more than a project sees in ten years; each command
//! that looks at revisions pays for this once.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use stead_revision::plan::{Goal, Situation, Target};
use stead_revision::{Applied, FileName, Graph, Node, RevisionFile, checksum, parse, upgrade};

fn text(number: u64) -> String {
    let parent = if number == 1 { String::new() } else { format!("-- parent: {:012x}\n", number - 1) };
    format!("-- Step {number}\n-- revision: {number:012x}\n{parent}\n-- up\nCREATE TABLE t{number} (id INTEGER);\n")
}

fn node(number: u64) -> Node {
    let text = text(number);
    let file: RevisionFile = parse(&text).expect("a revision file as it is written");
    let name = FileName { number, slug: "step".to_owned() };
    Node::new("app", "path", &name, &file, checksum(&text))
}

fn planning(criterion: &mut Criterion) {
    let nodes: Vec<Node> = (1..=1000).map(node).collect();
    criterion.bench_function("parse and checksum one file", |bencher| bencher.iter(|| node(black_box(500))));
    criterion.bench_function("graph of 1,000", |bencher| bencher.iter(|| Graph::new(black_box(nodes.clone()))));
    let graph = Graph::new(nodes).expect("a chain is a graph");
    let mut situation = Situation::new();
    situation.insert("main", Applied::new("app", []));
    let target = Target { database: "main".to_owned(), app: "app".to_owned() };
    let goals = [Goal { target, to: "head".to_owned() }];
    criterion.bench_function("plan of 1,000", |bencher| {
        bencher.iter(|| upgrade(black_box(&graph), black_box(&situation), &goals));
    });
}

criterion_group!(benches, planning);
criterion_main!(benches);
