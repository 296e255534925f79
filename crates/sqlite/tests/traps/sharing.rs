//! Traps of sharing a file: renames under open handles, what a crash leaves beside it, locks.

use std::fs::Metadata;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stead_engine::snapshot::{Sink, SinkStream, Swap};
use stead_engine::{Access, ErrorClass, Server};
use stead_sqlite::SqliteServer;
use stead_sqlite::connect::processes::{ProcessProbe, Users};

use stead_testkit::conformance::streams::{Memory, advance};

use crate::actor::Actor;
use crate::scene::{NEW, OLD, Scene, ask, beside, database, mark, names, place, wait};

const ADD: &str = "INSERT INTO items VALUES (9001, 'written by the application')";
const COUNT: &str = "SELECT count(*) FROM items";

/// A look at the system that sees nobody, as on a system without `/proc` or from inside a container.
struct Blind;

impl ProcessProbe for Blind {
    fn users(&self, _file: &Metadata) -> Users {
        Users::default()
    }
}

/// The trap itself: a plain rename over a database in WAL mode takes the application's next write into the new file.
#[test]
fn trap_s01_rename_over_live_file_is_a_trap() {
    let scene = Scene::new("PRAGMA journal_mode = WAL");
    let mut application = Actor::ready("application", &scene.live);
    let new = scene.folder.path().join("new.db");
    database(&new, "PRAGMA journal_mode = WAL", NEW, "new");
    std::fs::rename(&new, &scene.live).unwrap();
    assert_eq!(
        application.tell("UPDATE items SET name = 'changed'"),
        "done",
        "the application is told that all is well"
    );
    application.kill();
    assert_ne!(names(&scene.live), [("new".to_owned(), NEW)], "the new rows are still there");
}

#[test]
fn trap_s01_rename_over_live_file() {
    for mode in ["PRAGMA journal_mode = WAL", ""] {
        let scene = Scene::new(mode);
        let mut application = Actor::ready("application", &scene.live);
        assert_eq!(application.tell(COUNT), format!("Integer({OLD})"));
        let swap = scene.swap("");
        scene.carry_out(&swap).unwrap();
        assert_eq!(application.tell(COUNT), format!("Integer({NEW})"), "the application sees the old rows for ever");
        scene.swapped(&swap, &[("old", OLD)]);
        assert_eq!(application.tell(ADD), "done");
        assert_eq!(ask(&scene.live, "SELECT name FROM items WHERE id = 9001"), "written by the application");
        let kept = PathBuf::from(&swap.kept.unwrap().0);
        assert_eq!(ask(&kept, COUNT), OLD.to_string(), "a later write lands in the undo copy");
        assert_eq!(ask(&scene.live, "PRAGMA integrity_check"), "ok");
    }
}

/// Where nobody can be seen, an idle handle in rollback mode is renamed away from, and learns it at its next write.
#[test]
fn trap_s01_rename_over_unseen_handle() {
    let mut scene = Scene::new("");
    scene.server = SqliteServer::new().processes(Arc::new(Blind));
    let mut application = Actor::ready("application", &scene.live);
    let swap = scene.swap("");
    scene.carry_out(&swap).unwrap();
    assert_eq!(application.tell(ADD), "error 1032", "a write to the replaced file is not refused");
    application.kill();
    scene.swapped(&swap, &[("old", OLD)]);

    let mut scene = Scene::new("PRAGMA journal_mode = WAL");
    scene.server = SqliteServer::new().processes(Arc::new(Blind));
    let mut application = Actor::ready("application", &scene.live);
    let swap = scene.swap("");
    scene.carry_out(&swap).unwrap();
    assert_eq!(application.tell(COUNT), format!("Integer({NEW})"), "SQLite's own locks show a user in WAL mode");
    scene.swapped(&swap, &[("old", OLD)]);
}

/// A writer that waits while the names are exchanged is told so and loses nothing.
#[test]
fn trap_s01_writer_waiting_for_the_swap() {
    for mode in ["PRAGMA journal_mode = WAL", ""] {
        let scene = Scene::new(mode);
        let mut application = Actor::ready("application", &scene.live);
        assert_eq!(application.tell("BEGIN IMMEDIATE"), "done");
        assert_eq!(application.tell(ADD), "done");
        let swap = scene.swap("");
        let swapping = std::thread::spawn({
            let swap = swap.clone();
            move || wait(SqliteServer::new().bulk().swap(&swap))
        });
        std::thread::sleep(Duration::from_millis(300));
        assert!(!swapping.is_finished(), "the swap does not wait for an open transaction");
        assert_eq!(application.tell("COMMIT"), "done");
        swapping.join().unwrap().unwrap();
        scene.swapped(&swap, &[("old", OLD), ("written by the application", 1)]);
    }
}

/// Whatever SQLite told an application was safe is in the live database or in one that was kept, under any number of swaps.
#[test]
fn trap_s01_no_acknowledged_row_is_lost() {
    for (mode, blind) in [("", false), ("", true), ("PRAGMA journal_mode = WAL", false)] {
        let mut scene = Scene::new(mode);
        if blind {
            scene.server = SqliteServer::new().processes(Arc::new(Blind));
        }
        let diarist = Actor::ready("diarist", &scene.live);
        let mut kept = Vec::new();
        for number in 0..6 {
            let token = format!("token{number}");
            let live = place(&scene.live);
            let built = scene.server.bulk().beside(&live, &token);
            database(Path::new(&built.0), "", NEW, "new");
            mark(Path::new(&built.0), &token);
            let undo = scene.server.bulk().keeping(&live, &scene.folder.path().join(&token), &token);
            kept.push(PathBuf::from(&undo.0));
            let swap = Swap { live, built: Some(built), kept: Some(undo), token };
            scene.carry_out(&swap).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        let diary = diarist.diary();
        diarist.kill();
        kept.push(scene.live.clone());
        let mut found = std::collections::BTreeSet::new();
        for path in &kept {
            assert_eq!(ask(path, "PRAGMA integrity_check"), "ok");
            let connection = rusqlite::Connection::open(path).unwrap();
            let mut rows = connection.prepare("SELECT id FROM items WHERE id >= 1000000").unwrap();
            found.extend(rows.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(Result::unwrap));
        }
        assert!(diary.len() > 50, "only {} rows were written", diary.len());
        let lost: Vec<&i64> = diary.iter().filter(|number| !found.contains(number)).collect();
        assert!(lost.is_empty(), "{mode}: {} of {} acknowledged rows are lost: {lost:?}", lost.len(), diary.len());
    }
}

#[test]
fn trap_s02_leftover_wal() {
    let scene = Scene::new("");
    Actor::start("leftover-log", &scene.live).dead();
    assert!(beside(&scene.live, "-wal").metadata().unwrap().len() > 0, "no log was left");

    // The trap, on a copy: the old rows come back over the new file, and the check says that all is well.
    let copy = scene.folder.path().join("copy.db");
    std::fs::copy(beside(&scene.live, "-wal"), beside(&copy, "-wal")).unwrap();
    let new = scene.folder.path().join("new.db");
    database(&new, "", NEW, "new");
    std::fs::rename(&new, &copy).unwrap();
    assert_eq!(names(&copy)[0].0, "from the log");

    let swap = scene.swap("");
    scene.carry_out(&swap).unwrap();
    assert!(!beside(&scene.live, "-wal").exists());
    scene.swapped(&swap, &[("from the log", OLD), ("in the log", 1)]);
}

/// Nothing stands under the live name but the log of a database that is gone.
#[test]
fn trap_s02_orphaned_wal() {
    let scene = Scene::new("");
    Actor::start("leftover-log", &scene.live).dead();
    std::fs::remove_file(&scene.live).unwrap();
    let mut swap = scene.swap("");
    swap.kept = None;
    scene.carry_out(&swap).unwrap();
    assert_eq!(names(&scene.live), [("new".to_owned(), NEW)]);
}

#[test]
fn trap_s03_hot_journal() {
    let scene = Scene::new("");
    Actor::start("hot-journal", &scene.live).dead();
    assert!(beside(&scene.live, "-journal").metadata().unwrap().len() > 0, "no journal was left");

    // The trap, on a copy: the journal of the old file is rolled back into the new one.
    let copy = scene.folder.path().join("copy.db");
    std::fs::copy(beside(&scene.live, "-journal"), beside(&copy, "-journal")).unwrap();
    let new = scene.folder.path().join("new.db");
    database(&new, "", NEW, "new");
    std::fs::rename(&new, &copy).unwrap();
    let mixed = rusqlite::Connection::open(&copy).and_then(|connection| {
        connection.query_row("SELECT count(*) FROM items WHERE name = 'new'", [], |row| row.get::<_, i64>(0))
    });
    assert_ne!(mixed.unwrap_or_default(), NEW, "the new file is untouched");

    let swap = scene.swap("");
    scene.carry_out(&swap).unwrap();
    assert!(!beside(&scene.live, "-journal").exists());
    scene.swapped(&swap, &[("old", OLD)]);
}

/// What a crash left is part of what a dump and a reader see.
#[test]
fn trap_s03_hot_journal_is_rolled_back_by_readers() {
    let scene = Scene::new("");
    Actor::start("hot-journal", &scene.live).dead();
    let loaded = scene.dump_and_load();
    assert_eq!(names(&loaded), [("old".to_owned(), OLD)]);
    let scene = Scene::new("");
    Actor::start("leftover-log", &scene.live).dead();
    let loaded = scene.dump_and_load();
    assert_eq!(names(&loaded), [("from the log".to_owned(), OLD), ("in the log".to_owned(), 1)]);
}

#[test]
fn trap_s04_others_have_it_open() {
    let scene = Scene::new("");
    let mut application = Actor::ready("application", &scene.live);
    let swap = scene.swap("PRAGMA page_size = 8192");
    wait(scene.server.bulk().ready(&swap)).unwrap();
    scene.carry_out(&swap).unwrap();
    assert_eq!(application.tell(COUNT), format!("Integer({NEW})"));
    assert_eq!(application.tell(ADD), "done");
    assert_eq!(application.tell("DELETE FROM items WHERE id = 9001"), "done");
    scene.swapped(&swap, &[("old", OLD)]);
    assert_eq!(ask(&scene.live, "PRAGMA page_size"), "8192");
}

/// What cannot be changed under open handles is refused, with the process named, before anything is done.
#[test]
fn trap_s04_what_a_restore_cannot_change() {
    for new in ["PRAGMA page_size = 8192", "PRAGMA encoding = 'UTF-16le'"] {
        let scene = Scene::new("PRAGMA journal_mode = WAL");
        let mut application = Actor::ready("application", &scene.live);
        let swap = scene.swap(new);
        for result in [wait(scene.server.bulk().ready(&swap)), scene.carry_out(&swap)] {
            let error = result.unwrap_err();
            assert_eq!(error.class, ErrorClass::Conflict, "{error:?}");
            assert!(error.message.contains(&application.number().to_string()), "{error}");
        }
        assert_eq!(application.tell(COUNT), format!("Integer({OLD})"));
        assert!(!PathBuf::from(&swap.kept.as_ref().unwrap().0).exists());
        application.kill();
        scene.carry_out(&swap).unwrap();
        scene.swapped(&swap, &[("old", OLD)]);
    }
}

/// A database that shall be gone afterwards cannot be taken from under an application.
#[test]
fn trap_s04_taking_away_what_is_open() {
    let scene = Scene::new("");
    let application = Actor::ready("application", &scene.live);
    let mut swap = scene.swap("");
    wait(scene.server.remove(&swap.built.take().unwrap())).unwrap();
    let error = scene.carry_out(&swap).unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(error.message.contains(&application.number().to_string()), "{error}");
    assert_eq!(names(&scene.live), [("old".to_owned(), OLD)]);
    application.kill();
    scene.carry_out(&swap).unwrap();
    assert!(!scene.live.exists());
}

#[test]
fn trap_s05_stepped_backup() {
    for mode in ["PRAGMA journal_mode = WAL", ""] {
        let scene = Scene::new(mode);
        let _writer = Actor::ready("steady-writer", &scene.live);
        let began = Instant::now();
        for _time in 0..3 {
            let loaded = scene.dump_and_load();
            assert_eq!(ask(&loaded, COUNT), OLD.to_string());
            std::fs::remove_file(loaded).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(15), "a dump starts again and again: {:?}", began.elapsed());
    }
}

/// A sink that takes its time, so that the file has every chance to change under a dump.
struct Slow(Memory);

struct SlowStream(Box<dyn SinkStream>);

impl Sink for Slow {
    fn stream(&self, name: &str) -> std::io::Result<Box<dyn SinkStream>> {
        Ok(Box::new(SlowStream(self.0.stream(name)?)))
    }
}

impl Write for SlowStream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::thread::sleep(Duration::from_millis(10));
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl SinkStream for SlowStream {
    fn finish(self: Box<Self>) -> std::io::Result<()> {
        self.0.finish()
    }
}

/// One number at the beginning of the file and one at its end are counted up together; a dump in which they differ is no
/// moment that ever was.
#[test]
fn trap_s05_slow_dump_of_a_changing_file() {
    for (mode, held) in [("WAL", false), ("WAL", true), ("DELETE", false)] {
        let scene = Scene::new(&format!("PRAGMA journal_mode = {mode}"));
        let filler = "CREATE TABLE first (n INTEGER); INSERT INTO first VALUES (0); CREATE TABLE filler (b); \
                      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
                      INSERT INTO filler SELECT randomblob(4000) FROM n; \
                      CREATE TABLE last (n INTEGER); INSERT INTO last VALUES (0)";
        rusqlite::Connection::open(&scene.live).unwrap().execute_batch(filler).unwrap();
        let _writer = Actor::ready("twins", &scene.live);
        let mut reader = Actor::ready("application", &scene.live);
        if held {
            reader.tell("BEGIN");
            reader.tell(COUNT);
        }
        let mut seen = Vec::new();
        for _time in 0..4 {
            let sink = Arc::new(Slow(Memory::default()));
            let live = place(&scene.live);
            wait(async {
                let mut view = scene.server.bulk().view(std::slice::from_ref(&live)).await?;
                view.dump(&live, Arc::clone(&sink) as _, advance()).await?;
                view.close().await
            })
            .unwrap();
            let copy = scene.folder.path().join("copy.db");
            std::fs::write(&copy, &sink.0.streams()["pages"]).unwrap();
            assert_eq!(ask(&copy, "PRAGMA integrity_check"), "ok", "{mode} {held}");
            let (first, last) = (ask(&copy, "SELECT n FROM first"), ask(&copy, "SELECT n FROM last"));
            assert_eq!(first, last, "{mode} {held}");
            seen.push(first.parse::<i64>().unwrap());
        }
        assert!(seen.is_sorted() && seen[0] < seen[3], "nothing was written meanwhile: {seen:?}");
    }
}

/// A reader keeps the log from being emptied, so that the file alone is never the view.
#[test]
fn trap_s05_log_that_cannot_be_emptied() {
    let scene = Scene::new("PRAGMA journal_mode = WAL");
    let mut reader = Actor::ready("application", &scene.live);
    let mut writer = Actor::ready("application", &scene.live);
    writer.tell("INSERT INTO items VALUES (9002, 'in the log')");
    assert_eq!(reader.tell("BEGIN"), "done");
    assert_eq!(reader.tell(COUNT), format!("Integer({})", OLD + 1));
    for id in 9003..9050 {
        assert_eq!(writer.tell(&format!("INSERT INTO items VALUES ({id}, 'in the log')")), "done");
    }
    let version = ask(&scene.live, "PRAGMA schema_version");
    let loaded = scene.dump_and_load();
    assert_eq!(names(&loaded), [("in the log".to_owned(), 48), ("old".to_owned(), OLD)]);
    assert_eq!(ask(&loaded, "PRAGMA schema_version"), version, "the copy counts as a change of the schema");
    assert_eq!(ask(&loaded, "PRAGMA journal_mode"), "wal", "the copy has left WAL mode");
    assert_eq!(ask(&loaded, "PRAGMA integrity_check"), "ok");
    assert_eq!(reader.tell(COUNT), format!("Integer({})", OLD + 1), "the reader's own view was disturbed");
}

#[test]
fn trap_s14_busy() {
    let scene = Scene::new("");
    let holder = Actor::ready("exclusive", &scene.live);
    let server = SqliteServer::new().busy_timeout(Duration::from_millis(200));
    let live = place(&scene.live);
    for access in [Access::Read, Access::Write] {
        let error = wait(server.open(&live, access)).err().unwrap();
        assert_eq!(error.class, ErrorClass::LockTimeout);
        assert_eq!(error.engine_code.as_deref(), Some("SQLITE_BUSY"));
        assert!(error.message.contains(&format!("process {}", holder.number())), "{error}");
        assert!(error.message.contains(scene.live.to_str().unwrap()), "{error}");
    }
    assert!(wait(server.exists(&live)).unwrap(), "a busy database is an absent one");
}

/// Late is not gone: another process holds the database for six seconds.
#[test]
fn trap_s14_held_for_six_seconds() {
    let scene = Scene::new("");
    let _holder = Actor::ready("exclusive-6s", &scene.live);
    let began = Instant::now();
    let mut session = wait(scene.server.open(&place(&scene.live), Access::Read)).unwrap();
    let rows = wait(session.query("SELECT name FROM items WHERE id = 1", &[])).unwrap();
    assert!(began.elapsed() > Duration::from_secs(4), "it was not held at all");
    assert_eq!(rows, [["held".into()]]);
}

/// Without a log one who reads keeps everybody from committing; that is found out before anything is begun.
#[test]
fn trap_s14_a_long_reader_is_in_the_way() {
    for (mode, in_the_way) in [("DELETE", true), ("WAL", false)] {
        let mut scene = Scene::new(&format!("PRAGMA journal_mode = {mode}"));
        scene.server = SqliteServer::new().busy_timeout(Duration::from_millis(300));
        let mut reader = Actor::ready("application", &scene.live);
        assert_eq!(reader.tell("BEGIN"), "done");
        assert_eq!(reader.tell(COUNT), format!("Integer({OLD})"));
        let ready = wait(scene.server.bulk().ready(&scene.swap("")));
        assert_eq!(ready.is_err(), in_the_way, "{mode}: {ready:?}");
        assert!(ready.is_ok() || ready.is_err_and(|error| error.class == ErrorClass::Conflict));
    }
}
