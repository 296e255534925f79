//! How fast SQL text is cut into statements. A script of a megabyte with strings, comments and triggers in it is measured
//! beside a plain walk over its bytes, which no splitter can beat.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stead_schema::EngineKind;
use stead_sql::split;

/// One statement of each kind that makes splitting hard.
const PIECE: &str = "-- a comment; with a semicolon\nINSERT INTO notes (title) VALUES ('it''s; fine');\n\
                     CREATE TRIGGER t AFTER INSERT ON notes BEGIN UPDATE notes SET title = CASE WHEN 1 THEN ';' END; END;\n";

fn splitting(criterion: &mut Criterion) {
    let script = PIECE.repeat((1 << 20) / PIECE.len());
    let mut group = criterion.benchmark_group("split");
    group.throughput(Throughput::Bytes(script.len() as u64));
    group.bench_function("split", |bencher| bencher.iter(|| split(black_box(&script), EngineKind::Sqlite)));
    let walk = || black_box(script.as_bytes()).iter().filter(|byte| **byte == b';').count();
    group.bench_function("bytes", |bencher| bencher.iter(walk));
    group.finish();
}

criterion_group!(benches, splitting);
criterion_main!(benches);
