//! What would be installed under which rights, and how a program is found.
//! Nothing is installed here.

use super::*;

const NOTHING: Rights = Rights { apt: false, root: false, sudo: false };

fn make_and_sqlite() -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| ["make", "sqlite3"].contains(&tool.program)).collect()
}

#[test]
fn root_installs_directly_and_others_through_sudo() {
    let root = installation(&make_and_sqlite(), Rights { apt: true, root: true, sudo: false }).unwrap();
    assert_eq!(root[0], ["apt-get", "-qq", "update"]);
    assert!(root[1].ends_with(&["sqlite3", "make"]), "{root:?}");
    let sudo = installation(&make_and_sqlite(), Rights { apt: true, root: false, sudo: true }).unwrap();
    assert!(sudo.iter().all(|words| words.starts_with(&["sudo", "-n"])), "{sudo:?}");
}

#[test]
fn without_rights_the_reason_says_what_to_install() {
    let no_right = installation(&make_and_sqlite(), Rights { apt: true, ..NOTHING }).unwrap_err();
    assert_eq!(no_right, "no right to install; as root: apt-get install sqlite3 make");
    let no_apt = installation(&make_and_sqlite(), Rights { root: true, ..NOTHING }).unwrap_err();
    assert_eq!(no_apt, "this machine has no apt-get; install sqlite3 make");
}

#[test]
fn programs_are_found_in_the_path() {
    assert!(present("sh"));
    assert!(!present("no-program-has-this-name"));
}
