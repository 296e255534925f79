//! What the tests of the archive share: a manifest without streams, and drafts filled with given bytes.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use stead_engine::snapshot::{Advance, Guarantee};
use stead_schema::{EngineKind, Schema, fingerprint};
use stead_snapshot::{
    AppHeads, DatabaseRecord, Draft, FORMAT, Manifest, Part, Shelf, Snapshot, SnapshotName, StorageRecord, TableRecord,
};

/// An advance that nobody looks at.
pub(crate) fn quiet() -> Advance {
    Arc::new(|_done, _total| {})
}

pub(crate) fn name(text: &str) -> SnapshotName {
    SnapshotName::parse(text).unwrap()
}

pub(crate) fn catalog() -> Part {
    Part::Database("catalog".to_owned())
}

/// A manifest as a dump hands it over: everything but streams, sizes and digest.
pub(crate) fn manifest(created_at: &str, storage: Option<StorageRecord>) -> Manifest {
    let schema = Schema::empty(EngineKind::Sqlite);
    let database = DatabaseRecord {
        engine: EngineKind::Sqlite,
        engine_version: "3.50.0".to_owned(),
        streams: BTreeMap::new(),
        tables: BTreeMap::from([("addons".to_owned(), TableRecord { rows: 3 })]),
        heads: BTreeMap::from([(
            "catalog".to_owned(),
            AppHeads {
                heads: vec!["2d970929c35b".to_owned()],
                applied: vec!["2d970929c35b".to_owned(), "37e1cb6de47a".to_owned()],
            },
        )]),
        fingerprint: fingerprint(&schema),
        schema,
        properties: BTreeMap::from([("page_size".to_owned(), "4096".to_owned())]),
    };
    Manifest {
        format: FORMAT,
        digest: String::new(),
        name: name("placeholder"),
        created_at: created_at.to_owned(),
        tool_version: "0.1.0".to_owned(),
        project: "addons".to_owned(),
        environment: "development".to_owned(),
        comment: None,
        guarantee: Guarantee::OneView,
        raw_bytes: 0,
        packed_bytes: 0,
        seed_hash: None,
        databases: BTreeMap::from([("catalog".to_owned(), database)]),
        storage,
    }
}

pub(crate) fn fill(draft: &Draft, part: Part, stream: &str, bytes: &[u8]) {
    let mut writer = draft.sink(part).stream(stream).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap();
}

/// A published snapshot with one stream `pages`.
pub(crate) fn publish(shelf: &Shelf, text: &str, bytes: &[u8]) -> Snapshot {
    let mut draft = shelf.begin(&name(text), "test").unwrap();
    fill(&draft, catalog(), "pages", bytes);
    draft.complete(manifest("2026-01-02T03:04:05Z", None)).unwrap();
    shelf.publish(draft, true).unwrap()
}

/// Bytes that compress somewhat, the same for the same seed.
pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes = Vec::with_capacity(length + 64);
    while bytes.len() < length {
        let row = next();
        write!(bytes, "{}|addon-{:x}|released {}|{:016x};", row % 100_000, row % 4096, row % 365, next()).unwrap();
    }
    bytes.truncate(length);
    bytes
}
