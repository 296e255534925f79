//! The order of one stream. Frames come back from the compressing threads in any order; here they wait for those before
//! them, are appended to the stream's files, and are counted until all of them are proved.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use stead_engine::failpoint;

use crate::frame::{Frame, MAGIC};
use crate::layout::{StreamKey, frames_file, index_file};
use crate::manifest::StreamRecord;

/// A compressed frame that is not in its file yet.
pub(super) struct Packed {
    pub(super) bytes: Box<[u8]>,
    pub(super) raw_length: u32,
    pub(super) hash: [u8; 32],
}

/// A frame that is in its file.
pub(super) struct Appended {
    pub(super) number: u64,
    pub(super) frame: Frame,
    pub(super) file: Arc<File>,
    /// The file before it, if the frame began a new one: that one is to be synchronised.
    pub(super) full: Option<Arc<File>>,
}

/// One stream being written, as the threads share it.
pub(super) struct Lane {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ready: BTreeMap<u64, io::Result<Packed>>,
    next: u64,
    /// Absent while a thread is appending.
    appender: Option<Appender>,
    proved: u64,
    settling: u64,
    failure: Option<(io::ErrorKind, String)>,
}

impl Lane {
    pub(super) fn create(folder: &Path, key: &StreamKey, file_limit: u64) -> io::Result<Self> {
        let appender = Some(Appender::create(folder, key.stem(), file_limit)?);
        let (ready, next, proved, settling, failure) = (BTreeMap::new(), 0, 0, 0, None);
        Ok(Self {
            state: Mutex::new(State { ready, next, appender, proved, settling, failure }),
            changed: Condvar::new(),
        })
    }

    /// The failure of an earlier frame, if there was one.
    pub(super) fn check(&self) -> io::Result<()> {
        self.lock().check()
    }

    /// Takes a frame and appends it and those that waited for it, unless another thread is doing so; `see` is told each.
    /// Gives the number of frames that left memory.
    pub(super) fn deliver(&self, number: u64, packed: io::Result<Packed>, mut see: impl FnMut(Appended)) -> usize {
        let mut state = self.lock();
        state.ready.insert(number, packed);
        let mut gone = 0;
        while let Some(packed) = state.take_next() {
            let number = state.next - 1;
            gone += 1;
            if state.failure.is_some() {
                continue;
            }
            let mut appender = state.appender.take().expect("a frame is only taken while nobody appends");
            drop(state);
            let result = packed.and_then(|packed| appender.append(number, &packed));
            state = self.lock();
            state.appender = Some(appender);
            match result {
                Ok(appended) => {
                    state.settling += u64::from(appended.full.is_some());
                    see(appended);
                }
                Err(error) => self.fail(&mut state, &error),
            }
        }
        gone
    }

    /// A frame was read back and compared.
    pub(super) fn proved(&self, number: u64, proof: io::Result<()>) {
        let mut state = self.lock();
        match proof {
            Ok(()) => state.proved += 1,
            Err(error) => {
                let text = format!("frame {number} was read back and is not what was written: {error}");
                self.fail(&mut state, &io::Error::new(error.kind(), text));
            }
        }
        self.changed.notify_all();
    }

    /// A file was synchronised in the background.
    pub(super) fn settled(&self, result: io::Result<()>) {
        let mut state = self.lock();
        state.settling -= 1;
        if let Err(error) = result {
            self.fail(&mut state, &error);
        }
        self.changed.notify_all();
    }

    /// Waits until all frames are on disk and proved, and makes the files durable.
    pub(super) fn finish(&self, cuts: u64, closed: impl Fn() -> bool) -> io::Result<StreamRecord> {
        let mut state = self.lock();
        while state.failure.is_none() && (state.proved < cuts || state.settling > 0) {
            if closed() {
                return Err(io::Error::other("the dump was given up"));
            }
            // The pause is for the one change that is not announced here: the end of the threads.
            let waited = self.changed.wait_timeout(state, Duration::from_millis(100));
            state = waited.expect("nobody panics holding this lock").0;
        }
        state.check()?;
        let appender = state.appender.take().expect("all frames were appended");
        drop(state);
        appender.finish()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics holding this lock")
    }

    fn fail(&self, state: &mut State, error: &io::Error) {
        if state.failure.is_none() {
            state.failure = Some((error.kind(), error.to_string()));
        }
        self.changed.notify_all();
    }
}

impl State {
    fn check(&self) -> io::Result<()> {
        match &self.failure {
            Some((kind, text)) => Err(io::Error::new(*kind, text.clone())),
            None => Ok(()),
        }
    }

    /// The next frame in order, if it is there and nobody else is appending.
    fn take_next(&mut self) -> Option<io::Result<Packed>> {
        self.appender.as_ref()?;
        let packed = self.ready.remove(&self.next)?;
        self.next += 1;
        Some(packed)
    }
}

/// The files of one stream.
struct Appender {
    folder: PathBuf,
    stem: String,
    file_limit: u64,
    file: Option<Arc<File>>,
    index: BufWriter<File>,
    hasher: blake3::Hasher,
    record: StreamRecord,
}

impl Appender {
    fn create(folder: &Path, stem: String, file_limit: u64) -> io::Result<Self> {
        let path = folder.join(index_file(&stem));
        let parent = path.parent().expect("a stream lies in a folder of the snapshot");
        fs::create_dir_all(parent)?;
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let (mut index, mut hasher) = (BufWriter::new(file), blake3::Hasher::new());
        index.write_all(MAGIC)?;
        hasher.update(MAGIC);
        let record = StreamRecord::default();
        Ok(Self { folder: folder.to_owned(), stem, file_limit, file: None, index, hasher, record })
    }

    fn append(&mut self, number: u64, packed: &Packed) -> io::Result<Appended> {
        failpoint("dump.frame").map_err(|error| self.context(&error))?;
        let length = packed.bytes.len() as u64;
        let (file, full) = self.file_for(length)?;
        let offset = self.record.files.last().copied().expect("a file was just chosen");
        file.write_all_at(&packed.bytes, offset).map_err(|error| self.context(&error))?;
        if failpoint("dump.corrupt").is_err() {
            // A test wants a disk that does not keep what it was given.
            file.write_all_at(&[packed.bytes[0] ^ 0x20], offset)?;
        }
        let in_file = u32::try_from(self.record.files.len() - 1).expect("files are a gibibyte each");
        let packed_length = u32::try_from(length).expect("a frame is about a mebibyte");
        let frame = Frame { file: in_file, offset, raw: packed.raw_length, packed: packed_length, hash: packed.hash };
        self.count(&frame)?;
        Ok(Appended { number, frame, file, full })
    }

    /// The file that the next frame goes into. If that is a new one, because the old one would grow too large, the old one
    /// is given too.
    fn file_for(&mut self, length: u64) -> io::Result<(Arc<File>, Option<Arc<File>>)> {
        let fits = self.record.files.last().is_some_and(|end| end + length <= self.file_limit);
        if let Some(file) = self.file.as_ref().filter(|_file| fits) {
            return Ok((file.clone(), None));
        }
        let path = self.folder.join(frames_file(&self.stem, self.record.files.len()));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let file = Arc::new(file.map_err(|error| self.context(&error))?);
        self.record.files.push(0);
        let full = self.file.replace(file.clone());
        Ok((file, full))
    }

    fn count(&mut self, frame: &Frame) -> io::Result<()> {
        let record = frame.encode();
        self.hasher.update(&record);
        self.index.write_all(&record).map_err(|error| self.context(&error))?;
        *self.record.files.last_mut().expect("the frame is in a file") += u64::from(frame.packed);
        self.record.frames += 1;
        self.record.raw_bytes += u64::from(frame.raw);
        self.record.packed_bytes += u64::from(frame.packed);
        Ok(())
    }

    fn finish(mut self) -> io::Result<StreamRecord> {
        if let Some(file) = &self.file {
            file.sync_all().map_err(|error| self.context(&error))?;
        }
        self.index.flush().map_err(|error| self.context(&error))?;
        self.index.get_ref().sync_all().map_err(|error| self.context(&error))?;
        self.record.index_hash = self.hasher.finalize().to_hex().to_string();
        Ok(self.record)
    }

    fn context(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("stream `{}`: {error}", self.stem))
    }
}
