//! A snapshot through a pipe: whole or refused, wherever it is cut or changed, and never outside its folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{bytes, catalog, fill, manifest, name, publish, quiet};
use stead_snapshot::{Part, Shelf, Snapshot, SnapshotError, stream};

fn sent(folder: &Path) -> Vec<u8> {
    let shelf = Shelf::new(folder.join("sender"));
    let mut draft = shelf.begin(&name("b"), "test").unwrap();
    fill(&draft, catalog(), "pages", &bytes(9_000, 1));
    fill(&draft, Part::Database("d".repeat(64)), &format!("{0}/{0}/{0}", "s".repeat(64)), b"far away");
    let mut manifest = manifest("2026-01-02T03:04:05Z", None);
    manifest.databases.insert("d".repeat(64), manifest.databases["catalog"].clone());
    draft.complete(manifest).unwrap();
    let mut sent = Vec::new();
    stream::write(&draft.snapshot().unwrap(), &mut sent).unwrap();
    sent
}

fn receive(folder: &Path, bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let shelf = Shelf::new(folder.join("receiver"));
    let mut draft = shelf.begin(&name("c"), "test")?;
    stream::read(bytes, &mut draft)?;
    shelf.publish(draft, false)
}

fn refusal(folder: &Path, bytes: &[u8]) -> &'static str {
    let code = receive(folder, bytes).unwrap_err().code();
    assert_eq!(fs::read_dir(folder.join("receiver")).unwrap().count(), 0);
    code
}

#[test]
fn row_097_what_is_sent_is_received() {
    let folder = tempfile::tempdir().unwrap();
    let sent = sent(folder.path());
    let snapshot = receive(folder.path(), &sent).unwrap();
    snapshot.verify(&quiet()).unwrap();
    assert_eq!(snapshot.manifest().name, name("b"), "the manifest says where it came from");
    let mut again = Vec::new();
    stream::write(&snapshot, &mut again).unwrap();
    assert!(again == sent, "the same snapshot gives the same bytes");
}

#[test]
fn row_097_a_stream_that_was_cut_is_told_from_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let sent = sent(folder.path());
    let borders = (0..sent.len()).step_by(512).flat_map(|border| [border.saturating_sub(1), border, border + 1]);
    let (anywhere, near_end) = ((0..sent.len()).step_by(1409), (sent.len() - 3000..sent.len()).step_by(61));
    for length in borders.step_by(5).chain(anywhere).chain(near_end).chain([sent.len() - 1]) {
        assert_eq!(
            refusal(folder.path(), &sent[..length]),
            "snapshot-stream-cut",
            "cut after {length} of {}",
            sent.len()
        );
    }
}

#[test]
fn row_097_a_stream_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sent = sent(folder.path());
    for at in (0..sent.len()).step_by(211) {
        let mut other = sent.clone();
        other[at] ^= 0x08;
        receive(folder.path(), &other).expect_err(&format!("byte {at}"));
        assert_eq!(fs::read_dir(folder.path().join("receiver")).unwrap().count(), 0);
    }
    let longer = [&sent[..], b"more"].concat();
    assert_eq!(refusal(folder.path(), &longer), "snapshot-stream-refused");
    assert_eq!(refusal(folder.path(), b"this is not an archive of any kind"), "snapshot-stream-cut");
    assert_eq!(refusal(folder.path(), &[b'x'; 4096]), "snapshot-stream-refused");
}

/// An archive with these entries and no end.
fn archive(entries: &[(tar::EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn row_101_a_hostile_archive_stays_inside() {
    use tar::EntryType::{Directory, Fifo, GNULongName, Link, Regular, Symlink, XGlobalHeader};
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "../evil",
        "b/../../evil",
        "/etc/evil",
        "b/databases/../../../evil.zst",
        "b/evil",
        "evil",
        "b/databases/.x.zst",
        "b//databases/x.zst",
        "b/databases/x/",
        "b/databases/x.zst/../y.zst",
        "../b/manifest.json",
        "b/storage/x y.zst",
    ];
    for path in names {
        assert_eq!(refusal(folder.path(), &archive(&[(Regular, path, b"x")])), "snapshot-stream-refused", "{path}");
    }
    for kind in [Symlink, Link, Directory, Fifo, XGlobalHeader] {
        let entry = archive(&[(kind, "b/databases/x.zst", b"")]);
        assert_eq!(refusal(folder.path(), &entry), "snapshot-stream-refused", "{kind:?}");
    }
    let long = archive(&[(GNULongName, "././@LongLink", &[b'x'; 5000])]);
    assert_eq!(refusal(folder.path(), &long), "snapshot-stream-refused");
    let long = archive(&[(GNULongName, "././@LongLink", b"../../evil\0"), (Regular, "b/storage/x.zst", b"x")]);
    assert_eq!(refusal(folder.path(), &long), "snapshot-stream-refused");
    let two = archive(&[(Regular, "b/storage/x.zst", b"x"), (Regular, "c/storage/y.zst", b"x")]);
    assert_eq!(refusal(folder.path(), &two), "snapshot-stream-refused", "two snapshots in one stream");
    let twice = archive(&[(Regular, "b/storage/x.zst", b"x"), (Regular, "b/storage/x.zst", b"x")]);
    assert_eq!(refusal(folder.path(), &twice), "snapshot-io");
    let mut huge = archive(&[(Regular, "b/storage/x.zst", b"")]);
    let mut header = tar::Header::from_byte_slice(&huge[..512]).clone();
    header.set_size(1 << 40);
    header.set_cksum();
    huge[..512].copy_from_slice(header.as_bytes());
    assert_eq!(refusal(folder.path(), &huge), "snapshot-stream-refused");
    assert!(!folder.path().join("evil").exists() && !folder.path().join("receiver/evil").exists());
}

#[test]
fn common_tools_unpack_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("b.tar"), sent(folder.path())).unwrap();
    let unpacked = Command::new("tar").args(["-xf", "b.tar"]).current_dir(folder.path()).status();
    let Ok(status) = unpacked else {
        println!("skipped: there is no tar");
        return;
    };
    assert!(status.success());
    Snapshot::open(&folder.path().join("b")).unwrap().verify(&quiet()).unwrap();
}

#[test]
fn a_published_snapshot_can_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = publish(&Shelf::new(folder.path()), "b", &bytes(2_000_000, 1));
    let mut sent = Vec::new();
    stream::write(&snapshot, &mut sent).unwrap();
    receive(folder.path(), &sent).unwrap().verify(&quiet()).unwrap();
}
