//! Reading a stream back in order, with every frame compared with its hash before a byte of it is given out. Frames are
//! decompressed ahead on all cores, so that a load waits for the engine and not for zstd; how many are ahead is bounded.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use crate::SnapshotError;
use crate::frame::{Fault, Frame, FrameWalk, Stored, Unpacker};
use crate::pack::cores;

/// Streams of fewer frames are decompressed by the reading thread itself.
const WORTH_THREADS: u64 = 4;

/// Opens a stream for reading.
pub(crate) fn open(stored: Stored) -> Result<Box<dyn Read + Send>, SnapshotError> {
    let frames = stored.record.frames;
    let source = FrameSource::new(stored)?;
    if frames < WORTH_THREADS || cores() == 1 {
        let folder = source.stored.folder.clone();
        let unpacker = Unpacker::new().map_err(SnapshotError::io("read", &folder))?;
        return Ok(Box::new(StreamReader::new(Chunks::Here { source: Box::new(source), unpacker })));
    }
    let folder = source.stored.folder.clone();
    let ahead = Ahead::start(source).map_err(SnapshotError::io("read", &folder))?;
    Ok(Box::new(StreamReader::new(Chunks::Ahead(ahead))))
}

/// Gives the frames of a stream one after another, each with its open file.
pub(crate) struct FrameSource {
    pub(crate) stored: Arc<Stored>,
    walk: FrameWalk,
    open: Option<(u32, Arc<File>)>,
}

/// A frame that is to be read.
pub(crate) struct Wanted {
    pub(crate) number: u64,
    pub(crate) frame: Frame,
    pub(crate) file: Arc<File>,
}

impl FrameSource {
    pub(crate) fn new(stored: Stored) -> Result<Self, SnapshotError> {
        let walk = stored.walk()?;
        Ok(Self { stored: Arc::new(stored), walk, open: None })
    }

    fn file(&mut self, number: u32) -> Result<Arc<File>, SnapshotError> {
        match &self.open {
            Some((open, file)) if *open == number => Ok(file.clone()),
            _ => {
                let file = Arc::new(self.stored.open(number)?);
                self.open = Some((number, file.clone()));
                Ok(file)
            }
        }
    }
}

impl Iterator for FrameSource {
    type Item = Result<Wanted, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.walk.next()?;
        Some(item.and_then(|(number, frame)| Ok(Wanted { number, frame, file: self.file(frame.file)? })))
    }
}

/// Where whole frames come from.
enum Chunks {
    Here { source: Box<FrameSource>, unpacker: Unpacker },
    Ahead(Ahead),
}

impl Chunks {
    /// Fills the buffer with the next frame; false at the end.
    fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<bool> {
        match self {
            Self::Here { source, unpacker } => match source.next() {
                None => Ok(false),
                Some(wanted) => {
                    let wanted = wanted?;
                    unpack(&source.stored, unpacker, &wanted, buffer)?;
                    Ok(true)
                }
            },
            Self::Ahead(ahead) => ahead.next(buffer),
        }
    }
}

struct StreamReader {
    chunks: Chunks,
    buffer: Vec<u8>,
    position: usize,
    ended: bool,
    failure: Option<(io::ErrorKind, String)>,
}

impl StreamReader {
    fn new(chunks: Chunks) -> Self {
        Self { chunks, buffer: Vec::new(), position: 0, ended: false, failure: None }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.position = 0;
        match self.chunks.next(&mut self.buffer) {
            Ok(more) => {
                self.ended = !more;
                Ok(())
            }
            Err(error) => {
                self.buffer.clear();
                self.failure = Some((error.kind(), error.to_string()));
                Err(error)
            }
        }
    }
}

impl Read for StreamReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if let Some((kind, text)) = &self.failure {
            return Err(io::Error::new(*kind, text.clone()));
        }
        if self.position == self.buffer.len() && !self.ended && !target.is_empty() {
            self.refill()?;
        }
        let given = target.len().min(self.buffer.len() - self.position);
        target[..given].copy_from_slice(&self.buffer[self.position..self.position + given]);
        self.position += given;
        Ok(given)
    }
}

/// Threads that decompress frames before they are asked for.
struct Ahead {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    stored: Arc<Stored>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    source: FrameSource,
    ready: BTreeMap<u64, Result<Vec<u8>, SnapshotError>>,
    spare: Vec<Vec<u8>>,
    /// Frames handed to threads.
    begun: u64,
    /// Frames given to the reader.
    given: u64,
    exhausted: bool,
    stopped: bool,
}

impl Ahead {
    fn start(source: FrameSource) -> io::Result<Self> {
        let stored = source.stored.clone();
        let (ready, spare) = (BTreeMap::new(), Vec::new());
        let state = State { source, ready, spare, begun: 0, given: 0, exhausted: false, stopped: false };
        let shared = Arc::new(Shared { stored, state: Mutex::new(state), changed: Condvar::new() });
        let mut ahead = Self { shared, threads: Vec::new() };
        for _core in 0..cores() {
            let (shared, unpacker) = (ahead.shared.clone(), Unpacker::new()?);
            let thread = std::thread::Builder::new().name("stead-unpack".to_owned());
            ahead.threads.push(thread.spawn(move || shared.serve(unpacker))?);
        }
        Ok(ahead)
    }

    fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<bool> {
        let mut state = self.shared.lock();
        let unavailable = |state: &mut State| !state.ready.contains_key(&state.given) && !state.finished();
        state = self.shared.changed.wait_while(state, unavailable).expect("nobody panics holding this lock");
        let number = state.given;
        let Some(frame) = state.ready.remove(&number) else { return Ok(false) };
        state.given += 1;
        let frame = frame?;
        state.spare.push(std::mem::replace(buffer, frame));
        self.shared.changed.notify_all();
        Ok(true)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _panicked = thread.join();
        }
    }
}

impl State {
    /// True if the reader has been given everything there is.
    fn finished(&self) -> bool {
        self.exhausted && self.given == self.begun
    }

    /// The next frame to decompress, numbered in order. An error of the list takes the place of a frame.
    fn begin(&mut self) -> Option<(u64, Result<Wanted, SnapshotError>)> {
        let Some(wanted) = self.source.next() else {
            self.exhausted = true;
            return None;
        };
        self.exhausted = wanted.is_err();
        self.begun += 1;
        Some((self.begun - 1, wanted))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics holding this lock")
    }

    fn serve(&self, mut unpacker: Unpacker) {
        let window = 2 * cores() as u64 + 2;
        loop {
            let waits = |state: &mut State| !state.stopped && !state.exhausted && state.begun >= state.given + window;
            let mut state = self.changed.wait_while(self.lock(), waits).expect("nobody panics holding this lock");
            if state.stopped || state.exhausted {
                return;
            }
            let Some((number, wanted)) = state.begin() else {
                self.changed.notify_all();
                return;
            };
            let mut raw = state.spare.pop().unwrap_or_default();
            drop(state);
            let unpacked = wanted.and_then(|wanted| unpack(&self.stored, &mut unpacker, &wanted, &mut raw));
            let mut state = self.lock();
            state.exhausted |= unpacked.is_err();
            state.ready.insert(number, unpacked.map(|()| raw));
            drop(state);
            self.changed.notify_all();
        }
    }
}

/// Fills a buffer with a frame; the error names the snapshot, the stream and the frame.
pub(crate) fn unpack(
    stored: &Stored,
    unpacker: &mut Unpacker,
    wanted: &Wanted,
    raw: &mut Vec<u8>,
) -> Result<(), SnapshotError> {
    let unpacked = unpacker.unpack(&wanted.file, &wanted.frame, raw);
    unpacked.map_err(|fault: Fault| stored.fault(wanted.number, &wanted.frame, fault))
}
