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
    for name in ["postgres", "a b", ") S 1 (", ""] {
        assert_eq!(start_in_stat(&stat(name, "S", 1)).as_deref(), Some("22"), "{name}");
    }
    assert_eq!(start_in_stat(&stat("postgres", "Z", 1)), None);
    assert_eq!(start_in_stat(""), None);
}

/// A killed server whose first thread is gone still has its port and its files while others of its threads end.
#[test]
fn a_process_runs_until_its_last_thread_has_ended() {
    assert_eq!(start_in_stat(&stat("mysqld", "Z", 7)).as_deref(), Some("22"));
    assert_eq!(start_in_stat(&stat("mysqld", "Z", 1)), None);
    assert_eq!(start_in_stat(&stat("mysqld", "X", 7)), None);
}

/// A line of `/proc/PID/stat` whose fields are their own numbers, but for the name, the state and how many threads there are.
fn stat(name: &str, state: &str, threads: u32) -> String {
    let field = |number: u32| if number == 20 { threads } else { number }.to_string();
    let fields: Vec<String> = (4..=23).map(field).collect();
    format!("17 ({name}) {state} {}", fields.join(" "))
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
