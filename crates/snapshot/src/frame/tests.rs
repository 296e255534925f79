//! Frame lists that were made to mislead: each is consistent with its own hash, as in an archive built by an enemy.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::layout::Part;

struct Built {
    _folder: TempDir,
    stored: Stored,
}

/// A stream on disk whose list holds these frames, whatever they say.
fn stream(frames: &[Frame], files: &[&[u8]], raw_bytes: u64) -> Built {
    let folder = tempfile::tempdir().unwrap();
    let key = StreamKey::new(Part::Storage, "index");
    fs::create_dir(folder.path().join("storage")).unwrap();
    for (number, bytes) in files.iter().enumerate() {
        fs::write(folder.path().join(frames_file(&key.stem(), number)), bytes).unwrap();
    }
    let list = [MAGIC.to_vec(), frames.iter().flat_map(Frame::encode).collect()].concat();
    fs::write(folder.path().join(index_file(&key.stem())), &list).unwrap();
    let record = StreamRecord {
        raw_bytes,
        packed_bytes: files.iter().map(|bytes| bytes.len() as u64).sum(),
        frames: frames.len() as u64,
        files: files.iter().map(|bytes| bytes.len() as u64).collect(),
        index_hash: blake3::hash(&list).to_hex().to_string(),
    };
    let stored = Stored { snapshot: "s".to_owned(), folder: folder.path().to_owned(), key, record };
    Built { _folder: folder, stored }
}

fn pack(raw: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(raw, 1).unwrap()
}

fn frame(file: u32, offset: u64, raw: &[u8], packed: &[u8]) -> Frame {
    Frame { file, offset, raw: raw.len() as u32, packed: packed.len() as u32, hash: *blake3::hash(raw).as_bytes() }
}

fn read(built: &Built) -> Result<Vec<u8>, SnapshotError> {
    let (mut all, mut raw, mut unpacker) = (Vec::new(), Vec::new(), Unpacker::new().unwrap());
    for item in built.stored.walk()? {
        let (number, frame) = item?;
        let file = built.stored.open(frame.file)?;
        let unpacked = unpacker.unpack(&file, &frame, &mut raw);
        unpacked.map_err(|fault| built.stored.fault(number, &frame, fault))?;
        all.extend_from_slice(&raw);
    }
    Ok(all)
}

fn refusal(frames: &[Frame], files: &[&[u8]], raw_bytes: u64) -> String {
    read(&stream(frames, files, raw_bytes)).unwrap_err().to_string()
}

#[test]
fn frames_of_several_files_are_read_in_order() {
    let (one, two, three) = (pack(b"one"), pack(b"two"), pack(b"three"));
    let frames = [frame(0, 0, b"one", &one), frame(0, one.len() as u64, b"two", &two), frame(1, 0, b"three", &three)];
    let built = stream(&frames, &[&[one, two].concat(), &three], 11);
    assert_eq!(read(&built).unwrap(), b"onetwothree");
}

#[test]
fn lengths_that_cannot_be_are_refused_before_they_are_allocated() {
    let packed = pack(b"one");
    let huge = Frame { raw: u32::MAX, ..frame(0, 0, b"one", &packed) };
    assert!(refusal(&[huge], &[&packed], u64::from(u32::MAX)).contains("its lengths cannot be"));
    let bloated = Frame { packed: 1 << 20, ..frame(0, 0, b"one", &packed) };
    assert!(refusal(&[bloated], &[&packed], 3).contains("its lengths cannot be"));
    let empty = Frame { raw: 0, ..frame(0, 0, b"", &packed) };
    assert!(refusal(&[empty], &[&packed], 0).contains("its lengths cannot be"));
}

#[test]
fn frames_lie_one_behind_the_other() {
    let packed = pack(b"one");
    let good = frame(0, 0, b"one", &packed);
    let gap = refusal(&[Frame { offset: 1, ..good }], &[&packed], 3);
    assert!(gap.contains("does not begin where the one before it ends"), "{gap}");
    let overlap = refusal(&[good, good], &[&packed], 6);
    assert!(overlap.contains("record 1"), "{overlap}");
    let other_file = refusal(&[Frame { file: 7, ..good }], &[&packed], 3);
    assert!(other_file.contains("record 0"), "{other_file}");
    let beyond = refusal(&[good], &[&packed[..packed.len() - 1]], 3);
    assert!(beyond.contains("reaches beyond the end"), "{beyond}");
}

#[test]
fn sums_must_agree_with_the_manifest() {
    let packed = pack(b"one");
    let good = frame(0, 0, b"one", &packed);
    assert!(refusal(&[good], &[&packed], 4).contains("do not add up"));
    assert!(refusal(&[good], &[&packed, b"more"], 3).contains("do not add up"));
    assert!(refusal(&[good], &[&[&packed[..], b"x"].concat()], 3).contains("do not add up"));
    assert!(refusal(&[], &[b"x"], 0).contains("do not add up"));
}

#[test]
fn a_bomb_states_its_size_wrongly_and_is_refused() {
    let bomb = pack(&vec![0; 4 << 20]);
    let small = Frame { raw: 100, ..frame(0, 0, &[0; 100], &bomb) };
    let error = refusal(&[small], &[&bomb], 100);
    assert!(error.contains("its lengths cannot be") || error.contains("another length"), "{error}");
}

#[test]
fn a_frame_is_exactly_one_zstd_frame() {
    let two = [pack(b"one"), pack(b"two")].concat();
    let error = refusal(&[Frame { raw: 6, ..frame(0, 0, b"onetwo", &two) }], &[&two], 6);
    assert!(error.contains("not one whole zstd frame"), "{error}");
    // A skippable frame holds anything and gives nothing.
    let skippable = [&0x184D_2A50_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"abc"].concat();
    let error = refusal(&[frame(0, 0, b"abc", &skippable)], &[&skippable], 3);
    assert!(error.contains("another length"), "{error}");
    let noise = [7_u8; 20];
    let error = refusal(&[frame(0, 0, b"abc", &noise)], &[&noise], 3);
    assert!(error.contains("frame 0 of stream `storage/index`"), "{error}");
}

#[test]
fn a_wrong_hash_names_the_frame() {
    let (one, two) = (pack(b"one"), pack(b"two"));
    let wrong = frame(0, one.len() as u64, b"owt", &two);
    let error = read(&stream(&[frame(0, 0, b"one", &one), wrong], &[&[one, two].concat()], 6)).unwrap_err();
    insta::assert_snapshot!(error, @"frame 1 of stream `storage/index` in snapshot `s` (`storage/index.00000.zst` at byte 12) is damaged: its bytes do not have the hash that was recorded");
}

#[test]
fn a_list_with_another_hash_is_refused() {
    let packed = pack(b"one");
    let mut built = stream(&[frame(0, 0, b"one", &packed)], &[&packed], 3);
    built.stored.record.index_hash = "0".repeat(64);
    assert_eq!(read(&built).unwrap_err().code(), "snapshot-frame-list");
    fs::remove_file(built.stored.folder.join("storage/index.frames")).unwrap();
    assert_eq!(read(&built).unwrap_err().code(), "snapshot-missing-file");
}
