//! Lines of `/proc/locks`, and a process that really has a file open.

use std::fs::File;
use std::process::{Command, Stdio};

use super::{Process, ProcessProbe as _, SystemProcesses, list, lock_line};

#[test]
fn lock_lines_are_read() {
    let file = (rustix::fs::makedev(0xfe, 0), 1247);
    assert_eq!(lock_line("1: POSIX  ADVISORY  WRITE 9691 fe:00:1247 0 EOF"), Some((9691, file)));
    assert_eq!(lock_line("7: -> POSIX ADVISORY READ 12 fe:00:1247 128 128"), Some((12, file)));
    for other in ["", "1:", "1: POSIX ADVISORY WRITE -1 fe:00:1 0 EOF", "1: POSIX ADVISORY WRITE 3 <none>:1 0 0"] {
        assert_eq!(lock_line(other), None, "{other}");
    }
}

#[test]
fn a_process_with_the_file_open_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("open");
    let file = File::create(&path).unwrap();
    let metadata = file.metadata().unwrap();
    assert_eq!(SystemProcesses.users(&metadata).open, [], "this process is none of the others");
    let mut child = Command::new("sleep").arg("60").stdin(Stdio::from(file)).spawn().unwrap();
    let users = SystemProcesses.users(&metadata);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(users.open.iter().map(|user| user.number).collect::<Vec<_>>(), [child.id()]);
    assert_eq!(SystemProcesses.users(&metadata).open, []);
}

#[test]
fn processes_are_listed_as_in_a_sentence() {
    let process = |number| Process { number, program: if number == 1 { String::new() } else { "python".to_owned() } };
    assert_eq!(list(&[]), "an unknown process");
    assert_eq!(list(&[process(1)]), "process 1");
    assert_eq!(list(&[process(1), process(2), process(3)]), "process 1, process 2 (`python`) and process 3 (`python`)");
}
