//! The snapshots of an environment: listing, looking into, verifying and removing them. When one was verified is kept
//! beside the environment's state, because a snapshot itself is never written to again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use stead_engine::Event;
use stead_snapshot::{Manifest, Snapshot, SnapshotName, State};

use crate::environment::Environment;
use crate::error::Result;
use crate::{clock, dump, files};

/// A snapshot in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// When the dump began, UTC, RFC 3339.
    pub created_at: String,
    /// Bytes on disk.
    pub packed_bytes: u64,
    /// Bytes before compression.
    pub raw_bytes: u64,
    /// Rows in all tables, stead's own left out.
    pub rows: u64,
    /// Heads as `app@revision`.
    pub heads: Vec<String>,
    /// When all of it was last read and compared; absent if never.
    pub verified_at: Option<String>,
    /// Why it cannot be used; absent if it can.
    pub problem: Option<String>,
}

/// A snapshot that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Its name.
    pub name: String,
    /// Bytes that were read.
    pub bytes: u64,
}

/// Every snapshot of the environment, oldest first.
///
/// # Errors
///
/// A folder that cannot be listed.
pub fn list(environment: &Environment) -> Result<Vec<Entry>> {
    let verified = verified(environment);
    let entries = environment.shelf().list()?;
    Ok(entries.into_iter().map(|entry| listed(entry, &verified)).collect())
}

fn listed(entry: stead_snapshot::Entry, verified: &BTreeMap<String, String>) -> Entry {
    match entry.state {
        State::Broken(problem) => Entry { name: entry.name, problem: Some(problem), ..Entry::default() },
        State::Complete(manifest) => Entry {
            name: entry.name,
            created_at: manifest.created_at.clone(),
            packed_bytes: manifest.packed_bytes,
            raw_bytes: manifest.raw_bytes,
            rows: dump::rows(&manifest),
            heads: heads(&manifest),
            verified_at: verified.get(&manifest.digest).cloned(),
            problem: None,
        },
    }
}

fn heads(manifest: &Manifest) -> Vec<String> {
    let apps = manifest.databases.values().flat_map(|database| &database.heads);
    let heads = apps.flat_map(|(app, heads)| heads.heads.iter().map(move |head| format!("{app}@{head}")));
    let mut heads: Vec<String> = heads.collect();
    heads.sort();
    heads.dedup();
    heads
}

/// Opens a snapshot by its name.
///
/// # Errors
///
/// A bad name, an unknown one with those there are, or a damaged manifest.
pub fn find(environment: &Environment, name: &str) -> Result<Snapshot> {
    Ok(environment.shelf().open(&SnapshotName::parse(name)?)?)
}

/// What a snapshot says about itself.
///
/// # Errors
///
/// As [`find`].
pub fn show(environment: &Environment, name: &str) -> Result<Manifest> {
    Ok(find(environment, name)?.manifest().clone())
}

/// Reads snapshots through and compares every checksum.
///
/// # Errors
///
/// The first thing that is missing or damaged, by file and frame.
pub fn verify(environment: &Environment, names: &[String]) -> Result<Vec<Verified>> {
    let snapshots: Result<Vec<Snapshot>> = names.iter().map(|name| find(environment, name)).collect();
    let mut done = Vec::new();
    for snapshot in snapshots? {
        let name = snapshot.manifest().name.to_string();
        let (reporter, step) = (environment.caller.reporter.clone(), format!("verify {name}"));
        let advance: stead_engine::snapshot::Advance = Arc::new(move |done, total| {
            reporter.event(Event::Progress { step: step.clone(), done, total, unit: "bytes" });
        });
        snapshot.verify(&advance)?;
        // A snapshot is as sound on a disk that cannot be written, where nobody can remember it.
        if let Err(error) = remember(environment, &snapshot.manifest().digest) {
            environment.warn(format!("that `{name}` was verified is not remembered: {error}"));
        }
        done.push(Verified { name, bytes: snapshot.manifest().packed_bytes });
    }
    Ok(done)
}

/// The name of a snapshot that can be removed: it need not be whole, but it must be one.
///
/// # Errors
///
/// A bad name, an unknown one with those there are, or one that something else than a snapshot has.
pub fn removable(environment: &Environment, name: &str) -> Result<SnapshotName> {
    let (name, shelf) = (SnapshotName::parse(name)?, environment.shelf());
    if !shelf.exists(&name) {
        shelf.open(&name)?;
    }
    shelf.check_replaceable(&name)?;
    Ok(name)
}

/// Removes a snapshot, whole or broken.
///
/// # Errors
///
/// As [`removable`], or whatever the file system refuses.
pub async fn remove(environment: &Environment, name: &str) -> Result<()> {
    environment.refuse_protected("snapshots remove")?;
    let name = removable(environment, name)?;
    let _held = environment.hold().await?;
    Ok(environment.shelf().remove(&name)?)
}

fn record(environment: &Environment) -> PathBuf {
    environment.state.folder().join("verified.json")
}

/// Times of verification by the manifest's digest. A record that cannot be read is as good as none.
fn verified(environment: &Environment) -> BTreeMap<String, String> {
    let text = std::fs::read(record(environment)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn remember(environment: &Environment, digest: &str) -> Result<()> {
    let mut verified = verified(environment);
    verified.insert(digest.to_owned(), clock::now());
    files::make_folder(environment.state.folder())?;
    let text = serde_json::to_vec_pretty(&verified).expect("a map of strings");
    files::write_whole(&record(environment), &text)
}
