//! The lock file: what is in it, where it lies, and what may stand in its way.

use std::path::Path;
use std::time::Duration;

use stead_engine::{EngineError, ErrorClass, Holder, Lock, LockRequest, Place};

use super::acquire;

fn holder(command: &str) -> Holder {
    Holder {
        process: 42,
        host: "here".to_owned(),
        user: "somebody".to_owned(),
        command: command.to_owned(),
        since: "2026-01-01T00:00:00Z".to_owned(),
    }
}

async fn take(path: &Path) -> Result<Box<dyn Lock>, EngineError> {
    let request =
        LockRequest { holder: holder("stead test"), timeout: Duration::from_millis(60), on_wait: &mut |_| {} };
    acquire(&Place(path.display().to_string()), request).await
}

#[tokio::test]
async fn the_holder_stands_in_the_file_while_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("deep/down/a.db");
    let lock = take(&database).await.unwrap();
    let file = folder.path().join("deep/down/.a.db.stead-lock");
    let written: Holder = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written, holder("stead test"));
    drop(lock);
    assert_eq!(std::fs::read(&file).unwrap(), b"");
    assert!(!database.exists());
}

#[tokio::test]
async fn what_is_no_holder_is_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("a.db");
    for text in ["garbage", "{", "{\"process\": 1}", "null", &"x".repeat(200_000)] {
        std::fs::write(folder.path().join(".a.db.stead-lock"), text).unwrap();
        assert_eq!(take(&database).await.unwrap().left_behind(), None);
    }
    let text = serde_json::to_string(&holder("stead load")).unwrap();
    std::fs::write(folder.path().join(".a.db.stead-lock"), text).unwrap();
    let lock = take(&database).await.unwrap();
    assert_eq!(lock.left_behind(), Some(&holder("stead load")));
}

#[tokio::test]
async fn a_link_and_its_target_have_one_lock() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.db"), "").unwrap();
    std::os::unix::fs::symlink("a.db", folder.path().join("b.db")).unwrap();
    let lock = take(&folder.path().join("a.db")).await.unwrap();
    let error = take(&folder.path().join("b.db")).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::LockTimeout);
    assert!(error.message.contains("`stead test` of somebody on here, process 42"), "{error}");
    drop(lock);
    take(&folder.path().join("b.db")).await.unwrap();
}

#[tokio::test]
async fn what_is_in_the_way_of_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".a.db.stead-lock")).unwrap();
    let error = take(&folder.path().join("a.db")).await.err().unwrap();
    assert!(error.message.contains(".a.db.stead-lock"), "{error}");
    let error = take(Path::new("/proc/nothing/a.db")).await.err().unwrap();
    assert_ne!(error.class, ErrorClass::LockTimeout);
    assert!(error.message.contains("/proc"), "{error}");
}
