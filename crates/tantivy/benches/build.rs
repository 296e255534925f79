//! Documents a second when an index is built through the port, against a bare loop over the same rows with the same
//! fields. Run with `cargo bench -p stead-tantivy`; numbers after `--` are batch sizes to try. With `STEAD_BENCH_ROWS` naming a
//! file of rows, five columns with tabs between, only the bare loop runs over them, and its seconds are all that is printed.
#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]
#![expect(clippy::unwrap_used, reason = "a benchmark that fails may panic")]

use std::time::{Duration, Instant};

use stead_engine::search::{Definition, Document, Field, FieldKind};
use stead_engine::{SearchEngine, Value};
use stead_tantivy::TantivyEngine;
use tantivy::schema::{FAST, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexWriter, TantivyDocument};

const DOCUMENTS: usize = 200_000;
const WORDS: usize = 30;
const ROUNDS: usize = 5;

fn main() {
    if let Some(path) = std::env::var_os("STEAD_BENCH_ROWS") {
        println!("{:.4}", bare(&read_rows(path.as_ref())).as_secs_f64());
        return;
    }
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![150, 1000, 5000] } else { sizes };
    let rows = rows();
    // Rounds are interleaved, so that a busy machine slows all of them alike; the best of each counts.
    let mut bare_best = Duration::MAX;
    let mut best = vec![Duration::MAX; sizes.len()];
    for _ in 0..ROUNDS {
        bare_best = bare_best.min(bare(&rows));
        for (best, size) in best.iter_mut().zip(&sizes) {
            *best = (*best).min(ours(&rows, *size));
        }
    }
    println!("bare loop, one commit: {}", rate(bare_best));
    for (time, size) in best.iter().zip(&sizes) {
        println!("batches of {size}: {}, ratio {:.2}", rate(*time), bare_best.as_secs_f64() / time.as_secs_f64());
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown to three digits")]
fn rate(time: Duration) -> String {
    format!("{:.2} s, {:.0} documents/s", time.as_secs_f64(), DOCUMENTS as f64 / time.as_secs_f64())
}

fn rows() -> Vec<Document> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    // Word frequencies fall off as in real text: the product of two random numbers prefers small ones.
    let mut word = move || format!("w{}ing", (next() % 250) * (next() % 250));
    let mut text = move |words: usize| (0..words).map(|_| word()).collect::<Vec<_>>().join(" ");
    let row = |number: usize| {
        let id = i64::try_from(number).unwrap();
        let kind = ["extension", "theme", "language"][number % 3];
        vec![Value::Integer(id), text(3).into(), text(WORDS - 3).into(), kind.into(), Value::Real(0.5)]
    };
    (0..DOCUMENTS).map(row).collect()
}

fn read_rows(path: &std::path::Path) -> Vec<Document> {
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let id = columns[0].parse().unwrap();
        let rating = columns[4].parse().unwrap();
        vec![Value::Integer(id), columns[1].into(), columns[2].into(), columns[3].into(), Value::Real(rating)]
    };
    text.lines().map(row).collect()
}

fn definition() -> Definition {
    let field = |name: &str, kind, language: Option<&str>| Field {
        name: name.to_owned(),
        kind,
        language: language.map(str::to_owned),
        boost: 1.0,
        stored: true,
        highlight: true,
    };
    let fields = vec![
        field("id", FieldKind::Integer, None),
        field("name", FieldKind::Text, Some("en")),
        field("summary", FieldKind::Text, Some("en")),
        field("kind", FieldKind::Keyword, None),
        field("rating", FieldKind::Float, None),
    ];
    Definition { name: "addons".to_owned(), key: "id".to_owned(), fields, hash: "0".to_owned() }
}

fn ours(rows: &[Document], size: usize) -> Duration {
    let folder = tempfile::tempdir_in(place()).unwrap();
    let engine = TantivyEngine::new(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let batches: Vec<Vec<Document>> = rows.chunks(size).map(<[Document]>::to_vec).collect();
    let start = Instant::now();
    runtime.block_on(async {
        let mut build = engine.begin(&definition(), "2024-01-01T00:00:00Z").await.unwrap();
        for batch in batches {
            build.add(batch).await.unwrap();
        }
        let built = build.finish().await.unwrap();
        assert_eq!(built.documents, DOCUMENTS as u64);
        engine.publish("addons", &built.id).await.unwrap();
    });
    start.elapsed()
}

fn bare(rows: &[Document]) -> Duration {
    let folder = tempfile::tempdir_in(place()).unwrap();
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default();
    let words = TextOptions::default()
        .set_indexing_options(
            indexing.set_tokenizer("en_stem").set_index_option(IndexRecordOption::WithFreqsAndPositions),
        )
        .set_stored();
    let id = schema.add_i64_field("id", INDEXED | STORED | FAST);
    let name = schema.add_text_field("name", words.clone());
    let summary = schema.add_text_field("summary", words);
    let kind = schema.add_text_field("kind", STRING | STORED | FAST);
    let rating = schema.add_f64_field("rating", INDEXED | STORED | FAST);
    let index = Index::create_in_dir(folder.path(), schema.build()).unwrap();
    let start = Instant::now();
    let mut writer: IndexWriter = index.writer(128 << 20).unwrap();
    for row in rows {
        let mut document = TantivyDocument::new();
        document.add_i64(id, row[0].as_integer().unwrap());
        document.add_text(name, row[1].as_text().unwrap());
        document.add_text(summary, row[2].as_text().unwrap());
        document.add_text(kind, row[3].as_text().unwrap());
        document.add_f64(rating, if let Value::Real(number) = row[4] { number } else { 0.0 });
        writer.add_document(document).unwrap();
    }
    writer.commit().unwrap();
    writer.wait_merging_threads().unwrap();
    start.elapsed()
}

/// Beside the build's output, which lies on a real disk; the system's temporary folder may be memory.
fn place() -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
