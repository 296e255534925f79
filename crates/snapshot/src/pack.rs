//! Writing streams: one thread cuts each stream into frames, as many threads as there are cores compress and hash them,
//! and whichever of these holds the next frame of a stream appends it. Every frame is then read back from its file,
//! decompressed and compared with the hash of what was handed in, while later frames are still being compressed. The
//! number of frames under way is bounded, and so is the memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use stead_engine::snapshot::SinkStream;
use zstd::bulk::Compressor;
use zstd::zstd_safe;

use crate::frame::{FRAME, Fault, Frame, Unpacker};
use crate::layout::StreamKey;
use crate::manifest::StreamRecord;
use lane::{Appended, Lane, Packed};

mod lane;

/// How streams are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// zstd's level.
    pub(crate) level: i32,
    /// Bytes after which a new file is begun.
    pub(crate) file_limit: u64,
}

/// The threads that compress, append and prove. They serve all streams of one snapshot.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    settings: Settings,
    queue: Mutex<Queue>,
    work: Condvar,
    room: Condvar,
    settling: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Frames on disk that must be proved; they go first, while they are in the system's cache.
    proofs: VecDeque<Proof>,
    cuts: VecDeque<Cut>,
    /// Full files, whose bytes shall go to the disk.
    settling: VecDeque<(Arc<Lane>, Arc<File>)>,
    /// Frames cut and not yet appended.
    under_way: usize,
    spare: Vec<Vec<u8>>,
    closed: bool,
}

struct Cut {
    lane: Arc<Lane>,
    number: u64,
    raw: Vec<u8>,
}

struct Proof {
    lane: Arc<Lane>,
    number: u64,
    frame: Frame,
    file: Arc<File>,
}

enum Job {
    Prove(Proof),
    Pack(Cut),
}

impl Workers {
    pub(crate) fn start(settings: Settings) -> io::Result<Self> {
        let (work, room, settling) = (Condvar::new(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { settings, queue: Mutex::default(), work, room, settling });
        let mut threads = Vec::new();
        for _core in 0..cores() {
            let (shared, tools) = (shared.clone(), Tools::new(settings.level)?);
            threads.push(std::thread::Builder::new().name("stead-pack".to_owned()).spawn(move || shared.serve(tools))?);
        }
        let settling = shared.clone();
        threads.push(std::thread::Builder::new().name("stead-sync".to_owned()).spawn(move || settling.settle())?);
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// Opens a stream. `done` is given the record when the stream is finished.
    pub(crate) fn stream(self: &Arc<Self>, folder: &Path, key: &StreamKey, done: Done) -> io::Result<StreamWriter> {
        let lane = Arc::new(Lane::create(folder, key, self.shared.settings.file_limit)?);
        Ok(StreamWriter { workers: self.clone(), lane, buffer: Vec::new(), cuts: 0, done: Some(done) })
    }

    /// Ends the threads. Frames that are not appended yet are given up.
    pub(crate) fn stop(&self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_all();
        self.shared.room.notify_all();
        self.shared.settling.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().expect("nobody panics holding this lock"));
        for thread in threads {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Is told the record of a finished stream.
pub(crate) type Done = Box<dyn FnOnce(StreamRecord) + Send>;

/// One stream being written.
pub(crate) struct StreamWriter {
    workers: Arc<Workers>,
    lane: Arc<Lane>,
    buffer: Vec<u8>,
    cuts: u64,
    done: Option<Done>,
}

impl StreamWriter {
    fn cut(&mut self) -> io::Result<()> {
        self.lane.check()?;
        let raw = std::mem::take(&mut self.buffer);
        let cut = Cut { lane: self.lane.clone(), number: self.cuts, raw };
        self.buffer = self.workers.shared.submit(cut)?;
        self.cuts += 1;
        Ok(())
    }
}

impl Write for StreamWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(FRAME - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == FRAME {
            self.cut()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SinkStream for StreamWriter {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.cut()?;
        }
        let record = self.lane.finish(self.cuts, || self.workers.shared.lock().closed)?;
        let done = self.done.take().expect("a stream is finished once, since finishing takes it");
        done(record);
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("nobody panics holding this lock")
    }

    /// Hands a frame to the workers, waiting while too many are under way, and gives an empty buffer back.
    fn submit(&self, cut: Cut) -> io::Result<Vec<u8>> {
        let limit = 4 * cores() + 2;
        let full = |queue: &mut Queue| queue.under_way >= limit && !queue.closed;
        let mut queue = self.room.wait_while(self.lock(), full).expect("nobody panics holding this lock");
        if queue.closed {
            return Err(io::Error::other("the dump was given up"));
        }
        queue.under_way += 1;
        queue.cuts.push_back(cut);
        self.work.notify_one();
        Ok(queue.spare.pop().unwrap_or_default())
    }

    fn serve(&self, mut tools: Tools) {
        while let Some(job) = self.next() {
            match job {
                Job::Prove(proof) => tools.prove(&proof),
                Job::Pack(cut) => self.pack(&mut tools, cut),
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let idle = |queue: &mut Queue| queue.proofs.is_empty() && queue.cuts.is_empty() && !queue.closed;
        let mut queue = self.work.wait_while(self.lock(), idle).expect("nobody panics holding this lock");
        if queue.closed {
            return None;
        }
        let proof = queue.proofs.pop_front().map(Job::Prove);
        proof.or_else(|| queue.cuts.pop_front().map(Job::Pack))
    }

    fn pack(&self, tools: &mut Tools, cut: Cut) {
        let Cut { lane, number, mut raw } = cut;
        let packed = tools.pack(&raw);
        raw.clear();
        self.recycle(raw);
        let gone = lane.deliver(number, packed, |appended| self.appended(&lane, appended));
        self.release(gone);
    }

    /// Queues the proof of a frame, and the synchronisation of a file that is full.
    fn appended(&self, lane: &Arc<Lane>, appended: Appended) {
        let Appended { number, frame, file, full } = appended;
        let mut queue = self.lock();
        if let Some(full) = full {
            queue.settling.push_back((lane.clone(), full));
            self.settling.notify_one();
        }
        queue.proofs.push_back(Proof { lane: lane.clone(), number, frame, file });
        self.work.notify_one();
    }

    fn recycle(&self, raw: Vec<u8>) {
        let mut queue = self.lock();
        if queue.spare.len() < 2 * cores() {
            queue.spare.push(raw);
        }
    }

    fn release(&self, frames: usize) {
        self.lock().under_way -= frames;
        self.room.notify_all();
    }

    /// Synchronises full files while others are being filled. Doing it more often was slower than leaving it to the system.
    fn settle(&self) {
        loop {
            let idle = |queue: &mut Queue| queue.settling.is_empty() && !queue.closed;
            let mut queue = self.settling.wait_while(self.lock(), idle).expect("nobody panics holding this lock");
            let Some((lane, file)) = queue.settling.pop_front() else { return };
            drop(queue);
            lane.settled(file.sync_data());
        }
    }
}

/// What a thread needs for its work and keeps from frame to frame.
struct Tools {
    compressor: Compressor<'static>,
    unpacker: Unpacker,
    raw: Vec<u8>,
    packed: Vec<u8>,
}

impl Tools {
    fn new(level: i32) -> io::Result<Self> {
        let mut compressor = Compressor::new(level)?;
        compressor.set_parameter(zstd_safe::CParameter::ContentSizeFlag(true))?;
        Ok(Self { compressor, unpacker: Unpacker::new()?, raw: Vec::new(), packed: Vec::new() })
    }

    fn pack(&mut self, raw: &[u8]) -> io::Result<Packed> {
        self.packed.clear();
        self.packed.reserve(zstd_safe::compress_bound(raw.len()));
        self.compressor.compress_to_buffer(raw, &mut self.packed)?;
        // The exact copy costs little, and keeps what waits for its turn small.
        let bytes = self.packed.as_slice().into();
        let raw_length = u32::try_from(raw.len()).expect("a frame is cut at one mebibyte");
        Ok(Packed { bytes, raw_length, hash: *blake3::hash(raw).as_bytes() })
    }

    fn prove(&mut self, proof: &Proof) {
        let proved = self.unpacker.unpack(&proof.file, &proof.frame, &mut self.raw);
        proof.lane.proved(proof.number, proved.map_err(Fault::into_io));
    }
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests;
