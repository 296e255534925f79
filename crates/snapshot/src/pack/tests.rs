//! Order, bounds and failures of the writing threads, with files far smaller than real ones.

use std::fs;
use std::sync::mpsc;

use super::*;
use crate::frame::Stored;
use crate::layout::Part;

fn settings(file_limit: u64) -> Settings {
    Settings { level: 1, file_limit }
}

fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

fn write(folder: &Path, file_limit: u64, bytes: &[u8], step: usize) -> StreamRecord {
    let workers = Arc::new(Workers::start(settings(file_limit)).unwrap());
    let (sender, receiver) = mpsc::channel();
    let key = StreamKey::new(Part::Storage, "contents");
    let mut stream =
        Box::new(workers.stream(folder, &key, Box::new(move |record| sender.send(record).unwrap())).unwrap());
    for part in bytes.chunks(step) {
        stream.write_all(part).unwrap();
    }
    stream.finish().unwrap();
    receiver.recv().unwrap()
}

fn read(folder: &Path, record: &StreamRecord) -> Vec<u8> {
    let key = StreamKey::new(Part::Storage, "contents");
    let stored = Stored { snapshot: "s".to_owned(), folder: folder.to_owned(), key, record: record.clone() };
    let mut bytes = Vec::new();
    crate::read::open(stored).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_full_file_is_followed_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = noise(9 * FRAME + 17);
    let record = write(folder.path(), 3 << 20, &bytes, 100_003);
    assert_eq!((record.frames, record.raw_bytes), (10, bytes.len() as u64));
    assert!(record.files.len() >= 4 && record.files.iter().all(|length| *length <= 3 << 20), "{:?}", record.files);
    assert_eq!(read(folder.path(), &record), bytes);
    let mut joined = Vec::new();
    for number in 0..record.files.len() {
        joined.extend(fs::read(folder.path().join(format!("storage/contents.{number:05}.zst"))).unwrap());
    }
    assert_eq!(zstd::stream::decode_all(&joined[..]).unwrap(), bytes, "common tools read the joined files");
}

#[test]
fn an_empty_stream_has_a_list_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let record = write(folder.path(), 1 << 30, b"", 1);
    assert_eq!((record.frames, record.files.len()), (0, 0));
    assert_eq!(read(folder.path(), &record), b"");
}

#[test]
fn writing_fails_at_once_after_a_frame_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let workers = Arc::new(Workers::start(settings(1 << 30)).unwrap());
    let key = StreamKey::new(Part::Storage, "contents");
    let mut stream = Box::new(workers.stream(folder.path(), &key, Box::new(|_record| {})).unwrap());
    stream.write_all(&noise(100)).unwrap();
    stream.lane.proved(0, Err(io::Error::new(io::ErrorKind::InvalidData, "it differs")));
    assert!(stream.write_all(&noise(FRAME)).unwrap_err().to_string().contains("is not what was written"));
    assert_eq!(stream.finish().unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn what_is_on_disk_is_compared_and_not_what_is_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames");
    let mut tools = Tools::new(1).unwrap();
    let packed = tools.pack(b"some bytes of a frame").unwrap();
    let mut broken = packed.bytes.clone();
    *broken.last_mut().unwrap() ^= 1;
    let frame = Frame { file: 0, offset: 0, raw: 21, packed: broken.len() as u32, hash: packed.hash };
    for (bytes, fine) in [(&packed.bytes, true), (&broken, false)] {
        fs::write(&path, bytes).unwrap();
        let mut raw = Vec::new();
        assert_eq!(tools.unpacker.unpack(&File::open(&path).unwrap(), &frame, &mut raw).is_ok(), fine);
    }
}

#[test]
fn streams_can_be_written_side_by_side_and_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let workers = Arc::new(Workers::start(settings(1 << 30)).unwrap());
    let open = |name: &str| workers.stream(folder.path(), &StreamKey::new(Part::Storage, name), Box::new(|_record| {}));
    let mut streams: Vec<_> = (0..40).map(|number| Box::new(open(&format!("s{number}")).unwrap())).collect();
    let bytes = noise(FRAME / 2 + 1);
    for _round in 0..3 {
        streams.iter_mut().for_each(|stream| stream.write_all(&bytes).unwrap());
    }
    let late = streams.pop().unwrap();
    streams.into_iter().for_each(|stream| stream.finish().unwrap());
    workers.stop();
    assert!(late.finish().is_err());
}
