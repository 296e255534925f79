//! The test command's own tests: what is asked for, how output is counted, when skips fail a run, who runs the program.
//! The lines are those that libtest prints.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn report(lines: &str) -> Report {
    let mut report = Report::default();
    lines.lines().for_each(|line| report.note(line));
    report
}

#[test]
fn arguments_become_words_of_cargo() {
    let selection = select(&["-p", "stead-sql", "split", "quote"]).unwrap();
    assert_eq!(test_words(&selection, false), ["test", "-p", "stead-sql", "--", "split", "quote"]);
    assert_eq!(test_words(&select(&[]).unwrap(), true), ["test", "--no-fail-fast", "--workspace"]);
    assert!(select(&["-p"]).is_err());
    assert!(select(&["--lib"]).unwrap_err().to_string().contains("`--lib`"));
}

#[test]
fn results_of_all_crates_are_added() {
    let report = report(
        "test a::b ... ok\ntest a::c ... FAILED\ntest a::d ... ignored, takes an hour\n\
         test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n\
         test result: ok. 20 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
    );
    assert_eq!((report.passed, report.failed, report.ran()), (23, 1, 24));
    assert_eq!(report.failures, ["a::c"]);
    assert_eq!(report.ignored, ["a::d, takes an hour"]);
    assert!(report.summary().contains("failed: a::c"), "{}", report.summary());
}

#[test]
fn skips_are_grouped_by_reason() {
    let mut report = report("");
    report.skips = report::skips("corpus\trow_001\tno corpus\ncorpus\trow_002\tno corpus\n\nodd line\n");
    let summary = report.summary();
    assert!(summary.contains("skipped: corpus: no corpus: row_001, row_002"), "{summary}");
    assert!(summary.contains("skipped: unnamed: odd line: a test"), "{summary}");
}

#[test]
fn what_is_required_may_not_be_skipped() {
    let mut report = report("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured");
    let everything = select(&[]).unwrap();
    report.skips = report::skips("corpus\trow_001\tno corpus");
    assert!(conclude(&report, &everything, true, ""));
    assert!(conclude(&report, &everything, true, "sqlite"));
    assert!(!conclude(&report, &everything, true, "sqlite, corpus"));
    assert!(!conclude(&report, &everything, false, ""));
}

#[test]
fn a_filter_that_matches_nothing_fails() {
    let nothing = report("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured");
    assert!(!conclude(&nothing, &select(&["typo"]).unwrap(), true, ""));
    assert!(conclude(&nothing, &select(&[]).unwrap(), true, ""));
}

#[test]
fn a_program_in_a_private_folder_is_copied_for_everybody() {
    let base = std::env::temp_dir().join(format!("xtask-account-{}", std::process::id()));
    let private = base.join("private");
    std::fs::create_dir_all(&private).unwrap();
    let program = private.join("stead");
    std::fs::write(&program, "x").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert!(!account::everybody_reaches(&program));
    let copy = account::copy_for_everybody(&program, &base.join("open")).unwrap();
    let mode = copy.metadata().unwrap().permissions().mode();
    assert_eq!((mode & 0o777, std::fs::read_to_string(&copy).unwrap().as_str()), (0o755, "x"));
    std::fs::remove_dir_all(&base).unwrap();
}

#[test]
fn benchmarks_are_listed_with_their_command() {
    assert!(is_bench("crates/snapshot/benches/chunks.rs") && is_bench("benches/commands.sh"));
    assert!(!is_bench("crates/snapshot/src/benches.rs"));
    assert_eq!(bench_command("crates/snapshot/benches/chunks.rs"), "cargo bench -p stead-snapshot --bench chunks");
    assert_eq!(bench_command("benches/commands.sh"), "benches/commands.sh");
    assert_eq!(purpose("a.rs", "//! Chunks a second.\n//! More.\n\nuse x;"), "Chunks a second.");
    assert_eq!(purpose("a.sh", "#!/bin/sh\n# Whole commands. More.\nset -e"), "Whole commands.");
}
