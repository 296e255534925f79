//! A copy of a database as it stands: a dump and a load at once, with a pipe between them instead of a snapshot. The server's
//! own `INSERT … SELECT` would lock what it reads and see each table at another moment.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};

use stead_engine::snapshot::{Sink, SinkStream, Source, View as _};
use stead_engine::{EngineError, ErrorClass, Place};
use stead_schema::Schema;
use tokio::sync::oneshot;

use super::plan::Plan;
use super::view::MysqlView;
use super::{load, stream};
use crate::admin;
use crate::connect::address::Address;
use crate::connect::{Connection, Purpose};

/// Pieces that may be under way in one stream.
const PIECES: usize = 16;
/// How often a copy is begun while something changes the schema.
const ATTEMPTS: u32 = 5;

/// Copies the database at `from` to a new one of the name `to`.
pub(super) async fn copy(address: &Arc<Address>, from: &Place, to: &str) -> Result<(), EngineError> {
    let mut connection = Connection::open(address, None, Purpose::Own).await?;
    if admin::exists(&mut connection, to).await? {
        return Err(super::conflict(format!("`{to}` exists already")));
    }
    connection.close().await?;
    let (tell, pipe) = oneshot::channel();
    let dumping = aside({
        let (from, address) = (from.clone(), Arc::clone(address));
        move || dump(address, from, tell)
    })?;
    let ended = || EngineError::new(ErrorClass::Bug, "the thread that dumps has ended");
    let Ok(pipe) = pipe.await else {
        // It has stopped before the first row.
        return dumping.await.map_err(|_| ended())?;
    };
    let loaded = load::load(address, to, Arc::clone(&pipe) as Arc<dyn Source>, Arc::new(|_done, _total| {})).await;
    pipe.abandon();
    let dumped = dumping.await.map_err(|_| ended())?;
    match (dumped, loaded) {
        (_, Ok(())) => Ok(()),
        // A dump that nobody reads any more says only that.
        (Err(error), Err(_)) if error.class != ErrorClass::Interrupted => Err(error),
        (_, Err(error)) => Err(error),
    }
}

/// Looks at the database, hands out the pipe for that, and writes into it, all in one view: a second one would stand behind whoever
/// waits for the first to end.
async fn dump(address: Arc<Address>, from: Place, tell: oneshot::Sender<Arc<Pipe>>) -> Result<(), EngineError> {
    let (mut view, schema) = guarded(&address, &from).await?;
    let names = names(view.plan(&from)?);
    let pipe = Arc::new(Pipe { names, schema, ends: Mutex::default(), changed: Condvar::new() });
    let _nobody_waits = tell.send(Arc::clone(&pipe));
    let dumped = view.dump(&from, Arc::clone(&pipe) as Arc<dyn Sink>, Arc::new(|_done, _total| {})).await;
    pipe.end();
    dumped?;
    Box::new(view).close().await
}

/// A view of a database and what the database looks like, both of one moment.
async fn guarded(address: &Arc<Address>, from: &Place) -> Result<(MysqlView, Schema), EngineError> {
    let mut attempt = 1;
    loop {
        let mut guard = MysqlView::open(address, std::slice::from_ref(from)).await?;
        match guard.session(from)?.inspect().await {
            Err(error) if error.class == ErrorClass::Conflict && attempt < ATTEMPTS => attempt += 1,
            other => return other.map(|schema| (guard, schema)),
        }
        Box::new(guard).close().await?;
    }
}

fn names(plan: &Plan) -> Vec<String> {
    let mut names = vec![stream::DATABASE.to_owned()];
    names.extend(plan.sequences.iter().map(|name| stream::sequence_stream(name)));
    names.extend(plan.tables.iter().map(|table| stream::table_stream(&table.name)));
    names
}

/// Runs a future on a thread and a runtime of its own.
fn aside<T, F, W>(work: F) -> Result<oneshot::Receiver<Result<T, EngineError>>, EngineError>
where
    T: Send + 'static,
    W: Future<Output = Result<T, EngineError>>,
    F: FnOnce() -> W + Send + 'static,
{
    let (tell, told) = oneshot::channel();
    let failed = |error| EngineError::io("no thread can be started", &error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let running = move || {
        let _nobody_waits = tell.send(runtime.block_on(work()));
    };
    std::thread::Builder::new().name("mysql-dump".to_owned()).spawn(running).map_err(failed)?;
    Ok(told)
}

/// What lies between the dump and the load.
struct Pipe {
    names: Vec<String>,
    schema: Schema,
    ends: Mutex<Ends>,
    changed: Condvar,
}

#[derive(Default)]
struct Ends {
    open: BTreeMap<String, mpsc::Receiver<Vec<u8>>>,
    over: bool,
}

impl Pipe {
    /// Says that no stream will be opened any more.
    fn end(&self) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.over = true;
        self.changed.notify_all();
    }

    /// Says besides that nobody reads any more, so that nobody waits to write.
    fn abandon(&self) {
        self.end();
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).open.clear();
    }
}

impl Sink for Pipe {
    fn stream(&self, name: &str) -> io::Result<Box<dyn SinkStream>> {
        let (sender, receiver) = mpsc::sync_channel(PIECES);
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.over {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        ends.open.insert(name.to_owned(), receiver);
        self.changed.notify_all();
        Ok(Box::new(Inlet(sender)))
    }
}

struct Inlet(mpsc::SyncSender<Vec<u8>>);

impl Write for Inlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(bytes.to_vec());
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SinkStream for Inlet {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Pipe {
    fn streams(&self) -> Vec<(String, u64)> {
        self.names.iter().map(|name| (name.clone(), 0)).collect()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(pieces) = ends.open.remove(name) {
                return Ok(Box::new(Outlet { pieces, piece: io::Cursor::default() }));
            }
            if ends.over {
                return Err(io::ErrorKind::NotFound.into());
            }
            ends = self.changed.wait(ends).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn schema(&self) -> Option<&Schema> {
        Some(&self.schema)
    }

    fn put_kept(&self, _name: &str, _to: &std::path::Path) -> io::Result<bool> {
        Ok(false)
    }
}

struct Outlet {
    pieces: mpsc::Receiver<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Outlet {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.piece.read(buffer)? {
                0 => match self.pieces.recv() {
                    Ok(piece) => self.piece = io::Cursor::new(piece),
                    Err(_all_was_sent) => return Ok(0),
                },
                read => return Ok(read),
            }
        }
    }
}
