//! Where places lead.

use std::os::unix::fs::symlink;
use std::path::Path;

use stead_engine::{ErrorClass, Place};

use super::SqliteServer;
use super::opening::{Found, find};

fn place(path: &Path) -> Place {
    Place(path.display().to_string())
}

#[test]
fn places_are_found_through_links() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("real")).unwrap();
    std::fs::write(root.join("real/a.db"), "").unwrap();
    symlink("real", root.join("linked")).unwrap();
    symlink("linked/a.db", root.join("b.db")).unwrap();
    let file = Found::File(root.join("real/a.db"));
    for path in ["real/a.db", "linked/a.db", "b.db", "real/../b.db"] {
        assert_eq!(find(&place(&root.join(path))).unwrap(), file, "{path}");
    }
    let absent = Found::Absent(root.join("real/none.db"));
    assert_eq!(find(&place(&root.join("linked/none.db"))).unwrap(), absent);
    let deep = Found::Absent(root.join("real/x/y/none.db"));
    assert_eq!(find(&place(&root.join("linked/x/y/none.db"))).unwrap(), deep);
}

#[test]
fn what_cannot_be_a_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("file"), "x").unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("gone", root.join("dangling")).unwrap();
    let cases = [
        ("relative.db".to_owned(), ErrorClass::Refused),
        (String::new(), ErrorClass::Refused),
        (format!("{}/", root.display()), ErrorClass::Refused),
        (format!("{}\0x", root.display()), ErrorClass::Refused),
        (root.display().to_string(), ErrorClass::Refused),
        (root.join("file/below").display().to_string(), ErrorClass::Refused),
        ("/dev/null".to_owned(), ErrorClass::Refused),
        (root.join("loop").display().to_string(), ErrorClass::Unreachable),
        (root.join("dangling").display().to_string(), ErrorClass::Unreachable),
        (root.join("dangling/deeper.db").display().to_string(), ErrorClass::Unreachable),
    ];
    for (path, class) in cases {
        let error = find(&Place(path.clone())).unwrap_err();
        assert_eq!(error.class, class, "{path}: {error}");
    }
}

#[test]
fn a_server_can_be_shown() {
    let shown = format!("{:?}", SqliteServer::new().busy_timeout(std::time::Duration::from_secs(3)));
    assert_eq!(shown, "SqliteServer { busy_timeout: 3s, .. }");
}
