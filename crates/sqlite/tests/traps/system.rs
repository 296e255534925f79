//! Traps of the system around the file: network file systems, owners, links, rights, and files that other builds made.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stead_engine::{Access, EngineError, ErrorClass, Holder, LockRequest, Server};
use stead_sqlite::connect::filesystem::SystemFiles;
use stead_sqlite::{FileSystemProbe, SqliteServer};

use crate::actor::Actor;
use crate::scene::{NEW, OLD, Scene, ask, beside, database, mark, names, place, wait};

/// Everything lies on a network file system, and nothing is free.
struct Network;

impl FileSystemProbe for Network {
    fn network(&self, _path: &Path) -> Option<String> {
        Some("nfs".to_owned())
    }

    fn share_blocks(&self, from: &File, to: &File) -> io::Result<()> {
        SystemFiles.share_blocks(from, to)
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(1000)
    }
}

#[test]
fn trap_s12_network_file_systems() {
    let mut scene = Scene::new("PRAGMA journal_mode = WAL");
    scene.server = SqliteServer::new().file_system(Arc::new(Network));
    for access in [Access::Read, Access::Write] {
        let error = wait(scene.server.open(&place(&scene.live), access)).err().unwrap();
        assert_eq!(error.class, ErrorClass::Refused);
        assert!(error.message.contains("nfs") && error.message.contains("WAL"), "{error}");
        assert!(!error.hints.is_empty());
    }
    let mut scene = Scene::new("");
    scene.server = SqliteServer::new().file_system(Arc::new(Network));
    let mut session = wait(scene.server.open(&place(&scene.live), Access::Write)).unwrap();
    let error = wait(session.query("PRAGMA journal_mode = WAL", &[])).unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused, "{error:?}");
    drop(session);
    let swap = scene.swap("");
    scene.carry_out(&swap).unwrap();
    scene.swapped(&swap, &[("old", OLD)]);
}

/// Too little space for the undo copy of a restore is said before it begins.
#[test]
fn trap_s12_space_is_asked_before() {
    let mut scene = Scene::new("");
    scene.server = SqliteServer::new().file_system(Arc::new(Network));
    let swap = scene.swap("");
    wait(scene.server.bulk().ready(&swap)).unwrap();
    let _application = Actor::ready("application", &scene.live);
    let error = wait(scene.server.bulk().ready(&swap)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused, "{error:?}");
    assert!(error.message.contains("free"), "{error}");
}

#[test]
fn trap_s13_mode_owner_and_links() {
    let scene = Scene::new("PRAGMA journal_mode = WAL");
    let root = rustix_is_root();
    std::fs::set_permissions(&scene.live, Permissions::from_mode(0o640)).unwrap();
    if root {
        std::os::unix::fs::chown(&scene.live, Some(4321), Some(8765)).unwrap();
    }
    let link = scene.folder.path().join("link.db");
    std::os::unix::fs::symlink("live.db", &link).unwrap();
    let mut swap = scene.swap("");
    swap.live = place(&link);
    let before = scene.live.metadata().unwrap();
    scene.carry_out(&swap).unwrap();
    scene.swapped(&swap, &[("old", OLD)]);
    assert!(link.is_symlink(), "the link was replaced by a file");
    let after = scene.live.metadata().unwrap();
    assert_ne!(before.ino(), after.ino(), "it was not renamed");
    assert_eq!((before.mode(), before.uid(), before.gid()), (after.mode(), after.uid(), after.gid()));
    assert_eq!(ask(&scene.live, "PRAGMA journal_mode"), "wal", "the application finds another journal mode");
    let back = stead_engine::snapshot::Swap {
        live: swap.live.clone(),
        built: swap.kept.clone(),
        kept: Some(place(&scene.folder.path().join("redo.db"))),
        token: "back".to_owned(),
    };
    scene.carry_out(&back).unwrap();
    assert_eq!(names(&scene.live), [("old".to_owned(), OLD)]);
    assert_eq!(ask(&scene.live, "PRAGMA journal_mode"), "wal", "taking it back has changed the journal mode");
}

/// A built file is not readable to others before it has the old one's mode.
#[test]
fn trap_s13_a_private_database_stays_private() {
    let scene = Scene::new("");
    std::fs::set_permissions(&scene.live, Permissions::from_mode(0o600)).unwrap();
    let loaded = scene.dump_and_load();
    assert_eq!(loaded.metadata().unwrap().mode() & 0o777, 0o600);
    let copy = scene.folder.path().join("copy.db");
    wait(scene.server.bulk().copy(&place(&scene.live), &place(&copy))).unwrap();
    assert_eq!(copy.metadata().unwrap().mode() & 0o777, 0o600);
}

#[test]
fn trap_s13_dangling_link() {
    let scene = Scene::new("");
    let link = scene.folder.path().join("link.db");
    std::os::unix::fs::symlink("/nowhere/mounted/live.db", &link).unwrap();
    let error = wait(scene.server.exists(&place(&link))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable);
    assert!(error.message.contains("/nowhere/mounted/live.db"), "{error}");
    wait(scene.server.remove(&place(&link))).unwrap();
    assert!(!wait(scene.server.exists(&place(&link))).unwrap());
}

fn rustix_is_root() -> bool {
    // The owner of a file that was just made is whoever runs the test.
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}

/// Rights only bind who is not root, so this part is played by somebody else.
#[test]
fn trap_s13_rights() {
    let scene = Scene::new("PRAGMA journal_mode = WAL");
    std::fs::set_permissions(scene.folder.path(), Permissions::from_mode(0o755)).unwrap();
    let user = rustix_is_root().then_some(65_534);
    if user.is_none() {
        std::fs::set_permissions(scene.folder.path(), Permissions::from_mode(0o555)).unwrap();
        std::fs::set_permissions(&scene.live, Permissions::from_mode(0o444)).unwrap();
    }
    let answer = Actor::start_as("unprivileged", &scene.live, user).answer(0);
    std::fs::set_permissions(scene.folder.path(), Permissions::from_mode(0o755)).unwrap();
    let expected = [
        "open to write: refused",
        "open to read: fine",
        "rows: 5000",
        "dump: fine",
        "lock: refused",
        "create: refused",
        "remove: refused",
        "ready: refused",
        "secret: refused",
    ];
    assert_eq!(answer.lines().collect::<Vec<_>>(), expected);
    assert!(
        !beside(&scene.live, "-wal").exists() && !beside(&scene.live, "-shm").exists(),
        "a reader left files behind"
    );
}

/// What somebody without rights on the database is told.
pub(crate) fn as_somebody_else(live: &Path, report: impl Fn(&str)) {
    let server = SqliteServer::new();
    let live_place = place(live);
    let folder = live.parent().unwrap();
    let mut lines = Vec::new();
    let outcome = |what: &str, result: Result<(), EngineError>| {
        format!("{what}: {}", result.map_or_else(|error| error.class.word().to_owned(), |()| "fine".to_owned()))
    };
    lines.push(outcome("open to write", wait(server.open(&live_place, Access::Write)).map(|_session| ())));
    lines.push(outcome("open to read", wait(server.open(&live_place, Access::Read)).map(|_session| ())));
    let rows = wait(async {
        let mut session = server.open(&live_place, Access::Read).await?;
        session.query("SELECT count(*) FROM items", &[]).await
    });
    lines.push(format!("rows: {}", rows.unwrap()[0][0].as_integer().unwrap()));
    let dumped = wait(async {
        let mut view = server.bulk().view(std::slice::from_ref(&live_place)).await?;
        let memory = Arc::new(stead_testkit::conformance::streams::Memory::default());
        view.dump(&live_place, memory, stead_testkit::conformance::streams::advance()).await
    });
    lines.push(outcome("dump", dumped));
    let holder =
        Holder { process: 1, host: String::new(), user: String::new(), command: String::new(), since: String::new() };
    let request = LockRequest { holder, timeout: std::time::Duration::from_secs(1), on_wait: &mut |_| {} };
    lines.push(outcome("lock", wait(server.lock(&live_place, request)).map(|_lock| ())));
    lines.push(outcome("create", wait(server.create(&place(&folder.join("another.db"))))));
    lines.push(outcome("remove", wait(server.remove(&live_place))));
    let swap = stead_engine::snapshot::Swap {
        live: live_place.clone(),
        built: Some(place(&folder.join("built.db"))),
        kept: Some(place(&folder.join("kept.db"))),
        token: "token".to_owned(),
    };
    lines.push(outcome("ready", wait(server.bulk().ready(&swap))));
    lines.push(outcome("secret", wait(server.exists(&place(Path::new("/proc/1/environ")))).map(|_exists| ())));
    report(&lines.join("\n"));
}

/// A mount that ends with the value; `None`, reported as a skip, where this user may not mount.
struct Mount(PathBuf);

impl Mount {
    fn new(arguments: &[&str], at: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = std::process::Command::new("mount").args(arguments).arg(&at).output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self(at));
        }
        stead_testkit::skip::skip("tmpfs", "this user may not mount");
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _lazily = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The volumes of a container are mounts of one file system, and no link goes from one to the other.
#[test]
fn trap_s13_two_mounts_of_one_file_system() {
    let scene = Scene::new("");
    let source = scene.folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    let arguments = ["--bind", source.to_str().unwrap()];
    let Some(volume) = Mount::new(&arguments, scene.folder.path().join("volume")) else { return };
    let kept = scene.server.bulk().keeping(&place(&scene.live), &volume.0.join("undo"), "token");
    assert!(kept.0.ends_with("/.live.db.stead-kept-token"), "{kept}");
    let mut swap = scene.swap("");
    swap.kept = Some(place(&volume.0.join("undo/kept.db")));
    scene.carry_out(&swap).unwrap();
    scene.swapped(&swap, &[("old", OLD)]);
}

/// A disk that is really full, not a failpoint.
#[test]
fn trap_f12_full_disk() {
    let scene = Scene::new("");
    let memory = scene.dump();
    let Some(small) = Mount::new(&["-t", "tmpfs", "-o", "size=60k", "none"], scene.folder.path().join("small")) else {
        return;
    };
    let target = small.0.join("loaded.db");
    let advance = stead_testkit::conformance::streams::advance();
    let errors = [
        wait(scene.server.bulk().load(&place(&target), memory, advance)).unwrap_err(),
        wait(scene.server.bulk().copy(&place(&scene.live), &place(&target))).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.class, ErrorClass::Interrupted, "{error:?}");
        assert!(error.message.contains("loaded.db"), "{error}");
    }
    assert_eq!(std::fs::read_dir(&small.0).unwrap().count(), 0, "something was left behind");
    let live = small.0.join("live.db");
    database(&live, "", 10, "old");
    let mut session = wait(scene.server.open(&place(&live), Access::Write)).unwrap();
    let fill = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) \
                INSERT INTO items SELECT i, 'too much' FROM n";
    let error = wait(session.execute(fill, &[])).unwrap_err();
    assert_eq!((error.class, error.engine_code.as_deref()), (ErrorClass::Interrupted, Some("SQLITE_FULL")));
    drop(session);
    assert_eq!(names(&live), [("old".to_owned(), 10)]);
}

#[test]
fn trap_s15_encrypted_and_extended_builds() {
    let scene = Scene::new("");
    let server = &scene.server;
    let refused = |bytes: &[u8], words: &str| {
        let path = scene.folder.path().join("foreign.db");
        std::fs::write(&path, bytes).unwrap();
        let errors = [
            wait(server.exists(&place(&path))).map(|_exists| ()).unwrap_err(),
            wait(server.open(&place(&path), Access::Write)).map(|_session| ()).unwrap_err(),
            wait(server.remove(&place(&path))).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.class, ErrorClass::Refused, "{error:?}");
            let text = format!("{error} {}", error.hints.join(" "));
            assert!(text.contains(words) && text.contains("foreign.db"), "{text}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "a file that is not ours was touched");
    };
    let plain = std::fs::read(&scene.live).unwrap();
    let mut noise = 12345_u32;
    let encrypted: Vec<u8> = plain
        .iter()
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .collect();
    refused(&encrypted, "encrypted");
    let mut reserved = plain.clone();
    reserved[20] = 80;
    refused(&reserved, "reserves 80 bytes");
    let mut newer = plain.clone();
    newer[18] = 7;
    newer[19] = 7;
    refused(&newer, "version 7");
    refused(b"-- SQL, not a database\nCREATE TABLE x (y);\n", "not a SQLite database");
    refused(&plain[..90], "not a SQLite database");
    let mut size = plain;
    size[16] = 3;
    refused(&size, "not a SQLite database");
}

/// A swap must survive that its new database is bare: nothing in it says that it is the new one.
#[test]
fn trap_s04_restoring_an_empty_database() {
    let scene = Scene::new("");
    let mut application = Actor::ready("application", &scene.live);
    let mut swap = scene.swap("");
    let built = PathBuf::from(&swap.built.as_ref().unwrap().0);
    std::fs::write(&built, "").unwrap();
    for _again in 0..2 {
        scene.carry_out(&swap).unwrap();
        assert_eq!(application.tell("SELECT count(*) FROM sqlite_schema"), "Integer(0)");
        assert_eq!(names(Path::new(&swap.kept.as_ref().unwrap().0)), [("old".to_owned(), OLD)]);
    }
    application.kill();
    database(&built, "", NEW, "new");
    mark(&built, "second");
    swap.token = "second".to_owned();
    let error = scene.carry_out(&swap).unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict, "a database that is kept already would be overwritten: {error:?}");
    assert_eq!(ask(&scene.live, "SELECT count(*) FROM sqlite_schema"), "0");
}
