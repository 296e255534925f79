//! Recognising processes: the same number with another start or another boot is another process and is left alone.

use std::process::Stdio;

use super::*;

fn sleeper() -> std::process::Child {
    Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_process_is_known_by_number_start_and_boot() {
    let own = Process::of(std::process::id()).unwrap();
    assert!(own.is_running());
    assert!(!Process { started: "1".to_owned(), ..own.clone() }.is_running());
    assert!(!Process { boot: "another".to_owned(), ..own.clone() }.is_running());
    assert!(!Process { pid: 4_000_000, ..own }.is_running());
}

#[test]
fn a_number_that_was_given_away_is_not_signalled() {
    let mut child = sleeper();
    let right = Process::of(child.id()).unwrap();
    let former = Process { started: format!("{}0", right.started), ..right.clone() };
    assert!(!former.signal(Signal::KILL).unwrap());
    assert!(right.is_running(), "the process that has the number now is left alone");
    assert!(right.signal(Signal::KILL).unwrap());
    child.wait().unwrap();
    assert!(!right.signal(Signal::KILL).unwrap(), "it is gone");
}

#[test]
fn a_process_that_waits_to_be_reaped_does_not_run() {
    let mut child = sleeper();
    let process = Process::of(child.id()).unwrap();
    child.kill().unwrap();
    let begun = std::time::Instant::now();
    while process.is_running() {
        assert!(begun.elapsed().as_secs() < 10, "it was killed");
        std::thread::yield_now();
    }
    child.wait().unwrap();
}

#[test]
fn names_with_spaces_and_parentheses_do_not_shift_the_fields() {
    let fields: Vec<String> = (4..=22).map(|number| format!("f{number}")).collect();
    let stat = |name: &str, state: &str| format!("17 ({name}) {state} {} f23", fields.join(" "));
    for name in ["postgres", "a b", ") S 1 (", ""] {
        assert_eq!(start_in_stat(&stat(name, "S")).as_deref(), Some("f22"), "{name}");
    }
    assert_eq!(start_in_stat(&stat("postgres", "Z")), None);
    assert_eq!(start_in_stat(""), None);
}

#[test]
fn the_first_process_in_a_folder_is_found_by_its_program() {
    if !has_proc() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new("sleep").arg("60").current_dir(folder.path()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while working_in(folder.path(), &["sleep"]).is_none() && begun.elapsed().as_secs() < 10 {
        std::thread::yield_now();
    }
    assert_eq!(working_in(folder.path(), &["sleep"]), Some(child.id()));
    assert_eq!(working_in(folder.path(), &["postgres"]), None, "another program in the folder is none of ours");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(working_in(folder.path(), &["sleep"]), None);
}
