//! Copies, names and rights.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{
    FileSystemProbe, SystemFiles, copy_bytes, copy_file, hidden_beside, nearest_existing, remove_file, same_mount,
    with_suffix, writable_folder,
};

/// A file system that cannot share blocks, as most.
struct Plain;

impl FileSystemProbe for Plain {
    fn network(&self, _path: &Path) -> Option<String> {
        None
    }

    fn share_blocks(&self, _from: &File, _to: &File) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

#[test]
fn files_are_copied_whole() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..3_000_001_u32).map(|number| (number % 251) as u8).collect();
    std::fs::write(folder.path().join("from"), &bytes).unwrap();
    let from = File::open(folder.path().join("from")).unwrap();
    for (name, probe) in [("plain", &Plain as &dyn FileSystemProbe), ("system", &SystemFiles)] {
        let path = folder.path().join(name);
        copy_file(probe, &from, &File::create(&path).unwrap()).unwrap();
        assert!(std::fs::read(&path).unwrap() == bytes, "{name}");
    }
    let empty = File::create(folder.path().join("empty")).unwrap();
    copy_bytes(&File::open(folder.path().join("empty")).unwrap(), &empty).unwrap();
}

#[test]
fn names_are_made_from_the_file() {
    let path = Path::new("/a/b.db");
    assert_eq!(with_suffix(path, "-wal"), Path::new("/a/b.db-wal"));
    assert_eq!(hidden_beside(path, "lock"), Path::new("/a/.b.db.stead-lock"));
}

#[test]
fn what_does_not_exist_yet_is_where_its_folder_is() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("x/y/z");
    assert_eq!(nearest_existing(&deep), folder.path());
    assert!(same_mount(&deep, folder.path()));
    assert!(!same_mount(Path::new("/proc/1"), folder.path()));
    writable_folder(&deep).unwrap();
    remove_file(&deep).unwrap();
    assert!(SystemFiles.free_bytes(folder.path()).unwrap() > 0);
    assert_eq!(SystemFiles.network(Path::new("/proc")), None);
}
