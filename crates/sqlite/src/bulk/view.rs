//! Consistent views of databases and their dump. Each database has a view of its own: SQLite has no moment that spans
//! files, so a dump of several says so.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use stead_engine::snapshot::{Advance, Guarantee, Sink, View};
use stead_engine::{Access, EngineError, ErrorClass, Place, Session, failpoint};

use super::STREAM;
use super::pinned::{self, Pages, Pinned};
use crate::apply::{SqliteSession, Worker};
use crate::connect::Settings;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// Open read transactions, one for each database.
pub(super) struct SqliteView {
    members: Vec<Member>,
}

struct Member {
    place: Place,
    session: SqliteSession,
    pinned: Pinned,
}

impl SqliteView {
    /// Begins the transactions one right after the other.
    pub(super) async fn open(places: &[Place], settings: &Settings) -> Result<Self, EngineError> {
        let mut sessions = Vec::with_capacity(places.len());
        for place in places {
            sessions.push((place.clone(), SqliteSession::open(place, Access::Read, settings).await?));
        }
        let mut members = Vec::with_capacity(places.len());
        for (place, session) in sessions {
            let pinned = session.run(pinned::pin).await?;
            members.push(Member { place, session, pinned });
        }
        Ok(Self { members })
    }

    fn member(&mut self, place: &Place) -> Result<&mut Member, EngineError> {
        let unknown = || EngineError::new(ErrorClass::Bug, format!("`{place}` is not in the view"));
        self.members.iter_mut().find(|member| member.place == *place).ok_or_else(unknown)
    }
}

#[async_trait]
impl View for SqliteView {
    fn guarantee(&self) -> Guarantee {
        if self.members.len() > 1 { Guarantee::OneViewEach } else { Guarantee::OneView }
    }

    fn session(&mut self, place: &Place) -> Result<&mut dyn Session, EngineError> {
        Ok(&mut self.member(place)?.session)
    }

    async fn dump(&mut self, place: &Place, sink: Arc<dyn Sink>, advance: Advance) -> Result<(), EngineError> {
        let member = self.member(place)?;
        let pinned = member.pinned;
        member.session.run(move |worker| dump(worker, pinned, sink.as_ref(), &advance)).await
    }

    async fn close(self: Box<Self>) -> Result<(), EngineError> {
        for member in self.members {
            member.session.run(Worker::rollback).await?;
            Box::new(member.session).close().await?;
        }
        Ok(())
    }
}

fn dump(worker: &mut Worker, pinned: Pinned, sink: &dyn Sink, advance: &Advance) -> Result<(), EngineError> {
    let name = worker.name();
    let pages = Pages::open(worker, pinned)?;
    let unwritten = |error| EngineError::io(format!("cannot write the copy of {name}"), &error);
    let mut stream = sink.stream(STREAM).map_err(unwritten)?;
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    while done < pages.length {
        if worker.handle()?.signals.cancelled.load(Ordering::Relaxed) {
            return Err(EngineError::new(ErrorClass::Interrupted, format!("the dump of {name} was cancelled")));
        }
        let wanted = usize::try_from(pages.length - done).unwrap_or(PIECE).min(PIECE);
        pages.read_at(&mut piece[..wanted], done).map_err(|error| unread(&name, &error))?;
        stream.write_all(&piece[..wanted]).map_err(unwritten)?;
        let passed_middle = done <= pages.length / 2 && pages.length / 2 < done + wanted as u64;
        done += wanted as u64;
        advance(done, Some(pages.length));
        if passed_middle {
            failpoint("bulk.dump.middle").map_err(unwritten)?;
        }
    }
    pages.unchanged()?;
    stream.finish().map_err(unwritten)
}

fn unread(name: &str, error: &std::io::Error) -> EngineError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            EngineError::new(ErrorClass::Refused, format!("{name} is damaged: it ends before its last page"))
                .hint("load a snapshot, or take what can be read out of it with the `.recover` command of `sqlite3`")
        }
        _ => EngineError::io(format!("cannot read {name}"), error),
    }
}
