//! Reading every frame of a snapshot and comparing it with its hash, on all cores. The frames of one stream after
//! another are handed out from the frame lists as they are read, so memory does not grow with the snapshot.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use stead_engine::snapshot::Advance;

use crate::SnapshotError;
use crate::frame::{Stored, Unpacker};
use crate::pack::cores;
use crate::read::{FrameSource, Wanted, unpack};

/// Checks every frame of the streams. `total` is their length before compression.
pub(crate) fn frames(streams: Vec<Stored>, total: u64, advance: &Advance) -> Result<(), SnapshotError> {
    let check = Check { plan: Mutex::new(Plan::new(streams)), done: AtomicU64::new(0), total, advance };
    std::thread::scope(|scope| {
        for _core in 1..cores() {
            scope.spawn(|| check.work());
        }
        check.work();
    });
    let plan = check.plan.into_inner().expect("nobody panics holding this lock");
    plan.failure.map_or(Ok(()), Err)
}

struct Check<'a> {
    plan: Mutex<Plan>,
    done: AtomicU64,
    total: u64,
    advance: &'a Advance,
}

impl Check<'_> {
    fn work(&self) {
        let worked = self.work_off();
        if let Err(error) = worked {
            let mut plan = self.plan.lock().expect("nobody panics holding this lock");
            plan.failure.get_or_insert(error);
        }
    }

    fn work_off(&self) -> Result<(), SnapshotError> {
        let (mut raw, mut unpacker) = (Vec::new(), None);
        while let Some((stored, wanted)) = self.next()? {
            if unpacker.is_none() {
                unpacker = Some(Unpacker::new().map_err(SnapshotError::io("read", &stored.folder))?);
            }
            let unpacker = unpacker.as_mut().expect("it was just made");
            unpack(&stored, unpacker, &wanted, &mut raw)?;
            let bytes = raw.len() as u64;
            let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
            (self.advance)(done, Some(self.total));
        }
        Ok(())
    }

    fn next(&self) -> Result<Option<(Arc<Stored>, Wanted)>, SnapshotError> {
        self.plan.lock().expect("nobody panics holding this lock").next()
    }
}

/// The frames that are still to be checked.
struct Plan {
    streams: std::vec::IntoIter<Stored>,
    current: Option<FrameSource>,
    failure: Option<SnapshotError>,
}

impl Plan {
    fn new(streams: Vec<Stored>) -> Self {
        Self { streams: streams.into_iter(), current: None, failure: None }
    }

    fn next(&mut self) -> Result<Option<(Arc<Stored>, Wanted)>, SnapshotError> {
        while self.failure.is_none() {
            if let Some(source) = &mut self.current
                && let Some(wanted) = source.next()
            {
                return Ok(Some((source.stored.clone(), wanted?)));
            }
            let Some(stored) = self.streams.next() else { return Ok(None) };
            self.current = Some(FrameSource::new(stored)?);
        }
        Ok(None)
    }
}
