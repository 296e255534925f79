//! The runner of stories tested with stories: each command where it holds and where it must fail, and what a failure shows.
//! The programs are those of any Unix; `stead` is played by a shell script.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn outcome(story: &str) -> Result<Outcome, String> {
    run_text("story", story, &Setting::new()).map_err(|failure| failure.to_string())
}

#[track_caller]
fn passes(story: &str) {
    assert_eq!(outcome(story), Ok(Outcome::Passed));
}

#[track_caller]
fn fails(story: &str, reason: &str) {
    let shown = outcome(story).expect_err("the story should fail");
    assert!(shown.contains(reason), "{shown}");
}

#[test]
fn programs_must_succeed_or_fail_as_said() {
    passes("exec true\n! exec false\nexit 1\n! exec sh -c 'exit 3'\nexit 3");
    fails("exec false", "it failed with exit code 1");
    fails("! exec true", "it succeeded, and should not");
    fails("! exec sh -c 'exit 3'\nexit 4", "expected exit code 4, it was exit code 3");
    fails("! exec sh -c 'kill -9 $$'", "a signal ended it");
    fails("exec no-such-program-anywhere", "starting `no-such-program-anywhere`");
    fails("exit 0", "no program has run yet");
}

#[test]
fn a_failure_shows_line_command_exit_and_output() {
    let shown = outcome("# first\nexec true\n\nexec sh -c 'echo one; echo two >&2; exit 7'\n").unwrap_err();
    assert_eq!(
        shown,
        "story:4: exec sh -c 'echo one; echo two >&2; exit 7'\n  it failed with exit code 7\n  \
         last program: sh -c echo one; echo two >&2; exit 7\n  it ended with exit code 7\n  \
         stdout:\n    one\n  stderr:\n    two"
    );
}

#[test]
fn output_is_searched_with_wildcards() {
    let echo = "exec sh -c 'echo \"12 rows in 0.3 s\"; echo more; echo bad >&2'\n";
    passes(&format!("{echo}stdout 'rows in' more 'in [..] s' '12[..]s'\n! stdout nothing\nstderr bad\n! stderr rows"));
    fails(&format!("{echo}stdout bad"), "stdout does not hold `bad`");
    fails(&format!("{echo}stdout 's[..]more'"), "does not hold");
    fails(&format!("{echo}! stdout '12 [..] in'"), "holds `12 [..] in`, and should not");
}

#[test]
fn files_below_the_story_are_laid_out_and_compared() {
    let files = "\n-- a/b.txt --\none\ntwo\n-- c.txt --\none\n-- up\ntwo\n-- d.txt --\none\ntwo\n-- pattern --\no[..]e\n[..]\n-- none --\n";
    passes(&format!(
        "cmp a/b.txt d.txt\nexec cat d.txt\ncmp stdout a/b.txt\ncmp stderr none\nlike d.txt pattern{files}"
    ));
    fails(&format!("cmp a/b.txt c.txt{files}"), "line 2: `a/b.txt` has `two`, `c.txt` has `-- up`");
    fails(&format!("cmp a/b.txt none{files}"), "line 1: `a/b.txt` has `one`, `none` has its end");
    fails(&format!("like c.txt pattern{files}"), "line 3: `c.txt` has `two`, `pattern` has its end");
    fails(&format!("cmp a/b.txt gone{files}"), "reading `gone`");
    fails("exec printf 'a\\r\\n'\ncmp stdout a\n-- a --\na\n", "differ in line ends");
}

#[test]
fn likeness_is_of_the_whole_line() {
    use super::play::like;
    assert!(like("abc", "abc") && like("abc", "a[..]") && like("abc", "[..]c") && like("abc", "[..]b[..]"));
    assert!(like("", "[..]") && like("aXbXc", "a[..]X[..]c"));
    assert!(!like("abc", "ab") && !like("abc", "b[..]") && !like("abc", "[..]b") && !like("aa", "a[..]a[..]a"));
}

#[test]
fn existence_is_asked_both_ways() {
    passes("exists a.txt\n! exists b.txt\nexec ln -s nowhere link\nexists link\n-- a.txt --\n");
    fails("exists a.txt b.txt\n-- a.txt --\n", "`b.txt` is not there");
    fails("! exists a.txt\n-- a.txt --\n", "`a.txt` is there");
}

#[test]
fn folders_are_made_copied_removed_and_entered() {
    passes(
        "mkdir x/y\ncp a.txt x/y\ncp x z\nexists z/y/a.txt\nrm x\n! exists x\ncd z/y\nexec cat a.txt\nstdout hello\n\
         cp a.txt b.txt\nexists b.txt\ncd ../..\nexists a.txt\n-- a.txt --\nhello\n",
    );
    fails("cd nowhere", "`nowhere` is not a folder");
    fails("rm nowhere", "`nowhere`");
    fails("mkdir a\ncp a a", "into itself");
}

#[test]
fn nothing_outside_the_storys_folder_is_touched() {
    fails("rm /tmp/story-nobody", "outside the story's folder");
    fails("mkdir ../../x", "outside the story's folder");
    fails("rm ..", "outside the story's folder");
    fails("exec true\n-- ../x --\n", "would lie outside");
    fails("exec true\n-- /etc/x --\n", "would lie outside");
}

#[test]
fn the_environment_is_the_storys_own() {
    passes("exec sh -c 'env | grep -v ^_= | cut -d= -f1 | grep -E \"^(STEAD|CARGO|RUST)\" | wc -l'\nstdout 0");
    passes("exec sh -c 'test \"$HOME\" != \"$WORK\" && test -d \"$HOME\" && test \"$PWD\" = \"$WORK\"'");
    passes("env A=1 B=two\nexec sh -c 'echo $A-$B'\nstdout 1-two\n! env A\nexec sh -c 'echo ${A-none}'\nstdout none");
    passes("env A=x\nexec echo \"$A y\" ${A}z '$A'\nstdout 'x y xz $A'");
    fails("exec echo $NOT_SET", "the variable `NOT_SET` is not set");
    fails("env A", "write `env NAME=VALUE`");
    let given = Setting::new().variable("GIVEN", "here");
    assert_eq!(run_text("story", "exec echo $GIVEN\nstdout here", &given).unwrap(), Outcome::Passed);
}

#[test]
fn rows_are_compared_with_the_lines_that_follow() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made.db");
    let made = rusqlite::Connection::open(&file).unwrap();
    made.execute_batch("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (NULL, x'00ff'), (0.5, 'l\nm')").unwrap();
    drop(made);
    let setting = Setting::new().variable("MADE", file.to_str().unwrap());
    let told = |story: &str| {
        let story = format!("exec cp $MADE a.db\n{story}");
        run_text("story", &story, &setting).map_err(|failure| failure.to_string())
    };
    let query = "sql a.db 'SELECT a, b FROM t'\n";
    assert_eq!(told(&format!("{query}> 1|x\n> NULL|x'00ff'\n> 0.5|l\\nm\n")), Ok(Outcome::Passed));
    assert!(told(&format!("{query}> 1|x\n")).unwrap_err().contains("rows there are:\n    > 1|x\n    > NULL|x'00ff'"));
    assert!(told(query).unwrap_err().contains("expected rows:\n    none"));
    assert_eq!(told("sql a.db 'DELETE FROM t'\nsql a.db 'SELECT * FROM t'"), Ok(Outcome::Passed));
    assert!(told("sql a.db 'DELETE FROM t'\n> 1\n").unwrap_err().contains("returns no rows"));
    assert!(told("sql gone.db 'SELECT 1'\n> 1\n").unwrap_err().contains("there is no file"));
    assert!(told("sql a.db 'SELEC 1'").unwrap_err().contains("syntax error"));
    assert!(told("exec true\n> 1\n").unwrap_err().contains("only `sql` expects rows"));
}

#[test]
fn conditions_choose_commands_and_unknown_ones_fail() {
    let setting = Setting::new().condition("moon", true).condition("sun", false);
    let told = |story: &str| run_text("story", story, &setting).map_err(|failure| failure.to_string());
    assert_eq!(told("[sun] exec false\n[!moon] exec false\n[moon] [!sun] exec true"), Ok(Outcome::Passed));
    assert!(told("[moon] exec false").is_err() && told("[!sun] ! exec true").is_err());
    assert!(told("[mooon] exec false").unwrap_err().contains("`mooon` is no condition; there are make, moon, root"));
    let skipped = Outcome::Skipped { key: "sun".into(), reason: "it is night".into() };
    assert_eq!(told("[!sun] skip sun 'it is night'\nexec false"), Ok(skipped));
}

#[test]
fn a_program_that_does_not_end_is_killed() {
    let setting = Setting::new().limit(Duration::from_millis(100));
    let failure = run_text("story", "exec sh -c 'echo busy >&2; exec sleep 30'", &setting).unwrap_err().to_string();
    assert!(failure.contains("did not end in 0.1 s") && failure.contains("busy"), "{failure}");
}

#[test]
fn input_is_given_to_one_program_only() {
    passes("stdin answer\nexec cat\nstdout yes\nexec cat\n! stdout yes\n-- answer --\nyes\n");
}

#[test]
fn named_programs_are_those_of_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("played");
    std::fs::write(&program, "#!/bin/sh\necho \"played $1\"\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let setting = Setting::new().program("stead", &program);
    assert_eq!(run_text("story", "exec stead init\nstdout 'played init'", &setting).unwrap(), Outcome::Passed);
}

#[test]
fn mistakes_in_a_story_are_found_before_anything_runs() {
    fails("exec true\nexec 'open", "a single quote is not closed");
    fails("exec \"open", "a double quote is not closed");
    fails("exec echo $", "a `$` without the name");
    fails("[root exec true", "a condition without its `]`");
    fails("[root]", "without a command");
    fails("> row", "a row before the first command");
    fails("# only talk\n-- a --\n", "tests nothing");
    fails("sing a song", "`sing` is no command");
    fails("exit", "`exit` is no command, or not with 0 arguments");
    fails("! exit 3", "`!` does not go with `exit`");
}

#[test]
fn a_folder_of_stories_is_told_and_every_failure_shown() {
    let folder = tempfile::tempdir().unwrap();
    for (name, story) in
        [("one.script", "exec true"), ("two.script", "exec false"), ("three.script", "exit 0"), ("notes.md", "?")]
    {
        std::fs::write(folder.path().join(name), story).unwrap();
    }
    let told = std::panic::catch_unwind(|| run_folder(folder.path(), &Setting::new())).unwrap_err();
    let text = told.downcast_ref::<String>().unwrap();
    assert!(text.starts_with("2 of 3 stories failed"), "{text}");
    assert!(text.contains("three.script:1: exit 0") && text.contains("two.script:1: exec false"), "{text}");
    let empty = tempfile::tempdir().unwrap();
    assert!(std::panic::catch_unwind(|| run_folder(empty.path(), &Setting::new())).is_err());
}
